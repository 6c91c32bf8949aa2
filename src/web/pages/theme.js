// Inside Telegram the pages wear the colours of the chat, which the Mini App has put aside when it opened.
try {
  const colours = JSON.parse(sessionStorage.getItem("kiosk-theme") || "null");
  const names = { text_color: "--ink", hint_color: "--soft", secondary_bg_color: "--paper", bg_color: "--card", button_color: "--accent" };
  for (const [name, variable] of Object.entries(names)) {
    const colour = colours?.[name];
    if (/^#[0-9a-fA-F]{6}$/.test(colour)) document.documentElement.style.setProperty(variable, colour);
  }
} catch { /* Without storage the pages keep their own colours. */ }
