// Draws messages. Text of a bot or a customer only ever becomes text nodes.

import { price } from "/chat/words.js";

/** A new element; `test` becomes its data-test. */
export function element(tag, properties = {}, ...children) {
  const { test, ...rest } = properties;
  const node = Object.assign(document.createElement(tag), rest);
  if (test) node.dataset.test = test;
  node.append(...children);
  return node;
}

/** A button that does `onclick`. */
export const button = (className, label, onclick, test) =>
  element("button", { type: "button", className, onclick, test }, label);

const PLAIN = { bold: "b", italic: "i", underline: "u", strikethrough: "s" };

/** The address if it is one that a chat may open. */
export function safe(url) {
  const whole = /^[a-z][a-z0-9+.-]*:/i.test(url) ? url : `http://${url}`;
  return /^(https?|tg|mailto|tel):/i.test(whole) ? whole : null;
}

function tappable(node, label, onTap) {
  node.tabIndex = 0;
  node.setAttribute("role", "button");
  if (label) node.title = label;
  node.onclick = onTap;
  node.onkeydown = (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    onTap(event);
  };
  return node;
}

function linkTo(url, act) {
  const link = element("a", { href: safe(url) ?? "#", target: "_blank", rel: "noopener noreferrer" });
  link.onclick = (event) => { if (act.link(url) || !safe(url)) event.preventDefault(); };
  return link;
}

function entityNode(entity, text, act) {
  switch (entity.type) {
    case "text_link": return linkTo(entity.url, act);
    case "url": return linkTo(text, act);
    case "email": return linkTo(`mailto:${text}`, act);
    case "phone_number": return linkTo(`tel:${text}`, act);
    case "bot_command": {
      const link = element("a", { href: "#" });
      link.onclick = (event) => { event.preventDefault(); act.say(text); };
      return link;
    }
    case "code": return tappable(element("code", { test: "code" }), act.t("copy"), () => act.copy(text));
    case "pre": return tappable(element("pre", { test: "code" }), act.t("copy"), () => act.copy(text));
    case "blockquote": return element("blockquote");
    case "expandable_blockquote": {
      const quote = element("blockquote", { className: "folded" });
      return tappable(quote, "", () => quote.classList.toggle("folded"));
    }
    case "spoiler": {
      const spoiler = element("span", { className: "spoiler" });
      return tappable(spoiler, act.t("spoiler"), () => spoiler.classList.add("open"));
    }
    default: return element(PLAIN[entity.type] ?? "span");
  }
}

// What clients make of plain text by themselves: addresses and commands.
const FOUND = /(https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]»])|(?<![\w/])(\/[a-z][a-z0-9_]{0,31})(?![\w/])/gi;

function* linked(text, act) {
  let at = 0;
  for (const found of text.matchAll(FOUND)) {
    yield text.slice(at, found.index);
    const node = entityNode({ type: found[1] ? "url" : "bot_command" }, found[0], act);
    node.append(found[0]);
    yield node;
    at = found.index + found[0].length;
  }
  yield text.slice(at);
}

const BLOCKS = ["PRE", "BLOCKQUOTE"];

function put(parent, text, act) {
  // The line break after a block is its own end, not an empty line.
  const words = BLOCKS.includes(parent.lastChild?.nodeName) ? text.replace(/^\n/, "") : text;
  if (parent.closest("a, code, pre")) parent.append(words);
  else parent.append(...linked(words, act));
}

/** Text with its formatting. Entities nest and are sorted; their offsets count UTF-16 units, as JavaScript's do. */
export function formatted(text, entities, act) {
  let next = 0;
  const fill = (parent, from, to) => {
    let at = from;
    while (next < entities.length && entities[next].offset < to) {
      const entity = entities[next++];
      const begin = Math.max(at, entity.offset);
      const end = Math.min(to, entity.offset + entity.length);
      if (begin >= end) continue;
      put(parent, text.slice(at, begin), act);
      const node = entityNode(entity, text.slice(begin, end), act);
      parent.append(node);
      fill(node, begin, end);
      at = end;
    }
    put(parent, text.slice(at, to), act);
  };
  const box = element("div", { className: "text", test: "text" });
  fill(box, 0, text.length);
  return box;
}

/** A file's size as a person reads it. */
export function sizeOf(bytes, t) {
  const units = t.language === "ru" ? ["Б", "КБ", "МБ"] : ["B", "KB", "MB"];
  const power = bytes < 1000 ? 0 : bytes < 1_000_000 ? 1 : 2;
  const number = new Intl.NumberFormat(t.language, { maximumFractionDigits: power ? 1 : 0 });
  return `${number.format(bytes / 1000 ** power)} ${units[power]}`;
}

function quoted(original, t) {
  const what = original.text ?? original.caption ?? (original.photo ? t("photo") : original.document?.file_name ?? "…");
  return element("div", { className: "quoted", title: t("reply") }, what.slice(0, 80));
}

function attached(message, act) {
  const file = message.attachment;
  const url = `/chat/api/file/${encodeURIComponent(file.file_id)}`;
  if (message.kind === "photo") {
    const alt = message.text || act.t("photo");
    const image = element("img", { className: "photo", src: url, alt, test: "photo" });
    // A picture that comes late must not push the newest words out of sight.
    image.onload = () => act.settled();
    const open = element("button", { type: "button", className: "open-photo", title: act.t("open-photo") }, image);
    open.onclick = () => act.view(url, alt);
    return open;
  }
  const name = file.name ?? "file";
  return element("a", { className: "document", href: url, download: name, title: act.t("download"), test: "document" },
    element("span", { className: "disc", ariaHidden: "true" }, "↓"),
    element("span", {}, element("strong", {}, name), element("small", {}, sizeOf(file.size, act.t))));
}

function invoiceCard(invoice, t) {
  const test = /:TEST:/.test(invoice.provider_token) ? ` · ${t("test")}` : "";
  return element("div", { className: "invoice", test: "invoice" },
    element("strong", {}, invoice.title),
    element("span", {}, invoice.description),
    element("span", { className: "price" },
      element("b", {}, price(invoice.total_amount, invoice.currency, t)), ` ${t("invoice")}${test}`));
}

function content(message, act, titleOf) {
  const { extra } = message;
  const { t } = act;
  const parts = [];
  if (extra.forward_origin) parts.push(element("div", { className: "forwarded" }, t("forwarded")));
  if (extra.reply_to_message) parts.push(quoted(extra.reply_to_message, t));
  if (message.attachment) parts.push(attached(message, act));
  if (message.invoice) parts.push(invoiceCard(message.invoice, t));
  if (extra.contact) {
    parts.push(element("div", { className: "contact", test: "contact" },
      element("span", { className: "disc", ariaHidden: "true" }, [...extra.contact.first_name][0] ?? "?"),
      element("span", {}, element("strong", {}, extra.contact.first_name), element("small", {}, extra.contact.phone_number))));
  }
  if (extra.sticker) parts.push(element("div", { className: "sticker" }, extra.sticker.emoji ?? "🙂"));
  const paid = extra.successful_payment;
  if (paid) parts.push(element("div", { test: "paid" }, t("receipt", price(paid.total_amount, paid.currency, t), titleOf(paid.invoice_payload))));
  const back = extra.refunded_payment;
  if (back) parts.push(element("div", { test: "refunded" }, t("returned", price(back.total_amount, back.currency, t))));
  if (message.text) parts.push(formatted(message.text, message.entities, act));
  if (!parts.length) parts.push(element("i", {}, t("cant-show")));
  return parts;
}

function inlineButton(message, given, act) {
  const node = button(given.style ?? "", given.text, null, "button");
  const corner = (sign) => node.append(element("span", { className: "corner", ariaHidden: "true" }, sign));
  if (given.pay) {
    const { invoice } = message;
    node.classList.add("pay");
    node.dataset.test = "pay";
    node.disabled = Boolean(invoice?.paid && invoice.start_parameter);
    const plain = /^Pay( ⭐ \d+)?$/.test(given.text) ? act.t("pay", price(invoice.total_amount, invoice.currency, act.t)) : given.text;
    node.textContent = node.disabled ? act.t("paid") : plain.replace(/XTR/g, "⭐");
    node.onclick = () => act.pay({ message_id: message.message_id }, invoice);
  } else if (given.callback_data != null) {
    node.dataset.callback = given.callback_data;
    node.onclick = () => act.press(message.message_id, given.callback_data, node);
  } else if (given.copy_text != null) {
    corner("❐");
    node.onclick = () => act.copy(given.copy_text);
  } else {
    const url = given.url ?? given.web_app;
    corner("↗");
    node.title = url ?? "";
    node.onclick = () => {
      if (!url || act.link(url)) return;
      const target = safe(url);
      if (target) window.open(target, "_blank", "noopener,noreferrer");
    };
  }
  return node;
}

/** Whose side a message is on. */
export function sideOf(message) {
  if (message.kind === "successful_payment" || message.kind === "refunded_payment") return "service";
  return message.from_bot ? "bot" : "mine";
}

const NAMES = { service: "service", bot: "bot-message", mine: "my-message" };

/** A message with its keyboard. `titleOf` names the goods of an invoice by its payload. */
export function drawMessage(message, act, titleOf) {
  const { t } = act;
  const side = sideOf(message);
  const time = new Date(message.date_ms).toLocaleTimeString(t.language, { hour: "2-digit", minute: "2-digit", hour12: false });
  const lock = message.protect_content ? element("span", { title: t("cant-save") }, "🔒 ") : "";
  const edited = message.edited_ms && message.from_bot ? `${t("edited")} ` : "";
  const mark = side === "mine" ? " ✓" : "";
  const bubble = element("div", { className: "bubble" }, ...content(message, act, titleOf),
    element("span", { className: "time" }, lock, `${edited}${time}${mark}`));
  const box = element("article", { className: `message ${side} kind-${message.kind}`, test: NAMES[side] }, bubble);
  box.classList.toggle("bare", (message.kind === "photo" && !message.text) || message.kind === "sticker");
  box.dataset.id = message.message_id;
  if (message.protect_content) box.dataset.protected = "true";
  if (message.keyboard.length) {
    const rows = message.keyboard.map((row) =>
      element("div", { className: "row" }, ...row.map((given) => inlineButton(message, given, act))));
    box.append(element("div", { className: "keyboard", test: "keyboard" }, ...rows));
  }
  return box;
}

/** The rows of a keyboard in place of the letters. */
export function drawReplyKeyboard(keyboard, act, used) {
  return keyboard.keyboard.map((row) => element("div", { className: "row" }, ...row.map((key) => {
    const given = typeof key === "string" ? { text: key } : key;
    return button(given.style ?? "", given.text, () => {
      if (given.request_contact) act.contact();
      else act.say(given.text);
      used();
    }, "reply-button");
  })));
}
