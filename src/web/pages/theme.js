// Inside Telegram the pages wear the colours of the chat, and Telegram's own arrow leads back. What the Mini App was opened
// with stands in its address and is put aside for the pages after it: they load nothing from elsewhere.
(() => {
  const names = { text_color: "--ink", hint_color: "--soft", secondary_bg_color: "--paper", bg_color: "--card", button_color: "--accent", button_text_color: "--on-accent" };
  const kept = "kiosk-theme";
  const isColour = (text) => /^#[0-9a-fA-F]{6}$/.test(text);
  // Below the middle of how bright the eye finds it.
  const isDark = (colour) => {
    const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
    return 0.299 * red + 0.587 * green + 0.114 * blue < 128;
  };
  const wear = (colours) => {
    const root = document.documentElement;
    if (isColour(colours.bg_color)) root.dataset.theme = isDark(colours.bg_color) ? "dark" : "light";
    for (const [name, variable] of Object.entries(names)) {
      if (isColour(colours[name])) root.style.setProperty(variable, colours[name]);
    }
  };
  const put = (colours) => {
    try { sessionStorage.setItem(kept, JSON.stringify(colours)); } catch { /* Then the next page has its own colours. */ }
  };
  const read = (text) => {
    try { return JSON.parse(text) ?? null; } catch { return null; }
  };

  let opened = null;
  try { opened = sessionStorage.getItem(kept); } catch { /* Without storage the pages keep their own colours. */ }
  const given = new URLSearchParams(location.hash.slice(1)).get("tgWebAppThemeParams");
  const colours = read(given) ?? read(opened);
  if (!colours) return;
  if (given) put(colours);
  wear(colours);

  // What Telegram's apps call, and how they are called: https://core.telegram.org/api/web-events. UNVERIFIED on each of them.
  const app = window.TelegramWebviewProxy;
  if (!app?.postEvent || !location.pathname.startsWith("/cabinet")) return;
  const tell = (event, data) => app.postEvent(event, JSON.stringify(data));
  const receiveEvent = (event, data) => {
    if (event === "back_button_pressed") history.back();
    if (event === "theme_changed" && data?.theme_params) {
      put(data.theme_params);
      wear(data.theme_params);
    }
  };
  window.Telegram = { ...window.Telegram, WebView: { receiveEvent } };
  window.TelegramGameProxy = { receiveEvent };
  window.TelegramGameProxy_receiveEvent = receiveEvent;
  // Not every webview saves files: a download's page opens in the browser outside, which needs no login for it.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link || link.origin !== location.origin || !link.pathname.startsWith("/d/")) return;
    event.preventDefault();
    tell("web_app_open_link", { url: link.href });
  });
  // From the first room of the cabinet there is no way back but out.
  tell("web_app_setup_back_button", { is_visible: location.pathname !== "/cabinet" });
})();
