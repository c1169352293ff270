// The map's coordinates, the tree's layout, flows, and the figures of groups in words.
import { expect, test } from "vitest";
import { flowsOf, regrouping, sankeyData } from "../../src/charts/flow";
import { held, MAX_ZOOM, moved, packed, rgbOf, SPAN, spread, toMap, toScreen, WHOLE, zoomed } from "../../src/charts/map";
import { layoutTree } from "../../src/charts/tree";
import { averageRetention, colorsIn, colorsOf, firmnessOfGroup, firmnessOfGrouping, groupClass, heatStep, liftReach, listedClass, N_GROUP_COLORS, newAudiencePath, stepOf, stepPath, textIn, trendOf } from "../../src/lib/groups";

const [W, H] = [800, 500];

test.each([[0, 0], [SPAN, SPAN], [12_345, 54_321]])("a place of the map comes back: %i, %i", (x, y) => {
  for (const view of [WHOLE, { x: 0.3, y: 0.6, zoom: 7 }]) {
    const [px, py] = toScreen(view, W, H, x, y);
    expect(toMap(view, W, H, px, py)).toEqual([x, y]);
  }
});

test("the whole map is inside the frame, higher is further up, and nothing is beyond it", () => {
  const [left, bottom] = toScreen(WHOLE, W, H, 0, 0);
  const [right, top] = toScreen(WHOLE, W, H, SPAN, SPAN);
  expect([left > 0, right < W, top > 0, bottom < H, top < bottom]).toEqual([true, true, true, true, true]);
  expect(toMap(WHOLE, W, H, -500, 5000)).toEqual([0, 0]);
});

test("enlarging keeps what is under the pointer there, within limits", () => {
  const before = toMap(WHOLE, W, H, 300, 200);
  const near = zoomed(WHOLE, 3, W, H, 300, 200);
  const [px, py] = toScreen(near, W, H, ...before);
  expect([Math.round(px), Math.round(py)]).toEqual([300, 200]);
  expect(zoomed(WHOLE, 1e9, W, H, 1, 1).zoom).toBe(MAX_ZOOM);
  expect(zoomed(near, 1e-9, W, H, 1, 1)).toEqual(WHOLE);
});

test("a drag moves by what it travelled and cannot leave the map", () => {
  const near = { x: 0.5, y: 0.5, zoom: 10 };
  const after = moved(near, W, H, 40, -25);
  const [x1, y1] = toScreen(near, W, H, 30_000, 30_000);
  const [x2, y2] = toScreen(after, W, H, 30_000, 30_000);
  expect([x2 - x1, y2 - y1]).toEqual([expect.closeTo(40, 6), expect.closeTo(-25, 6)]);
  expect(held({ x: 9, y: -9, zoom: 2 })).toEqual({ x: 0.75, y: 0.25, zoom: 2 });
});

test("points are packed three numbers each; columns of unequal length end with the shortest", () => {
  expect([...packed([1, SPAN], [3, 4, 9], [0, -1])]).toEqual([1, 3, 0, SPAN, 4, 0]);
});

test("labels do not cover each other, and the first keeps its place", () => {
  const placed = spread([{ x: 50, y: 50, width: 60 }, { x: 60, y: 52, width: 60 }, { x: 400, y: 50, width: 60 }], 18);
  expect(placed.map((one) => one.y)).toEqual([50, 68, 50]);
});

test("colours of tokens", () => expect([rgbOf("#ff8000"), rgbOf("nonsense").length]).toEqual([[1, 128 / 255, 0], 3]));

const leaf = (id: number, group: string, n_customers = 10) => ({ id, group, n_customers });
const TREE = {
  is_own: true,
  leaves: [leaf(0, "a"), leaf(1, "b", 5), leaf(2, "a", 20), leaf(3, "b")],
  merges: [[0, 2, 1, 2], [1, 3, 2, 2], [4, 5, 6, 4]] as [number, number, number, number][],
  order: [2, 0, 1, 3],
};

test("a tree stands in its order, with branches over their leaves", () => {
  const { leaves, branches, top, cut } = layoutTree(TREE);
  expect(leaves.map((one) => one.id)).toEqual([2, 0, 1, 3]);
  expect(branches.map(({ left, right, height, n_customers, group }) => [left, right, height, n_customers, group])).toEqual([
    [0, 1, 1, 30, "a"],
    [2, 3, 2, 15, "b"],
    [0.5, 2.5, 6, 45, null],
  ]);
  expect([branches[2]?.leftFoot, branches[2]?.rightFoot, top]).toEqual([1, 2, 6]);
  // Two groups: below the last merge, above the one before.
  expect(cut).toBe(4);
});

test("groups that lie across the branches are not shown as a cut", () => {
  const across = { ...TREE, leaves: [leaf(0, "a"), leaf(1, "b"), leaf(2, "b"), leaf(3, "a")] };
  expect(layoutTree(across)).toMatchObject({ top: 6, cut: null });
});

test("a tree with one group or with gaps is no reason to fail", () => {
  expect(layoutTree({ leaves: [leaf(0, "a")], merges: [], order: [0], is_own: false })).toMatchObject({ branches: [], top: 0, cut: null });
  expect(layoutTree({ ...TREE, merges: [[0, 9, 1, 2]] }).branches).toEqual([]);
});

test("flows: what moves, what stays, and a node on either side", () => {
  const flows = flowsOf([[5, 2, 0], [0, 0, 9], [0, 0, 0]]);
  expect(flows).toEqual({ left: [0, 1], right: [0, 1, 2], flows: [{ from: 1, to: 2, n: 9 }, { from: 0, to: 0, n: 5 }, { from: 0, to: 1, n: 2 }], n_stayed: 5, n_moved: 11 });
  const { nodes, links } = sankeyData(flows);
  expect(nodes.map((node) => node.name)).toEqual(["from:0", "from:1", "to:0", "to:1", "to:2"]);
  // A chart of this kind knows no circles.
  expect(links.every((link) => link.source.startsWith("from:") && link.target.startsWith("to:"))).toBe(true);
  expect(flowsOf([])).toMatchObject({ flows: [], n_moved: 0 });
});

test("the average leaves out what is still to come and weighs by size", () => {
  const rows = [{ n_customers: 100, retained: [100, 20, 10] }, { n_customers: 300, retained: [300, 120, null] }, { n_customers: 50, retained: [50, null, null] }];
  expect(averageRetention(rows)).toEqual([1, 0.35, 0.1]);
  expect(averageRetention([])).toEqual([]);
});

test("figures in words", () => {
  expect([0.9, 0.75, 0.5, 0.1].map(firmnessOfGrouping)).toEqual(["firm", "good", "fair", "weak"]);
  expect([0.9, 0.75, 0.6, 0.5].map(firmnessOfGroup)).toEqual(["firm", "good", "fair", "weak"]);
  expect([0.1, -0.1, 0.01, null, NaN].map(trendOf)).toEqual(["up", "down", "level", "unknown", "unknown"]);
  expect([1, 2, 0.5, 8, 100, 0].map(liftReach)).toEqual([0, 1 / 3, 1 / 3, 1, 1, 1]);
  expect([heatStep(null, 1), heatStep(0, 0), heatStep(0.5, 1), heatStep(2, 1)]).toEqual([null, 0, 5, 9]);
  expect([groupClass(0), groupClass(9), groupClass(10), groupClass(-1), groupClass(undefined)]).toEqual(["group-1", "group-10", "group-1", "group-10", "group-10"]);
  expect([0, 9, 10, 12, -1].map(listedClass)).toEqual(["group-1", "group-10", "group-beyond", "group-beyond", "group-10"]);
  expect([textIn({ zh: "甲", en: "A" }, "zh"), textIn({ zh: "", en: "A" }, "zh"), textIn(null, "en")]).toEqual(["甲", "A", "–"]);
});

test("a new audience begins with its condition", () => {
  const search = new URLSearchParams(newAudiencePath({ field: "segment", op: "=", value: "g1" }, "A & B").split("?")[1]);
  expect([JSON.parse(search.get("conditions") ?? ""), search.get("name")]).toEqual([{ field: "segment", op: "=", value: "g1" }, "A & B"]);
});

test("a group that goes on is the same kind before and now, and one that is gone comes last", () => {
  const present = ["g2", "g3"].map((key) => ({ key, name: key }));
  const before = { groups: ["g1", "g2"].map((key) => ({ key, name: `old ${key}` })), counts: [[3, 9], [40, 2]] };
  expect(regrouping(present, before)).toEqual({
    kinds: [{ key: "g2", name: "g2" }, { key: "g3", name: "g3" }, { key: "g1", name: "old g1" }],
    counts: [[40, 2, 0], [0, 0, 0], [3, 9, 0]],
  });
});

const colored = (...keys: string[]): (number | undefined)[] => keys.map((key) => colorsOf(keys).get(key));

test("a group keeps its colour over retraining, however large it has become and whoever comes beside it", () => {
  const before = colorsOf(["g1", "g2", "g3", "g4", "g5"]);
  // g2 is the largest now, g1 and g4 are gone, and four are new; two of these have numbers whose colours are taken.
  const after = colorsOf(["g2", "g12", "g5", "g3", "g6", "g13", "g7"]);
  for (const key of ["g2", "g3", "g5"]) expect(after.get(key)).toBe(before.get(key));
  expect(new Set(after.values()).size).toBe(7);
  expect(colored("g1", "g2", "g10")).toEqual([0, 1, 9]);
  // An elder has the colour: the next free one, in whatever order they are told.
  expect([colored("g1", "g11"), colored("g11", "g1"), colored("g1", "g2", "g11")]).toEqual([[0, 1], [1, 0], [0, 1, 2]]);
});

test("ever new groups never take the colour of one that goes on, and share none before all are used", () => {
  const keys = ["g3"];
  const kept = new Map<string, number>();
  for (let n = 4; n < 60; n += 1) {
    keys.push(`g${n}`);
    const colors = colorsOf(keys);
    for (const [key, color] of kept) expect(colors.get(key)).toBe(color);
    for (const [key, color] of colors) kept.set(key, color);
    expect(new Set(colors.values()).size).toBe(Math.min(keys.length, N_GROUP_COLORS));
  }
});

test("groups that are gone take no colour from the present ones as long as there are enough", () => {
  const gone = ["g1", "g2", "g3", "g4", "g5", "g6"];
  const present = ["g7", "g8", "g13", "g17", "g18", "g21", "g27", "g28"];
  const colors = colorsOf(present, gone);
  expect(new Set(present.map((key) => colors.get(key))).size).toBe(present.length);
  expect(colors.size).toBe(14);
});

test("keys of another make have colours too, and those of before count", () => {
  const colors = colorsOf(["red", "blue", "g1", "g0", ""]);
  expect([...colors.values()].every((color) => color >= 0 && color < N_GROUP_COLORS)).toBe(true);
  expect(new Set(colors.values()).size).toBe(5);
  const group = (key: string) => ({ key }) as never;
  const segments = { groups: [group("g11")], before: { groups: [group("g1")] } as never };
  expect([...colorsIn(segments)]).toEqual([["g1", 0], ["g11", 1]]);
  expect([colorsIn(null).size, colorsIn({ groups: [group("g4")], before: null }).get("g4")]).toEqual([0, 3]);
});

test("every suggested action leads to what carries it out, with the group filled in", () => {
  // The kinds of segment::profile::ActionKind, and the goals of a brief.
  const kinds = ["recommend", "win_back", "cross_sell", "upgrade", "accessory", "launch", "loyalty", "price_drop", "service"];
  const goals = ["launch", "promotion", "win_back", "cross_sell", "upgrade"];
  for (const kind of kinds) {
    const step = stepOf(kind);
    expect(step, kind).not.toBeNull();
    const [path, search] = stepPath(step!, "g2", "Loyal · now").split("?");
    const params = new URLSearchParams(search);
    if (step!.by === "write") {
      expect([path, params.get("segment")]).toEqual(["/studio", "g2"]);
      expect(goals).toContain(params.get("goal"));
    } else if (step!.by === "recommend") {
      expect([path, params.get("then"), params.get("name")]).toEqual(["/audiences/new", "recommend", "Loyal · now"]);
      expect(JSON.parse(params.get("conditions")!)).toEqual({ all: [{ field: "segment", op: "=", value: "g2" }] });
    } else expect(path).toBe("/proactive");
  }
  expect([stepOf("constructor"), stepOf("")]).toEqual([null, null]);
});
