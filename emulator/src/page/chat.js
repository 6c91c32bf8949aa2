// One customer's chat: shows what the emulator knows of it, and sends what the customer does.

import { button, drawMessage, element, sideOf } from "/chat/draw.js";
import { Composer } from "/chat/composer.js";
import { alertSheet, contactSheet, fileSheet, paySheet } from "/chat/sheets.js";
import { price, wordsOf } from "/chat/words.js";

/** Tells the emulator what a customer does; answers what it says, or throws its refusal. */
export async function post(verb, body) {
  const answer = await fetch(`/chat/api/${verb}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

// This near to the end one reads the newest: new messages scroll into sight.
const NEAR = 90;

/** A chat in a column of the page. */
export class Chat {
  constructor(state, host) {
    this.user = state.user;
    this.host = host;
    this.t = wordsOf(state.language);
    this.state = state;
    this.drawn = new Map();
    this.node = document.getElementById("chat").content.firstElementChild.cloneNode(true);
    this.node.dataset.user = state.user;
    this.node.lang = this.t.language;
    this.parts = Object.fromEntries([...this.node.querySelectorAll("[data-part]")].map((part) => [part.dataset.part, part]));
    this.act = this.actions();
    this.composer = new Composer(this, this.parts);
    this.dress();
  }

  dress() {
    const { parts, t } = this;
    this.node.ariaLabel = t("chat", this.state.first_name);
    parts.feed.ariaLabel = t("messages");
    parts.purse.title = t("stars");
    parts.more.ariaLabel = parts.more.title = t("more");
    parts.down.ariaLabel = parts.down.title = t("newest");
    parts.more.onclick = () => this.showMenu(parts["more-menu"].hidden);
    parts["more-menu"].onclick = () => this.showMenu(false);
    this.node.addEventListener("focusin", () => this.host.front(this.user));
    this.node.addEventListener("pointerdown", (event) => {
      if (!event.target.closest("[data-part=more], .more-menu")) this.showMenu(false);
      if (!event.target.closest("[data-part=menu], .commands, textarea")) this.composer.unlist();
      this.host.front(this.user);
    });
    this.node.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      this.showMenu(false);
      this.composer.unlist();
    });
    parts.start.onclick = () => {
      if (this.state.blocked) return this.attempt(this.post("unblock"));
      const payload = this.host.startPayload();
      return this.act.say(payload ? `/start ${payload}` : "/start");
    };
    parts.feed.onscroll = () => {
      this.wasLow = this.isLow();
      parts.down.hidden = this.wasLow;
    };
    parts.down.onclick = () => this.toEnd();
    new ResizeObserver(() => this.settled()).observe(parts.feed);
  }

  showMenu(open) {
    this.parts["more-menu"].hidden = !open;
    this.parts.more.setAttribute("aria-expanded", String(open));
  }

  post(verb, body = {}) {
    return post(verb, { user: this.user, ...body });
  }

  attempt(work) {
    return work.catch((error) => this.toast(error.message || this.t("lost")));
  }

  toast(text) {
    const { toast } = this.parts;
    toast.textContent = text;
    toast.hidden = false;
    clearTimeout(this.toastTimer);
    this.toastTimer = setTimeout(() => { toast.hidden = true; }, 4000);
  }

  actions() {
    const { t } = this;
    return {
      t,
      say: (text) => { this.mustFollow = true; return this.attempt(this.post("say", { text })); },
      copy: (text) => navigator.clipboard.writeText(text).then(() => this.toast(t("copied")), () => this.toast(t("copy-by-hand", text))),
      press: (message_id, data, node) => this.press(message_id, data, node),
      pay: (target, invoice) => this.pay(target, invoice),
      contact: () => contactSheet(this.node, t, this.state.bot.name, this.state.phone, (phone) => this.attempt(this.post("contact", { phone }))),
      link: (url) => this.link(url),
      view: (url, alt) => this.host.view(url, alt),
      settled: () => this.settled(),
    };
  }

  async press(message_id, data, node) {
    if (node.ariaBusy === "true") return;
    node.ariaBusy = "true";
    try {
      const answer = await this.post("press", { message_id, data });
      if (answer?.text) {
        if (answer.show_alert) alertSheet(this.node, this.t, this.state.bot.name, answer.text);
        else this.toast(answer.text);
      }
      if (answer?.url && !this.link(answer.url)) window.open(answer.url, "_blank", "noopener,noreferrer");
    } catch (error) {
      this.toast(error.message);
    } finally {
      node.ariaBusy = null;
    }
  }

  pay(target, invoice) {
    const cost = price(invoice.total_amount, invoice.currency, this.t);
    const { bot, first_name: name, phone: phoneNumber, stars: purse } = this.state;
    const sale = { t: this.t, invoice, cost, bot: bot.name, name, phoneNumber, purse };
    paySheet(this.node, sale, (asked) => this.post("pay", { ...target, ...asked }), () => this.toast(this.t("paid-toast", cost)));
  }

  // Links that Telegram itself would open: invoices and deep links to this bot. True if it was one.
  link(url) {
    if (url.startsWith("https://t.me/$")) {
      this.attempt(this.post("invoice", { link: url }).then((invoice) => {
        if (invoice) this.pay({ link: url }, invoice);
        else this.toast(this.t("no-invoice"));
      }));
      return true;
    }
    const deep = url.match(/^https:\/\/t\.me\/([A-Za-z0-9_]+)(?:\?start=([A-Za-z0-9_-]+))?$/);
    if (deep && deep[1].toLowerCase() === this.state.bot.username) {
      this.act.say(deep[2] ? `/start ${deep[2]}` : "/start");
      return true;
    }
    return false;
  }

  offerFile(file) {
    fileSheet(this.node, this.t, file, (caption) => this.upload(file.name, file, caption));
  }

  upload(name, body, caption) {
    const where = new URLSearchParams({ user: this.user, name, caption });
    const sent = fetch(`/chat/api/upload?${where}`, {
      method: "POST", headers: { "content-type": "application/octet-stream" }, body,
    });
    return this.attempt(sent.then(async (answer) => { if (!answer.ok) throw new Error(await answer.text()); }));
  }

  // A picture for bots that ask for one: a sunset, drawn here.
  sendPicture() {
    const canvas = element("canvas", { width: 640, height: 400 });
    const brush = canvas.getContext("2d");
    const sky = brush.createLinearGradient(0, 0, 0, 400);
    sky.addColorStop(0, "#2b3a67");
    sky.addColorStop(0.6, "#f08a5d");
    sky.addColorStop(1, "#f9ed69");
    brush.fillStyle = sky;
    brush.fillRect(0, 0, 640, 400);
    brush.fillStyle = "#fff3c4";
    brush.beginPath();
    brush.arc(420, 250, 56, 0, 7);
    brush.fill();
    brush.fillStyle = "#1c2541";
    brush.fillRect(0, 320, 640, 80);
    canvas.toBlob((blob) => this.upload("sunset.png", blob, ""), "image/png");
  }

  update(state) {
    this.state = state;
    this.drawHead();
    this.drawFeed();
    this.drawFoot();
  }

  drawHead() {
    const { parts, state, t } = this;
    parts["bot-name"].textContent = state.bot.name;
    parts.purse.textContent = price(state.stars, "XTR", t);
    const status = `${t("bot")} · ${t("you", state.first_name)}`;
    clearTimeout(this.typingTimer);
    const types = state.typing_ms > 0;
    parts.status.textContent = types ? t("typing") : status;
    parts.status.classList.toggle("typing", types);
    if (types) this.typingTimer = setTimeout(() => this.update({ ...this.state, typing_ms: 0 }), state.typing_ms);
    const item = (word, onclick, test) => button("", t(word), onclick, test);
    parts["more-menu"].replaceChildren(
      item("contact", () => this.act.contact(), "share-contact"),
      item("picture", () => this.sendPicture(), "send-picture"),
      item("sticker", () => this.attempt(this.post("sticker")), "send-sticker"),
      item(state.blocked ? "restart" : "block", () => this.attempt(this.post(state.blocked ? "unblock" : "block")), "block"));
  }

  isLow() {
    const { feed } = this.parts;
    return feed.scrollHeight - feed.scrollTop - feed.clientHeight < NEAR;
  }

  toEnd() {
    const { feed } = this.parts;
    feed.scrollTop = feed.scrollHeight;
    this.wasLow = true;
  }

  // Something changed its size: who read the newest still does.
  settled() {
    if (this.wasLow ?? true) this.toEnd();
  }

  titleOf(payload) {
    const of = this.state.messages.find((message) => message.invoice?.payload === payload);
    return of?.invoice.title ?? "…";
  }

  day(ms) {
    const date = new Date(ms);
    const today = new Date(this.host.now());
    if (date.toDateString() === today.toDateString()) return this.t("today");
    return date.toLocaleDateString(this.t.language, { day: "numeric", month: "long" });
  }

  drawFeed() {
    const { drawn, state } = this;
    const { feed } = this.parts;
    this.wasLow = this.mustFollow || this.isLow();
    let grew = false;
    const nodes = [];
    let lastDay = "";
    state.messages.forEach((message, index) => {
      const day = this.day(message.date_ms);
      if (day !== lastDay) nodes.push(element("div", { className: "day" }, lastDay = day));
      const json = JSON.stringify(message);
      let entry = drawn.get(message.message_id);
      if (entry?.json !== json) {
        grew ||= !entry;
        entry = { json, node: drawMessage(message, this.act, (payload) => this.titleOf(payload)) };
        drawn.set(message.message_id, entry);
      }
      const next = state.messages[index + 1];
      entry.node.classList.toggle("tail", !next || sideOf(next) !== sideOf(message) || message.keyboard.length > 0);
      nodes.push(entry.node);
    });
    const present = new Set(state.messages.map((message) => message.message_id));
    for (const id of drawn.keys()) if (!present.has(id)) drawn.delete(id);
    if (!state.messages.length) nodes.push(this.about());
    if (state.blocked) nodes.push(element("div", { className: "day", test: "blocked" }, this.t("blocked")));
    this.put(nodes);
    if (this.wasLow) this.toEnd();
    else if (grew) this.parts.down.hidden = false;
    if (grew) this.mustFollow = false;
    feed.ariaBusy = null;
  }

  // Replaces only what differs: what stays keeps its focus and its open spoilers.
  put(nodes) {
    const { feed } = this.parts;
    const keep = new Set(nodes);
    for (const child of [...feed.children]) if (!keep.has(child)) child.remove();
    nodes.forEach((node, index) => {
      if (feed.children[index] !== node) feed.insertBefore(node, feed.children[index] ?? null);
    });
  }

  about() {
    const { description } = this.state.bot;
    const lines = description ? [element("strong", {}, this.t("what-is-it")), element("p", {}, description)] : [this.t("hello")];
    return element("div", { className: "about", test: "description" }, ...lines);
  }

  drawFoot() {
    const { parts, state, t } = this;
    parts.start.hidden = state.started && !state.blocked;
    parts.start.textContent = t(state.blocked ? "unblock" : "start");
    parts.composer.hidden = !parts.start.hidden;
    this.composer.draw(state);
  }
}

