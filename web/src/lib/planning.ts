// The sums behind the pages of plans: what a spend brings by its curve, bounds in an address, a year before, bands of customers. Pure.
import type { Lang } from "./format";
import type { ArmVerdict, Backing, Band, Bound, BudgetPlan, By, Estimate, LaunchWanted, Measure, Period, Point, SalesForecast } from "./plans";
import type { Condition } from "./types";

/** Periods ahead that one may choose, the usual one second. */
export const HORIZONS: Readonly<Record<Period, readonly string[]>> = {
  day: ["7", "14", "28", "56"],
  week: ["4", "8", "13", "26"],
  month: ["3", "6", "12"],
};
export const usualHorizon = (period: Period): string => HORIZONS[period][1]!;

/** Orders hold several products: by what they can be told apart and still add up. */
export const addsUp = (measure: Measure, by: By): boolean => measure !== "orders" || by === "total" || by === "channel" || by === "store";

/** Periods of a year. Days are compared with the same weekday. */
const YEAR: Readonly<Record<Period, number>> = { day: 364, week: 52, month: 12 };

/** Owners of a category who are likelier than most to replace theirs soon. */
export const dueConditions = (category: string): Condition => ({ all: [{ field: "upgrade_category", op: "=", value: category }, { field: "upgrade_due", op: ">=", value: 0.15 }] });

/** Owners of a category whose device is of an age. */
export const ownersConditions = (of: { category: string; from_months: number; below_months: number | null }): Condition => ({
  all: [
    { field: "upgrade_category", op: "=", value: of.category },
    { field: "owned_months", op: ">=", value: of.from_months },
    ...(of.below_months === null ? [] : [{ field: "owned_months", op: "<" as const, value: of.below_months }]),
  ],
});

/** How wide a bar is beside the widest. */
export const widthOf = (value: number, most: number): string => `${most > 0 ? Math.round((1000 * value) / most) / 10 : 0}%`;

export const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** What was sold in the same periods a year before those to come; `null` where the past does not reach back so far. */
export function yearBefore(series: Pick<SalesForecast, "past" | "mean">, period: Period): number | null {
  const from = series.past.length - YEAR[period];
  const n = series.mean.length;
  if (from < 0 || n > YEAR[period]) return null;
  return sumOf(series.past.slice(from, from + n));
}

/** How much smaller the error was than that of repeating the last season: 0.2 for a fifth, below 0 where it was larger. */
export const gainOf = (accuracy: { mase: number; naive_mase: number }): number | null =>
  accuracy.naive_mase > 0 ? 1 - accuracy.mase / accuracy.naive_mase : null;

/** Past periods that a picture shows: enough for two seasons, not so many that what is to come is a sliver. */
export const shownOf = (period: Period): number => ({ day: 120, week: 104, month: 36 })[period];

/** How the key of a part stands in an address, where an empty one would be none. */
export const partText = (key: string): string => (key === "" ? "-" : key);

/** What a spend brings, read off the curve between its points; as the last point beyond it. */
export function broughtBy(curve: readonly Point[], spend_cents: number): Estimate {
  const last = curve.at(-1);
  if (last === undefined) return { value: 0, low: 0, high: 0, level: 0 };
  const at = curve.findIndex((point) => point.spend_cents >= spend_cents);
  if (at < 0) return last.value_cents;
  const [right, left] = [curve[at]!, curve[at - 1]];
  if (left === undefined) return right.value_cents;
  const share = (spend_cents - left.spend_cents) / (right.spend_cents - left.spend_cents);
  const between = (of: "value" | "low" | "high"): number => left.value_cents[of] + share * (right.value_cents[of] - left.value_cents[of]);
  return { value: between("value"), low: between("low"), high: between("high"), level: right.value_cents.level };
}

/** What the next coin brings at a spend: the slope of the curve there. */
export function nextCoin(curve: readonly Point[], spend_cents: number): number {
  const most = curve.at(-1)?.spend_cents ?? 0;
  const step = most / 200;
  if (!(step > 0)) return 0;
  const from = Math.max(0, Math.min(spend_cents, most - step));
  return (broughtBy(curve, from + step).value - broughtBy(curve, from).value) / step;
}

/** Sentences one after the other, as a language puts them. */
export const sentences = (lang: Lang, parts: readonly (string | false | null | undefined)[]): string => parts.filter((part) => part).join(lang === "zh" ? "" : " ");

export type Row = { kind: "baseline" | "channel" | "rest" | "total"; name: string; value: number; from: number; to: number; low: number | null; high: number | null };

/** Doubts by which the shop's own past speaks against the width of the intervals. */
const PAST_DENIES = ["missed_by_more_than_the_interval", "holdout_far_off", "held_back_missed", "narrow_intervals"];
export const pastDeniesIntervals = (backing: Pick<Backing, "caveats">): boolean => backing.caveats.some((one) => PAST_DENIES.includes(one.kind));

/**
 * What was sold, put together: what would have come anyway, each channel the largest first, what the model leaves unexplained. The
 * baseline is the one that is told with its interval, as channels are; the weeks alone have another centre.
 */
export function contributions(plan: Pick<BudgetPlan, "weeks" | "channels" | "baseline_so_far_cents">): Row[] {
  const sold = sumOf(plan.weeks.map((week) => week.sold_cents));
  const baseline = plan.baseline_so_far_cents?.value ?? sumOf(plan.weeks.map((week) => week.baseline_cents));
  const channels = [...plan.channels].sort((a, b) => b.brought_cents.value - a.brought_cents.value);
  const rows: Row[] = [];
  let at = 0;
  const add = (kind: Row["kind"], name: string, value: number, interval?: Estimate): void => {
    const [from, to] = [at, at + value];
    rows.push({ kind, name, value, from, to, low: interval === undefined ? null : from + interval.low, high: interval === undefined ? null : from + interval.high });
    at = to;
  };
  add("baseline", "", baseline);
  for (const one of channels) add("channel", one.channel, one.brought_cents.value, one.brought_cents);
  add("rest", "", sold - at);
  rows.push({ kind: "total", name: "", value: sold, from: 0, to: sold, low: null, high: null });
  return rows;
}

/** Bounds as an address keeps them, `[["search",100,null]]`; what cannot be read is none. */
export function boundsIn(text: string): Bound[] {
  let found: unknown;
  try {
    found = JSON.parse(text === "" ? "[]" : text);
  } catch {
    return [];
  }
  const cents = (value: unknown): number | null => (typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : null);
  return (Array.isArray(found) ? found : []).flatMap((one): Bound[] => {
    if (!Array.isArray(one) || typeof one[0] !== "string") return [];
    const bound = { channel: one[0], floor_cents: cents(one[1]), ceiling_cents: cents(one[2]) };
    return bound.floor_cents === null && bound.ceiling_cents === null ? [] : [bound];
  });
}

export const boundsText = (bounds: readonly Bound[]): string =>
  bounds.length === 0 ? "" : JSON.stringify(bounds.map((one) => [one.channel, one.floor_cents, one.ceiling_cents]));

/** `bounds` with one end of a channel's set or, with `null`, taken away. */
export function withBound(bounds: readonly Bound[], channel: string, end: "floor_cents" | "ceiling_cents", cents: number | null): Bound[] {
  const before = bounds.find((one) => one.channel === channel) ?? { channel, floor_cents: null, ceiling_cents: null };
  const after = { ...before, [end]: cents };
  const others = bounds.filter((one) => one.channel !== channel);
  return after.floor_cents === null && after.ceiling_cents === null ? others : [...others, after];
}

/** What can be spent in all under the bounds of the channels. */
export const spendable = (channels: readonly { floor_cents: number; ceiling_cents: number }[]): { least: number; most: number } => ({ least: sumOf(channels.map((one) => one.floor_cents)), most: sumOf(channels.map((one) => one.ceiling_cents)) });

/** An amount as typed, in hundredths; `null` for nothing, and NaN for what is none. */
export function centsIn(text: string): number | null {
  const plain = text.replaceAll(/[,，\s]/g, "");
  if (plain === "") return null;
  return /^\d{1,12}(\.\d{1,2})?$/.test(plain) ? Math.round(Number(plain) * 100) : Number.NaN;
}

export const STAGES = ["gone", "unsure", "there"] as const;
export type Stage = (typeof STAGES)[number];
/** From which chance of being there still each stage begins. */
export const STAGE_FROM: Readonly<Record<Stage, number>> = { gone: 0, unsure: 0.3, there: 0.7 };
export const stageOf = (alive: number): Stage => (alive >= STAGE_FROM.there - 1e-9 ? "there" : alive >= STAGE_FROM.unsure - 1e-9 ? "unsure" : "gone");

/** Bands put together to three stages. */
export function stagesOf(bands: readonly Band[]): Record<Stage, Omit<Band, "alive_from">> {
  const none = (): Omit<Band, "alive_from"> => ({ n_customers: 0, purchases: 0, value_cents: 0 });
  const stages = { gone: none(), unsure: none(), there: none() };
  for (const band of bands) {
    const stage = stages[stageOf(band.alive_from)];
    stage.n_customers += band.n_customers;
    stage.purchases += band.purchases;
    stage.value_cents += band.value_cents;
  }
  return stages;
}

/** Conditions of an audience of a stage; with `worth`, of those who are worth so much at least. */
export function stageConditions(stage: Stage, worth_cents: number | null = null): Condition {
  const all: Condition[] = [];
  if (stage !== "gone") all.push({ field: "alive", op: ">=", value: STAGE_FROM[stage] });
  if (stage !== "there") all.push({ field: "alive", op: "<", value: STAGE_FROM[stage === "gone" ? "unsure" : "there"] });
  if (worth_cents !== null) all.push({ field: "value_cents", op: ">=", value: worth_cents });
  return { all };
}

/** Whether a lower price brings more revenue: it does where pieces rise by more than the price falls. */
export const cheaperPays = (elasticity: Pick<Estimate, "low" | "high">): "yes" | "no" | "open" => (elasticity.high < -1 ? "yes" : elasticity.low > -1 ? "no" : "open");

/** How many more pieces, as a share, a price lower by `cut` sells. */
export const moreSold = (elasticity: number, cut: number): number => (1 - cut) ** elasticity - 1;

/** A step from 0 to 9 for a price: the deeper the cut, the darker. */
export function cutStep(price: number, full: number, lowest: number): number {
  const room = full - lowest;
  return room > 0 ? Math.max(0, Math.min(9, Math.round((9 * (full - price)) / room))) : 0;
}

/** What an arm brought less what it cost; `null` where what it brought is not known. */
export const netOf = (arm: Pick<ArmVerdict, "incremental_cents" | "cost_cents">): Estimate | null => {
  const found = arm.incremental_cents;
  return found === null ? null : { value: found.value - arm.cost_cents, low: found.low - arm.cost_cents, high: found.high - arm.cost_cents, level: found.level };
};

/** Customers who would be needed without taking off what was spent before, for one with it: 1.4 for two fifths more. */
export const sparedBy = (variance_kept: number): number => (variance_kept > 0 ? 1 / variance_kept : 1);

/** `null` for a number that is none or out of range. */
export function numberIn(text: string, from: number, to: number): number | null {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  return Number.isFinite(value) && value >= from && value <= to ? value : null;
}

/** Running sums. */
export function cumulated(values: readonly number[]): number[] {
  let sum = 0;
  return values.map((value) => (sum += value));
}

/** Fields of the launch desk: what is allowed, and what stands there where the address has nothing; an empty text may be left empty. */
export const LAUNCH_FIELDS = { price: [0.01, 1e9, ""], stock: [0, 1e7, ""], preorders: [0, 1e7, ""], weeks: [4, 52, "26"], salvage: [-100, 95, ""] } as const;
export type LaunchField = keyof typeof LAUNCH_FIELDS;

/** What stands in the fields: a number, `undefined` where one is left empty, `null` where it cannot be. */
export function launchFields(textOf: (name: string) => string): Record<LaunchField, number | null | undefined> {
  const read = (name: LaunchField): number | null | undefined => {
    const [from, to, usual] = LAUNCH_FIELDS[name];
    const text = textOf(name).trim() || usual;
    if (text === "") return undefined;
    const value = numberIn(text, from, to);
    const isWhole = name === "stock" || name === "preorders" || name === "weeks";
    return value !== null && isWhole && !Number.isInteger(value) ? null : value;
  };
  return { price: read("price"), stock: read("stock"), preorders: read("preorders"), weeks: read("weeks"), salvage: read("salvage") };
}

/** What an address asks of the launch desk; `null` where it names neither a product nor a planned one. */
export function launchWanted(param: (name: string) => string): LaunchWanted | null {
  const fields = launchFields(param);
  const cents = fields.price == null ? undefined : Math.round(fields.price * 100);
  const own = { price_cents: cents, stock: fields.stock ?? undefined, preorders: fields.preorders ?? undefined, weeks: fields.weeks ?? 26, salvage: fields.salvage == null ? undefined : fields.salvage / 100 };
  const [product, category, launch] = [param("product"), param("category"), param("launch")];
  if (product !== "") return { product_id: product, ...own };
  if (category === "" || launch === "") return null;
  return { category, brand: param("brand") || undefined, launch_on: launch, ...own };
}
