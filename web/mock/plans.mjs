// Plans of the invented shop: forecasts, lifetimes, a budget over channels, campaigns. Deterministic, in the shapes of the service.
import { randomFrom } from "./data.mjs";

const DAY = 86_400_000;
const both = (zh, en) => ({ zh, en });
const doubt = (kind, zh, en) => ({ kind, text: both(zh, en) });
const dayText = (ms) => new Date(ms).toISOString().slice(0, 10);
const dayNumber = (text) => Date.parse(`${text}T00:00:00Z`) / DAY;
const round = (value, digits = 0) => Math.round(value * 10 ** digits) / 10 ** digits;
const sum = (values) => values.reduce((all, value) => all + value, 0);
const estimate = (value, error, level = 0.9) => ({ value, low: value - error, high: value + error, level });
const unchecked = { effective_n: null, overlap: null, sample_ratio_p: null };
const enough = (n, would_change = []) => ({ verdict: "enough", n, ...unchecked, caveats: [], would_change });
const thin = (n, caveats, would_change = []) => ({ verdict: "thin", n, ...unchecked, caveats, would_change });
const refused = (...caveat) => ({ verdict: "refused", n: 0, ...unchecked, caveats: [doubt(...caveat)], would_change: [] });

// ---- What will sell

/** First days of whole periods, `n` before the day after `today` and `horizon` from there on. */
function calendar(period, n, horizon, today) {
  const day = dayNumber(today) + 1;
  const date = new Date(day * DAY);
  const first = (at) => {
    if (period === "day") return day + at;
    if (period === "week") return day - ((day + 3) % 7) + 7 * at;
    return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + at, 1) / DAY;
  };
  const days = (from, to) => Array.from({ length: to - from }, (_, at) => dayText(first(from + at) * DAY));
  return { past_days: days(-n, 0), days: days(0, horizon) };
}

/** 618 and Double 11 stand out, the new year is quiet. */
function seasonOf(day, period) {
  const [, month, date] = day.split("-").map(Number);
  if (period === "month") return [0.92, 0.78, 0.95, 0.94, 1.02, 1.42, 0.96, 0.98, 1.06, 1.04, 1.56, 1.12][month - 1];
  const peak = month === 6 && date >= 8 && date <= 20 ? 0.7 : month === 11 && date >= 3 && date <= 13 ? 1 : 0;
  const week = period === "day" ? [0.94, 0.9, 0.92, 0.95, 1.06, 1.24, 1.19][(dayNumber(day) + 3) % 7] : 1;
  return week * (1 + 0.12 * Math.sin((2 * Math.PI * (month + date / 31 - 4)) / 12) + peak);
}

const PARTS = {
  department: [["Computers", 0.31], ["手机", 0.27], ["Phones", 0.16], ["Audio", 0.09], ["TV", 0.08], ["Wearables", 0.06], ["配件", 0.03]],
  category: [["手机/智能手机", 0.27], ["Computers/Laptops", 0.24], ["Phones/Smartphones", 0.16], ["TV/OLED", 0.09], ["Gaming/Consoles", 0.07], ["Audio/Headphones", 0.05], ["Wearables/Watches", 0.04], ["Accessories/Docks", 0.02], ["other", 0.05], ["", 0.01]],
  brand: [["青禾", 0.29], ["Norrland", 0.24], ["Fjell", 0.18], ["云雀", 0.11], ["Lumen", 0.09], ["Pixelforge", 0.06], ["Volta", 0.03]],
  channel: [["app", 0.38], ["web", 0.27], ["store", 0.19], ["wechat", 0.16]],
  store: [["", 0.81], ["上海南京东路旗舰店", 0.12], ["Oslo, Karl Johans gate", 0.07]],
};
const LEVEL = { revenue: { day: 9_800_000, week: 68_600_000, month: 298_000_000 }, units: { day: 52, week: 364, month: 1_582 }, orders: { day: 44, week: 308, month: 1_339 } };

function seriesOf(key, share, wanted, days, at) {
  const { measure, period, horizon, level } = wanted;
  const random = randomFrom(400 + at * 31 + period.length);
  const normal = () => random() + random() + random() + random() - 2;
  const noise = { day: 0.16, week: 0.075, month: 0.05 }[period] * (1 + 0.6 * (at % 3 === 2)) * (share < 0.1 ? 1.5 : 1);
  const growth = [0.16, 0.05, -0.12, 0.28, 0.02, -0.06][at % 6];
  const n = days.past_days.length;
  const year = { day: 365, week: 52, month: 12 }[period];
  const trueMean = (t, day) => LEVEL[measure][period] * share * (1 + (growth * (t - n)) / year) * seasonOf(day, period);
  const whole = (value) => (measure === "revenue" ? Math.round(value) : Math.max(0, Math.round(value)));
  const past = days.past_days.map((day, t) => whole(trueMean(t, day) * (1 + noise * normal())));
  const mean = days.days.map((day, h) => trueMean(n + h, day));
  const z = level >= 0.95 ? 1.96 : level >= 0.9 ? 1.645 : 1.282;
  const spread = mean.map((value, h) => z * noise * value * 0.6 * Math.sqrt(1 + 0.35 * h));
  const mase = round(0.62 + 0.09 * (at % 4), 3);
  return {
    key, is_total: false, past, mean, low: mean.map((value, h) => value - spread[h]), high: mean.map((value, h) => value + spread[h]), method: at % 4 === 3 ? "ets" : "theta_dynamic",
    accuracy: share < 0.02 ? null : { mase, naive_mase: at === 4 ? round(mase * 0.93, 3) : round(0.88 + 0.04 * (at % 3), 3), smape: round(100 * noise * 1.1, 2), naive_smape: round(100 * noise * 1.42, 2), coverage: round(0.84 + 0.03 * (at % 4), 2), n_origins: 4 },
    horizon,
  };
}

function forecastOf(query, shop, empty, today, refuse) {
  const wanted = { by: query.get("by") ?? "total", measure: query.get("measure") ?? "revenue", period: query.get("period") ?? "month", horizon: Number(query.get("horizon") ?? 6), level: Number(query.get("level") ?? 0.9) };
  const { by, measure, period, horizon, level } = wanted;
  if (measure === "orders" && !["total", "channel", "store"].includes(by))
    refuse(400, "by", "an order may hold several products, so orders by product, brand or category do not add up; allowed with orders: total, channel, store", "measure=units or measure=revenue add up by any of them");
  // The tills of the stores were joined lately.
  const n_past = by === "store" ? { day: 26, week: 15, month: 7 } : { day: 420, week: 130, month: 34 };
  const days = calendar(period, n_past[period], horizon, today);
  const head = { by, measure, period, level, as_of: today };
  if (empty) return { ...head, past_days: [], days: [], festivals: [], series: [], ...refused("no_sales", "没有完整周期的订单，无法预测。", "There are no orders of a whole period to forecast from.") };
  const parts = by === "product" ? shop.products.slice(0, 11).map((one, at) => [one.product_id, 0.16 / (1 + at * 0.5)]).concat([["other", 0.48]]) : (PARTS[by] ?? []);
  const singles = parts.map(([key, share], at) => seriesOf(key, share, wanted, days, at)).sort((a, b) => sum(b.mean) - sum(a.mean));
  const total = seriesOf("total", 1, wanted, days, 0);
  if (singles.length > 0) {
    // The whole is the sum of its parts, and less unsure than they are together.
    for (const name of ["past", "mean"]) total[name] = total[name].map((_, at) => sum(singles.map((one) => one[name][at])));
    const spread = (h) => Math.sqrt(sum(singles.map((one) => (one.high[h] - one.mean[h]) ** 2))) * 1.4;
    Object.assign(total, { low: total.mean.map((value, h) => value - spread(h)), high: total.mean.map((value, h) => value + spread(h)) });
  }
  const series = [{ ...total, is_total: true }, ...singles].map(({ horizon: _, ...one }) => one);
  const n = sum(series[0].past.map((_, at) => 40 + (at % 7)));
  const backing = by === "store"
    ? thin(n, [doubt("few_values", `只有 ${days.past_days.length} 期，估不出误差，按结构加权。`, `${days.past_days.length} periods are too few to tell the errors of each series; weights are by structure.`)], [both("更长的历史。", "A longer past.")])
    : enough(n);
  return { ...head, ...days, festivals: [], series, ...backing };
}

// ---- What customers are worth

const BANDS = [[0.21, 0.04, 0.012], [0.12, 0.09, 0.02], [0.08, 0.13, 0.03], [0.06, 0.18, 0.036], [0.05, 0.24, 0.04], [0.06, 0.31, 0.052], [0.07, 0.39, 0.07], [0.09, 0.52, 0.11], [0.12, 0.74, 0.19], [0.14, 1.31, 0.44]];
const N_CUSTOMERS = 214_380;

function lifetimesOf(today, made_at, n_made) {
  const bands = BANDS.map(([share, times, worth], at) => ({ alive_from: at / 10, n_customers: Math.round(N_CUSTOMERS * share), purchases: N_CUSTOMERS * share * times * 0.32, value_cents: Math.round(worth * 31_400_000_00) }));
  const n_customers = sum(bands.map((one) => one.n_customers));
  const purchases = sum(bands.map((one) => one.purchases));
  const foretold = [[0, 118_200, 0.118, 0.109], [1, 41_300, 0.346, 0.362], [2, 19_750, 0.618, 0.634], [3, 11_020, 0.921, 0.9], [4, 7_140, 1.238, 1.31], [5, 4_660, 1.57, 1.49], [6, 3_210, 1.93, 2.06], [7, 7_900, 3.48, 3.31]];
  const holdout_purchases = Math.round(sum(foretold.map(([, n, , actual]) => n * actual)));
  const predicted = sum(foretold.map(([, n, told]) => n * told));
  return {
    version: `2026112${9 - (n_made % 2)}-02000${n_made}-lifetime`, made_at, as_of: today, n_customers, n_repeating: 96_180, process: "mbg_nbd",
    parameters: [["r", 0.5271, 0.0182], ["alpha", 61.84, 2.71], ["a", 0.8613, 0.0624], ["b", 2.7342, 0.2418]].map(([name, value, error]) => ({ name, estimate: estimate(value, error) })),
    n_alive: sum(bands.map((one) => one.n_customers * (one.alive_from + 0.05))), purchases: estimate(purchases, purchases * 0.031), purchases_at_the_rate_so_far: purchases * 1.64,
    value_cents: sum(bands.map((one) => one.value_cents)), value_interval_cents: estimate(sum(bands.map((one) => one.value_cents)), sum(bands.map((one) => one.value_cents)) * 0.034), margin: 0.214,
    tried: [["mbg_nbd", predicted, 0.8412, 0.71], ["bg_nbd", predicted * 1.032, 0.8447, 0.708], ["pareto_nbd", predicted * 0.957, 0.8519, 0.703]].map(([process, told, error, correlation]) => ({ process, predicted: told, error, naive_error: 1.1264, correlation })),
    holdout_days: 270, holdout_purchases, foretold: foretold.map(([frequency, n, told, actual]) => ({ frequency, n_customers: n, predicted: told, actual })), bands,
    ...thin(n_customers, [doubt("no_revenue", "312 位顾客的平均金额为零或负数（例如退款多于消费），没有计入。", "312 customers with a mean of zero or below, as after refunds, were left out.")], [both("观察更长时间，等更多顾客复购。", "A longer period, in which more customers come back.")]),
  };
}

// ---- Where money should go

/** Name, spend a week in cents, most that a week can bring, half-saturation as spend, memory, error. */
const CHANNELS = [
  ["search_ads", 6_200_000, 31_000_000, 7_400_000, 0.25, 0.14],
  ["short_video", 8_800_000, 24_000_000, 5_100_000, 0.55, 0.26],
  ["social_feed", 3_900_000, 17_500_000, 6_600_000, 0.4, 0.21],
  ["influencer", 2_600_000, 11_800_000, 8_200_000, 0.6, 0.46],
  ["app_push", 600_000, 6_400_000, 1_500_000, 0.1, 0.18],
];
const N_WEEKS = 104;
const CURVE_POINTS = 20;
const weekly = ([, , most, half], spend) => (most * spend) / (half + spend);
const slope = ([, , most, half], spend) => (most * half) / (half + spend) ** 2;

/** The split that brings most: each channel at the same return of the next coin, found by halving. */
function bestSplit(budget, bounds) {
  const spends = (price) => CHANNELS.map(([, , most, half], at) => Math.min(bounds[at][1], Math.max(bounds[at][0], Math.sqrt((most * half) / price) - half)));
  let [low, high] = [1e-9, 1e9];
  for (let step = 0; step < 200; step += 1) {
    const middle = Math.sqrt(low * high);
    if (sum(spends(middle)) > budget) low = middle;
    else high = middle;
  }
  return { spends: spends(high), price: high };
}

/** The least budget a week that is enough, found by halving. */
function sought(isEnough, least, most) {
  let [low, high] = [least, most];
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2;
    if (isEnough(middle)) high = middle;
    else low = middle;
  }
  return high;
}

function budgetOf(body, empty, today, refuse) {
  const weeks = body.weeks ?? 4;
  const level = body.level ?? 0.9;
  const none = { as_of: today, days: [], level, budget_cents: 0, goal: null, shadow_price: 0, baseline_cents: null, left_over_cents: null, added_cents: null, over_equal_cents: null, over_current_cents: null, baseline_so_far_cents: null, r_squared: 0, r_squared_without_channels: 0, channels: [], weeks: [] };
  if (empty) return { ...none, ...refused("no_spend", "没有同时有花费和订单的完整周：请先导入 spend 表（day、channel、spend_cents）。", "There is no whole week with both spends and orders: import the table spend (day, channel, spend_cents) first.") };
  const current = CHANNELS.map(([, spend]) => spend);
  const bounds = CHANNELS.map(([name, spend]) => {
    const asked = (body.bounds ?? []).find((one) => one.channel === name);
    return [(asked?.floor_cents ?? 0) / weeks, asked?.ceiling_cents === null || asked === undefined ? 2 * spend : asked.ceiling_cents / weeks];
  });
  const crossed = CHANNELS.find((_, at) => bounds[at][0] > bounds[at][1]);
  if (crossed) refuse(400, "plan", `ceiling of a cell or group: found ${bounds[CHANNELS.indexOf(crossed)][1] / 100} (${crossed[0]}), allowed ${bounds[CHANNELS.indexOf(crossed)][0] / 100} or more`);
  const [least, most] = [0, 1].map((end) => sum(bounds.map((one) => one[end])));
  const anyway = 25_400_000 * weeks + 3_900_000;
  const added = (split) => weeks * sum(CHANNELS.map((channel, at) => weekly(channel, split[at])));
  const isEnough = (budget) => (body.sales_cents === undefined ? added(bestSplit(budget, bounds).spends) < body.return_on_spend * budget * weeks : anyway + added(bestSplit(budget, bounds).spends) >= body.sales_cents);
  const budget = body.sales_cents === undefined && body.return_on_spend === undefined ? (body.budget_cents ?? sum(current) * weeks) / weeks : sought(isEnough, least, most);
  if (body.sales_cents !== undefined && !isEnough(most)) refuse(400, "goal", `no spends up to ${(most * weeks / 100).toFixed(2)} bring sales of ${(body.sales_cents / 100).toFixed(2)}; the most is ${((anyway + added(bestSplit(most, bounds).spends)) / 100).toFixed(2)}`);
  if (budget < least || budget > most) refuse(400, "plan", `budget: found ${round((budget * weeks) / 100)}, allowed ${round((least * weeks) / 100)} to ${round((most * weeks) / 100)} under the floors and ceilings`);
  const { spends, price } = bestSplit(budget, bounds);
  const equal = CHANNELS.map((_, at) => Math.min(bounds[at][1], budget / CHANNELS.length));
  const brought = (split) => sum(CHANNELS.map((channel, at) => weekly(channel, split[at]))) * weeks;
  const gained = (split) => sum(CHANNELS.map((channel, at) => (weekly(channel, spends[at]) - weekly(channel, split[at])) * weeks));
  const random = randomFrom(77);
  const monday = dayNumber(today) + 1 - ((dayNumber(today) + 4) % 7);
  const carried = CHANNELS.map(() => 0);
  const seen = Array.from({ length: N_WEEKS }, (_, at) => {
    const day = dayText((monday - 7 * (N_WEEKS - at)) * DAY);
    const peak = seasonOf(day, "week");
    const from = CHANNELS.map((channel, of) => {
      const spend = channel[1] * (0.55 + 0.9 * random()) * (peak > 1.5 ? 1.6 : 1);
      carried[of] = channel[4] * carried[of] + (1 - channel[4]) * spend;
      return weekly(channel, carried[of]);
    });
    const baseline = 26_000_000 * peak * (0.9 + (0.2 * at) / N_WEEKS);
    const fitted = baseline + sum(from);
    return { day, sold_cents: Math.round(fitted * (1 + 0.055 * (random() + random() - 1))), fitted_cents: fitted, baseline_cents: baseline, from_channels_cents: from };
  });
  const channels = CHANNELS.map((channel, at) => {
    const [name, spend, , , , error] = channel;
    const total = sum(seen.map((week) => week.from_channels_cents[at]));
    const spent = spend * N_WEEKS;
    const of = (value) => ({ value, low: value * (1 - error), high: value * (1 + error * 1.25), level });
    return {
      channel: name, spent_cents: spent, brought_cents: of(total), return_on_spend: of(total / spent), marginal_return: of(slope(channel, spend)),
      current_cents: spend * weeks, planned_cents: spends[at] * weeks, equal_cents: equal[at] * weeks, floor_cents: bounds[at][0] * weeks, ceiling_cents: bounds[at][1] * weeks,
      curve: Array.from({ length: CURVE_POINTS + 1 }, (_, step) => {
        const spent_cents = (bounds[at][1] * weeks * step) / CURVE_POINTS;
        return { spend_cents: spent_cents, value_cents: of(weekly(channel, spent_cents / weeks) * weeks) };
      }),
    };
  });
  const over = (split, error) => ({ value: gained(split), low: gained(split) - error, high: gained(split) + error * 1.1, level });
  const baseline = 25_400_000 * weeks;
  return {
    ...none, days: Array.from({ length: weeks }, (_, at) => dayText((monday + 7 * at) * DAY)), budget_cents: budget * weeks, shadow_price: price,
    goal: body.sales_cents !== undefined ? { kind: "sales", wanted: body.sales_cents, expected: estimate(anyway + brought(spends), brought(spends) * 0.2, level), chance: 0.51 } : body.return_on_spend !== undefined ? { kind: "return_on_spend", wanted: body.return_on_spend, expected: estimate(brought(spends) / (budget * weeks), 0.4, level), chance: 0.49 } : null,
    baseline_cents: estimate(baseline, baseline * 0.06, level), left_over_cents: estimate(3_900_000, 800_000, level), added_cents: estimate(brought(spends), brought(spends) * 0.17, level),
    over_equal_cents: over(equal, 5_800_000 * weeks * 0.3), over_current_cents: body.budget_cents === undefined || Math.abs(budget - sum(current)) < 1 ? over(current, 3_300_000 * weeks * 0.3) : over(current, 4_900_000 * weeks * 0.3),
    baseline_so_far_cents: estimate(sum(seen.map((week) => week.baseline_cents)), sum(seen.map((week) => week.baseline_cents)) * 0.045, level), r_squared: 0.914, r_squared_without_channels: 0.671, channels, weeks: seen,
    ...thin(N_WEEKS, [
      doubt("collinear_channels", "“short_video”与“influencer”几乎同步变化（相关系数 0.91）：数据分不清是谁的功劳，两者的区间因此很宽，应合起来看。", "'short_video' and 'influencer' move together (correlation 0.91): the data cannot tell whose effect it is. Their intervals are wide for that; read them together."),
    ], [both("在部分地区增减“influencer”花费的实验：它的贡献最不确定。", "An experiment that moves the spend of 'influencer' in some regions: its contribution is the least certain.")]),
  };
}

// ---- Who is due for the next generation

const LINES_MADE = [["青禾 Lark Air", "Computers/Laptops", [[1, "2024-02-14", false, 61, 9.2], [2, "2025-03-01", true, 148, 12.4], [3, "2026-03-20", true, 97, 1.1]], "2027-04-06"], ["Norrland N", "Phones/Smartphones", [[1, "2024-09-10", false, 220, 31.5], [2, "2025-09-09", false, 341, 28.9], [3, "2026-09-08", true, 118, 0.8]], "2027-09-07"], ["云雀 折叠", "手机/智能手机", [[1, "2025-05-12", false, 44, 5.1], [2, "2026-05-20", true, 39, 1.0]], null]];
const MOVES = ["next_generation", "leapfrogged", "same_or_older", "other_line", "other_brand"];

function replacedOf(category, n_owners, n_replaced, half, due, came, shares) {
  const told = { category, n_owners, n_replaced, kept_months: half === null ? null : estimate(half, 1.8), due: estimate(due, Math.max(4, due * 0.22)), due_at_one_rate: round(due * 0.72, 1), held_back: { n_owners, foretold: estimate(came * 1.06, Math.max(5, came * 0.2)), at_one_rate: round(came * 0.8, 1), came } };
  return { ...told, ages: [], moves: MOVES.map((kind, at) => ({ kind, n: Math.round(n_replaced * shares[at]), share: estimate(shares[at], 0.04) })), ...enough(n_owners) };
}

function generationsOf(today, made_at, n_made) {
  const categories = [replacedOf("Phones/Smartphones", 902, 388, 22, 84, 79, [0.31, 0.12, 0.04, 0.18, 0.35]), replacedOf("Computers/Laptops", 611, 141, null, 23, 26, [0.22, 0.06, 0.05, 0.17, 0.5]), replacedOf("手机/智能手机", 540, 190, 24, 41, 38, [0.28, 0.09, 0.06, 0.2, 0.37])];
  const generation = ([generation, launched_on, is_on_sale, n_owners, due]) => ({ generation, product_ids: [`SKU-00${10 + generation}`], launched_on, is_on_sale, n_owners, mean_months: 9.5, due, sold_lately: is_on_sale ? 31 : 0, stock: is_on_sale ? 40 : 0 });
  const lines = LINES_MADE.map(([name, category, of, next_expected_on]) => ({ name, brand: name.split(" ")[0], category, generations: of.map(generation), n_owners: sum(of.map((one) => one[3])), next_expected_on, outlook: null }));
  const stock = (product_id, name, pieces, sold, advice) => ({ product_id, name, category: "Computers/Laptops", successor_id: "SKU-0001", succeeded_on: "2026-09-08", stock: pieces, monthly_before: 14.3, sold: { ...estimate(sold, sold * 0.35), high: Math.min(pieces, round(sold * 1.35)) }, left: { ...estimate(pieces - sold, sold * 0.35), low: Math.max(0, pieces - round(sold * 1.35)), high: Math.min(pieces, pieces - round(sold * 0.65)) }, left_at_the_rate_before: Math.max(0, pieces - 43), sold_out: advice === "sells_out" ? 0.93 : 0.02, advice });
  const old_stock = [stock("SKU-0009", "青禾 Lark Air 14 2025 16 GB / 512 GB", 86, 17, "mark_down"), stock("SKU-0003", "Norrland N2 128 GB", 31, 24, "watch"), stock("SKU-0005", "云雀 折叠 1 12+256", 6, 6, "sells_out")];
  const run_off = [[30, 0.52], [60, 0.41], [90, 0.33], [120, 0.28]].map(([days, share]) => ({ days, n_products: 46, share: estimate(share, 0.06) }));
  return { version: `v${n_made}`, made_at, as_of: today, months: 3, n_products: 400, n_lines: 58, n_customers: 1_420, categories, lines, run_off, run_off_backing: enough(46), old_stock, ...thin(719, [doubt("few_replacements", "只看到 141 次换新，不算多。", "Only 141 replacements were seen, which is not many.")], [both("顾客在别处买的设备：以旧换新和维修登记能补上。", "Devices bought elsewhere: trade-ins and repairs would tell of them.")]) };
}

// ---- What prices do

/** Category, elasticity, error, products, changes of price. */
const ELASTICITIES = [["手机/智能手机", -2.31, 0.28, 6, 214], ["Computers/Laptops", -1.74, 0.33, 9, 187], ["Audio/Headphones", -1.42, 0.39, 4, 121], ["Accessories/Chargers", -0.58, 0.31, 3, 96], ["TV/OLED", 1.08, 0.52, 3, 61], ["Wearables/Watches", -1.93, 0.74, 3, 38], ["", -1.61, 0.9, 2, 22]];
const not_causal = doubt("not_causal", "价格不是随机变动的：与广告、促销同时发生的降价会被算作价格的作用。", "Prices did not move at random: what was advertised while its price was cut counts as the price's doing.");

function pricesOf(empty, today) {
  if (empty) return { as_of: today, elasticity: null, substitution: null, categories: [], left: [], ...refused("few_price_changes", "价格只变动过 0 次，共售出 0 件，不足以估计价格弹性。", "0 changes of price and 0 units sold are too few to tell what prices do.") };
  const left = Array.from({ length: 25 }, (_, month) => {
    const median = month === 0 ? 1 : 0.6 + 0.4 * Math.exp(-month / 11) - 0.03 * Math.floor(month / 12);
    return { month, n_products: Math.round(30 - month * 0.8), median, low: month === 0 ? 1 : median - 0.05 - 0.006 * month, high: month === 0 ? 1 : Math.min(1, median + 0.04 + 0.003 * month) };
  });
  return {
    as_of: today, elasticity: estimate(-1.79, 0.21), substitution: estimate(0.34, 0.19),
    categories: ELASTICITIES.map(([category, value, error, n_products, n_price_changes]) => ({ category, elasticity: estimate(value, error), alone: estimate(value * 1.06 + 0.1, error * 1.4), shows: value + error < 0 ? "falls" : value - error > 0 ? "not_identified" : "open", n_products, n_price_changes })),
    left, ...thin(3_120, [not_causal], [both("在部分门店或部分日期随机调价的实验。", "An experiment that changes prices by lot, in some stores or on some days.")]),
  };
}

// ---- Who gets the credit

/** Channel, days of touch, orders, parts by last, first, linear, time decay, position, Markov and Shapley, and what the mix model says. */
const CREDIT = [["search_ads", 4_210, 812, [0.31, 0.19, 0.24, 0.27, 0.25, 0.26, 0.25], 0.34], ["app", 6_904, 930, [0.28, 0.3, 0.29, 0.28, 0.29, 0.24, 0.27], null], ["web", 3_310, 604, [0.17, 0.22, 0.2, 0.19, 0.2, 0.2, 0.2], null], ["video", 2_870, 388, [0.09, 0.18, 0.14, 0.12, 0.13, 0.16, 0.15], 0.41], ["feed", 1_960, 300, [0.1, 0.08, 0.09, 0.1, 0.09, 0.1, 0.09], 0.25], ["email", 640, 96, [0.05, 0.03, 0.04, 0.04, 0.04, 0.04, 0.04], null]];
const RULES_TOLD = ["last", "first", "linear", "time_decay", "position", "markov", "shapley"];

function attributionOf(query, empty, today) {
  const days = Number(query.get?.("days") ?? query.days ?? 30);
  const told = { first_day: dayText((dayNumber(today) - 364) * DAY), as_of: today, days, level: 0.9, n_journeys: empty ? 0 : 9_420, n_orders: empty ? 0 : 1_873, n_untouched: empty ? 0 : 341, value_cents: empty ? 0 : 412_000_000 };
  if (empty) return { ...told, channels: [], mix: null, ...refused("no_touches", "最近一年没有带渠道的行为或触达记录。请在 events 或 exposures 里填上 channel。", "No event and no exposure of the last year names a channel. Fill in channel in events or exposures.") };
  const paid = CREDIT.filter((one) => one[4] !== null);
  const markov = sum(paid.map((one) => one[3][5]));
  const channels = CREDIT.map(([channel, n_touches, n_orders, parts, caused]) => {
    const attributed = parts[5] / markov;
    const mix = caused === null ? null : { attributed, caused: estimate(caused, 0.09), disagrees: Math.abs(attributed - caused) > 0.09 };
    return { channel, n_touches, n_orders, rules: parts.map((part, at) => ({ rule: RULES_TOLD[at], share: estimate(part, 0.012 + part * 0.06), value_cents: Math.round(part * 336_000_000) })), mix };
  });
  const not_cause = doubt("not_causal", "归因分配的是功劳，不证明因果：没有广告也会购买的客户同样被算给了渠道。请与组合模型或实验的结果对照。", "Attribution divides credit and proves no cause: customers who would have bought anyway are credited too. Hold it against the mix model or an experiment.");
  const disagree = doubt("mix_disagrees", "组合模型不同意这些渠道的份额：search_ads、video。以实验为准。", "The mix model disagrees on the parts of search_ads, video: an experiment decides.");
  return { ...told, channels, mix: thin(104, [not_cause]), ...thin(9_420, [not_cause, disagree], [both("在部分地区关停一个渠道的实验。", "An experiment that switches one channel off in some regions.")]) };
}

// ---- Launches

/** Products of the catalogue as launches: one a fortnight, the last to come. */
const launchDay = (today, at) => dayText((dayNumber(today) + 12 - 16 * at) * DAY);
const launchOf = (one, today, at) => ({ product_id: one.product_id, name: one.name, brand: one.brand ?? "", category: one.category ?? "", launched_on: launchDay(today, at), is_assumed: at % 5 === 4, price_cents: one.price_cents, stock: one.stock, sold: at === 0 ? 0 : 60 * at + 7 });

function launchesOf(shop, empty, today) {
  if (empty) return { as_of: today, items: [], n_without_day: 0, categories: [] };
  return { as_of: today, items: shop.products.slice(0, 9).map((one, at) => launchOf(one, today, at)), n_without_day: 12, categories: [...new Set(shop.products.map((one) => one.category).filter(Boolean))].sort() };
}

/** A curve that falls from its launch on, a level, a season in the ninth week. */
const launchCurve = (week) => (0.35 + Math.exp(-week / 7)) * (week === 8 ? 1.9 : 1);

function launchDeskOf(body, shop, empty, today, refuse) {
  const product = body.product_id === undefined ? undefined : (shop.products.find((one) => one.product_id === body.product_id) ?? refuse(404, "not_found", `there is no product '${body.product_id}'`));
  if (product === undefined && !(body.category && body.launch_on)) refuse(400, "product", "a planned product needs a category and a day of launch", "name a product of the catalogue, or category and launch day");
  const n = body.weeks ?? 26;
  const n_known = product === undefined ? 0 : Math.min(6, n - 1);
  const first = product === undefined ? dayNumber(body.launch_on) : dayNumber(today) - 7 * n_known + 5;
  const own = (week) => Math.round(42 * launchCurve(week) + ((week * 7) % 5) - 2);
  const sales = Array.from({ length: n_known }, (_, week) => own(week));
  const factor = product === undefined ? 1 : 1.12;
  const expected = Array.from({ length: n }, (_, week) => (week < n_known - 1 ? { ...estimate(sales[week], 0), level: 0.9 } : { ...estimate(round(40 * factor * launchCurve(week), 1), round((product === undefined ? 24 : 13) * launchCurve(week), 1)), level: 0.9 }));
  const running = (values) => values.reduce((all, value) => [...all, (all.at(-1) ?? 0) + value], []);
  const middle = running(expected.map((one) => one.value));
  const cumulated = middle.map((value, week) => (week < n_known - 1 ? { ...estimate(value, 0), level: 0.9 } : { ...estimate(round(value, 1), round((value - (middle[n_known - 2] ?? 0)) * (product === undefined ? 0.45 : 0.22), 1)), level: 0.9 }));
  const sold = sum(sales);
  const total = cumulated.at(-1);
  const remaining = { value: round(total.value - sold, 1), low: round(total.low - sold, 1), high: round(total.high - sold, 1), level: 0.9 };
  const category = body.category ?? product.category ?? "";
  const likes = shop.products.filter((one) => one.product_id !== product?.product_id).slice(0, 8);
  const lookalikes = likes.map((one, at) => {
    const seen = at % 3 === 2 ? 15 : n;
    const curve = Array.from({ length: seen }, (_, week) => Math.max(0, Math.round((18 + 9 * at) * launchCurve(week) + (((week + at) * 5) % 7) - 3)));
    return { product_id: one.product_id, name: one.name, brand: one.brand ?? "", category: at < 5 ? category : (one.category ?? ""), launched_on: launchDay(today, 13 + 2 * at), is_assumed: at === 4, price_cents: Math.round((body.price_cents ?? product?.price_cents ?? 499_900) * (0.7 + 0.08 * at)), same_brand: at < 3, same_line: at === 0, preorders: product === undefined ? 0 : 8 + 3 * at, sales: curve, sold: sum(curve) };
  });
  const stock = body.stock ?? product?.stock ?? null;
  const price = body.price_cents ?? product?.price_cents ?? null;
  const best = Math.round(remaining.value * 0.92);
  const [from, to] = [Math.round(best * 0.86), Math.round(best * 1.16)];
  const step = stock === null ? null : stock < from ? "raise" : stock > to ? "cut" : "go";
  const off = stock === null ? 0 : Math.abs(best - stock);
  const gain = round(off * (price ?? 0) * 0.08);
  const why = [both(`接下来预计还能卖 ${Math.round(remaining.value)} 件（${Math.round(remaining.low)} 到 ${Math.round(remaining.high)}）。多备的一件要有 60% 以上的机会卖掉才划算：最合适的库存是 ${best} 件。`, `${Math.round(remaining.value)} [${Math.round(remaining.low)}, ${Math.round(remaining.high)}] are still to be sold. One piece more pays if it sells with a chance above 60 %: the best stock is ${best}.`)];
  if (step === "raise") why.push(both(`加单 ${off} 件：现有 ${stock} 件，低于 ${from} 件。`, `Raise by ${off}: the stock of ${stock} is below ${from}.`));
  if (step === "cut") why.push(both(`减单 ${off} 件：现有 ${stock} 件，高于 ${to} 件。`, `Cut by ${off}: the stock of ${stock} is above ${to}.`));
  if (step === "go") why.push(both(`维持订货：${stock} 件在 ${from} 到 ${to} 件之间。`, `Go: ${stock} pieces lie between ${from} and ${to}.`));
  const until = dayText((first + 7 * (n_known + 1) - 1) * DAY);
  const next = { until, sales: estimate(31, 12), raise_from: 44, cut_to: 17, raise_chance: 0.07, cut_chance: 0.05 };
  if (step !== null) why.push(both(`到 ${until} 为止预计再卖 31 件（19 到 43）：卖到 44 件或以上就加单（可能性 7%），只卖 17 件或以下就减单（可能性 5%）。`, `Until ${until} 31 [19, 43] are expected: raise at 44 or more (7 % likely), cut at 17 or fewer (5 % likely).`));
  const known = (value) => (step === null ? null : value);
  const decision = price === null ? null : { step, stock, best_stock: best, go_from: from, go_to: to, price_cents: price, cost_cents: Math.round(price * 0.8), salvage_cents: Math.round(price * (body.salvage ?? 0.5)), critical_ratio: 0.4, left: known(estimate(Math.max(0, (stock ?? 0) - remaining.value), 0)), short: known(estimate(Math.max(0, remaining.value - (stock ?? 0)), 0)), sold_out: known(step === "raise" ? 0.97 : 0.3), earns_cents: known(estimate((price * best) / 6, (price * best) / 20)), gain_cents: known(estimate(gain, gain * 0.8)), next: known(next), reasons: why };
  const tried = [["usual", 0.24, 0.29, 0.92], ["trapezoid", 0.26, 0.29, 0.92], ["triangle", 0.27, 0.29, 0.83], ["bass", 0.33, 0.29, 0.83]].map(([shape, error, baseline_error, inside]) => ({ shape, n: 6, error, baseline_error, inside }));
  const told = { as_of: today, product_id: product?.product_id ?? null, name: product?.name ?? "", brand: body.brand ?? product?.brand ?? "", category, launched_on: dayText(first * DAY), is_assumed: false, price_cents: price, days: Array.from({ length: n }, (_, week) => dayText((first + 7 * week) * DAY)), sales, days_of_last: n_known === 0 ? 0 : 2, sold, preorders: product === undefined ? (body.preorders ?? null) : (body.preorders ?? 23), n_with_preorders: product === undefined ? 0 : 8 };
  if (empty) return { ...told, expected: [], cumulated: [], total: null, remaining: null, total_before: null, baseline: [], baseline_total: null, shape: null, tried: [], lookalikes: [], decision: null, ...refused("few_lookalikes", "只有 0 个同类新品看到了 4 期以上的销量，至少要 3 个。", "0 look-alikes were seen for 4 periods and more; at least 3 are needed.") };
  const baseline = Array.from({ length: n }, (_, week) => round(44 * launchCurve(week), 1));
  return { ...told, expected, cumulated, total, remaining, total_before: estimate(760, 410), baseline, baseline_total: sum(baseline), shape: "usual", tried, lookalikes, decision, ...thin(8, [doubt("other_category", "8 个同类新品里有 3 个来自上一级类目。", "3 of 8 look-alikes are of the larger category, for want of nearer ones.")], [both("它自己再多几周的销量。", "Some more weeks of its own sales.")]) };
}

/** Goods of known demand sold off over some weeks: the prices that bring most, found backwards from the last week. Expected sales only. */
function markdownOf(body, shop, today, refuse) {
  const product = shop.products.find((one) => one.product_id === body.product_id) ?? refuse(404, "not_found", `there is no product '${body.product_id}'`);
  const stock = body.stock ?? product.stock;
  if (!(stock > 0)) refuse(400, "stock", `product ${body.product_id} has no stock in the catalogue`, "say how many pieces are to be sold");
  const [lowest, salvage, weeks] = [body.lowest ?? 0.6, body.salvage ?? 0.2, body.weeks ?? 8];
  const elasticity = body.elasticity ?? ELASTICITIES.find(([category]) => category === product.category)?.[1] ?? -1.79;
  const full = product.price_cents;
  const prices = Array.from({ length: 9 }, (_, at) => Math.round(full * (1 - ((1 - lowest) * at) / 8)));
  const weekly = Math.max(1, Math.round(product.n_orders / 52));
  const demand = Array.from({ length: weeks }, (_, week) => round(weekly * (1 - 0.03 * week), 2));
  const sells = (price, week) => demand[week] * (price / full) ** elasticity;
  /** Revenue, pieces sold and the rest, held at a price from a week on. */
  const held = (price, from, left) => {
    let [revenue, rest] = [0, left];
    for (let week = from; week < weeks; week += 1) {
      const sold = Math.min(rest, sells(price, week));
      revenue += sold * price;
      rest -= sold;
    }
    return { revenue: revenue + rest * salvage * full, sold: left - rest };
  };
  const choose = (from, left) => prices.reduce((best, price) => (held(price, from, left).revenue > held(best, from, left).revenue ? price : best), full);
  let rest = stock;
  let revenue = 0;
  const steps = demand.map((expected, week) => {
    const price_cents = choose(week, rest);
    const sold = Math.min(rest, sells(price_cents, week));
    const step = { day: dayText((dayNumber(today) + 1 + 7 * week) * DAY), demand: expected, price_cents, by_tenths_left_cents: Array.from({ length: 10 }, (_, tenth) => choose(week, Math.max(1, (stock * (tenth + 1)) / 10))) };
    revenue += sold * price_cents;
    rest -= sold;
    return step;
  });
  const way = (income, sold) => ({ revenue_cents: estimate(income, income * 0.07), sold: { ...estimate(sold, Math.sqrt(sold) * 1.6), high: Math.min(stock, sold + Math.sqrt(sold) * 1.6) }, sold_out: sold >= stock ? 0.83 : Math.max(0, Math.min(0.8, (sold / stock) ** 9)) });
  const single = choose(0, stock);
  const [best, hold, once] = [{ revenue: (revenue + rest * salvage * full) * 1.012, sold: stock - rest }, held(full, 0, stock), held(single, 0, stock)];
  const gain = best.revenue - hold.revenue;
  return {
    product_id: product.product_id, name: product.name, stock, price_cents: full, elasticity, weeks: steps, best: way(best.revenue, best.sold), hold: way(hold.revenue, hold.sold), single: way(once.revenue, once.sold), single_price_cents: single,
    over_hold_cents: estimate(gain, Math.abs(gain) * 0.4 + full), ...thin(weeks, [doubt("elasticity_assumed", "结果取决于所给的价格弹性和需求预测：请用弹性区间的两端各算一次。", "This rests on the elasticity and the demand that were given: try both ends of the elasticity's interval.")]),
  };
}

// ---- What promotions brought, how near customers are, whom to leave alone

/** Key, names, days ago it began and ended, depth, sold, lift, held back, bought ahead, by four weeks before, verdict. */
const PROMOTED = [["double_11", "2026 双11", "Double 11 2026", 27, 17, 0.142, 48_200_000, 22_800_000, -14_100_000, -8_300_000, 31_000_000, "open"], ["national_day", "2026 国庆", "National Day 2026", 66, 60, 0.034, 9_100_000, -1_800_000, 300_000, 0, -700_000, "lost"], ["618", "2026 618", "618 2026", 180, 162, 0.118, 39_400_000, 15_400_000, -6_200_000, -4_100_000, 25_000_000, "paid"], ["own", "店庆", "birthday", 250, 247, 0.061, 4_300_000, 1_200_000, -150_000, -90_000, 1_340_000, null]];

function promotionsOf(empty, today) {
  const head = { as_of: today, level: 0.9, n_ordinary_days: 455, r_squared: 0.63, without_offers: [both("2026 春节", "Spring Festival 2026")], campaigns: [] };
  if (empty) return { ...head, n_ordinary_days: 0, r_squared: 0, without_offers: [], promotions: [], ...refused("no_promotions", "订单里没有一次比平时便宜的促销日：没有什么可以算账。", "On no day of the calendar was anything cheaper than usual: there is nothing to account for.") };
  const day = (ago) => dayText((dayNumber(today) - ago) * DAY);
  const part = (lift) => ({ lift_cents: estimate(lift, Math.abs(lift) * 0.3 + 200_000), net_cents: estimate(lift * 0.4, Math.abs(lift) * 0.4 + 300_000) });
  const one = ([key, zh, en, first, last, depth, sold, lift, before, after, naive, verdict]) => {
    const net = estimate(lift + before + after, 0.22 * Math.abs(lift) + 1_500_000);
    return {
      key, name: both(zh, en), first_day: day(first), last_day: day(last), days_before: depth > 0.05 ? 28 : 0, days_after: depth > 0.05 ? 17 : 0, depth, n_on_offer: Math.round(200 * depth * 4), n_sold: 311, sold_cents: sold, usual_cents: estimate(sold - lift, 0.05 * sold),
      lift_cents: estimate(lift, 0.18 * Math.abs(lift) + 400_000), held_back_cents: estimate(before, 0.3 * Math.abs(before) + 100_000), pulled_forward_cents: estimate(after, 0.3 * Math.abs(after) + 100_000), net_cents: net, naive_lift_cents: naive,
      on_offer: part(lift * 1.1), cannibalised: part(-lift * 0.16), halo: part(lift * 0.06), returned: last > 30 ? 0.061 : null, returned_usually: 0.048, net_kept_cents: last > 30 ? net : null, protection_at_most_cents: 120_000, net_margin_cents: verdict === null ? null : estimate(net.value * 0.2, 900_000), net_spend_cents: verdict === null ? null : estimate(1_100_000, 300_000), verdict, is_over: last > 20, in_shadow_of: key === "national_day" ? both("2026 双11", "Double 11 2026") : null,
    };
  };
  return { ...head, promotions: PROMOTED.map(one), ...thin(733, [doubt("in_shadow", "有的促销紧挨着后面的大促：顾客那时已经在等，看起来少卖的部分应算在大促头上。", "Some promotions stand shortly before a deep one: customers waited for that already, and what they seem to have lost is its doing.")], [both("给一部分顾客或地区不做促销：只有对照组能分清促销和节日本身。", "Regions or customers without the promotion: only they tell it from the season it falls into.")]) };
}

const STAGES_MADE = {
  aipl: [["A", "认知", "Awareness", 412, 388], ["I", "兴趣", "Interest", 530, 561], ["P", "购买", "Purchase", 301, 287], ["L", "忠诚", "Loyalty", 177, 169]],
  "4a": [["aware", "了解", "Aware", 412, 388], ["attitude", "态度", "Attitude", 530, 561], ["act", "行动", "Act", 301, 287], ["act_again", "再次行动", "Act again", 177, 169]],
  "5a": [["aware", "了解", "Aware", 412, 388], ["appeal", "吸引", "Appeal", 344, 351], ["ask", "问询", "Ask", 186, 210], ["act", "行动", "Act", 390, 370], ["advocate", "拥护", "Advocate", 88, 86]],
  states: [["noticed", "注意到", "Noticed", 412, 388], ["interested", "感兴趣", "Interested", 344, 351], ["asked", "询问过", "Asked", 186, 210], ["bought", "买过", "Bought", 301, 287], ["loyal", "多次购买", "Loyal", 105, 101], ["advocate", "给过好评", "Advocate", 72, 68]],
};

function crowdOf(scheme, today, made_at, n_made) {
  const made = STAGES_MADE[scheme] ?? STAGES_MADE.aipl;
  const keys = made.map(([key]) => key);
  const flows = [{ from: null, to: keys[0], n: 96 }, ...keys.map((key, at) => ({ from: key, to: key, n: made[at][4] - 40 })), ...keys.slice(1).map((key, at) => ({ from: keys[at], to: key, n: 24 - at })), { from: keys[1], to: null, n: 18 }];
  const channel = (name, n_touched, n_nearer, shows) => ({ channel: name, n_touched, n_nearer, nearer: estimate(n_nearer / n_touched, 0.031), shows, flows: [] });
  return {
    version: `v${n_made}`, made_at, as_of: today, scheme, days: 30, nearer: estimate(0.121, 0.012), stages: made.map(([key, zh, en, n, n_before]) => ({ key, name: both(zh, en), n, n_before })), flows: flows.map((flow) => ({ ...flow, share: estimate(flow.n / 400, 0.02) })),
    channels: [channel("email", 402, 61, "open"), channel("wechat", 611, 92, "above"), channel("sms", 188, 14, "below")], ...enough(1_420),
  };
}

function heldBackOf(empty, today, query) {
  const texts = { open_case: both("有未办结的售后单", "a case at the desk is open"), delivery_late: both("订单逾期未送达", "a parcel is late"), bad_review: both("近期给了差评", "gave a bad review lately"), faulty_product: both("买了差评集中的商品", "bought a product of which many complain") };
  const held = empty ? [] : [["c-0003", "open_case", null], ["c-0011", "delivery_late", null], ["c-0018", "bad_review", "SKU-0003"], ["c-0042", "faulty_product", "SKU-0009"], ["c-0077", "faulty_product", "SKU-0009"]];
  const items = held.map(([customer_id, reason, product_id], at) => ({ customer_id, reason, text: texts[reason], since: dayText((dayNumber(today) - 3 * at - 1) * DAY), product_id }));
  const reasons = Object.entries(texts).map(([reason, text]) => ({ reason, text, n: items.filter((one) => one.reason === reason).length })).filter((one) => one.n > 0);
  return { as_of: today, total: items.length, reasons, items: items.slice(0, Number(query.get?.("limit") ?? query.limit ?? 20)), products: empty ? [] : [{ product_id: "SKU-0009", name: "青禾 Lark Air 14 2025 16 GB / 512 GB", n_ratings: 31, n_bad: 12, share: estimate(0.387, 0.14), usual: 0.081, p_value: 0.00002 }] };
}

// ---- What specs are worth

function sellingOf(query, empty, today, refuse) {
  if (empty) return refuse(404, "no_data", "nothing was sold in the last two years");
  const categories = [["Phones/Smartphones", 1_902], ["Computers/Laptops", 811], ["手机/智能手机", 640]].map(([category, n_purchases]) => ({ category, n_purchases }));
  const asked = query.get?.("category") ?? query.category;
  const category = asked ?? categories[0].category;
  if (!categories.some((one) => one.category === category)) return refuse(404, "not_found", `there is no category '${category}'`);
  const gaps = [["memory", "内存", "Memory", "8 GB", "12 GB", 0.061, 0.021], ["storage", "存储", "Storage", "256 GB", "512 GB", 0.034, 0.018], ["battery", "电池", "Battery", "4500 mAh", "5000 mAh", 0.012, 0.02], ["weight", "重量", "Weight", "190 g", "210 g", -0.041, 0.022]];
  const point = (factor) => ([attribute, zh, en, from, to, value, error]) => {
    const worth = estimate(value * factor, error);
    return { attribute, name: both(zh, en), from: both(from, from), to: both(to, to), worth, worth_cents: { ...worth, value: worth.value * 420_000, low: worth.low * 420_000, high: worth.high * 420_000 }, coefficient: estimate(value * 3 * factor, error * 3), shows: worth.low > 0 ? "worth" : worth.high < 0 ? "unwanted" : "open" };
  };
  const segment = (key, zh, en, n, factor) => ({ segment: key, name: both(zh, en), n_choices: n, price_cents: 420_000, points: gaps.map(point(factor)), weights: { memory: 1, weight: 0.25 }, ...thin(n, [not_causal_choice], [both("让同一批顾客在只差一项规格的商品之间选择，或随机试行价格。", "Customers who choose between products that differ by one spec alone, or prices tried at random.")]) });
  return { as_of: today, level: 0.9, category, categories, left_out: ["charging_power"], segments: [segment(null, "全部顾客", "all customers", 1_902, 1), segment("g1", "游戏玩家", "Gamers", 402, 1.8), segment("g2", "通勤用户", "Commuters", 377, 0.4)] };
}
const not_causal_choice = doubt("not_causal", "这是从已有的选购看出来的：没有写进规格的好处会算到规格和价格头上。", "This is read off what was bought: merits that no spec tells are put down to specs and price.");

// ---- Trade-in subsidies

function tradeInOf(body, today) {
  const budget = body.budget_cents ?? null;
  const made = [["Phones/Smartphones", 0, 12, 341, 479_900, 96_000, 0.05, 0.059, 28_800], ["Phones/Smartphones", 12, 24, 388, 479_900, 96_000, 0.12, 0.139, 19_200], ["Computers/Laptops", 36, null, 122, 799_900, 110_000, 0.31, 0.31, 0]];
  const groups = made.map(([category, from_months, below_months, n_owners, price_cents, margin_cents, buys_anyway, buys, subsidy]) => {
    const subsidy_cents = budget === 0 ? 0 : subsidy;
    const then = subsidy_cents === 0 ? buys_anyway : buys;
    return { category, from_months, below_months, n_owners, price_cents, margin_cents, old_cents: price_cents * 0.4, resale_cents: price_cents * 0.02, buys_anyway, buys: then, subsidy_cents, cost_cents: n_owners * then * subsidy_cents, gain_cents: n_owners * ((then - buys_anyway) * margin_cents - then * subsidy_cents * 0.2), elasticity: -2.31, cannibalised: 0.22 };
  });
  const gain = sum(groups.map((one) => one.gain_cents));
  return { as_of: today, months: 3, level: 0.9, budget_cents: budget, groups, n_owners: sum(groups.map((one) => one.n_owners)), n_held_back: 12, cost_cents: sum(groups.map((one) => one.cost_cents)), gain_cents: estimate(gain, Math.abs(gain) * 0.6 + 1000), bound_cents: gain * 1.004, shadow_price: budget === null ? 0 : 0.31, one_for_all: 0.04, one_for_all_cents: gain * 0.7, n_for_trial: 12_400, ...thin(851, [doubt("acceptance_by_price", "多少人会因补贴而换新是按价格弹性推算的，没有试过。", "How many a subsidy wins is inferred from what prices do; no subsidy has been tried.")], [both("先在一部分机主里随机给不同的补贴，再按结果更新接受比例。", "Subsidies given at random to some owners first: their answers would take the place of the elasticity.")]) };
}

// ---- Did it work?

/** Id, days ago of the first and the last exposure, arms as name, customers, share that responded; whether the control is named so. */
const CAMPAIGNS = [
  ["双11 唤醒老顾客 2026", 26, 14, [["control", 8_020, 0], ["email", 8_044, 0.061], ["sms_coupon_50", 7_981, 0.094], ["wechat", 7_995, 0.032]]],
  ["trade-in September", 78, 60, [["holdout", 5_210, 0], ["offer", 10_388, 0.117]]],
  ["618 预热短信", 176, 164, [["none", 6_120, 0], ["sms", 4_012, 0.048]]],
  ["dock-for-laptop-buyers-with-a-rather-long-name-that-came-from-the-old-system", 210, 201, [["a", 1_240, 0.021], ["b", 1_262, 0.026]]],
];
const CONTROLS = ["control", "holdout", "none", "no_offer", "0"];
/** By arm: what it adds to revenue a customer in cents, its error, the share that ordered, its error, cost a customer. */
const EFFECTS = { email: [1_184, 520, 0.0121, 0.0061, 9], sms_coupon_50: [312, 545, 0.0204, 0.0063, 388], wechat: [-702, 538, -0.0031, 0.006, 21], offer: [2_640, 1_020, 0.0242, 0.0081, 640], a: [420, 1_480, 0.004, 0.012, 110], b: [-240, 1_470, 0.002, 0.012, 118] };
const WIDER = { fixed: 1, sequential: 1.62, bayesian: 0.99 };

const campaignOf = ([campaign_id, first, last, arms], now) => ({
  campaign_id, first_day: dayText(now - first * DAY), last_day: dayText(now - last * DAY),
  arms: arms.map(([arm, n_customers, share]) => ({ arm, n_customers, n_responded: Math.round(n_customers * share) })),
  control: CONTROLS.find((name) => arms.some(([arm]) => arm === name)) ?? null,
});

/** Id, chooser, attributes, days since it began and ended, arms as name, customers who had their time, waiting, mean, chance to be the best. */
const EXPERIMENTS = [
  ["结算页按钮颜色", "split", [], 6, null, [["control", 4_102, 611, 0.0412, 0.021], ["蓝色", 4_077, 598, 0.0487, 0.979]]],
  ["homepage-hero-with-a-rather-long-name-of-the-new-season", "tree", ["city", "member"], 12, null, [["control", 2_210, 90, 0.021, 0.0004], ["laptops", 6_120, 402, 0.0312, 0.32], ["phones", 6_480, 431, 0.0324, 0.6796]]],
  ["free-delivery-hint", "thompson", [], 1, null, [["control", 0, 37, 0.5, 0.5], ["hint", 0, 41, 0.5, 0.5]]],
  ["双11 横幅", "thompson", [], 31, 17, [["control", 1_877, 0, 0.051, 0.0002], ["倒计时", 14_205, 0, 0.0712, 0.9998]]],
];

function standingOf([id, chooser, attributes, first, last, arms], now, ended) {
  const mean = (n, value) => {
    const error = 1.645 * Math.sqrt((value * (1 - value)) / (n + 3));
    return { value, low: Math.max(0, value - error), high: Math.min(1, value + error), level: 0.9 };
  };
  const stopped_at = last !== null ? now - last * DAY : ended.has(id) ? now : null;
  return {
    id, arms: arms.map(([name]) => ({ name, weight: 1 })), chooser, traffic: 1, holdout: 0.05, floor: 0.05, attributes, wait_minutes: 1_440, salt: "9f2c41d07ab35e18",
    created_at: now - first * DAY, stopped_at, n_kinds: chooser === "tree" ? 3 : 1,
    standing: arms.map(([arm, n, n_waiting, value, chance_best]) => ({ arm, n, n_waiting, reward: round(n * value), mean: mean(n, value), chance_best })),
  };
}

/** Of the standard normal distribution (Abramowitz and Stegun 26.2.17). */
function cumulative(z) {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const tail = (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return z > 0 ? 1 - tail : tail;
}

/** Effects that fall with the share treated: the curve rises, and falls where those come who are put off. */
function treatOf(campaign, body, today) {
  const control = body.control ?? campaign.control;
  const arms = campaign.arms.filter((one) => one.arm !== control);
  const n = sum(campaign.arms.map((one) => one.n_customers));
  const at = (share, peak) => 240 * share * (2 - share / peak) - 31 * share;
  const curve = Array.from({ length: 21 }, (_, place) => {
    const share = place / 20;
    return { share, n_customers: Math.round(share * n), gain_cents: estimate(at(share, 0.6), 28 * Math.sqrt(share)), by_spend_cents: estimate(share === 1 ? at(1, 0.6) : at(share, 0.6) - 60 * share * (1 - share) * 4, 28 * Math.sqrt(share)), cost_cents: 31 * share };
  });
  return {
    campaign_id: campaign.campaign_id, control, n_control: campaign.arms.find((one) => one.arm === control)?.n_customers ?? 0, outcome: body.outcome ?? "response", days: body.days ?? 30, as_of: today, level: 0.9, value_cents: 9_400, model: "trees", is_weighted: true,
    arms: arms.map(({ arm, n_customers }, place) => ({ arm, n_customers, cost_cents: 9 + 22 * place, effect: estimate(0.021 + 0.02 * place, 0.009), qini: estimate(0.0021 + 0.001 * place, 0.0014), qini_by_spend: 0.0004, groups: [] })), curve,
    today: { n_reachable: 9_120, n_held_back: 211, n_treated: 5_370, arms: Object.fromEntries(arms.map(({ arm }, place) => [arm, place === 0 ? 5_370 : 0])), cost_cents: 166_400, gain_cents: 1_120_300, gain_of_all_cents: 802_100, cost_of_all_cents: 282_700, gain_measured_cents: estimate(1_043_000, 261_000), gain_of_all_measured_cents: estimate(766_000, 288_000), shadow_price: 0 },
    ...thin(n, [doubt("no_costs", "商品成本不全：这里把销售额当作收益，会显得比实际划算。", "Costs of products are not known: revenue is taken for what is earned, which flatters.")], [both("再发一次时随机留出一部分人不触达，并记下每组的概率。", "Keep a random part untreated the next time, and log every arm's chance.")]),
  };
}

function armOf(arm, n, share, control, wanted) {
  const { outcome, method, days, level } = wanted;
  const [revenue, revenueError, ordered, orderedError, cost] = EFFECTS[arm] ?? EFFECTS.a;
  const grown = Math.sqrt(days / 30);
  const [effect, error, base] = outcome === "revenue" ? [revenue * grown, revenueError * grown, 14_870 * grown * grown] : outcome === "ordered" ? [ordered * grown, orderedError, 0.084 * grown] : [share, 0.0046, 0];
  const half = (error * WIDER[method] * (level >= 0.95 ? 1 : 0.84)) / 1;
  const z = (effect / error) * 1.96;
  const p = method === "bayesian" ? null : Math.min(1, 2 * (1 - cumulative(Math.abs(z) / WIDER[method])));
  const plain = { arm, n_customers: n, mean: base + effect, control_mean: base, is_weighted: false, cost_cents: cost * n, decision: null };
  const empty = { difference: null, relative: null, shows: "open", p_value: null, adjusted_p_value: null, chance_better: null, variance_kept: 1, incremental_cents: null };
  if (control.n_customers === 6_120)
    return { ...plain, ...empty, ...refused("sample_ratio_mismatch", `两组人数（${control.n_customers} 与 ${n}）和设定的比例不符，偶然出现的概率只有 3.2e-97。有一组的记录丢失或被误删，先查分流和埋点，结果不可用。`, `The groups (${control.n_customers} and ${n}) are not as large as planned; by chance that happens with probability 3.2e-97. Records of one group are missing: look at the assignment and the tracking first. The result cannot be used.`) };
  const difference = estimate(effect, half, level);
  const shows = difference.low > 0 ? "above" : difference.high < 0 ? "below" : "open";
  const more = Math.ceil((n + control.n_customers) * ((half / effect) ** 2 - 1));
  const backing = shows === "open" && Math.abs(effect) > 0.05 * half
    ? enough(n + control.n_customers, [both(`如果真实差异和现在看到的一样大，大约再来 ${more} 个样本就能下结论。`, `If the effect is as large as it looks, about ${more} more units would settle it.`)])
    : base === 0 ? thin(n + control.n_customers, [doubt("no_base", "对照组的均值不大于零，无法说提升了百分之几，只给出绝对差。", "The control group's mean is not above 0: there is no relative effect, only the absolute one.")]) : enough(n + control.n_customers, [both(`换一个时间、换一批顾客再做一次：这个结果只说明这批顾客在 ${days} 天里的表现。`, `The same again at another time or with other customers: this tells of these ones and of ${days} days alone.`)]);
  return {
    ...plain, difference, relative: base === 0 ? null : estimate(effect / base, half / base, level), shows, p_value: p, adjusted_p_value: p,
    chance_better: method === "bayesian" ? cumulative(z) : null, variance_kept: outcome === "response" ? 1 : 0.72, incremental_cents: outcome === "revenue" ? estimate(effect * n, half * n, level) : null, ...backing, sample_ratio_p: 0.418,
  };
}

function verdictOf(campaign, query, today, refuse) {
  const wanted = { outcome: query.get("outcome") ?? "revenue", method: query.get("method") ?? "fixed", days: Number(query.get("days") ?? 30), level: Number(query.get("level") ?? 0.95) };
  const names = campaign.arms.map((one) => one.arm);
  const name = query.get("control") ?? campaign.control;
  if (name === null) refuse(400, "control", `none of the arms is called control; there are: ${names.join(", ")}`, "name the arm of those who got nothing as control");
  const control = campaign.arms.find((one) => one.arm === name);
  if (control === undefined) refuse(400, "control", `there is no arm '${name}'; there are: ${names.join(", ")}`);
  const guards = (query.get("guardrails") ?? "").split(",").filter((one) => one !== "");
  const late = wanted.outcome !== "response" && dayNumber(today) - dayNumber(campaign.last_day) < wanted.days;
  const arms = campaign.arms.filter((one) => one !== control).map((one) => armOf(one.arm, one.n_customers, one.n_responded / one.n_customers, control, wanted));
  for (const arm of arms.filter((one) => one.verdict !== "refused" && guards.length > 0)) {
    const source = campaign.arms.find((one) => one.arm === arm.arm);
    const measures = guards.map((guard) => {
      const [outcome, margin] = guard.split("=");
      const read = armOf(arm.arm, source.n_customers, source.n_responded / source.n_customers, control, { ...wanted, outcome });
      const { mean, control_mean, difference, relative, shows, p_value, verdict, n, caveats, would_change } = read;
      return { outcome, role: "guardrail", margin: Number(margin), mean, control_mean, difference, relative, shows, p_value, adjusted_p_value: null, verdict, n, caveats, would_change };
    });
    const worse = measures.find((one) => one.relative !== null && one.relative.high < -one.margin);
    const open = measures.find((one) => one.relative === null || one.relative.low < -one.margin);
    const better = both(`目标指标 ${wanted.outcome} 变好。`, `The goal ${wanted.outcome} got better.`);
    arm.decision = worse !== undefined
      ? { step: "stop", reasons: [both(`护栏指标 ${worse.outcome} 变差，超过了允许的幅度。`, `Worse than allowed: the guardrail ${worse.outcome}.`)], progress: 1, measures }
      : arm.shows !== "above"
        ? { step: "no_difference", reasons: [both("样本已到齐，没有看出差别。", "The planned units are there, and no difference is shown.")], progress: 1, measures }
        : open === undefined ? { step: "ship", reasons: [better], progress: 1, measures } : { step: "continue", reasons: [better, both(`但还不能排除护栏指标 ${open.outcome} 变差超过允许的幅度。`, `But the guardrail ${open.outcome} may still be worse than allowed.`)], progress: 1, measures };
  }
  // Benjamini and Hochberg.
  const sorted = arms.filter((arm) => arm.p_value !== null).sort((a, b) => b.p_value - a.p_value);
  sorted.reduce((least, arm, at) => (arm.adjusted_p_value = Math.min(least, (arm.p_value * sorted.length) / (sorted.length - at))), 1);
  return { campaign_id: campaign.campaign_id, control: name, n_control: control.n_customers, ...wanted, as_of: today, n_in_several_arms: campaign.arms.length > 2 ? 37 : 0, n_too_recent: late ? 1_204 : 0, arms };
}

const quantile = (p) => {
  let [low, high] = [-8, 8];
  for (let step = 0; step < 80; step += 1) (cumulative((low + high) / 2) < p ? (low = (low + high) / 2) : (high = (low + high) / 2));
  return low;
};

function neededOf(query, refuse) {
  const [baseline, lift] = [Number(query.get("baseline")), Number(query.get("lift"))];
  const deviation = query.get("deviation") === null ? null : Number(query.get("deviation"));
  if (!(baseline > 0) || (deviation === null && baseline >= 1)) refuse(400, "baseline", `baseline is ${baseline}; allowed: more than 0 and less than 1`, "a share, 0.05 for 5 %");
  if (lift === 0) refuse(400, "lift", "the effect is 0; allowed: any other", "the smallest effect worth finding");
  const [effect, power, level] = [baseline * lift, Number(query.get("power") ?? 0.8), Number(query.get("level") ?? 0.95)];
  const variance = deviation === null ? baseline * (1 - baseline) + (baseline + effect) * (1 - baseline - effect) : 2 * deviation ** 2;
  const each = Math.ceil((variance * (quantile((1 + level) / 2) + quantile(power)) ** 2) / effect ** 2);
  const per_day = query.get("per_day") === null ? null : Number(query.get("per_day"));
  const half = 8 * each;
  const would_change = [
    both(`要看出一半大的效果（${round(50 * lift, 1)}%），需要 ${half} 位顾客。`, `An effect half as large (${round(50 * lift, 1)} %) takes ${half} customers.`),
    both("基准比例变了，需要的人数也会变：先用最近的数据核对基准。", "Another share without the treatment takes another number: check it against what happened lately."),
  ];
  return { n_customers: 2 * each, n_days: per_day === null ? null : 7 * Math.ceil((2 * each) / per_day / 7), n_for_half_the_effect: half, would_change };
}

export function createPlans(now) {
  const state = { n_made: 1, made_at: now - 9 * 3_600_000, emptyTried: false };
  const today = dayText(now - DAY);
  const ended = new Set();
  const forgotten = new Set();

  function experiments(method, id, what, empty, refuse) {
    const all = empty ? [] : EXPERIMENTS.map((one) => standingOf(one, now, ended)).filter((one) => !forgotten.has(one.id));
    if (id === undefined) return { items: all.map(({ standing: _, n_kinds: __, ...rules }) => rules) };
    const found = all.find((one) => one.id === id) ?? refuse(404, "not_found", `there is no experiment '${id}'`);
    if (method === "GET") return found;
    if (method === "DELETE") {
      if (found.stopped_at === null) return refuse(409, "runs", `the experiment '${id}' still runs`, "stop it first");
      forgotten.add(id);
      return null;
    }
    if (what !== "stop") return undefined;
    ended.add(id);
    const { standing: _, n_kinds: __, ...rules } = { ...found, stopped_at: found.stopped_at ?? now };
    return rules;
  }

  function answer(method, path, query, body, { shop, empty, refuse }) {
    const [, first, second, third] = path.split("/").map(decodeURIComponent);
    if (first === "campaigns" && method === "GET") {
      const items = empty ? [] : CAMPAIGNS.map((one) => campaignOf(one, now));
      if (second === undefined) return { items };
      const campaign = items.find((one) => one.campaign_id === second) ?? refuse(404, "not_found", `there is no campaign '${second}'`);
      return third === "verdict" ? verdictOf(campaign, query, today, refuse) : undefined;
    }
    if (first === "campaigns" && method === "POST" && third === "treat") {
      const campaign = CAMPAIGNS.map((one) => campaignOf(one, now)).find((one) => one.campaign_id === second) ?? refuse(404, "not_found", `there is no campaign '${second}'`);
      return treatOf(campaign, body, today);
    }
    if (first === "after-sales" && second === "held-back") return heldBackOf(empty, today, query);
    if (first === "experiments") return experiments(method, second, third, empty, refuse);
    if (first !== "plan") return undefined;
    switch (`${method} ${second}`) {
      case "GET forecast": return forecastOf(query, shop, empty, today, refuse);
      case "GET customers":
        if (!empty) return lifetimesOf(today, state.made_at, state.n_made);
        if (!state.emptyTried) return refuse(404, "lifetime", "what customers are worth has not been worked out yet", 'do it: tercet train strategy, or POST /v1/jobs {"kind": "strategy"}');
        return { ...lifetimesOf(today, state.made_at, state.n_made), n_customers: 0, n_repeating: 0, process: "", parameters: [], n_alive: 0, purchases: null, purchases_at_the_rate_so_far: 0, value_cents: null, value_interval_cents: null, margin: null, tried: [], holdout_days: 0, holdout_purchases: 0, foretold: [], bands: [], ...refused("no_purchases", "还没有任何订单，无法估计顾客价值。", "There are no orders to tell from what customers will do.") };
      case "GET generations":
        return empty ? refuse(404, "generations", "what customers own and may replace has not been worked out yet", 'do it: tercet train strategy, or POST /v1/jobs {"kind": "strategy"}') : generationsOf(today, state.made_at, state.n_made);
      case "GET promotions": return promotionsOf(empty, today);
      case "GET crowd":
        return empty ? refuse(404, "crowd", "how near customers are has not been worked out yet", 'do it: tercet train strategy, or POST /v1/jobs {"kind": "strategy"}') : crowdOf(query.get?.("as") ?? query.as ?? "aipl", today, state.made_at, state.n_made);
      case "GET selling-points": return sellingOf(query, empty, today, refuse);
      case "POST trade-in": return tradeInOf(body, today);
      case "POST budget": return budgetOf(body, empty, today, refuse);
      case "GET prices": return pricesOf(empty, today);
      case "GET attribution": return attributionOf(query, empty, today);
      case "GET launches": return launchesOf(shop, empty, today);
      case "POST launch-desk": return launchDeskOf(body, shop, empty, today, refuse);
      case "POST markdown": return markdownOf(body, shop, today, refuse);
      case "GET experiment": return neededOf(query, refuse);
      default: return undefined;
    }
  }

  /** A job has worked out what customers are worth. */
  function workedOut(empty) {
    Object.assign(state, { n_made: state.n_made + 1, made_at: Date.now(), emptyTried: state.emptyTried || empty });
    return { n_customers: empty ? 0 : N_CUSTOMERS };
  }

  return { answer, workedOut };
}
