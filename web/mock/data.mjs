// A small invented shop for developing and testing the console: products, customers, orders and everything derived.
// Deterministic; the clock is an argument. Not the simulator of the product: nothing here has a known truth.

/** A small seeded generator (mulberry32). */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const LINES = [
  ["Computers/Laptops", "Norrland", "Aero 14", 899900, { memory: "16 GB", storage: "1 TB", screen_size: "14 in", weight: "1.18 kg", cpu: "8 cores" }],
  ["Computers/Laptops", "Norrland", "Aero 16 Studio with the extraordinarily bright anti-glare OLED display, 32 GB, and three years of on-site service", 1599900, { memory: "32 GB", storage: "2 TB", screen_size: "16 in" }],
  ["电脑/笔记本", "青禾", "青禾 灵动本 14 轻薄高性能办公商务学生便携式笔记本电脑 十六核处理器 32GB 内存 1TB 固态硬盘 深空灰", 649900, { memory: "32 GB", storage: "1 TB", screen_size: "14 in" }],
  ["手机/智能手机", "青禾", "青禾 P9 Pro 智能手机 12GB+512GB 远山青", 499900, { memory: "12 GB", storage: "512 GB", camera: "50 MP", battery: "5000 mAh" }],
  ["手机/智能手机", "云雀", "云雀 Note 7 5G", 199900, { memory: "8 GB", storage: "256 GB", battery: "5200 mAh" }],
  ["Phones/Smartphones", "Fjell", "Fjell One", 429900, { memory: "8 GB", storage: "128 GB" }],
  ["Phones/Smartphones", "Fjell", "Fjell One Max", 629900, { memory: "12 GB", storage: "256 GB" }],
  ["Audio/Headphones", "Lumen", "Lumen Quiet 3 wireless headphones", 129900, { battery: "40 h", weight: "250 g" }],
  ["音频/耳机", "云雀", "云雀 听风 主动降噪真无线蓝牙耳机", 39900, { battery: "30 h" }],
  ["Accessories/Chargers", "Volta", "Volta 65 W USB-C charger", 19900, { power: "65 W", connector: "USB-C" }],
  ["配件/保护壳", "青禾", "青禾 P9 Pro 磁吸保护壳", 9900, { color: "透明" }],
  ["Accessories/Docks", "Volta", "Volta dock with 11 ports", 69900, { connector: "USB-C", power: "100 W" }],
  ["Wearables/Watches", "Fjell", "Fjell Watch 2", 169900, { battery: "10 d" }],
  ["穿戴/手表", "云雀", "云雀 运动手表 S3", 89900, { battery: "14 d" }],
  ["Gaming/Consoles", "Pixelforge", "Pixelforge X", 349900, { storage: "1 TB" }],
  ["Gaming/Keyboards", "Pixelforge", "Pixelforge 75 mechanical keyboard", 59900, {}],
  ["TV/OLED", "Lumen", "Lumen 55 OLED", 799900, { screen_size: "55 in", resolution: "3840 × 2160", refresh_rate: "120 Hz" }],
  ["相机/微单", "青禾", "青禾 光影 M2 微单相机套机", 729900, { resolution: "33 MP" }],
];

const CITIES = [
  ["上海市", "华东"], ["杭州市", "华东"], ["北京市", "华北"], ["深圳市", "华南"], ["成都市", "西南"],
  ["Rothenburg ob der Tauber", "Bayern"], ["Oslo", "Nordics"], ["Leeds", "Yorkshire and the Humber"],
];
const CHANNELS = ["web", "app", "store", "wechat"];
const DAY_MS = 86_400_000;

const dayText = (ms) => new Date(ms).toISOString().slice(0, 10);

export function makeShop(now) {
  const random = randomFrom(7);
  const pick = (list) => list[Math.floor(random() * list.length)];
  const between = (low, high) => Math.floor(low + random() * (high - low + 1));

  const products = [];
  for (const [category, brand, name, price, specs] of LINES) {
    for (const variant of ["", " II", " SE"]) {
      const at = products.length;
      const n_orders = Math.floor(900 / (1 + at * 0.4) + random() * 20);
      const price_cents = Math.round((price * (1 - 0.12 * (at % 3))) / 100) * 100;
      products.push({
        product_id: at === 4 ? "SKU/004 β" : `SKU-${String(at).padStart(4, "0")}`,
        name: name + variant, brand, category, price_cents,
        cost_cents: Math.round(price_cents * 0.78),
        launched_on: dayText(now - (100 + at * 21) * DAY_MS),
        retired_on: at % 17 === 16 ? dayText(now - 20 * DAY_MS) : null,
        predecessor_id: variant === " II" ? products[at - 1].product_id : null,
        stock: at % 7 === 3 ? 0 : at % 11 === 5 ? null : between(1, 400),
        specs: at % 3 === 2 ? {} : specs,
        description: at % 2 === 0 ? `${name}. A dependable choice for work and travel.\n适合办公与出行的可靠之选。` : null,
        image_url: at % 5 === 0 ? "https://images.example/one.jpg" : null,
        n_orders, n_events: n_orders * between(9, 22), revenue_cents: n_orders * price_cents,
        n_reviews: products.length < 30 ? 12 : 0,
      });
    }
  }

  const customers = Array.from({ length: 73 }, (_, at) => {
    const [city, region] = CITIES[at % CITIES.length];
    const n_orders = at === 72 ? 0 : Math.max(1, Math.floor(24 / (1 + at * 0.3)));
    return {
      customer_id: at === 3 ? "an.unusually.long.customer.identifier.from.the.old.system@example.invalid" : `C${String(10000 + at * 37)}`,
      joined_on: dayText(now - between(60, 1500) * DAY_MS), birth_year: at % 9 === 0 ? null : between(1956, 2006),
      gender: pick(["female", "male", null]), city, region, first_channel: pick(CHANNELS),
      consent: at % 4 === 0 ? [] : ["email", "sms"].slice(0, between(1, 2)),
      n_orders, spent_cents: n_orders * between(40000, 620000), last_seen: at === 72 ? null : now - between(1, 90 * 24) * 3_600_000,
    };
  });

  const orders_by_day = Array.from({ length: 730 }, (_, at) => {
    const weekday = [1, 0.9, 0.92, 0.95, 1.1, 1.45, 1.35][at % 7];
    const season = 1 + 0.25 * Math.sin((at / 365) * 2 * Math.PI) + (at % 365 > 300 && at % 365 < 318 ? 1.2 : 0);
    const n_orders = Math.round((38 + at * 0.03) * weekday * season * (0.85 + 0.3 * random()));
    return { day: dayText(now - (730 - at) * DAY_MS), n_orders, revenue_cents: n_orders * between(180000, 260000) };
  });

  return { products, customers, orders_by_day };
}

export function historyOf(shop, customer_id, now, limit) {
  const at = shop.customers.findIndex((customer) => customer.customer_id === customer_id);
  if (at === 72) return [];
  const random = randomFrom(1000 + at);
  const items = [];
  for (let step = 0; step < 64; step += 1) {
    const product = shop.products[Math.floor(random() * random() * shop.products.length)];
    const kind = ["view", "view", "search", "cart", "purchase", "favourite", "rate", "return", "ask"][Math.floor(random() * 9)];
    items.push({
      at: now - Math.floor((step + random()) * 9 * 3_600_000),
      kind,
      product_id: kind === "search" ? null : product.product_id,
      product_name: kind === "search" ? null : product.name,
      query: kind === "search" ? (at % 2 ? "降噪耳机" : "usb-c dock") : null,
      value: kind === "rate" ? 4 : null,
      quantity: kind === "purchase" ? 1 + (step % 2) : null,
      price_cents: kind === "purchase" ? product.price_cents : null,
      channel: CHANNELS[step % CHANNELS.length],
    });
  }
  return items.slice(0, limit);
}

export function recommendationsFor(shop, query) {
  const lang = query.get("lang") === "zh" ? "zh" : "en";
  const at = shop.customers.findIndex((customer) => customer.customer_id === query.get("customer"));
  const cold = at === 72;
  const min = Number(query.get("price_min") ?? 0);
  const max = Number(query.get("price_max") ?? Infinity);
  const category = query.get("category") ?? "";
  const shift = query.get("include_owned") === "true" ? 0 : 3;
  const pool = shop.products.filter(
    (product) => product.price_cents >= min && product.price_cents <= max && (product.category ?? "").startsWith(category),
  );
  const items = pool.slice(shift, shift + Number(query.get("n") ?? 10)).map((product, index) => {
    const random = randomFrom(at * 100 + index);
    const source = shop.products[(index * 5 + at + 1) % shop.products.length];
    const terms = cold
      ? [{ name: "popularity", value: 0.4 - index * 0.01 }]
      : [
          { name: "own_event", value: 0.42 - index * 0.03, product_id: source.product_id, kind: "purchase", at: 1_760_000_000_000 },
          { name: "similar_customers", value: 0.2 - index * 0.01 + random() * 0.02 },
          { name: "boost", value: index === 2 ? 0.05 : 0, rule: "开学季 back to school" },
          { name: "fits", value: index % 3 === 0 ? 0.14 : 0 },
          { name: "popularity", value: 0.05 + random() * 0.04 },
          { name: "durable", value: index % 4 === 1 ? -0.18 : 0 },
          { name: "margin", value: 0.02 },
          { name: "exploration", value: random() * 0.01 },
        ];
    const share = 0.55 - index * 0.01;
    const reasons = cold
      ? []
      : [
          { kind: "purchase", text: lang === "zh" ? `因为买过「${source.name}」` : `Because of the purchase of ${source.name}`, share, product_id: source.product_id, product_name: source.name },
          { kind: "view", text: lang === "zh" ? "最近浏览过同类商品三次" : "Viewed products like it three times lately", share: 0.27, product_id: null, product_name: null },
          { kind: "popularity", text: lang === "zh" ? "在同地区受欢迎" : "Popular in the same region", share: 1 - share - 0.27, product_id: null, product_name: null },
        ];
    return {
      product_id: product.product_id, name: product.name, brand: product.brand, category: product.category,
      price_cents: product.price_cents, image_url: product.image_url,
      score: terms.reduce((sum, term) => sum + term.value, 0), propensity: index < 8 ? 1 : 0.12, terms, reasons,
      ...(index === 8 ? { explored: true } : {}), ...(index === 0 && !cold ? { pinned_by: "首页 front page" } : {}),
    };
  });
  return {
    list_id: "01JD8Z3K5Q2M7", customer_id: query.get("customer") ?? shop.customers[0].customer_id, model: { version: "20261122-031502-ease", card: "ease" },
    fallback: cold ? "popular" : null, items,
  };
}

const metric = (mean, half) => ({ mean, low: mean - half, high: mean + half });

export function makeModels(now) {
  const model = (version, card, days, current, settings, ndcg) => ({
    version, card, settings, trained_at: now - days * DAY_MS, seconds: 41.3 + days, n_users: 15266, n_items: 2517, n_interactions: 62884,
    metrics: { "ndcg@10": metric(ndcg, 0.006), "recall@10": metric(ndcg * 1.3, 0.008), "recall@20": metric(ndcg * 1.7, 0.009), coverage: 0.41, "hit_rate@10": metric(ndcg * 1.6, 0.01) },
    split: "temporal, last 10 % of the entries",
    tried: ["popularity", "item_knn", "ease"].map((tried, at) => ({ card: tried, settings: {}, metric: "ndcg@10", value: 0.06 + at * 0.034, seconds: 1 + at })),
    current,
  });
  return [
    model("20261122-031502-ease", "ease", 1.2, true, { l2: 240, popularity_bias: true }, 0.1312),
    model("20261115-030911-item_knn", "item_knn", 8.3, false, { similarity: "cosine", weighting: "bm25", n_neighbors: 100, shrinkage: 20 }, 0.1226),
    { ...model("20261101-030455-ials", "ials", 22, false, { n_factors: 64, n_epochs: 15, alpha: 4, reg: 0.0123456, solver: "subspace" }, 0.119), metrics: {} },
  ];
}

export function makeEvaluations(now) {
  const row = (card, base, half, seconds, settings) => ({
    card, settings, fit_seconds: seconds,
    metrics: Object.assign({}, ...[10, 20].map((k) => {
      const [mean, width] = k === 10 ? [base, half] : [base * 1.34, half * 1.1];
      return {
        [`recall@${k}`]: metric(mean, width), [`hit_rate@${k}`]: metric(mean * 1.5, width * 1.2), [`precision@${k}`]: metric(mean / 7, width / 7),
        [`ndcg@${k}`]: metric(mean * 0.77, width * 0.8), [`map@${k}`]: metric(mean * 0.5, width * 0.7), [`mrr@${k}`]: metric(mean * 0.6, width * 0.8),
        [`coverage@${k}`]: 0.2 + mean, [`gini@${k}`]: 0.95 - mean, [`novelty@${k}`]: metric(9.31 + mean, 0.04), [`average_popularity@${k}`]: metric(1312.4 - 900 * mean, 14.2),
      };
    })),
  });
  return [
    { id: "e-2", at: now - 5 * 3_600_000, split: "temporal", k: [10, 20], n_users: 3120, rows: [
      row("popularity", 0.061, 0.006, 0.04, { half_life_days: 30 }), row("item_knn", 0.142, 0.008, 1.9, { similarity: "cosine", n_neighbors: 100 }),
      row("user_knn", 0.131, 0.008, 2.2, {}), row("ease", 0.151, 0.008, 12.4, { l2: 240 }), row("slim", 0.148, 0.008, 75.1, { l1: 0.5, l2: 2 }),
      row("ials", 0.139, 0.008, 22.7, { n_factors: 64 }), row("rp3beta", 0.144, 0.008, 1.4, { alpha: 0.8, beta: 0.4 }) ] },
    { id: "e-1", at: now - 9 * DAY_MS, split: "leave-one-out", k: [10], n_users: 14880, rows: [ row("popularity", 0.05, 0.004, 0.03, {}), row("ease", 0.12, 0.005, 11.8, { l2: 500 }) ] },
  ];
}

const int = (min, max, value) => ({ type: "int", min, max, default: value });
const float = (min, max, value) => ({ type: "float", min, max, default: value });
const choice = (options, value) => ({ type: "choice", options, default: value });
const param = (name, sentence, unit, kind) => ({ name, sentence, unit, kind });

export const CARDS = [
  { name: "item_knn", sentence: "Recommends what is similar to the items of the history.", family: "neighbourhood", input: "(n_users, n_items) interactions", source: "Sarwar et al., 2001",
    params: [ param("similarity", "How alike two items are.", "", choice(["cosine", "pearson", "adjusted_cosine", "jaccard", "msd"], "cosine")),
      param("weighting", "Weighting before the similarity.", "", choice(["none", "tfidf", "bm25"], "none")), param("n_neighbors", "Neighbours kept.", "items", int(1, 10000, 100)),
      param("shrinkage", "Shrinks similarities with little support.", "", float(0, 1e9, 0)) ] },
  { name: "user_knn", sentence: "Recommends what similar users liked.", family: "neighbourhood", input: "(n_users, n_items) interactions", source: "Resnick et al., 1994",
    params: [ param("n_neighbors", "Neighbours kept.", "users", int(1, 10000, 100)) ] },
  { name: "ease", sentence: "A linear model of items, solved in closed form.", family: "linear", input: "(n_users, n_items) interactions", source: "Steck, 2019, Embarrassingly Shallow Autoencoders for Sparse Data",
    params: [ param("l2", "Ridge penalty.", "", float(0, 1e9, 500)), param("popularity_bias", "Adds a popularity term.", "", { type: "bool", default: false }) ] },
  { name: "slim", sentence: "A sparse linear model of items.", family: "linear", input: "(n_users, n_items) interactions", source: "Ning and Karypis, 2011", params: [ param("l1", "Lasso penalty.", "", float(0, 1e6, 1)), param("l2", "Ridge penalty.", "", float(0, 1e6, 5)) ] },
  { name: "ials", sentence: "Factors for implicit feedback by alternating least squares.", family: "factor", input: "(n_users, n_items) interactions", source: "Hu, Koren and Volinsky, 2008",
    params: [ param("n_factors", "Latent factors.", "", int(1, 1024, 64)), param("solver", "How each row is solved.", "", choice(["cholesky", "cg", "subspace"], "subspace")) ] },
  { name: "rp3beta", sentence: "Three random steps on the graph of users and items.", family: "graph", input: "(n_users, n_items) interactions", source: "Paudel et al., 2017", params: [ param("alpha", "Exponent.", "", float(0, 5, 1)) ] },
  { name: "popularity", sentence: "What sells, newer sales counting more.", family: "popularity", input: "(n_users, n_items) interactions", source: "", params: [] },
];

export function overviewOf(shop, models, lang, empty) {
  const zh = lang === "zh";
  const now = shop.now;
  const names = ["products", "customers", "events", "orders", "reviews", "exposures", "spend", "knowledge", "fits"];
  const rows = { products: 2517, customers: 15266, events: 1284932, orders: 62884, reviews: 4120, fits: 381 };
  const tables = names.map((name) => {
    const n_rows = empty ? 0 : (rows[name] ?? 0);
    const dated = n_rows > 0 && ["events", "orders", "reviews"].includes(name);
    return { name, sentence: name, n_rows, first: dated ? now - 730 * DAY_MS : null, last: dated ? now - 3_600_000 : null, n_rejected: name === "orders" && !empty ? 37 : 0, updated_at: n_rows > 0 ? now - 2 * 3_600_000 : null };
  });
  const health = [
    { level: "warn", table: "orders", title: zh ? "37 行订单被拒绝" : "37 order lines were rejected", detail: zh ? "单价不是数字。" : "The unit price is not a number.", help: zh ? "查看 `tables/orders/rejects/`，改正后重新导入。" : "Look into `tables/orders/rejects/`, mend the lines and import them again." },
    { level: "error", table: "events", title: zh ? "812 条行为指向不存在的商品" : "812 events name products that do not exist", detail: zh ? "例如 SKU-9981。" : "For example SKU-9981.", help: zh ? "运行 `tercet doctor` 查看全部编号，再导入缺少的商品。" : "Run `tercet doctor` to list them, then import the missing products." },
    { level: "ok", table: null, title: zh ? "商品均有价格" : "Every product has a price", detail: null, help: null },
    { level: "ok", table: null, title: zh ? "没有未来的日期" : "No date lies in the future", detail: null, help: null },
  ];
  const random = randomFrom(3);
  return {
    tables, health: empty ? [] : health, model: empty ? null : models.find((model) => model.current),
    requests: { per_minute: Array.from({ length: 60 }, (_, at) => (empty ? 0 : Math.round(90 + 40 * Math.sin(at / 9) + random() * 25))), p50_ms: empty ? null : 1.84, p99_ms: empty ? null : 7.6, errors: empty ? 0 : 2 },
    orders_by_day: empty ? [] : shop.orders_by_day,
    top_categories: empty ? [] : [["Computers/Laptops", 812_340_00_00], ["手机/智能手机", 640_120_00_00], ["Phones/Smartphones", 455_990_00_00], ["TV/OLED", 230_010_00_00], ["Audio/Headphones", 120_450_00_00], ["Accessories/Docks", 48_990_00_00]].map(([category, revenue_cents]) => ({ category, revenue_cents })),
  };
}
