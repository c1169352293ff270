// Opinions, search and words of the invented shop: deterministic, in the shapes of the service.
import { randomFrom } from "./data.mjs";

const DAY_MS = 86_400_000;
const both = (zh, en) => ({ zh, en });

/** Key, names, terms, a sentence of praise and one of blame in both languages. */
const ASPECTS = [
  ["screen", "屏幕", "Screen", ["屏幕", "显示", "screen", "display"], ["屏幕色彩鲜艳，晚上看也不刺眼。", "The screen is bright and easy on the eyes."], ["屏幕偏黄，右下角有点漏光。", "The screen has a yellow tint and leaks light in one corner."]],
  ["battery", "电池续航", "Battery", ["电池", "续航", "battery"], ["续航扎实，出差一天不用找插座。", "The battery lasts a whole working day."], ["续航虚标，开会半天就见红。", "The battery is empty before noon."]],
  ["heat", "散热", "Heat", ["散热", "发热", "发烫", "heat", "hot"], ["久用只是微温，散热做得好。", "It stays cool even under load."], ["充电时背面烫手。", "It gets hot when charging."]],
  ["noise", "噪音", "Noise", ["噪音", "风扇", "noise", "fan"], ["风扇几乎听不见。", "You hardly hear the fan."], ["风扇一转起来像吹风机，图书馆里不敢用。", "The fan howls as soon as anything runs."]],
  ["keyboard", "键盘", "Keyboard", ["键盘", "按键", "keyboard", "keys"], ["键盘回弹清脆，写稿很舒服。", "The keyboard is a pleasure to type on."], ["方向键太小，常常按错。", "The arrow keys are far too small."]],
  ["camera", "拍照", "Camera", ["拍照", "相机", "镜头", "camera"], ["夜里拍照也很清楚。", "Photos are sharp even at night."], ["拍照对焦慢，孩子一动就糊。", "The camera focuses slowly; anything that moves is blurred."]],
  ["speaker", "音质", "Sound", ["音质", "声音", "扬声器", "sound"], ["音质饱满，低音不浑。", "The sound is full and clear."], ["声音开大就破。", "The sound breaks up when loud."]],
  ["performance", "性能", "Performance", ["性能", "速度", "运行", "performance", "speed"], ["开很多网页也不卡，速度快。", "It is quick even with many windows open."], ["用了两个月，速度明显变慢。", "After two months the speed dropped."]],
  ["build", "做工", "Build quality", ["做工", "质感", "外壳", "build"], ["做工细，接缝看不出来。", "Well built, no gaps anywhere."], ["外壳一捏就响。", "The case creaks when you hold it."]],
  ["price", "价格", "Price", ["价格", "性价比", "price"], ["大促价格很合适，值这个价。", "Good value at the sale price."], ["刚买就降价，价保还不认。", "The price dropped the week after, and they would not refund it."]],
  ["delivery", "物流", "Delivery", ["物流", "快递", "发货", "delivery"], ["昨天下单今天到，物流没得说。", "Delivery came the next day."], ["物流停在中转站五天没动。", "Delivery stood still for five days."]],
  ["service", "客服服务", "Service", ["客服", "服务", "service", "support"], ["客服耐心，连设置都远程教会了。", "Support was patient and set it up with me."], ["客服只会复制粘贴，问题没解决。", "Support answered with text blocks and solved nothing."]],
  ["packaging", "包装", "Packaging", ["包装", "盒子", "packaging"], ["包装严实。", "Packed with care."], ["盒子压扁了。", "The box was crushed."]],
];

const OFTEN = {
  Laptops: ["screen", "battery", "heat", "noise", "keyboard", "performance", "build", "price", "delivery", "service"],
  笔记本: ["screen", "battery", "heat", "noise", "keyboard", "performance", "build", "price", "delivery", "service"],
  智能手机: ["screen", "battery", "heat", "camera", "speaker", "performance", "price", "delivery", "service"],
  Smartphones: ["screen", "battery", "heat", "camera", "speaker", "performance", "price", "delivery", "service"],
};
const USUAL = ["build", "price", "delivery", "service", "packaging", "speaker", "battery"];

const round = (value) => Math.round(value * 1e4) / 1e4;

/** Wilson's interval. */
function interval(part, n) {
  if (n === 0) return [0, 1];
  const [p, z] = [part / n, 1.96];
  const middle = (p + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = (z * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n))) / (1 + (z * z) / n);
  return [round(Math.max(0, middle - half)), round(Math.min(1, middle + half))];
}

const monthOf = (now, back) => {
  const date = new Date(now);
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - back, 1)).toISOString().slice(0, 7);
};

function pageOf(product, at, now) {
  const random = randomFrom(4_000 + at);
  const leaf = product.category.split("/").at(-1);
  const zh = /\p{Script=Han}/u.test(product.name);
  const n_reviews = at === 7 ? 3 : Math.max(2, Math.floor(640 / (1 + at * 0.35)));
  const keys = at === 7 ? ["price"] : (OFTEN[leaf] ?? USUAL);
  const aspects = keys.map((key, place) => {
    const [, nameZh, nameEn, , praise, blame] = ASPECTS.find((one) => one[0] === key);
    const judged = Math.max(1, Math.round(n_reviews * (0.55 / (1 + place * 0.42)) * (0.7 + 0.6 * random())));
    const liking = Math.min(0.97, Math.max(0.06, 0.72 + 0.5 * (random() - 0.55) - (key === "noise" || key === "heat" ? 0.3 : 0)));
    const mixed = Math.round(judged * 0.06);
    const positive = Math.round((judged - mixed) * liking);
    const negative = judged - mixed - positive;
    const part = positive + mixed / 2;
    const [low, high] = interval(part, judged);
    const share = round(part / judged);
    const usual = key === "noise" || key === "heat" ? 0.46 : 0.71;
    const half = 0.9 / Math.sqrt(judged);
    const difference = round(share - usual);
    const stands = Math.abs(difference) > half ? (difference > 0 ? "better" : "worse") : null;
    const months = Array.from({ length: at === 7 ? 1 : 14 }, (_, back) => 13 - back).filter((back) => back !== 6 || place > 2).map((back) => {
      const n = Math.max(0, Math.round((judged / 14) * (0.5 + random())));
      const good = Math.max(0, Math.min(1, liking + (back - 7) * 0.012 * (place === 1 ? 2.2 : -0.4)));
      return { month: monthOf(now, back), positive: Math.round(n * good * 2) / 2, negative: Math.round(n * (1 - good) * 2) / 2 };
    });
    const quote = (polarity, n) => {
      const [textZh, textEn] = polarity === "positive" ? praise : blame;
      const ends = [["", ""], ["总体对得起期待。", " All in all what I had hoped for."], ["用了三周才来说。", " I used it for three weeks before writing this."]][n];
      return { text: zh ? textZh + ends[0] : textEn + ends[1], polarity, at: now - Math.floor((n * 61 + 9 + random() * 40) * DAY_MS), stars: n === 2 ? null : polarity === "positive" ? 5 - n : 1 + n, n_alike: n === 0 ? Math.max(1, Math.round(judged / 9)) : 1 };
    };
    const quotes = [...[0, 1, 2].slice(0, Math.min(3, positive)).map((n) => quote("positive", n)), ...[0, 1, 2].slice(0, Math.min(3, negative)).map((n) => quote("negative", n))];
    return { key, label: both(nameZh, nameEn), n: judged + (place % 3), positive, negative, mixed, share_positive: share, low, high,
      others: place === keys.length - 1 ? null : { share_positive: usual, n: judged * 6, difference, low: round(difference - half), high: round(difference + half), stands_out: stands }, over_time: months, quotes };
  });
  const sum = (of) => aspects.reduce((total, aspect) => total + of(aspect), 0);
  const over = new Map();
  for (const { month, positive, negative } of aspects.flatMap((aspect) => aspect.over_time)) {
    const one = over.get(month) ?? { month, positive: 0, negative: 0 };
    over.set(month, { month, positive: one.positive + positive, negative: one.negative + negative });
  }
  const sorted = [...aspects].sort((a, b) => b.low - a.low);
  const [praised, blamed] = [sorted.filter((one) => one.share_positive > 0.5).slice(0, 3), sorted.reverse().filter((one) => one.share_positive < 0.5).slice(0, 3)];
  const parts = [["常被称赞：", "Praised: ", praised], ["常被抱怨：", "Criticised: ", blamed], ["强于同类：", "Better than its category: ", aspects.filter((one) => one.others?.stands_out === "better").slice(0, 3)], ["弱于同类：", "Worse than its category: ", aspects.filter((one) => one.others?.stands_out === "worse").slice(0, 3)]].filter((part) => part[2].length > 0);
  const share = round(sum((one) => one.positive + one.mixed / 2) / Math.max(1, sum((one) => one.positive + one.negative + one.mixed)));
  return {
    product_id: product.product_id, name: product.name, brand: product.brand, category: product.category, n_reviews, n_mentions: sum((one) => one.n),
    stars_mean: at === 5 ? null : Math.round((2.4 + 2.6 * share) * 100) / 100, share_positive: share, aspects, neighbours: [],
    over_time: [...over.values()].sort((a, b) => (a.month < b.month ? -1 : 1)),
    summary: at === 7 ? both("评论还太少，看不出倾向。", "Too few reviews to tell.") : both(parts.map(([zhText, , list]) => `${zhText}${list.map((one) => one.label.zh).join("、")}。`).join(""), parts.map(([, en, list]) => `${en}${list.map((one) => one.label.en.toLowerCase()).join(", ")}.`).join(" ")),
  };
}

const CLUSTERS = [
  ["屏幕", "亮度", "色彩", "清晰", "护眼", "分辨率", "刷新率", "漏光", "显示器", "画质", "偏黄", "可视角度"],
  ["续航", "电池", "充电", "快充", "耗电", "待机", "电量", "充电头", "无线充电", "毫安", "掉电", "一整天"],
  ["风扇", "噪音", "散热", "发烫", "降温", "静音", "温度", "满载", "嗡嗡", "出风口"],
  ["键盘", "手感", "键程", "打字", "触控板", "回弹", "按键", "方向键", "背光", "机械"],
  ["拍照", "夜景", "对焦", "防抖", "人像", "镜头", "像素", "长焦", "虚化", "抓拍"],
  ["音质", "低音", "降噪", "耳机", "蓝牙", "外放", "通透", "佩戴", "延迟", "真无线"],
  ["物流", "快递", "发货", "包装", "隔天", "签收", "中转", "送货", "压扁", "严实"],
  ["客服", "态度", "耐心", "售后", "退货", "换货", "保修", "发票", "推诿", "退款"],
  ["价格", "性价比", "降价", "价保", "优惠", "划算", "大促", "值得", "偏贵", "补差价"],
  ["laptop", "screen", "battery", "keyboard", "fan", "delivery", "camera", "sound", "support", "charger", "quiet", "bright"],
  ["norrland", "fjell", "lumen", "volta", "pixelforge", "青禾", "云雀"],
  ["aero14", "aero16studio", "fjellone", "quiet3", "p9pro", "灵动本", "note7", "watch2", "光影m2", "听风"],
];

function makeWords() {
  const random = randomFrom(99);
  const items = [];
  CLUSTERS.forEach((list, cluster) => {
    const angle = (cluster / CLUSTERS.length) * 2 * Math.PI;
    const reach = 0.22 + 0.17 * ((cluster * 5) % 3) / 2;
    list.forEach((word, at) => {
      const x = 0.5 + reach * Math.cos(angle) + 0.2 * (random() - 0.5);
      const y = 0.5 + reach * Math.sin(angle) + 0.2 * (random() - 0.5);
      items.push({ word, x: round(Math.max(0, Math.min(1, x))), y: round(Math.max(0, Math.min(1, y))), count: Math.floor(4_200 / (1 + at * 0.8 + cluster * 0.2)), cluster, kind: cluster === 10 ? "brand" : cluster === 11 ? "name" : "word" });
    });
  });
  items.sort((a, b) => b.count - a.count);
  return { items, clusters: CLUSTERS.map((list) => ({ words: list.slice(0, 4), n: list.length })) };
}

const DOCUMENTS = [
  ["returns.md", "退货与换货", ["购买之后", "七天无理由退货"], "收到商品七天内可以申请退货。请在“我的订单”里选择退货原因，打印退货单放进包装，再约快递上门。退款在仓库验收之后三个工作日内原路返回。拆封的耳塞与贴膜除外，它们涉及卫生。"],
  ["returns.en.md", "Returns and exchanges", ["After the purchase", "Fourteen days"], "You may return an order within fourteen days. Choose the reason under My orders, put the slip into the parcel and book a pick-up. The refund is made three working days after the parcel was checked."],
  ["warranty.md", "保修说明", ["售后", "保修期"], "整机保修一年，电池与充电器保修六个月。进水与摔落不在保修范围内，可以付费维修。维修期间可申请备用机。"],
  ["headphones.md", "如何挑选降噪耳机", ["选购指南"], "通勤选降噪深度，久戴选佩戴重量，游戏选延迟。入耳式的降噪更深，头戴式的更舒服。先看续航，再看是否支持双设备连接。"],
];

const lower = (text) => text.toLowerCase();
/** Where a word stands in a text, in characters. */
function placesOf(text, word) {
  const [letters, wanted] = [Array.from(lower(text)), Array.from(lower(word))];
  const places = [];
  for (let at = 0; at + wanted.length <= letters.length; at += 1) {
    if (wanted.every((letter, step) => letters[at + step] === letter)) places.push({ start: at, end: at + wanted.length });
  }
  return places;
}

const SOUNDS = { erji: "耳机", shouji: "手机", bijiben: "笔记本" };

function understand(text, brands) {
  const filters = [];
  let rest = text;
  const read = (pattern, make) => {
    const match = pattern.exec(text);
    if (match === null) return;
    const start = Array.from(text.slice(0, match.index)).length;
    const end = start + Array.from(match[0]).length;
    filters.push({ ...make(match), is_soft: false, start, end });
    filters.at(-1).id = `${filters.at(-1).attribute}@${start}-${end}`;
    rest = rest.replace(match[0], " ");
  };
  read(/(\d{3,6})\s*元?以[下内]|under \$?(\d{3,6})/i, (m) => ({ attribute: "price", max: Number(m[1] ?? m[2]), label: both(`价格 ≤ ${m[1] ?? m[2]}`, `price ≤ ${m[1] ?? m[2]}`) }));
  read(/(\d{1,3})\s*GB?(?![a-z])/i, (m) => ({ attribute: "memory", value: `${m[1]} GB`, label: both(`内存 ${m[1]} GB`, `memory ${m[1]} GB`) }));
  for (const brand of brands) read(new RegExp(brand, "i"), () => ({ attribute: "brand", value: brand, label: both(`品牌：${brand}`, `brand: ${brand}`) }));
  read(/轻薄本|laptops?|笔记本/i, () => ({ attribute: "category", label: both("类别：笔记本", "category: Laptops"), leaf: /笔记本|Laptops/ }));
  read(/手机|phones?(?![a-z])/i, () => ({ attribute: "category", label: both("类别：手机", "category: Phones"), leaf: /手机|Phones/ }));
  let sort = "relevance";
  for (const [pattern, name] of [[/最便宜|cheapest/i, "price_up"], [/最新|newest/i, "newest"], [/最热门|most popular/i, "most_popular"]]) {
    if (pattern.test(rest)) {
      sort = name;
      rest = rest.replace(pattern, " ");
    }
  }
  return { filters: filters.sort((a, b) => a.start - b.start), sort, words: rest.trim().replace(/\s+/g, " ") };
}

export function createLanguage(now) {
  const map = makeWords();
  const info = {
    version: "20261126-020014-language", trained_at: now - 2.3 * DAY_MS, seconds: 84.2, seed: 0,
    texts: { n_reviews: 41_203, n_products: 54, n_documents: 37, n_words: 1_684_220, n_distinct: 38_911 },
    vectors: { n_words: 21_480, dim: 100, epochs: 5, words_per_second: 412_300, losses: [2.914, 2.371, 2.204, 2.131, 2.098] },
    sentiment: { n_train: 33_912, n_test: 3_768, accuracy: 0.9436, macro_f1: 0.9127, calibration_error: 0.0143, accuracy_of_commonest: 0.7421 },
    opinions: { n_products: 30, n_mentions: 23_118, n_aspects: 13 }, search: { n_products: 54, n_documents: 37, n_chunks: 412, bytes: 3_481_600 },
    lexicon: { n_words: 153, n_names: 61, examples: ["aero14", "青禾", "p9pro", "16gb", "灵动本", "fjellone", "光影m2", "quiet3", "usb-c", "云雀"] },
  };
  const state = { learned_empty: false };
  const made = new Map();

  function pages(shop) {
    if (made.has(shop)) return made.get(shop);
    const all = shop.products.slice(0, 30).map((product, at) => pageOf(product, at, now)).sort((a, b) => b.n_reviews - a.n_reviews);
    for (const page of all) page.neighbours = all.filter((one) => one !== page && one.category === page.category).slice(0, 6).map(({ product_id, name }) => ({ product_id, name }));
    made.set(shop, all);
    return all;
  }

  function listed(shop, query) {
    const sort = query.get("sort") ?? "reviews";
    const all = [...pages(shop)];
    const few = (page) => (page.n_mentions < 5 ? 1 : 0);
    if (sort === "best") all.sort((a, b) => few(a) - few(b) || b.share_positive - a.share_positive);
    if (sort === "worst") all.sort((a, b) => few(a) - few(b) || a.share_positive - b.share_positive);
    const strongest = (page, of, other) => [...page.aspects].filter((one) => of(one) > other(one)).sort((a, b) => of(b) - of(a)).slice(0, 3).map((one) => one.key);
    const [offset, limit] = [Number(query.get("offset") ?? 0), Number(query.get("limit") ?? 50)];
    return {
      total: all.length, aspects: ASPECTS.map(([key, zh, en]) => ({ key, label: both(zh, en) })),
      items: all.slice(offset, offset + limit).map((page) => ({ product_id: page.product_id, name: page.name, brand: page.brand, n_reviews: page.n_reviews, n_mentions: page.n_mentions, stars_mean: page.stars_mean, share_positive: page.share_positive, praised: strongest(page, (one) => one.positive, (one) => one.negative), blamed: strongest(page, (one) => one.negative, (one) => one.positive) })),
    };
  }

  function neighbours(typed, n) {
    const word = lower(typed).replaceAll(" ", "");
    const own = map.items.find((one) => one.word === word);
    const near = own === undefined ? map.items.filter((one) => [...word].some((letter) => one.word.includes(letter))) : map.items.filter((one) => one !== own);
    const far = (one) => (own === undefined ? 0.5 : Math.hypot(one.x - own.x, one.y - own.y) + (one.cluster === own.cluster ? 0 : 0.35));
    const items = near.map((one) => ({ word: one.word, similarity: round(Math.max(-0.1, 0.93 - far(one) * 1.1)), count: one.count })).sort((a, b) => b.similarity - a.similarity);
    return { word, known: own !== undefined, count: own?.count ?? 0, items: items.slice(0, n) };
  }

  function analyse(text) {
    const hidden = text.replace(/1\d{10}/g, "[PHONE]");
    const good = ["漂亮", "手感也好", "很快", "完好", "gorgeous", "great", "quick", "fine"];
    const bad = ["太吵", "只有四个小时", "有问题", "发烫严重", "没解决", "不会再买", "loud", "barely", "hot", "did not help", "Would not buy"];
    const words = [...good.map((word) => [word, 1.8]), ...bad.map((word) => [word, -2.1])].flatMap(([word, weight], at) => placesOf(hidden, word).map((place) => ({ ...place, weight: weight * (1 - at * 0.03) })));
    const sum = words.reduce((total, one) => total + one.weight, 0);
    const mentions = [];
    let at = 0;
    for (const clause of hidden.split(/(?<=[，,。.！!?？]| but | and )/)) {
      const length = Array.from(clause).length;
      for (const [aspect, zh, en, terms] of ASPECTS) {
        const found = terms.flatMap((term) => placesOf(clause, term))[0];
        if (found === undefined) continue;
        const weight = words.filter((one) => one.start >= at && one.end <= at + length).reduce((total, one) => total + one.weight, 0);
        mentions.push({ aspect, label: both(zh, en), polarity: weight > 0 ? "positive" : weight < 0 ? "negative" : "neutral", confidence: weight === 0 ? 0.41 : 0.88, start: at, end: at + Array.from(clause.trimEnd()).length, term_start: at + found.start, term_end: at + found.end });
        break;
      }
      at += length;
    }
    return { text: hidden, language: /\p{Script=Han}/u.test(hidden) ? "zh" : "en", mentions, sentiment: { label: sum >= 0 ? "positive" : "negative", probability: round(1 / (1 + Math.exp(-Math.abs(sum) - 0.3))), words: words.sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight)).slice(0, 12) } };
  }

  function find(shop, query) {
    const text = query.get("q") ?? "";
    const within = query.get("in") ?? "all";
    const [offset, limit] = [Number(query.get("offset") ?? 0), Number(query.get("limit") ?? 10)];
    const dropped = (query.get("drop") ?? "").split(",");
    const chosen = (query.get("filter") ?? "").split("|").filter(Boolean).map((one) => [one.slice(0, one.indexOf(":")), one.slice(one.indexOf(":") + 1)]);
    const { filters: all, sort, words } = understand(text, [...new Set(shop.products.map((one) => one.brand))]);
    const filters = all.filter((one) => !dropped.includes(one.id));
    const valueOf = (product, attribute) => (attribute === "brand" ? product.brand : attribute === "category" ? product.category : product.specs[attribute]);
    const passes = (product, filter) => (filter.max !== undefined ? product.price_cents <= filter.max * 100 : filter.leaf ? filter.leaf.test(product.category) : valueOf(product, filter.attribute) === filter.value);
    const terms = words.split(" ").filter(Boolean);
    const readings = terms.map((term) => [term, SOUNDS[lower(term)] ?? term]);
    const hit = (product) => {
      const marks = [];
      const why = [];
      for (const [typed, word] of readings) {
        const places = placesOf(product.name, word);
        marks.push(...places);
        if (places.length > 0) why.push({ term: word, reading: typed === word ? "typed" : "sounds", field: "name", score: 4.21 });
        else if (placesOf(product.description ?? "", word).length > 0) why.push({ term: word, reading: "typed", field: "text", score: 1.37 });
      }
      const description = product.description?.split("\n")[0] ?? null;
      return { product_id: product.product_id, name: product.name, brand: product.brand, category: product.category, price_cents: product.price_cents, score: round(1.2 + why.reduce((total, one) => total + one.score, 0) + product.n_orders / 4_000), marks, snippet: description === null ? null : { text: description, marks: readings.flatMap(([, word]) => placesOf(description, word)) }, why };
    };
    const asked = (list) => list.filter((product) => chosen.every(([attribute, value]) => valueOf(product, attribute) === value));
    const hits = (list) => asked(list).map(hit).filter((one) => terms.length === 0 || one.why.length > 0);
    let relaxed = [];
    let found = within === "documents" ? [] : hits(shop.products.filter((product) => filters.every((filter) => passes(product, filter))));
    if (found.length === 0 && filters.length > 0 && within !== "documents") {
      relaxed = filters.filter((one) => one.attribute === "memory" || one.attribute === "price").map((one) => one.id);
      found = hits(shop.products.filter((product) => filters.every((filter) => relaxed.includes(filter.id) || passes(product, filter))));
    }
    const order = { price_up: (a, b) => a.price_cents - b.price_cents, price_down: (a, b) => b.price_cents - a.price_cents };
    found.sort(order[sort] ?? ((a, b) => b.score - a.score));
    const documents = within === "products" || text.trim() === "" ? [] : DOCUMENTS.map(([document_id, title, sections, body]) => {
      const wanted = [...terms, ...(/退货|return/i.test(text) ? ["退货", "return"] : [])];
      const marks = wanted.flatMap((word) => placesOf(body, word));
      return { document_id, title, sections, text: body, start: 120, end: 120 + body.length, marks, score: round(marks.length * 1.31) };
    }).filter((one) => one.marks.length > 0).sort((a, b) => b.score - a.score);
    const facets = within === "documents" ? [] : ["category", "brand", "memory", "storage"].map((attribute) => {
      const counts = new Map();
      for (const one of found) {
        const value = valueOf(shop.products.find((product) => product.product_id === one.product_id), attribute);
        if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
      }
      return { attribute, n_values: counts.size, values: [...counts].sort((a, b) => b[1] - a[1]).slice(0, 8).map(([value, n]) => ({ value, n })) };
    }).filter((facet) => facet.values.length > 0);
    const shown = ({ id, attribute, label, is_soft, start, end }) => ({ id, attribute, label, is_soft, start, end });
    return {
      query: { text, words, filters: filters.map(shown), sort, relaxed, did_you_mean: /hedphones/i.test(text) ? text.replace(/hedphones/i, "headphones") : /降造/.test(text) ? text.replace("降造", "降噪") : null },
      products: found.slice(offset, offset + limit), n_products: found.length, documents: documents.slice(offset, offset + limit), n_documents: documents.length, facets,
    };
  }

  function answer(method, path, query, body, { shop, empty, refuse }) {
    const [, first, second] = path.split("/").map(decodeURIComponent);
    if (!["language", "words", "opinions", "search"].includes(first)) return undefined;
    if (method === "POST" && second === "analyse" && empty) return { ...analyse(body.text), sentiment: null };
    if (empty && !state.learned_empty) return refuse(404, "language", "nothing has been learned of the shop's words yet", "learn it: tercet train language, or POST /v1/jobs {\"kind\": \"language\"}");
    switch (`${method} ${first}${second === undefined ? "" : `/${first === "opinions" && second !== "analyse" ? ":id" : second}`}`) {
      case "GET language": return empty ? { ...info, vectors: null, sentiment: null, opinions: { n_products: 0, n_mentions: 0, n_aspects: 0 } } : info;
      case "GET words": return neighbours(query.get("word") ?? "", Number(query.get("n") ?? 20));
      case "GET words/map": return empty ? refuse(404, "vectors", "the shop has too few words to learn vectors from", "import reviews, descriptions or documents, then learn again: tercet train language") : map;
      case "GET words/analogy": {
        const asked = ["a", "b", "c"].map((name) => lower(query.get(name) ?? "").replaceAll(" ", ""));
        const unknown = asked.find((word) => !map.items.some((one) => one.word === word));
        if (unknown !== undefined) return refuse(404, "not_found", `there is no words '${unknown}'`, "words of the shop's own texts are known");
        return { items: neighbours(asked[2], 12).items.filter((one) => !asked.includes(one.word)).slice(0, Number(query.get("n") ?? 10)) };
      }
      case "GET opinions": return listed(shop, query);
      case "GET opinions/:id": return pages(shop).find((page) => page.product_id === second) ?? refuse(404, "not_found", `there is no product with reviews '${second}'`, "import its reviews (tercet import FILE --as reviews), then learn: tercet train language");
      case "POST opinions/analyse": return body.text.trim() === "" ? refuse(400, "usage", "the text has 0 bytes; allowed: 1 to 20000") : analyse(body.text);
      case "GET search": return find(shop, query);
      case "GET search/suggest": {
        const typed = lower(query.get("q") ?? "").trim();
        const texts = [...new Set([...shop.products.map((one) => one.name), ...shop.products.map((one) => one.brand), ...map.items.map((one) => one.word)])];
        return { items: typed === "" ? [] : texts.filter((text) => lower(text).includes(typed)).sort((a, b) => a.length - b.length).slice(0, Number(query.get("n") ?? 8)).map((text) => ({ text })) };
      }
      default: return undefined;
    }
  }

  return { answer, learned: (empty) => { if (empty) state.learned_empty = true; else info.trained_at = Date.now(); return { version: info.version }; } };
}
