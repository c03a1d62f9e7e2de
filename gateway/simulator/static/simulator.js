// Two keypad phones. A call's answers hold the caller's PIN: they live in one variable of one call, nowhere else.

import { clock, count, known, language, latin, say, script, sentence, speakIn } from "./words.js";

const ROOM = 160;
const POLL_MS = 2000;
const NETWORK_PATIENCE_MS = 10000;
const PHONE = /^\+[1-9][0-9]{7,14}$/;
const NAMED_KEY = /^[A-Z][A-Za-z0-9]+$/; // "Tab", "ArrowUp": everything that is not a character
const KEYBOARD = { Enter: "call", Escape: "end", Backspace: "clear", Delete: "clear" };
const SIZES = ["large", "medium", "small"];

const service = document.body.dataset.code;

// ---- wire -----------------------------------------------------------------------------------------------------------

async function fetched(path, options, patience) {
  try {
    const response = await fetch(path, { ...options, signal: AbortSignal.timeout(patience) });
    return await response.json().catch(() => ({ error: "gateway", status: response.status }));
  } catch (trouble) {
    return { error: trouble.name === "TimeoutError" ? "slow" : "gone" };
  }
}

function post(path, fields, options = {}) {
  const headers = { "Content-Type": "application/json" };
  return fetched(path, { method: "POST", headers, body: JSON.stringify(fields), ...options }, NETWORK_PATIENCE_MS);
}

function newSession() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `sim-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

// ---- page -----------------------------------------------------------------------------------------------------------

function make(tag, name, text) {
  const element = document.createElement(tag);
  element.className = name;
  element.textContent = text;
  return element;
}

function fit(box) {
  for (const size of SIZES) {
    box.dataset.size = size;
    if (box.scrollHeight <= box.clientHeight) return;
  }
}

function messageItem(message, isNew) {
  const item = make("li", isNew ? "new" : "", "");
  const head = make("p", "head", "");
  const time = make("time", "", clock(message.at));
  time.dateTime = message.at;
  const state = make("span", "fate", say(known(`state.${message.state}`, message.state)));
  state.dataset.fate = message.state;
  head.append(time, state);
  const text = make("p", "sms", message.text ?? say("sms.lost"));
  text.lang = script(text.textContent);
  const parts = say(message.parts === 1 ? "part" : "parts", { n: count(message.parts) });
  const units = say("units", { n: count(message.units) });
  item.append(head, text, make("p", "foot", `${parts} · ${units} · ${say(known(message.encoding, "ucs2"))}`));
  return item;
}

class Phone {
  // state: "idle" (a code is typed) → "live" (in a call) → "over" (the last page stays) → "idle"

  constructor(station) {
    this.station = station;
    this.handset = station.querySelector(".phone");
    this.input = station.querySelector(".number");
    const parts = [...station.querySelectorAll("[data-part]")];
    this.part = Object.fromEntries(parts.map((node) => [node.dataset.part, node]));
    this.messages = null;
    this.reading = false;
    this.reset();
    this.listen();
    this.render();
  }

  reset() {
    this.state = "idle";
    this.call = null;
    this.busy = false;
    this.typed = "";
    this.page = null; // {text, octets, encoding, secret} or {error, status}
  }

  listen() {
    this.handset.addEventListener("keydown", (event) => this.onKeyDown(event));
    this.handset.addEventListener("paste", (event) => this.onPaste(event));
    this.handset.addEventListener("mousedown", (event) => this.keepFocus(event));
    this.handset.addEventListener("click", (event) => {
      const button = event.target.closest("[data-key]");
      if (button) this.press(button.dataset.key);
    });
    this.input.addEventListener("change", () => this.use(this.number));
  }

  keepFocus(event) {
    // A click leaves the focus on the whole phone, so that Enter afterwards sends and does not repeat the clicked key.
    if (event.target.closest("[data-key]")) event.preventDefault();
    this.handset.focus({ preventScroll: true });
  }

  onKeyDown(event) {
    const shortcut = (event.ctrlKey || event.metaKey || event.altKey) && !event.getModifierState("AltGraph");
    const onButton = event.target.closest("button") && [" ", "Enter"].includes(event.key);
    const key = KEYBOARD[event.key] ?? (NAMED_KEY.test(event.key) ? null : event.key);
    if (shortcut || onButton || event.isComposing || key === null) return;
    event.preventDefault();
    this.flash(key);
    this.press(key);
  }

  onPaste(event) {
    this.type(event.clipboardData.getData("text").replace(/\p{Cc}+/gu, " ").trim());
  }

  flash(key) {
    const button = [...this.handset.querySelectorAll("[data-key]")].find((node) => node.dataset.key === key);
    button?.classList.add("down");
    setTimeout(() => button?.classList.remove("down"), 120);
  }

  // ---- keys ----

  press(key) {
    if (key === "call") this.send();
    else if (key === "end") this.hangUp();
    else if (key === "clear") this.erase();
    else this.type(key);
  }

  type(text) {
    if (this.busy) return;
    if (this.state === "over") this.reset();
    this.typed += text;
    this.render();
  }

  erase() {
    if (this.busy) return;
    if (this.state === "over") this.reset();
    else this.typed = [...this.typed].slice(0, -1).join("");
    this.render();
  }

  send() {
    if (this.busy) return;
    if (this.state === "live") this.answer();
    else this.dial();
  }

  dial() {
    const code = latin(this.state === "over" ? "" : this.typed) || service;
    this.reset();
    this.use(this.number);
    if (!PHONE.test(this.number)) return this.fail({ error: "phone" });
    this.call = { phone: this.number, session: newSession(), code, answers: [] };
    return this.hop();
  }

  answer() {
    if (this.typed === "") return;
    this.call.answers.push(this.typed);
    this.typed = "";
    this.hop();
  }

  hangUp() {
    if (this.state !== "live") this.reset();
    else {
      this.report();
      this.finish();
    }
    this.render();
  }

  // ---- the call ----

  async hop() {
    const call = this.call;
    this.state = "live";
    this.busy = true;
    this.render();
    const { answers, ...caller } = call;
    const page = await post("/simulator/hop", { ...caller, text: answers.join("*") });
    if (this.call !== call) return; // she hung up, or took another number, before the answer came
    if (page.error) this.fail(page);
    else this.show(page);
    this.refresh();
  }

  show(page) {
    this.page = page;
    this.busy = false;
    if (page.ends) this.finish();
    this.render();
  }

  fail(trouble) {
    this.page = trouble;
    this.finish();
    this.render();
  }

  finish() {
    this.state = "over";
    this.busy = false;
    this.typed = "";
    this.call = null;
  }

  report(options) {
    const { answers, ...caller } = this.call;
    return post("/simulator/end", caller, options);
  }

  // ---- the number ----

  get number() {
    return this.input.value;
  }

  take(number) {
    this.use(number);
    this.handset.focus();
  }

  use(written) {
    const bare = latin(written).replace(/[\s()-]/g, "");
    const number = /^01[0-9]{9}$/.test(bare) ? `+88${bare}` : bare;
    this.input.value = number;
    if (number === this.owner) return;
    if (this.state === "live") this.report();
    this.owner = number;
    this.reset();
    this.render();
    this.messages = null;
    this.refresh();
  }

  // ---- the screen ----

  render() {
    this.handset.dataset.state = this.state;
    this.handset.setAttribute("aria-busy", this.busy);
    this.part.state.textContent = say(this.busy ? "busy" : this.state);
    this.input.readOnly = this.state === "live";
    this.renderText();
    this.renderLine();
    this.renderSize();
  }

  renderText() {
    const page = this.page;
    let text = page?.error ? sentence(page, service) : page?.text;
    if (this.state === "idle") text = this.typed ? "" : say("hint", { code: service });
    this.handset.toggleAttribute("data-trouble", Boolean(page?.error));
    const box = this.part.text;
    if (box.textContent === (text ?? "")) return; // an unchanged live region is not announced again
    box.textContent = text ?? "";
    box.lang = script(box.textContent);
    box.scrollTop = 0;
    fit(box);
  }

  renderLine() {
    const hidden = this.state === "live" && this.page?.secret;
    const typed = hidden ? "•".repeat([...this.typed].length) : this.typed;
    this.part.line.textContent = this.state === "over" ? say("over") : typed;
    this.part.line.lang = this.state === "over" ? language : script(typed);
    this.part.line.parentElement.scrollLeft = this.part.line.offsetWidth; // of a long answer, its end
  }

  renderSize() {
    const { octets = 0, encoding } = this.page ?? {};
    const inside = Math.min(octets, ROOM);
    const { meter } = this.part;
    this.part.octets.textContent = `${octets}/${ROOM}`;
    this.part.encoding.textContent = encoding ? say(encoding) : "–";
    meter.setAttribute("aria-valuenow", inside);
    const size = { octets: count(octets), room: count(ROOM) };
    meter.setAttribute("aria-label", say(encoding ? "size" : "size.none", size));
    meter.toggleAttribute("data-over", octets > ROOM);
    meter.firstElementChild.style.inlineSize = `${(inside / ROOM) * 100}%`;
  }

  // ---- the messages ----

  async refresh() {
    const number = this.number;
    if (!PHONE.test(number)) return this.note("sms.number");
    if (this.reading) return undefined;
    this.reading = true;
    const messages = await fetched(`/simulator/messages?phone=${encodeURIComponent(number)}`, {}, NETWORK_PATIENCE_MS);
    this.reading = false;
    if (number !== this.number) return this.refresh();
    if (!Array.isArray(messages)) return this.note("sms.trouble");
    return this.receive(messages);
  }

  receive(messages) {
    this.note(messages.length ? null : "sms.none");
    if (JSON.stringify(messages) === JSON.stringify(this.messages)) return;
    const seen = this.messages && new Set(this.messages.map(({ at, text }) => at + text));
    this.messages = messages;
    this.renderTray((message) => seen !== null && !seen.has(message.at + message.text));
  }

  renderTray(isNew = () => false) {
    const messages = this.messages ?? [];
    this.part.tray.replaceChildren(...messages.map((message) => messageItem(message, isNew(message))));
    const newest = messages.find(isNew);
    this.part.news.textContent = newest ? say("sms.new", { text: newest.text ?? say("sms.lost") }) : "";
  }

  note(key) {
    this.noted = key;
    if (key === "sms.number") this.part.tray.replaceChildren();
    this.part.note.textContent = key ? say(key) : "";
    this.part.note.hidden = !key;
  }

  speak() {
    this.render();
    this.renderTray();
    this.note(this.noted ?? null);
  }
}

// ---- the whole page -------------------------------------------------------------------------------------------------

const phones = [...document.querySelectorAll(".station")].map((station) => new Phone(station));

function remember(choice) {
  try {
    if (choice) localStorage.setItem("somiti.language", choice);
    return localStorage.getItem("somiti.language");
  } catch {
    return choice ?? null; // storage is closed to this page: the choice lasts until it is loaded again
  }
}

function speak(choice) {
  speakIn(choice);
  document.documentElement.lang = choice;
  const values = (node) => ({ ...node.dataset, n: count(node.closest("[data-n]")?.dataset.n ?? "") });
  for (const node of document.querySelectorAll("[data-word]")) node.textContent = say(node.dataset.word, values(node));
  for (const node of document.querySelectorAll("[data-label]")) {
    node.setAttribute("aria-label", say(node.dataset.label, values(node)));
  }
  document.querySelector("#language").lang = choice === "en" ? "bn" : "en";
  for (const phone of phones) phone.speak();
}

function refreshAll() {
  if (document.visibilityState !== "visible") return;
  for (const phone of phones) phone.refresh();
}

document.querySelector("#language").addEventListener("click", () => {
  speak(remember(language === "en" ? "bn" : "en") ?? "en");
});
for (const button of document.querySelectorAll("[data-number]")) {
  button.addEventListener("click", () => phones[button.dataset.n - 1].take(button.dataset.number));
}
window.addEventListener("pagehide", () => {
  for (const phone of phones) if (phone.state === "live") phone.report({ keepalive: true });
});
document.addEventListener("visibilitychange", refreshAll);
setInterval(refreshAll, POLL_MS);
speak(remember() === "bn" ? "bn" : "en");
for (const phone of phones) phone.use(phone.number);
document.fonts.ready.then(() => phones.forEach((phone) => fit(phone.part.text)));
