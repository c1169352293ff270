// Numbers, money, dates and durations in both languages.
import { describe, expect, test } from "vitest";
import { categoryLeaf, categoryText, decimalsFor, Format, readInterval } from "../../src/lib/format";

const en = new Format("en", "USD", "America/New_York");
const zh = new Format("zh", "CNY", "Asia/Shanghai");
/** Intl separates with no-break spaces of several widths. */
const plain = (text: string): string => text.replace(/[\u00a0\u202f]/g, " ");

test.each([
  [en.money(129_999), "$1,299.99"],
  [en.money(1_299_900), "$12,999.00"],
  [en.moneyWhole(39_439_864), "$394,399"],
  [new Format("en", "not a currency", "UTC").moneyWhole(150_050), "1,501"],
  [en.moneyWhole(null), "–"],
  [en.place("Anaheim", "United States/California"), "Anaheim, California, United States"],
  [zh.place("杭州", "浙江"), "浙江 · 杭州"],
  [zh.place("北京", "北京"), "北京"],
  [en.place(null, ""), "–"],
  [zh.named("currency", "CNY"), "人民币 (CNY)"],
  [en.named("language", "zh"), "Chinese (zh)"],
  [en.money(0), "$0.00"],
  [en.money(-4_950), "-$49.50"],
  [zh.money(649_950), "¥6,499.50"],
  [en.money(null), "–"],
  [en.money(Number.NaN), "–"],
  [new Format("en", "not a currency", "UTC").money(150_050), "1,500.5"],
  [zh.compact(12_345), "1.23万"],
  [en.percent(0.1234, 1), "12.3%"],
  [en.score(0.12345), "0.1235"],
  [en.score(123.456), "123.5"],
  [en.signed(-0.18), "-0.180"],
  [en.signed(0), "0.000"],
])("%s", (found, expected) => expect(plain(found)).toBe(expected));

describe("time", () => {
  const at = Date.UTC(2026, 10, 23, 2, 30);
  test.each([
    // The same instant lies on two days.
    [en.date(at), "22 Nov 2026"],
    [zh.date(at), "2026年11月23日"],
    [en.dateTime(at), "22 Nov 2026, 21:30"],
    [zh.time(at), "10:30"],
    [zh.timeIfKnown(at), "10:30"],
    [zh.timeIfKnown(Date.UTC(2026, 10, 22, 16)), ""],
    [en.recency(at, at + 3 * 3_600_000), "3 hours ago"],
    [en.recency(at, at + 400 * 86_400_000), "22 Nov 2026"],
    // A calendar day has no zone and must not shift.
    [en.day("2026-11-23"), "23 Nov 2026"],
    [en.date("2026-11-23"), "23 Nov 2026"],
    [en.day("soon"), "soon"],
    [en.date(null), "–"],
    [new Format("en", "USD", "Nowhere/Atlantis").time(at), "02:30"],
    [en.ago(at - 3 * 3_600_000, at), "3 hours ago"],
    [zh.ago(at - 86_400_000, at), "昨天"],
    [en.ago(at, at), "now"],
    [en.duration(0.25), "250ms"],
    [en.duration(75), "1m 15s"],
    [en.duration(7_260), "2h 1m"],
    [zh.duration(75), "1分钟 15秒钟"],
  ])("%s", (found, expected) => expect(plain(found)).toBe(expected));
});

test("intervals come as numbers or objects", () => {
  expect(readInterval(0.5)).toEqual({ mean: 0.5, low: null, high: null });
  expect(readInterval({ mean: 0.5, low: 0.4, high: 0.6 })).toEqual({ mean: 0.5, low: 0.4, high: 0.6 });
  expect(readInterval(null).mean).toBeNull();
  expect(en.interval({ mean: 0.5, low: 0.4, high: 0.6 })).toBe("0.5000 (0.4000–0.6000)");
});

test.each([
  [[0.852, -0.1], 3, 3],
  [[0.0004], 3, 6],
  [[35.2, 0.01], 3, 1],
  [[12_345], 3, 0],
  [[], 3, 2],
  [[0], 4, 3],
])("decimals for %j to %i digits", (values, significant, decimals) => {
  expect(decimalsFor(values, significant)).toBe(decimals);
});

test("categories are paths", () => {
  expect(categoryText("Computers/Laptops")).toBe("Computers › Laptops");
  expect(categoryLeaf("Computers/Laptops")).toBe("Laptops");
  expect(categoryText(null)).toBe("–");
});

test("times by the shop's clocks are instants, also where clocks are set", () => {
  expect(zh.instantOf("2026-06-18T09:00")).toBe(Date.UTC(2026, 5, 18, 1));
  expect(en.instantOf("2026-06-18T09:00")).toBe(Date.UTC(2026, 5, 18, 13));
  expect(en.instantOf("2026-01-18T00:30")).toBe(Date.UTC(2026, 0, 18, 5, 30));
  // The clocks of New York go forward on 2026-03-08 at 02:00.
  expect(en.instantOf("2026-03-08T01:30")).toBe(Date.UTC(2026, 2, 8, 6, 30));
  expect(en.instantOf("2026-03-08T03:30")).toBe(Date.UTC(2026, 2, 8, 7, 30));
  expect([zh.instantOf(""), zh.instantOf("tomorrow")]).toEqual([null, null]);
});
