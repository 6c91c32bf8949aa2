// The sheet on which a customer confirms a payment, and what came of it.

import { element, price } from "/chat/draw.js";

export function openPaySheet(sheet, invoice, purse, confirm) {
  const stars = invoice.currency === "XTR";
  const cost = price(invoice.total_amount, invoice.currency);
  const closeButton = () =>
    element("button", { type: "button", className: "close", ariaLabel: "Close", test: "pay-close", onclick: () => sheet.close() }, "✕");
  const title = (text) => element("h2", { id: "sheet-title" }, text);

  const result = (good, headline, details) => {
    sheet.replaceChildren(
      element("div", { className: good ? "tick" : "cross", ariaHidden: "true" }, good ? "✓" : "✕"),
      title(headline),
      element("p", { test: "pay-result" }, details),
      element("button", { type: "button", className: "wide", test: "pay-done", onclick: () => sheet.close() }, "Done"));
  };

  const facts = element("dl");
  const fact = (name, value, test) => facts.append(element("dt", {}, name), element("dd", { test }, value));
  for (const part of invoice.prices.length > 1 ? invoice.prices : []) {
    fact(part.label, price(part.amount, invoice.currency));
  }
  fact("Price", cost, "pay-price");
  if (stars) fact("Your balance", price(purse, "XTR"), "pay-balance");
  else fact("Card", "•••• 4242 (test)");

  const short = stars && purse < invoice.total_amount;
  const label = stars ? `Confirm and pay ${cost}` : `Pay ${cost}`;
  const button = element("button", { type: "button", className: "wide", disabled: short, test: "pay-confirm" }, label);
  button.onclick = async () => {
    button.disabled = true;
    button.textContent = "Paying…";
    try {
      const outcome = await confirm();
      switch (outcome.outcome) {
        case "paid": return result(true, "Payment successful", `You paid ${cost}.`);
        case "refused": return result(false, "The bot refused", outcome.message);
        case "timed_out": return result(false, "No answer", "The bot did not answer in time. Nothing was charged.");
        default: return result(false, "This can't be paid", outcome.reason ?? "");
      }
    } catch (error) {
      result(false, "No connection", String(error.message ?? error));
    }
  };

  sheet.replaceChildren(
    closeButton(),
    element("div", { className: "star", ariaHidden: "true" }, stars ? "⭐" : "💳"),
    title(invoice.title),
    element("p", {}, invoice.description),
    facts,
    ...(short ? [element("p", { test: "pay-short" }, "You don't have enough Stars.")] : []),
    button);
  sheet.showModal();
}
