// How long ago something was, in words that stay true.

const STEPS = /** @type {const} */ ([["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]]);
const words = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "narrow" });

/** @param {HTMLTimeElement} element */
export function showAge(element) {
  const moment = new Date(element.dateTime);
  if (Number.isNaN(moment.getTime())) return;
  const seconds = Math.min(0, Math.round((moment.getTime() - Date.now()) / 1000));
  const [unit, size] = STEPS.find(([, size]) => -seconds >= size) ?? ["second", 1];
  element.textContent = unit === "second" && -seconds < 5 ? "just now" : words.format(Math.ceil(seconds / size), unit);
  element.title = moment.toLocaleString();
}

export function keepAgesTrue() {
  const all = () => document.querySelectorAll("time").forEach((element) => showAge(element));
  all();
  setInterval(all, 10_000);
}
