// The document's React hook `useWorkflowStream` and component `WorkflowProgress`, in plain JavaScript: the same
// listeners in the same order, doing the same to a state that is drawn again whenever it changes.

/** @param {string} api @param {string} workflowId @param {(state: object) => void} draw */
export function useWorkflowStream(api, workflowId, draw) {
  const state = { events: [], progress: 0, currentTask: null, status: "idle" };
  const set = (change) => {
    Object.assign(state, change);
    draw(state);
  };
  const eventSource = new EventSource(`${api}/api/v1/workflows/${workflowId}/stream`);

  eventSource.addEventListener("workflow_started", (event) => {
    const data = JSON.parse(event.data);
    set({ status: "running", events: [...state.events, data] });
  });

  eventSource.addEventListener("task_started", (event) => {
    const data = JSON.parse(event.data);
    set({ currentTask: data.task_name || null, progress: data.progress_percent, events: [...state.events, data] });
  });

  eventSource.addEventListener("task_completed", (event) => {
    const data = JSON.parse(event.data);
    set({ progress: data.progress_percent, events: [...state.events, data] });
  });

  eventSource.addEventListener("workflow_completed", (event) => {
    const data = JSON.parse(event.data);
    set({ status: "completed", progress: 100, currentTask: null, events: [...state.events, data] });
    eventSource.close();
  });

  eventSource.addEventListener("workflow_failed", (event) => {
    const data = JSON.parse(event.data);
    set({ status: "failed", events: [...state.events, data] });
    eventSource.close();
  });

  eventSource.onerror = (error) => {
    console.error("EventSource error:", error);
    eventSource.close();
  };

  return () => eventSource.close();
}

/** Draws the state into an element, as the document's component does. */
export function WorkflowProgress(element) {
  const part = (name) => element.querySelector(`.${name}`);
  return ({ events, progress, currentTask, status }) => {
    part("status").textContent = status === "running" ? "Running..." : status;
    part("percent").textContent = `${Math.round(progress)}%`;
    part("bar").value = progress;
    part("current").textContent = currentTask ? `⏳ ${currentTask}` : "";
    part("log").replaceChildren(...events.map(line));
  };
}

function line(event) {
  const type = event.event_type;
  const sign = type.includes("completed") ? "✓" : type.includes("failed") ? "✗" : type.includes("started") ? "▶" : "•";
  const item = document.createElement("li");
  item.textContent = `${sign} ${event.message} (${new Date(event.timestamp).toLocaleTimeString()})`;
  if (event.data && type === "task_completed") {
    const result = document.createElement("pre");
    result.textContent = JSON.stringify(event.data.result, null, 2);
    item.append(result);
  }
  return item;
}

// The document's `ResearchPage`: make a workflow, execute it with streaming, then show its progress.
const TASKS = [
  { name: "plan" },
  { name: "research_diagnostics", depends_on: ["plan"] },
  { name: "research_treatment", depends_on: ["plan"] },
  { name: "synthesize", depends_on: ["research_diagnostics", "research_treatment"] },
];

async function handleStartResearch(api, draw) {
  const response = await fetch(`${api}/api/v1/workflows/`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({
      name: "Research AI in Healthcare",
      tasks: TASKS,
      config: { breadth: 3, depth: 1 },
    }),
  });
  const workflow = await response.json();
  await fetch(`${api}/api/v1/workflows/${workflow.id}/execute?stream=true`, { method: "POST" });
  useWorkflowStream(api, workflow.id, draw);
}

const api = new URLSearchParams(location.search).get("api") || "http://localhost:8001";
const draw = WorkflowProgress(document.querySelector("#progress"));
document.querySelector("#start").addEventListener("click", () => handleStartResearch(api, draw));
