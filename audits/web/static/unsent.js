// Decisions that the server has not confirmed: kept in this browser until it does, and sent again with the same id.
//
// Each decision has an entry of its own in localStorage, so that two tabs cannot overwrite each other's.

const RETRY_MS = [1000, 2000, 4000, 8000, 15000];
/** How long an answer of the server is waited for. */
export const PATIENCE_MS = 20000;

/** What a sent request came to. kind: stored, refused (it will never be taken), signedout, away. */
export async function post(url, pairs, csrf) {
  let answer;
  try {
    answer = await fetch(url, {
      method: "POST",
      body: new URLSearchParams(pairs),
      headers: { Accept: "application/json", "X-CSRF-Token": csrf },
      credentials: "same-origin",
      redirect: "manual", // to the log-in, when the session has ended
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  } catch {
    return { kind: "away", words: "The server does not answer." };
  }
  if (answer.type === "opaqueredirect" || answer.status === 401) return { kind: "signedout", words: "You are signed out." };
  let told = {};
  try {
    told = await answer.json();
  } catch {
    if (answer.ok) return { kind: "away", words: "The answer of the server was cut off." };
  }
  if (answer.ok) return { kind: "stored", told };
  const words = told.detail || `The server answered ${answer.status}.`;
  if (answer.status === 403) return { kind: "signedout", words };
  if (answer.status >= 500 || answer.status === 429 || answer.status === 408) return { kind: "away", words };
  return { kind: "refused", words };
}

export class Unsent extends EventTarget {
  /**
   * @param {string} place what the entries are kept under: dataset and person; the origin is the browser's to keep apart
   * @param {string} url where decisions are sent
   * @param {() => string} csrf
   */
  constructor(place, url, csrf) {
    super();
    this.prefix = `labelaudit/unsent/${place}/`;
    this.url = url;
    this.csrf = csrf;
    this.fallback = new Map(); // where the browser keeps nothing
    this.tries = 0;
    this.state = { kind: "idle", words: "" };
    this.running = null;
    addEventListener("online", () => this.flush());
    addEventListener("storage", (event) => event.key?.startsWith(this.prefix) && this.changed());
  }

  /** All entries, the oldest first. */
  entries() {
    const found = [...this.fallback.values()];
    try {
      for (let i = 0; i < localStorage.length; i++) {
        const key = localStorage.key(i);
        if (key.startsWith(this.prefix)) found.push(JSON.parse(localStorage.getItem(key)));
      }
    } catch {
      this.forgetful = true;
    }
    return found.sort((a, b) => a.at - b.at);
  }

  waiting() {
    return this.entries().filter((entry) => !entry.refused);
  }

  holds(question) {
    return this.entries().some((entry) => entry.question === question);
  }

  put(entry) {
    try {
      localStorage.setItem(this.prefix + entry.id, JSON.stringify(entry));
    } catch {
      this.forgetful = true;
      this.fallback.set(entry.id, entry);
    }
  }

  remove(id) {
    this.fallback.delete(id);
    try {
      localStorage.removeItem(this.prefix + id);
    } catch {
      this.forgetful = true;
    }
    this.changed();
  }

  again(entry) {
    this.put({ ...entry, refused: "" });
    return this.flush();
  }

  changed() {
    this.dispatchEvent(new Event("changed"));
  }

  /** Send what waits, one after the other; gives whether nothing waits any more. */
  flush() {
    this.running ??= this.#send().finally(() => {
      this.running = null;
      this.changed();
    });
    return this.running;
  }

  async #send() {
    clearTimeout(this.timer);
    for (let entry; (entry = this.waiting()[0]); ) {
      const result = await post(this.url, entry.pairs, this.csrf());
      if (result.kind === "stored") {
        this.tries = 0;
        this.remove(entry.id);
        this.dispatchEvent(new CustomEvent("stored", { detail: { entry, told: result.told } }));
      } else if (result.kind === "refused") {
        this.put({ ...entry, refused: result.words });
      } else {
        this.state = result;
        if (result.kind === "away") {
          this.timer = setTimeout(() => this.flush(), RETRY_MS[Math.min(this.tries++, RETRY_MS.length - 1)]);
        }
        return false;
      }
    }
    this.state = { kind: "idle", words: "" };
    return true;
  }
}
