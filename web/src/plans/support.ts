// The support check of an answer in words: rows that say as much, overlap of the groups, how likely so uneven a split is.
import { app } from "../lib/app.svelte";
import type { Backing } from "../lib/plans";

/** Nothing where there was no such check. */
export function supportWords(backing: Backing): string[] {
  const t = app.t.plans;
  const { effective_n, overlap, sample_ratio_p } = backing;
  return [
    ...(effective_n == null ? [] : [t.effective(app.format.number(Math.round(effective_n)))]),
    ...(overlap == null ? [] : [t.overlap(app.format.percent(overlap))]),
    ...(sample_ratio_p == null ? [] : [t.ratio(app.format.percent(sample_ratio_p, 1))]),
  ];
}
