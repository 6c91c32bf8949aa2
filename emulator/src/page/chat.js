// The chat: keeps up with the emulator and sends what the customer does.

import { drawMessage, drawReplyKeyboard, element } from "/chat/draw.js";
import { openPaySheet } from "/chat/pay.js";

const $ = (id) => document.getElementById(id);
const query = new URLSearchParams(location.search);
const drawn = new Map();
let user = Number(query.get("user")) || 0;
let state = null;
let toastTimer = 0;

async function post(verb, body = {}) {
  const answer = await fetch(`/chat/api/${verb}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ user, ...body }),
  });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

function toast(text) {
  $("toast").textContent = text;
  $("toast").hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { $("toast").hidden = true; }, 3500);
}

function alertBox(text) {
  $("alert-text").textContent = text;
  $("alert").showModal();
}

const attempt = (work) => work.catch((error) => toast(error.message || "no connection"));

const act = {
  say: (text) => attempt(post("say", { text })),
  copy: async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      toast("Copied");
    } catch {
      toast(`Copy by hand: ${text}`);
    }
  },
  press: async (message_id, data, button) => {
    button.setAttribute("aria-busy", "true");
    try {
      const answer = await post("press", { message_id, data });
      if (answer?.text) (answer.show_alert ? alertBox : toast)(answer.text);
      if (answer?.url) act.link(answer.url) || window.open(answer.url, "_blank", "noopener,noreferrer");
    } catch (error) {
      toast(error.message);
    } finally {
      button.removeAttribute("aria-busy");
    }
  },
  pay: (target, invoice) => openPaySheet($("sheet"), invoice, state.stars, () => post("pay", target)),
  contact: () => {
    const phone = prompt("Phone number to share", "+79991234567");
    return phone ? attempt(post("contact", { phone })) : null;
  },
  // Links that Telegram itself would open: invoices and deep links to this bot. True if it was one.
  link: (url) => {
    if (url.startsWith("https://t.me/$")) {
      attempt(post("invoice", { link: url }).then((invoice) => {
        if (invoice) act.pay({ link: url }, invoice);
        else toast("This invoice does not exist");
      }));
      return true;
    }
    const deep = url.match(/^https:\/\/t\.me\/([A-Za-z0-9_]+)(?:\?start=([A-Za-z0-9_-]+))?$/);
    if (deep && deep[1].toLowerCase() === state.bot.username) {
      act.say(deep[2] ? `/start ${deep[2]}` : "/start");
      return true;
    }
    return false;
  },
};

function drawFeed() {
  const feed = $("feed");
  const wasLow = feed.scrollHeight - feed.scrollTop - feed.clientHeight < 80;
  feed.querySelector(".about")?.remove();
  const present = new Set(state.messages.map((message) => message.message_id));
  for (const [id, entry] of drawn) {
    if (!present.has(id)) {
      entry.node.remove();
      drawn.delete(id);
    }
  }
  let grew = false;
  for (const message of state.messages) {
    const key = JSON.stringify(message);
    const old = drawn.get(message.message_id);
    if (old?.key === key) continue;
    const node = drawMessage(message, act);
    if (old) old.node.replaceWith(node);
    else feed.append(node);
    grew ||= !old;
    drawn.set(message.message_id, { key, node });
  }
  if (!state.messages.length) {
    const text = state.bot.description || "Press Start to begin.";
    feed.append(element("div", { className: "about", test: "description" }, text));
  }
  if (grew || wasLow) feed.scrollTop = feed.scrollHeight;
}

function drawFooter() {
  const start = $("start");
  start.hidden = state.started && !state.blocked;
  start.textContent = state.blocked ? "Unblock" : "Start";
  $("composer").hidden = !start.hidden;
  $("menu").hidden = !state.commands.length;
  $("do-block").textContent = state.blocked ? "Unblock the bot" : "Block the bot";
  const keyboard = state.reply_keyboard;
  $("reply-keyboard").hidden = !keyboard || !start.hidden;
  $("reply-keyboard").replaceChildren(...(keyboard ? drawReplyKeyboard(keyboard, act) : []));
  $("commands").replaceChildren(...state.commands.map((command) =>
    element("button", {
      type: "button", test: "command",
      onclick: () => { showMenu("commands", "menu", false); act.say(`/${command.command}`); },
    }, `/${command.command}`, element("small", {}, command.description))));
}

function draw() {
  document.title = `${state.bot.name} · ${state.first_name}`;
  $("bot-name").textContent = state.bot.name;
  $("status").textContent = `bot · you are ${state.first_name}`;
  $("purse").textContent = `⭐ ${state.stars}`;
  drawFeed();
  drawFooter();
}

function showMenu(menu, button, open = $(menu).hidden) {
  $(menu).hidden = !open;
  $(button).setAttribute("aria-expanded", String(open));
}

async function keepUp() {
  for (;;) {
    try {
      const since = state ? `&since=${state.version}` : "";
      const answer = await fetch(`/chat/api/state?user=${user}${since}`);
      state = await answer.json();
      draw();
    } catch {
      $("status").textContent = "connecting…";
      await new Promise((wake) => setTimeout(wake, 1000));
      // The emulator may have started anew: then it doesn't know this customer.
      await open().catch(() => {});
    }
  }
}

async function open() {
  state = null;
  const answer = await post("open", { name: query.get("name") ?? "", lang: query.get("lang") ?? "en" });
  user = answer.user;
  query.set("user", user);
  history.replaceState(null, "", `?${query}`);
}

function send() {
  const text = $("text").value.trim();
  if (!text) return;
  $("text").value = "";
  act.say(text);
}

$("composer").onsubmit = (event) => { event.preventDefault(); send(); };
$("text").onkeydown = (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    send();
  }
};
$("start").onclick = () => {
  if (state.blocked) return attempt(post("unblock"));
  const payload = query.get("start");
  return act.say(payload ? `/start ${payload}` : "/start");
};
$("menu").onclick = () => showMenu("commands", "menu");
$("more").onclick = () => showMenu("more-menu", "more");
$("more-menu").onclick = () => showMenu("more-menu", "more", false);
$("do-contact").onclick = () => act.contact();
$("do-sticker").onclick = () => attempt(post("sticker"));
$("do-block").onclick = () => attempt(post(state.blocked ? "unblock" : "block"));
$("do-other").onclick = () => { location.search = "?name=Customer"; };
$("alert-ok").onclick = () => $("alert").close();
$("attach").onclick = () => $("file").click();
$("file").onchange = async () => {
  const file = $("file").files[0];
  if (!file) return;
  const where = new URLSearchParams({ user, name: file.name, caption: $("text").value });
  $("text").value = "";
  $("file").value = "";
  const sent = fetch(`/chat/api/upload?${where}`, {
    method: "POST", headers: { "content-type": "application/octet-stream" }, body: file,
  });
  await attempt(sent);
};

await open().catch(() => {});
keepUp();
