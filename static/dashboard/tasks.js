// The list of tasks, kept as its feed says.
import { follow, say } from "./connection.js";
import { fill, syncList } from "./fields.js";
import { sendOnce } from "./forms.js";
import { keepAgesTrue } from "./times.js";

/** @typedef {{id: string, status: string, goal: string} & Record<string, any>} Row */

const get = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const list = get("tasks");

/** @type {Map<string, string>} */
const statuses = new Map([...list.children].map((row) => {
  const { id = "", status = "" } = /** @type {HTMLElement} */ (row).dataset;
  return [id, status];
}));

/** @param {{rows: Row[], order: string[]}} news */
function showTasks({ rows, order }) {
  syncList(list, "task-row", order, rows);
  get("no-tasks").hidden = order.length > 0;
  for (const { id, status, goal } of rows) {
    if (statuses.has(id) && statuses.get(id) !== status) say(`${goal.slice(0, 80)}: ${status}`);
    statuses.set(id, status);
  }
}

/** @param {{numbers: Record<string, any>, workers: Row[], sessions: Row[]}} news */
function showOverview({ numbers, workers, sessions }) {
  fill(get("numbers"), numbers);
  for (const [id, items] of /** @type {const} */ ([["workers", workers], ["sessions", sessions]])) {
    syncList(get(id), "named-item", items.map((item) => item.id), items);
  }
}

for (const id of ["workers", "sessions"]) if (!get(id).children.length) get(id).replaceChildren();
keepAgesTrue();
sendOnce();
follow(list.dataset.feed ?? "", { tasks: showTasks, overview: showOverview });
