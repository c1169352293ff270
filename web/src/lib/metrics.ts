// Which metrics tell most, and which way is better. Pure.

const ORDER = ["ndcg", "recall", "hit_rate", "hit", "map", "mrr", "precision", "coverage", "novelty", "rmse", "mae"];
const LOWER_IS_BETTER = new Set(["rmse", "mae", "popularity", "popularity_bias", "average_popularity", "gini", "loss"]);

const family = (metric: string): string => metric.split("@")[0] ?? metric;
const cutoff = (metric: string): number => Number(metric.split("@")[1] ?? 0);

export const lowerIsBetter = (metric: string): boolean => LOWER_IS_BETTER.has(family(metric));

export function sortMetrics(names: readonly string[]): string[] {
  const rank = (name: string): number => {
    const at = ORDER.indexOf(family(name));
    return at < 0 ? ORDER.length : at;
  };
  return [...names].sort((a, b) => rank(a) - rank(b) || cutoff(a) - cutoff(b) || (a < b ? -1 : a > b ? 1 : 0));
}

/** Metrics by the question that they answer. */
const GROUPS = {
  hits: ["hit_rate", "hit", "recall", "precision"],
  order: ["ndcg", "map", "mrr"],
  variety: ["coverage", "novelty", "gini", "average_popularity", "popularity_bias", "popularity"],
  ratings: ["rmse", "mae"],
} as const;
const HEADLINES = ["ndcg", "recall", "hit_rate", "hit", "coverage", "rmse"];

/** What a table of metrics shows: the most telling of each group, one group, or everything. */
export type MetricView = "headlines" | keyof typeof GROUPS | "all";

export function metricsOf(view: MetricView, names: readonly string[]): string[] {
  if (view === "all") return [...names];
  const families: readonly string[] = view === "headlines" ? HEADLINES : GROUPS[view];
  return names.filter((name) => families.includes(family(name)));
}

/** The views worth choosing between; none where a single one shows all. */
export function viewsOf(names: readonly string[]): MetricView[] {
  const groups = (Object.keys(GROUPS) as (keyof typeof GROUPS)[]).filter((view) => metricsOf(view, names).length > 0);
  const headlines = metricsOf("headlines", names);
  if (names.length <= 4 || headlines.length === 0) return ["all"];
  return ["headlines", ...groups, "all"];
}
