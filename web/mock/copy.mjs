// Copy of the invented shop in the shapes of the service's writer: sentences of ours, with what each word of weight rests on.
// Not the grammar of the product; as many angles and as much variety as the console needs.
import { cardOf, counted, limitOf } from "./channels.mjs";
import { moneyIn } from "./notices.mjs";

const encoder = new TextEncoder();
const bytes = (text) => encoder.encode(text).length;
const say = (lang, zh, en) => (lang === "zh" ? zh : en);

const USES = {
  memory: ["开着几十个网页和视频会议也不挤", "thirty tabs and a call fit side by side", "at least 12 GB"],
  storage: ["照片和文件放得下好几年", "years of pictures and files stay on it", "at least 512 GB"],
  battery: ["从早上用到睡前", "it lasts from breakfast to bedtime", "at least 5000 mAh"],
  weight: ["背包里几乎感觉不到", "a bag hardly notices it", "below 1.3 kg"],
  screen_size: ["两份文件可以并排看", "two documents fit side by side", "at least 14 in"],
};
const NOUNS = { memory: ["内存", "of memory"], storage: ["存储", "of storage"], battery: ["电池", "battery"], weight: ["机身", "body"], screen_size: ["屏幕", "screen"], camera: ["主摄", "main camera"], resolution: ["分辨率", "resolution"], refresh_rate: ["刷新率", "refresh rate"], power: ["功率", "of output"], connector: ["接口", "port"], cpu: ["处理器", "processor"] };

export const shortOf = (name) => name.split(/ (?=智能手机|轻薄|wireless|with |主动降噪|微单|磁吸|mechanical|USB-C|dock|灵动本 14 轻薄)/)[0].replace(/轻薄高性能.*$/, "").trim();

/** What is known of a product, as a plan has it. */
export function planOf(product, shop, brief, currency) {
  const short = shortOf(product.name);
  const field = (name, value) => ({ source: "field", product_id: product.product_id, field: name, value });
  const points = Object.entries(product.specs).map(([key, value], at) => {
    const evidence = [field(`specs.${key}`, value)];
    if (at === 0 && brief.may_compare !== false) evidence.push({ source: "neighbours", product_id: product.product_id, field: `specs.${key}`, value, n: 24, n_worse: 21, n_equal: 2, n_better: 1, price_low_cents: Math.round(product.price_cents * 0.7), price_high_cents: Math.round(product.price_cents * 1.3) });
    if (USES[key]) evidence.push({ source: "use", product_id: product.product_id, field: `specs.${key}`, value, attribute: key, threshold: USES[key][2] });
    return { key, claim: "spec", says: [{ what: "noun", text: say(brief.language ?? "zh", `${value}${(NOUNS[key] ?? [key])[0]}`, `${value} ${(NOUNS[key] ?? [key, key])[1]}`) }, ...(USES[key] ? [{ what: "use", text: say(brief.language ?? "zh", USES[key][0], USES[key][1]) }] : [])], evidence, score: Math.round((1.45 - at * 0.21) * 1000) / 1000 };
  });
  if (product.n_reviews > 0) points.push({ key: "opinion:battery", claim: "opinion", says: [{ what: "opinion", text: say(brief.language ?? "zh", "213 条提到续航的评价里，187 条夸它", "187 of 213 reviews praise its battery") }], evidence: [{ source: "opinions", product_id: product.product_id, aspect: "battery", n_praise: 187, n_reviews: 213 }], score: 0.94 });
  points.sort((a, b) => b.score - a.score);
  const before = shop.products.find((one) => one.product_id === (brief.owned_product_id ?? product.predecessor_id));
  if (before !== undefined && product.specs.memory && before.specs.memory)
    points[0]?.evidence.push({ source: "predecessor", product_id: product.product_id, field: "specs.memory", value: product.specs.memory, other_id: before.product_id, other_name: before.name, other_value: "8 GB", difference: "4 GB more" });
  const omitted = Object.keys(product.specs).length > 2 ? [
    { field: "specs.warranty", value: "2 年 / 3 年", why: "the value is not one that can be said" },
    { field: "description", value: "16 hours", why: "contradictory: specs.battery is '5000 mAh', description is '4500 mAh'" },
  ] : [];
  const kind = product.category.split("/").at(-1);
  return { product_id: product.product_id, name: product.name, short, brand: product.brand, kind: { zh: kind, en: kind }, predecessor: before?.name ?? null, price_cents: product.price_cents, points, omitted, currency };
}

/** A draft that is being put together: words, and what they rest on. */
class Sheet {
  constructor(lang, channel) {
    this.lang = lang;
    this.channel = channel;
    this.evidence = [];
    this.fields = [];
    this.told = new Set();
  }
  cite(one) {
    const known = this.evidence.findIndex((other) => JSON.stringify(other) === JSON.stringify(one));
    return known >= 0 ? known : this.evidence.push(one) - 1;
  }
  /** Sentences one after the other, as many as there is room for; what stands in `behind` always does. */
  told_in(name, sentences, behind = []) {
    const card = cardOf(this.channel, name);
    const gap = this.lang === "zh" ? "" : " ";
    const lengthOf = (parts) => counted(parts.flat(4).map((part) => (typeof part === "string" ? part : part.words)).join(""), card);
    const kept = [];
    for (const sentence of sentences.filter((one) => one.flat(4).length > 0)) {
      const next = [...kept, kept.length > 0 ? [gap, sentence] : sentence];
      if (kept.length === 0 || lengthOf([...next, behind]) <= limitOf(next.flat(4).map((part) => part.words ?? part).join(""), card)) kept.push(next.at(-1));
    }
    this.field(name, [...kept, behind]);
  }
  /** `parts`: words of ours, or words with what they rest on. */
  field(name, parts, is_html = false) {
    let text = "";
    const spans = [];
    for (const part of parts.flat(4)) {
      if (typeof part === "string") text += part;
      else {
        const start = bytes(text);
        text += part.words;
        if (part.words !== "") spans.push({ start, end: bytes(text), evidence: this.cite(part.on) });
      }
    }
    if (text.trim() !== "") this.fields.push({ name, is_html, text, spans });
  }
}

const on = (words, evidence) => ({ words, on: evidence });
const escape = (text) => text.replace(/[&<>"']/g, (one) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" })[one]);
const escaped = (parts) => parts.flat(3).map((part) => (typeof part === "string" ? escape(part) : { ...part, words: escape(part.words) }));

function phrases(product, plan, brief, lang, shop_name) {
  const field = (name, value) => ({ source: "field", product_id: product.product_id, field: name, value });
  const name = on(plan.short, field("name", product.name));
  const price = on(moneyIn(plan.currency, product.price_cents), field("price_cents", String(product.price_cents)));
  const specs = plan.points.filter((point) => point.claim === "spec").map((point) => {
    const [own, ...more] = point.evidence;
    const [zh, en] = NOUNS[point.key] ?? [point.key, point.key];
    const words = say(lang, `${own.value.replace(/ (?=[A-Z]|in$|kg$|g$|h$)/, " ")}${zh}`, point.key === "screen_size" ? `${own.value.replace(" in", "")}-inch screen` : `${own.value} ${en}`);
    return { key: point.key, noun: on(words, own), use: more.find((one) => one.source === "use"), beside: more.find((one) => one.source === "neighbours") };
  });
  const useOf = (spec) => (spec?.use ? on(say(lang, USES[spec.key][0], USES[spec.key][1]), spec.use) : null);
  const opinion = plan.points.find((point) => point.claim === "opinion")?.evidence[0];
  const offer = brief.offer ?? null;
  const part = (name, value) => on(name.endsWith("_cents") ? moneyIn(plan.currency, value) : String(value), { source: "offer", part: name, value: String(value) });
  const offered = offer === null ? [] : [
    offer.price_cents ? say(lang, ["现在 ", part("price_cents", offer.price_cents), "。"], ["Now ", part("price_cents", offer.price_cents), "."]) : [],
    offer.coupon ? say(lang, ["下单输入 ", part("coupon", offer.coupon), offer.coupon_off_cents ? ["，再减 ", part("coupon_off_cents", offer.coupon_off_cents)] : [], "。"], ["Code ", part("coupon", offer.coupon), offer.coupon_off_cents ? [" takes off ", part("coupon_off_cents", offer.coupon_off_cents)] : [], "."]) : [],
    offer.gift ? say(lang, ["随机附赠", part("gift", offer.gift), "。"], ["With it: ", part("gift", offer.gift), "."]) : [],
    offer.ends_on ? say(lang, ["截至 ", part("ends_on", offer.ends_on), "。"], ["Until ", part("ends_on", offer.ends_on), "."]) : [],
  ];
  const shop = on(shop_name, { source: "brief", part: "shop_name", value: shop_name });
  return { name, price, specs, useOf, opinion, offered, shop, hasOffer: offer !== null };
}

/** The sentence that an angle begins with, and which point it tells. */
function opening(angle, p, lang) {
  const [first, second] = p.specs;
  const use = p.specs.find((spec) => spec.use);
  switch (angle) {
    case "use": return use ? [[p.useOf(use), say(lang, "：", ": "), use.noun, say(lang, "，就在 ", ", in the "), p.name, say(lang, " 里。", ".")], [use.key]] : null;
    case "standout": {
      if (!first?.beside) return null;
      const { n, n_worse } = first.beside;
      const said = on(say(lang, `${n} 款同价位里，${n_worse} 款不如它`, `${n_worse} of ${n} at its price have less`), first.beside);
      return [[first.noun, say(lang, "：", ": "), said, say(lang, "。", ".")], [first.key]];
    }
    case "opinion": return p.opinion ? [[on(say(lang, `${p.opinion.n_reviews} 条提到续航的评价里，${p.opinion.n_praise} 条夸它`, `${p.opinion.n_praise} of ${p.opinion.n_reviews} reviews praise its battery`), p.opinion), say(lang, "。", ".")], ["opinion:battery"]] : null;
    case "value": return [[p.name, say(lang, "，", ", "), p.price, first ? [say(lang, "，带 ", ", with "), first.noun] : [], say(lang, "。", ".")], first ? [first.key] : []];
    case "detail": return first && second ? [[p.name, say(lang, "：", ": "), first.noun, say(lang, "，", ", "), second.noun, say(lang, "。", ".")], [first.key, second.key]] : null;
    default: return [[say(lang, "", "New in: "), p.name, say(lang, " 到店了", ""), first ? [say(lang, "，", ", "), first.noun] : [], say(lang, "。", ".")], first ? [first.key] : []];
  }
}

const CLOSES = { launch: ["来看看它。", "Have a look."], promotion: ["趁活动带走它。", "Take it while it lasts."], win_back: ["好久不见，回来看看。", "It has been a while: come and see."], cross_sell: ["和您手上的正好搭。", "Made to go with yours."], upgrade: ["旧的可以歇歇了。", "Time for the next one."] };

function page(sheet, p, lines, product, lang, isMail) {
  const body = [];
  const put = (markup) => body.push(markup);
  const p16 = '<p style="margin:0 0 16px">';
  if (isMail) put('<!DOCTYPE html>\n<html><head><meta charset="utf-8"><title>x</title></head>\n<body style="margin:0;background:#f4f4f4">\n<table role="presentation" width="100%" cellpadding="0" cellspacing="0"><tr><td align="center">\n<table role="presentation" width="600" cellpadding="0" cellspacing="0" style="max-width:600px;width:100%;background:#fff;font:16px/1.7 sans-serif;color:#222">\n<tr><td style="padding:20px 24px;color:#666;font-size:14px">');
  else put('<article style="max-width:720px;margin:0 auto;font:16px/1.7 sans-serif;color:#222">\n');
  if (isMail) body.push(escaped([p.shop]), '</td></tr>\n<tr><td style="padding:0 24px">');
  if (product.image_url) put(`${p16}<img src="${escape(product.image_url)}" alt="${escape(product.name)}" style="max-width:100%;height:auto"></p>\n`);
  if (isMail) body.push('<h1 style="font-size:24px;line-height:1.3;margin:8px 0 16px">', escaped([p.name]), "</h1>\n");
  for (const line of lines) body.push(p16, escaped(line), "</p>\n");
  for (const spec of p.specs.filter((one) => one.use).slice(0, 2)) body.push('<h2 style="font-size:20px;margin:24px 0 8px">', escaped([spec.noun]), `</h2>\n${p16}`, escaped([p.useOf(spec), say(lang, "。", ".")]), "</p>\n");
  if (!isMail && p.specs.length > 0) {
    put(`<h2 style="font-size:20px;margin:24px 0 8px">${say(lang, "参数", "Specifications")}</h2>\n<table style="width:100%;border-collapse:collapse">\n`);
    for (const spec of p.specs) body.push('<tr><th style="text-align:left;padding:6px 12px 6px 0;border-bottom:1px solid #eee;font-weight:normal;color:#666">', escaped([(NOUNS[spec.key] ?? [spec.key, spec.key])[lang === "zh" ? 0 : 1].replace("of ", "")]), '</th><td style="padding:6px 0;border-bottom:1px solid #eee">', escaped([on(spec.noun.on.value, spec.noun.on)]), "</td></tr>\n");
    put("</table>\n");
  }
  if (isMail) put(`<p style="margin:24px 0"><a href="{{product_url}}" style="display:inline-block;padding:12px 28px;background:#1a56db;color:#fff;text-decoration:none;border-radius:6px">${say(lang, "查看商品", "See the product")}</a></p>\n</td></tr>\n<tr><td style="padding:16px 24px;color:#666;font-size:12px;border-top:1px solid #eee">${say(lang, '广告邮件。不想再收到，<a href="{{unsubscribe_url}}" style="color:#666">点此退订</a>。', 'Advertisement. <a href="{{unsubscribe_url}}" style="color:#666">Unsubscribe</a> at any time.')}</td></tr>\n</table>\n</td></tr></table>\n</body></html>`);
  else put("</article>");
  sheet.field("html", body, true);
}

/** One draft, or null where the angle has nothing to say. */
export function draftOf(product, plan, brief, angle, lang, seed, shop_name) {
  const p = phrases(product, plan, brief, lang, shop_name);
  const first = opening(angle, p, lang);
  if (first === null || (angle === "upgrade" && !plan.points.some((point) => point.evidence.some((one) => one.source === "predecessor")))) return null;
  const [open, told] = first;
  const sheet = new Sheet(lang, brief.channel);
  told.forEach((key) => sheet.told.add(key));
  const rest = p.specs.filter((spec) => !told.includes(spec.key));
  const dot = say(lang, "。", ".");
  const sentence = (spec) => [spec.noun, spec.use ? [say(lang, "，", ": "), p.useOf(spec)] : [], dot];
  const close = say(lang, ...(CLOSES[brief.goal] ?? CLOSES.launch));
  const bare = (line) => line.flat(3).map((part, at, all) => (at === all.length - 1 && typeof part === "string" ? part.replace(/[。.]$/, "") : part));
  const tags = [say(lang, "#", "#"), on(product.brand, { source: "field", product_id: product.product_id, field: "brand", value: product.brand }), " #", plan.kind.zh.replace(/[^\p{L}\p{N}]/gu, ""), ...rest.slice(0, 1).flatMap((spec) => [" #", on(spec.noun.words.replace(/[^\p{L}\p{N}.]/gu, ""), spec.noun.on)])];
  const label = say(lang, "广告", "Ad");
  const tell = (n) => rest.slice(0, n).map((spec) => (sheet.told.add(spec.key), sentence(spec)));
  const cost = [[say(lang, "售价 ", "Price: "), p.price, dot]];
  const deal = p.hasOffer ? p.offered : [];
  const paid = p.hasOffer ? p.offered : cost;
  const joined = (sentences) => sentences.filter((one) => one.flat(4).length > 0).flatMap((one, at) => (at > 0 ? [say(lang, "", " "), one] : [one]));
  const put = (name, ...sentences) => sheet.told_in(name, sentences.flat());
  const head = (name) => sheet.field(name, bare(open));
  const body = () => sheet.field("text", [open, "\n\n", joined(tell(3)), "\n\n", joined([...paid, [close]])]);
  const whole = (isMail) => page(sheet, p, [joined([open, ...tell(2)]), joined(paid), [close]], product, lang, isMail);
  switch (brief.channel) {
    case "marketplace_title": sheet.told_in("title", [[p.name], ...p.specs.slice(0, 3).map((spec) => (sheet.told.add(spec.key), [say(lang, " ", ""), spec.noun]))]); break;
    case "selling_points": [bare(open), ...rest.map((spec) => (sheet.told.add(spec.key), bare(sentence(spec))))].slice(0, 5).forEach((line, at) => sheet.field(`point_${at + 1}`, line)); break;
    case "detail_page": head("headline"); put("intro", [open], tell(2), deal); whole(false); break;
    case "sms": sheet.told_in("text", [[say(lang, "【", ""), p.shop, say(lang, "】", ": "), open], ...deal, [close]], [say(lang, "拒收请回复R", " Reply STOP to opt out")]); break;
    case "push": head("title"); put("body", deal, tell(1), [[close]]); break;
    case "email": head("subject"); put("preheader", deal, tell(1), [[close]]); whole(true); body(); break;
    case "wechat_article": head("title"); put("digest", tell(1), deal, [[close]]); whole(false); break;
    case "moments": put("text", [open], tell(1), deal, [[close]]); sheet.field("label", [label]); break;
    case "xiaohongshu": head("title"); body(); sheet.field("tags", tags); sheet.field("label", [label]); break;
    case "douyin": head("hook"); rest.slice(0, 3).forEach((spec, at) => sheet.told.add(spec.key) && sheet.field(`scene_${at + 1}`, sentence(spec))); sheet.field("close", [close]); sheet.field("caption", [p.name, say(lang, "，", ", "), p.specs[0]?.noun ?? p.price]); sheet.field("label", [label]); break;
    case "live": sheet.field("opening", [say(lang, "大家好，今天看的是 ", "Hello, today we look at the "), p.name, dot, say(lang, "", " "), open]); rest.slice(0, 3).forEach((spec, at) => sheet.told.add(spec.key) && sheet.field(`point_${at + 1}`, sentence(spec))); put("price", paid); sheet.field("question", [say(lang, "您现在用的是多大内存？打在公屏上。", "What are you using now? Tell us in the chat.")]); sheet.field("close", [close]); break;
    case "search_ad": sheet.field("headline_1", [p.name]); p.specs.slice(0, 2).forEach((spec, at) => (sheet.told.add(spec.key), sheet.field(`headline_${at + 2}`, [spec.noun]))); put("description_1", [open], tell(1)); put("description_2", paid, [[close]]); break;
    case "store_page": sheet.field("title", [p.name, ...p.specs.slice(0, 3).flatMap((spec) => [", ", spec.noun])]); [open, ...rest.map(sentence)].slice(0, 5).forEach((line, at) => sheet.field(`bullet_${at + 1}`, line)); sheet.field("description", [open, "\n\n", joined(tell(3)), "\n\n", joined(paid)]); break;
    case "social": put("text", [open], tell(1), deal, [[close]]); sheet.field("tags", tags); sheet.field("label", [label]); break;
    default: head("headline"); if (rest[0]) sheet.field("subline", bare(sentence(rest[0]))); p.specs.slice(0, 3).forEach((spec, at) => (sheet.told.add(spec.key), sheet.field(`point_${at + 1}`, [spec.noun]))); sheet.told_in("price", deal.length > 0 ? [bare(deal[0])] : [[p.price]]); sheet.field("label", [label]);
  }
  const isLong = sheet.fields.some((field) => !field.is_html && counted(field.text, cardOf(brief.channel, field.name)) > limitOf(field.text, cardOf(brief.channel, field.name)));
  return isLong ? null : { channel: brief.channel, angle, writer: "grammar", seed, fields: sheet.fields, evidence: sheet.evidence, openings: [`open.${angle}`], told: [...sheet.told] };
}
