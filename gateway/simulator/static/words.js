// The words around the phones, English or Bangla. What stands on a phone's screen comes from the gateway, not from here.

const BANGLA = "০১২৩৪৫৬৭৮৯";
const words = await (await fetch(new URL("words.json", import.meta.url))).json();

export let language = "en";

export function speakIn(choice) {
  language = choice;
}

export function say(key, values = {}) {
  const sentence = words[language][key] ?? key;
  return sentence.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

export function known(key, otherwise) {
  return key in words.en ? key : otherwise;
}

export function count(number) {
  const digits = String(number);
  return language === "bn" ? digits.replace(/[0-9]/g, (digit) => BANGLA[digit]) : digits;
}

export function latin(text) {
  return text.replace(/[০-৯]/g, (digit) => BANGLA.indexOf(digit));
}

export function script(text) {
  return /[\u0980-\u09ff]/.test(text) ? "bn" : "en";
}

export function clock(instant) {
  const dhaka = { timeZone: "Asia/Dhaka" };
  const locale = language === "bn" ? "bn-BD" : "en-GB";
  const moment = new Date(instant);
  const day = (date) => date.toLocaleDateString("en-CA", dhaka);
  const time = moment.toLocaleTimeString(locale, { ...dhaka, hour: "2-digit", minute: "2-digit", hour12: false });
  if (day(moment) === day(new Date())) return time;
  return `${moment.toLocaleDateString(locale, { ...dhaka, day: "numeric", month: "short" })}, ${time}`;
}

export function sentence({ error, status }, service) {
  const code = error === "gateway" && status >= 500 ? "broken" : error;
  return say(known(`error.${code}`, "error.body"), { status, code: service });
}
