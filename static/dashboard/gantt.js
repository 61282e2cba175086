// The runs of nodes as bars in time. A row's name chooses its node.
import { copyOf, fill } from "./fields.js";

/** @typedef {import("./execution.js").Execution} Execution */
/** @typedef {import("./execution.js").Run} Run */

const WORDS = { waiting: "waiting", active: "running", done: "done", failed: "failed", skipped: "skipped" };

export class Gantt {
  #list;
  #scale;
  #onChoose;
  /** @type {Map<string, HTMLElement>} */
  #rows = new Map();
  /** How far this clock is ahead of the server's: at least as little as any event said. */
  #ahead = Infinity;

  /**
   * @param {HTMLElement} list
   * @param {HTMLElement} scale
   * @param {(node: string) => void} onChoose
   */
  constructor(list, scale, onChoose) {
    this.#list = list;
    this.#scale = scale;
    this.#onChoose = onChoose;
  }

  /** @param {number} at when an event happened that has just arrived */
  hear(at) {
    this.#ahead = Math.min(this.#ahead, Date.now() - at);
  }

  clear() {
    this.#rows.clear();
    this.#list.replaceChildren();
  }

  /**
   * @param {Execution} execution
   * @param {string} chosen
   */
  show(execution, chosen) {
    if (!execution.hasBegun) return;
    const now = execution.isOver ? execution.last : Math.max(execution.last, Date.now() - this.#ahead);
    const whole = Math.max(now - execution.start, 1);
    const percent = (/** @type {number} */ at) => `${(100 * Math.min(Math.max(at - execution.start, 0), whole)) / whole}%`;
    for (const row of execution.rows.values()) {
      const element = this.#rows.get(row.id) ?? this.#add(row.id, "node" in row ? row.node : "");
      fill(element, { name: row.title, note: row.note });
      element.title = row.note;
      if (!("node" in row)) continue;
      element.dataset.state = row.state;
      const button = /** @type {HTMLElement} */ (element.querySelector("button"));
      button.setAttribute("aria-pressed", String(row.node === chosen));
      button.setAttribute("aria-label", `${row.title}: ${WORDS[row.state]}${row.note ? `, ${row.note}` : ""}`);
      const bar = /** @type {HTMLElement} */ (element.querySelector(".bar"));
      bar.style.left = percent(row.start);
      bar.style.right = `calc(100% - ${percent(row.end || now)})`;
      this.#mark(/** @type {HTMLElement} */ (element.querySelector(".track")), row, percent);
    }
    this.#scale.textContent = `${(whole / 1000).toFixed(1)} s`;
  }

  /**
   * @param {string} id
   * @param {string} node "" for a review
   */
  #add(id, node) {
    if (!this.#rows.size) this.#list.replaceChildren();
    const element = copyOf(node ? "gantt-row" : "gantt-review");
    element.querySelector("button")?.addEventListener("click", () => this.#onChoose(node));
    this.#rows.set(id, element);
    this.#list.append(element);
    return element;
  }

  /**
   * A mark on the bar for each attempt that failed.
   * @param {HTMLElement} track
   * @param {Run} run
   * @param {(at: number) => string} percent
   */
  #mark(track, run, percent) {
    const marks = track.querySelectorAll(".retry");
    run.retries.forEach(({ at, reason }, i) => {
      let mark = /** @type {HTMLElement | undefined} */ (marks[i]);
      if (!mark) {
        mark = document.createElement("span");
        mark.className = "retry";
        mark.title = reason;
        track.append(mark);
      }
      mark.style.left = percent(at);
    });
  }
}
