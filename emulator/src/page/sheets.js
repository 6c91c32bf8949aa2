// What slides over a chat: alerts, the contact sheet, a file to send, and paying. The rest of that chat waits; other chats go on.

import { button, element, sizeOf } from "/chat/draw.js";
import { price } from "/chat/words.js";

/** Slides `children` over the screen of a chat. Answers the function that takes them away. */
export function openSheet(phone, t, title, test, ...children) {
  phone.querySelector(".shade")?.close();
  const screen = phone.querySelector(".screen");
  const before = document.activeElement;
  const heading = element("h3", {}, title);
  const close = button("round close", "✕", () => shade.close(), `${test}-close`);
  close.ariaLabel = t("close");
  const sheet = element("div", { className: "sheet", role: "dialog", ariaLabel: title, tabIndex: -1, test }, close, heading, ...children);
  const shade = element("div", { className: "shade" }, sheet);
  shade.close = () => {
    shade.remove();
    screen.inert = false;
    // What was tapped may have been drawn anew.
    if (phone.contains(before)) before.focus();
    else phone.querySelector("textarea").focus();
  };
  shade.onclick = (event) => { if (event.target === shade && !sheet.ariaBusy) shade.close(); };
  shade.onkeydown = (event) => { if (event.key === "Escape" && !sheet.ariaBusy) shade.close(); };
  screen.inert = true;
  phone.append(shade);
  (sheet.querySelector("[data-first]:not(:disabled)") ?? sheet).focus();
  return shade.close;
}

const first = (node) => { node.dataset.first = ""; return node; };
const sign = (text, className = "sign") => element("div", { className, ariaHidden: "true" }, text);

/** The answer to a tap that the customer must confirm. */
export function alertSheet(phone, t, bot, text) {
  const close = openSheet(phone, t, bot, "alert", element("p", { test: "alert-text" }, text),
    first(button("wide", t("ok"), () => close(), "alert-ok")));
}

function field(label, input) {
  return element("label", { className: "field" }, element("span", {}, label), input);
}

/** Asks before the number is given away; it can be changed first. */
export function contactSheet(phone, t, bot, number, share) {
  const input = element("input", { type: "tel", value: number, required: true, autocomplete: "off", test: "contact-phone" });
  const form = element("form", { className: "stack" }, element("p", {}, t("share-text")), field(t("number"), input),
    first(element("button", { className: "wide", test: "contact-share" }, t("share"))),
    button("wide plain", t("cancel"), () => close(), "contact-cancel"));
  form.onsubmit = (event) => { event.preventDefault(); close(); share(input.value); };
  const close = openSheet(phone, t, t("share-title", bot), "contact-sheet", sign("📱"), form);
}

/** A chosen file before it is sent. */
export function fileSheet(phone, t, file, send) {
  const input = element("input", { type: "text", maxLength: 1024, autocomplete: "off", test: "file-caption" });
  const form = element("form", { className: "stack" },
    element("p", {}, element("strong", {}, file.name), ` · ${sizeOf(file.size, t)}`), field(t("caption"), first(input)),
    element("button", { className: "wide", test: "file-send" }, t("send")),
    button("wide plain", t("cancel"), () => close(), "file-cancel"));
  form.onsubmit = (event) => { event.preventDefault(); close(); send(input.value); };
  const close = openSheet(phone, t, t("file-title"), "file-sheet", sign("📎"), form);
}

const CARDS = [
  { number: "•••• 4242", card: "good", word: "card-good" },
  { number: "•••• 0002", card: "declined", word: "card-bad" },
];

function facts(lines) {
  return element("dl", {}, ...lines.flatMap(([name, value, test]) => [element("dt", {}, name), element("dd", { test }, value)]));
}

function starsForm(sale) {
  const { t, invoice, cost, bot, purse } = sale;
  const short = purse < invoice.total_amount;
  return [
    element("p", {}, t("stars-question", invoice.title, bot, cost)),
    facts([[t("balance"), price(purse, "XTR", t), "pay-balance"]]),
    ...(short ? [element("p", { className: "bad", test: "pay-short" }, t("short"))] : []),
    first(element("button", { className: "wide", disabled: short, test: "pay-confirm" }, t("confirm-pay", cost))),
  ];
}

const KINDS = { name: "text", phone_number: "tel", email: "email" };

function cardForm(sale) {
  const { t, invoice, cost, name, phoneNumber } = sale;
  const lines = invoice.prices.length > 1 ? invoice.prices.map((part) => [part.label, price(part.amount, invoice.currency, t)]) : [];
  const known = { name, phone_number: phoneNumber, email: "" };
  const cards = CARDS.map((card, index) => {
    const input = element("input", { type: "radio", name: "card", value: index, checked: index === 0, test: card.word });
    return element("label", { className: "card" }, input, element("span", {}, card.number), element("small", {}, t(card.word)));
  });
  return [
    element("p", {}, element("strong", {}, invoice.title), element("br"), invoice.description),
    facts([...lines, [t("total"), cost, "pay-price"]]),
    ...(invoice.needs ?? []).map((need) =>
      field(t(`need-${need}`), element("input", { type: KINDS[need], name: need, value: known[need], required: true, test: `pay-${need}` }))),
    element("fieldset", {}, element("legend", {}, t("card")), ...cards, element("small", {}, t("test-cards"))),
    first(element("button", { className: "wide", test: "pay-confirm" }, t("pay", cost))),
  ];
}

function told(outcome, t) {
  switch (outcome.outcome) {
    case "declined": return [t("declined"), t("declined-more"), true];
    case "refused": return [t("refused"), outcome.message, false];
    case "timed_out": return [t("timed-out"), t("timed-out-more"), true];
    case "lost": return [t("not-payable"), t("no-connection"), true];
    default: return [t("not-payable"), outcome.reason ?? "", false];
  }
}

/**
 * The sheet on which a customer confirms a payment. `sale` has what is sold, to whom and for how much; `charge` pays and answers how that ended;
 * `done` is called when the money was taken.
 */
export function paySheet(phone, sale, charge, done) {
  const { t, invoice } = sale;
  const stars = invoice.currency === "XTR";
  const form = element("form", { className: "stack" }, ...(stars ? starsForm(sale) : cardForm(sale)));
  const close = openSheet(phone, t, t(stars ? "confirm-stars" : "checkout"), "pay-sheet", sign(stars ? "⭐" : "💳"), form);
  const failed = (outcome) => {
    const [title, text, again] = told(outcome, t);
    const shut = openSheet(phone, t, title, "pay-failed", sign("✕", "sign bad"), element("p", { test: "pay-result" }, text),
      ...(again ? [first(button("wide", t("again"), () => paySheet(phone, sale, charge, done), "pay-again"))] : []),
      button("wide plain", t("close"), () => shut(), "pay-done"));
  };
  form.onsubmit = async (event) => {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(form));
    const info = (invoice.needs ?? []).map((need) => [need, given[need]]);
    const confirm = form.querySelector("[data-test=pay-confirm]");
    confirm.disabled = true;
    confirm.textContent = t("paying");
    form.parentElement.ariaBusy = "true";
    const asked = { card: CARDS[given.card]?.card ?? "good", order_info: info.length ? Object.fromEntries(info) : null };
    const outcome = await charge(asked).catch(() => ({ outcome: "lost" }));
    if (outcome.outcome !== "paid") return failed(outcome);
    close();
    return done();
  };
}
