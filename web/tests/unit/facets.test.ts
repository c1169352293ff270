// What the filters of products offer.
import { expect, test } from "vitest";
import { brandChoices, categoryChoices } from "../../src/lib/facets";
import type { ProductFacets } from "../../src/lib/types";

const facets: ProductFacets = {
  total: 3,
  n_categories: 3,
  categories: [
    { category: "Audio", n_products: 1200 },
    { category: "Audio/Over ear", n_products: 2 },
    { category: "Audio/Over ear/ANC", n_products: 1 },
  ],
  n_brands: 2,
  brands: [
    { brand: "Volta", n_products: 7 },
    { brand: "Aster", n_products: 1 },
  ],
};
const number = (value: number): string => value.toLocaleString("en");
const labels = (choices: { label: string }[]): string[] => choices.map((one) => one.label);

test.each([
  ["", ["Audio (1,200)", "\u2003Over ear (2)", "\u2003\u2003ANC (1)"]],
  ["Audio/Over ear", ["Audio (1,200)", "Audio › Over ear (2)", "\u2003\u2003ANC (1)"]],
  // Nothing is left of it, or it never was: it can still be taken back.
  ["Video/TV", ["Video › TV (0)", "Audio (1,200)", "\u2003Over ear (2)", "\u2003\u2003ANC (1)"]],
])("categories with %j chosen", (chosen, expected) => expect(labels(categoryChoices(facets, chosen, number))).toEqual(expected));

test("brands, and a choice whose count is still on its way", () => {
  expect(labels(brandChoices(facets, "", number))).toEqual(["Volta (7)", "Aster (1)"]);
  expect(labels(brandChoices(facets, "Fjell", number))).toEqual(["Fjell (0)", "Volta (7)", "Aster (1)"]);
  expect(brandChoices(undefined, "Fjell", number)).toEqual([{ value: "Fjell", label: "Fjell" }]);
  expect(categoryChoices(undefined, "", number)).toEqual([]);
});
