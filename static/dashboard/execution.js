// What the events of an execution add up to: the runs of its nodes, in time, and the reviews between them.

/**
 * @typedef {"waiting" | "active" | "done" | "failed" | "skipped"} RunState
 * @typedef {{id: string, node: string, title: string, state: RunState, note: string, start: number, end: number, retries: {at: number, reason: string}[], outputs: Record<string, any>}} Run
 * times are milliseconds since 1970; the end is 0 while it runs
 * @typedef {{id: string, title: string, note: string}} Review
 */

export const NODE_KINDS = [
  "workflow.started", "iteration.started", "iteration.completed",
  "node.started", "node.progress", "node.retried", "node.finished", "node.failed", "node.skipped",
  "tool.started", "tool.completed",
];

export class Execution {
  /** When it began, and when the last thing in it happened. */
  start = 0;
  last = 0;
  isOver = false;
  /** @type {Map<string, Run | Review>} in the order in which they began */
  rows = new Map();
  /** @type {Record<string, any>} the workflow's outputs, by name */
  outputs = {};

  get hasBegun() {
    return this.start > 0;
  }

  /**
   * The last run of a node.
   * @param {string} node
   * @returns {Run | undefined}
   */
  of(node) {
    return [...this.rows.values()].filter((row) => "node" in row).findLast((row) => row.node === node);
  }

  /**
   * Takes in one event; returns what the log says of it.
   * @param {string} kind
   * @param {Record<string, any>} data
   * @param {number} at
   * @returns {string}
   */
  apply(kind, data, at) {
    this.last = at;
    switch (kind) {
      case "workflow.started":
        this.start = at;
        return `${count(data.total, "node")}; given: ${data.inputs.join(", ") || "nothing"}`;
      case "iteration.started":
        if (data.depth > 1) this.#review(data.iteration, count(data.nodes, "node"));
        return `Iteration ${data.iteration} of at most ${data.depth}: ${count(data.nodes, "node")}`;
      case "iteration.completed":
        return this.#reviewed(data);
      case "node.started":
        this.#run(data, at).state = "active";
        return data.run > 1 ? `${data.node}, round ${data.run}` : data.node;
      case "node.progress":
        this.#run(data, at).note = data.text;
        return `${data.node}: ${data.text}`;
      case "tool.started": {
        const run = this.of(data.node);
        if (run) run.note = `uses ${data.tool}`;
        return `${data.node ?? "The agent"}: uses ${data.tool} ${JSON.stringify(data.arguments)}`;
      }
      case "tool.completed":
        return `${data.node ?? "The agent"}: ${data.tool} ${data.ok ? `answered: ${data.result}` : `did not work: ${data.error}`}`.slice(0, 300);
      case "node.retried": {
        const run = this.#run(data, at);
        run.retries.push({ at, reason: data.reason });
        run.note = `again in ${data.delay_s} s`;
        return `${data.node}: attempt ${data.attempt} failed, again in ${data.delay_s} s: ${data.reason}`;
      }
      default:
        return this.#close(kind, data, at);
    }
  }

  /**
   * The task has ended: nothing in it runs any more.
   * @param {number} at
   * @param {Record<string, any> | undefined} outputs
   */
  end(at, outputs) {
    this.isOver = true;
    this.outputs = outputs ?? {};
    for (const row of this.rows.values()) {
      if ("node" in row && row.state === "active") Object.assign(row, { state: "failed", end: at, note: "stopped" });
    }
  }

  /**
   * @param {string} kind
   * @param {Record<string, any>} data
   * @param {number} at
   */
  #close(kind, data, at) {
    const run = this.#run(data, at);
    run.end = at;
    switch (kind) {
      case "node.finished": {
        const seconds = `${(data.duration_ms / 1000).toFixed(1)} s`;
        Object.assign(run, { state: "done", outputs: data.outputs, note: data.taken_over ? "taken over" : seconds });
        if (data.taken_over) run.start = at;
        return `${data.node}: ${run.note}`;
      }
      case "node.failed":
        Object.assign(run, { state: "failed", note: data.error.message });
        return `${data.node}: ${data.error.message}`;
      default:
        Object.assign(run, { state: "skipped", start: at, note: `${spaced(data.because)} failed` });
        return `${data.node}: skipped, since ${data.because} failed`;
    }
  }

  /**
   * @param {Record<string, any>} data
   * @param {number} at
   * @returns {Run}
   */
  #run(data, at) {
    const known = this.rows.get(data.node_run);
    if (known && "node" in known) return known;
    const title = spaced(data.node) + (data.run > 1 ? ` (round ${data.run})` : "");
    /** @type {Run} */
    const run = { id: data.node_run, node: data.node, title, state: "active", note: "", start: at, end: 0, retries: [], outputs: {} };
    this.rows.set(run.id, run);
    return run;
  }

  /**
   * @param {Record<string, any>} data
   */
  #reviewed({ iteration, review }) {
    if (!review) return `Iteration ${iteration} is done`;
    const added = review.added.length ? `; added: ${review.added.map(spaced).join(", ")}` : "";
    const said = `${review.goal_met ? "The goal is met" : "The goal is not met yet"}: ${review.reason}${added}`;
    this.#review(`${iteration}/review`, said, `Review ${iteration}`);
    return said;
  }

  /**
   * @param {string | number} id
   * @param {string} note
   * @param {string} title
   */
  #review(id, note, title = `Iteration ${id}`) {
    this.rows.set(`iteration/${id}`, { id: `iteration/${id}`, title, note });
  }
}

/** @param {string} name */
function spaced(name) {
  return name.replaceAll("_", " ");
}

/**
 * @param {number} number
 * @param {string} noun
 */
function count(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
