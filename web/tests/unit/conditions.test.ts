// Conditions of audiences: editing the tree, what is sent, and the sentence it means in both languages.
import { expect, test } from "vitest";
import { dictionaries } from "../../src/i18n";
import {
  addTo, conditionOf, countNodes, depthOf, edit, editable, isComplete, leavesOf, newAudience, newDid, newGroup, newRecommended, newTaste, readCondition, remove, sentence, valueFor,
  type Leaf,
} from "../../src/lib/conditions";
import { Format, type Lang } from "../../src/lib/format";
import type { AudienceFields, Condition } from "../../src/lib/types";

const bought: Condition = { did: "bought", what: { category: "Computers/Laptops" }, within_days: 180, at_least: 2, at_most: null };
const region: Condition = { field: "region", op: "in", value: ["east", "north"] };
const spent: Condition = { field: "spent_cents", op: "between", value: [100_00, 500_00] };
const tree: Condition = { all: [bought, { not: { any: [{ audience: "a-1" }, { field: "city", op: "is missing" }] } }, { any: [region, spent] }] };

test("a tree to edit and back is the same tree", () => {
  expect(conditionOf(editable(tree))).toEqual(tree);
  expect(depthOf(editable(tree))).toBe(3);
  expect(countNodes(editable(tree))).toBe(8);
});

test("a root that is no group becomes one, and a single negation a group of none", () => {
  expect(conditionOf(editable(bought))).toEqual({ all: [bought] });
  expect(conditionOf(editable({ not: region }))).toEqual({ not: { any: [region] } });
  expect(conditionOf(editable({ not: { all: [region, spent] } }))).toEqual({ not: { any: [{ all: [region, spent] }] } });
});

test("empty groups mean nothing and are not sent", () => {
  expect(conditionOf(editable(null))).toBeNull();
  expect(conditionOf(newGroup("all", [newGroup("any"), newGroup("none", [newGroup("all")])]))).toBeNull();
  expect(conditionOf(newGroup("all", [newGroup("any"), newAudience("a")]))).toEqual({ all: [{ audience: "a" }] });
});

test("editing answers with another tree and leaves the old one alone", () => {
  const root = editable(tree);
  const before = JSON.stringify(root);
  const inner = root.children[2]!;
  const more = addTo(root, inner.id, newAudience("a-9"));
  expect(conditionOf(more)).toEqual({ all: [...(tree as { all: Condition[] }).all.slice(0, 2), { any: [region, spent, { audience: "a-9" }] }] });
  expect(conditionOf(remove(more, root.children[0]!.id))).toEqual({ all: (conditionOf(more) as { all: Condition[] }).all.slice(1) });
  expect(conditionOf(edit(root, inner.id, (node) => (node.kind === "group" ? { ...node, mode: "none" } : node)))).toMatchObject({ all: [bought, {}, { not: { any: [region, spent] } }] });
  expect(remove(root, root.id)).toBe(root);
  expect(JSON.stringify(root)).toBe(before);
});

const field = (op: string, value: unknown): Leaf => ({ id: 1, kind: "field", field: "x", op, value }) as Leaf;
test.each([
  [field("=", ""), false],
  [field("=", 0), true],
  [field("=", false), true],
  [field("in", []), false],
  [field("in", ["a"]), true],
  [field("is there", null), true],
  [field("between", [1]), false],
  [field("between", [5, 1]), false],
  [field("between", [1, 5]), true],
  [newAudience(), false],
  [newDid(), true],
  [{ ...newDid(), at_least: 3, at_most: 2 }, false],
  [{ ...newDid(), within_days: 0 }, false],
  [{ ...newDid(), what: { price_min_cents: 5, price_max_cents: 1 } }, false],
])("%o is complete: %s", (leaf, complete) => expect(isComplete(leaf as Leaf)).toBe(complete));

test("another operator keeps what it can of the value", () => {
  expect([valueFor("in", "a"), valueFor("=", ["a", "b"]), valueFor("between", [1, 2, 3]), valueFor("is there", 3), valueFor("=", [])]).toEqual([["a"], "a", [1, 2], null, null]);
});

test("conditions from outside are believed only if they are some", () => {
  expect(readCondition(JSON.parse(JSON.stringify(tree)))).toEqual(tree);
  for (const bad of [null, 3, "x", [], {}, { all: 3 }, { all: [{}] }, { not: null }, { field: 1, op: "=" }]) expect(readCondition(bad)).toBeNull();
  let deep: unknown = region;
  for (let at = 0; at < 20; at += 1) deep = { not: deep };
  expect(readCondition(deep)).toBeNull();
});

const fields: AudienceFields = {
  fields: [
    { name: "region", label: { zh: "地区", en: "Region" }, kind: "choice", operators: ["in"], choices: [{ value: "east", label: { zh: "华东", en: "East" } }, { value: "north", label: { zh: "华北", en: "North" } }] },
    { name: "spent_cents", label: { zh: "累计消费", en: "Total spent" }, kind: "money", operators: ["between"] },
    { name: "city", label: { zh: "城市", en: "City" }, kind: "text", operators: ["is missing"] },
  ],
  behaviours: [{ kind: "bought", label: { zh: "购买了", en: "bought" } }],
  segments: [], audiences: [{ id: "a-1", name: "VIP", kind: "rules" }], channels: [], categories: [], brands: [], recommended: null, tastes: null,
};
const say = (condition: Condition, lang: Lang): string => sentence(condition, { t: dictionaries[lang], lang, format: new Format(lang, "CNY", "UTC"), fields });

test("a condition as a sentence", () => {
  expect(say(tree, "en")).toBe("bought Computers › Laptops in the last 180 days at least 2 times; and not: (is in the audience “VIP”, or City is not known); and (Region is one of East or North, or Total spent is between ¥100.00 and ¥500.00)");
  expect(say(tree, "zh")).toBe("最近 180 天内 购买了 Computers › Laptops 至少 2 次；并且不符合：（属于人群“VIP”，或者城市 未知）；并且（地区 是其中之一 华东 或 华北，或者累计消费 在 ¥100.00 与 ¥500.00 之间）");
});

test("what the service may add later is still said", () => {
  expect(say({ field: "new_field", op: "~", value: 3 }, "en")).toBe("new_field ~ 3");
  expect(say({ did: "bought", what: {}, within_days: null, at_least: 0, at_most: 0 }, "en")).toBe("bought anything not once");
  expect(say({ audience: 7 }, "zh")).toBe("属于人群“7”");
});

test("tastes are read, sent and said", () => {
  const taste: Condition = { taste: { category: "Computers/Laptops" }, at_least: 0.6 };
  expect(conditionOf(editable(taste))).toEqual({ all: [taste] });
  expect(readCondition(JSON.parse(JSON.stringify(taste)))).toEqual(taste);
  expect(say(taste, "en")).toBe("is drawn to Computers › Laptops by 0.60 or more");
  expect(say({ taste: { brand: "Acme" } }, "zh")).toBe("对 Acme 的偏好度不低于 0.50");
  expect([newTaste(), newTaste("brand", "Acme"), newTaste("brand", "Acme", 0.1)].map(isComplete)).toEqual([false, true, false]);
  expect(conditionOf(editable({ taste: { brand: "Acme" } }))).toEqual({ all: [{ taste: { brand: "Acme" }, at_least: 0.5 }] });
});

test("recommendations and likeness are read, sent and said", () => {
  const next: Condition = { recommended: { category: "Phones", brand: "Acme" }, within_first: 3 };
  const alike: Condition = { audience: "a-1", score_min: 0.25 };
  const both: Condition = { all: [next, alike] };
  expect(conditionOf(editable(both))).toEqual(both);
  expect(readCondition(JSON.parse(JSON.stringify(both)))).toEqual(both);
  expect(say(both, "en")).toBe("would be recommended Acme, Phones among the first 3; and is in the audience “VIP” with a likeness of 0.25 or more");
  expect(say(next, "zh")).toBe("推荐列表前 3 位中有 Acme、Phones");
  expect(isComplete(newRecommended())).toBe(false);
  expect(isComplete(newRecommended({ product: "p1" }))).toBe(true);
  expect(isComplete(newRecommended({ product: "p1" }, 11))).toBe(false);
});

test("leaves in order", () => expect(leavesOf(editable(tree)).map((leaf) => leaf.kind)).toEqual(["did", "audience", "field", "field", "field"]));
