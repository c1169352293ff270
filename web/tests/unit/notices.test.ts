// Notices of proactive service: read whole, put in order, and settled one after the other.
import { expect, test } from "vitest";
import { dictionaries } from "../../src/i18n";
import { ApiError } from "../../src/lib/api";
import { each } from "../../src/lib/each";
import { Format } from "../../src/lib/format";
import { byKind, countByKind, factsOf, grouped, mayLeave, newest, NOTICE_KINDS, NOTICES_MAX } from "../../src/lib/notices";
import { choiceIn, matchRoute } from "../../src/lib/router.svelte";
import type { Notice } from "../../src/lib/service";

const notice = (cause: string, kind: string, changes: Partial<Notice> = {}): Notice => ({
  cause, kind, customer_id: "C1", order_id: "A1", day: "2026-11-29", state: "proposed", reason_zh: "", reason_en: "", text_zh: "", text_en: "", evidence_zh: [], evidence_en: [], consent: [], ...changes,
});

test("a kind stands together, the most pressing first, and a new one last", () => {
  const all = [notice("a", "upgrade_due"), notice("b", "recalled"), notice("c", "delivery_late"), notice("d", "price_protection"), notice("e", "delivery_late")];
  expect(byKind(all).map((one) => one.cause)).toEqual(["c", "e", "d", "a", "b"]);
  expect(grouped(byKind(all)).map(({ kind, items }) => [kind, items.length])).toEqual([["delivery_late", 2], ["price_protection", 1], ["upgrade_due", 1], ["recalled", 1]]);
  expect([...countByKind(all)]).toEqual([["delivery_late", 2], ["order_shipped", 0], ["price_protection", 1], ["back_in_stock", 0], ["upgrade_due", 1], ["recalled", 1]]);
  expect([...countByKind([]).values()]).toEqual([0, 0, 0, 0, 0]);
});

test("every kind has its word and its sentence", () => {
  for (const { service } of Object.values(dictionaries)) for (const kind of NOTICE_KINDS) expect(service.proactive.kinds[kind] + service.proactive.kindHelp[kind]).not.toBe("");
});

test("what is held or settled may not leave", () => {
  expect([notice("a", "x"), notice("b", "x", { held: "quiet_hours" }), notice("c", "x", { held: null }), notice("d", "x", { state: "sent" })].map(mayLeave)).toEqual([true, false, true, false]);
});

/** A list of `n` notices, of which `shift` more come in front after each window. */
const listOf = (n: number, shift = 0) => {
  const asked: number[] = [];
  const read = (offset: number, limit: number) => {
    asked.push(offset);
    const first = offset - shift * (asked.length - 1);
    const items = Array.from({ length: Math.max(0, Math.min(limit, n - first)) }, (_, at) => notice(`n${first + at}`, "x"));
    return Promise.resolve({ items, total: n });
  };
  return { asked, read };
};

test("a long list is read window by window, up to a limit, and what moved meanwhile counts once", async () => {
  const short = listOf(3);
  expect((await newest(short.read)).items.length).toBe(3);
  expect(short.asked).toEqual([0]);
  const long = listOf(1_200, 2);
  expect((await newest(long.read)).items.map(({ cause }) => cause)).toEqual(Array.from({ length: 1_200 }, (_, at) => `n${at}`));
  expect(long.asked).toEqual([0, 500, 1_000]);
  const { items, total } = await newest(listOf(9_000).read);
  expect([items.length, total]).toEqual([NOTICES_MAX, 9_000]);
});

test("facts stand in their order, without what stands beside them", () => {
  const order = (field: string, value: string) => ({ source: "order" as const, order_id: "A1", field, value });
  const facts = factsOf([
    { source: "computed", how: "2026-11-25 + 7 days", value: "2026-12-02" }, { source: "computed", how: "today", value: "2026-11-29" }, { source: "policy", name: "returns.price_protection_days", value: "7 days" },
    order("order_id", "A1"), order("unit_price", "8999.00"), { source: "product", product_id: "P1", name: "云雀", field: "price", value: "8399.00" }, order("ordered_at", "2026-11-23"),
    { source: "document", document_id: "d", version: "1", title: "t", text: "passage", start: 0, end: 7 },
  ]);
  expect(facts.map(({ name, value }) => `${name}: ${value}`)).toEqual(["ordered_at: 2026-11-23", "unit_price: 8999.00", "price: 8399.00", "returns.price_protection_days: 7 days", "document: passage", "computed: 2026-11-25 + 7 days = 2026-12-02"]);
});

const failure = (status: number): ApiError => new ApiError(status, { code: "x", message: "x" });

test("one that fails is told and the others go on; without a service nothing more is tried", async () => {
  const steps: number[] = [];
  const tried: string[] = [];
  const act = (failing: Record<string, number>) => (one: string) => {
    tried.push(one);
    return failing[one] === undefined ? Promise.resolve() : Promise.reject(failure(failing[one]));
  };
  const some = await each(["a", "b", "c"], act({ b: 409 }), (n) => steps.push(n));
  expect([some.n_done, some.failed.map(({ one, error }) => `${one} ${error.status}`), steps, tried]).toEqual([2, ["b 409"], [0, 1, 2], ["a", "b", "c"]]);
  for (const status of [0, 401]) {
    tried.length = 0;
    const none = await each(["a", "b", "c"], act({ b: status }), () => undefined);
    expect([none.n_done, none.failed.length, tried]).toEqual([1, 1, ["a", "b"]]);
  }
});

test("today is the shop's day, not the browser's", () => {
  const at = Date.UTC(2026, 10, 29, 23, 30);
  expect(new Format("en", "CNY", "Asia/Shanghai").today(at)).toBe("2026-11-30");
  expect(new Format("zh", "USD", "America/Los_Angeles").today(at)).toBe("2026-11-29");
  expect(new Format("zh", "USD", "Not/There").today(at)).toBe("2026-11-29");
});

test("a choice is read from the address, and what is none of them is not taken", () => {
  const STATES = ["proposed", "sent"] as const;
  expect([choiceIn("?state=sent", "state", STATES, "proposed"), choiceIn("?state=%3Cb%3E", "state", STATES, "proposed"), choiceIn("", "state", STATES, "")]).toEqual(["sent", "proposed", ""]);
  for (const page of ["proactive", "outbox"] as const) expect(matchRoute(`/${page}`)).toEqual({ page });
});
