// What pages of customer groups share: colours, words for figures, texts in a language. Pure.
import type { Lang } from "./format";
import type { Condition, Segments, Text } from "./types";

export const N_GROUP_COLORS = 10;

/** The text in the language asked for; in the other one rather than not at all. */
export function textIn(text: Text | null | undefined, lang: Lang): string {
  if (text === null || text === undefined) return "–";
  return text[lang] || text[lang === "zh" ? "en" : "zh"] || "–";
}

/** The class that carries a colour; beyond the last colour they begin again, and without one it is grey. */
export const groupClass = (at: number | undefined): string => (at === undefined || at < 0 ? "group-10" : `group-${(at % N_GROUP_COLORS) + 1}`);

/** The class of a kind among those of a fixed list, as the RFM groups are: those beyond the last colour, who are lost, are pale. */
export const listedClass = (at: number): string => (at < N_GROUP_COLORS ? groupClass(at) : "group-beyond");

/** The number in a group's key: keys are `g1`, `g2`… in the order in which groups first appeared. */
function numberIn(key: string): number {
  const number = /^g(\d{1,9})$/.exec(key)?.[1];
  if (number !== undefined) return Number(number);
  return [...key].reduce((hash, letter) => (hash * 31 + letter.codePointAt(0)!) % 1_000_003, 7);
}

/**
 * Colours of groups by their keys. A key is kept over retraining and never given again, and so is its colour: each takes the one
 * of its own number, the elder first; if that is taken, the next that the fewest of the present groups have, and then the fewest of
 * those that are gone. So a group that appears changes the colour of none that was there before.
 */
export function colorsOf(present: readonly string[], gone: readonly string[] = []): ReadonlyMap<string, number> {
  const isPresent = new Set(present);
  const sorted = [...new Set([...present, ...gone])].map((key) => ({ key, number: numberIn(key) })).sort((a, b) => a.number - b.number || (a.key < b.key ? -1 : 1));
  const taken = Array.from({ length: N_GROUP_COLORS }, () => ({ present: 0, all: 0 }));
  const colors = new Map<string, number>();
  for (const { key, number } of sorted) {
    const order = taken.map((_, step) => (number + N_GROUP_COLORS - 1 + step) % N_GROUP_COLORS);
    const weight = (color: number): number => (isPresent.has(key) ? taken[color]!.present * 1_000 : 0) + taken[color]!.all;
    const color = order.reduce((best, one) => (weight(one) < weight(best) ? one : best));
    taken[color]!.all += 1;
    if (isPresent.has(key)) taken[color]!.present += 1;
    colors.set(key, color);
  }
  return colors;
}

/** Colours of the present groups and of those before, so that all pictures of both agree. */
export function colorsIn(segments: Pick<Segments, "groups" | "before"> | null | undefined): ReadonlyMap<string, number> {
  const keys = (groups: readonly { key: string }[] | undefined): string[] => (groups ?? []).map(({ key }) => key);
  return colorsOf(keys(segments?.groups), keys(segments?.before?.groups));
}

export type Firmness = "firm" | "good" | "fair" | "weak";

/** Adjusted Rand index of groupings learned from resampled customers. */
export function firmnessOfGrouping(rand: number): Firmness {
  return rand >= 0.85 ? "firm" : rand >= 0.7 ? "good" : rand >= 0.5 ? "fair" : "weak";
}

/** Jaccard similarity of one group to its likeness in resampled customers; the steps are Hennig's (2007). */
export function firmnessOfGroup(jaccard: number): Firmness {
  return jaccard >= 0.85 ? "firm" : jaccard >= 0.75 ? "good" : jaccard >= 0.6 ? "fair" : "weak";
}

/** Up, down, or no change worth an arrow. */
export function trendOf(change: number | null | undefined): "up" | "down" | "level" | "unknown" {
  if (change === null || change === undefined || !Number.isFinite(change)) return "unknown";
  return change > 0.02 ? "up" : change < -0.02 ? "down" : "level";
}

/** How far a lift reaches along half a bar: doubling and halving are equally long, eightfold fills it. */
export function liftReach(lift: number): number {
  if (!(lift > 0)) return 1;
  return Math.min(1, Math.abs(Math.log2(lift)) / 3);
}

/** A step from 0 to 9 for a value beside the largest; `null` where there is none. */
export function heatStep(value: number | null, max: number): number | null {
  if (value === null || !Number.isFinite(value)) return null;
  if (!(max > 0)) return 0;
  return Math.max(0, Math.min(9, Math.round((9 * value) / max)));
}

/** The address of a new audience that begins with a condition. */
export function newAudiencePath(conditions: Condition, name = ""): string {
  const search = new URLSearchParams({ conditions: JSON.stringify(conditions) });
  if (name !== "") search.set("name", name);
  return `/audiences/new?${search}`;
}

/** What carries out an action: copy written in the studio, products recommended to an audience, or notices of the service. */
export type Step = { by: "write"; goal: string; offer: boolean } | { by: "recommend" } | { by: "service" };

const STEPS: Readonly<Record<string, Step>> = {
  recommend: { by: "recommend" },
  win_back: { by: "write", goal: "win_back", offer: false },
  cross_sell: { by: "write", goal: "cross_sell", offer: false },
  accessory: { by: "write", goal: "cross_sell", offer: false },
  upgrade: { by: "write", goal: "upgrade", offer: false },
  launch: { by: "write", goal: "launch", offer: false },
  loyalty: { by: "write", goal: "promotion", offer: true },
  price_drop: { by: "write", goal: "promotion", offer: true },
  service: { by: "service" },
};

/** How an action is carried out; `null` for one that this console does not know. */
export const stepOf = (kind: string): Step | null => (Object.hasOwn(STEPS, kind) ? STEPS[kind]! : null);

/** Where a step is taken for a group: a brief for it, an audience of it that is recommended to next, or the service's notices. */
export function stepPath(step: Step, group: string, name: string): string {
  if (step.by === "service") return "/proactive";
  if (step.by === "recommend") return `${newAudiencePath({ all: [{ field: "segment", op: "=", value: group }] }, name)}&then=recommend`;
  return `/studio?${new URLSearchParams({ goal: step.goal, segment: group, ...(step.offer ? { offer: "yes" } : {}) })}`;
}

/** Retention by age over all cohorts old enough to tell, weighted by their sizes; `null` where none is. */
export function averageRetention(rows: readonly { n_customers: number; retained: readonly (number | null)[] }[]): (number | null)[] {
  const n_ages = Math.max(0, ...rows.map((row) => row.retained.length));
  return Array.from({ length: n_ages }, (_, age) => {
    const known = rows.filter((row) => row.retained[age] !== null && row.retained[age] !== undefined);
    const n = known.reduce((sum, row) => sum + row.n_customers, 0);
    return n === 0 ? null : known.reduce((sum, row) => sum + (row.retained[age] ?? 0), 0) / n;
  });
}
