// Copy of the invented shop: options, variants, checks, drafts and their way to approval, posters, rules and voice; in the shapes
// of the service, with its refusals. A few rules of law stand for all of them.
import { cardOf, CHANNELS, counted, limitOf } from "./channels.mjs";
import { draftOf, planOf } from "./copy.mjs";

const encoder = new TextEncoder();
const bytes = (text) => encoder.encode(text).length;
const both = (zh, en) => ({ zh, en });
const ANGLES = ["goal", "use", "standout", "upgrade", "opinion", "value", "detail"];

const ABSOLUTE = both("《广告法》第九条第（三）项、《广告绝对化用语执法指南》", "PRC Advertising Law, art. 9(3), and SAMR's guide of 2023");
const MEDICAL = both("《广告法》第十六条至第十八条", "PRC Advertising Law, art. 16–18");
const PRICE = both("《价格法》第十四条、《明码标价和禁止价格欺诈规定》第十九条", "PRC Price Law, art. 14; Price Fraud Provisions (2022), art. 19");
const STATE = both("《广告法》第九条第（二）项", "PRC Advertising Law, art. 9(2)");
const SOURCE = both("《广告法》第十一条", "PRC Advertising Law, art. 11");
/** Words, category, gravity, article, why, what instead, put in their place; null to leave it to a person. */
const LAW = [
  [/全网最佳|最佳|最强|第一品牌|best (?:phone|laptop|notebook)?(?: in the world)?/gi, "absolute", "block", ABSOLUTE, both("绝对化用语，无法证明", "an absolute term that cannot be proved"), both("说出具体的数值", "say the figure itself"), (text) => (/[a-z]/i.test(text) ? text.replace(/best/i, "fine").replace(/ in the world/i, "") : "出色")],
  [/国家级/g, "authority", "block", STATE, both("不得借用国家机关的名义", "the state must not be named"), both("删去", "leave it out"), () => ""],
  [/治疗[^，。！]*|guaranteed to cure[^,.!]*|cures? [^,.!]*/gi, "medical", "block", MEDICAL, both("不是医疗器械，不得涉及疾病治疗功能", "no medical device: no cure may be claimed"), both("删去", "leave it out"), () => ""],
  [/历史最低价?|lowest price ever/gi, "lowest_price", "block", PRICE, both("价格记录里有更低的价格", "the price history has a lower one"), both("写出价格和日期", "give the price and the day"), null],
  [/首选|第一次|first choice/gi, "absolute", "review", ABSOLUTE, both("看语境：可能是绝对化用语", "depends on the context: it may be an absolute term"), both("改为“适合”", "say “a good fit”"), (text) => (/[a-z]/i.test(text) ? "good fit" : "适合")],
  [/100\s?%\s?(?:防水|waterproof)/gi, "unproven", "review", SOURCE, both("性能承诺要有检测报告", "a promise that needs a test report"), both("写出防水等级", "give the water rating"), null],
  [/\d+ 条[^，。]*评价里，\d+ 条夸它|\d+ of \d+ reviews/g, "unproven", "note", SOURCE, both("引用数据要注明出处", "quoted figures need their source"), both("保留评价数据备查", "keep the reviews on file"), null],
];

const span = (text, start, end) => ({ bytes: { start: bytes(text.slice(0, start)), end: bytes(text.slice(0, end)) }, chars: { start: Array.from(text.slice(0, start)).length, end: Array.from(text.slice(0, end)).length } });
const finding = (text, check, category, risk, at, matched, article, message, suggestion, instead) => {
  const place = at === null ? null : span(text, at, at + matched.length);
  return { check, category, risk, span: place, matched, article, message, suggestion, fix: instead === null || place === null ? null : { span: place, with: instead } };
};

const FIGURE = /\d+(?:\.\d+)?\s?(?:GB|TB|MB|mAh|MP|Hz|kg|W|in|h|英寸|千克|小时)(?![a-z])/gi;
const folded = (text) => text.toLowerCase().replace(/\s/g, "");

function checked(text, { product, card, rules, isHtml }) {
  const findings = [];
  const evidence = [];
  for (const [pattern, category, risk, article, message, suggestion, instead] of LAW)
    for (const match of text.matchAll(pattern)) findings.push(finding(text, category === "lowest_price" ? "price" : "law", category, risk, match.index, match[0], article, message, suggestion, instead === null ? null : instead(match[0])));
  for (const match of text.matchAll(/1[3-9]\d{9}/g)) findings.push(finding(text, "personal", "phone", "block", match.index, match[0], null, both("文案里有电话号码", "a telephone number stands in the text"), both("删去，或登记为店铺自己的号码", "leave it out, or register it as the shop's own"), ""));
  if (product) {
    const known = Object.entries(product.specs).map(([key, value]) => [key, value, folded(value)]);
    for (const match of text.matchAll(FIGURE)) {
      const own = known.find(([, , value]) => value === folded(match[0]) || folded(product.name).includes(folded(match[0])));
      if (own) evidence.push({ span: span(text, match.index, match.index + match[0].length), claim: "figure", sources: [{ product_id: product.product_id, field: `specs.${own[0]}`, value: own[1] }] });
      else if (!isHtml) {
        const unit = /[a-z]+$/i.exec(match[0])?.[0]?.toLowerCase() ?? "";
        const near = known.find(([, , value]) => value.endsWith(unit) && unit !== "");
        findings.push(finding(text, "facts", "unbound_figure", "block", match.index, match[0], null, both(`商品资料里没有“${match[0]}”`, `no field of the product says “${match[0]}”`), both("按商品字段改，或者删去", "write what the field says, or leave it out"), near ? near[1] : null));
      }
    }
  }
  if (card && card.format !== "html" && counted(text, card) > limitOf(text, card)) {
    const max = limitOf(text, card);
    let fits = 0;
    while (fits < text.length && counted(text.slice(0, fits + 1), card) <= max) fits += 1;
    findings.push(finding(text, "limits", "too_long", "block", fits, text.slice(fits), null, both(`${counted(text, card)} 字，最多 ${max}`, `${counted(text, card)} characters, at most ${max} allowed`), both(`删去 ${counted(text, card) - max} 字`, `leave out ${counted(text, card) - max} characters`), ""));
  }
  for (const word of rules.forbidden) for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) findings.push(finding(text, "voice", "forbidden", "block", at, word, null, both(`“${word}”是禁用词`, `“${word}” is forbidden`), both("换个说法", "say it another way"), null));
  for (const { say, instead_of } of rules.glossary) for (const word of instead_of) for (let at = text.toLowerCase().indexOf(word.toLowerCase()); at >= 0; at = text.toLowerCase().indexOf(word.toLowerCase(), at + word.length)) findings.push(finding(text, "voice", "glossary", "review", at, text.slice(at, at + word.length), null, both(`应写作“${say}”`, `should be written “${say}”`), both(`改为“${say}”`, `write “${say}”`), say));
  const gravity = { block: 2, review: 1, note: 0 };
  findings.sort((a, b) => gravity[b.risk] - gravity[a.risk] || (a.span?.bytes.start ?? 0) - (b.span?.bytes.start ?? 0));
  const verdict = findings.some(({ risk }) => risk === "block") ? "blocked" : findings.some(({ risk }) => risk === "review") ? "needs_review" : "ok";
  return { verdict, findings, evidence, voice_score: null };
}

const gravest = (reports) => (reports.some((one) => one.verdict === "blocked") ? "blocked" : reports.some((one) => one.verdict === "needs_review") ? "needs_review" : "ok");

const PALETTES = [["#f5f7fb", "#ffffff", "#141a26", "#1746b0"], ["#12161f", "#1c2330", "#f4f6fa", "#7fb0ff"], ["#fff6ec", "#ffffff", "#2a1a0c", "#a63d00"], ["#eef7f1", "#ffffff", "#10241a", "#0b6640"]];
const escape = (text) => text.replace(/[&<>"']/g, (one) => `&#${one.codePointAt(0)};`);

function posterOf(draft, format, palette, shop) {
  const [ground, panel, ink, accent] = PALETTES[palette % PALETTES.length];
  const text = (name) => draft.fields.find((field) => field.name === name)?.text ?? "";
  const [width, height] = format === "banner" ? [1200, 400] : format === "square" ? [1080, 1080] : [1080, 1440];
  const rows = [];
  const put = (words, x, y, size, fill, bold) => {
    const room = width - x - 80;
    const per = Math.max(1, Math.floor(room / (size * (/\p{Script=Han}/u.test(words) ? 1 : 0.56))));
    let at = y;
    for (let from = 0; from < words.length; from += per) {
      rows.push(`<text x="${x}" y="${at}" font-size="${size}" font-weight="${bold ? 700 : 400}" fill="${fill}">${escape(words.slice(from, from + per))}</text>`);
      at += size * 1.3;
    }
    return at;
  };
  if (format === "banner") {
    put(text("headline"), 96, 150, 54, ink, true);
    put(text("subline"), 96, 230, 28, ink, false);
    put(text("price"), 96, 330, 48, accent, true);
    put(text("label"), 1080, 340, 20, ink, false);
  } else {
    let at = put(text("headline"), 110, 240, 84, ink, true);
    at = put(text("subline"), 110, at + 30, 40, ink, false) + 50;
    for (const name of ["point_1", "point_2", "point_3"]) if (text(name)) at = put(`· ${text(name)}`, 110, at + 26, 44, ink, false);
    put(text("price"), 110, height - 240, 76, accent, true);
    put(shop, 110, height - 100, 32, ink, false);
    put(text("label"), 930, height - 100, 26, ink, false);
  }
  return { svg: `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',Arial,sans-serif"><rect width="${width}" height="${height}" fill="${ground}"/><rect x="40" y="40" width="${width - 80}" height="${height - 80}" rx="24" fill="${panel}"/><rect x="40" y="40" width="12" height="${height - 80}" rx="6" fill="${accent}"/>${rows.join("")}</svg>`, width, height, texts: draft.fields.map((field) => field.text), n_palettes: PALETTES.length };
}

const WRITERS = [
  ["best", "能写的都写，评审选出最好的", "Everyone who can writes, and the judge takes the best", null],
  ["grammar", "内置的语法写作：不联网，同样的种子写出同样的文案", "The built-in grammar: offline, the same seed gives the same copy", null],
  ["learned", "本店训练的模型：给同样的事实找别的说法，不联网", "The shop's trained model: other words for the same facts, offline", null],
  ["model", "外部语言模型：只能说列出的事实，每个数字都要有出处", "A language model elsewhere: only what is listed, each figure with its source", "no endpoint in [writer] of tercet.toml with copy = true"],
].map(([name, zh, en, lacks]) => ({ name, ready: lacks === null, about: both(zh, en), lacks }));
const SHEETS = [["google_ads", "search_ad"], ["baidu", "search_ad"], ["ocean_engine", "douyin"], ["xiaohongshu", "xiaohongshu"], ["taobao", "marketplace_title"], ["pinduoduo", "marketplace_title"], ["amazon", "store_page"]].map(([name, channel]) => ({ name, channel }));

/** A judgement as the service makes it: parts by their weights. */
function judged(at) {
  const merits = [["coverage", 0.25, 1 - 0.06 * at], ["fluency", 0.2, 0.94 - 0.03 * at], ["distinctness", 0.2, 0.81], ["fit", 0.15, 0.9], ["form", 0.1, 1], ["variety", 0.1, 0.97]].map(([name, weight, value]) => ({ name, value, weight }));
  return { total: merits.reduce((sum, { value, weight }) => sum + value * weight, 0), merits };
}

export function createContent(now) {
  const state = {
    drafts: null, n: 0,
    rules: { forbidden: ["亲们", "秒杀全场"], glossary: [{ say: "笔记本", instead_of: ["手提电脑", "本子"] }, { say: "Wi-Fi", instead_of: ["wifi", "WIFI"] }], required: [], terms: [{ zh: "青禾", en: "Verdan" }], scoped: [{ category: "手机", forbidden: ["水果机"], glossary: [{ say: "运行内存", instead_of: ["运存"] }], required: [] }, { brand: "青禾", forbidden: ["国货之光"], glossary: [], required: [] }] },
    voice: { n_samples: 64, words: [["踏实", 4.8], ["顺手", 4.1], ["everyday", 3.9], ["够用", 3.6], ["plainly", 3.1], ["冲啊", -4.4], ["绝绝子", -4.0], ["amazing", -3.5]].map(([word, z]) => ({ word, z })), habits: [["sentence_length", 14.2, 5.1], ["exclamations", 0.03, 0.11], ["questions", 0.08, 0.2], ["emoji", 0, 0.01], ["latin", 0.21, 0.15], ["polite_you", 0.86, 0.3]].map(([name, mean, spread]) => ({ name, mean, spread })) },
  };
  state.voices = [{ ...state.voice, brand: "青禾", n_samples: 18 }];
  const own = { empty: { rules: { forbidden: [], glossary: [], required: [], terms: [], scoped: [] }, voice: null, voices: [] } };
  const reportOf = (draft, product, rules) => Object.fromEntries(draft.fields.map((field) => [field.name, checked(field.text, { product, card: cardOf(draft.channel, field.name), rules, isHtml: field.is_html })]));

  /** Words as somebody in a hurry would have written them. */
  const hurried = (draft, name, change) => ({ ...draft, fields: draft.fields.map((field) => (field.name === name ? { ...field, text: change(field.text), spans: [] } : field)) });

  function kept(shop, currency, shop_name) {
    if (state.drafts !== null) return state.drafts;
    state.drafts = [];
    const plans = [
      [3, "push", "launch", "zh", "goal", "review", null], [3, "xiaohongshu", "launch", "zh", "use", "draft", null], [0, "email", "promotion", "en", "standout", "approved", null],
      [9, "push", "promotion", "zh", "value", "draft", ["title", (text) => `全网最佳：${text}`]], [3, "sms", "win_back", "zh", "goal", "draft", null], [5, "poster", "launch", "en", "detail", "review", null],
      [18, "social", "launch", "en", "use", "rejected", null], [3, "moments", "promotion", "zh", "standout", "approved", null], [6, "store_page", "launch", "en", "detail", "draft", null],
      ...Array.from({ length: 30 }, (_, at) => [[0, 3, 9, 12, 15, 18][at % 6], ["push", "sms", "marketplace_title", "search_ad"][at % 4], ["launch", "promotion"][at % 2], at % 3 === 0 ? "en" : "zh", ANGLES[at % 2 === 0 ? 0 : 5], at % 5 === 4 ? "approved" : "draft", null]),
    ];
    plans.forEach(([at, channel, goal, lang, angle, step, change], nth) => {
      const product = shop.products[at];
      const brief = { product_ids: [product.product_id], channel, goal, tone: "plain", language: lang, length: "medium", n_variants: 4, seed: nth, may_compare: true };
      const plan = planOf(product, shop, brief, currency);
      const made = [angle, "goal", "value"].map((one) => draftOf(product, plan, brief, one, lang, nth, shop_name)).find((one) => one !== null);
      if (made === undefined) return;
      const draft = change === null ? made : hurried(made, ...change);
      const begun = now - (plans.length - nth) * 5_400_000;
      const steps = [{ at: begun, what: "created", note: null, version: 1, ...(nth % 2 === 0 ? { by: "Li Na" } : {}) }];
      if (step !== "draft") steps.push({ at: begun + 1_800_000, what: "submitted", note: nth === 0 ? "标题里的内存写全了，请看一下语气。" : null, version: 2 });
      if (step === "approved") steps.push({ at: begun + 3_000_000, what: "approved", note: null, version: 3 });
      if (step === "rejected") steps.push({ at: begun + 3_000_000, what: "rejected", note: "The weight is the box's, not the product's. <b>Please look again.</b>", version: 3 });
      state.drafts.unshift({ draft_id: `d-${nth + 1}`, product, brief, draft, step, steps, created_at: begun, version: steps.length });
    });
    state.n = plans.length;
    return state.drafts;
  }

  const rowOf = (one) => ({
    draft_id: one.draft_id, product_id: one.product.product_id, product_name: one.product.name, channel: one.draft.channel, language: one.brief.language, goal: one.brief.goal, angle: one.draft.angle, state: one.step,
    verdict: gravest(Object.values(reportOf(one.draft, one.product, state.rules))), title: one.draft.fields[0].text.slice(0, 120), created_at: one.created_at, updated_at: one.steps.at(-1).at, version: one.version,
  });
  const detailOf = (one) => ({ row: rowOf(one), brief: one.brief, draft: one.draft, report: reportOf(one.draft, one.product, state.rules), history: one.steps, authors: [...new Set(one.steps.filter(({ what }) => ["created", "translated", "edited"].includes(what)).map(({ by }) => by ?? ""))], translated_from: one.translated_from ?? null });
  const step = (one, what, note, more = {}) => {
    one.version += 1;
    one.steps.push({ at: Date.now(), what, note: note ?? null, version: one.version, ...more });
    return detailOf(one);
  };

  function write(body, shop, currency, shop_name, rules, refuse) {
    const product = shop.products.find((one) => one.product_id === body.product_ids?.[0]);
    if (product === undefined) return refuse(404, "not_found", `there is no product '${body.product_ids?.[0]}'`, "choose one that is in the catalogue");
    if (body.offer?.price_cents >= product.price_cents) return refuse(400, "usage", `the offer's price ${body.offer.price_cents / 100} is not below the price ${product.price_cents / 100} of '${product.product_id}'; lower it or leave the offer out`);
    const plan = planOf(product, shop, body, currency);
    const lang = body.language ?? "zh";
    const drafts = [];
    for (let round = 0; round < 3 && drafts.length < (body.n_variants ?? 4); round += 1)
      for (const angle of ANGLES) {
        if (drafts.length === (body.n_variants ?? 4)) break;
        const draft = draftOf(product, plan, body, angle, lang, (body.seed ?? 0) + 1000 * round, shop_name);
        if (draft !== null && (round === 0 || drafts.length < 2)) drafts.push(draft);
      }
    // The second is worth a look, so that there is something to mend.
    const mended = drafts.map((draft, at) => {
      const more = lang === "zh" ? "换机首选。" : " A first choice.";
      const field = draft.fields.findLast((one) => { const card = cardOf(draft.channel, one.name); return ["body", "text", "digest", "intro", "caption", "description_2", "preheader", "subline", "point_2", "bullet_2", "title"].includes(one.name) && counted(one.text + more, card) <= limitOf(one.text + more, card); });
      return at !== 1 || field === undefined ? draft : { ...draft, fields: draft.fields.map((one) => (one === field ? { ...one, text: one.text + more } : one)) };
    });
    const { currency: _, ...told } = plan;
    const variants = mended.map((draft, at) => {
      const report = reportOf(draft, product, rules);
      return { angle: draft.angle, judgement: judged(at), expected: at === 0 ? { rate: 0.034, low: 0.026, high: 0.043, n_shown: 1840, n_responded: 62, n_shown_of_channel: 5210 } : null, shared: at === 0 ? 0 : Math.round((0.18 + 0.07 * at) * 100) / 100, draft, report, verdict: gravest(Object.values(report)) };
    });
    return { plan: told, variants: Object.keys(product.specs).length === 0 && body.goal === "upgrade" ? [] : variants, rejected: 2, writers: { grammar: { n_drafts: 28, n_rejected: 2, n_chosen: variants.length, unavailable: null }, learned: { n_drafts: 12, n_rejected: 0, n_chosen: 0, unavailable: null } }, rejected_for: [{ check: "limits", category: "too_long", n: 2, matched: "", message: both("太长", "too long") }], took_ms: 31 };
  }

  function drafts(method, query, body, third, fourth, { all, shop, refuse }) {
    const one = third === undefined ? undefined : all.find((draft) => draft.draft_id === third);
    if (third === "export") return { $csv: all.filter((draft) => ["all", draft.step].includes(query.get("state") ?? "approved")).map((draft) => JSON.stringify(rowOf(draft))).join("\n"), $name: `drafts.${query.get("format") ?? "csv"}` };
    if (method === "GET" && third === undefined) {
      const wanted = query.get("state") ?? "draft";
      const rows = all.map(rowOf);
      const text = (query.get("query") ?? "").toLowerCase();
      const fits = rows.filter((row) => [row.channel, ""].includes(query.get("channel") ?? "") && (query.get("product") ?? "").split(",").some((id) => id === "" || row.product_id === id) && `${row.title} ${row.product_name}`.toLowerCase().includes(text));
      const counts = Object.fromEntries(["draft", "review", "approved", "rejected"].map((name) => [name, fits.filter((row) => row.state === name).length]));
      const items = fits.filter((row) => wanted === "all" || row.state === wanted).sort((a, b) => b.updated_at - a.updated_at);
      const [offset, limit] = [Number(query.get("offset") ?? 0), Number(query.get("limit") ?? 25)];
      return { total: items.length, counts, items: items.slice(offset, offset + limit) };
    }
    if (method === "POST" && third === undefined) {
      const product = shop.products.find((other) => other.product_id === body.brief.product_ids[0]);
      const made = { draft_id: `d-${(state.n += 1)}`, product, brief: body.brief, draft: body.draft, step: "draft", steps: [{ at: Date.now(), what: "created", note: null, version: 1 }], created_at: Date.now(), version: 1 };
      all.unshift(made);
      return { $status: 201, ...detailOf(made) };
    }
    if (one === undefined) return refuse(404, "not_found", `there is no draft '${third}'`, "it may have been deleted");
    if (method === "GET") return detailOf(one);
    if (method === "DELETE") return void all.splice(all.indexOf(one), 1) ?? null;
    if (method === "POST" && fourth === "translate") {
      const lang = body.to;
      const brief = { ...one.brief, language: lang };
      const made = { draft_id: `d-${(state.n += 1)}`, product: one.product, brief, draft: { ...(draftOf(one.product, planOf(one.product, shop, brief, "CNY"), brief, one.draft.angle, lang, 0, "") ?? one.draft), writer: "translation" }, step: "draft", steps: [{ at: Date.now(), what: "translated", note: null, version: 1 }], created_at: Date.now(), version: 1, translated_from: one.draft_id };
      all.unshift(made);
      return { $status: 201, draft: detailOf(made), lost: one.draft.evidence.slice(0, 1), untranslated: lang === "en" ? ["青禾"] : [] };
    }
    if (body.version !== one.version) return refuse(409, "version", `the draft has version ${one.version}; you changed version ${body.version}`, "load the newest version and change it again");
    if (method === "PUT") {
      const before = Object.fromEntries(Object.keys(body.fields).map((name) => [name, one.draft.fields.find((field) => field.name === name)?.text ?? ""]));
      one.draft = Object.entries(body.fields).reduce((draft, [name, text]) => hurried(draft, name, () => text), one.draft);
      if (one.step !== "review") one.step = "draft";
      return step(one, "edited", body.note, { before });
    }
    if (method === "POST" && fourth === "state") {
      if (body.to === "approved" && detailOf(one).authors.includes("")) return refuse(403, "four_eyes", "whoever wrote or changed a draft may not approve it", "let somebody else approve it");
      if (body.to === "approved" && rowOf(one).verdict === "blocked") return refuse(409, "blocked", "a check forbids this text", "mend what is marked, save it and approve it then");
      one.step = body.to;
      return step(one, { review: "submitted", approved: "approved", rejected: "rejected", draft: "reopened" }[body.to], body.note);
    }
    return undefined;
  }

  function answer(method, path, query, body, { shop, empty, refuse, currency, shop_name }) {
    const [, first, second, third, fourth] = path.split("/").map(decodeURIComponent);
    if (first !== "content") return undefined;
    const mine = empty ? own.empty : state;
    switch (`${method} ${second}`) {
      case "GET options": return { channels: CHANNELS, goals: ["launch", "promotion", "win_back", "cross_sell", "upgrade"], tones: ["plain", "warm", "lively", "expert", "refined"], lengths: ["short", "medium", "long"], angles: ANGLES, languages: ["zh", "en"], writers: WRITERS, currency, shop_name, has_voice: mine.voice !== null, sheets: SHEETS, has_addresses: false, four_eyes: true, caller: "" };
      case "POST write": return write(body, shop, currency, shop_name, mine.rules, refuse);
      case "POST check": {
        const card = body.channel ? cardOf(body.channel, body.field) : undefined;
        const report = checked(body.text, { product: shop.products.find((one) => one.product_id === body.product_id), card, rules: mine.rules, isHtml: card?.format === "html" });
        return { ...report, n_characters: Array.from(body.text).length, limit: card ? { max: limitOf(body.text, card), counted: counted(body.text, card) } : null };
      }
      case "POST poster": return posterOf(body.draft, body.format, body.palette, shop_name);
      case "GET rules": return { rules: mine.rules, voice: mine.voice, voices: mine.voices };
      case "PUT rules": {
        if (body.scoped.some(({ category, brand }) => category === undefined && brand === undefined)) refuse(400, "rules", "a set of rules names neither a category nor a brand; allowed: one of them, or both");
        mine.rules = body;
        return { rules: mine.rules, voice: mine.voice, voices: mine.voices };
      }
      case "DELETE voice": {
        const brand = query.get("brand");
        if (brand === null) mine.voice = null;
        else mine.voices = mine.voices.filter((one) => one.brand !== brand);
        return null;
      }
      case "POST voice": {
        const voice = { ...(state.voice ?? { words: [], habits: [] }), n_samples: body.samples.length };
        if (body.brand === undefined) return (mine.voice = voice);
        mine.voices = [...mine.voices.filter((one) => one.brand !== body.brand), { ...voice, brand: body.brand }];
        return mine.voices.at(-1);
      }
      case "GET campaign": {
        if (!query.get("campaign") || !query.get("audience")) refuse(400, "campaign", "A campaign needs a name and an audience.");
        const approved = (empty ? [] : kept(shop, currency, shop_name)).filter((draft) => draft.step === "approved");
        if (approved.length === 0) refuse(409, "drafts", `no draft is approved for ${query.get("channel")}`);
        const rows = ["C10000", "C10001", "C10002"].map((id, at) => `${id},${query.get("campaign")},${at === 0 ? "control" : approved[0].draft_id},${at === 0 ? "0.100000" : "0.900000"},${query.get("channel")}`);
        return { $csv: `customer_id,campaign_id,arm,propensity,channel\n${rows.join("\n")}\n`, $name: "campaign.csv" };
      }
      default: return second === "drafts" ? drafts(method, query, body, third, fourth, { all: empty ? [] : kept(shop, currency, shop_name), shop, refuse }) : undefined;
    }
  }

  /** A job has written drafts for the products of a category. */
  function wrote(shop, { currency, shop_name }, params) {
    const all = kept(shop, currency, shop_name);
    const products = shop.products.filter((one) => `${one.category}/`.startsWith(params.category ? `${params.category}/` : ""));
    let n_without = 0;
    for (const product of products) {
      const brief = { product_ids: [product.product_id], channel: params.channel, goal: params.goal, language: params.language };
      const draft = draftOf(product, planOf(product, shop, brief, currency), brief, "goal", params.language, 0, shop_name);
      if (draft === null) n_without += 1;
      else all.unshift({ draft_id: `d-${(state.n += 1)}`, product, brief, draft, step: "draft", steps: [{ at: Date.now(), what: "created", note: null, version: 1 }], created_at: Date.now(), version: 1 });
    }
    return { n_products: products.length, n_done_before: 0, n_copies: products.length - n_without, n_without, n_rejected: 0 };
  }

  return { answer, wrote };
}
