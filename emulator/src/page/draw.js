// Draws messages. Text of a bot or a customer only ever becomes text nodes.

export function element(tag, properties = {}, ...children) {
  const { test, ...rest } = properties;
  const node = Object.assign(document.createElement(tag), rest);
  if (test) node.dataset.test = test;
  node.append(...children);
  return node;
}

const ZERO_DECIMALS = ["CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND"];

export function price(amount, currency) {
  if (currency === "XTR") return `⭐ ${amount}`;
  if (ZERO_DECIMALS.includes(currency)) return `${amount} ${currency}`;
  return `${(amount / 100).toFixed(2)} ${currency}`;
}

const PLAIN = { bold: "b", italic: "i", underline: "u", strikethrough: "s" };

function safe(url) {
  const whole = /^[a-z][a-z0-9+.-]*:/i.test(url) ? url : `http://${url}`;
  return /^(https?|tg|mailto|tel):/i.test(whole) ? whole : null;
}

function entityNode(entity, text, act) {
  switch (entity.type) {
    case "text_link": {
      const link = element("a", { href: safe(entity.url) ?? "#", target: "_blank", rel: "noopener noreferrer" });
      link.onclick = (event) => { if (act.link(entity.url)) event.preventDefault(); };
      return link;
    }
    case "url": return element("a", { href: safe(text) ?? "#", target: "_blank", rel: "noopener noreferrer" });
    case "bot_command": {
      const link = element("a", { href: "#" });
      link.onclick = (event) => { event.preventDefault(); act.say(text); };
      return link;
    }
    case "code": return element("code", { title: "Copy", onclick: () => act.copy(text) });
    case "pre": return element("pre", { title: "Copy", onclick: () => act.copy(text) });
    case "blockquote": return element("blockquote");
    case "expandable_blockquote": {
      const quote = element("blockquote", { className: "folded" });
      quote.onclick = () => quote.classList.toggle("folded");
      return quote;
    }
    case "spoiler": {
      const spoiler = element("span", { className: "spoiler" });
      spoiler.onclick = () => spoiler.classList.add("open");
      return spoiler;
    }
    default: return element(PLAIN[entity.type] ?? "span");
  }
}

// Entities nest and are sorted; their offsets count UTF-16 units, as JavaScript's do.
export function formatted(text, entities, act) {
  let next = 0;
  const fill = (parent, from, to) => {
    let at = from;
    while (next < entities.length && entities[next].offset < to) {
      const entity = entities[next++];
      const begin = Math.max(at, entity.offset);
      const end = Math.min(to, entity.offset + entity.length);
      if (begin >= end) continue;
      parent.append(text.slice(at, begin));
      const node = entityNode(entity, text.slice(begin, end), act);
      fill(node, begin, end);
      parent.append(node);
      at = end;
    }
    parent.append(text.slice(at, to));
  };
  const box = element("div", { className: "text", test: "text" });
  fill(box, 0, text.length);
  return box;
}

function content(message, act) {
  const extra = message.extra;
  const parts = [];
  const file = message.attachment;
  if (file) {
    const url = `/chat/api/file/${encodeURIComponent(file.file_id)}`;
    if (message.kind === "photo") {
      parts.push(element("img", { className: "photo", src: url, alt: message.text || "Photo", loading: "lazy" }));
    } else {
      const label = `${file.name ?? "file"} (${file.size} bytes)`;
      parts.push(element("a", { className: "document", href: url, download: file.name ?? "file", test: "document" }, "📄 ", label));
    }
  }
  if (message.invoice) {
    const { title, description, total_amount, currency } = message.invoice;
    parts.push(element("div", { className: "invoice", test: "invoice" },
      element("strong", {}, title), element("span", {}, description), element("br"),
      element("span", { className: "price" }, price(total_amount, currency))));
  }
  if (extra.contact) parts.push(element("div", {}, `👤 ${extra.contact.first_name}, ${extra.contact.phone_number}`));
  if (extra.sticker) parts.push(element("div", { className: "sticker" }, extra.sticker.emoji ?? "🙂"));
  const paid = extra.successful_payment;
  if (paid) parts.push(element("div", { test: "paid" }, `You paid ${price(paid.total_amount, paid.currency)}`));
  const back = extra.refunded_payment;
  if (back) parts.push(element("div", { test: "refunded" }, `${price(back.total_amount, back.currency)} came back`));
  if (message.text) parts.push(formatted(message.text, message.entities, act));
  if (!parts.length) parts.push(element("i", {}, "(a message that this page can't show)"));
  return parts;
}

function inlineButton(message, button, act) {
  const node = element("button", { type: "button", className: button.style ?? "", test: "button" }, button.text);
  if (button.pay) {
    node.classList.add("pay");
    node.disabled = Boolean(message.invoice?.paid && message.invoice.start_parameter);
    if (node.disabled) node.textContent = "Paid";
    node.onclick = () => act.pay({ message_id: message.message_id }, message.invoice);
  } else if (button.callback_data != null) {
    node.dataset.callback = button.callback_data;
    node.onclick = () => act.press(message.message_id, button.callback_data, node);
  } else if (button.copy_text != null) {
    node.append(" ⧉");
    node.onclick = () => act.copy(button.copy_text);
  } else {
    const url = button.url ?? button.web_app;
    node.append(" ↗");
    node.title = url ?? "";
    node.onclick = () => {
      if (!url || act.link(url)) return;
      const target = safe(url);
      if (target) window.open(target, "_blank", "noopener,noreferrer");
    };
  }
  return node;
}

export function drawMessage(message, act) {
  const service = message.kind === "successful_payment" || message.kind === "refunded_payment";
  const side = service ? "service" : message.from_bot ? "bot" : "mine";
  const time = new Date(message.date_ms).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const bubble = element("div", { className: "bubble" }, ...content(message, act),
    element("span", { className: "time" }, message.edited_ms ? `edited ${time}` : time));
  const box = element("article", { className: `message ${side}`, test: service ? "service" : side === "bot" ? "bot-message" : "my-message" }, bubble);
  box.dataset.id = message.message_id;
  if (message.protect_content) box.dataset.protected = "true";
  if (message.keyboard.length) {
    const rows = message.keyboard.map((row) =>
      element("div", { className: "row" }, ...row.map((button) => inlineButton(message, button, act))));
    box.append(element("div", { className: "keyboard", test: "keyboard" }, ...rows));
  }
  return box;
}

export function drawReplyKeyboard(keyboard, act) {
  return keyboard.keyboard.map((row) => element("div", { className: "row" }, ...row.map((given) => {
    const button = typeof given === "string" ? { text: given } : given;
    const node = element("button", { type: "button", className: button.style ?? "", test: "reply-button" }, button.text);
    node.onclick = () => (button.request_contact ? act.contact() : act.say(button.text));
    return node;
  })));
}
