// The page: chats side by side, tabs of customers, the panel, colours and language; keeps up with the emulator.

import { Chat, post } from "/chat/chat.js";
import { button, element } from "/chat/draw.js";
import { clockText, drawMail, drawMails, drawNotes } from "/chat/panel.js";
import { spoken, wordsOf } from "/chat/words.js";

const $ = (id) => document.getElementById(id);
const query = new URLSearchParams(location.search);
// A chat narrower than this is no pleasure.
const NARROWEST = 380;

const chats = new Map();
const unread = new Set();
let front = Number(query.get("user")) || 0;
// Who is shown, the latest last.
let shown = front ? [front] : [];
let t = wordsOf(localStorage.getItem("language") ?? spoken(navigator.language));
let about = { notes: [], can_advance: false };
let mails = [];
let epoch = "";
let ahead = 0;
let panel = null;

const host = {
  now: () => Date.now() + ahead,
  startPayload: () => {
    const payload = query.get("start");
    query.delete("start");
    return payload;
  },
  front: (user) => {
    if (front === user) return;
    front = user;
    drawPeople();
  },
  view: (url, alt) => {
    const image = element("img", { src: url, alt, test: "whole-photo" });
    const dialog = $("dialog");
    dialog.className = "viewer";
    const close = button("round close", "✕", () => dialog.close(), "photo-close");
    close.ariaLabel = t("close");
    dialog.replaceChildren(close, image);
    dialog.onclick = (event) => { if (event.target !== image) dialog.close(); };
    dialog.showModal();
  },
};

// Whether the panel has a place of its own beside the chats, as page.css says.
const isWide = () => matchMedia("(min-width: 1181px)").matches;

function inOrder() {
  return [...chats.values()].sort((one, other) => one.state.place - other.state.place);
}

// As many chats as there is room for: those that were chosen last, in the order of the tabs.
function arrange() {
  // Turned before the chats have come: who was asked for is not forgotten.
  if (chats.size === 0) return;
  const wide = $("chats").clientWidth || innerWidth;
  const room = Math.max(1, Math.floor(wide / NARROWEST));
  const order = inOrder().map((chat) => chat.user);
  shown = shown.filter((user) => chats.has(user));
  for (const user of order) if (shown.length < room && !shown.includes(user)) shown.unshift(user);
  const latestFirst = shown.toReversed().sort((one, other) => (other === front) - (one === front));
  const visible = new Set(latestFirst.slice(0, room));
  for (const chat of inOrder()) {
    const was = chat.node.hidden;
    chat.node.hidden = !visible.has(chat.user);
    if (!chat.node.isConnected) $("chats").append(chat.node);
    if (was && !chat.node.hidden) chat.settled();
    if (!chat.node.hidden) unread.delete(chat.user);
  }
  drawPeople();
}

function choose(user) {
  shown = [...shown.filter((other) => other !== user), user];
  front = user;
  arrange();
}

function drawPeople() {
  const tabs = inOrder().map((chat) => {
    const tab = button("person", "", () => choose(chat.user), "person");
    tab.append(chat.state.first_name, element("small", {}, chat.t.language.toUpperCase()));
    if (unread.has(chat.user)) tab.append(element("i", { className: "dot", test: "unread" }));
    tab.setAttribute("aria-pressed", String(!chat.node.hidden));
    tab.classList.toggle("front", chat.user === front);
    tab.dataset.user = chat.user;
    return tab;
  });
  const add = button("person add", "+", addCustomer, "new-customer");
  add.title = add.ariaLabel = t("add-hint");
  const focused = document.activeElement?.dataset.user;
  const inTabs = $("people").contains(document.activeElement);
  $("people").replaceChildren(...tabs, add);
  tabs.find((tab) => tab.classList.contains("front"))?.scrollIntoView({ block: "nearest", inline: "nearest" });
  if (inTabs) tabs.find((tab) => tab.dataset.user === focused)?.focus();
  const chat = chats.get(front);
  if (chat) document.title = `${chat.state.first_name} · ${chat.state.bot.name}`;
}

function addCustomer() {
  const dialog = $("dialog");
  dialog.className = "";
  const name = element("input", { type: "text", required: true, maxLength: 64, autocomplete: "off", test: "new-name" });
  const language = element("select", { test: "new-language" },
    element("option", { value: "en" }, t("english")), element("option", { value: "ru", selected: t.language === "ru" }, t("russian")));
  const form = element("form", { className: "stack" },
    element("h2", {}, t("add")),
    element("label", { className: "field" }, element("span", {}, t("name")), name),
    element("label", { className: "field" }, element("span", {}, t("speaks")), language),
    element("button", { className: "wide", test: "new-open" }, t("add-hint")),
    button("wide plain", t("cancel"), () => dialog.close()));
  form.onsubmit = async (event) => {
    event.preventDefault();
    dialog.close();
    await open(name.value, language.value).catch(() => banner(true));
  };
  dialog.onclick = null;
  dialog.replaceChildren(form);
  dialog.showModal();
}

async function open(name, lang) {
  const { user } = await post("open", { name, lang });
  shown = [...shown, user];
  front = user;
  if (chats.has(user)) choose(user);
}

function banner(lost) {
  $("banner").textContent = t(lost ? "lost" : "banner");
  $("banner").classList.toggle("bad", lost);
}

const notesPage = {
  get notes() { return about.notes; },
  get canAdvance() { return about.can_advance; },
  now: host.now,
  say: (text) => {
    if (!isWide()) showPanel(null);
    chats.get(front)?.act.say(text);
  },
  advance: async () => {
    const { now_ms } = await post("advance", { ms: 15 * 60_000 });
    ahead = now_ms - Date.now();
    if (isWide()) drawPanel();
    else showPanel(null);
    chats.get(front)?.toast(t("moved"));
  },
  close: () => showPanel(null),
};

const mailPage = {
  get mails() { return mails; },
  open: (mail) => {
    mail.unread = false;
    panel = { mail };
    drawPanel();
    drawTools();
  },
  back: () => showPanel("mails"),
  close: () => showPanel(null),
};

function drawPanel() {
  $("panel").hidden = !panel;
  $("panel").ariaLabel = panel === "notes" ? t("notes") : t("mail");
  if (panel === "notes") drawNotes($("panel"), t, notesPage);
  else if (panel === "mails") drawMails($("panel"), t, mailPage);
  else if (panel) drawMail($("panel"), t, mailPage, panel.mail);
}

// The clock goes on while somebody reads.
setInterval(() => {
  const clock = $("panel").querySelector("[data-test=clock]");
  if (clock) clock.textContent = clockText(t, notesPage);
}, 1000);

function showPanel(next) {
  const opener = panel === "notes" ? "show-notes" : "show-mail";
  const inside = $("panel").contains(document.activeElement);
  panel = next;
  drawPanel();
  drawTools();
  arrange();
  if (inside) (next ? $("panel").querySelector("button") : $(opener)).focus();
}

function drawTools() {
  const fresh = mails.filter((mail) => mail.unread).length;
  const tool = (id, sign, label, open) => {
    $(id).replaceChildren(element("span", { ariaHidden: "true" }, sign), element("span", { className: "label" }, label));
    $(id).title = label;
    $(id).ariaLabel = label;
    if (open !== undefined) $(id).setAttribute("aria-expanded", String(open));
  };
  tool("show-notes", "💡", t("notes"), panel === "notes");
  tool("show-mail", "✉️", t("mail"), Boolean(panel) && panel !== "notes");
  if (fresh) $("show-mail").append(element("b", { className: "badge", test: "mail-badge" }, String(fresh)));
  const theme = document.documentElement.dataset.theme ?? "auto";
  tool("theme", { auto: "🌗", light: "☀️", dark: "🌙" }[theme], t("theme", t(`theme-${theme}`)));
  tool("language", t.language.toUpperCase(), t("language"));
  $("people").ariaLabel = t("people");
}

function translate(language) {
  t = wordsOf(language);
  document.documentElement.lang = t.language;
  banner(false);
  drawTools();
  drawPanel();
  drawPeople();
}

$("theme").onclick = () => {
  const now = document.documentElement.dataset.theme ?? "auto";
  const next = { auto: "light", light: "dark", dark: "auto" }[now];
  if (next === "auto") {
    delete document.documentElement.dataset.theme;
    localStorage.removeItem("theme");
  } else {
    document.documentElement.dataset.theme = next;
    localStorage.setItem("theme", next);
  }
  drawTools();
};
$("language").onclick = () => {
  const next = t.language === "en" ? "ru" : "en";
  localStorage.setItem("language", next);
  translate(next);
};
$("show-notes").onclick = () => showPanel(panel === "notes" ? null : "notes");
$("show-mail").onclick = () => showPanel(panel && panel !== "notes" ? null : "mails");
addEventListener("resize", () => {
  // Turned or made narrow: the panel would lie over the chats.
  if (!isWide() && panel === "notes") showPanel(null);
  else arrange();
});

function take(news) {
  if (news.epoch !== epoch) {
    // The emulator started anew, or this page did.
    epoch = news.epoch;
    for (const chat of chats.values()) chat.node.remove();
    chats.clear();
    mails = [];
  }
  ahead = news.now_ms - Date.now();
  let isNew = false;
  for (const state of Object.values(news.chats)) {
    let chat = chats.get(state.user);
    if (!chat) {
      chat = new Chat(state, host);
      chats.set(state.user, chat);
      isNew = true;
    }
    const newest = (of) => of.messages.findLast((message) => message.from_bot)?.message_id ?? 0;
    if (chat.node.isConnected && chat.node.hidden && newest(state) > newest(chat.state)) unread.add(state.user);
    chat.update(state);
  }
  if (!chats.has(front)) front = inOrder()[0]?.user ?? 0;
  if (isNew) arrange();
  else drawPeople();
  if (news.mails.length) {
    mails.push(...news.mails.map((mail) => ({ ...mail, unread: true })));
    drawTools();
    if (panel === "mails") drawPanel();
  }
}

async function keepUp() {
  for (;;) {
    try {
      const seen = Object.fromEntries([...chats].map(([user, chat]) => [user, chat.state.version]));
      take(await post("news", { epoch, chats: seen, mails: mails.length }));
      banner(false);
    } catch {
      banner(true);
      await new Promise((wake) => setTimeout(wake, 1000));
    }
  }
}

about = await fetch("/chat/api/about").then((answer) => answer.json()).catch(() => about);
// A phone has no room to spare for advice; it is a tap away.
if (isWide()) panel = "notes";
translate(t.language);
if (query.get("name")) await open(query.get("name"), query.get("lang") ?? "en").catch(() => {});
keepUp();
