// A stand-in for the service while the console is developed and tested: the API's shapes over an invented shop, with
// its error modes, under the same security policy. Run with `npm run mock` (serves dist/) or `npm run dev` (Vite).
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { CARDS, historyOf, makeEvaluations, makeModels, makeShop, overviewOf, recommendationsFor } from "./data.mjs";
import { createContent } from "./content.mjs";
import { createKnowledge } from "./knowledge.mjs";
import { createLanguage } from "./language.mjs";
import { createDecisions } from "./decisions.mjs";
import { createQuestions } from "./questions.mjs";
import { createReports } from "./reports.mjs";
import { createSendings } from "./sendings.mjs";
import { createPlans } from "./plans.mjs";
import { createSegments } from "./segments.mjs";
import { createService } from "./service.mjs";
import { createWriting } from "./writing.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const DIST = join(ROOT, "dist");
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };
export const PASSWORD = "tercet";
// As the service sends it.
const POLICY = "default-src 'self'; img-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const SHOPS = [
  { id: "harbour", name: "Harbour Electronics & Computing Supplies International", currency: "USD", language: "en", time_zone: "Europe/Oslo" },
  { id: "shanghai", name: "上海青禾数码旗舰店", currency: "CNY", language: "zh", time_zone: "Asia/Shanghai" },
  { id: "empty", name: "Empty shop · 空店铺", currency: "EUR", language: "en", time_zone: "UTC" },
];

class Refusal extends Error {
  constructor(status, code, message, help = null, detail = null) {
    super(message);
    this.status = status;
    this.body = { error: { code, message, detail, help } };
  }
}

const say = (lang, en, zh) => (lang === "zh" ? zh : en);

/** Times are UTC milliseconds. */
function scheduled(now) {
  const none = { params: {}, retries: 2, next_at: null, planned_at: null, job_id: null, end: null, ended_at: null, n_failures: 0, error: null };
  return [
    { ...none, name: "train", job: "train", at: "mon,thu 03:00", next_at: now + 2 * 86_400_000, planned_at: now - 86_400_000, job_id: "j-2", end: "done", ended_at: now - 86_350_000 },
    { ...none, name: "strategy", job: "strategy", at: "04:00", next_at: now + 600_000, planned_at: now - 7_200_000, job_id: "j-9", end: "failed", ended_at: now - 7_100_000, n_failures: 1, error: { code: "data", message: "orders: the disk is full", detail: null, help: null } },
    { ...none, name: "decide", job: "decide", at: "after strategy", planned_at: now - 86_000_000, job_id: "j-8", end: "done", ended_at: now - 85_000_000 },
    { ...none, name: "win-back", job: "recommend", at: "1 06:30", params: { audience: "leaving" }, next_at: now + 9 * 86_400_000 },
  ];
}

export function createMock(now = Date.now()) {
  const full = { ...makeShop(now), now };
  const bare = { products: [], customers: [], orders_by_day: [], now };
  const state = {
    models: makeModels(now),
    evaluations: makeEvaluations(now),
    jobs: [
      { id: "j-1", kind: "import", state: "failed", progress: 0.4, message: "orders-2026-11.csv.gz", created_at: now - 7_200_000, started_at: now - 7_199_000, finished_at: now - 7_150_000, result: null,
        error: { code: "truncated", message: "orders-2026-11.csv.gz: the gzip stream ends in the middle of a block", detail: "after 41,203 rows", help: "Copy the file again and compare its size with the source, then import it once more. Nothing was written." } },
      { id: "j-2", kind: "train", state: "done", progress: 1, message: "ease", created_at: now - 86_400_000, started_at: now - 86_399_000, finished_at: now - 86_350_000, result: { version: "20261122-031502-ease", "ndcg@10": 0.1312 }, error: null },
    ],
    keys: [
      { id: "k-1", name: "Web shop", scopes: ["ingest", "serve"], created_at: now - 40 * 86_400_000 },
      { id: "k-2", name: "夜间导入任务与数据仓库同步服务", scopes: ["ingest", "serve", "manage"], created_at: now - 3 * 86_400_000 },
    ],
    sessions: new Map(),
    failures: 0,
    n_created: 10,
  };

  const segments = createSegments(now);
  const language = createLanguage(now);
  const writing = createWriting(now);
  const content = createContent(now);
  const service = createService(now);
  const plans = createPlans(now);
  const decisions = createDecisions(now);
  const questions = createQuestions(now);
  const reports = createReports(now);
  const sendings = createSendings(now);
  const knowledge = createKnowledge(now);
  full.customers.forEach((customer, at) => at < 72 && (customer.segment = segments.groupOf(at)));
  const results = new Map();

  function startJob(kind, params, finish) {
    const job = { id: `j-${(state.n_created += 1)}`, kind, params, state: "running", progress: 0, message: null, created_at: Date.now(), started_at: Date.now(), finished_at: null, result: null, error: null };
    results.set(job.id, finish);
    state.jobs.unshift(job);
    return { $status: 202, ...job };
  }

  const refuse = (...args) => {
    throw new Refusal(...args);
  };

  const shopOf = (session) => (session.shop === "empty" ? bare : full);
  const jobNow = (job) => {
    if (job.state === "running") {
      job.progress = Math.min(1, (Date.now() - job.started_at) / (job.kind === "seq2seq" ? 60_000 : 4000));
      job.message = job.params?.algorithm ?? job.kind;
      if (job.progress >= 1) Object.assign(job, { state: "done", finished_at: Date.now(), result: results.get(job.id)?.() ?? { ok: true } });
    }
    return job;
  };
  const sessionBody = (session) => ({ shop: SHOPS.find((shop) => shop.id === session.shop), shops: SHOPS.map(({ id, name }) => ({ id, name })), scopes: ["ingest", "serve", "manage", "approve"], name: null });

  function page(items, query) {
    const offset = Number(query.get("offset") ?? 0);
    const limit = Number(query.get("limit") ?? 25);
    return { total: items.length, items: items.slice(offset, offset + limit) };
  }

  const by = (field, sign = 1) => (a, b) => (a[field] < b[field] ? -sign : a[field] > b[field] ? sign : 0);

  /** Whether a product passes every filter but those in `except`. */
  function matches(product, query, ...except) {
    const asked = (name) => (except.includes(name) ? "" : (query.get(name) ?? ""));
    return [product.name, product.brand, product.product_id].join(" ").toLowerCase().includes(asked("query").toLowerCase()) &&
      (asked("category") === "" || `${product.category}/`.startsWith(`${asked("category")}/`)) &&
      (asked("brand") === "" || product.brand === asked("brand")) && (asked("in_stock") !== "true" || product.stock !== 0);
  }

  function facets(shop, query) {
    const count = (values) => {
      const counts = new Map();
      for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
      return [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
    };
    const paths = (path) => path.split("/").map((_, at, parts) => parts.slice(0, at + 1).join("/"));
    const categories = count(shop.products.filter((one) => matches(one, query, "category")).flatMap((one) => paths(one.category)));
    const brands = count(shop.products.filter((one) => matches(one, query, "brand")).map((one) => one.brand));
    return {
      total: shop.products.filter((one) => matches(one, query)).length,
      n_categories: categories.length, categories: categories.map(([category, n_products]) => ({ category, n_products })),
      n_brands: brands.length, brands: brands.sort((a, b) => b[1] - a[1]).map(([brand, n_products]) => ({ brand, n_products })),
    };
  }

  function products(shop, query) {
    const text = (query.get("query") ?? "").toLowerCase();
    if (text === "fail") throw new Refusal(500, "internal", "The query could not be run: the engine ran out of memory.", "Set `engine.memory_mb` in tercet.toml higher and restart.", "found 512 MB, needed 900 MB");
    const items = shop.products.filter((product) => matches(product, query));
    const orders = { orders: by("n_orders", -1), events: by("n_events", -1), name: by("name"), price: by("price_cents"), "-price": by("price_cents", -1), newest: by("launched_on", -1) };
    return page(items.sort(orders[query.get("sort")] ?? by("revenue_cents", -1)), query);
  }

  function customers(shop, query) {
    const text = (query.get("query") ?? "").toLowerCase();
    const items = shop.customers.filter((customer) => `${customer.customer_id} ${customer.city}`.toLowerCase().includes(text) && customer.region.toLowerCase().includes((query.get("region") ?? "").toLowerCase()));
    const orders = { orders: by("n_orders", -1), last_seen: by("last_seen", -1), id: by("customer_id") };
    return page(items.sort(orders[query.get("sort")] ?? by("spent_cents", -1)), query);
  }

  function found(item, what, id) {
    if (item === undefined) throw new Refusal(404, "not_found", `There is no ${what} '${id}'.`, "Check the id; ids are case-sensitive.");
    return item;
  }

  function open(method, path, body, previous) {
    if (path === "/shops") return { items: SHOPS.map(({ id, name }) => ({ id, name })) };
    if (method === "POST" && path === "/session") {
      if (body.password !== PASSWORD) {
        state.failures += 1;
        throw new Refusal(401, "wrong_password", "The password is wrong.", "Set a new one on the server.");
      }
      const token = `s${(state.n_created += 1)}`;
      const shop = SHOPS.some((one) => one.id === body.shop) ? body.shop : SHOPS[0].id;
      // A second log-in keeps the shops of the first.
      const session = { shops: [...(previous?.shops ?? []), shop], shop, token };
      if (previous) state.sessions.delete(previous.token);
      state.sessions.set(token, session);
      return { $cookie: `session=${token}; HttpOnly; SameSite=Strict; Path=/`, ...sessionBody(session) };
    }
    return undefined;
  }

  function answer(method, path, query, body, session, lang) {
    const shop = shopOf(session);
    const empty = session.shop === "empty";
    const [, first, second, third] = path.split("/").map(decodeURIComponent);
    if (method === "GET" && path === "/products/facets") return facets(shop, query);
    const own = segments.answer(method, path, query, body, { shop, empty, refuse, startJob });
    if (own !== undefined) return own;
    const planned = plans.answer(method, path, query, body, { shop, empty, refuse });
    if (planned !== undefined) return planned;
    const decided = decisions.answer(method, path, body, { empty, refuse });
    if (decided !== undefined) return decided;
    const asked = questions.answer(method, path, body, { empty, refuse });
    if (asked !== undefined) return asked;
    const told = reports.answer(method, path, query, { empty, refuse });
    if (told !== undefined) return told;
    const sent = sendings.answer(method, path, body, { empty, refuse });
    if (sent !== undefined) return sent;
    const said = language.answer(method, path, query, body, { shop, empty, refuse });
    if (said !== undefined) return said;
    const wrote = writing.answer(method, path, body, { empty, refuse, jobs: () => state.jobs.map(jobNow) });
    if (wrote !== undefined) return wrote;
    const { currency, name } = SHOPS.find((one) => one.id === session.shop);
    const shop_name = name.slice(0, 16).trim();
    const copied = content.answer(method, path, query, body, { shop, empty, refuse, currency, shop_name });
    if (copied !== undefined) return copied;
    const known = knowledge.answer(method, path, query, body, { empty, refuse, startJob });
    if (known !== undefined) return known;
    const served = service.answer(method, path, query, body, { empty, refuse, currency });
    if (served !== undefined) return served;
    const rest = second !== undefined;
    switch (`${method} ${first}${rest ? "/:id" : ""}${third ? `/${third}` : ""}`) {
      case "GET session": return sessionBody(session);
      case "DELETE session": state.sessions.delete(session.token); return null;
      case "GET overview": return overviewOf(shop, state.models, lang, empty);
      case "GET products": return products(shop, query);
      case "GET products/:id": return found(shop.products.find((one) => one.product_id === second), say(lang, "product", "商品"), second);
      case "GET similar": {
        const at = shop.products.findIndex((one) => one.product_id === query.get("product"));
        return { product_id: query.get("product"), items: at % 9 === 8 ? [] : shop.products.slice(at + 1, at + 1 + Number(query.get("n") ?? 8)).map(({ product_id, name, brand, category, price_cents, image_url }, index) => ({ product_id, name, brand, category, price_cents, image_url, score: 0.81 - index * 0.07, alike: 0.8 - index * 0.06, together: 0.83 - index * 0.09 })) };
      }
      case "GET customers": return customers(shop, query);
      case "GET customers/:id": {
        // Groups and audiences list more customers than the shop of the mock holds.
        const listed = /^C\d{5,}$/.test(second) && !empty ? { ...shop.customers[Number(second.slice(1)) % 72], customer_id: second } : undefined;
        return found(shop.customers.find((one) => one.customer_id === second) ?? listed, say(lang, "customer", "顾客"), second);
      }
      case "GET customers/:id/history": return { items: historyOf(shop, second, now, Number(query.get("limit") ?? 50)) };
      case "GET recommendations": return recommendationsFor(shop, query);
      case "GET explain": return { ...recommendationsFor(shop, query), at: now, replay: { identical: true, why: null } };
      case "GET models": return { items: empty ? [] : state.models };
      case "POST models/:id/activate": {
        found(state.models.find((model) => model.version === second), "model", second);
        state.models.forEach((model) => (model.current = model.version === second));
        return null;
      }
      case "GET evaluations": return { items: empty ? [] : state.evaluations };
      case "GET cards": return { items: CARDS };
      case "GET jobs": return { items: empty ? [] : state.jobs.map(jobNow) };
      case "GET jobs/:id/file": return { $csv: "customer_id,position,product_id,score,propensity\nC10000,1,P000001,0.91,1\n", $name: "recommendations.csv" };
      case "GET jobs/:id": return found(state.jobs.map(jobNow).find((job) => job.id === second), "job", second);
      case "POST jobs": {
        if (state.jobs.some((job) => jobNow(job).state === "running" && job.kind === body.kind))
          throw new Refusal(409, "busy", say(lang, "Such a job is already running.", "已有同类任务在运行。"), say(lang, "Wait for it or cancel it.", "请等待它完成，或取消它。"));
        const ends = {
          segment: () => ({ version: segments.trained().version }),
          language: () => language.learned(empty),
          strategy: () => plans.workedOut(empty),
          decide: () => decisions.workedOut(empty),
          seq2seq: () => writing.learned(body.params),
          content: () => content.wrote(shop, { currency, shop_name }, body.params),
          recommend: () => ({ audience: body.params?.audience, n_customers: 4_212, n_places: 42_120 }),
          predict: () => ({ n_customers: 214_380, n_places: 2_143_800, n_audiences: 1 }),
        };
        return startJob(body.kind, body.params, ends[body.kind]);
      }
      case "GET schedule": return { items: empty ? [] : scheduled(now) };
      case "POST schedule/:id/run": {
        const entry = found(scheduled(now).find((one) => one.name === second), "scheduled job", second);
        return startJob(entry.job, entry.params);
      }
      case "DELETE jobs/:id": {
        const job = found(state.jobs.find((one) => one.id === second), "job", second);
        Object.assign(job, { state: "cancelled", finished_at: Date.now() });
        return null;
      }
      case "GET keys": return { items: empty ? [] : state.keys };
      case "POST keys": {
        const key = { id: `k-${(state.n_created += 1)}`, name: body.name, scopes: body.scopes, created_at: Date.now() };
        state.keys.unshift(key);
        return { $status: 201, ...key, secret: "tk_mock5Zr8uQ1vB7nX2cK9eW4tY6" };
      }
      case "DELETE keys/:id": state.keys = state.keys.filter((key) => key.id !== second); return null;
      default: throw new Refusal(404, "not_found", `There is no ${method} /v1${path}.`, "See /openapi.json.");
    }
  }

  async function bodyOf(request) {
    let text = "";
    for await (const chunk of request) text += chunk;
    // Files come as they are.
    if (/^(text\/csv|application\/octet-stream)/.test(request.headers["content-type"] ?? "")) return text;
    return text === "" ? {} : JSON.parse(text);
  }

  async function api(request, response, url) {
    const path = url.pathname.slice(3);
    const lang = (request.headers["accept-language"] ?? "en").startsWith("zh") ? "zh" : "en";
    try {
      const body = await bodyOf(request);
      const session = state.sessions.get(/session=([^;]+)/.exec(request.headers.cookie ?? "")?.[1]);
      if (service.stream(request, response, url, session !== undefined)) return;
      let result = open(request.method, path, body, session) ?? service.chat(request.method, path, body, request.headers, refuse, SHOPS[0].currency);
      if (result === undefined) {
        if (session === undefined) throw new Refusal(401, "no_session", "Sign in first.");
        const shop = decodeURIComponent(request.headers["x-tercet-shop"] ?? session.shop);
        if (!session.shops.includes(shop)) throw new Refusal(401, "other_shop", `The session is not open for shop '${shop}'.`);
        result = answer(request.method, path, url.searchParams, body, { ...session, shop }, lang);
      }
      if (result === null) return void response.writeHead(204).end();
      if (result.$html !== undefined)
        return void response.writeHead(200, { "Content-Type": "text/html; charset=utf-8", "Content-Disposition": `attachment; filename="${result.$name}"` }).end(result.$html);
      if (result.$csv !== undefined)
        return void response.writeHead(200, { "Content-Type": "text/csv; charset=utf-8", "Content-Disposition": `attachment; filename="${result.$name}"` }).end(result.$csv);
      const { $cookie, $status = 200, ...rest } = result;
      if ($cookie) response.setHeader("Set-Cookie", $cookie);
      response.writeHead($status, { "Content-Type": "application/json" }).end(JSON.stringify(Array.isArray(result) ? result : rest));
    } catch (error) {
      const refusal = error instanceof Refusal ? error : new Refusal(500, "internal", String(error));
      response.writeHead(refusal.status, { "Content-Type": "application/json" }).end(JSON.stringify(refusal.body));
    }
  }

  function file(response, path) {
    const wanted = normalize(join(DIST, path === "/demo" ? "/demo.html" : path));
    const isFile = wanted.startsWith(DIST) && existsSync(wanted) && statSync(wanted).isFile();
    const name = isFile ? wanted : join(DIST, "index.html");
    response.writeHead(200, { "Content-Type": TYPES[extname(name)] ?? "application/octet-stream", "Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff" });
    createReadStream(name).pipe(response);
  }

  return { api, file };
}

export async function startMock({ port = 0, dev = false } = {}) {
  const mock = createMock();
  const vite = dev ? await (await import("vite")).createServer({ root: ROOT, server: { middlewareMode: true }, appType: "spa" }) : null;
  const server = createServer((request, response) => {
    const url = new URL(request.url, "http://localhost");
    if (url.pathname.startsWith("/v1/")) void mock.api(request, response, url);
    else if (vite !== null) vite.middlewares(request, response);
    else mock.file(response, url.pathname);
  });
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await startMock({ port: Number(process.env.PORT ?? 5173), dev: process.argv.includes("--dev") });
  console.log(`mock service on ${url}, password '${PASSWORD}'`);
}
