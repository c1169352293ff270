// The shop's rules of writing as they are typed: a line each, terms with what they take the place of. Pure.
import type { Rules } from "./content";

export interface TypedTerm {
  say: string;
  instead: string;
}

export interface TypedSet {
  forbidden: string;
  required: string;
  glossary: TypedTerm[];
}

export interface TypedScope extends TypedSet {
  category: string;
  brand: string;
}

export interface TypedRules extends TypedSet {
  terms: { zh: string; en: string }[];
  scoped: TypedScope[];
}

export const NEW_SCOPE: TypedScope = { category: "", brand: "", forbidden: "", required: "", glossary: [] };

/** Texts below which no voice is learned, and above which none are taken at once. */
export const SAMPLES_MIN = 10;
export const SAMPLES_MAX = 2_000;

const linesOf = (text: string): string[] => [...new Set(text.split("\n").map((line) => line.trim()).filter((line) => line !== ""))];
const wordsOf = (text: string): string[] => [...new Set(text.split(/[,，、;；\n]/).map((word) => word.trim()).filter((word) => word !== ""))];

type RuleSet = Pick<Rules, "forbidden" | "glossary" | "required">;

const typedSet = (rules: RuleSet): TypedSet => ({
  forbidden: rules.forbidden.join("\n"),
  required: rules.required.join("\n"),
  glossary: rules.glossary.map(({ say, instead_of }) => ({ say, instead: instead_of.join(", ") })),
});

const setOf = (typed: TypedSet): RuleSet => ({
  forbidden: linesOf(typed.forbidden),
  glossary: typed.glossary.map(({ say, instead }) => ({ say: say.trim(), instead_of: wordsOf(instead) })).filter(({ say, instead_of }) => say !== "" && instead_of.length > 0),
  required: linesOf(typed.required),
});

export const typedOf = (rules: Rules): TypedRules => ({
  ...typedSet(rules),
  terms: rules.terms.map((term) => ({ ...term })),
  scoped: rules.scoped.map((one) => ({ category: one.category ?? "", brand: one.brand ?? "", ...typedSet(one) })),
});

const named = (what: "category" | "brand", text: string): Partial<Record<"category" | "brand", string>> => (text.trim() === "" ? {} : { [what]: text.trim() });

/** What is only half typed is left out; rules for some of the goods stay as typed, so that the service can say what they lack. */
export const rulesOf = (typed: TypedRules): Rules => ({
  ...setOf(typed),
  scoped: typed.scoped.map((one) => ({ ...named("category", one.category), ...named("brand", one.brand), ...setOf(one) })),
  terms: typed.terms.map(({ zh, en }) => ({ zh: zh.trim(), en: en.trim() })).filter(({ zh, en }) => zh !== "" && en !== ""),
});

/** Texts with an empty line between them; without any empty line each line is one. */
export function samplesOf(text: string): string[] {
  const blocks = text.split(/\n\s*\n/).map((block) => block.trim()).filter((block) => block !== "");
  return blocks.length === 1 ? blocks[0]!.split("\n").map((line) => line.trim()).filter((line) => line !== "") : blocks;
}
