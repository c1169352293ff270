// Questions as a page changes them, and their rows as a file.
import { expect, test } from "vitest";
import { csv, csvCell, isRemovable, without, withMeasure, type Question, type QuestionAnswer } from "../../src/lib/questions";

const question: Question = {
  measures: ["revenue", "orders"], by: "brand", over: null, filters: [{ field: "category", values: ["a"], excluded: false }, { field: "city", values: ["b"], excluded: false }],
  period: { first: "2026-06-01", last: "2026-06-30" }, compare: "year_before", show: "growth", order: "most", top: 5,
};

test("a part is taken away with what cannot be without it", () => {
  expect(without(question, "measures", 0).measures).toEqual(["orders"]);
  expect(without(question, "filters", 1).filters.map((filter) => filter.field)).toEqual(["category"]);
  const { by, top, order } = without(question, "by", 0);
  expect([by, top, order]).toEqual([null, null, "natural"]);
  const { compare, show } = without(question, "compare", 0);
  expect([compare, show]).toEqual([null, "plain"]);
  expect(without(question, "period", 0).compare).toBeNull();
  expect(question.by).toBe("brand");
  expect(isRemovable({ ...question, measures: ["revenue"] }, "measures")).toBe(false);
});

test("another measure keeps what it is known by", () => {
  const spend = { name: "spend", title: { zh: "", en: "" }, by: ["channel", "city"], is_time: false };
  const changed = withMeasure(question, spend);
  expect(changed.measures).toEqual(["spend"]);
  expect(changed.by).toBeNull();
  expect(changed.filters.map((filter) => filter.field)).toEqual(["city"]);
});

test("no cell of a file is a formula", () => {
  expect(["=1+1", "@x", "-5", "-x", "a,b", 'a"b', "+1"].map(csvCell)).toEqual(["'=1+1", "'@x", "-5", "'-x", '"a,b"', '"a""b"', "'+1"]);
  const both = (text: string): { zh: string; en: string } => ({ zh: text, en: text });
  const answer = {
    heading: both("brand"), columns: [{ name: "revenue", title: both("revenue"), unit: "money" }], compared: both("May"), currency: "CNY",
    rows: [{ label: both("=Korvane"), raw: "=Korvane", at: null, span: null, values: [12_345], before: [null], change: null, share: null }],
  } as unknown as QuestionAnswer;
  const text = csv(answer, (found) => found.en, { before: "before", change: "change", share: "share", total: "", span: "time" });
  expect(text).toBe("\ufeffbrand,revenue (CNY),before,change\r\n'=Korvane,123.45,,\r\n");
});
