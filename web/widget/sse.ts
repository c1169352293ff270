// Server-sent events out of pieces of text as they come, and how long to wait before asking again. Pure.

export interface ServerEvent {
  event: string;
  data: string;
  id: string | null;
}

/** Reads a stream piece by piece: a piece may end anywhere, in the middle of a line too. */
export class EventReader {
  #rest = "";
  #event = "";
  #data: string[] = [];
  #id: string | null = null;

  /** The events that `piece` completes. */
  push(piece: string): ServerEvent[] {
    const found: ServerEvent[] = [];
    this.#rest += piece;
    // A carriage return at the very end may be half of a line's end.
    const lines = this.#rest.split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      const event = this.#line(line);
      if (event !== null) found.push(event);
    }
    return found;
  }

  #line(line: string): ServerEvent | null {
    if (line === "") return this.#finish();
    const colon = line.indexOf(":");
    if (colon === 0) return null;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "event") this.#event = value;
    else if (name === "data") this.#data.push(value);
    else if (name === "id") this.#id = value;
    return null;
  }

  #finish(): ServerEvent | null {
    const event = this.#data.length === 0 ? null : { event: this.#event || "message", data: this.#data.join("\n"), id: this.#id };
    this.#event = "";
    this.#data = [];
    return event;
  }
}

const FIRST_MS = 500;
const LONGEST_MS = 30_000;

/** Milliseconds to wait before the `n`-th attempt (from 0) after a failure: doubling, up to half a minute, a half of it by chance. */
export function backoff(n: number, random: () => number): number {
  const whole = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(n, 16));
  return Math.round(whole / 2 + (whole / 2) * random());
}
