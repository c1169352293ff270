// What is asked of writing models, and what is shown of their attention.
import { expect, test } from "vitest";
import { fromOf, isName, learnParams, lookedAt, moved, phrasesOf, shadeOf, writeBody, type LearnDraft, type WriteDraft } from "../../src/lib/writing";
import { matchRoute } from "../../src/lib/router.svelte";

const learn = (changes: Partial<LearnDraft>): LearnDraft => ({ name: "titles", from: "titles", path: "", cell: "gru", rounds: "", ...changes });
const draft = (changes: Partial<WriteDraft>): WriteDraft => ({ text: "a", way: "search", beam: 5, n: 3, must: "", mustNot: "", noRepeat: 0, temperature: 1, topP: 0.9, seed: 1, ...changes });

test("names are those that the service takes", () => {
  for (const name of ["a", "titles-2", "zh_en"]) expect(isName(name)).toBe(true);
  for (const name of ["", "A", "2a", "-a", "a b", "标题", "current", "a".repeat(41)]) expect(isName(name)).toBe(false);
});

test("a learning is asked for only once all of it is told", () => {
  expect(learnParams(learn({}))).toEqual({ name: "titles", pairs: "titles", settings: { cell: "gru" } });
  expect(learnParams(learn({ from: "file", path: " pairs/a.csv ", rounds: "30", cell: "lstm" }))).toEqual({ name: "titles", pairs: "pairs/a.csv", settings: { cell: "lstm", epochs: 30 } });
  for (const changes of [{ name: "" }, { from: "file" as const }, { rounds: "0" }, { rounds: "1.5" }, { rounds: "x" }, { rounds: "10001" }]) expect(learnParams(learn(changes))).toBe(null);
  expect(["titles", "pairs/a.csv"].map(fromOf)).toEqual(["titles", "file"]);
});

test("what must occur is asked for only when searching, and no more texts than are kept", () => {
  expect(phrasesOf("降噪， Air,;\n")).toEqual(["降噪", "Air"]);
  expect(writeBody(draft({ n: 8, must: "a,b", mustNot: "c" }))).toEqual({ text: "a", n: 8, beam: 8, must: ["a", "b"], must_not: ["c"] });
  expect(writeBody(draft({ noRepeat: 3 }))).toMatchObject({ no_repeat: 3 });
  expect(writeBody(draft({ way: "draw", must: "a" }))).toEqual({ text: "a", n: 3, must_not: [], temperature: 1, top_p: 0.9, seed: 1 });
});

test("attention becomes shades, and a table of what counted most", () => {
  expect([-1, 0, 0.05, 0.06, 0.5, 1, 2].map(shadeOf)).toEqual([0, 0, 0, 1, 5, 9, 9]);
  const item = { text: "", tokens: ["红", "色"], score: 0, ended: true, attention: [[0.1, 0.9, 0.01, 0.02], [0.5, 0.5, 0, 0]] };
  const rows = lookedAt(item, ["the", "red", "big", "one"]);
  expect(rows[0]).toEqual({ token: "红", seen: [{ word: "red", at: 1, share: 0.9 }, { word: "the", at: 0, share: 0.1 }] });
  expect(rows[1]?.seen.map((one) => one.word)).toEqual(["the", "red"]);
  expect(lookedAt({ ...item, attention: [] }, ["a"])[0]).toEqual({ token: "红", seen: [] });
});

test("arrow keys stay within the picture", () => {
  expect(moved("ArrowDown", [1, 1], [2, 3])).toEqual([1, 1]);
  expect(moved("ArrowLeft", [1, 0], [2, 3])).toEqual([1, 0]);
  expect(moved("ArrowRight", [0, 1], [2, 3])).toEqual([0, 2]);
  expect(moved("End", [0, 0], [2, 3])).toEqual([0, 2]);
  expect(moved("Enter", [0, 0], [2, 3])).toBe(null);
});

test("the page has its address", () => {
  expect(matchRoute("/writing")).toEqual({ page: "writing" });
  expect(matchRoute("/writing/x").page).toBe("missing");
});
