// A conversation with an agent: its turns, as their stream tells them.
import { follow, say } from "./connection.js";
import { copyOf, fill } from "./fields.js";
import { sendOnce } from "./forms.js";
import { showQuestions } from "./questions.js";

/** @typedef {Record<string, any>} Told */

// The answer and the plan are shown as what they are.
const UNSHOWN = new Set(["completion", "make_plan", "tick_off"]);

const turns = document.getElementById("turns");
const asking = /** @type {HTMLElement} */ (document.getElementById("asking"));

/** Ids of the questions that wait for an answer. @type {Set<string>} */
const open = new Set();

/** @param {Told} told @returns {HTMLElement} */
function turnOf(told) {
  const id = told.execution_id;
  const there = turns?.querySelector(`[data-id="${CSS.escape(id)}"]`);
  if (there instanceof HTMLElement) return there;
  const made = copyOf("turn");
  made.dataset.id = id;
  turns?.append(made);
  return made;
}

/** @param {Told} told @param {string} status @param {import("./fields.js").Fields} [fields] */
function show(told, status, fields = {}) {
  const turn = turnOf(told);
  turn.dataset.status = status;
  fill(turn, { status, ...fields });
}

/** What it does, one line for each call of a tool, also of agents that it asks. @param {Told} told */
function line(told) {
  const steps = /** @type {Element} */ (turnOf(told).querySelector(".steps"));
  const key = `${told.parent ?? ""} ${told.tool_call_id}`;
  const there = [...steps.children].find((step) => /** @type {HTMLElement} */ (step).dataset.call === key);
  if (there instanceof HTMLElement) return there;
  const made = document.createElement("li");
  made.dataset.call = key;
  made.className = told.parent ? "child" : "";
  steps.append(made);
  return made;
}

/** @param {Told} told */
function toolStarted(told) {
  if (UNSHOWN.has(told.tool_name)) return;
  const values = Object.values(told.arguments).map((value) => (typeof value === "string" ? value : JSON.stringify(value)));
  line(told).textContent = `${told.tool_name}(${values.join(", ")}) …`;
}

/** @param {Told} told */
function toolCompleted(told) {
  if (UNSHOWN.has(told.tool_name)) return;
  const step = line(told);
  const said = told.success ? told.result : told.error;
  step.dataset.state = told.success ? "done" : "failed";
  step.textContent = `${step.textContent?.replace(/ …$/, "")} → ${said.slice(0, 300)}`;
}

/** @param {Told} told */
function planned(told) {
  const plan = line({ ...told, tool_call_id: "plan" });
  plan.textContent = told.plan.map((/** @type {Told} */ step) => `${step.done ? "✓" : "·"} ${step.step}`).join("   ");
}

/** @param {Told} told */
function asked(told) {
  line({ ...told, tool_call_id: told.question_id }).textContent = told.message;
  show(told, "waiting");
  say(told.message);
  open.add(told.question_id);
  asking.dataset.source = `/tasks/${told.execution_id}/questions?back=conversation`;
  showQuestions(asking, open);
}

/** @param {Told} told */
function answered(told) {
  const step = line({ ...told, tool_call_id: told.question_id });
  const said = told.approved === undefined ? told.value : told.approved ? "yes" : `no${told.reason && `: ${told.reason}`}`;
  step.textContent += ` → ${said}`;
  show(told, "running");
  open.delete(told.question_id);
  showQuestions(asking, open);
}

/** Text that is being written, where the answer will stand. @param {Told} told */
function chunk(told) {
  if (told.parent || told.agent_name) return;
  const answer = /** @type {HTMLElement} */ (turnOf(told).querySelector("[data-field=answered]"));
  if (turnOf(told).dataset.status !== "completed") answer.textContent += told.chunk;
}

/** @param {Told} told */
function started(told) {
  show(told, "running", { asked: told.goal_description, answered: "", error: "" });
  turnOf(told).querySelector(".steps")?.replaceChildren();
}

/** @param {Told} told */
const dollars = (told) => (told.total_cost === undefined ? "" : `$${told.total_cost.toFixed(4)}`);

if (turns) {
  const { stream = "", last = "0" } = turns.dataset;
  const stop = follow(stream, {
    WorkflowStarted: started,
    WorkflowLLMCallStarted: (told) => {
      // What was written before a call that is made again, or with calls of tools, is not the answer.
      if (!told.parent) fill(turnOf(told), { answered: "" });
    },
    WorkflowLLMCallChunk: chunk,
    WorkflowLLMCallRetried: (told) => {
      if (!told.parent) fill(turnOf(told), { answered: "" });
    },
    WorkflowLLMCallCompleted: (told) => fill(turnOf(told), { demo: told.demo }),
    WorkflowToolCallStarted: toolStarted,
    WorkflowToolCallCompleted: toolCompleted,
    WorkflowPlanUpdated: planned,
    WorkflowApprovalRequested: asked,
    WorkflowApprovalReceived: answered,
    WorkflowPaused: (told) => show(told, "paused"),
    WorkflowResumed: (told) => show(told, "queued"),
    WorkflowCompleted: (told) => ended(told, "completed", { answered: told.final_response, cost: dollars(told) }),
    WorkflowFailed: (told) => ended(told, "failed", { answered: "", error: told.error, cost: dollars(told) }),
    WorkflowCancelled: (told) => ended(told, "cancelled", { answered: "", error: told.error }),
  });

  /** @param {Told} told @param {string} status @param {import("./fields.js").Fields} fields */
  function ended(told, status, fields) {
    show(told, status, fields);
    open.clear();
    showQuestions(asking, open);
    if (told.event_id.split("-")[0] !== last) return;
    stop();
    document.getElementById("stop")?.remove();
    say(status === "completed" ? `Answer: ${told.final_response.slice(0, 200)}` : `The turn has ${status}`);
  }
}
sendOnce();
