// Aggregation for charts, cards to forms, and the order of metrics.
import { expect, test } from "vitest";
import { aggregate, bucketOf, compareLast, daySpan, grainFor, lastDays, sumByName, waterfall } from "../../src/charts/series";
import { errorFrom, queryText } from "../../src/lib/api";
import { problemIn, settingsOf } from "../../src/lib/cards";
import { lowerIsBetter, metricsOf, sortMetrics, viewsOf } from "../../src/lib/metrics";
import type { Card, Param } from "../../src/lib/types";

const point = (day: string, n_orders: number) => ({ day, n_orders, revenue_cents: n_orders * 100 });

test.each([
  ["2026-11-23", "week", "2026-11-23"],
  ["2026-11-29", "week", "2026-11-23"],
  ["1969-12-31", "week", "1969-12-29"],
  ["2026-11-23", "month", "2026-11-01"],
  ["2026-11-23", "day", "2026-11-23"],
] as const)("bucket of %s by %s", (day, grain, expected) => expect(bucketOf(day, grain)).toBe(expected));

test("sums keep the total, fill gaps and stay in order", () => {
  const points = [point("2026-01-05", 3), point("2026-01-01", 1), point("2026-03-01", 5)];
  expect(aggregate(points, "month").map((one) => [one.day, one.n_orders])).toEqual([
    ["2026-01-01", 4],
    ["2026-02-01", 0],
    ["2026-03-01", 5],
  ]);
  for (const grain of ["day", "week", "month"] as const) {
    expect(aggregate(points, grain).reduce((sum, one) => sum + one.revenue_cents, 0)).toBe(900);
  }
  expect(aggregate([], "day")).toEqual([]);
});

test("spans count both ends", () => {
  expect(daySpan([])).toBe(0);
  expect(daySpan([point("2026-03-01", 1), point("2026-02-28", 1)])).toBe(2);
});

test("the last days are those of the data, not of the clock", () => {
  const points = ["2021-02-18", "2021-02-19", "2021-02-20"].map((day) => point(day, 1));
  expect(lastDays(points, 2).map((one) => one.day)).toEqual(["2021-02-19", "2021-02-20"]);
  expect(compareLast([point("2021-02-18", 2), point("2021-02-19", 3)], 1)).toEqual({
    revenue_cents: 300,
    n_orders: 3,
    revenueChange: 0.5,
    ordersChange: 0.5,
  });
  expect(compareLast([point("2021-02-19", 3)], 1).ordersChange).toBeNull();
});

test.each([
  [30, "day"],
  [365, "week"],
  [1800, "month"],
])("%i days are shown by %s", (n_days, grain) => expect(grainFor(n_days)).toBe(grain));

test("a waterfall ends at the sum, however many terms there are", () => {
  const terms = Array.from({ length: 15 }, (_, at) => ({ name: `t${at}`, value: at % 2 ? -at : at + 0.5 }));
  const steps = waterfall(terms, "other", 9);
  expect(steps).toHaveLength(9);
  expect(steps.at(-1)?.name).toBe("other");
  expect(steps.at(-1)?.to).toBeCloseTo(terms.reduce((sum, term) => sum + term.value, 0), 9);
  steps.slice(1).forEach((step, at) => expect(step.from).toBe(steps[at]?.to));
  expect(waterfall([{ name: "zero", value: 0 }], "other")).toEqual([]);
});

test("terms of one name are one step", () => {
  const terms = [
    { name: "own_event", value: 0.25 },
    { name: "stock", value: 0 },
    { name: "own_event", value: 0.5 },
  ];
  expect(sumByName(terms)).toEqual([
    { name: "own_event", value: 0.75 },
    { name: "stock", value: 0 },
  ]);
  expect(waterfall(terms, "other")).toEqual([{ name: "own_event", value: 0.75, from: 0, to: 0.75 }]);
});

const int: Param = { name: "k", sentence: "", unit: "", kind: { type: "int", min: 1, max: 9, default: 3 } };
const float: Param = { name: "l2", sentence: "", unit: "", kind: { type: "float", min: 0, max: 10, default: 0.5 } };
const bool: Param = { name: "bias", sentence: "", unit: "", kind: { type: "bool", default: false } };

test.each([
  [int, "5", true],
  [int, "0", false],
  [int, "2.5", false],
  [int, "", false],
  [int, "many", false],
  [float, "1e-3", true],
  [float, "Infinity", false],
  [float, "-1", false],
  [int, undefined, true],
])("%o takes %s: %s", (param, text, good) => expect(problemIn(param, text) === null).toBe(good));

test("only changed settings are sent, with their types", () => {
  const card: Card = { name: "x", sentence: "", family: "", params: [int, float, bool] };
  expect(settingsOf(card, { k: "3", l2: "2", bias: "true" })).toEqual({ l2: 2, bias: true });
  expect(settingsOf(card, {})).toEqual({});
});

test("metrics in telling order", () => {
  expect(sortMetrics(["rmse", "coverage", "recall@20", "recall@10", "other", "ndcg@10"])).toEqual([
    "ndcg@10",
    "recall@10",
    "recall@20",
    "coverage",
    "rmse",
    "other",
  ]);
  expect([lowerIsBetter("rmse"), lowerIsBetter("ndcg@10")]).toEqual([true, false]);
});

test("queries leave out what is not set", () => {
  expect(queryText({ a: "1", b: "", c: null, d: undefined, e: false, f: 0 })).toBe("?a=1&f=0");
  expect(queryText({})).toBe("");
});

test("an error that is not the API's still says something", async () => {
  const ours = await errorFrom(Response.json({ error: { code: "c", message: "m", help: "h" } }, { status: 409 }));
  expect([ours.status, ours.body.code, ours.body.help]).toEqual([409, "c", "h"]);
  const proxy = await errorFrom(new Response("<html>", { status: 502 }));
  expect([proxy.status, proxy.body.message]).toEqual([502, "HTTP 502"]);
});

const RANKING = ["ndcg@10", "recall@10", "hit_rate@10", "map@10", "mrr@10", "precision@10", "coverage@10", "novelty@10", "gini@10"];

test.each([
  [RANKING, ["headlines", "hits", "order", "variety", "all"]],
  [["rmse", "mae"], ["all"]],
  [["rmse", "mae", "ndcg@5", "coverage@5", "other"], ["headlines", "order", "variety", "ratings", "all"]],
  [["a", "b", "c", "d", "e"], ["all"]],
])("views of %j", (names, expected) => expect(viewsOf(names)).toEqual(expected));

test("every metric is in one group, and a view is narrow", () => {
  const groups = (["hits", "order", "variety", "ratings"] as const).flatMap((view) => metricsOf(view, RANKING));
  expect([...groups].sort()).toEqual([...RANKING].sort());
  expect(metricsOf("headlines", RANKING)).toEqual(["ndcg@10", "recall@10", "hit_rate@10", "coverage@10"]);
  expect(metricsOf("all", [...RANKING, "other"])).toEqual([...RANKING, "other"]);
});
