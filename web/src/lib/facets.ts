// Choices of categories and brands with how many products each would leave, ready to be shown. Pure.
import { categoryLeaf, categoryText } from "./format";
import type { ProductFacets } from "./types";

export interface Choice {
  value: string;
  label: string;
}

type Numbers = (value: number) => string;

/** The tree of categories: indented under their parents, the chosen one with its whole path, since it is read alone. */
export function categoryChoices(facets: ProductFacets | undefined, chosen: string, number: Numbers): Choice[] {
  const known = facets?.categories ?? [];
  const label = (path: string): string =>
    path === chosen ? categoryText(path) : "\u2003".repeat(path.split("/").length - 1) + categoryLeaf(path);
  const choices = known.map((one) => ({ value: one.category, label: `${label(one.category)} (${number(one.n_products)})` }));
  return withChosen(choices, chosen, categoryText(chosen), facets, number);
}

/** Brands, those with most products first. */
export function brandChoices(facets: ProductFacets | undefined, chosen: string, number: Numbers): Choice[] {
  const choices = (facets?.brands ?? []).map((one) => ({ value: one.brand, label: `${one.brand} (${number(one.n_products)})` }));
  return withChosen(choices, chosen, chosen, facets, number);
}

/** What is chosen can be seen and taken back even where nothing is left of it, or while the choices are on their way. */
function withChosen(choices: Choice[], chosen: string, name: string, facets: ProductFacets | undefined, number: Numbers): Choice[] {
  if (chosen === "" || choices.some((one) => one.value === chosen)) return choices;
  return [{ value: chosen, label: facets === undefined ? name : `${name} (${number(0)})` }, ...choices];
}
