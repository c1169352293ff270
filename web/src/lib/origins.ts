// Where a recommendation's place comes from, in the few kinds a person tells apart at a glance. Pure.
import type { Reason, RecommendedItem } from "./types";

export const ORIGINS = ["own", "others", "product", "popular", "shop", "trial"] as const;
export type Origin = (typeof ORIGINS)[number];

const OF: Record<string, Origin> = {
  own_event: "own",
  remainder: "own",
  similar_customers: "others",
  accessory: "product",
  bundle: "product",
  successor: "product",
  content: "product",
  price_drop: "product",
  model_popularity: "popular",
  popularity: "popular",
  regional: "popular",
  baseline: "popular",
  exploration: "trial",
};

/** What the shop does by itself (pins, boosts, margin, stock, new products, variety) counts as its rules. */
export const originOf = (kind: string): Origin => OF[kind] ?? "shop";

export interface Part {
  origin: Origin;
  share: number;
}

/** Shares by origin, in the fixed order of origins, so that the same colour stands at the same place in every bar. */
export function partsOf(reasons: readonly Reason[]): Part[] {
  return ORIGINS.map((origin) => ({
    origin,
    share: reasons.reduce((sum, reason) => sum + (originOf(reason.kind) === origin ? Math.max(0, reason.share ?? 0) : 0), 0),
  })).filter((part) => part.share > 0);
}

/** Reasons as few lines: the kinds of popularity are one to a reader; what has no part in the score is left out. */
export function told(reasons: readonly Reason[]): Reason[] {
  const lines: Reason[] = [];
  for (const reason of reasons) {
    if ((reason.share ?? 0) <= 0 && reason.kind !== "pinned") continue;
    const same = lines.find((line) => originOf(reason.kind) === "popular" && originOf(line.kind) === "popular");
    if (same === undefined) lines.push({ ...reason });
    else same.share = (same.share ?? 0) + (reason.share ?? 0);
  }
  return lines.sort((a, b) => (b.share ?? 0) - (a.share ?? 0));
}

/** The part of popularity in a whole list, 0 to 1. */
export function popularShare(items: readonly RecommendedItem[]): number {
  if (items.length === 0) return 0;
  const of = (item: RecommendedItem): number => partsOf(item.reasons ?? []).find((part) => part.origin === "popular")?.share ?? 0;
  return items.reduce((sum, item) => sum + of(item), 0) / items.length;
}
