// Where in a text claims and findings stand, and the change a click makes. The service counts bytes and characters (code
// points); a browser counts UTF-16 units. Everything here is in units, converted once. Pure.
import type { Bound, Draft, DraftField, Evidence, Finding, Fix, Report, Risk } from "./content";

/** A stretch of a text, in UTF-16 units. */
export interface Stretch {
  start: number;
  end: number;
}

export interface Claim extends Stretch {
  evidence: Evidence[];
}

export interface Flaw extends Stretch {
  finding: Finding;
}

/** From places of a text in bytes or characters to units. Places within a character are its beginning. */
function places(text: string, sizeOf: (letter: string) => number): (place: number) => number {
  const [marks, units] = [[0], [0]];
  let [mark, unit] = [0, 0];
  for (const letter of text) {
    mark += sizeOf(letter);
    unit += letter.length;
    marks.push(mark);
    units.push(unit);
  }
  return (place) => {
    let [low, high] = [0, marks.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (marks[middle]! <= place) low = middle;
      else high = middle - 1;
    }
    return units[low]!;
  };
}

const bytesOf = (letter: string): number => {
  const code = letter.codePointAt(0)!;
  return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
};

/** Length in bytes of UTF-8. */
export const byteLength = (text: string): number => Array.from(text).reduce((sum, letter) => sum + bytesOf(letter), 0);
export const fromBytes = (text: string): ((byte: number) => number) => places(text, bytesOf);
export const fromChars = (text: string): ((char: number) => number) => places(text, () => 1);

/** What a draft says its words rest on. */
export function claimsOf(field: Pick<DraftField, "text" | "spans">, evidence: readonly Evidence[]): Claim[] {
  const at = fromBytes(field.text);
  return field.spans
    .map((span) => ({ start: at(span.start), end: at(span.end), evidence: [evidence[span.evidence]].filter((one) => one !== undefined) }))
    .filter((claim) => claim.start < claim.end && claim.evidence.length > 0);
}

const asEvidence = ({ product_id, field, value }: Bound["sources"][number]): Evidence => ({ source: "field", product_id: product_id ?? "", field, value });

/** What a check found the words to rest on: for texts that somebody changed or brought along. */
export function boundOf(text: string, report: Pick<Report, "evidence"> | undefined): Claim[] {
  const at = fromChars(text);
  return (report?.evidence ?? []).map(({ span, sources }) => ({ start: at(span.chars.start), end: at(span.chars.end), evidence: sources.map(asEvidence) }));
}

const meets = (a: Stretch, b: Stretch): boolean => a.start < b.end && b.start < a.end;

/** A draft's claims, and beside them what only the check bound. */
export function claimsIn(draft: Pick<Draft, "evidence">, field: DraftField, report: Report | undefined): Claim[] {
  const own = claimsOf(field, draft.evidence);
  return [...own, ...boundOf(field.text, report).filter((one) => !own.some((other) => meets(one, other)))];
}

/** Findings that stand somewhere; those of the text as a whole do not. */
export function flawsOf(text: string, report: Pick<Report, "findings"> | undefined): Flaw[] {
  const at = fromChars(text);
  return (report?.findings ?? []).flatMap((finding) => (finding.span === null ? [] : [{ start: at(finding.span.chars.start), end: at(finding.span.chars.end), finding }]));
}

export interface Run extends Stretch {
  text: string;
  claims: Claim[];
  findings: Finding[];
  /** Of the gravest finding. */
  risk: Risk | null;
  /** Whether something begins here: a claim cut by a finding is one stop of the keyboard, not three. */
  leads: boolean;
}

const GRAVITY: Record<Risk, number> = { note: 1, review: 2, block: 3 };

/** A text in runs of equal marks, none of them empty. */
export function runsOf(text: string, claims: readonly Claim[], flaws: readonly Flaw[]): Run[] {
  const cuts = new Set([0, text.length]);
  for (const { start, end } of [...claims, ...flaws]) for (const place of [start, end]) if (place > 0 && place < text.length) cuts.add(place);
  const sorted = [...cuts].sort((a, b) => a - b);
  return sorted.slice(0, -1).map((start, nth) => {
    const end = sorted[nth + 1]!;
    const within = <T extends Stretch>(one: T): boolean => one.start < end && start < one.end;
    const here = { claims: claims.filter(within), flaws: flaws.filter(within) };
    const findings = here.flaws.map(({ finding }) => finding);
    const risk = findings.map((one) => one.risk).sort((a, b) => GRAVITY[b] - GRAVITY[a])[0] ?? null;
    return { text: text.slice(start, end), start, end, claims: here.claims, findings, risk, leads: [...here.claims, ...here.flaws].some((one) => one.start === start) };
  });
}

/** A text with one change made. */
export function mended(text: string, fix: Fix): string {
  const at = fromBytes(text);
  return text.slice(0, at(fix.span.bytes.start)) + fix.with + text.slice(at(fix.span.bytes.end));
}

/** A field with one change made: what lies before and behind keeps what it rests on. */
export function mendedField(field: DraftField, fix: Fix): DraftField {
  const { start, end } = fix.span.bytes;
  const moved = byteLength(fix.with) - (end - start);
  const spans = field.spans.flatMap((span) => (span.end <= start ? [span] : span.start >= end ? [{ ...span, start: span.start + moved, end: span.end + moved }] : []));
  return { ...field, text: mended(field.text, fix), spans };
}

/** A text with every change made that does not overlap one before it, and how many were. */
export function mendedAll(text: string, fixes: readonly Fix[]): { text: string; n: number } {
  const at = fromBytes(text);
  let [made, copied, n] = ["", 0, 0];
  for (const fix of [...fixes].sort((a, b) => a.span.bytes.start - b.span.bytes.start || a.span.bytes.end - b.span.bytes.end)) {
    const [start, end] = [at(fix.span.bytes.start), at(fix.span.bytes.end)];
    if (start < copied) continue;
    made += text.slice(copied, start) + fix.with;
    copied = end;
    n += 1;
  }
  return { text: made + text.slice(copied), n };
}

/** The gravest first; within a gravity as they came. */
export const byGravity = (findings: readonly Finding[]): Finding[] => [...findings].sort((a, b) => GRAVITY[b.risk] - GRAVITY[a.risk]);
