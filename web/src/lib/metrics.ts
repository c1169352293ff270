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
