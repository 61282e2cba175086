// The document's `EventSource`, with the address and the ids that it leaves open.
//
// Its `onmessage` hears nothing: events with a name never reach it (WHATWG HTML, "Server-sent events"). Listen for each
// name instead, as the second half of the sample does.

const api = new URLSearchParams(location.search).get("api") ?? "http://localhost:8001";

/** @param {string} path @param {object} [body] */
async function ask(path, body) {
  const options = body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  return (await fetch(`${api}/api/v1/agents${path}`, options)).json();
}

/** @param {...any} words */
function show(...words) {
  const line = document.createElement("li");
  line.textContent = words.join(" ");
  document.getElementById("log")?.append(line);
}

document.getElementById("start")?.addEventListener("click", async () => {
  const [{ id: agent_id }] = await ask("");
  const task = { description: "What is (17 + 4) * 2?", parameters: { enable_streaming: true, model: "gpt-4" } };
  const { id: task_id } = await ask(`/${agent_id}/tasks`, task);

  const eventSource = new EventSource(`${api}/api/v1/agents/${agent_id}/tasks/${task_id}/events/stream`);

  eventSource.onmessage = (event) => {
    const data = JSON.parse(event.data);
    show("Received event:", event.type, data);
  };

  // Listen for specific events
  eventSource.addEventListener("WorkflowLLMCallStarted", (event) => {
    const data = JSON.parse(event.data);
    show("LLM call started:", data.model, data.estimated_cost);
  });

  eventSource.addEventListener("WorkflowCompleted", (event) => {
    const data = JSON.parse(event.data);
    show("Completed:", data.final_response);
    eventSource.close();
  });
});
