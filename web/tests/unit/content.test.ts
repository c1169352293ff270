// The studio's sums: room on a channel, words in common, a brief in the address, rules as typed, pages made safe to show.
import { expect, test } from "vitest";
import { addressOf, briefBody, briefIn, centsOf, langFor, problemOf, type BriefDraft } from "../../src/lib/brief";
import type { ChannelCard, Count } from "../../src/lib/content";
import { difference, wordsOf } from "../../src/lib/difference";
import { counted, maxFor } from "../../src/lib/limits";
import type { Run } from "../../src/lib/marks";
import { pagePreview } from "../../src/lib/page-preview";
import { rulesOf, samplesOf, typedOf } from "../../src/lib/rules";

// The same texts and figures as in the service's own tests of channels.
test.each<[string, Count, number]>([
  ["星曜X7 手机😀", "chars", 8],
  ["星曜X7 手机😀", "wide2", 13],
  ["“你好”—…", "wide2", 12],
  ["abc", "wide2", 3],
  ["【小店】您好", "sms", 6],
  ["a€b", "sms", 4],
  ["😀中", "sms", 3],
  ["", "sms", 0],
])("%s counts by %s", (text, count, n) => expect(counted(text, count)).toBe(n));

test("a text message of Latin letters may be longer", () => {
  expect(maxFor("Hello, £5 off", { max: 70, count: "sms" })).toBe(160);
  expect(maxFor("您好", { max: 70, count: "sms" })).toBe(70);
  expect(maxFor("Hello", { max: 40, count: "wide2" })).toBe(40);
});

test("words that only one text has are told, and nothing is lost", () => {
  const [a, b] = difference("青禾 P9 Pro 到店了，12 GB 内存。", "青禾 P9 Pro：512 GB 存储。");
  for (const [parts, text] of [[a, "青禾 P9 Pro 到店了，12 GB 内存。"], [b, "青禾 P9 Pro：512 GB 存储。"]] as const) expect(parts.map((part) => part.text).join("")).toBe(text);
  expect(a.filter(({ own }) => own).map(({ text }) => text.trim()).join("|")).toBe("到店了，12|内");
  expect(b.filter(({ own }) => !own).map(({ text }) => text).join("")).toContain("青禾 P9 Pro");
  expect(difference("same", "same")).toEqual([[{ text: "same", own: false }], [{ text: "same", own: false }]]);
  expect(difference("", "new")).toEqual([[], [{ text: "new", own: true }]]);
  expect(wordsOf("16-inch, 轻薄")).toEqual(["16-inch", ",", " ", "轻", "薄"]);
});

test("texts too long for a table differ as a whole", () => {
  const long = Array.from({ length: 2_100 }, (_, at) => `w${at}`).join(" ");
  const [a] = difference(long, `${long} end`);
  expect(a).toEqual([{ text: long, own: true }]);
});

const channel = (name: string, languages: ChannelCard["languages"] = ["zh", "en"]): ChannelCard => ({ name, label: { zh: name, en: name }, about: { zh: "", en: "" }, fields: [], languages });
const OPTIONS = { channels: [channel("sms"), channel("push"), channel("store_page", ["en"])], goals: ["launch", "promotion", "upgrade"], tones: ["plain", "warm"], lengths: ["short", "medium", "long"], writers: ["best", "grammar", "learned"].map((name) => ({ name, ready: true, about: { zh: "", en: "" }, lacks: null })) };

test("a brief survives its address", () => {
  const draft: BriefDraft = { ...briefIn("", OPTIONS, "zh"), products: ["SKU/004 β", "a,b"], goal: "upgrade", owned: "旧款", hasOffer: true, price: "4,999", coupon: "新年", endsOn: "2026-12-12", n: 6, seed: 7, mayCompare: false, writer: "learned" };
  const address = addressOf(draft);
  expect(briefIn(address.slice(address.indexOf("?")), OPTIONS, "en")).toEqual(draft);
});

test("an address that holds something else is read as usual", () => {
  const draft = briefIn("?channel=fax&goal=war&tone=loud&n=99&seed=-3&product=%25E0%25A4%25A,ok&lang=xx", OPTIONS, "en");
  expect(draft).toMatchObject({ channel: "push", goal: "launch", tone: "plain", length: "medium", n: 12, seed: 0, writer: "best", products: ["ok"], lang: "en", hasOffer: false });
  // A channel written in one language is written in that one.
  expect(briefIn("?channel=store_page&lang=zh", OPTIONS, "zh").lang).toBe("en");
  expect(langFor(undefined, "zh")).toBe("zh");
});

test("what is missing is said before anything is asked", () => {
  const draft = briefIn("?product=P1", OPTIONS, "zh");
  expect(problemOf({ ...draft, products: [] })).toBe("product");
  expect(problemOf(draft)).toBeNull();
  expect(problemOf({ ...draft, goal: "upgrade" })).toBe("owned");
  expect(problemOf({ ...draft, hasOffer: true })).toBe("offer");
  expect(problemOf({ ...draft, hasOffer: true, price: "cheap" })).toBe("money");
  expect(problemOf({ ...draft, hasOffer: true, gift: "保护壳" })).toBeNull();
});

test.each([["4999", 499_900], ["4,999.9", 499_990], ["0.07", 7], ["", null], ["  ", null], ["-1", undefined], ["1e3", undefined], ["4999.999", undefined]])("%s as money", (text, cents) =>
  expect(centsOf(text)).toBe(cents));

test("only what was asked for is sent", () => {
  const draft = { ...briefIn("?product=P1&segment=g2", OPTIONS, "zh"), owned: "P0" };
  expect(briefBody(draft)).toEqual({ product_ids: ["P1"], channel: "push", goal: "launch", tone: "plain", language: "zh", length: "medium", audience: { segment: "g2" }, n_variants: 4, seed: 0, may_compare: true });
  expect(briefBody({ ...draft, segment: "", hasOffer: true, price: "10", gift: " 壳 " }).offer).toEqual({ price_cents: 1_000, coupon: null, coupon_off_cents: null, gift: "壳", ends_on: null });
});

test("rules as typed", () => {
  const rules = { forbidden: ["秒杀"], glossary: [{ say: "Wi-Fi", instead_of: ["wifi", "WIFI"] }], required: ["广告"], terms: [{ zh: "青禾", en: "Verdan" }], scoped: [{ category: "手机", forbidden: ["水果机"], glossary: [], required: [] }, { brand: "青禾", forbidden: [], glossary: [{ say: "a", instead_of: ["b"] }], required: ["c"] }] };
  expect(rulesOf(typedOf(rules))).toEqual(rules);
  expect(rulesOf({ forbidden: " a \n\na\nb", required: "", glossary: [{ say: "x", instead: "" }, { say: "", instead: "y" }, { say: "笔记本", instead: "本子，手提、本子" }], terms: [{ zh: " 青禾 ", en: "Verdan" }, { zh: "只有", en: "" }], scoped: [{ category: " ", brand: " 青禾", forbidden: "x\n", required: "", glossary: [{ say: "y", instead: "" }] }] })).toEqual({ forbidden: ["a", "b"], glossary: [{ say: "笔记本", instead_of: ["本子", "手提"] }], required: [], terms: [{ zh: "青禾", en: "Verdan" }], scoped: [{ brand: "青禾", forbidden: ["x"], glossary: [], required: [] }] });
  expect(samplesOf("a\nb\n\nc\n \n")).toEqual(["a\nb", "c"]);
  expect(samplesOf("a\nb\n")).toEqual(["a", "b"]);
  expect(samplesOf(" ")).toEqual([]);
});

const run = (source: string, words: string): Run[] => {
  const [start, end] = [source.indexOf(words), source.indexOf(words) + words.length];
  const plain = { claims: [], findings: [], risk: null, leads: false };
  return [{ ...plain, text: "", start: 0, end: start }, { text: words, start, end, claims: [{ start, end, evidence: [] }], findings: [], risk: null, leads: true }, { ...plain, text: "", start: end, end: source.length }];
};

test("a page keeps its form, and nothing in it runs, is fetched or leads away", () => {
  const page = '<!DOCTYPE html><html><head><title>T</title><style>p{}</style><script>alert(1)</script></head><body style="margin:0" onload="x()"><p style="color:red" onclick=\'y()\'>a &lt;b&gt; 3 < 4</p><a href="javascript:z()" style="background:url(http://e/x)">go</a><img src="https://e/x.png" alt="a &quot;cup&quot;" onerror="w()"><svg onload="v()"><p>in</p></svg><!-- c --></body></html>';
  expect(pagePreview(page)).toBe('<div data-style="margin:0"><p data-style="color:red">a &lt;b&gt; 3 &lt; 4</p><a class="link">go</a><span class="picture">a &quot;cup&quot;</span></div>');
});

test.each([
  ["<script>alert(1)", ""],
  ["<scr<script>x</script>ipt>y", "xipt&gt;y"],
  ["<p title=\"a>b\" ONCLICK=x>c</p>", "<p>c</p>"],
  ["<iframe srcdoc='<script>1</script>'></iframe>z", "z"],
  ["<p style='x' class=\"k\">", "<p data-style=\"x\">"],
  ["<td width=\"5\"\" onfocus=\"x\">", '&lt;td width="5"" onfocus="x"&gt;'],
  ["<!-- open", ""],
  ["a < b", "a &lt; b"],
  ["<math><mi xlink:href=\"javascript:1\">q</mi></math>r", "r"],
])("%s", (source, shown) => expect(pagePreview(source)).toBe(shown));

test("claims are marked between the tags, also where one reaches over a tag", () => {
  expect(pagePreview("<p>16 GB of memory</p>", run("<p>16 GB of memory</p>", "16 GB"))).toBe('<p><mark class="claim" data-run="1" tabindex="0" role="button">16 GB</mark> of memory</p>');
  const across = "<p>a <b>b</b> c</p>";
  expect(pagePreview(across, run(across, "a <b>b</b>"))).toBe('<p><mark class="claim" data-run="1" tabindex="0" role="button">a </mark><b><mark class="claim" data-run="1" tabindex="0" role="button">b</mark></b> c</p>');
});
