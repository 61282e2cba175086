// The questions that wait on a task's page: their forms come from the server, and stay while somebody fills them in.
import { showAge } from "./times.js";

const AGAIN_MS = 2000;

let isAsking = false;
/** What became open while the server was asked, which its answer may not have. @type {(() => void) | undefined} */
let missed;

/**
 * Shows the forms of these questions; fetches those that are not there yet.
 * @param {HTMLElement} box
 * @param {Set<string>} open ids
 */
export function showQuestions(box, open) {
  const list = /** @type {HTMLElement} */ (box.querySelector("ul"));
  const there = new Set();
  for (const item of [...list.children]) {
    const id = /** @type {HTMLElement} */ (item).dataset.id ?? "";
    if (open.has(id)) there.add(id);
    else item.remove();
  }
  box.hidden = !list.children.length;
  const again = () => showQuestions(box, open);
  if ([...open].every((id) => there.has(id))) missed = undefined;
  else if (isAsking) missed = again;
  else fetchForms(box, list, open, again);
}

/**
 * @param {HTMLElement} box
 * @param {HTMLElement} list
 * @param {Set<string>} open
 * @param {() => void} again
 */
async function fetchForms(box, list, open, again) {
  isAsking = true;
  try {
    const answer = await fetch(box.dataset.source ?? "");
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const there = new Set([...list.children].map((item) => /** @type {HTMLElement} */ (item).dataset.id));
    for (const item of page.querySelectorAll("li.question")) {
      const id = /** @type {HTMLElement} */ (item).dataset.id ?? "";
      if (open.has(id) && !there.has(id)) list.append(document.adoptNode(item));
    }
    for (const time of list.querySelectorAll("time")) showAge(time);
    box.hidden = !list.children.length;
    goOn();
  } catch {
    // The server or the way to it is away; what waits here can wait a little longer.
    missed = again;
    setTimeout(goOn, AGAIN_MS);
  }
}

function goOn() {
  isAsking = false;
  const again = missed;
  missed = undefined;
  again?.();
}
