// Messages that were typed and are not yet known to be on the service's disk. Each has a key under which it is sent, however often
// that must be tried, so that the service keeps it once. Pure but for the storage given.

export interface Waiting {
  message_key: string;
  text: string;
  at: number;
  /** Why the service would not have it; it is not sent again by itself. */
  refused?: string;
  /** It has come back by the stream, though the service has not answered its sending: it is shown as a message, not as waiting. */
  heard?: true;
}

/** What a browser's storage can do; it may be missing, full or forbidden. */
export interface Storage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** Keeps things for as long as the page lives, where the browser keeps nothing. */
export function memoryStorage(): Storage {
  const kept = new Map<string, string>();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
}

/** A storage that never throws: what the browser refuses is kept in memory. */
export function carefulStorage(real: Storage | null): Storage {
  const spare = memoryStorage();
  return {
    getItem: (key) => {
      try {
        return real?.getItem(key) ?? spare.getItem(key);
      } catch {
        return spare.getItem(key);
      }
    },
    setItem: (key, value) => {
      try {
        if (real === null) throw new Error("no storage");
        real.setItem(key, value);
      } catch {
        spare.setItem(key, value);
      }
    },
    removeItem: (key) => {
      spare.removeItem(key);
      try {
        real?.removeItem(key);
      } catch {
        // It was not there to be kept either.
      }
    },
  };
}

const MOST = 50;

export class Outbox {
  #items: Waiting[];

  constructor(
    private readonly storage: Storage,
    private readonly key: string,
  ) {
    this.#items = read(storage.getItem(key));
  }

  get items(): readonly Waiting[] {
    return this.#items;
  }

  /** The next to send: those before it are with the service, or were refused. */
  get next(): Waiting | undefined {
    return this.#items.find((one) => one.refused === undefined);
  }

  /** False if too many wait already: then the customer is told rather than a message lost. */
  add(item: Waiting): boolean {
    if (this.#items.length >= MOST) return false;
    this.#items = [...this.#items, item];
    this.#keep();
    return true;
  }

  done(message_key: string): void {
    this.#items = this.#items.filter((one) => one.message_key !== message_key);
    this.#keep();
  }

  refuse(message_key: string, why: string): void {
    this.#items = this.#items.map((one) => (one.message_key === message_key ? { ...one, refused: why } : one));
    this.#keep();
  }

  /** Marks the first with this text that has not come back yet. */
  hear(text: string): void {
    const key = this.#items.find((one) => one.text === text && !one.heard)?.message_key;
    if (key === undefined) return;
    this.#items = this.#items.map((one) => (one.message_key === key ? { ...one, heard: true } : one));
    this.#keep();
  }

  /** What came back in a conversation that is gone has to be said again in the next. */
  unhear(): void {
    this.#items = this.#items.map(({ heard: _, ...one }) => one);
    this.#keep();
  }

  clear(): void {
    this.#items = [];
    this.#keep();
  }

  #keep(): void {
    if (this.#items.length === 0) this.storage.removeItem(this.key);
    else this.storage.setItem(this.key, JSON.stringify(this.#items));
  }
}

/** What an earlier page left, as far as it is what it should be. */
function read(text: string | null): Waiting[] {
  try {
    const items: unknown = JSON.parse(text ?? "[]");
    if (!Array.isArray(items)) return [];
    return items.filter((one): one is Waiting => typeof one?.message_key === "string" && typeof one?.text === "string" && typeof one?.at === "number").slice(0, MOST);
  } catch {
    return [];
  }
}
