// The widget without a page: streams in pieces, citations, addresses, and a conversation over a network that comes and goes.
import { expect, test } from "vitest";
import { Chat, subOf, type Options, type World } from "../../widget/chat";
import { Outbox, carefulStorage, memoryStorage, type Storage } from "../../widget/outbox";
import { lengthOf, merged, money, productUrl, safeUrl, saidBeside, segmentsOf, sourceOf } from "../../widget/reply";
import { EventReader, backoff } from "../../widget/sse";
import { texts } from "../../widget/texts";
import type { ChatMessage } from "../../widget/types";

test("events are the same wherever the stream is cut", () => {
  const stream = ': here\r\n\r\nid: 4\nevent: message\ndata: {"a":\ndata: 1}\n\nevent: typing\ndata: {}\n\nevent: nothing\n\ndata:x\n\n';
  const whole = new EventReader().push(stream);
  expect(whole).toEqual([{ event: "message", data: '{"a":\n1}', id: "4" }, { event: "typing", data: "{}", id: "4" }, { event: "message", data: "x", id: "4" }]);
  for (let at = 0; at <= stream.length; at += 1) {
    const reader = new EventReader();
    expect([...reader.push(stream.slice(0, at)), ...reader.push(stream.slice(at))], `cut at ${at}`).toEqual(whole);
  }
});

test("waiting grows, ends at half a minute, and is never none", () => {
  const longest = [0, 1, 2, 3, 10, 1_000].map((n) => backoff(n, () => 1));
  expect(longest).toEqual([500, 1_000, 2_000, 4_000, 30_000, 30_000]);
  expect(backoff(0, () => 0)).toBe(250);
});

test("citations are those with evidence; what has none is not shown", () => {
  expect(segmentsOf("重 1.2 千克[1]，内存[2][3]。", 2)).toEqual([
    { kind: "text", text: "重 1.2 千克" }, { kind: "cite", n: 1 }, { kind: "text", text: "，内存" }, { kind: "cite", n: 2 }, { kind: "text", text: "。" },
  ]);
  expect(segmentsOf("[0] [99]", 3)).toEqual([]);
  expect(segmentsOf("model [2024] <b>", 0)).toEqual([{ kind: "text", text: "model [2024] <b>" }]);
  expect(segmentsOf("", 1)).toEqual([]);
});

test("beside blocks the text is brief, alone it is whole", () => {
  expect([saidBeside("all", "short", 1), saidBeside("all", "short", 0), saidBeside("all", null, 1), saidBeside("all", undefined, 2)]).toEqual(["short", "all", "all", "all"]);
});

test("addresses are http or none", () => {
  const base = "https://shop.example/";
  expect(safeUrl("/a.png", base)).toBe("https://shop.example/a.png");
  expect(safeUrl("//cdn.example/a.png", base)).toBe("https://cdn.example/a.png");
  for (const bad of ["javascript:alert(1)", " JaVaScRiPt:alert(1)", "java\nscript:alert(1)", "data:image/svg+xml,<svg onload=alert(1)>", "blob:x", "file:///etc/passwd", "http://", "", null, undefined]) expect(safeUrl(bad, base), String(bad)).toBe(null);
  expect(productUrl("/p/{id}?x={id}", "A/1 ?", base)).toBe("https://shop.example/p/A%2F1%20%3F?x=A%2F1%20%3F");
  expect([productUrl(null, "a", base), productUrl("/p/", "a", base), productUrl("javascript:{id}", "a", base)]).toEqual([null, null, null]);
});

test("sources say what they are, money keeps its hundredths, characters are counted as people do", () => {
  expect(sourceOf({ source: "computed", how: "2026-11-03 + 7", value: "2026-11-10" })).toEqual({ kind: "computed", title: "2026-11-03 + 7", quote: "2026-11-10" });
  expect(money(499_900, "CNY", "zh")).toBe("¥4,999.00");
  expect([money(1, "no such", "en"), money(null, "CNY", "zh"), money(123_456, null, "en")]).toEqual(["0.01", "–", "1,234.56"]);
  expect(lengthOf("a字😀")).toBe(3);
});

test("messages stand in order and once, whichever way they come", () => {
  const of = (seq: number, text: string): ChatMessage => ({ seq, at: 0, from: "bot", text });
  expect(merged([of(1, "a"), of(3, "c")], [of(2, "b"), of(3, "C")]).map((one) => one.text).join("")).toBe("abC");
});

test("both languages say everything", () => {
  const leaves = (value: unknown, path = ""): string[] => (typeof value === "object" && value !== null ? Object.entries(value).flatMap(([key, inner]) => leaves(inner, `${path}.${key}`)) : [path]);
  expect(leaves(texts.en)).toEqual(leaves(texts.zh));
  const said = (value: unknown): string[] => (typeof value === "object" && value !== null ? Object.values(value).flatMap(said) : [typeof value === "function" ? String((value as (n: unknown) => string)(2)) : String(value)]);
  expect(said(texts.en).filter((text) => text.trim() === "" || /\p{Script=Han}/u.test(text))).toEqual([]);
});

test("the outbox outlives the page, drops what is not its own, and is never too long", () => {
  const storage = memoryStorage();
  const first = new Outbox(storage, "box");
  first.add({ message_key: "k1", text: "a", at: 1 });
  first.add({ message_key: "k2", text: "b", at: 2 });
  first.refuse("k1", "no");
  const second = new Outbox(storage, "box");
  expect(second.items.map((one) => one.refused)).toEqual(["no", undefined]);
  expect(second.next?.message_key).toBe("k2");
  second.done("k1");
  second.done("k2");
  expect(storage.getItem("box")).toBe(null);
  for (const bad of ["{", "null", '{"a":1}', '[1,null,{"text":"x"}]']) {
    storage.setItem("box", bad);
    expect(new Outbox(storage, "box").items).toEqual([]);
  }
  const full = new Outbox(storage, "box");
  const added = Array.from({ length: 60 }, (_, at) => full.add({ message_key: String(at), text: "x", at }));
  expect(added.filter(Boolean).length).toBe(50);
});

test("a storage that is forbidden or full keeps things in memory", () => {
  const angry: Storage = { getItem: () => { throw new Error("no"); }, setItem: () => { throw new Error("full"); }, removeItem: () => { throw new Error("no"); } };
  for (const real of [angry, null]) {
    const storage = carefulStorage(real);
    storage.setItem("a", "1");
    expect(storage.getItem("a")).toBe("1");
    storage.removeItem("a");
    expect(storage.getItem("a")).toBe(null);
  }
});

// A conversation, with a service and a clock that the test holds in its hand.

interface Ask {
  method: string;
  path: string;
  body: Record<string, unknown>;
  headers: Record<string, string>;
  signal: AbortSignal;
}
type Answer = Response | "lost" | "never";

const json = (body: unknown, status = 200, headers: Record<string, string> = {}): Response => new Response(JSON.stringify(body), { status, headers });
const refused = (status: number, message: string, headers: Record<string, string> = {}): Response => json({ error: { code: "x", message, help: null } }, status, headers);
const message = (seq: number, from: ChatMessage["from"], text: string): ChatMessage => ({ seq, at: seq, from, text });
const opened = (id = "c1"): unknown => ({ conversation_id: id, secret: `secret-${id}`, lang: "en", assistant_name: "Leaf", greeting: message(1, "bot", "hello"), suggestions: ["a"], desk_open: true, currency: "CNY" });

function stand(answer: (ask: Ask) => Answer, storage: Storage = memoryStorage(), options: Partial<Options> = {}) {
  const asks: Ask[] = [];
  const waits: { ms: number; end: () => void }[] = [];
  let n_keys = 0;
  let now = 0;
  const world: World = {
    storage,
    now: () => now,
    random: () => 1,
    newKey: () => `key-${(n_keys += 1)}`,
    wait: (ms, signal) => new Promise((resolve) => {
      const wait = { ms, end: () => { waits.splice(waits.indexOf(wait), 1); resolve(); } };
      if (signal.aborted) return resolve();
      waits.push(wait);
      signal.addEventListener("abort", () => waits.includes(wait) && wait.end(), { once: true });
    }),
    fetch: (async (url: string, init: RequestInit) => {
      const ask: Ask = { method: init.method!, path: url.replace("https://s/v1/chat", ""), body: init.body ? JSON.parse(String(init.body)) : {}, headers: init.headers as Record<string, string>, signal: init.signal! };
      asks.push(ask);
      const given = answer(ask);
      if (given === "lost") throw new TypeError("network");
      if (given === "never") return new Promise((_, reject) => ask.signal.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError"))));
      return given;
    }) as typeof fetch,
  };
  const chat = new Chat({ base: "https://s", key: "tk_abcdefgh", lang: "en", product: null, token: null, currency: null, ...options }, world, () => {});
  /** Lets everything that can happen now happen. */
  const calm = async (): Promise<void> => {
    for (let n = 0; n < 60; n += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  /** Ends all waits of at most so long. */
  const pass = async (ms: number): Promise<void> => {
    now += ms;
    for (const wait of [...waits]) if (wait.ms <= ms) wait.end();
    await calm();
  };
  const sent = (): Ask[] => asks.filter((one) => one.method === "POST" && one.path.endsWith("/messages"));
  return { chat, asks, waits, calm, pass, sent };
}

const isStream = (ask: Ask): boolean => ask.path.includes("/stream");

test("a message is tried until it is there, always under its own key", async () => {
  let n = 0;
  const { chat, calm, pass, sent } = stand((ask) => {
    if (isStream(ask)) return "never";
    if (ask.path === "") return json(opened(), 201);
    n += 1;
    return n < 4 ? "lost" : json({ message: message(2, "customer", "hi"), answer: message(3, "bot", "yes"), state: "bot" }, 201);
  });
  expect(chat.send("hi")).toBe(true);
  await calm();
  expect(chat.view.is_offline).toBe(true);
  expect(chat.view.waiting.length).toBe(1);
  for (const ms of [500, 1_000, 2_000]) await pass(ms);
  expect(sent().map((one) => one.body.message_key)).toEqual(["key-1", "key-1", "key-1", "key-1"]);
  expect(sent()[0]!.headers).toMatchObject({ Authorization: "Bearer tk_abcdefgh", "X-Conversation": "secret-c1" });
  expect(chat.view.messages.map((one) => one.text)).toEqual(["hello", "hi", "yes"]);
  expect([chat.view.waiting.length, chat.view.is_offline]).toEqual([0, false]);
});

test("waking up ends every wait at once", async () => {
  let is_up = false;
  const { chat, calm } = stand((ask) => (isStream(ask) ? "never" : !is_up ? "lost" : ask.path === "" ? json(opened(), 201) : json({ message: message(2, "customer", "hi"), answer: null, state: "person" }, 201)));
  chat.send("hi");
  await calm();
  is_up = true;
  chat.wake();
  await calm();
  expect(chat.view.messages.map((one) => one.text)).toEqual(["hello", "hi"]);
  expect(chat.view.state).toBe("person");
});

test("what was typed before the page was left is sent by the next page, with the same key and conversation", async () => {
  const storage = memoryStorage();
  const first = stand((ask) => (ask.path === "" ? json(opened(), 201) : "lost"), storage);
  await first.chat.start();
  first.chat.send("kept");
  await first.calm();
  const second = stand((ask) => {
    if (isStream(ask)) return "never";
    if (ask.method === "GET") return json({ messages: [message(1, "bot", "hello")], state: "bot", person: null, queue_position: null });
    return json({ message: message(2, "customer", "kept"), answer: message(3, "bot", "yes"), state: "bot" }, 201);
  }, storage);
  await second.chat.start();
  await second.calm();
  expect(second.asks.some((one) => one.path === "")).toBe(false);
  expect(second.sent().map((one) => [one.path, one.body.message_key])).toEqual([["/c1/messages", first.sent()[0]!.body.message_key]]);
  expect(second.chat.view.messages.length).toBe(3);
});

test("what the service will not have is told and not sent again; the next goes on", async () => {
  const { chat, calm, sent } = stand((ask) => {
    if (isStream(ask)) return "never";
    if (ask.path === "") return json(opened(), 201);
    return ask.body.text === "bad" ? refused(400, "not this") : json({ message: message(2, "customer", "good"), answer: null, state: "waiting" }, 201);
  });
  chat.send("bad");
  chat.send("good");
  await calm();
  expect(sent().map((one) => one.body.text)).toEqual(["bad", "good"]);
  expect(chat.view.waiting.map((one) => one.refused)).toEqual(["not this"]);
  chat.drop(chat.view.waiting[0]!.message_key);
  expect(chat.view.waiting).toEqual([]);
});

test("too much at once waits as long as it is told to", async () => {
  let n = 0;
  const { chat, calm, pass, waits } = stand((ask) => {
    if (isStream(ask)) return "never";
    if (ask.path === "") return json(opened(), 201);
    n += 1;
    return n === 1 ? refused(429, "slowly", { "retry-after": "7" }) : json({ message: message(2, "customer", "hi"), answer: null, state: "bot" }, 201);
  });
  chat.send("hi");
  await calm();
  expect(waits.some((one) => one.ms === 7_000)).toBe(true);
  await pass(7_000);
  expect(chat.view.waiting).toEqual([]);
});

test("a conversation that is gone is followed by another, with the message and what was read", async () => {
  let n = 0;
  const { chat, calm } = stand((ask) => {
    if (isStream(ask)) return "never";
    if (ask.path === "") return json(opened(`c${(n += 1)}`), 201);
    return ask.path.startsWith("/c1/") ? new Response(JSON.stringify({ error: { code: "conversation", message: "gone" } }), { status: 401 }) : json({ message: message(2, "customer", "hi"), answer: message(3, "bot", "yes"), state: "bot" }, 201);
  });
  await chat.start();
  chat.send("hi");
  await calm();
  expect(chat.view.messages.map((one) => one.text)).toEqual(["hello", "hi", "yes"]);
  expect(chat.view.earlier.map((one) => one.text)).toEqual(["hello"]);
  expect(n).toBe(2);
});

test("a token that has run out makes an unknown customer", async () => {
  const { chat, asks, calm } = stand((ask) => (isStream(ask) ? "never" : ask.body.customer_token ? refused(401, "expired") : json(opened(), 201)), memoryStorage(), { token: "old", product: "P1" });
  await chat.start();
  await calm();
  expect(asks.slice(0, 2).map((one) => one.body)).toEqual([{ lang: "en", channel: "web", page_product_id: "P1", customer_token: "old" }, { lang: "en", channel: "web", page_product_id: "P1" }]);
  expect([chat.view.trouble, chat.view.assistant]).toEqual([null, "Leaf"]);
});

test("a key that is not known is said, and nothing is asked for again", async () => {
  const { chat, asks, calm } = stand(() => refused(401, "no such key"));
  await chat.start();
  await calm();
  expect(chat.view.trouble).toBe("no such key");
  expect(asks.length).toBe(1);
});

/** A stream that says what it is given, and ends when told to. */
function streamOf(): { response: Response; say: (text: string) => void; end: () => void } {
  let out!: ReadableStreamDefaultController<Uint8Array>;
  const body = new ReadableStream<Uint8Array>({ start: (controller) => void (out = controller) });
  return { response: new Response(body), say: (text) => out.enqueue(new TextEncoder().encode(text)), end: () => out.close() };
}

test("a stream that breaks off is taken up after the last message", async () => {
  const streams = [streamOf(), streamOf()];
  let n = 0;
  const { chat, asks, calm, pass } = stand((ask) => (isStream(ask) ? streams[n++]!.response : json(opened(), 201)));
  await chat.start();
  await calm();
  streams[0]!.say(`id: 2\nevent: message\ndata: ${JSON.stringify(message(2, "person", "a"))}\n\nevent: state\ndata: {"state":"person","person":"Li","queue_position":null}\n\n`);
  await calm();
  expect([chat.view.person, chat.view.state, chat.last_seq]).toEqual(["Li", "person", 2]);
  streams[0]!.end();
  await calm();
  await pass(500);
  expect(asks.filter(isStream).map((one) => one.path)).toEqual(["/c1/stream?after=1", "/c1/stream?after=2"]);
  streams[1]!.say("event: typing\ndata: {}\n\n");
  await calm();
  expect(chat.view.is_typing).toBe(true);
  await pass(5_000);
  expect(chat.view.is_typing).toBe(false);
  // Broken data are passed over.
  streams[1]!.say(`event: message\ndata: {"seq":\n\nevent: message\ndata: ${JSON.stringify(message(3, "bot", "b"))}\n\n`);
  await calm();
  expect(chat.view.messages.map((one) => one.text)).toEqual(["hello", "a", "b"]);
});

test("a stream that has fallen silent is left for another", async () => {
  let n = 0;
  const { chat, asks, calm, pass } = stand((ask) => {
    if (!isStream(ask)) return json(opened(), 201);
    n += 1;
    return "never";
  });
  await chat.start();
  await calm();
  await pass(45_000);
  await pass(1_000);
  expect(n).toBe(2);
  chat.deafen();
  await calm();
  await pass(60_000);
  expect(asks.filter(isStream).length).toBe(2);
});

test("what comes back by the stream before the sending is answered is shown once", async () => {
  const stream = streamOf();
  let finish!: (response: Response) => void;
  const late = new Promise<Response>((resolve) => (finish = resolve));
  const { chat, calm } = stand((ask) => (isStream(ask) ? stream.response : ask.path === "" ? json(opened(), 201) : (late as unknown as Response)));
  await chat.start();
  chat.send("hi");
  await calm();
  stream.say(`event: message\ndata: ${JSON.stringify(message(2, "customer", "hi"))}\n\n`);
  await calm();
  expect([chat.view.messages.map((one) => one.text), chat.view.waiting.length]).toEqual([["hello", "hi"], 0]);
  finish(json({ message: message(2, "customer", "hi"), answer: message(3, "bot", "yes"), state: "bot" }, 201));
  await calm();
  expect(chat.view.messages.map((one) => one.text)).toEqual(["hello", "hi", "yes"]);
});

test("what came back by the stream before the page was left is not shown as waiting beside itself by the next", async () => {
  const stream = streamOf();
  const storage = memoryStorage();
  const answer = (ask: Ask): Answer => {
    if (isStream(ask)) return stream.response;
    if (ask.path === "") return json(opened(), 201);
    return ask.method === "GET" ? json({ messages: [message(1, "bot", "hello"), message(2, "customer", "hi")], state: "bot", person: null, queue_position: null }) : "never";
  };
  const before = stand(answer, storage);
  await before.chat.start();
  before.chat.send("hi");
  await before.calm();
  stream.say(`event: message\ndata: ${JSON.stringify(message(2, "customer", "hi"))}\n\n`);
  await before.calm();
  const key = before.asks.at(-1)!.body.message_key;
  const after = stand(answer, storage);
  expect(after.chat.view.waiting).toEqual([]);
  await after.chat.start();
  await after.calm();
  // It is sent again all the same, under its own key: only that tells whether there is an answer.
  expect([after.chat.view.messages.length, after.chat.view.waiting.length, after.asks.filter((one) => one.path === "/c1/messages").map((one) => one.body.message_key)]).toEqual([2, 0, [key]]);
});

test("what came back in a conversation that is gone is said again in the next", async () => {
  const outbox = new Outbox(memoryStorage(), "k");
  for (const key of ["a", "b"]) outbox.add({ message_key: key, text: "same", at: 0 });
  outbox.hear("other");
  outbox.hear("same");
  expect(outbox.items.map((one) => one.heard ?? false)).toEqual([true, false]);
  outbox.hear("same");
  expect(outbox.items.map((one) => one.heard ?? false)).toEqual([true, true]);
  outbox.unhear();
  expect(outbox.items).toEqual([{ message_key: "a", text: "same", at: 0 }, { message_key: "b", text: "same", at: 0 }]);
});

const tokenOf = (sub: string): string => `${btoa(JSON.stringify({ sub, exp: 1 })).replaceAll("+", "-").replaceAll("/", "_")}.signature`;

test("a conversation is shown to whom it belongs: signing in joins it, another customer does not see it", async () => {
  const answer = (ask: Ask): Answer => (isStream(ask) ? "never" : ask.path === "" ? json(opened(), 201) : ask.method === "GET" ? json({ messages: [message(1, "bot", "hello"), message(2, "customer", "mine")], state: "bot", person: null, queue_position: null }) : json({}));
  const storage = memoryStorage();
  const anonymous = stand(answer, storage);
  await anonymous.chat.start();
  const signed = stand(answer, storage, { token: tokenOf("C1") });
  await signed.chat.start();
  expect(signed.asks.filter((one) => one.path === "/c1/identify").length).toBe(1);
  const again = stand(answer, storage, { token: tokenOf("C1") });
  await again.chat.start();
  expect(again.asks.filter((one) => one.path === "/c1/identify").length).toBe(0);
  expect(again.chat.view.messages.length).toBe(2);
  const other = stand(answer, storage, { token: tokenOf("C2") });
  expect(other.chat.has_conversation).toBe(false);
  await other.chat.start();
  expect(other.asks[0]!.path).toBe("");
  other.chat.leave();
  expect([other.chat.has_conversation, other.chat.view.messages.length, other.chat.view.earlier.length]).toEqual([false, 0, 0]);
});

test("whom a token speaks of", () => {
  expect([subOf(tokenOf("C-1")), subOf(null), subOf(""), subOf("%%%.x"), subOf(btoa("[]"))]).toEqual(["C-1", null, null, null, null]);
});
