/**
 * One WebSocket for many streams. It comes back by itself, and goes on where each stream was.
 */
export class Streams {
  #socket = null;
  #streams = new Map();
  #asked = new Map();
  #isReady = false;

  /**
   * @param {string} server Such as `http://localhost:8001`.
   * @param {string} token Empty on the server's own machine, and on its own pages.
   * @param {(state: string) => void} tell What is going on with the connection.
   */
  constructor(server, token, tell) {
    this.address = `${server.replace("http", "ws")}/ws/`;
    this.token = token;
    this.tell = tell;
    this.#open();
  }

  /**
   * Posts to a path of the API.
   *
   * @param {string} path Such as `/stream/workflow/generate`.
   * @param {object} body
   * @returns {Promise<any>} The answer's body.
   */
  ask(path, body) {
    const id = crypto.randomUUID();
    return new Promise((resolve, reject) => {
      // The key makes it the same task, should the connection break before the answer comes.
      this.#asked.set(id, { message: { type: "ask", id, path, body, idempotency_key: id }, resolve, reject });
      this.#send(this.#asked.get(id).message);
    });
  }

  /**
   * @param {string} stream Its path.
   * @param {(frame: {id?: number|string, event?: string, data: any}) => void} hear
   * @returns {Promise<void>} Resolved when the stream has ended.
   */
  follow(stream, hear) {
    const id = crypto.randomUUID();
    return new Promise((resolve, reject) => {
      this.#streams.set(id, { stream, hear, resolve, reject, last: undefined });
      this.#subscribe(id);
    });
  }

  #open() {
    this.#socket = new WebSocket(this.address);
    this.#socket.addEventListener("open", () => {
      if (this.token) {
        this.#socket.send(JSON.stringify({ type: "authenticate", token: this.token }));
      }
    });
    this.#socket.addEventListener("message", (event) => this.#take(JSON.parse(event.data)));
    this.#socket.addEventListener("close", (event) => {
      this.#isReady = false;
      // 4000 and more are answers, such as 4401: coming again would not help.
      if (event.code >= 4000) {
        this.tell(`Refused: ${event.reason}`);
      } else {
        this.tell("Connecting again …");
        setTimeout(() => this.#open(), 1000);
      }
    });
  }

  #send(message) {
    if (this.#isReady) {
      this.#socket.send(JSON.stringify(message));
    }
  }

  #subscribe(id) {
    const { stream, last } = this.#streams.get(id);
    this.#send({ type: "subscribe", id, stream, last_event_id: last });
  }

  #take(message) {
    const stream = this.#streams.get(message.id);
    if (message.type === "ready") {
      this.#isReady = true;
      this.tell(`Connected as ${message.user}`);
      this.#asked.forEach(({ message }) => this.#send(message));
      this.#streams.forEach((_, id) => this.#subscribe(id));
    } else if (message.type === "events") {
      for (const frame of message.events) {
        stream.last = frame.id ?? stream.last;
        stream.hear(frame);
      }
    } else if (message.type === "ended") {
      this.#streams.delete(message.id);
      stream.resolve();
    } else if (message.type === "interrupted") {
      this.#subscribe(message.id);
    } else if (message.type === "result" || (message.type === "error" && message.id)) {
      const waiting = this.#asked.get(message.id) ?? stream;
      this.#asked.delete(message.id);
      this.#streams.delete(message.id);
      if (message.type === "result") {
        waiting.resolve(message.body);
      } else {
        waiting.reject(new Error(`The server answered ${message.status}: ${JSON.stringify(message.detail)}`));
      }
    }
  }
}
