// Beside the chats: what to try next, and the mails that the shop would have sent.

import { button, element } from "/chat/draw.js";

const LINK = /https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]]/g;

/** Plain text whose addresses can be followed. */
function linked(text) {
  const box = element("div", { className: "mail-text", test: "mail-text" });
  let at = 0;
  for (const match of text.matchAll(LINK)) {
    const [url] = match;
    box.append(text.slice(at, match.index), element("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, url));
    at = match.index + url.length;
  }
  box.append(text.slice(at));
  return box;
}

function head(t, title, onclose, onback) {
  const close = button("round", "✕", onclose, "panel-close");
  close.ariaLabel = t("close");
  const back = onback ? [button("round", "←", onback, "mail-back")] : [];
  if (onback) back[0].ariaLabel = t("back");
  return element("header", { className: "panel-head" }, ...back, element("h2", {}, title), close);
}

/** What the demo's clock shows. */
export function clockText(t, page) {
  return t("now", new Date(page.now()).toLocaleTimeString(t.language, { hour: "2-digit", minute: "2-digit", hour12: false }));
}

/** What to try next. `page` has the notes, the clock and what the buttons do. */
export function drawNotes(panel, t, page) {
  const notes = page.notes.filter((note) => note.language === t.language);
  const items = notes.map((note) => {
    const tries = note.say ? [button("pill", t("try"), () => page.say(note.say), "note-try")] : [];
    return element("li", { test: "note" }, element("strong", {}, note.title), element("p", {}, note.text), ...tries);
  });
  const clock = page.canAdvance
    ? [element("div", { className: "clock" },
      element("p", { test: "clock" }, clockText(t, page)),
      button("wide", t("later"), page.advance, "advance"), element("small", {}, t("later-hint")))]
    : [];
  panel.replaceChildren(head(t, t("notes"), page.close), element("div", { className: "panel-body" }, ...clock, element("ol", { className: "notes" }, ...items)));
}

function when(ms, t) {
  return new Date(ms).toLocaleString(t.language, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hour12: false });
}

/** All mails, newest first. */
export function drawMails(panel, t, page) {
  const rows = page.mails.toReversed().map((mail) => {
    const row = button(mail.unread ? "mail unread" : "mail", "", () => page.open(mail), "mail");
    row.append(
      element("span", { className: "mail-top" }, element("strong", {}, mail.to), element("small", {}, when(mail.at_ms, t))),
      element("span", {}, mail.subject || t("no-subject")));
    return element("li", {}, row);
  });
  const empty = element("div", { className: "empty", test: "mail-empty" },
    element("div", { className: "sign", ariaHidden: "true" }, "📭"),
    element("strong", {}, t("mail-empty")), element("p", {}, t("mail-empty-more")));
  const body = rows.length ? element("ul", { className: "mails" }, ...rows) : empty;
  panel.replaceChildren(head(t, t("mail"), page.close), element("div", { className: "panel-body" }, body));
}

/** One mail, as its recipient would see it. */
export function drawMail(panel, t, page, mail, plain = !mail.html) {
  const fact = (name, value) => [element("dt", {}, name), element("dd", {}, value)];
  const facts = element("dl", { className: "mail-facts" }, ...fact(t("from"), mail.from), ...fact(t("to"), mail.to));
  const frame = () => {
    const node = element("iframe", { src: `/chat/api/mail/${mail.id}`, title: t("mail-frame"), test: "mail-frame" });
    node.setAttribute("sandbox", "allow-popups allow-popups-to-escape-sandbox");
    return node;
  };
  const other = mail.html && mail.text
    ? [button("pill", t(plain ? "formatted" : "plain-text"), () => drawMail(panel, t, page, mail, !plain), "mail-form")]
    : [];
  panel.replaceChildren(
    head(t, mail.subject || t("no-subject"), page.close, page.back),
    element("div", { className: "panel-body mail-body" }, facts, ...other, plain ? linked(mail.text) : frame()));
}
