// The desk's order, small texts of customer service, and the addresses of its pages.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { matchRoute } from "../../src/lib/router.svelte";
import { detailOf, inLang, inOrder, linesOf, newId, widgetTag, type ConversationRow } from "../../src/lib/service";

const row = (conversation_id: string, changes: Partial<ConversationRow>): ConversationRow => ({
  conversation_id, state: "bot", channel: "web", lang: "zh", customer_id: null, skill: null, priority: 0, reason: null, last_text: "", last_at: 0, opened_at: 0, waiting_since: null, agent: null, n_messages: 1, anger: 0, rating: null, ...changes,
});

test("those who wait stand first: the most urgent, then the longest waiting", () => {
  const rows = [row("old", { last_at: 1 }), row("new", { last_at: 9 }), row("mine", { state: "person", last_at: 2 }), row("late", { state: "waiting", waiting_since: 5 }), row("early", { state: "waiting", waiting_since: 3 }), row("angry", { state: "waiting", waiting_since: 8, priority: 3 }), row("closed", { state: "closed", last_at: 5 })];
  expect(inOrder(rows).map((one) => one.conversation_id)).toEqual(["angry", "early", "late", "mine", "new", "closed", "old"]);
});

test("lines, languages and details", () => {
  expect(linesOf(" a \n\nb\na\r\n")).toEqual(["a", "b"]);
  expect([inLang("zh", "甲", "a"), inLang("en", "甲", ""), inLang("zh", "", "a")]).toEqual(["甲", "甲", "a"]);
  expect(detailOf({ kind: "product", range: { start: 0, end: 1 }, candidates: ["P1"], text: "云雀", brand: null })).toBe('candidates ["P1"] · text 云雀');
  expect(newId()).toMatch(/^[0-9a-f]{16}$/);
  expect(newId()).not.toBe(newId());
  expect(widgetTag("https://shop.example")).toContain('src="https://shop.example/widget.js"');
});

test("the pages have their addresses", () => {
  for (const page of ["desk", "service", "unanswered", "cases", "answers", "try"] as const) expect(matchRoute(`/${page}`)).toEqual({ page });
  expect(matchRoute("/desk/x").page).toBe("missing");
});

test("what the widget is made of cannot turn text into markup", () => {
  for (const name of ["main", "view", "blocks", "dom", "chat", "reply", "outbox", "sse"]) {
    const source = readFileSync(new URL(`../../widget/${name}.ts`, import.meta.url), "utf8");
    expect(source.match(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc|eval\(|new Function/g), name).toBe(null);
  }
});
