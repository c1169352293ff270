// Texts in pieces by code points, conditions in the address, bars, months, and the table that compares products.
import { expect, test } from "vitest";
import { barsOf, choosing, compareRows, cutOut, filledMonths, idsIn, labelsThatFit, largestOf, nearestPoint, piecesOf, queryPieces, runsOf, toggled } from "../../src/lib/language";
import type { Aspect, Mention, OpinionPage, ReadCondition } from "../../src/lib/types";
import { matchRoute, opinionPath } from "../../src/lib/router.svelte";

const aspect = (key: string, positive: number, negative: number, mixed = 0, more: Partial<Aspect> = {}): Aspect => {
  const judged = positive + negative + mixed;
  const share = judged === 0 ? 0 : (positive + mixed / 2) / judged;
  return { key, label: { zh: `${key}面`, en: key }, n: judged, positive, negative, mixed, share_positive: share, low: Math.max(0, share - 0.1), high: Math.min(1, share + 0.1), others: null, over_time: [], quotes: [], ...more };
};

const page = (id: string, aspects: Aspect[]): OpinionPage => ({ product_id: id, name: id, brand: null, category: null, n_reviews: 9, n_mentions: 9, stars_mean: null, share_positive: 0.5, aspects, neighbours: [], over_time: [], summary: { zh: "无", en: "none" } });

test("pieces count characters, not UTF-16 units", () => {
  expect(piecesOf("👍🏽屏幕好", [{ start: 2, end: 4 }])).toEqual([{ text: "👍🏽", on: false }, { text: "屏幕", on: true }, { text: "好", on: false }]);
  expect(cutOut("a👍b", 1, 2)).toBe("👍");
});

test("marks that overlap, touch or reach beyond the text", () => {
  expect(piecesOf("abcdef", [{ start: 1, end: 3 }, { start: 2, end: 4 }, { start: 5, end: 99 }])).toEqual([
    { text: "a", on: false }, { text: "bcd", on: true }, { text: "e", on: false }, { text: "f", on: true },
  ]);
  expect(piecesOf("", [{ start: 0, end: 3 }])).toEqual([]);
  expect(piecesOf("ab", [])).toEqual([{ text: "ab", on: false }]);
});

test("a query shows where its conditions came from", () => {
  const price: ReadCondition = { id: "price@0-10", attribute: "price", label: { zh: "价格", en: "price" }, is_soft: false, start: 0, end: 7 };
  const unplaced: ReadCondition = { ...price, id: "x", start: null, end: null };
  const pieces = queryPieces("5000元以下 轻薄本", [unplaced, price]);
  expect(pieces.map((piece) => [piece.text, piece.filter?.id ?? null])).toEqual([["5000元以下", "price@0-10"], [" 轻薄本", null]]);
});

test("runs carry weight and mention together", () => {
  const mention: Mention = { aspect: "screen", label: { zh: "屏幕", en: "Screen" }, polarity: "positive", confidence: 0.9, start: 1, end: 5, term_start: 1, term_end: 3 };
  const runs = runsOf("😀屏幕很好。", [{ start: 4, end: 5, weight: 2 }, { start: 5, end: 6, weight: -0.1 }], [mention]);
  expect(runs.map((run) => [run.text, run.level, run.mention !== null, run.term])).toEqual([
    ["😀", 0, false, false], ["屏幕", 0, true, true], ["很", 0, true, false], ["好", 3, true, false], ["。", 0, false, false],
  ]);
  expect(runsOf("abc", [], [])).toEqual([{ text: "abc", level: 0, mention: null, term: false }]);
});

test("what was taken away and what was chosen, in the address", () => {
  expect(toggled("", "price@0-7", ",")).toBe("price@0-7");
  expect(toggled("price@0-7,brand@8-12", "price@0-7", ",")).toBe("brand@8-12");
  expect(choosing("", "brand", "青禾")).toBe("brand:青禾");
  expect(choosing("brand:青禾|memory:16 GB", "brand", "云雀")).toBe("memory:16 GB|brand:云雀");
  expect(choosing("brand:青禾|memory:16 GB", "brand", "青禾")).toBe("memory:16 GB");
});

test("ids in the address survive commas and nonsense", () => {
  expect(idsIn(["a,b", "SKU/004 β"].map(encodeURIComponent).join(","), 3)).toEqual(["a,b", "SKU/004 β"]);
  expect(idsIn("%E0%A4%A,x,x,y,z", 3)).toEqual(["%E0%A4%A", "x", "y"]);
});

test("bars end where the share of praise says", () => {
  const screen = aspect("screen", 6, 2, 2, { others: { share_positive: 0.5, n: 40, difference: 0.2, low: 0, high: 0.4, stands_out: "better" } });
  expect(barsOf(screen, "shares", 0)).toMatchObject({ positive: 0.6, mixed: 0.1, negative: 0.2, others: 0.5 });
  expect(barsOf(screen, "counts", largestOf([screen, aspect("price", 14, 1)]))).toMatchObject({ positive: 6 / 14, others: 5 / 14 });
  expect(barsOf(aspect("noise", 0, 0), "shares", 1)).toMatchObject({ positive: 0, negative: 0, others: null });
});

test("months without remarks are filled in, across years", () => {
  const months = filledMonths([{ month: "2026-02", positive: 1, negative: 0 }, { month: "2025-11", positive: 2, negative: 3 }]);
  expect(months.map((month) => month.month)).toEqual(["2025-11", "2025-12", "2026-01", "2026-02"]);
  expect(months[1]).toEqual({ month: "2025-12", positive: 0, negative: 0 });
  expect(filledMonths([])).toEqual([]);
  expect(filledMonths([{ month: "0001-01", positive: 1, negative: 0 }, { month: "2026-01", positive: 1, negative: 0 }]).length).toBe(600);
});

test("products side by side, and who is clearly ahead", () => {
  const rows = compareRows([page("a", [aspect("screen", 9, 1), aspect("price", 5, 5)]), page("b", [aspect("price", 6, 4), aspect("screen", 2, 8), aspect("noise", 0, 0)])]);
  expect(rows.map((row) => [row.key, row.best])).toEqual([["price", null], ["screen", 0]]);
  expect(compareRows([page("a", [aspect("screen", 9, 1)])])[0]?.best).toBe(null);
  expect(compareRows([page("a", []), page("b", [aspect("heat", 0, 3)])])[0]).toMatchObject({ cells: [null, { share: 0, n: 3 }], best: null });
});

test("labels never cover each other, and turn left at the border", () => {
  const width = (word: string): number => word.length * 10;
  const frame = { width: 200, height: 100 };
  const labels = labelsThatFit([{ word: "first", x: 50, y: 50, radius: 4 }, { word: "hidden", x: 55, y: 55, radius: 4 }, { word: "edge", x: 190, y: 50, radius: 4 }], width, frame, 14);
  expect(labels.map((label) => [label.word, label.left])).toEqual([["first", false], ["edge", true]]);
});

test("the nearest point within reach", () => {
  expect(nearestPoint([{ x: 0, y: 0 }, { x: 10, y: 0 }], 8, 0, 5)).toEqual({ x: 10, y: 0 });
  expect(nearestPoint([{ x: 0, y: 0 }], 8, 0, 5)).toBe(null);
});

test("addresses of opinions", () => {
  expect(matchRoute("/opinions")).toEqual({ page: "opinions" });
  expect(matchRoute(opinionPath("SKU/004 β"))).toEqual({ page: "opinion", id: "SKU/004 β" });
  for (const name of ["search", "words", "analyse"]) expect(matchRoute(`/${name}`)).toEqual({ page: name });
  expect(matchRoute("/words/x")).toEqual({ page: "missing", path: "/words/x" });
});
