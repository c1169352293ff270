// One conversation with the service: what is known of it, what is on its way, and the way back after the network was gone.
// It knows no page: time, chance, network and storage are given to it, and it calls `onchange` whenever something is new.
import { Outbox, type Storage, type Waiting } from "./outbox";
import { merged } from "./reply";
import { EventReader, backoff } from "./sse";
import type { ChatMessage, ChatState, Lang, Opened, Sent, StateEvent } from "./types";

export interface World {
  fetch: typeof fetch;
  storage: Storage;
  now: () => number;
  random: () => number;
  newKey: () => string;
  /** Resolves after so many milliseconds, or at once when `signal` fires. */
  wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface Options {
  /** Origin of the service. */
  base: string;
  key: string;
  lang: Lang;
  product: string | null;
  token: string | null;
  currency: string | null;
}

interface Kept {
  id: string;
  secret: string;
  assistant: string;
  currency: string | null;
  suggestions: string[];
  desk_open: boolean;
  /** Whose it is, once the shop has vouched for somebody. */
  who: string | null;
}

/** What a page shows. */
export interface View {
  messages: readonly ChatMessage[];
  /** Of conversations that this page has left; their numbers begin anew. */
  earlier: readonly ChatMessage[];
  waiting: readonly Waiting[];
  state: ChatState;
  person: string | null;
  queue_position: number | null;
  assistant: string | null;
  currency: string | null;
  suggestions: readonly string[];
  desk_open: boolean;
  /** Nothing has come from the service lately; what is typed is kept. */
  is_offline: boolean;
  is_opening: boolean;
  /** Somebody is about to answer. */
  is_typing: boolean;
  is_rated: boolean;
  /** Why there can be no conversation at all. */
  trouble: string | null;
}

/** The service's no, in its own words. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly retry_after_ms: number,
  ) {
    super(message);
  }

  /** The conversation is over, gone or somebody else's; another can begin. A key that is not known is another matter. */
  get is_gone(): boolean {
    return [404, 409, 410].includes(this.status) || (this.status === 401 && this.code === "conversation");
  }
}

const TYPING_MS = 5_000;
/** The service says something every 15 s; thrice that is silence. */
const SILENCE_MS = 45_000;
const TIMEOUT_MS = 60_000;
/** Messages of left conversations that stay on the page. */
const EARLIER = 200;
/** Messages that the service gives at a time, at most. */
const PAGE = 500;

export class Chat {
  view: View;
  #kept: Kept | null;
  #opening: Promise<void> | null = null;
  #flushing = false;
  #listening: AbortController | null = null;
  #wake = new AbortController();
  #typing_until = 0;
  #customer_token: string | null;
  readonly #outbox: Outbox;
  readonly #slot: string;

  constructor(
    private readonly options: Options,
    private readonly world: World,
    private readonly onchange: () => void,
  ) {
    this.#slot = `tercet.chat.${options.key.slice(-8)}`;
    this.#outbox = new Outbox(world.storage, `${this.#slot}.outbox`);
    this.#kept = this.#recall();
    this.#customer_token = options.token;
    const who = subOf(options.token);
    if (this.#kept !== null && this.#kept.who !== null && who !== null && this.#kept.who !== who) {
      // Somebody else has signed in on this computer: what another said is not theirs to read.
      this.#kept = null;
      this.#outbox.clear();
      world.storage.removeItem(this.#slot);
    }
    this.view = {
      messages: [], earlier: [], waiting: this.#waiting(), state: "bot", person: null, queue_position: null,
      assistant: this.#kept?.assistant ?? null, currency: this.#kept?.currency ?? options.currency, suggestions: this.#kept?.suggestions ?? [],
      desk_open: this.#kept?.desk_open ?? true, is_offline: false, is_opening: false, is_typing: false, is_rated: false, trouble: null,
    };
  }

  /** Whether an earlier page of the shop left a conversation. */
  get has_conversation(): boolean {
    return this.#kept !== null;
  }

  get last_seq(): number {
    return this.view.messages.at(-1)?.seq ?? 0;
  }

  /** Begins a conversation or takes up the one there is, and listens to it. */
  async start(): Promise<void> {
    if (this.#kept !== null && this.view.messages.length === 0) await this.#resume();
    else await this.#opened().catch((cause) => this.#failed(cause));
    this.listen();
    void this.#flush();
  }

  async #resume(): Promise<void> {
    await this.#catchUp();
    const token = this.#customer_token;
    // Signed in since the conversation began. That it fails is no reason not to talk.
    if (token !== null && this.#kept !== null && this.#kept.who === null) await this.identify(token).catch(() => undefined);
  }

  /** Puts a message on its way; false if too many wait already. */
  send(text: string): boolean {
    const fine = this.#outbox.add({ message_key: this.world.newKey(), text, at: this.world.now() });
    if (fine) {
      this.#change({ waiting: this.#waiting() });
      void this.#flush();
    }
    return fine;
  }

  /** Tries again what the service refused. */
  again(message_key: string): void {
    const item = this.#outbox.items.find((one) => one.message_key === message_key);
    if (item === undefined) return;
    this.#outbox.done(message_key);
    this.send(item.text);
  }

  drop(message_key: string): void {
    this.#outbox.done(message_key);
    this.#change({ waiting: this.#waiting() });
  }

  /** The network is back, or the page is looked at again: nothing waits any longer. */
  wake(): void {
    this.#wake.abort();
    this.#wake = new AbortController();
  }

  async askPerson(): Promise<void> {
    await this.#opened();
    await this.#ask("POST", "/person", {});
    await this.#catchUp();
  }

  async rate(stars: number, comment: string): Promise<void> {
    await this.#ask("POST", "/rating", { stars, ...(comment === "" ? {} : { comment }) });
    this.#change({ is_rated: true });
  }

  async feedback(seq: number, feedback: "up" | "down"): Promise<void> {
    await this.#ask("POST", `/messages/${seq}/feedback`, { feedback });
    this.#change({ messages: this.view.messages.map((one) => (one.seq === seq ? { ...one, feedback } : one)) });
  }

  async close(): Promise<void> {
    await this.#ask("POST", "/close", {});
    this.#change({ state: "closed", person: null, queue_position: null });
  }

  /** The shop vouches for its customer, now that they have signed in. */
  async identify(customer_token: string): Promise<void> {
    this.#customer_token = customer_token;
    if (this.#kept === null) return;
    await this.#ask("POST", "/identify", { customer_token });
    const kept: Kept | null = this.#kept;
    if (kept !== null) this.#keep({ ...kept, who: subOf(customer_token) });
  }

  /** Leaves the conversation: nothing of it stays in the browser. */
  leave(): void {
    this.#forget();
    this.#outbox.clear();
    this.#change({ earlier: [], waiting: [], is_rated: false, is_typing: false, suggestions: [] });
  }

  /** Leaves the conversation and begins another. */
  async anew(): Promise<void> {
    this.leave();
    await this.start();
  }

  listen(): void {
    if (this.#listening !== null || this.#kept === null) return;
    this.#listening = new AbortController();
    void this.#listenOn(this.#listening.signal);
  }

  deafen(): void {
    this.#listening?.abort();
    this.#listening = null;
  }

  // What is on its way out.

  async #flush(): Promise<void> {
    if (this.#flushing) return;
    this.#flushing = true;
    let n_failures = 0;
    for (let item = this.#outbox.next; item !== undefined; item = this.#outbox.next) {
      try {
        await this.#deliver(item);
        n_failures = 0;
      } catch (cause) {
        const wait = this.#afterFailure(item, cause, n_failures);
        n_failures += 1;
        if (wait > 0) await this.world.wait(wait, this.#wake.signal);
      }
    }
    this.#flushing = false;
  }

  async #deliver(item: Waiting): Promise<void> {
    await this.#opened();
    if (this.view.state !== "person") this.#change({ is_typing: true });
    const sent = (await this.#ask("POST", "/messages", { text: item.text, message_key: item.message_key })) as Sent;
    this.#outbox.done(item.message_key);
    this.#change({
      waiting: this.#waiting(), is_offline: false, is_typing: false, state: sent.state,
      messages: merged(this.view.messages, sent.answer === null ? [sent.message] : [sent.message, sent.answer]),
    });
    this.listen();
  }

  /** What a failure means for a message: milliseconds until it is tried again. */
  #afterFailure(item: Waiting, cause: unknown, n_failures: number): number {
    this.#change({ is_typing: false });
    if (!(cause instanceof Refused)) {
      this.#change({ is_offline: true });
      return backoff(n_failures, this.world.random);
    }
    if (cause.status === 429 || cause.status >= 500) return Math.max(cause.retry_after_ms, backoff(n_failures, this.world.random));
    if (cause.is_gone && n_failures === 0 && this.#kept !== null) {
      // The conversation is over or gone: the message begins another.
      this.#forget();
      return 0;
    }
    this.#outbox.refuse(item.message_key, cause.message);
    this.#change({ waiting: this.#waiting() });
    return 0;
  }

  // What comes in.

  async #listenOn(signal: AbortSignal): Promise<void> {
    for (let n_failures = 0; !signal.aborted; ) {
      try {
        const n_events = await this.#stream(signal);
        n_failures = n_events > 0 ? 0 : n_failures + 1;
      } catch (cause) {
        if (signal.aborted) return;
        if (cause instanceof Refused && [401, 404, 410].includes(cause.status)) return void (this.#listening = null);
        if (!(cause instanceof Refused)) this.#change({ is_offline: true });
        n_failures += 1;
      }
      if (signal.aborted) return;
      await this.world.wait(backoff(n_failures, this.world.random), anyOf(signal, this.#wake.signal));
    }
  }

  /** Reads one stream to its end; how many pieces came. */
  async #stream(signal: AbortSignal): Promise<number> {
    const patience = new AbortController();
    const both = anyOf(signal, patience.signal);
    let quiet: AbortController | undefined;
    const listenAnew = (): void => {
      quiet?.abort();
      const mine = (quiet = new AbortController());
      void this.world.wait(SILENCE_MS, mine.signal).then(() => mine.signal.aborted || patience.abort());
    };
    listenAnew();
    let n_pieces = 0;
    try {
      const response = await this.#answer("GET", `/stream?after=${this.last_seq}`, undefined, both);
      this.#change({ is_offline: false });
      const reader = new EventReader();
      const pieces = response.body!.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await pieces.read();
        if (done) return n_pieces;
        n_pieces += 1;
        listenAnew();
        for (const { event, data } of reader.push(value)) this.#heard(event, data);
      }
    } finally {
      quiet?.abort();
    }
  }

  #heard(event: string, data: string): void {
    let body: unknown;
    try {
      body = JSON.parse(data === "" ? "{}" : data);
    } catch {
      return;
    }
    if (event === "message") {
      const message = body as ChatMessage;
      // What this page is sending comes back by two ways, and is shown once.
      if (message.from === "customer") this.#outbox.hear(message.text);
      this.#change({ messages: merged(this.view.messages, [message]), waiting: this.#waiting(), ...(message.from === "customer" ? {} : { is_typing: false }) });
    } else if (event === "state") this.#change(body as StateEvent);
    else if (event === "typing") this.#someoneTypes();
  }

  #someoneTypes(): void {
    this.#typing_until = this.world.now() + TYPING_MS;
    this.#change({ is_typing: true });
    void this.world.wait(TYPING_MS, new AbortController().signal).then(() => {
      if (this.world.now() >= this.#typing_until && this.view.is_typing) this.#change({ is_typing: false });
    });
  }

  async #catchUp(): Promise<void> {
    try {
      for (let n_new = PAGE; n_new >= PAGE; ) {
        const all = (await this.#ask("GET", `/messages?after=${this.last_seq}`)) as StateEvent & { messages: ChatMessage[] };
        const { state, person, queue_position, messages } = all;
        const before = this.last_seq;
        this.#change({ messages: merged(this.view.messages, messages), state, person, queue_position, is_offline: false });
        n_new = this.last_seq > before ? messages.length : 0;
      }
    } catch (cause) {
      if (cause instanceof Refused && [401, 404, 410].includes(cause.status)) {
        this.#forget();
        await this.#opened().catch((again) => this.#failed(again));
      } else this.#failed(cause);
    }
  }

  // The conversation itself.

  /** There is a conversation when this is done. */
  async #opened(): Promise<void> {
    if (this.#kept !== null) return;
    this.#opening ??= this.#open().finally(() => {
      this.#opening = null;
      this.#change({ is_opening: false });
    });
    await this.#opening;
  }

  async #open(): Promise<void> {
    this.#change({ is_opening: true });
    const { lang, product } = this.options;
    const body = { lang, channel: "web", ...(product === null ? {} : { page_product_id: product }) };
    const token = this.#customer_token;
    let opened: Opened;
    let who = subOf(token);
    try {
      opened = (await this.#ask("POST", "", { ...body, ...(token === null ? {} : { customer_token: token }) })) as Opened;
    } catch (cause) {
      // A token that has run out must not keep a customer from asking: they are somebody unknown then.
      if (!(cause instanceof Refused) || cause.status !== 401 || token === null) throw cause;
      who = null;
      opened = (await this.#ask("POST", "", body)) as Opened;
    }
    const currency = opened.currency ?? this.options.currency;
    this.#keep({ id: opened.conversation_id, secret: opened.secret, assistant: opened.assistant_name, currency, suggestions: opened.suggestions, desk_open: opened.desk_open, who });
    this.#change({
      assistant: opened.assistant_name, suggestions: opened.suggestions, desk_open: opened.desk_open, currency, trouble: null, is_offline: false,
      state: "bot", messages: merged(this.view.messages, [opened.greeting]),
    });
  }

  #failed(cause: unknown): void {
    if (cause instanceof Refused && cause.status !== 429 && cause.status < 500) this.#change({ trouble: cause.message });
    else this.#change({ is_offline: true });
  }

  /** A new conversation counts its messages anew; those of the old one stay to be read. */
  #forget(): void {
    this.deafen();
    this.#kept = null;
    this.#outbox.unhear();
    this.world.storage.removeItem(this.#slot);
    this.#change({ earlier: [...this.view.earlier, ...this.view.messages].slice(-EARLIER), messages: [], waiting: this.#waiting(), state: "bot", person: null, queue_position: null });
  }

  #keep(kept: Kept): void {
    this.#kept = kept;
    this.world.storage.setItem(this.#slot, JSON.stringify(kept));
  }

  #recall(): Kept | null {
    try {
      const kept: unknown = JSON.parse(this.world.storage.getItem(this.#slot) ?? "null");
      const { id, secret, assistant, currency, suggestions, desk_open, who } = kept as Kept;
      if (typeof id !== "string" || typeof secret !== "string") return null;
      return { id, secret, assistant: String(assistant), currency: currency ?? null, suggestions: Array.isArray(suggestions) ? suggestions.map(String) : [], desk_open: desk_open !== false, who: typeof who === "string" ? who : null };
    } catch {
      return null;
    }
  }

  async #ask(method: string, path: string, body?: unknown): Promise<unknown> {
    const stop = new AbortController();
    const done = new AbortController();
    void this.world.wait(TIMEOUT_MS, done.signal).then(() => done.signal.aborted || stop.abort());
    try {
      const response = await this.#answer(method, path, body, stop.signal);
      const text = await response.text();
      return text === "" ? undefined : JSON.parse(text);
    } finally {
      done.abort();
    }
  }

  async #answer(method: string, path: string, body: unknown, signal: AbortSignal): Promise<Response> {
    const headers: Record<string, string> = { Authorization: `Bearer ${this.options.key}`, "Accept-Language": this.options.lang };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (this.#kept !== null) headers["X-Conversation"] = this.#kept.secret;
    const whose = this.#kept === null ? "" : `/${encodeURIComponent(this.#kept.id)}`;
    const response = await this.world.fetch(`${this.options.base}/v1/chat${whose}${path}`, {
      method, headers, signal, credentials: "omit", cache: "no-store", body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (!response.ok) throw await refusal(response);
    return response;
  }

  #waiting(): readonly Waiting[] {
    return this.#outbox.items.filter((one) => !one.heard);
  }

  #change(part: Partial<View>): void {
    this.view = { ...this.view, ...part };
    this.onchange();
  }
}

/** The customer that a token speaks of. Whether it is true is the service's to say. */
export function subOf(token: string | null): string | null {
  try {
    const { sub } = JSON.parse(atob((token ?? "").split(".")[0]!.replaceAll("-", "+").replaceAll("_", "/"))) as { sub: unknown };
    return typeof sub === "string" ? sub : null;
  } catch {
    return null;
  }
}

async function refusal(response: Response): Promise<Refused> {
  const seconds = Number(response.headers.get("retry-after"));
  const wait = Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, 600) * 1000 : 0;
  try {
    const { error } = (await response.json()) as { error: { code: string; message: string; help?: string | null } };
    return new Refused(response.status, error.code, [error.message, error.help].filter(Boolean).join(" "), wait);
  } catch {
    return new Refused(response.status, "unreadable", `HTTP ${response.status}`, wait);
  }
}

/** Fires with the first of two. */
function anyOf(a: AbortSignal, b: AbortSignal): AbortSignal {
  const either = new AbortController();
  for (const one of [a, b]) {
    if (one.aborted) either.abort();
    else one.addEventListener("abort", () => either.abort(), { once: true, signal: either.signal });
  }
  return either.signal;
}
