// The sums behind the plans: curves read between their points, sales put together, bounds in addresses, stages of customers.
import { describe, expect, test } from "vitest";
import { addsUp, boundsIn, boundsText, broughtBy, centsIn, cheaperPays, contributions, cumulated, cutStep, gainOf, HORIZONS, launchFields, launchWanted, moreSold, netOf, nextCoin, numberIn, partText, pastDeniesIntervals, sparedBy, spendable, stageConditions, stageOf, stagesOf, sumOf, usualHorizon, withBound, yearBefore } from "../../src/lib/planning";
import type { Estimate, Point } from "../../src/lib/plans";

const estimate = (value: number, error = 0.1 * value): Estimate => ({ value, low: value - error, high: value + error, level: 0.9 });
const CURVE: Point[] = [[0, 0], [100, 80], [200, 120]].map(([spend_cents, value]) => ({ spend_cents: spend_cents!, value_cents: estimate(value!) }));

test("a spend between two points brings what lies between them, with its interval", () => {
  for (const [spend, low, value, high] of [[0, 0, 0, 0], [50, 36, 40, 44], [100, 72, 80, 88], [150, 90, 100, 110]] as const) {
    const found = broughtBy(CURVE, spend);
    expect(found.value).toBeCloseTo(value, 9);
    expect([found.low, found.high].map((one) => Math.round(one))).toEqual([low, high]);
  }
  expect(broughtBy(CURVE, 900).value).toBe(120);
  expect(broughtBy([], 10).value).toBe(0);
});

test("the next coin brings less and less, and at the end as much as just before it", () => {
  expect(nextCoin(CURVE, 0)).toBeCloseTo(0.8, 9);
  expect(nextCoin(CURVE, 150)).toBeCloseTo(0.4, 9);
  expect(nextCoin(CURVE, 200)).toBeCloseTo(0.4, 9);
  expect(nextCoin(CURVE.slice(0, 1), 0)).toBe(0);
});

test("what was sold is put together without a gap, the largest channel first", () => {
  const week = (sold_cents: number): { day: string; sold_cents: number; fitted_cents: number; baseline_cents: number; from_channels_cents: number[] } => ({ day: "2026-11-23", sold_cents, fitted_cents: 95, baseline_cents: 60, from_channels_cents: [10, 25] });
  const channel = (name: string, value: number): never => ({ channel: name, brought_cents: estimate(value) }) as never;
  const rows = contributions({ weeks: [week(100), week(110)], channels: [channel("sms", 20), channel("search_ads", 50)], baseline_so_far_cents: null });
  expect(rows.map(({ kind, name, value }) => [kind, name, value])).toEqual([["baseline", "", 120], ["channel", "search_ads", 50], ["channel", "sms", 20], ["rest", "", 20], ["total", "", 210]]);
  for (let at = 1; at < rows.length - 1; at += 1) expect(rows[at]!.from).toBe(rows[at - 1]!.to);
  expect([rows[1]!.low, rows[1]!.high]).toEqual([120 + 45, 120 + 55]);
  expect(rows.at(-1)).toMatchObject({ from: 0, to: 210, low: null });
  // The baseline that the text tells is the one that is drawn, and what is left over makes up for the difference.
  const told = contributions({ weeks: [week(100), week(110)], channels: [channel("sms", 20)], baseline_so_far_cents: estimate(130) });
  expect(told.map(({ kind, value }) => [kind, value])).toEqual([["baseline", 130], ["channel", 20], ["rest", 60], ["total", 210]]);
});

test("intervals that the past did not keep are not said to hold", () => {
  const doubt = (kind: string): { caveats: never[] } => ({ caveats: [{ kind, text: { zh: "", en: "" } } as never] });
  expect([doubt("missed_by_more_than_the_interval"), doubt("narrow_intervals"), doubt("not_causal"), { caveats: [] }].map(pastDeniesIntervals)).toEqual([true, true, false, false]);
});

test.each(["", "[]", '[["search",100,null]]', '[["a b",0,250],["渠道",null,9]]'])("bounds survive the address: %s", (text) => expect(boundsText(boundsIn(text))).toBe(text === "[]" ? "" : text));
test.each(["nonsense", "{}", "[1]", '[["x",null,null]]', '[["x",-5,"9"]]', '[[7,1,2]]'])("what is no bound is none: %s", (text) => expect(boundsIn(text)).toEqual([]));

test("one end of a bound is set and taken away", () => {
  const one = withBound([], "sms", "floor_cents", 100);
  const two = withBound(one, "sms", "ceiling_cents", 900);
  expect(two).toEqual([{ channel: "sms", floor_cents: 100, ceiling_cents: 900 }]);
  expect(withBound(withBound(two, "sms", "floor_cents", null), "sms", "ceiling_cents", null)).toEqual([]);
});

test("bounds say what can be spent in all", () => {
  expect(spendable([{ floor_cents: 0, ceiling_cents: 100 }, { floor_cents: 20, ceiling_cents: 50 }])).toEqual({ least: 20, most: 150 });
  expect(spendable([])).toEqual({ least: 0, most: 0 });
});

test.each([["", null], ["880000", 88_000_000], ["1,200.50", 120_050], ["12，000", 1_200_000], ["ten", NaN], ["-5", NaN], ["1.234", NaN]])("an amount typed: %s", (text, cents) => expect(centsIn(text)).toBe(cents));
test.each([["5", 5], ["0", null], ["", null], ["1e3", null], ["x", null]])("a number from 1 to 100: %s", (text, value) => expect(numberIn(text, 1, 100)).toBe(value));

test("the same time a year before is found where the past reaches back so far", () => {
  const past = Array.from({ length: 14 }, (_, at) => at);
  expect(yearBefore({ past, mean: [0, 0, 0] }, "month")).toBe(2 + 3 + 4);
  expect(yearBefore({ past: past.slice(3), mean: [0] }, "month")).toBeNull();
  expect(yearBefore({ past, mean: Array.from({ length: 13 }, () => 0) }, "month")).toBeNull();
  expect(yearBefore({ past, mean: [0] }, "week")).toBeNull();
  expect(sumOf([])).toBe(0);
});

test("parts that add up, and horizons of each period", () => {
  expect([addsUp("orders", "brand"), addsUp("orders", "store"), addsUp("units", "brand")]).toEqual([false, true, true]);
  for (const period of ["day", "week", "month"] as const) expect(HORIZONS[period]).toContain(usualHorizon(period));
  expect([partText(""), partText("Fjell")]).toEqual(["-", "Fjell"]);
});

test("how much smaller errors were", () => {
  expect(gainOf({ mase: 0.8, naive_mase: 1 })).toBeCloseTo(0.2, 9);
  expect(gainOf({ mase: 1.2, naive_mase: 1 })).toBeCloseTo(-0.2, 9);
  expect(gainOf({ mase: 0.8, naive_mase: 0 })).toBeNull();
  expect([sparedBy(0.5), sparedBy(1), sparedBy(0)]).toEqual([2, 1, 1]);
});

test("every customer is in one stage, and the audience of a stage asks for those in it", () => {
  const bands = Array.from({ length: 10 }, (_, at) => ({ alive_from: at / 10, n_customers: 1, purchases: at, value_cents: 10 * at }));
  const stages = stagesOf(bands);
  expect([stages.gone.n_customers, stages.unsure.n_customers, stages.there.n_customers]).toEqual([3, 4, 3]);
  expect(stages.there).toEqual({ n_customers: 3, purchases: 7 + 8 + 9, value_cents: 240 });
  expect([0, 0.29, 0.3, 0.69, 0.7, 0.1 + 0.2, 1].map(stageOf)).toEqual(["gone", "gone", "unsure", "unsure", "there", "unsure", "there"]);
  expect(stageConditions("gone")).toEqual({ all: [{ field: "alive", op: "<", value: 0.3 }] });
  expect(stageConditions("unsure", 5_000)).toEqual({ all: [{ field: "alive", op: ">=", value: 0.3 }, { field: "alive", op: "<", value: 0.7 }, { field: "value_cents", op: ">=", value: 5_000 }] });
  expect(stageConditions("there")).toEqual({ all: [{ field: "alive", op: ">=", value: 0.7 }] });
});

test("whether a lower price brings more revenue is said by the whole interval", () => {
  expect([cheaperPays({ low: -2.4, high: -1.3 }), cheaperPays({ low: -0.8, high: -0.1 }), cheaperPays({ low: -1.4, high: -0.7 })]).toEqual(["yes", "no", "open"]);
  expect(moreSold(-2, 0.1)).toBeCloseTo(1 / 0.81 - 1, 12);
  expect(moreSold(-2, 0)).toBe(0);
  expect([100, 80, 60, 40, 120].map((price) => cutStep(price, 100, 60))).toEqual([0, 5, 9, 9, 0]);
  expect(cutStep(100, 100, 100)).toBe(0);
});

test("what is left after cost keeps its interval's width", () => {
  expect(netOf({ incremental_cents: { value: 100, low: 40, high: 160, level: 0.95 }, cost_cents: 70 })).toEqual({ value: 30, low: -30, high: 90, level: 0.95 });
  expect(netOf({ incremental_cents: null, cost_cents: 70 })).toBeNull();
});

describe("a launch", () => {
  const asked = (params: Record<string, string>) => (name: string): string => params[name] ?? "";

  test("is summed up week by week", () => {
    expect(cumulated([3, 0, 2])).toEqual([3, 3, 5]);
    expect(cumulated([])).toEqual([]);
  });

  test("is asked for by its product, or as it is planned", () => {
    expect(launchWanted(asked({}))).toBeNull();
    expect(launchWanted(asked({ category: "Phones" }))).toBeNull();
    expect(launchWanted(asked({ product: "p1", stock: "40", salvage: "45" }))).toEqual({ product_id: "p1", price_cents: undefined, stock: 40, preorders: undefined, weeks: 26, salvage: 0.45 });
    expect(launchWanted(asked({ category: "Phones", launch: "2027-01-15", price: "4999.5", weeks: "13" }))).toMatchObject({ category: "Phones", brand: undefined, launch_on: "2027-01-15", price_cents: 499_950, weeks: 13 });
  });

  test("has fields that may be empty, and none that cannot be", () => {
    expect(launchFields(asked({}))).toEqual({ price: undefined, stock: undefined, preorders: undefined, weeks: 26, salvage: undefined });
    expect(launchFields(asked({ price: "0", stock: "1.5", preorders: "-1", weeks: "53", salvage: "96" }))).toEqual({ price: null, stock: null, preorders: null, weeks: null, salvage: null });
  });
});
