// Asks a team and shows its stream. A connection that is lost is taken up again behind the last event that came.
// @ts-check

import { Lines } from "./lines.js";

const RETRIES = 5;
const WAIT_MS = 2000;

const form = /** @type {HTMLFormElement} */ (document.querySelector("#ask"));
const state = /** @type {HTMLElement} */ (document.querySelector("#state"));
const progress = /** @type {HTMLProgressElement} */ (document.querySelector("#progress"));
const events = /** @type {HTMLElement} */ (document.querySelector("#events"));
const answer = /** @type {HTMLElement} */ (document.querySelector("#answer"));
const stop = /** @type {HTMLButtonElement} */ (document.querySelector("#stop"));

/** @type {AbortController | null} */
let current = null;
/** The task of the question that is asked; empty for a test. */
let task = "";

form.addEventListener("submit", (submitted) => {
  submitted.preventDefault();
  const fields = new FormData(form);
  const isTest = /** @type {HTMLButtonElement} */ (submitted.submitter)?.value === "test";
  current?.abort();
  current = new AbortController();
  begin();
  follow(isTest ? test() : question(fields), current.signal).catch((error) => {
    if (error.name !== "AbortError") say(error.message);
  });
});

stop.addEventListener("click", () => {
  current?.abort();
  end("Stopped");
  // Leaving alone would not withdraw it, since it is kept.
  if (task) fetch(`/api/v1/tasks/${task}/cancel`, { method: "POST", headers: csrf(new FormData(form)) });
});

/** @param {FormData} fields */
function csrf(fields) {
  return { "X-CSRFToken": String(fields.get("csrfmiddlewaretoken")) };
}

function begin() {
  events.replaceChildren();
  answer.hidden = true;
  progress.value = 0;
  stop.disabled = false;
  say("Asking");
}

/** @param {string} text */
function end(text) {
  stop.disabled = true;
  say(text);
}

/** @param {string} text */
function say(text) {
  state.textContent = text;
}

/** @typedef {{ path: string, options: RequestInit }} Asked */

/** @returns {Asked} */
function test() {
  return { path: "/test-stream", options: {} };
}

/**
 * @param {FormData} fields
 * @returns {Asked}
 */
function question(fields) {
  const team = String(fields.get("team")).trim();
  const headers = { "Content-Type": "application/json", ...csrf(fields) };
  const body = JSON.stringify({ question: fields.get("question") });
  // Kept, so that a lost connection does not withdraw it.
  const path = `/ask-stream?keep=true${team ? `&team=${encodeURIComponent(team)}` : ""}`;
  return { path, options: { method: "POST", headers, body } };
}

/**
 * @param {Asked} asked
 * @param {AbortSignal} signal
 */
async function follow(asked, signal) {
  let { path, options } = asked;
  let last = "";
  task = "";
  for (let failures = 0; ; ) {
    try {
      const response = await fetch(path, { ...options, signal });
      if (response.status === 204) return;
      if (!response.ok) return end(await refusal(response));
      task = response.headers.get("X-Task-Id") ?? task;
      say("Connected");
      const done = await read(response, (id, event) => {
        last = id || last;
        failures = 0;
        return show(event);
      });
      if (done || !task) return;
    } catch (error) {
      if (signal.aborted) throw error;
      if (!task) return end("The server cannot be reached");
    }
    failures += 1;
    if (failures > RETRIES) return end("The connection is lost");
    say("The connection was lost; connecting again");
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
    if (signal.aborted) return;
    path = `/ask-stream?task_id=${task}${last ? `&last_event_id=${last}` : ""}`;
    options = {};
  }
}

/**
 * @param {Response} response
 * @param {(id: string, event: any) => boolean} onEvent whether it was the last one
 * @returns {Promise<boolean>} whether the last one came
 */
async function read(response, onEvent) {
  const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
  const lines = new Lines();
  let id = "";
  let isOver = false;
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return isOver;
    for (const line of lines.take(value)) {
      if (line.startsWith("id: ")) id = line.slice(4);
      if (!line.startsWith("data: ")) continue;
      const event = parsed(line.slice(6));
      if (event) isOver = onEvent(id, event) || isOver;
    }
  }
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text).event;
  } catch (error) {
    console.warn("A line that is no JSON was passed over", text, error);
    return null;
  }
}

/** @param {any} event */
function show(event) {
  const line = document.createElement("li");
  const agent = document.createElement("b");
  agent.textContent = event.agent_name;
  line.className = event.event_type;
  line.append(agent, event.message);
  if (event.data.tool_name) line.append(` ${JSON.stringify(event.data.parameters)}`);
  events.append(line);
  progress.value = Math.max(progress.value, event.data.progress ?? 0);
  if (event.event_type === "completed") {
    answer.hidden = false;
    /** @type {HTMLElement} */ (answer.querySelector("pre")).textContent = event.data.final_response;
    end("Completed");
    return true;
  }
  if (event.event_type === "error") {
    end("Failed");
    return true;
  }
  return false;
}

/** @param {Response} response */
async function refusal(response) {
  const body = await response.json().catch(() => ({}));
  const detail = Array.isArray(body.detail) ? body.detail.map((one) => one.msg).join(" ") : body.detail;
  return detail ?? `The server answered ${response.status}`;
}
