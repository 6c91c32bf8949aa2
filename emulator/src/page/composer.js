// Where a customer writes: the text, the commands, the bot's keyboard and files.

import { button, drawReplyKeyboard, element } from "/chat/draw.js";

/** The composer in the footer of a chat. */
export class Composer {
  constructor(chat, parts) {
    this.chat = chat;
    this.parts = parts;
    this.commands = [];
    this.keyboardId = 0;
    this.putAway = false;
    const { t } = chat;
    const labels = { menu: "commands", attach: "attach", send: "send", keys: "keys", text: "message" };
    for (const [part, word] of Object.entries(labels)) parts[part].ariaLabel = parts[part].title = t(word);
    parts.text.removeAttribute("title");
    parts.text.placeholder = t("message");
    parts.composer.onsubmit = (event) => { event.preventDefault(); this.send(); };
    parts.text.oninput = () => { this.grow(); this.suggest(); };
    parts.text.onkeydown = (event) => this.key(event);
    parts.menu.onclick = () => (parts.commands.hidden ? this.list(this.commands) : this.unlist());
    parts.keys.onclick = () => { this.putAway = !this.putAway; this.drawKeyboard(); };
    parts.attach.onclick = () => parts.file.click();
    parts.file.onchange = () => {
      const [file] = parts.file.files;
      if (file) chat.offerFile(file);
      parts.file.value = "";
    };
  }

  draw(state) {
    const before = JSON.stringify(this.commands);
    this.commands = state.commands;
    // Commands that come while one types are listed, too.
    if (JSON.stringify(state.commands) !== before && this.parts.text.value) this.suggest();
    this.parts.menu.hidden = !state.commands.length;
    const keyboard = state.reply_keyboard;
    if (state.reply_keyboard_id !== this.keyboardId) {
      this.keyboardId = state.reply_keyboard_id;
      this.putAway = false;
    }
    const json = JSON.stringify(keyboard);
    if (json !== this.keyboardJson) {
      this.keyboardJson = json;
      const used = () => { if (keyboard.one_time_keyboard) { this.putAway = true; this.drawKeyboard(); } };
      const rows = keyboard ? drawReplyKeyboard(keyboard, this.chat.act, used) : [];
      this.parts["reply-keyboard"].replaceChildren(...rows);
      this.parts["reply-keyboard"].classList.toggle("tall", Boolean(keyboard && !keyboard.resize_keyboard));
      this.parts.text.placeholder = keyboard?.input_field_placeholder ?? this.chat.t("message");
    }
    this.open = state.started && !state.blocked;
    if (!this.open) this.unlist();
    this.hasKeyboard = Boolean(keyboard);
    this.drawKeyboard();
  }

  drawKeyboard() {
    this.parts["reply-keyboard"].hidden = !this.open || !this.hasKeyboard || this.putAway;
    this.parts.keys.hidden = !this.hasKeyboard;
    this.parts.keys.setAttribute("aria-expanded", String(!this.putAway));
    this.chat.settled();
  }

  grow() {
    const { text } = this.parts;
    text.style.height = "auto";
    text.style.height = `${text.scrollHeight + 2}px`;
  }

  send(given) {
    const words = (given ?? this.parts.text.value).trim();
    if (!words) return;
    this.parts.text.value = "";
    this.grow();
    this.unlist();
    this.chat.act.say(words);
  }

  suggest() {
    const typed = this.parts.text.value;
    if (!/^\/\S*$/.test(typed)) return this.unlist();
    const fits = this.commands.filter(({ command }) => command.startsWith(typed.slice(1).toLowerCase()));
    return fits.length ? this.list(fits) : this.unlist();
  }

  list(commands) {
    const { commands: box, menu } = this.parts;
    box.replaceChildren(...commands.map(({ command, description }, index) => {
      const node = button("", "", () => { this.send(`/${command}`); this.parts.text.focus(); }, "command");
      node.append(element("b", {}, `/${command}`), element("span", {}, description));
      node.setAttribute("role", "option");
      node.setAttribute("aria-selected", String(index === 0));
      return node;
    }));
    box.hidden = false;
    menu.setAttribute("aria-expanded", "true");
  }

  unlist() {
    this.parts.commands.hidden = true;
    this.parts.menu.setAttribute("aria-expanded", "false");
  }

  // Up and down choose a command; Enter takes it, or sends the text; Escape closes the list.
  key(event) {
    if (event.isComposing) return;
    const options = [...this.parts.commands.children];
    const listed = !this.parts.commands.hidden;
    const at = options.findIndex((option) => option.ariaSelected === "true");
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      const typed = this.parts.text.value;
      if (listed && at >= 0 && typed.startsWith("/")) options[at].click();
      else this.send();
    } else if (listed && event.key === "Escape") {
      this.unlist();
    } else if (listed && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      const next = (at + (event.key === "ArrowDown" ? 1 : options.length - 1)) % options.length;
      options.forEach((option, index) => option.setAttribute("aria-selected", String(index === next)));
      options[next].scrollIntoView({ block: "nearest" });
    }
  }
}
