/**
 * Follows a stream of a server from a page that was loaded elsewhere. An `EventSource` sends no headers, so the token
 * buys a ticket, and the ticket stands in the address.
 *
 * @param {{server: string, token: string}} access
 * @param {string} stream Its path, such as `/stream/<task_id>`.
 * @param {string[]} names Of the frames to hear.
 * @param {(name: string, data: any) => boolean} hear Whether that frame was the last one.
 */
export async function follow(access, stream, names, hear) {
  const answer = await fetch(`${access.server}/api/v1/tickets`, {
    method: "POST",
    headers: { Authorization: `Bearer ${access.token}`, "Content-Type": "application/json" },
    body: JSON.stringify({ stream }),
  });
  const ticket = await answer.json();
  if (!answer.ok) {
    throw new Error(`The server answered ${answer.status}: ${JSON.stringify(ticket.detail)}`);
  }
  let last = "";
  let opened = false;
  const source = new EventSource(access.server + ticket.stream_url);
  source.addEventListener("open", () => {
    opened = true;
  });
  for (const name of names) {
    source.addEventListener(name, (event) => {
      // The browser has an event of its own called "error", which carries no data.
      if (event.data === undefined) {
        return;
      }
      last = event.lastEventId;
      if (hear(name, JSON.parse(event.data))) {
        source.close();
      }
    });
  }
  source.addEventListener("error", (event) => {
    // After a lost connection the browser comes back by itself, with the last id. It gives up where the server refuses:
    // the page was away for longer than a minute, say, and its ticket is over. A new one goes on at the same place; one
    // that opened nothing at all says that there is nothing more.
    if (event.data === undefined && source.readyState === EventSource.CLOSED && opened) {
      const from = new URL(stream, access.server);
      if (last) {
        from.searchParams.set("last_event_id", last);
      }
      follow(access, from.pathname + from.search, names, hear);
    }
  });
}
