// Customer groups and audiences of the mock: the API's shapes, invented and deterministic.
import { randomFrom } from "./data.mjs";

const DAY_MS = 86_400_000;
const SPAN = 65_535;
const N_POINTS = 200_000;
const N_ALL = 214_380;

const GROUPS = [
  // name zh, en, description zh, en, share, value in cents, map x, y, spread, trend, stability, traits
  ["数码尝鲜者", "Gadget first-movers", "新品上市头一个月就下单，手机和穿戴设备换得勤，客单价高，对降价不敏感。", "Order within a month of a launch, change phones and wearables often, pay full price.", 0.09, 1_284_000, 0.74, 0.77, 0.055, 0.14, 0.93,
    [["generation", "newest", "当代新品", "Newest generation", 0.71, 0.22], ["brand", "青禾", "青禾", "Qinghe", 0.48, 0.19], ["price_band", "high", "高价位", "High price band", 0.55, 0.21], ["hour", "evening", "夜间下单", "Orders at night", 0.41, 0.28], ["category", "配件/保护壳", "保护壳", "Cases", 0.11, 0.24]]],
  ["居家办公族", "Home-office builders", "以笔记本为中心，陆续添置扩展坞、显示器和键盘，购买集中在工作日白天。", "A laptop first, then dock, monitor and keyboard; they buy on weekdays in working hours.", 0.17, 742_000, 0.36, 0.72, 0.07, 0.06, 0.88,
    [["category", "Accessories/Docks", "扩展坞", "Docks", 0.38, 0.09], ["category", "Computers/Laptops", "笔记本电脑", "Laptops", 0.81, 0.37], ["weekday", "weekday", "工作日购买", "Weekday purchases", 0.84, 0.66], ["channel", "web", "网站下单", "Orders on the web site", 0.69, 0.47], ["category", "Gaming/Consoles", "游戏主机", "Game consoles", 0.03, 0.12]]],
  ["影音发烧友", "Sound and picture lovers", "电视、耳机与相机买得多，看评测很久才决定，退货少。", "Televisions, headphones and cameras; they read long, decide late and return little.", 0.11, 968_000, 0.66, 0.46, 0.06, -0.04, 0.81,
    [["category", "TV/OLED", "OLED 电视", "OLED televisions", 0.29, 0.07], ["brand", "Lumen", "Lumen 品牌", "Lumen", 0.52, 0.16], ["category", "相机/微单", "微单相机", "Mirrorless cameras", 0.18, 0.06], ["numeric", "n_views_before", "购买前浏览次数多", "Many views before a purchase", 0.63, 0.31], ["price_band", "low", "低价位", "Low price band", 0.08, 0.34]]],
  ["精打细算型", "Bargain planners", "平时只看不买，大促集中下单；对价格变动反应最快。", "Look all year and buy in the sales; the quickest to react to a change of price.", 0.26, 214_000, 0.30, 0.30, 0.085, -0.11, 0.79,
    [["numeric", "discount_share", "折扣订单占比高", "Mostly discounted orders", 0.77, 0.29], ["price_band", "low", "低价位", "Low price band", 0.61, 0.25], ["channel", "short_video", "来自短视频", "Came by short video", 0.34, 0.14], ["generation", "newest", "当代新品", "Newest generation", 0.07, 0.33]]],
  ["学生与年轻玩家", "Students and young players", "开学季与寒暑假活跃，游戏设备和入门手机为主，常在手机 App 内下单。", "Active at the start of term and in holidays; gaming gear and entry phones, mostly in the app.", 0.15, 318_000, 0.56, 0.20, 0.06, 0.09, 0.84,
    [["age", "18-24", "18–24 岁", "Aged 18–24", 0.58, 0.12], ["category", "Gaming/Keyboards", "游戏键盘", "Gaming keyboards", 0.31, 0.1], ["channel", "app", "App 下单", "Orders in the app", 0.74, 0.38], ["numeric", "term", "开学季集中购买", "Buys at the start of term", 0.42, 0.17], ["category", "TV/OLED", "OLED 电视", "OLED televisions", 0.02, 0.1]]],
  ["沉睡的老顾客", "Sleeping regulars", "曾经买过两三次，近一年没有再来；手里的设备多半已到更换周期。", "Bought two or three times, not seen for a year; what they own is due to be replaced.", 0.22, 402_000, 0.82, 0.24, 0.075, -0.32, 0.58,
    [["numeric", "recency", "一年以上未购买", "No purchase for over a year", 0.83, 0.24], ["generation", "old", "设备已落后两代", "Owns two generations back", 0.66, 0.27], ["channel", "store", "门店购买", "Bought in a store", 0.49, 0.22], ["channel", "app", "App 下单", "Orders in the app", 0.12, 0.47]]],
];

/** A key that was given once is not given again: the group that is new has the highest number. */
const KEYS = ["g1", "g2", "g3", "g4", "g8", "g6"];

const ACTIONS = [
  [["launch", "新品上市前三天先通知他们", "Tell them of launches three days ahead", "新品占他们消费的七成", "seven tenths of their spending is on new models"], ["loyalty", "邀请加入以旧换新计划", "Invite them to trade in", "平均 14 个月换一次手机", "they change phones every 14 months"], ["accessory", "推荐新机配件套装", "Offer accessories for the new phone", "买保护壳的比例偏低", "few of them buy a case"]],
  [["accessory", "给笔记本买家推荐扩展坞", "Offer a dock to buyers of laptops", "62% 还没有扩展坞", "62 % have none yet"], ["cross_sell", "显示器与键盘组合优惠", "Bundle monitors and keyboards", "常在三个月内陆续购买", "often bought within three months of each other"], ["recommend", "在工作日上午推送", "Reach them on weekday mornings", "84% 的订单在工作日", "84 % of their orders are on weekdays"]],
  [["upgrade", "推荐更高一档的耳机", "Suggest the better headphones", "对价格不敏感", "price matters little to them"], ["service", "提供选购咨询", "Offer advice before buying", "下单前平均看 19 次", "they look 19 times before an order"], ["cross_sell", "电视买家推荐回音壁", "Offer sound bars to buyers of televisions", "只有一成买过", "only one in ten has one"]],
  [["price_drop", "收藏商品降价时通知", "Tell them when a favourite gets cheaper", "对降价反应最快", "the quickest to react to it"], ["recommend", "推荐上一代机型", "Recommend the last generation", "同样够用而价格低", "good enough, and cheaper"], ["loyalty", "积分抵扣小额商品", "Let points pay for small things", "每单金额小", "their orders are small"]],
  [["cross_sell", "主机买家推荐键盘与耳机", "Offer keyboards and headsets to console owners", "三成会在半年内购买", "three in ten buy one within half a year"], ["launch", "开学季提前两周预热", "Warm up two weeks before term", "四成消费在开学季", "four tenths of their spending falls there"], ["upgrade", "以旧换新入门手机", "Trade in entry phones", "平均已用 26 个月", "26 months old on average"]],
  [["win_back", "发送换新提醒与专属券", "Remind them with a voucher", "手里的设备多半超过三年", "most of what they own is over three years old"], ["service", "提供旧机数据迁移服务", "Offer to move their data", "门店顾客更看重服务", "customers of stores value service"], ["upgrade", "推荐两代之后的同系列", "Suggest the same line two generations on", "品牌忠诚度仍高", "they stay with their brand"]],
];

/** The grouping before: five groups went on, one became two others. */
const FORMER = [["g1", "数码尝鲜者", "Gadget first-movers"], ["g2", "居家办公族", "Home-office builders"], ["g3", "影音发烧友", "Sound and picture lovers"], ["g4", "精打细算型", "Bargain planners"], ["g6", "沉睡的老顾客", "Sleeping regulars"], ["g7", "偶尔来的年轻人", "Occasional young customers"]];
const WAS = [[["g1", 0.88, 0.84]], [["g2", 0.91, 0.9]], [["g3", 0.8, 0.86], ["g4", 0.12, 0.05]], [["g4", 0.83, 0.81], ["g7", 0.11, 0.22]], [["g7", 0.69, 0.71], ["g1", 0.14, 0.16]], [["g6", 0.93, 0.95]]];

const RFM = [
  ["champions", "核心顾客", "Champions", "最近买过、买得勤、花得多。", "Bought lately, often, and for much.", "让他们最先看到新品，并邀请评价。", "Show them launches first; ask for reviews."],
  ["loyal", "忠诚顾客", "Loyal", "经常购买，消费稳定。", "Buy often and steadily.", "用会员权益留住，推荐升级款。", "Keep them with benefits; suggest better models."],
  ["potential", "潜力顾客", "Could become loyal", "最近来过几次，正在形成习惯。", "Came a few times lately.", "推荐配件，促成第三单。", "Offer accessories for a third order."],
  ["new", "新顾客", "New", "刚买第一单。", "Their first order was lately.", "说明如何用好，介绍配件。", "Help them with what they bought."],
  ["attention", "需要关注", "Need attention", "过去不错，最近变少。", "Were good, come less.", "在两周内联系一次。", "Reach them within two weeks."],
  ["at_risk", "流失风险", "At risk", "曾经常买，很久没来。", "Bought often, not for long now.", "用专属优惠请回来。", "Win them back with an offer of their own."],
  ["hibernating", "沉睡顾客", "Hibernating", "很久前买过一两次。", "Bought once or twice, long ago.", "换新周期到了再联系。", "Write when a replacement is due."],
];
const CELLS = [
  ["hibernating", "hibernating", "at_risk", "at_risk", "at_risk"],
  ["hibernating", "hibernating", "at_risk", "at_risk", "at_risk"],
  ["hibernating", "attention", "attention", "loyal", "loyal"],
  ["new", "potential", "potential", "loyal", "loyal"],
  ["new", "potential", "potential", "champions", "champions"],
];

const both = (zh, en) => ({ zh, en });
const dayText = (ms) => new Date(ms).toISOString().slice(0, 10);
const monthText = (now, back) => {
  const date = new Date(now);
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - back, 1)).toISOString().slice(0, 7);
};

function normal(random) {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function makeSegments(now, algorithm = "k_means") {
  const total = GROUPS.reduce((sum, [, , , , share, value]) => sum + share * value, 0);
  return {
    version: "20261127-020011-k_means", trained_at: now - 1.2 * DAY_MS, seconds: 38.4, as_of: dayText(now - DAY_MS),
    n_customers: N_ALL, by: "behaviour", card: algorithm, settings: { n_clusters: 6, init: "k_means_plus_plus", max_iterations: 300 }, seed: 42,
    choice: {
      recommended: 6,
      curve: [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((k) => ({
        k, inertia: Math.round(910_000 / k ** 0.9 + (k < 6 ? (6 - k) ** 2 * 9_000 : 0)), silhouette: k > 11 ? null : 0.44 - 0.012 * (k - 6) ** 2 * (k < 6 ? 0.9 : 0.45), gap: k > 11 ? null : 1.1 - 0.45 / k - (k > 6 ? 0.02 * (k - 6) : 0.05 * (6 - k) * 0.4), gap_error: 0.012,
      })),
    },
    stability: { mean: 0.82, low: 0.77, high: 0.88, n_resamples: 50, n_fitted: 8000 },
    placement: algorithm.includes("dbscan") ? { noise: 0.084, noise_resampled: 0.091, moved: 0.023 } : { noise: 0, noise_resampled: 0, moved: 0 },
    features: [["recency_days", "距上次购买", "Days since last purchase", "d", 0.22], ["n_orders", "订单数", "Number of orders", "", 0.19], ["spent_cents", "累计消费", "Total spent", "", 0.17], ["discount_share", "折扣占比", "Share bought at a discount", "", 0.15], ["category_mix", "品类构成", "Mix of categories", "", 0.27]].map(([name, zh, en, unit, weight]) => ({ name, label: both(zh, en), unit, weight })),
    groups: GROUPS.map(([nameZh, nameEn, aboutZh, aboutEn, share, value, , , , change, stability, traits], at) => {
      const n_customers = Math.round(N_ALL * share);
      const n_orders = Math.round(n_customers * (1.4 + 4.2 * (value / 1_284_000)));
      const n_before = Math.round(n_customers * (at === 5 ? 0.06 : 0.4));
      return {
        key: KEYS[at], name: both(nameZh, nameEn), description: both(aboutZh, aboutEn), n_customers, share, revenue_cents: n_customers * value, revenue_share: (share * value) / total,
        n_orders, mean_order_cents: Math.round((n_customers * value) / n_orders), value_per_customer_cents: value, recency_days_median: [21, 48, 63, 96, 55, 438][at],
        trend: { n_now: Math.round(n_before * (1 + change)), n_before, change: at === 2 ? null : change, value_cents: Math.round(n_before * value * 0.3 * (1 + 1.4 * change)), value_cents_before: at === 2 ? 0 : Math.round(n_before * value * 0.3), value_change: at === 2 ? null : 1.4 * change }, stability,
        since: at === 4 ? dayText(now - DAY_MS) : dayText(now - 180 * DAY_MS), was: WAS[at].map(([key, share, share_of_it]) => ({ key, name: both(...FORMER.find(([former]) => former === key).slice(1, 3)), n: Math.round(n_customers * share), share, share_of_it })),
        traits: traits.map(([kind, level, zh, en, here, elsewhere]) => ({ kind, level, label: both(zh, en), share: here, share_elsewhere: elsewhere, lift: here / elsewhere, z: (here - elsewhere) * 120, direction: here > elsewhere ? "over" : "under" })),
        actions: ACTIONS[at].map(([kind, zh, en, whyZh, whyEn]) => ({ kind, title: both(zh, en), reason: both(`${whyZh}。`, `${whyEn[0].toUpperCase()}${whyEn.slice(1)}.`) })),
      };
    }),
    before: {
      version: "20260601-020011-k_means", trained_at: now - 180 * DAY_MS, as_of: dayText(now - 181 * DAY_MS),
      groups: FORMER.map(([key, zh, en]) => ({ key, name: both(zh, en), n_customers: Math.round(N_ALL / 6), goes_on: key !== "g7" })),
      counts: FORMER.map(([key]) => GROUPS.map(([, , , , share], at) => Math.round(N_ALL * share * (WAS[at].find(([former]) => former === key)?.[1] ?? 0.02)))),
    },
  };
}

let map;
function makeMap() {
  if (map !== undefined) return map;
  const random = randomFrom(2026);
  const [x, y, group] = [new Array(N_POINTS), new Array(N_POINTS), new Array(N_POINTS)];
  const ends = GROUPS.map(((sum) => ([, , , , share]) => (sum += share))(0));
  const whole = (value) => Math.max(0, Math.min(SPAN, Math.round((value < 0 ? -value : value > 1 ? 2 - value : value) * SPAN)));
  for (let at = 0; at < N_POINTS; at += 1) {
    const toss = random();
    const which = Math.min(GROUPS.length - 1, ends.findIndex((end) => toss < end) < 0 ? GROUPS.length - 1 : ends.findIndex((end) => toss < end));
    const [, , , , , , cx, cy, spread] = GROUPS[which];
    const [a, b] = [normal(random), normal(random)];
    x[at] = whole(cx + a * spread + b * spread * 0.35 * (which % 2 ? 1 : -1));
    y[at] = whole(cy + b * spread * 0.9);
    group[at] = which;
  }
  map = {
    n: N_POINTS, n_total: N_ALL, x, y, group, explained: [0.31, 0.19],
    axes: [both("最近是否活跃、是否追新", "how lately they came, and how new what they buy is"), both("消费金额与购买频次", "how much and how often they buy")],
    groups: GROUPS.map(([zh, en, , , , , cx, cy], at) => ({ key: KEYS[at], name: both(zh, en), x: whole(cx), y: whole(cy) })),
  };
  return map;
}

function makeTree() {
  const random = randomFrom(5);
  const counts = [3, 5, 4, 7, 5, 6];
  const leaves = [];
  counts.forEach((n, at) => {
    for (let one = 0; one < n; one += 1) leaves.push({ id: leaves.length, n_customers: Math.round((N_ALL * GROUPS[at][4]) / n * (0.6 + 0.8 * random())), group: KEYS[at] });
  });
  const merges = [];
  const sizes = leaves.map(() => 1);
  const join = (a, b, height) => {
    merges.push([a, b, height, sizes[a] + sizes[b]]);
    sizes.push(sizes[a] + sizes[b]);
    return leaves.length + merges.length - 1;
  };
  let first = 0;
  const tops = counts.map((n) => {
    const ids = Array.from({ length: n }, (_, at) => first + at);
    first += n;
    let height = 0.2;
    while (ids.length > 1) {
      height += 0.12 + random() * 0.16;
      const at = Math.floor(random() * (ids.length - 1));
      ids.splice(at, 2, join(ids[at], ids[at + 1], height));
    }
    return ids[0];
  });
  const [g1, g2, g3, g4, g5, g6] = tops;
  const a = join(g1, g2, 2.1);
  const b = join(a, g3, 2.6);
  const c = join(g4, g5, 2.4);
  join(b, join(c, g6, 3.1), 4.4);
  return { is_own: false, leaves, merges, order: leaves.map((leaf) => leaf.id) };
}

function makeRfm(now) {
  const grid = [0, 1, 2, 3, 4].map((r) => [0, 1, 2, 3, 4].map((f) => {
    const n = Math.round(N_ALL * 0.04 * (0.5 + Math.abs(4 - Math.abs(r - f)) * 0.25) * (r === 0 && f === 4 ? 0.2 : 1));
    return { n, revenue_cents: n * Math.round(60_000 * (1 + f) ** 1.5 * (1 + r * 0.15)) };
  }));
  const sum = (key, name) => CELLS.flatMap((row, r) => row.map((cell, f) => (cell === key || key === null ? grid[r][f][name] : 0))).reduce((a, b) => a + b, 0);
  return {
    as_of: dayText(now - DAY_MS), n_customers: sum(null, "n"), edges: { recency_days: [28, 74, 165, 340], orders: [1, 2, 4, 7], spent_cents: [39_900, 129_900, 349_900, 899_900] }, grid, cells: CELLS,
    groups: RFM.map(([key, zh, en, meansZh, meansEn, adviceZh, adviceEn]) => ({ key, name: both(zh, en), meaning: both(meansZh, meansEn), advice: both(adviceZh, adviceEn), n_customers: sum(key, "n"), share: sum(key, "n") / sum(null, "n"), revenue_cents: sum(key, "revenue_cents"), revenue_share: sum(key, "revenue_cents") / sum(null, "revenue_cents") })),
  };
}

function makeCohorts(now) {
  const random = randomFrom(11);
  const n_months = 24;
  const months = Array.from({ length: n_months }, (_, at) => monthText(now, n_months - 1 - at));
  return {
    months,
    rows: months.map((month, at) => {
      const n_customers = Math.round(5_200 + 1_800 * Math.sin(at / 2) + random() * 900);
      const keep = Array.from({ length: n_months }, (_, age) => {
        if (at + age >= n_months) return null;
        return age === 0 ? n_customers : Math.round(n_customers * (0.17 / (1 + age * 0.12) + ((at + age) % 12 === 10 ? 0.06 : 0) + random() * 0.02));
      });
      return { month, n_customers, retained: keep, revenue_cents: keep.map((n) => (n === null ? null : Math.round(n * (180_000 + random() * 40_000)))) };
    }),
  };
}

function makeMigration(now) {
  const months = Array.from({ length: 13 }, (_, at) => monthText(now, 12 - at));
  const groups = [...RFM.map(([key, zh, en]) => ({ key: key === "new" ? "new_buyers" : key, name: both(zh, en) })), { key: "new", name: both("首次购买", "First purchase") }, { key: "dormant", name: both("尚未或不再活跃", "Not active") }];
  const sizes = [18_000, 26_000, 21_000, 9_000, 17_000, 24_000, 31_000, 5_400, 40_000];
  const ways = [[0, 1, 0.12], [0, 4, 0.05], [1, 0, 0.09], [1, 4, 0.11], [2, 1, 0.14], [2, 4, 0.1], [3, 2, 0.31], [3, 6, 0.24], [4, 5, 0.21], [4, 1, 0.12], [5, 6, 0.16], [5, 1, 0.03], [6, 8, 0.12], [6, 2, 0.02], [7, 3, 0.82], [7, 2, 0.18], [8, 2, 0.02]];
  return {
    months, groups,
    steps: months.slice(1).map((to, at) => {
      const random = randomFrom(300 + at);
      const counts = sizes.map((n, from) => sizes.map((_, into) => (from === into && from !== 7 ? n : 0)));
      for (const [from, into, part] of ways) {
        const n = Math.round(sizes[from] * part * (0.7 + 0.6 * random()));
        counts[from][into] += n;
        if (from !== 7) counts[from][from] -= n;
      }
      return { from: months[at], to, counts };
    }),
  };
}

const FIELDS = [
  ["region", "地区", "Region", "choice", "", [["华东", "华东", "East China", 61_200], ["华北", "华北", "North China", 40_310], ["华南", "华南", "South China", 38_400], ["西南", "西南", "South-west China", 22_900], ["Nordics", "北欧", "Nordics", 8_120]]],
  ["segment", "客户群归属", "Customer group", "choice", "", GROUPS.map(([zh, en, , , share], at) => [KEYS[at], zh, en, Math.round(N_ALL * share)])],
  ["rfm", "RFM 层级", "RFM group", "choice", "", RFM.map(([key, zh, en], at) => [key, zh, en, 9_000 + 4_100 * at])],
  ["recency_score", "最近度评分", "Recency score", "number", "", null],
  ["frequency_score", "频次评分", "Frequency score", "number", "", null],
  ["spent_cents", "累计消费金额", "Total spent", "money", "", null],
  ["n_orders", "累计订单数", "Number of orders", "number", "", null],
  ["recency_days", "距上次购买的天数", "Days since last purchase", "days", "d", null],
  ["alive", "仍是顾客的概率", "Chance of being a customer still", "number", "", null],
  ["value_cents", "未来一年的价值", "Worth over the next year", "money", "", null],
  ["upgrade_due", "三个月内换新的概率", "Chance of an upgrade within three months", "number", "", null],
  ["upgrade_category", "待换新的品类", "Category of the upgrade", "choice", "", [["Phones/Smartphones", "Phones/Smartphones", "Phones/Smartphones", 902], ["Computers/Laptops", "Computers/Laptops", "Computers/Laptops", 611], ["手机/智能手机", "手机/智能手机", "手机/智能手机", 540]]],
  ["joined_on", "加入日期", "Joined on", "day", "", null],
  ["city", "所在城市", "City", "text", "", null],
  ["gender", "顾客性别", "Gender of the customer", "choice", "", [["female", "女", "Female", 98_000], ["male", "男", "Male", 91_400]]],
  ["is_member", "会员身份", "Is a member", "flag", "", null],
];
const OPERATORS = {
  number: ["=", "!=", "<", "<=", ">", ">=", "between", "is missing", "is there"], choice: ["in", "not in", "=", "!=", "is missing", "is there"],
  text: ["=", "contains", "is missing", "is there"], flag: ["="], day: ["<", ">", "between", "is missing", "is there"],
};

const BEHAVIOURS = [["bought", "购买了", "bought"], ["viewed", "浏览了", "viewed"], ["carted", "加购了", "added to the cart"], ["favourited", "收藏了", "favourited"], ["searched", "搜索了", "searched for"], ["asked", "咨询了", "asked about"], ["returned", "退回了", "returned"]];

/** A share of all customers that follows from the condition alone; more conditions, fewer customers. */
function shareOf(condition) {
  if (condition.all) return condition.all.reduce((share, one) => share * shareOf(one), 1);
  if (condition.any) return 1 - condition.any.reduce((share, one) => share * (1 - shareOf(one)), 1);
  if (condition.not) return 1 - shareOf(condition.not);
  if (condition.field === "segment") return [condition.value].flat().reduce((share, key) => share + (GROUPS[KEYS.indexOf(String(key))]?.[4] ?? 0), 0);
  const hash = [...JSON.stringify(condition)].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 9973, 7);
  return 0.04 + 0.4 * (hash / 9973);
}

function sqlOf(condition, depth = 1) {
  const pad = "  ".repeat(depth);
  const list = (items, word) => (items.length === 0 ? "true" : `(${items.map((one) => sqlOf(one, depth + 1)).join(`\n${pad}${word} `)})`);
  if (condition.all) return list(condition.all, "and");
  if (condition.any) return list(condition.any, "or");
  if (condition.not) return `not ${sqlOf(condition.not, depth + 1)}`;
  if (condition.recommended) return `customer_id in (select customer_id from recommendations where position <= ${condition.within_first ?? 10}${Object.entries(condition.recommended).map(([name, value]) => ` and ${name} = '${value}'`).join("")})`;
  if (condition.audience !== undefined) return `customer_id in (select customer_id from audience_members where audience_id = '${condition.audience}')`;
  if (condition.did) {
    const what = Object.entries(condition.what ?? {}).map(([name, value]) => ` and ${name} = '${value}'`).join("");
    return `(select count(*) from events e where e.customer_id = c.customer_id and e.kind = '${condition.did}'${what}${condition.within_days ? ` and e.at >= $as_of - interval '${condition.within_days}' day` : ""}) >= ${condition.at_least ?? 1}`;
  }
  const value = (one) => (typeof one === "number" ? one : `'${one}'`);
  if (condition.op === "is missing") return `c.${condition.field} is null`;
  if (condition.op === "is there") return `c.${condition.field} is not null`;
  if (condition.op === "between") return `c.${condition.field} between ${condition.value.map(value).join(" and ")}`;
  return `c.${condition.field} ${condition.op} ${Array.isArray(condition.value) ? `(${condition.value.map(value).join(", ")})` : value(condition.value)}`;
}

const sqlText = (conditions) => `select c.customer_id\nfrom customer_facts c\nwhere ${sqlOf(conditions)}`;
const consentOf = (n) => [{ channel: "sms", n: Math.round(n * 0.61) }, { channel: "email", n: Math.round(n * 0.44) }, { channel: "wechat", n: Math.round(n * 0.72) }, { channel: "push", n: Math.round(n * 0.29) }];

export function countOf(conditions) {
  const share = shareOf(conditions);
  const n = Math.round(N_ALL * share);
  return { n, share, n_all: N_ALL, consent: consentOf(n), sql: sqlText(conditions), revenue_cents: n * 431_900 };
}

function makeAudiences(now) {
  const dock = { all: [{ did: "bought", what: { category: "Computers/Laptops" }, within_days: 180, at_least: 1, at_most: null }, { not: { any: [{ did: "bought", what: { category: "Accessories/Docks" }, within_days: null, at_least: 1, at_most: null }] } }, { field: "region", op: "in", value: ["华东", "华北"] }] };
  const asleep = { all: [{ field: "segment", op: "=", value: "g6" }, { any: [{ field: "spent_cents", op: ">=", value: 500_000 }, { field: "n_orders", op: ">=", value: 3 }] }] };
  const history = (n, drift, steps) => Array.from({ length: steps }, (_, at) => ({ at: now - (steps - 1 - at) * DAY_MS, n: Math.round(n * (1 - drift * (steps - 1 - at) + 0.02 * Math.sin(at * 1.7))) }));
  const one = (id, name, kind, conditions, drift, more = {}) => {
    const n = conditions === null ? 5_000 : countOf(conditions).n;
    return { id, name, kind, conditions, sql: conditions === null ? "select customer_id\nfrom audience_scores\nwhere audience_id = 'a-3'" : sqlText(conditions), n_customers: n, refreshed_at: now - 5 * 3_600_000, refresh: "daily", created_at: now - 40 * DAY_MS, history: history(n, drift, 30), lookalike: null, consent: consentOf(n), ...more };
  };
  return [
    one("a-1", "买过笔记本但没买扩展坞 · laptop, no dock", "rules", dock, 0.011),
    one("a-2", "Sleeping regulars who once spent much · 高价值沉睡顾客", "segment", asleep, -0.006, { refresh: "hourly" }),
    one("a-3", "Like: laptop, no dock", "lookalike", null, 0, { refresh: "never", history: [{ at: now - DAY_MS, n: 5_000 }], lookalike: { seed: "a-1", method: "item_vectors", lift_at_1: 8.4, lift_at_5: 4.9, lift_at_10: 3.6, auc: 0.83, auc_low: 0.81, auc_high: 0.85, n_seeds: 8_214 } }),
  ];
}

export function createSegments(now) {
  const state = { segments: makeSegments(now), audiences: makeAudiences(now), empty: [], n_made: 10 };
  const members = (shop, total, query, from, more) => {
    const offset = Number(query.get("offset") ?? 0);
    const limit = Number(query.get("limit") ?? 25);
    return {
      total,
      items: Array.from({ length: Math.max(0, Math.min(limit, total - offset)) }, (_, at) => {
        const known = shop.customers[(from + offset + at) % 72];
        return { customer_id: `C${10_000 + (from + offset + at) * 37}`, spent_cents: known.spent_cents, n_orders: known.n_orders, last_seen: known.last_seen, ...more(offset + at) };
      }),
    };
  };

  function answer(method, path, query, body, { shop, empty, refuse, startJob }) {
    const [, first, second, third] = path.split("/").map(decodeURIComponent);
    const untrained = () => refuse(404, "segments", "No customer groups have been trained.", "Run `tercet train segment`, or train from the console.");
    const audiences = empty ? state.empty : state.audiences;
    const find = () => audiences.find((one) => String(one.id) === second) ?? refuse(404, "not_found", `There is no audience '${second}'.`, "Check the id.");
    const check = () => {
      if (!body.name?.trim()) refuse(400, "invalid", "name is empty", "Give the audience a name.");
      return countOf(body.conditions);
    };
    if (["segments", "rfm", "cohorts", "migration"].includes(first) && empty) return untrained();
    switch (`${method} ${first}`) {
      case "GET segments":
        if (second === undefined) return state.segments;
        if (second === "map" && third === "near") {
          const near = makeMap();
          const [px, py] = [Number(query.get("x")), Number(query.get("y"))];
          const found = [];
          for (let at = 0; at < near.n; at += 1) {
            const d = (near.x[at] - px) ** 2 + (near.y[at] - py) ** 2;
            if (d < 4e6) found.push([d, at]);
          }
          found.sort((a, b) => a[0] - b[0]);
          return { items: found.slice(0, Number(query.get("n") ?? 8)).map(([, at]) => ({ customer_id: `C${10_000 + at * 37}`, segment: KEYS[near.group[at]], spent_cents: GROUPS[near.group[at]][5] + (at % 97) * 1_000, n_orders: 1 + (at % 6), last_seen: now - (at % 200) * DAY_MS })) };
        }
        if (second === "map") return makeMap();
        if (second === "tree") return makeTree();
        if (third === "customers") {
          const at = state.segments.groups.findIndex((group) => group.key === second);
          if (at < 0) return refuse(404, "not_found", `There is no group '${second}'.`, "See GET /v1/segments.");
          return members(shop, state.segments.groups[at].n_customers, query, at * 11, (n) => ({ rfm: RFM[(at + n) % RFM.length][0] }));
        }
        return undefined;
      case "GET rfm": return makeRfm(now);
      case "GET cohorts": return makeCohorts(now);
      case "GET migration": return makeMigration(now);
      case "GET audiences":
        if (second === undefined) return { items: audiences };
        if (second === "fields") {
          return {
            fields: FIELDS.map(([name, zh, en, kind, unit, choices]) => ({ name, label: both(zh, en), kind, unit, choices: (choices ?? []).map(([value, nameZh, nameEn, n]) => ({ value, label: both(nameZh, nameEn), n })), operators: OPERATORS[kind] ?? OPERATORS.number })),
            behaviours: BEHAVIOURS.map(([kind, zh, en]) => ({ kind, label: both(zh, en) })), segments: state.segments.groups.map(({ key, name }) => ({ key, name })), audiences: audiences.map(({ id, name, kind }) => ({ id, name, kind })), recommended: { model_version: "20261126-013000-ials", made_at: now - 7 * 3_600_000, n: 10 },
            channels: ["sms", "email", "wechat", "push"], categories: [...new Set(shop.products.map((one) => one.category))], brands: [...new Set(shop.products.map((one) => one.brand))],
          };
        }
        if (third === "customers") {
          const audience = find();
          return members(shop, audience.n_customers, query, 5, (n) => ({ score: audience.kind === "lookalike" ? 0.93 - n * 0.0007 : null }));
        }
        if (third === "export") return { $csv: `customer_id\nC10000\nC10037\n`, $name: `${second}-${query.get("channel") ?? "all"}.csv` };
        return find();
      case "POST audiences": {
        if (second === "count") return countOf(body.conditions);
        if (second === "lookalike") {
          return startJob("lookalike", body, () => {
            const made = { ...makeAudiences(now)[2], id: `a-${(state.n_made += 1)}`, name: body.name, n_customers: body.size, history: [{ at: Date.now(), n: body.size }], refreshed_at: Date.now(), consent: consentOf(body.size) };
            made.lookalike = { ...made.lookalike, seed: body.seed };
            state.audiences.unshift(made);
            return made;
          });
        }
        const counted = check();
        const made = { id: `a-${(state.n_made += 1)}`, name: body.name, kind: "rules", conditions: body.conditions, sql: counted.sql, n_customers: counted.n, refreshed_at: Date.now(), refresh: body.refresh ?? "daily", created_at: Date.now(), history: [{ at: Date.now(), n: counted.n }], lookalike: null, consent: counted.consent };
        audiences.unshift(made);
        return { $status: 201, ...made };
      }
      case "PUT audiences": {
        const counted = check();
        const audience = find();
        return Object.assign(audience, { name: body.name, refresh: body.refresh ?? audience.refresh, conditions: body.conditions, sql: counted.sql, n_customers: counted.n, consent: counted.consent, history: [...audience.history, { at: Date.now(), n: counted.n }], refreshed_at: Date.now() });
      }
      case "PATCH audiences": {
        if (body.name !== undefined && !body.name.trim()) refuse(400, "invalid", "name is empty", "Give the audience a name.");
        return Object.assign(find(), body);
      }
      case "DELETE audiences":
        audiences.splice(audiences.indexOf(find()), 1);
        return null;
      default: return undefined;
    }
  }

  /** Trained again: the smallest group is the largest now, and all go on under their keys. */
  function trained() {
    const { groups, before } = state.segments;
    state.segments = { ...state.segments, trained_at: Date.now(), groups: groups.toReversed(), before: { ...before, counts: before.counts.map((row) => row.toReversed()) } };
    return state.segments;
  }

  return { answer, trained, groupOf: (at) => { const { key, name } = state.segments.groups[at % GROUPS.length]; return { key, name }; } };
}
