// The shop's rules of writing as they are typed: a line each, terms with what they take the place of. Pure.
import type { Rules } from "./content";

export interface TypedRules {
  forbidden: string;
  required: string;
  glossary: { say: string; instead: string }[];
  terms: { zh: string; en: string }[];
}

/** Texts below which no voice is learned, and above which none are taken at once. */
export const SAMPLES_MIN = 10;
export const SAMPLES_MAX = 2_000;

const linesOf = (text: string): string[] => [...new Set(text.split("\n").map((line) => line.trim()).filter((line) => line !== ""))];
const wordsOf = (text: string): string[] => [...new Set(text.split(/[,，、;；\n]/).map((word) => word.trim()).filter((word) => word !== ""))];

export const typedOf = (rules: Rules): TypedRules => ({
  forbidden: rules.forbidden.join("\n"),
  required: rules.required.join("\n"),
  glossary: rules.glossary.map(({ say, instead_of }) => ({ say, instead: instead_of.join(", ") })),
  terms: rules.terms.map((term) => ({ ...term })),
});

/** What is only half typed is left out. */
export const rulesOf = (typed: TypedRules): Rules => ({
  forbidden: linesOf(typed.forbidden),
  glossary: typed.glossary.map(({ say, instead }) => ({ say: say.trim(), instead_of: wordsOf(instead) })).filter(({ say, instead_of }) => say !== "" && instead_of.length > 0),
  required: linesOf(typed.required),
  terms: typed.terms.map(({ zh, en }) => ({ zh: zh.trim(), en: en.trim() })).filter(({ zh, en }) => zh !== "" && en !== ""),
});

/** Texts with an empty line between them; without any empty line each line is one. */
export function samplesOf(text: string): string[] {
  const blocks = text.split(/\n\s*\n/).map((block) => block.trim()).filter((block) => block !== "");
  return blocks.length === 1 ? blocks[0]!.split("\n").map((line) => line.trim()).filter((line) => line !== "") : blocks;
}
