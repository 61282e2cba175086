// One EventSource that does not give up, and a badge that says how it is.

const FIRST_DELAY = 1000;
const LONGEST_DELAY = 15_000;

const WORDS = { connecting: "Connecting…", live: "Live", reconnecting: "Reconnecting…", ended: "Ended" };

/**
 * Follows a stream until the returned function is called. The browser takes up a broken stream by itself, with the last
 * id; where it gives up (an answer that is no stream, such as a proxy's 502) this opens a new one after that id.
 * @param {string} url
 * @param {Record<string, (data: any, id: string) => void>} handlers by event name
 * @returns {() => void}
 */
export function follow(url, handlers) {
  /** @type {EventSource} */
  let source;
  let lastId = "";
  let delay = FIRST_DELAY;
  let timer = 0;
  let isOver = false;

  function open() {
    const from = new URL(url, location.href);
    if (lastId) from.searchParams.set("last_event_id", lastId);
    source = new EventSource(from);
    source.onopen = () => {
      delay = FIRST_DELAY;
      show("live");
    };
    source.onerror = () => {
      if (isOver) return;
      show("reconnecting");
      if (source.readyState === EventSource.CLOSED) {
        timer = setTimeout(open, delay);
        delay = Math.min(delay * 2, LONGEST_DELAY);
      }
    };
    for (const [name, handle] of Object.entries(handlers)) {
      source.addEventListener(name, (event) => {
        lastId = event.lastEventId || lastId;
        handle(JSON.parse(event.data), event.lastEventId);
      });
    }
  }

  show("connecting");
  open();
  // A page that is left must not count as one of the six connections that browsers allow a host.
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => event.persisted && !isOver && open());
  return () => {
    isOver = true;
    clearTimeout(timer);
    source.close();
    show("ended");
  };
}

/** @param {keyof typeof WORDS} state */
function show(state) {
  const badge = /** @type {HTMLElement} */ (document.getElementById("connection"));
  badge.dataset.state = state;
  badge.textContent = WORDS[state];
}

/**
 * Says something to those who do not see the page change.
 * @param {string} text
 */
export function say(text) {
  const news = /** @type {HTMLElement} */ (document.getElementById("news"));
  if (news.textContent !== text) news.textContent = text;
}
