// The live stream: snapshot, then changes. The browser reconnects by itself after a cut line and
// sends the last id; where the server refused, the stream is opened again here.

const SILENCE_MS = 8000;
const REOPEN_MS = 3000;
const EVENTS = ["panel", "ready", "change", "tick", "fault", "recovered", "signed-out"];

export class Stream {
  /** `hear(event, body)` for every event; `silent(since)` when nothing was heard for 8 s. */
  constructor(hear, silent) {
    this.hear = hear;
    this.silent = silent;
    this.heardAt = null;
    setInterval(() => this.listenForSilence(), 1000);
  }

  /** Follow the scope that the query names, instead of the one before. */
  open(query) {
    this.query = query;
    this.source?.close();
    clearTimeout(this.reopening);
    this.openedAt = Date.now();
    const source = new EventSource(`/api/live${query}`);
    this.source = source;
    for (const name of EVENTS) {
      source.addEventListener(name, (event) => {
        if (source !== this.source) return;
        this.heardAt = Date.now();
        this.hear(name, JSON.parse(event.data));
      });
    }
    source.addEventListener("error", () => this.onError(source));
  }

  onError(source) {
    if (source !== this.source || source.readyState !== EventSource.CLOSED) return;
    this.reopening = setTimeout(() => this.open(this.query), REOPEN_MS);
  }

  listenForSilence() {
    const since = this.heardAt ?? this.openedAt;
    if (since && Date.now() - since > SILENCE_MS) this.silent(since);
  }
}
