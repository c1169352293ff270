// The dictionaries have the same texts; types see to that when built, this test sees that they say something.
import { expect, test } from "vitest";
import { cardName, dictionaries, metricName, phraseFor, wordFor } from "../../src/i18n";

type Leaf = { path: string; value: unknown };

function leaves(value: unknown, path = ""): Leaf[] {
  if (typeof value !== "object" || value === null) return [{ path, value }];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, `${path}.${key}`));
}

/** Explanations of cards and parameters come in English from the service; only other languages translate them. */
const fromService = ({ path }: Leaf): boolean => /^\.known\.(card|param|phrase)\./.test(path);
/** Proper names and symbols stay as they are in every language. */
const ALIKE = new Set(["NDCG", "MAP", "MRR", "RMSE", "MAE", "API", "HTTP 1", "BLEU", "GRU", "LSTM", "Transformer", "1 ★", "× 1", "“1”"]);

/** How parts of a sentence are put together: marks and the arguments themselves. */
const isJoiner = ({ path }: Leaf): boolean => /^\.(audiences\.say\.(bracket|targetJoin|did|field)|jobs\.schedule\.between|plans\.(interval|range))$/.test(path);

const text = ({ value }: Leaf): string =>
  typeof value === "function" ? (value as (...args: string[]) => string)("1", "2", "3") : String(value);

test("both languages have the same texts, and none is empty", () => {
  const [en, zh] = [leaves(dictionaries.en), leaves(dictionaries.zh).filter((leaf) => !fromService(leaf))];
  expect(zh.map((leaf) => leaf.path).sort()).toEqual(en.map((leaf) => leaf.path).sort());
  for (const leaf of [...en, ...zh]) expect(text(leaf).trim(), leaf.path).not.toBe("");
});

test("Chinese texts are Chinese", () => {
  const untranslated = leaves(dictionaries.zh).filter((leaf) => !isJoiner(leaf) && !/\p{Script=Han}/u.test(text(leaf)) && !ALIKE.has(text(leaf)));
  expect(untranslated.map((leaf) => leaf.path)).toEqual([".known.channel.app"]);
});

test("English texts hold no Chinese", () => {
  expect(leaves(dictionaries.en).filter((leaf) => /\p{Script=Han}/u.test(text(leaf)))).toEqual([]);
});

test("sentences of the service, translated where they are known", () => {
  const { phrase } = dictionaries.zh.known;
  expect(phraseFor(phrase, "fitting ease on everything")).toBe("用全部数据训练 ease");
  expect(phraseFor(phrase, "37 rows were refused when orders was imported.")).toBe("导入 orders 时有 37 行被拒绝。");
  expect(phraseFor(phrase, "there is no product 'a {1} (b)'")).toBe("没有商品 “a {1} (b)”");
  expect(phraseFor(phrase, "something new")).toBe("something new");
  expect(phraseFor(phrase, "constructor")).toBe("constructor");
});

test("names of the service in words", () => {
  const { en, zh } = dictionaries;
  expect(wordFor(en.known.event, "cart")).toBe("added to cart");
  expect(wordFor(en.known.event, "some_new_kind")).toBe("some new kind");
  expect(wordFor(en.known.event, "constructor")).toBe("constructor");
  expect(wordFor(en.known.event, null)).toBe("–");
  expect(metricName(zh, "recall@10")).toBe("召回率@10");
  expect(metricName(en, "brand_new")).toBe("brand new");
  expect(cardName(zh, "popularity")).toBe("热度");
  expect(cardName(zh, "item_knn")).toBe("Item kNN");
});
