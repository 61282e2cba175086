// One task's page: reads the task's stream and shows what its events add up to.
import { follow, say } from "./connection.js";
import { copyOf, fill } from "./fields.js";
import { Gantt } from "./gantt.js";
import { Graph } from "./graph.js";
import { showQuestions } from "./questions.js";
import { KINDS, TaskState } from "./task-state.js";
import { keepAgesTrue } from "./times.js";

const MAX_LINES = 1000;

const get = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const head = get("task");
const graph = new Graph(get("graph"), schedule);
const gantt = get("gantt") && new Gantt(get("gantt"), get("gantt-scale"), (node) => {
  graph.chosen = graph.chosen === node ? "" : node;
  schedule();
});
/** @type {Map<string, {element: HTMLDetailsElement, restarts: number, shown: number}>} */
const calls = new Map();
const isDemo = !head.querySelector(".demo")?.hasAttribute("hidden");
let state = new TaskState(isDemo);
let lines = 0;
let isScheduled = false;

function schedule() {
  if (isScheduled) return;
  isScheduled = true;
  requestAnimationFrame(() => {
    isScheduled = false;
    show();
  });
}

function show() {
  if (!state.lastSeq) return;
  showHead();
  showQuestions(get("asking"), state.questions);
  for (const element of get("stages")?.children ?? []) {
    if (!(element instanceof HTMLElement)) continue;
    const stage = state.stages[element.dataset.stage ?? ""];
    if (!stage) continue;
    element.dataset.state = stage.state;
    if (stage.state === "active") element.setAttribute("aria-current", "step");
    else element.removeAttribute("aria-current");
    fill(element, { note: stage.note });
  }
  graph.show(state.nodes, state.edges);
  if (state.hasEnded && !state.nodes.size) fill(get("graph"), { empty: "The task ended before there was a plan." });
  gantt?.show(state.execution, graph.chosen);
  showNode();
  showResults();
  showCalls();
  showLog();
}

function showHead() {
  head.dataset.status = state.status;
  const { status, progress, error, demo, hasEnded } = state;
  const isPaused = status === "paused" || state.isPausing;
  fill(head, {
    status, progress, error, demo, state: state.state, ended: hasEnded, unfinished: !hasEnded,
    pausable: !hasEnded && !isPaused, resumable: !hasEnded && isPaused, completed: status === "completed",
  });
  const { calls, tokens, cost, unpriced } = state.usage;
  const more = unpriced ? ` + ${unpriced} without a price` : "";
  fill(get("usage"), { calls, tokens: tokens.toLocaleString("en"), cost: dollars(cost) + more });
  say(hasEnded ? `The task is ${status}` : state.state);
  if (hasEnded) /** @type {any} */ (document.querySelector("#confirm-cancel:popover-open"))?.hidePopover();
}

function showNode() {
  const node = state.nodes.get(graph.chosen);
  const run = state.execution.of(graph.chosen);
  const box = get("node-detail");
  box.hidden = !node;
  if (!node) return;
  fill(box, {
    title: node.name.replaceAll("_", " "),
    description: node.description,
    inputs: node.inputs.join(", "),
    outputs: node.outputs.join(", "),
    agents: node.agents.join(", "),
    prompt: node.prompt,
    after: node.after.join(", "),
    why: run && run.state !== "done" ? run.note : "",
    again: state.hasEnded && state.execution.hasBegun,
  });
  showValues(get("node-results"), run?.outputs ?? {});
}

function showResults() {
  const { outputs } = state.execution;
  const box = get("results");
  if (!box) return;
  box.hidden = !Object.keys(outputs).length;
  showValues(/** @type {HTMLElement} */ (box.querySelector("dl")), outputs);
}

/**
 * @param {HTMLElement} list
 * @param {Record<string, any>} values
 */
function showValues(list, values) {
  const said = JSON.stringify(values);
  if (list.dataset.said === said) return;
  list.dataset.said = said;
  list.replaceChildren(...Object.entries(values).map(([name, value]) => {
    const element = copyOf("value");
    fill(element, { name: name.replaceAll("_", " "), text: typeof value === "string" ? value : JSON.stringify(value, null, 2) });
    return element;
  }));
}

/** The one form for running again: all of it, or from the chosen node on. */
function prepareRerun() {
  const form = /** @type {HTMLFormElement | null} */ (document.getElementById("confirm-rerun"));
  form?.addEventListener("toggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState === "closed") choose("");
  });
  get("rerun-node")?.addEventListener("click", () => choose(graph.chosen));
  const choose = (/** @type {string} */ node) => {
    /** @type {HTMLInputElement} */ (form?.elements.namedItem("node")).value = node;
    get("rerun-whole").hidden = Boolean(node);
    get("rerun-from").hidden = !node;
    const name = get("rerun-from").querySelector("b");
    if (name) name.textContent = node.replaceAll("_", " ");
  };
}

function showCalls() {
  if (!state.calls.size) return;
  if (!calls.size) get("calls").replaceChildren();
  for (const call of state.calls.values()) {
    let view = calls.get(call.id);
    if (!view) {
      const element = /** @type {HTMLDetailsElement} */ (copyOf("call"));
      view = { element, restarts: 0, shown: 0 };
      calls.set(call.id, view);
      get("calls").append(element);
      // Who comes while it is written wants to see it; of what is finished, only the headings.
      element.open = call.state === "active";
    }
    fill(view.element, { title: call.title, note: call.note });
    if (view.element.dataset.state === "active" && call.state === "done") view.element.open = false;
    view.element.dataset.state = call.state;
    showText(view, call);
  }
}

/**
 * Appends what is new: a long text is not written again for every piece of it.
 * @param {{element: HTMLDetailsElement, restarts: number, shown: number}} view
 * @param {import("./task-state.js").Call} call
 */
function showText(view, call) {
  const box = /** @type {HTMLPreElement} */ (view.element.querySelector("pre"));
  if (view.restarts !== call.restarts) {
    box.textContent = "";
    Object.assign(view, { restarts: call.restarts, shown: 0 });
  }
  if (view.shown === call.text.length) return;
  const isAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 30;
  box.append(call.text.slice(view.shown));
  view.shown = call.text.length;
  if (isAtEnd) box.scrollTop = box.scrollHeight;
}

function showLog() {
  const log = get("log");
  const fresh = state.log.slice(lines);
  if (!fresh.length) return;
  const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 30;
  for (const line of fresh) {
    const element = copyOf("log-line");
    fill(element, line);
    log.append(element);
  }
  lines = state.log.length;
  while (log.childElementCount > MAX_LINES) log.firstElementChild?.remove();
  if (isAtEnd) log.scrollTop = log.scrollHeight;
}

/** @param {number} amount */
function dollars(amount) {
  return `$${amount.toFixed(amount >= 1 || amount === 0 ? 2 : 4)}`;
}

/** @param {import("./task-state.js").TaskEvent} event */
function take(event) {
  state.apply(event);
  gantt?.hear(Date.parse(event.timestamp));
  if (state.hasEnded) leave();
  schedule();
}

/** @param {{snapshot: Record<string, any>, first_id: number}} data */
function startOver({ snapshot, first_id }) {
  state = new TaskState(state.demo);
  state.reset(snapshot, first_id);
  lines = 0;
  calls.clear();
  gantt?.clear();
  get("log").replaceChildren();
  get("calls").replaceChildren();
  schedule();
}

keepAgesTrue();
prepareRerun();
// Bars of what runs grow between events, too.
setInterval(() => state.execution.hasBegun && !state.hasEnded && schedule(), 500);
const leave = follow(head.dataset.stream ?? "", { ...Object.fromEntries(KINDS.map((kind) => [kind, take])), reset: startOver });
