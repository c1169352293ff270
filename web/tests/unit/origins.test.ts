// From reasons to the few colours of a bar.
import { expect, test } from "vitest";
import { originOf, partsOf, popularShare, told } from "../../src/lib/origins";
import type { Reason } from "../../src/lib/types";

const reason = (kind: string, share: number, product_id: string | null = null): Reason => ({ kind, text: kind, share, product_id });

test.each([
  ["own_event", "own"],
  ["similar_customers", "others"],
  ["accessory", "product"],
  ["model_popularity", "popular"],
  ["regional", "popular"],
  ["boost", "shop"],
  ["pinned", "shop"],
  ["something new", "shop"],
  ["exploration", "trial"],
])("%s comes from %s", (kind, origin) => expect(originOf(kind)).toBe(origin));

test("parts keep their order and add up", () => {
  const parts = partsOf([reason("popularity", 0.25), reason("own_event", 0.5, "a"), reason("own_event", 0.25, "b")]);
  expect(parts).toEqual([
    { origin: "own", share: 0.75 },
    { origin: "popular", share: 0.25 },
  ]);
});

test("popularity is told once, a rule without a share still, and nothing else without one", () => {
  const lines = told([reason("pinned", 0), reason("model_popularity", 0.5), reason("own_event", 0.4), reason("popularity", 0.1), reason("margin", 0)]);
  expect(lines.map((line) => [line.kind, line.share])).toEqual([["model_popularity", 0.6], ["own_event", 0.4], ["pinned", 0]]);
});

test("the part of popularity is averaged over the list", () => {
  const item = (share: number) => ({ product_id: "x", name: "x", score: 1, reasons: [reason("popularity", share), reason("own_event", 1 - share)] });
  expect(popularShare([item(1), item(0.5)])).toBe(0.75);
  expect(popularShare([])).toBe(0);
});
