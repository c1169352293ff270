// Numbers, money, dates and durations as people of a language read them. Pure: language, currency, time zone and
// "now" are arguments.
import type { Instant, Interval } from "./types";

export type Lang = "en" | "zh";

export const MISSING = "–";

const LOCALES: Record<Lang, string> = { en: "en-GB", zh: "zh-CN" };

/** Intl constructors are slow to make and cheap to keep. */
const formatters = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat>();

function kept<T extends Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat>(
  key: string,
  make: () => T,
): T {
  let formatter = formatters.get(key);
  if (formatter === undefined) {
    formatter = make();
    formatters.set(key, formatter);
  }
  return formatter as T;
}

export function toDate(value: Instant): Date | null {
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? null : date;
}

export class Format {
  readonly locale: string;

  constructor(
    readonly lang: Lang,
    readonly currency: string,
    readonly timeZone: string,
  ) {
    this.locale = LOCALES[lang];
  }

  private numbers(options: Intl.NumberFormatOptions): Intl.NumberFormat {
    return kept(`n|${this.locale}|${JSON.stringify(options)}`, () => new Intl.NumberFormat(this.locale, options));
  }

  private dates(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
    return kept(`d|${this.locale}|${JSON.stringify(options)}`, () => {
      try {
        return new Intl.DateTimeFormat(this.locale, options);
      } catch {
        // The shop names a time zone this browser does not know.
        return new Intl.DateTimeFormat(this.locale, { ...options, timeZone: "UTC" });
      }
    });
  }

  number(value: number | null | undefined, digits = 0): string {
    if (value === null || value === undefined || !Number.isFinite(value)) return MISSING;
    return this.numbers({ maximumFractionDigits: digits, minimumFractionDigits: digits }).format(value);
  }

  /** Short for charts and cards: 12.3K, 1.2万. */
  compact(value: number | null | undefined): string {
    if (value === null || value === undefined || !Number.isFinite(value)) return MISSING;
    return this.numbers({ notation: "compact", maximumSignificantDigits: 3 }).format(value);
  }

  percent(share: number | null | undefined, digits = 0): string {
    if (share === null || share === undefined || !Number.isFinite(share)) return MISSING;
    return this.numbers({ style: "percent", maximumFractionDigits: digits, minimumFractionDigits: digits }).format(
      share,
    );
  }

  private currencyOptions(options: Intl.NumberFormatOptions): Intl.NumberFormatOptions {
    try {
      const full: Intl.NumberFormatOptions = {
        style: "currency",
        currency: this.currency,
        currencyDisplay: "narrowSymbol",
        ...options,
      };
      this.numbers(full);
      return full;
    } catch {
      return options;
    }
  }

  /** Cents are hundredths of the currency, whatever its own smallest unit is. */
  money(cents: number | null | undefined): string {
    if (cents === null || cents === undefined || !Number.isFinite(cents)) return MISSING;
    return this.numbers(this.currencyOptions({})).format(cents / 100);
  }

  /** For sums, where cents would only be noise and columns must line up. */
  moneyWhole(cents: number | null | undefined): string {
    if (cents === null || cents === undefined || !Number.isFinite(cents)) return MISSING;
    const options = { minimumFractionDigits: 0, maximumFractionDigits: 0 };
    return this.numbers({ ...this.currencyOptions(options), ...options }).format(cents / 100);
  }

  moneyCompact(cents: number | null | undefined): string {
    if (cents === null || cents === undefined || !Number.isFinite(cents)) return MISSING;
    return this.numbers(this.currencyOptions({ notation: "compact", maximumSignificantDigits: 3 })).format(cents / 100);
  }

  /** A score or a metric: as many digits as matter, never exponents. */
  score(value: number | null | undefined, digits = 4): string {
    if (value === null || value === undefined || !Number.isFinite(value)) return MISSING;
    const decimals = Math.abs(value) >= 100 ? 1 : Math.abs(value) >= 10 ? 2 : digits;
    return this.numbers({ minimumFractionDigits: decimals, maximumFractionDigits: decimals }).format(value);
  }

  signed(value: number, digits = 3): string {
    return this.numbers({
      signDisplay: "exceptZero",
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    }).format(value);
  }

  /** A day of the shop's calendar: it has no time zone, so none may shift it. */
  day(day: string | null | undefined): string {
    if (day === null || day === undefined || day === "") return MISSING;
    const date = /^-?\d{4,}-\d{2}-\d{2}$/.test(day) ? toDate(`${day}T00:00:00Z`) : null;
    if (date === null) return day;
    return this.dates({ year: "numeric", month: "short", day: "numeric", timeZone: "UTC" }).format(date);
  }

  /** Today where the shop is, `YYYY-MM-DD`. */
  today(now: number): string {
    const parts = this.dates({ year: "numeric", month: "2-digit", day: "2-digit", timeZone: this.timeZone }).formatToParts(now);
    return ["year", "month", "day"].map((name) => parts.find(({ type }) => type === name)!.value).join("-");
  }

  /** For an axis within one year, where the year would be repeated at every tick. */
  dayOfYear(day: string): string {
    const date = toDate(`${day}T00:00:00Z`);
    return date === null ? day : this.dates({ month: "short", day: "numeric", timeZone: "UTC" }).format(date);
  }

  month(day: string): string {
    const date = toDate(`${day.slice(0, 7)}-01T00:00:00Z`);
    if (date === null) return day;
    return this.dates({ year: "numeric", month: "short", timeZone: "UTC" }).format(date);
  }

  /** The month of an instant in the shop's time zone. */
  monthOf(at: Instant): string {
    const date = toDate(at);
    return date === null ? MISSING : this.dates({ year: "numeric", month: "short", timeZone: this.timeZone }).format(date);
  }

  /** An instant as a day of the shop's time zone; a plain day stays that day. */
  date(at: Instant | null | undefined): string {
    if (at === null || at === undefined || at === "") return MISSING;
    if (typeof at === "string" && at.length === 10) return this.day(at);
    const date = toDate(at);
    if (date === null) return String(at);
    return this.dates({ year: "numeric", month: "short", day: "numeric", timeZone: this.timeZone }).format(date);
  }

  dateTime(at: Instant | null | undefined): string {
    if (at === null || at === undefined || at === "") return MISSING;
    const date = toDate(at);
    if (date === null) return String(at);
    return this.dates({
      year: "numeric",
      month: "short",
      day: "numeric",
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
      timeZone: this.timeZone,
    }).format(date);
  }

  /** The instant, UTC milliseconds, at which the shop's clocks show `2026-06-18T09:00`; null for anything else. */
  instantOf(wall: string): number | null {
    const asUtc = Date.parse(`${wall}Z`);
    if (Number.isNaN(asUtc)) return null;
    const clocks = this.dates({ year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: this.timeZone });
    const ahead = (at: number): number => {
      const shown = Object.fromEntries(clocks.formatToParts(at).map((part) => [part.type, part.value]));
      return Date.UTC(Number(shown.year), Number(shown.month) - 1, Number(shown.day), Number(shown.hour), Number(shown.minute)) - at;
    };
    // Twice, for the clocks may be set between the first guess and the instant.
    return asUtc - ahead(asUtc - ahead(asUtc));
  }

  time(at: Instant): string {
    const date = toDate(at);
    if (date === null) return MISSING;
    return this.dates({ hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: this.timeZone }).format(date);
  }

  /** Empty at midnight: then the source knew the day only. */
  timeIfKnown(at: Instant): string {
    const text = this.time(at);
    return text === "00:00" ? "" : text;
  }

  /** "3 hours ago" for what is recent; a day for what is long past, where "6 years ago" would tell little. */
  recency(at: Instant | null | undefined, now: number): string {
    const date = at === null || at === undefined ? null : toDate(at);
    return date !== null && now - date.getTime() > 60 * 86_400_000 ? this.date(at) : this.ago(at, now);
  }

  /** City and region, written as the language writes addresses: "Anaheim, California, United States", "浙江 · 杭州". */
  place(city: string | null | undefined, region: string | null | undefined): string {
    const parts = (region ?? "").split("/").map((part) => part.trim());
    if (city && city !== parts.at(-1)) parts.push(city);
    const named = parts.filter((part) => part !== "");
    if (named.length === 0) return MISSING;
    return this.lang === "zh" ? named.join(" · ") : named.reverse().join(", ");
  }

  /** "US dollar (USD)"; the bare code where the browser knows no name. */
  named(kind: "currency" | "language", code: string): string {
    try {
      const name = new Intl.DisplayNames([this.locale], { type: kind }).of(code);
      return name === undefined || name === code ? code : `${name} (${code})`;
    } catch {
      return code;
    }
  }

  /** "3 hours ago", "昨天". */
  ago(at: Instant | null | undefined, now: number): string {
    const date = at === null || at === undefined ? null : toDate(at);
    if (date === null) return MISSING;
    const relative = kept(
      `r|${this.locale}`,
      () => new Intl.RelativeTimeFormat(this.locale, { numeric: "auto", style: "long" }),
    );
    const seconds = (date.getTime() - now) / 1000;
    for (const [unit, length] of UNITS_SECONDS) {
      if (Math.abs(seconds) >= length) return relative.format(Math.trunc(seconds / length), unit);
    }
    return relative.format(0, "second");
  }

  duration(seconds: number | null | undefined): string {
    if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return MISSING;
    const unit = (value: number, name: string, digits = 0): string =>
      this.numbers({
        style: "unit",
        unit: name,
        unitDisplay: this.lang === "zh" ? "long" : "narrow",
        maximumFractionDigits: digits,
      }).format(value);
    if (seconds < 1) return unit(seconds * 1000, "millisecond");
    if (seconds < 60) return unit(seconds, "second", seconds < 10 ? 1 : 0);
    const whole = Math.round(seconds);
    const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
    const parts =
      hours > 0
        ? [unit(hours, "hour"), minutes > 0 ? unit(minutes, "minute") : ""]
        : [unit(minutes, "minute"), rest > 0 ? unit(rest, "second") : ""];
    return parts.filter((part) => part !== "").join(" ");
  }

  milliseconds(value: number | null | undefined): string {
    if (value === null || value === undefined || !Number.isFinite(value)) return MISSING;
    const digits = value < 10 ? 1 : 0;
    return `${this.number(value, digits)} ${this.lang === "zh" ? "毫秒" : "ms"}`;
  }

  interval(value: number | Interval | null | undefined): string {
    const { mean, low, high } = readInterval(value);
    if (mean === null) return MISSING;
    if (low === null || high === null) return this.score(mean);
    return `${this.score(mean)} (${this.score(low)}–${this.score(high)})`;
  }
}

/** Decimals that show `significant` digits of the largest of some values, so that a column of them lines up. */
export function decimalsFor(values: readonly number[], significant: number): number {
  const largest = Math.max(...values.map(Math.abs), 0);
  if (!Number.isFinite(largest) || largest === 0) return significant - 1;
  return Math.max(0, Math.min(9, significant - 1 - Math.floor(Math.log10(largest))));
}

const UNITS_SECONDS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** A metric comes as a bare number or with its interval. */
export function readInterval(value: number | Interval | null | undefined): {
  mean: number | null;
  low: number | null;
  high: number | null;
} {
  if (value === null || value === undefined) return { mean: null, low: null, high: null };
  if (typeof value === "number") return { mean: value, low: null, high: null };
  return { mean: value.mean, low: value.low ?? null, high: value.high ?? null };
}

/** `Computers/Laptops` → `Computers › Laptops`. */
export function categoryText(path: string | null | undefined): string {
  if (path === null || path === undefined || path === "") return MISSING;
  return path
    .split("/")
    .map((part) => part.trim())
    .join(" › ");
}

/** The last part of a category path. */
export function categoryLeaf(path: string | null | undefined): string {
  if (path === null || path === undefined || path === "") return MISSING;
  return path.split("/").at(-1)?.trim() ?? path;
}
