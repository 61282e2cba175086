// How long ago something was, or how long it is until then (`data-ahead`), in words that stay true.

const STEPS = /** @type {const} */ ([["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]]);
const words = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "narrow" });

/** @param {HTMLTimeElement} element */
export function showAge(element) {
  const moment = new Date(element.dateTime);
  if (Number.isNaN(moment.getTime())) return;
  const until = Math.round((moment.getTime() - Date.now()) / 1000);
  // Clocks differ: what has happened is never ahead.
  const seconds = "ahead" in element.dataset ? Math.max(0, until) : Math.min(0, until);
  const [unit, size] = STEPS.find(([, size]) => Math.abs(seconds) >= size) ?? ["second", 1];
  const isNow = unit === "second" && Math.abs(seconds) < 5;
  element.textContent = isNow ? "just now" : words.format(Math.trunc(seconds / size), unit);
  element.title = moment.toLocaleString();
}

export function keepAgesTrue() {
  const all = () => document.querySelectorAll("time").forEach((element) => showAge(element));
  all();
  setInterval(all, 10_000);
}
