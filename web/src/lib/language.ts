// What pages of opinions, search and words share. Places are counted in characters (code points), as the service counts
// them; a string of JavaScript is indexed by UTF-16 units, so texts are taken apart once. Pure.
import type { Aspect, Mark, Mention, OpinionMonth, OpinionPage, ReadCondition, WordPoint } from "./types";

export interface Piece {
  text: string;
  on: boolean;
}

/** A text in pieces, those within a mark apart from the others. Marks may overlap, touch or reach beyond the text. */
export function piecesOf(text: string, marks: readonly Mark[]): Piece[] {
  const letters = Array.from(text);
  const on = new Array<boolean>(letters.length).fill(false);
  for (const { start, end } of marks) on.fill(true, Math.max(0, start), Math.max(0, end));
  const pieces: Piece[] = [];
  letters.forEach((letter, at) => {
    const last = pieces.at(-1);
    if (last !== undefined && last.on === on[at]) last.text += letter;
    else pieces.push({ text: letter, on: on[at] ?? false });
  });
  return pieces;
}

/** Characters `start` to `end` of a text. */
export const cutOut = (text: string, start: number, end: number): string => Array.from(text).slice(start, end).join("");

export interface QueryPiece {
  text: string;
  /** The condition that was read out of it. */
  filter: ReadCondition | null;
}

/** A query in pieces, each with the condition it became. */
export function queryPieces(text: string, filters: readonly ReadCondition[]): QueryPiece[] {
  const letters = Array.from(text);
  const of = new Array<ReadCondition | null>(letters.length).fill(null);
  for (const filter of filters) {
    if (filter.start !== null && filter.end !== null) of.fill(filter, filter.start, filter.end);
  }
  const pieces: QueryPiece[] = [];
  letters.forEach((letter, at) => {
    const last = pieces.at(-1);
    const filter = of[at] ?? null;
    if (last !== undefined && last.filter === filter) last.text += letter;
    else pieces.push({ text: letter, filter });
  });
  return pieces;
}

export interface Run {
  text: string;
  /** −3 to 3: how much it speaks for a complaint or for praise. */
  level: number;
  mention: Mention | null;
  /** Whether it is the aspect's own name. */
  term: boolean;
}

/** A text in runs of equal look: what decided by its weight, and the clauses that speak of an aspect. */
export function runsOf(text: string, weights: readonly (Mark & { weight: number })[], mentions: readonly Mention[]): Run[] {
  const letters = Array.from(text);
  const sums = new Array<number>(letters.length).fill(0);
  for (const { start, end, weight } of weights) {
    // A long expression weighs as much as a short one, spread over its characters.
    for (let at = Math.max(0, start); at < Math.min(end, sums.length); at += 1) sums[at]! += weight / Math.sqrt(Math.max(1, end - start));
  }
  const most = Math.max(...sums.map(Math.abs), 0);
  const level = (sum: number): number => (most === 0 ? 0 : Math.round((3 * sum) / most) || 0);
  const own = new Array<Mention | null>(letters.length).fill(null);
  const term = new Array<boolean>(letters.length).fill(false);
  for (const mention of mentions) {
    own.fill(mention, mention.start, mention.end);
    term.fill(true, mention.term_start, mention.term_end);
  }
  const runs: Run[] = [];
  letters.forEach((letter, at) => {
    const last = runs.at(-1);
    const next = { text: letter, level: level(sums[at] ?? 0), mention: own[at] ?? null, term: term[at] ?? false };
    if (last !== undefined && last.level === next.level && last.mention === next.mention && last.term === next.term) last.text += letter;
    else runs.push(next);
  });
  return runs;
}

/** Ids in the address, with one more or one less. */
export function toggled(list: string, one: string, by: string): string {
  const all = list.split(by).filter((part) => part !== "");
  return (all.includes(one) ? all.filter((part) => part !== one) : [...all, one]).join(by);
}

/** Ids in an address, each written safely; what cannot be read stays as it is. */
export function idsIn(text: string, most: number): string[] {
  const read = (part: string): string => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  };
  return [...new Set(text.split(",").filter((part) => part !== "").map(read))].slice(0, most);
}

/** Choices among facets, `attribute:value` by `|`. One value per attribute: choosing another takes its place. */
export function choosing(list: string, attribute: string, value: string): string {
  const all = list.split("|").filter((part) => part !== "");
  const one = `${attribute}:${value}`;
  const rest = all.filter((part) => !part.startsWith(`${attribute}:`));
  return (all.includes(one) ? rest : [...rest, one]).join("|");
}

export const praiseOf = (aspect: Aspect): number => aspect.positive + aspect.mixed / 2;
export const blameOf = (aspect: Aspect): number => aspect.negative + aspect.mixed / 2;
export const judgedOf = (aspect: Aspect): number => aspect.positive + aspect.negative + aspect.mixed;

export interface Bars {
  /** Parts of half the width, 0 to 1. */
  positive: number;
  negative: number;
  /** The half of those who do both, on either side. */
  mixed: number;
  /** Where praise would end if it were as in the category. */
  others: number | null;
  low: number;
  high: number;
}

/** How far an aspect's bars reach: beside the largest of all as counts, beside its own as shares. */
export function barsOf(aspect: Aspect, scale: "counts" | "shares", largest: number): Bars {
  const judged = judgedOf(aspect);
  const whole = scale === "shares" ? judged : largest;
  const part = (n: number): number => (whole > 0 ? Math.min(1, n / whole) : 0);
  return {
    positive: part(aspect.positive),
    negative: part(aspect.negative),
    mixed: part(aspect.mixed / 2),
    others: aspect.others === null || judged === 0 ? null : part(aspect.others.share_positive * judged),
    low: part(aspect.low * judged),
    high: part(aspect.high * judged),
  };
}

export const largestOf = (aspects: readonly Aspect[]): number =>
  Math.max(1, ...aspects.map((aspect) => Math.max(praiseOf(aspect), blameOf(aspect), (aspect.others?.share_positive ?? 0) * judgedOf(aspect))));

/** Months without a remark between the first and the last are there, and empty. */
export function filledMonths(months: readonly OpinionMonth[]): OpinionMonth[] {
  const known = new Map(months.map((month) => [month.month, month]));
  const number = (month: string): number => Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7)) - 1;
  const numbers = months.map(({ month }) => number(month)).filter(Number.isFinite);
  if (numbers.length === 0) return [];
  const first = Math.min(...numbers);
  // A wrong date must not fill the screen with a thousand years.
  const n = Math.min(600, Math.max(...numbers) - first + 1);
  return Array.from({ length: n }, (_, at) => {
    const month = `${String(Math.floor((first + at) / 12)).padStart(4, "0")}-${String(((first + at) % 12) + 1).padStart(2, "0")}`;
    return known.get(month) ?? { month, positive: 0, negative: 0 };
  });
}

export interface CompareRow {
  key: string;
  label: Aspect["label"];
  cells: ({ share: number; low: number; high: number; n: number } | null)[];
  /** The product that stands clear of all others: its interval touches none of theirs. */
  best: number | null;
}

/** Aspects that any of the products is judged on, the most spoken of first. */
export function compareRows(pages: readonly OpinionPage[]): CompareRow[] {
  const labels = new Map<string, { label: Aspect["label"]; n: number }>();
  for (const aspect of pages.flatMap((page) => page.aspects)) {
    if (judgedOf(aspect) === 0) continue;
    const known = labels.get(aspect.key);
    labels.set(aspect.key, { label: aspect.label, n: (known?.n ?? 0) + judgedOf(aspect) });
  }
  return [...labels]
    .sort(([a, { n: nA }], [b, { n: nB }]) => nB - nA || (a < b ? -1 : 1))
    .map(([key, { label }]) => {
      const cells = pages.map((page) => {
        const aspect = page.aspects.find((one) => one.key === key);
        if (aspect === undefined || judgedOf(aspect) === 0) return null;
        return { share: aspect.share_positive, low: aspect.low, high: aspect.high, n: judgedOf(aspect) };
      });
      const clear = (at: number): boolean => {
        const own = cells[at];
        const others = cells.filter((cell, other) => other !== at && cell !== null);
        return own !== null && own !== undefined && others.length > 0 && others.every((cell) => own.low > (cell?.high ?? 1));
      };
      const best = cells.findIndex((_, at) => clear(at));
      return { key, label, cells, best: best < 0 ? null : best };
    });
}

export interface Label {
  word: string;
  x: number;
  y: number;
  width: number;
  /** To the left of its dot, where the frame ends. */
  left: boolean;
}

/** Labels beside their dots, given in order of importance: one that would cover an earlier label is left out. */
export function labelsThatFit(
  points: readonly { word: string; x: number; y: number; radius: number }[],
  widthOf: (word: string) => number,
  frame: { width: number; height: number },
  height: number,
): Label[] {
  const placed: Label[] = [];
  const free = (left: number, right: number, y: number): boolean =>
    left >= 2 && right <= frame.width - 2 &&
    placed.every((one) => {
      const from = one.left ? one.x - one.width : one.x;
      return right < from - 3 || left > from + one.width + 3 || Math.abs(one.y - y) >= height;
    });
  for (const { word, x, y, radius } of points) {
    if (x < -20 || y < height / 2 || x > frame.width + 20 || y > frame.height - height / 2) continue;
    const width = widthOf(word);
    if (free(x + radius + 3, x + radius + 3 + width, y)) placed.push({ word, x: x + radius + 3, y, width, left: false });
    else if (free(x - radius - 3 - width, x - radius - 3, y)) placed.push({ word, x: x - radius - 3, y, width, left: true });
  }
  return placed;
}

/** The point nearest to a place, no farther than `reach`. */
export function nearestPoint<T extends { x: number; y: number }>(points: readonly T[], x: number, y: number, reach: number): T | null {
  let best: T | null = null;
  let least = reach * reach;
  for (const point of points) {
    const d = (point.x - x) ** 2 + (point.y - y) ** 2;
    if (d <= least) [best, least] = [point, d];
  }
  return best;
}

/** Dots grow with the root of their uses, between two sizes. */
export function radiusOf(point: Pick<WordPoint, "count">, most: number): number {
  return 2.5 + 6 * Math.sqrt(Math.max(0, point.count) / Math.max(1, most));
}
