// Shows the shop who has opened the Mini App, and puts the chat's colours aside for the pages after this one.
const app = window.Telegram?.WebApp;
if (app?.initData) {
  const form = document.getElementById("enter");
  try { sessionStorage.setItem("kiosk-theme", JSON.stringify(app.themeParams)); } catch { /* Then without colours. */ }
  form.elements.init_data.value = app.initData;
  app.ready();
  if (window.top === window) {
    form.submit();
  } else {
    // In Telegram's web client the page stands in a frame, where browsers keep no cookies of ours: a tab of its own has them.
    form.target = "_blank";
    form.querySelector("button").hidden = false;
    document.getElementById("words").hidden = true;
  }
}
