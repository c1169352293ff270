// How paragraphs of decisions are cut at their figures, and figures shown in their units.
import { expect, test } from "vitest";
import { customersOf, piecesOf, valueText } from "../../src/lib/decisions";
import { Format } from "../../src/lib/format";

test("a paragraph is cut at its figures, and what is none stays as it is written", () => {
  expect(piecesOf("These {0} customers bring {1}.", 2)).toEqual([{ words: "These " }, { figure: 0 }, { words: " customers bring " }, { figure: 1 }, { words: "." }]);
  expect(piecesOf("{0}", 1)).toEqual([{ figure: 0 }]);
  expect(piecesOf("{3} and {name} and {", 2)).toEqual([{ words: "{3}" }, { words: " and {name} and {" }]);
  expect(piecesOf("", 0)).toEqual([]);
});

test("figures are shown in their units", () => {
  const format = new Format("en", "CNY", "UTC");
  expect(valueText(0.068, "share", format)).toBe("6.8%");
  expect(valueText(1639.6, "count", format)).toBe("1,640");
  expect(valueText(0.0004, "number", format)).toBe("0.0004");
  expect(valueText(0.000_000_2, "number", format)).toBe("< 0.0001");
  expect(valueText(123_400, "money", format)).toContain("1,234");
});

test("an id of any characters is one part of the address", () => {
  expect(customersOf("markdown.A/7 %.2026-06-30")).toBe("/v1/decisions/markdown.A%2F7%20%25.2026-06-30/customers");
});
