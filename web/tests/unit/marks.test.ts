// Marks in a copy: places counted in bytes and characters become places in a string; a click changes what it says it changes.
import { expect, test } from "vitest";
import type { Draft, DraftField, Evidence, Finding, Report, Risk } from "../../src/lib/content";
import { reworded, verdictOf } from "../../src/lib/content";
import { boundOf, byteLength, claimsIn, claimsOf, flawsOf, fromBytes, fromChars, mended, mendedAll, mendedField, runsOf } from "../../src/lib/marks";

const TEXT = "星曜 X7😀 has 16 GB，最佳手机";
const name: Evidence = { source: "field", product_id: "P1", field: "name", value: "星曜 X7" };
const memory: Evidence = { source: "field", product_id: "P1", field: "specs.memory", value: "16 GB" };

/** Where words stand, as the service tells it. */
function spanOf(text: string, words: string): { bytes: { start: number; end: number }; chars: { start: number; end: number } } {
  const at = text.indexOf(words);
  const of = (part: string): [number, number] => [byteLength(part), Array.from(part).length];
  const [[b0, c0], [b1, c1]] = [of(text.slice(0, at)), of(text.slice(0, at + words.length))];
  return { bytes: { start: b0, end: b1 }, chars: { start: c0, end: c1 } };
}
function finding(text: string, words: string, risk: Risk, instead: string | null = null): Finding {
  const span = spanOf(text, words);
  const said = { zh: "因为", en: "because" };
  return { check: "law", category: "absolute", risk, span, matched: words, article: null, message: said, suggestion: said, fix: instead === null ? null : { span, with: instead } };
}
function fieldOf(text: string, ...words: string[]): DraftField {
  return { name: "text", is_html: false, text, spans: words.map((one, evidence) => ({ start: spanOf(text, one).bytes.start, end: spanOf(text, one).bytes.end, evidence })) };
}
const report = (...findings: Finding[]): Report => ({ verdict: "ok", findings, evidence: [], voice_score: null });

test("bytes and characters lead to the same letters", () => {
  for (const words of ["星曜 X7", "😀", "16 GB", "最佳", "手机"]) {
    const span = spanOf(TEXT, words);
    const [byte, char] = [fromBytes(TEXT), fromChars(TEXT)];
    expect(TEXT.slice(byte(span.bytes.start), byte(span.bytes.end))).toBe(words);
    expect(TEXT.slice(char(span.chars.start), char(span.chars.end))).toBe(words);
  }
  expect(byteLength(TEXT)).toBe(new TextEncoder().encode(TEXT).length);
  expect([0, 9_999].map(fromBytes(""))).toEqual([0, 0]);
  // Within a character: its beginning, never half of it.
  expect(fromBytes("😀a")(2)).toBe(0);
});

test("claims stand where the draft says, and the check adds only what the draft left open", () => {
  const field = fieldOf(TEXT, "星曜 X7", "16 GB");
  const claims = claimsOf(field, [name, memory]);
  expect(claims.map(({ start, end }) => TEXT.slice(start, end))).toEqual(["星曜 X7", "16 GB"]);
  // A span that points at nothing says nothing.
  expect(claimsOf({ ...field, spans: [{ start: 0, end: 3, evidence: 7 }] }, [name])).toEqual([]);
  const checked: Report = { ...report(), evidence: [
    { span: spanOf(TEXT, "16 GB"), claim: "figure", sources: [{ product_id: "P1", field: "specs.memory", value: "16 GB" }] },
    { span: spanOf(TEXT, "手机"), claim: "feature", sources: [{ product_id: null, field: "kind", value: "手机" }] },
  ] };
  const draft: Pick<Draft, "evidence"> = { evidence: [name, memory] };
  expect(claimsIn(draft, field, checked).map(({ start, end }) => TEXT.slice(start, end))).toEqual(["星曜 X7", "16 GB", "手机"]);
  expect(boundOf(TEXT, undefined)).toEqual([]);
});

test("runs cover the text once, the gravest finding colours them, and a claim is one stop", () => {
  const flaws = flawsOf(TEXT, report(finding(TEXT, "最佳手机", "note"), finding(TEXT, "最佳", "block")));
  const runs = runsOf(TEXT, claimsOf(fieldOf(TEXT, "星曜 X7"), [name]), flaws);
  expect(runs.map(({ text }) => text).join("")).toBe(TEXT);
  expect(runs.map(({ text, risk, leads }) => [text, risk, leads])).toEqual([["星曜 X7", null, true], ["😀 has 16 GB，", null, false], ["最佳", "block", true], ["手机", "note", false]]);
  expect(runs[2]!.findings).toHaveLength(2);
  expect(runsOf("", [], [])).toEqual([]);
  // Findings of the whole text have no place.
  expect(flawsOf(TEXT, report({ ...finding(TEXT, "最佳", "block"), span: null }))).toEqual([]);
});

test("a change is made where it belongs, and what lies beside keeps its ground", () => {
  const text = "全网最佳：16 GB 内存，星曜 X7";
  const field = { ...fieldOf(text, "16 GB", "星曜 X7") };
  const fix = finding(text, "全网最佳：", "block", "出色，").fix!;
  expect(mended(text, fix)).toBe("出色，16 GB 内存，星曜 X7");
  const made = mendedField(field, fix);
  expect(claimsOf(made, [memory, name]).map(({ start, end }) => made.text.slice(start, end))).toEqual(["16 GB", "星曜 X7"]);
  // What is changed itself rests on nothing any more.
  expect(mendedField(field, finding(text, "16 GB", "block", "8 GB").fix!).spans).toHaveLength(1);
});

test("all changes at once: in order, none over another", () => {
  const text = "全网最佳手机";
  const fix = (words: string, instead: string) => finding(text, words, "block", instead).fix!;
  expect(mendedAll(text, [fix("最佳", "出色的"), fix("全网", ""), fix("网最", "x")])).toEqual({ text: "出色的手机", n: 2 });
  expect(mendedAll(text, [])).toEqual({ text, n: 0 });
});

test("other words lose what they rested on; the gravest verdict counts", () => {
  const draft: Draft = { channel: "push", angle: "goal", writer: "grammar", seed: 0, fields: [fieldOf("a b", "a"), { ...fieldOf("c", "c"), name: "title" }], evidence: [name], openings: [], told: [] };
  expect(reworded(draft, "text", "d").fields.map(({ text, spans }) => [text, spans.length])).toEqual([["d", 0], ["c", 1]]);
  expect(reworded(draft, "text", "a b").fields[0]!.spans).toHaveLength(1);
  expect(verdictOf([{ verdict: "ok" }, { verdict: "blocked" }, { verdict: "needs_review" }])).toBe("blocked");
  expect(verdictOf([{ verdict: "ok" }, { verdict: "needs_review" }])).toBe("needs_review");
  expect(verdictOf([])).toBe("ok");
});
