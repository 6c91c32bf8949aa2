// Shows the shop who has opened the Mini App. Telegram says so in the address; where it does not, such as after a reload,
// Telegram's script remembers it.
(() => {
  const form = document.getElementById("enter");
  const show = (id) => {
    for (const part of ["opening", "outside", "apart"]) document.getElementById(part).hidden = part !== id;
  };
  const enter = (initData) => {
    form.elements.init_data.value = initData;
    if (window.top === window) {
      form.submit();
    } else {
      // In Telegram's web client the page stands in a frame, where browsers keep no cookies of ours: a tab of its own has them.
      form.target = "_blank";
      show("apart");
    }
  };
  const given = new URLSearchParams(location.hash.slice(1)).get("tgWebAppData");
  if (given) {
    enter(given);
    return;
  }
  // Telegram's script comes after this one, or not at all: then nobody waits for it.
  addEventListener("load", () => {
    const initData = window.Telegram?.WebApp?.initData;
    if (initData) enter(initData);
    else show("outside");
  });
})();
