// Shows the shop who has opened the Mini App. Telegram says so in the address; where it does not, such as after a reload,
// Telegram's script remembers it.
(() => {
  const form = document.getElementById("enter");
  const show = (id) => {
    for (const part of ["opening", "outside", "press"]) document.getElementById(part).hidden = part !== id;
  };
  const nameOf = (initData) => {
    try {
      const { first_name, last_name, username } = JSON.parse(new URLSearchParams(initData).get("user"));
      return [first_name, last_name, username && `(@${username})`].filter(Boolean).join(" ");
    } catch {
      return "";
    }
  };
  // Only Telegram's own apps open this page as somebody: an address with another's opening can be sent to anybody, who would
  // sit in that other's account without knowing. https://core.telegram.org/api/web-events. UNVERIFIED on each of the apps.
  const inTelegram = () => typeof window.TelegramWebviewProxy?.postEvent === "function";
  const enter = (initData) => {
    form.elements.init_data.value = initData;
    const isFramed = window.top !== window;
    if (!isFramed && inTelegram()) {
      form.submit();
      return;
    }
    // In Telegram's web client the page stands in a frame, where browsers keep no cookies of ours: a tab of its own has them.
    if (isFramed) form.target = "_blank";
    document.getElementById("apart").hidden = !isFramed;
    document.getElementById("who").textContent = nameOf(initData);
    show("press");
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
