// What a task's events add up to. No page here: a state and an event make the next state.
import { Execution, NODE_KINDS } from "./execution.js";

/**
 * @typedef {"waiting" | "active" | "done" | "failed" | "skipped"} Phase
 * @typedef {{seq: number, kind: string, timestamp: string, data: Record<string, any>}} TaskEvent
 * @typedef {{state: Phase, note: string}} Stage
 * @typedef {{name: string, description: string, inputs: string[], outputs: string[], agents: string[], after: string[], prompt: string, state: Phase, mark?: string}} Node
 * @typedef {{source: string, target: string}} Edge
 * @typedef {{id: string, title: string, state: Phase, note: string, text: string, restarts: number}} Call
 * @typedef {{seq: number, at: string, kind: string, text: string}} Line
 */

const ENDINGS = { "task.completed": "completed", "task.failed": "failed", "task.cancelled": "cancelled" };

export const KINDS = [
  "task.submitted", "task.started", "task.requeued", "task.progress", ...Object.keys(ENDINGS),
  "task.pausing", "task.paused", "task.pause_withdrawn", "task.resumed",
  "model.started", "model.text", "model.retried", "model.rejected", "model.completed",
  "task.waiting", "question.asked", "question.answered", "question.expired",
  "plan.completed", "node.completed", "team.speaker_selected", "team.message", ...NODE_KINDS,
];

/** How a node of an execution is marked in the drawing. */
const MARKS = { waiting: "waiting", active: "running…", done: "✓ done", failed: "✗ failed", skipped: "skipped" };


export class TaskState {
  /** @param {boolean} demo whether the demo model is known to have answered, though no event here may say so */
  constructor(demo = false) {
    this.lastSeq = 0;
    this.status = "queued";
    this.isPausing = false;
    this.execution = new Execution();
    this.progress = 0;
    this.state = "Waiting for a worker";
    this.error = "";
    this.demo = demo;
    /** @type {Record<string, Stage>} */
    this.stages = {
      plan: { state: "waiting", note: "Sub-tasks that fit together" },
      agents: { state: "waiting", note: "One for each node" },
      check: { state: "waiting", note: "The whole workflow holds" },
      execute: { state: "waiting", note: "Every node that can run does" },
    };
    /** @type {Map<string, Node>} */
    this.nodes = new Map();
    /** @type {Edge[]} */
    this.edges = [];
    /** @type {Map<string, Call>} */
    this.calls = new Map();
    /** @type {Set<string>} the ids of the questions that wait for an answer */
    this.questions = new Set();
    /** @type {Line[]} */
    this.log = [];
    this.usage = { calls: 0, tokens: 0, cost: 0, unpriced: 0 };
  }

  get hasEnded() {
    return Object.values(ENDINGS).includes(this.status);
  }

  /**
   * Takes in one event; one that was taken in before changes nothing.
   * @param {TaskEvent} event
   */
  apply(event) {
    if (event.seq <= this.lastSeq) return;
    this.lastSeq = event.seq;
    const { kind, data } = event;
    if (data.progress !== undefined) this.progress = data.progress;
    if (data.demo || data.provider === "demo") this.demo = true;
    const at = Date.parse(event.timestamp);
    const text = kind.startsWith("model.") ? this.#model(kind, data)
      : NODE_KINDS.includes(kind) ? this.#execute(kind, data, at) : this.#task(kind, data, at);
    if (kind !== "model.text") this.log.push({ seq: event.seq, at: event.timestamp.slice(11, 19), kind, text });
  }

  /**
   * The older events are gone: where the task stands, and go on from there.
   * @param {Record<string, any>} snapshot
   * @param {number} firstId
   */
  reset(snapshot, firstId) {
    this.lastSeq = firstId - 1;
    this.status = snapshot.status ?? this.status;
    this.progress = snapshot.progress ?? this.progress;
    this.state = snapshot.current_state ?? this.state;
    this.log.push({ seq: this.lastSeq, at: "", kind: "reset", text: "Older events are no longer kept" });
  }

  /**
   * @param {string} kind
   * @param {Record<string, any>} data
   * @param {number} at
   * @returns {string}
   */
  #execute(kind, data, at) {
    const text = this.execution.apply(kind, data, at);
    if (kind === "workflow.started") this.#lay(data.nodes, data.edges);
    const run = data.node && this.execution.of(data.node);
    if (run) this.#mark(data.node, run.state);
    for (const name of data.review?.added ?? []) this.#grow(name);
    return text;
  }

  /**
   * @param {string} kind
   * @param {Record<string, any>} data
   * @param {number} at
   * @returns {string}
   */
  #task(kind, data, at) {
    switch (kind) {
      case "task.submitted":
        return data.ignored ? `Accepted; nothing reads ${data.ignored.join(", ")}` : "Accepted";
      case "task.started":
        this.status = "running";
        this.state = "Running";
        return data.attempt > 1 ? `A worker took it over (attempt ${data.attempt})` : "A worker began";
      case "task.requeued":
        this.status = "queued";
        this.state = `Waiting for a worker: ${data.reason}`;
        for (const call of this.calls.values()) if (call.state === "active") restart(call, "starts over");
        return data.reason;
      case "task.pausing":
        this.isPausing = true;
        this.state = "Pausing after what is under way";
        return data.reason;
      case "task.paused":
        this.status = "paused";
        this.isPausing = false;
        this.state = "";
        return "Paused";
      case "task.pause_withdrawn":
        this.isPausing = false;
        this.state = "Running";
        return "Goes on";
      case "task.waiting":
        this.status = "waiting";
        this.state = "Waiting for an answer";
        return "Waits for an answer, without a worker";
      case "question.asked":
        this.questions.add(data.question);
        return data.text;
      case "question.answered":
      case "question.expired":
        this.questions.delete(data.question);
        return answered(data);
      case "task.resumed":
        this.status = "queued";
        this.state = "Waiting for a worker";
        return "Resumed";
      case "task.progress":
        this.state = data.current_state;
        // What follows the colon are the nodes' names, which the drawing shows.
        this.#reach(data.stage, data.current_state.split(":")[0]);
        return data.current_state;
      case "team.speaker_selected":
        return `${data.speaker} speaks, by ${data.by}`;
      case "team.message":
        return `${data.speaker}: ${data.text}`;
      case "plan.completed":
        this.#draw(data.nodes, data.edges);
        return `The plan has ${data.nodes.length} ${data.nodes.length === 1 ? "node" : "nodes"}`;
      case "node.completed":
        this.#node(data.node, { state: "done", agents: data.agents });
        return `${data.node}: ${data.agents.join(", ")}`;
      default:
        return this.#end(kind, data, at);
    }
  }

  /**
   * @param {string} kind
   * @param {Record<string, any>} data
   * @returns {string}
   */
  #model(kind, data) {
    const call = this.#call(data);
    switch (kind) {
      case "model.started":
        call.state = "active";
        call.note = data.model;
        if (data.node && !this.execution.hasBegun) this.#node(data.node, { state: "active" });
        if (this.stages[data.stage]?.state === "waiting") this.#reach(data.stage, "Asking the model");
        return `${data.call}: asks ${data.model} (${data.provider})`;
      case "model.text":
        call.text += data.text;
        return "";
      case "model.retried":
        restart(call, `again in ${data.delay_s} s`);
        return `${data.call}: attempt ${data.attempt} failed: ${data.reason}`;
      case "model.rejected":
        call.state = "failed";
        call.note = "rejected";
        return `${data.call}: not valid: ${data.problems.join("; ")}`;
      default: {
        call.state = "done";
        const tokens = data.usage?.total_tokens ?? 0;
        call.note = `${(data.latency_ms / 1000).toFixed(1)} s · ${tokens} tokens`;
        this.usage.calls += 1;
        this.usage.tokens += tokens;
        this.usage.cost += data.cost_usd ?? 0;
        this.usage.unpriced += data.cost_usd == null ? 1 : 0;
        return `${data.call}: answered in ${call.note}`;
      }
    }
  }

  /**
   * @param {string} kind
   * @param {Record<string, any>} data
   * @param {number} at
   * @returns {string}
   */
  #end(kind, data, at) {
    this.status = ENDINGS[/** @type {keyof typeof ENDINGS} */ (kind)] ?? this.status;
    this.state = "";
    this.isPausing = false;
    this.questions.clear();
    const isWhole = this.status === "completed";
    const answer = data.result?.final_response;
    this.execution.end(at, answer ? { answer } : data.result?.outputs);
    const open = [...Object.values(this.stages), ...this.nodes.values(), ...this.calls.values()];
    for (const part of open) if (part.state === "active") part.state = isWhole ? "done" : "failed";
    if (data.usage) {
      this.usage = {
        calls: data.model_calls,
        tokens: data.usage.total_tokens,
        cost: data.cost_usd ?? 0,
        unpriced: data.unpriced_calls,
      };
    }
    if (isWhole) {
      this.progress = 100;
      for (const stage of Object.values(this.stages)) stage.state = "done";
      const { agents, check } = this.stages;
      if (agents) agents.note = `${this.nodes.size} ${this.nodes.size === 1 ? "agent" : "agents"}`;
      if (check) check.note = "The whole workflow holds";
      if (data.result?.workflow_graph) this.#adopt(data.result.workflow_graph);
      return data.result?.message ?? "Completed";
    }
    this.error = data.error?.message ?? `The task was cancelled: ${data.reason}`;
    return this.error;
  }

  /**
   * @param {string} name
   * @param {string} note
   */
  #reach(name, note) {
    for (const [other, stage] of Object.entries(this.stages)) {
      if (other === name) break;
      stage.state = "done";
    }
    const stage = this.stages[name];
    if (stage) Object.assign(stage, { state: "active", note });
  }

  /**
   * @param {any[]} nodes
   * @param {Edge[]} edges
   */
  #draw(nodes, edges) {
    this.nodes = new Map(nodes.map((node) => [node.name, { ...node, agents: [], after: [], prompt: "", state: "waiting" }]));
    this.edges = edges;
  }

  /**
   * The nodes that are to run; of those that were planned here, more is known.
   * @param {any[]} nodes
   * @param {Edge[]} edges
   */
  #lay(nodes, edges) {
    this.nodes = new Map(nodes.map(({ name, description, depends_on }) => {
      const known = this.nodes.get(name) ?? { inputs: [], outputs: [], agents: [], prompt: "" };
      return [name, { ...known, name, description, after: depends_on, state: "waiting", mark: MARKS.waiting }];
    }));
    this.edges = edges.length ? edges
      : nodes.flatMap(({ name, depends_on }) => depends_on.map((/** @type {string} */ source) => ({ source, target: name })));
  }

  /**
   * A node that a review has added.
   * @param {string} name
   */
  #grow(name) {
    const node = { name, description: "A follow-up task", inputs: [], outputs: [], agents: [], after: [], prompt: "" };
    if (!this.nodes.has(name)) this.nodes.set(name, { ...node, state: "waiting", mark: MARKS.waiting });
  }

  /**
   * @param {string} name
   * @param {Phase} state
   */
  #mark(name, state) {
    this.#node(name, { state, mark: MARKS[state] });
  }

  /**
   * The finished workflow says all that the events left out.
   * @param {Record<string, any>} graph
   */
  #adopt(graph) {
    this.edges = graph.edges;
    const before = this.nodes;
    this.nodes = nodesOf(graph, "done");
    for (const [name, node] of this.nodes) {
      const { mark, after } = before.get(name) ?? {};
      if (mark) Object.assign(node, { mark: MARKS.done, after: after ?? [] });
    }
  }

  /**
   * @param {string} name
   * @param {Partial<Node>} changes
   */
  #node(name, changes) {
    const node = this.nodes.get(name);
    if (node) Object.assign(node, changes);
  }

  /**
   * @param {Record<string, any>} data
   * @returns {Call}
   */
  #call(data) {
    let call = this.calls.get(data.call);
    if (!call) {
      const again = Number(data.call.split("/").at(-1)) > 1 ? ` (try ${data.call.split("/").at(-1)})` : "";
      const title = (data.node ?? (data.stage === "plan" ? "Plan" : data.stage)).replaceAll("_", " ") + again;
      call = { id: data.call, title, state: "active", note: "", text: "", restarts: 0 };
      this.calls.set(data.call, call);
    }
    return call;
  }
}

/**
 * @param {Record<string, any>} data
 * @returns {string}
 */
function answered(data) {
  const who = data.by ?? "Nobody answered in time";
  if (data.kind === "input") return data.value == null ? who : `${who}: ${data.value}`;
  const decision = data.approved ? `approved${data.arguments ? " with other arguments" : ""}` : "rejected";
  return `${who}: ${decision}${data.reason && data.by ? ` (${data.reason})` : ""}`;
}

/**
 * @param {Call} call
 * @param {string} note
 */
function restart(call, note) {
  Object.assign(call, { text: "", note, restarts: call.restarts + 1 });
}

/**
 * The nodes of a `workflow_graph`.
 * @param {Record<string, any>} graph
 * @param {Phase} state
 * @returns {Map<string, Node>}
 */
export function nodesOf(graph, state) {
  const names = (/** @type {{name: string}[]} */ parameters) => parameters.map(({ name }) => name);
  return new Map(graph.nodes.map((/** @type {Record<string, any>} */ node) => [node.name, {
    name: node.name,
    description: node.description,
    inputs: names(node.inputs),
    outputs: names(node.outputs),
    agents: names(node.agents),
    after: [],
    prompt: node.agents[0]?.prompt ?? "",
    state,
  }]));
}
