// The cards of the channels, as the service tells them: fields, limits, ways of counting.
const line = (name, max, count, required = false) => ({ name, max, count, format: "line", required });
const text = (name, max, count = "chars") => ({ name, max, count, format: "text", required: true });
const html = (name) => ({ name, max: 60_000, count: "chars", format: "html", required: true });
const several = (base, n, max, count, first = false) => Array.from({ length: n }, (_, at) => line(`${base}_${at + 1}`, max, count, first && at === 0));
const both = (zh, en) => ({ zh, en });
const channel = (name, zh, en, about, fields, languages = ["zh", "en"]) => ({ name, label: both(zh, en), about: both(about, about), fields, languages, source: "Ours." });

export const CHANNELS = [
  channel("marketplace_title", "商品标题", "Marketplace title", "The title of a product in a marketplace: brand, model, kind, then specs in the order in which people search.", [line("title", 60, "wide2", true)]),
  channel("selling_points", "商品卖点", "Selling points", "Up to five points in one line each, the strongest first.", several("point", 5, 80, "wide2", true)),
  channel("detail_page", "商品详情页", "Detail page", "Headline, introduction and a page of sections with the table of specs.", [line("headline", 60, "wide2", true), line("intro", 300, "wide2", true), html("html")]),
  channel("sms", "短信", "Text message", "One text message with signature and opt-out.", [line("text", 70, "sms", true)]),
  channel("push", "App 推送", "App push", "A notification: title and body.", [line("title", 40, "wide2", true), line("body", 100, "wide2", true)]),
  channel("email", "邮件", "E-mail", "Subject, preheader, HTML and plain text.", [line("subject", 60, "wide2", true), line("preheader", 100, "wide2", true), html("html"), text("text", 6000)]),
  channel("wechat_article", "公众号文章", "WeChat article", "Title, digest and the article's HTML.", [line("title", 64, "chars", true), line("digest", 120, "chars", true), html("html")]),
  channel("moments", "朋友圈", "WeChat Moments", "A short post, labelled as an advertisement.", [text("text", 100), line("label", 8, "chars", true)]),
  channel("xiaohongshu", "小红书", "Xiaohongshu", "A note: title, text and topics, labelled as an advertisement.", [line("title", 40, "wide2", true), text("text", 1000), line("tags", 120, "chars", true), line("label", 8, "chars", true)]),
  channel("douyin", "抖音短视频脚本", "Short-video script", "What is said in a video of 30 seconds: hook, three scenes, close; and the caption.", [line("hook", 60, "wide2", true), ...several("scene", 3, 120, "wide2"), line("close", 100, "wide2", true), line("caption", 110, "wide2", true), line("label", 8, "chars", true)]),
  channel("live", "直播话术", "Live-stream talking points", "What a host says: opening, three points, price, a question to those who watch, close.", [line("opening", 160, "wide2", true), ...several("point", 3, 160, "wide2"), line("price", 200, "wide2"), line("question", 120, "wide2", true), line("close", 160, "wide2", true)]),
  channel("search_ad", "搜索广告", "Search ad", "Three headlines and two descriptions that can be shown in any order.", [...several("headline", 3, 30, "wide2", true), ...several("description", 2, 90, "wide2", true)]),
  channel("store_page", "英文店铺页", "English store page", "Title, five bullets and a description for a store abroad.", [line("title", 150, "chars", true), ...several("bullet", 5, 200, "chars"), text("description", 1500)], ["en"]),
  channel("social", "社交媒体帖子", "Social post", "One post with topics, labelled as an advertisement.", [text("text", 240, "wide2"), line("tags", 60, "chars", true), line("label", 8, "chars", true)]),
  channel("poster", "海报与横幅", "Poster and banner", "The words of a poster or banner; `poster` sets them.", [line("headline", 36, "wide2", true), line("subline", 60, "wide2"), ...several("point", 3, 40, "wide2"), line("price", 60, "wide2"), line("label", 8, "chars", true)]),
];

export const cardOf = (channel, field) => CHANNELS.find((one) => one.name === channel)?.fields.find((one) => one.name === field);

const isWide = (letter) => /[\u2e80-\u9fff\uff00-\uff60\u2018-\u201d\u3000-\u303e]|[\u{1f000}-\u{1faff}]/u.test(letter);
/** How long a text is to a field, and how long it may be. */
export const counted = (text, card) => (card.count === "wide2" ? Array.from(text).reduce((sum, one) => sum + (isWide(one) ? 2 : 1), 0) : card.count === "sms" ? text.length : Array.from(text).length);
export const limitOf = (text, card) => (card.count === "sms" && /^[\x20-\x7e£¥\n]*$/.test(text) ? 160 : card.max);
