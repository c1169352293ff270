// Days into days, weeks or months, so that five years are as readable as thirty days. Pure.

export interface SalesPoint {
  day: string;
  n_orders: number;
  revenue_cents: number;
}

export type Grain = "day" | "week" | "month";

const DAY_MS = 86_400_000;

const dayNumber = (day: string): number => Math.floor(Date.parse(`${day}T00:00:00Z`) / DAY_MS);
const dayText = (number: number): string => new Date(number * DAY_MS).toISOString().slice(0, 10);

export function grainFor(n_days: number): Grain {
  if (n_days <= 130) return "day";
  return n_days <= 800 ? "week" : "month";
}

/** From the first to the last day, both counted; 0 without any. */
export function daySpan(points: readonly { day: string }[]): number {
  const sorted = points.map((point) => point.day).sort();
  const [first, last] = [sorted[0], sorted.at(-1)];
  return first === undefined || last === undefined ? 0 : dayNumber(last) - dayNumber(first) + 1;
}

/** The Monday of the day's week, the first of its month, or the day. */
export function bucketOf(day: string, grain: Grain): string {
  if (grain === "month") return `${day.slice(0, 7)}-01`;
  if (grain === "day") return day;
  const number = dayNumber(day);
  return dayText(number - ((number + 3) % 7));
}

/** Sums per bucket, in order, with every bucket between the first and the last present. */
export function aggregate(points: readonly SalesPoint[], grain: Grain): SalesPoint[] {
  const sums = new Map<string, SalesPoint>();
  const sorted = [...points].sort((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : 0));
  const [first, last] = [sorted[0], sorted.at(-1)];
  if (first === undefined || last === undefined) return [];
  for (let number = dayNumber(first.day); number <= dayNumber(last.day); number += 1) {
    const bucket = bucketOf(dayText(number), grain);
    if (!sums.has(bucket)) sums.set(bucket, { day: bucket, n_orders: 0, revenue_cents: 0 });
  }
  for (const point of sorted) {
    const sum = sums.get(bucketOf(point.day, grain));
    if (sum === undefined) continue;
    sum.n_orders += point.n_orders;
    sum.revenue_cents += point.revenue_cents;
  }
  return [...sums.values()];
}

/** The points of the last `n_days` days of the data (not of the clock: an imported shop may be years old). */
export function lastDays<T extends { day: string }>(points: readonly T[], n_days: number): T[] {
  const last = points.reduce((latest, point) => (point.day > latest ? point.day : latest), "");
  if (last === "") return [];
  const from = dayNumber(last) - n_days + 1;
  return points.filter((point) => dayNumber(point.day) >= from);
}

export interface Comparison {
  revenue_cents: number;
  n_orders: number;
  revenueChange: number | null;
  ordersChange: number | null;
}

/** Sums over the last `n_days` days beside the same number of days before; no change where there is nothing to compare. */
export function compareLast(points: readonly SalesPoint[], n_days: number): Comparison {
  const both = lastDays(points, 2 * n_days);
  const recent = new Set(lastDays(points, n_days).map((point) => point.day));
  const sum = (keep: boolean, name: "n_orders" | "revenue_cents"): number =>
    both.filter((point) => recent.has(point.day) === keep).reduce((total, point) => total + point[name], 0);
  const change = (name: "n_orders" | "revenue_cents"): number | null => {
    const before = sum(false, name);
    return before > 0 ? sum(true, name) / before - 1 : null;
  };
  return {
    revenue_cents: sum(true, "revenue_cents"),
    n_orders: sum(true, "n_orders"),
    revenueChange: change("revenue_cents"),
    ordersChange: change("n_orders"),
  };
}

export interface Step {
  name: string;
  value: number;
  from: number;
  to: number;
}

/** Terms of the same name, one per own event say, become one. */
export function sumByName(terms: readonly { name: string; value: number }[]): { name: string; value: number }[] {
  const sums = new Map<string, number>();
  for (const { name, value } of terms) sums.set(name, (sums.get(name) ?? 0) + value);
  return [...sums].map(([name, value]) => ({ name, value }));
}

/** Terms in a running sum, largest magnitude first; beyond `n_max`, the smallest are added up under `otherName`. */
export function waterfall(terms: readonly { name: string; value: number }[], otherName: string, n_max = 9): Step[] {
  const sorted = sumByName(terms).filter((term) => term.value !== 0).sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
  const shown = sorted.length > n_max ? sorted.slice(0, n_max - 1) : sorted;
  const rest = sorted.slice(shown.length).reduce((sum, term) => sum + term.value, 0);
  const all = sorted.length > n_max ? [...shown, { name: otherName, value: rest }] : shown;
  let sum = 0;
  return all.map(({ name, value }) => {
    const from = sum;
    sum += value;
    return { name, value, from, to: sum };
  });
}
