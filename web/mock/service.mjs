// Customer service of the invented shop: conversations that the widget holds and the desk sees, curated answers, cases, numbers.
// One store for both sides, so that a hand-over can be walked through from end to end. Deterministic but for the ids of new things.
import { randomFrom } from "./data.mjs";
import { createNotices, moneyIn } from "./notices.mjs";

const DAY = 86_400_000;
const KEY = "tk_mockconverse";
const HOSTILE = `<img src=x onerror="document.title='caught'"><script>document.title='caught'</script> ${"超长".repeat(40)}${"W".repeat(4000)} 🤖👩‍👩‍👧‍👦🇨🇳 &amp; "quotes"`;

const say = (lang, zh, en) => (lang === "zh" ? zh : en);

const card = (product_id, name, price_cents, in_stock, why = null) => ({ product_id, name, price_cents, in_stock, image_url: null, why });

const LARK = (lang) => card("P000101", say(lang, "云雀 Air 14 轻薄本 16GB 512GB", "Lark Air 14 notebook, 16 GB, 512 GB"), 499_900, true, say(lang, "重 1.2 千克，续航最长", "1.2 kg, the longest battery life"));
const HERON = (lang) => card("P000102", say(lang, "苍鹭 Pro 16 性能本 32GB 1TB（2026 款，含三年上门服务）", "Heron Pro 16 workstation notebook, 32 GB, 1 TB (2026, with three years of on-site service)"), 899_900, false, say(lang, "内存最大", "the most memory"));
const FINCH = (lang) => card("P000103", say(lang, "雀鸟 13 入门本", "Finch 13 starter notebook"), 329_900, true);

const DOCUMENT = (lang) => ({
  source: "document", document_id: "returns.md", version: "3", title: say(lang, "退换货规则", "Returns and exchanges"), start: 120, end: 310,
  text: say(lang, "自签收之日起 7 日内，商品完好、附件齐全的，可以无理由退货。\n定制商品与已激活的软件除外。退款在收到退回商品后 3 个工作日内原路返回。",
    "Within 7 days of delivery, goods that are complete and undamaged may be returned without giving a reason.\nMade-to-order goods and activated software are excepted. The money is returned within 3 working days after we have the goods back."),
});

const ORDER = (lang, now) => ({
  order_id: "A20261121-0098", ordered_at: now - 6 * DAY, status: say(lang, "运输中", "On its way"),
  lines: [{ product_id: "P000101", name: LARK(lang).name, quantity: 1, unit_price_cents: 499_900 }, { product_id: "P000207", name: say(lang, "65W 氮化镓充电器", "65 W GaN charger"), quantity: 2, unit_price_cents: 12_900 }],
  total_cents: 525_700, carrier: say(lang, "顺丰速运", "SF Express"), tracking_number: "SF1420098812345", expected_on: "2026-11-30",
});

const REASONS = { zh: ["质量问题", "不喜欢 / 不合适", "与描述不符", "发错货"], en: ["Faulty", "Do not like it", "Not as described", "Wrong item"] };

function returnForm(lang, filled, asked, to_confirm = false) {
  const fields = [
    ["order", say(lang, "订单", "Order")], ["line", say(lang, "商品", "Product")], ["reason", say(lang, "退货原因", "Reason")], ["phone", say(lang, "联系电话", "Phone")],
  ].map(([name, label]) => ({ name, label, value: filled[name] ?? null, is_asked: name === asked, options: name === "reason" && asked === "reason" ? REASONS[lang] : [] }));
  return { kind: "form", form: "return_request", title: say(lang, "退货申请", "Return request"), fields, to_confirm };
}

/** What a turn of the built-in path would say, by a few words of the message. `talk` keeps the form between turns. */
function turnFor(text, lang, talk, now) {
  const of = (zh, en) => say(lang, zh, en);
  const has = (...words) => words.some((word) => text.toLowerCase().includes(word));
  const reply = (said, rest = {}, action = { kind: "none" }, intent = "faq", stage = "documents") => ({
    reply: { lang, text: said, blocks: [], evidence: [], suggestions: [], author: "built_in", ...rest },
    action,
    understood: {
      lang, intent, confidence: 0.91, likely: [[intent, 0.91], ["delivery_time", 0.05], ["small_talk", 0.01]], entities: has("云雀", "lark") ? [{ range: { start: 0, end: 6 }, kind: "product", candidates: ["P000101"], text: "云雀" }] : [],
      references: has("第二", "second") ? [{ kind: "ordinal", n: 2 }] : [], emotion: { anger: has("气死", "angry") ? 0.9 : 0.03, urgency: has("急", "urgent") ? 0.7 : 0.05, thanks: has("谢谢", "thank") ? 0.9 : 0 }, is_injection: has("ignore previous", "忽略"),
    },
    trace: [{ stage: "understand", found: `${lang}, ${intent} 0.91` }, { stage: "curated", found: of("最近的答复相似度 0.41，低于 0.82", "nearest 0.41, below 0.82") }, { stage, found: of("找到 3 段，覆盖率 0.77", "3 passages, coverage 0.77") }],
  });
  if (has("hostile")) {
    return reply(HOSTILE, { blocks: [
      { kind: "products", products: [{ ...card(HOSTILE.slice(0, 60), HOSTILE, 1, true, HOSTILE), image_url: "javascript:document.title='caught'" }] },
      { kind: "comparison", products: [card("x", HOSTILE, 1, true), card("y", "🎉🎉", 2, false)], rows: [{ label: HOSTILE.slice(0, 300), values: [HOSTILE, null], better: 0 }] },
      { kind: "order", ...ORDER(lang, now), order_id: HOSTILE, status: HOSTILE, carrier: HOSTILE },
      returnForm(lang, { order: HOSTILE, line: "<b>bold</b>" }, "reason"),
    ], evidence: [{ ...DOCUMENT(lang), title: HOSTILE, text: HOSTILE }], suggestions: [HOSTILE, "🤷"] }, { kind: "none" }, "faq");
  }
  if (has("人工", "person", "human")) return reply(of("好的，正在为您转接人工客服。", "Of course. I am getting a person for you."), {}, handOver("asked", lang), "ask_person", "hand_over");
  if (talk.form !== null && has("取消", "cancel")) {
    talk.form = null;
    return reply(of("好的，已取消，没有提交任何内容。", "Cancelled; nothing was submitted."), {}, { kind: "none" }, "cancel", "form");
  }
  if (talk.form !== null && talk.form.reason === undefined) {
    talk.form.reason = text;
    return reply(of("请核对以下内容，确认后提交。", "Please check this. I submit it once you confirm."), { blocks: [returnForm(lang, talk.form, null, true)] }, { kind: "ask_back", what: "confirm" }, "return_request", "form");
  }
  if (talk.form !== null) {
    const values = { ...talk.form };
    talk.form = null;
    return reply(of("已提交，申请编号 R-1007。审核结果会通知您。", "Submitted as R-1007. You will hear from us."), { evidence: [] }, { kind: "submit", form: "return_request", customer_id: "C10007", values, allowed_by: ["return_window"] }, "return_request", "form");
  }
  if (has("退货", "return")) {
    talk.form = { order: "A20261121-0098", line: LARK(lang).name, phone: "138****1234" };
    return reply(of("可以退货：签收后 7 天内支持无理由退货。[1] 请问退货原因是？", "You can return it: within 7 days of delivery no reason is needed. [1] Why do you return it?"),
      { blocks: [returnForm(lang, talk.form, "reason")], evidence: [DOCUMENT(lang)] }, { kind: "ask_back", what: "field" }, "return_request", "form");
  }
  if (has("订单", "order", "快递")) return reply(of("您的订单正在运输中，预计 11 月 30 日送达。[1]", "Your order is on its way and expected on 30 November. [1]"),
    { blocks: [{ kind: "order", ...ORDER(lang, now) }], evidence: [{ source: "order", order_id: "A20261121-0098", field: "expected_on", value: "2026-11-30" }], suggestions: [of("我要退货", "I want to return it"), of("能改地址吗？", "Can I change the address?")] }, { kind: "none" }, "order_status", "orders");
  if (has("对比", "比较", "compare")) return reply(of("两款的主要区别如下：云雀更轻，[1] 苍鹭内存更大。[2]", "The main differences: Lark is lighter, [1] Heron has more memory. [2]"), {
    blocks: [{ kind: "comparison", products: [LARK(lang), HERON(lang)], rows: [
      { label: of("重量", "Weight"), values: ["1.2 kg", "2.1 kg"], better: 0 }, { label: of("内存", "Memory"), values: ["16 GB", "32 GB"], better: 1 },
      { label: of("屏幕", "Screen"), values: [of("14 英寸 2.8K", "14-inch 2.8K"), of("16 英寸 3.2K 165Hz", "16-inch 3.2K 165 Hz")], better: null }, { label: of("续航", "Battery life"), values: [of("18 小时", "18 hours"), null], better: null },
    ] }],
    evidence: [{ source: "product", product_id: "P000101", name: LARK(lang).name, field: "weight", value: "1.2 kg" }, { source: "product", product_id: "P000102", name: HERON(lang).name, field: "memory", value: "32 GB" }],
    suggestions: [of("哪款更适合剪视频？", "Which is better for video editing?"), of("云雀有货吗？", "Is Lark in stock?")],
  }, { kind: "none" }, "compare", "products");
  if (has("推荐", "recommend", "notebook", "笔记本")) return reply(of("按您的需求找到 3 款：", "Three that fit:"), { blocks: [{ kind: "products", products: [LARK(lang), HERON(lang), FINCH(lang)] }], evidence: [], suggestions: [of("对比前两款", "Compare the first two"), of("第二个有货吗？", "Is the second one in stock?")] }, { kind: "none" }, "recommend", "recommend");
  return reply(of("签收后 7 天内可以无理由退货，[1] 退款 3 个工作日内原路返回。[1] 数字没有依据时不会这样标注[9]。", "Within 7 days of delivery you may return goods without a reason, [1] and the money is returned within 3 working days. [1] A number without a source is not shown [9]."),
    { evidence: [DOCUMENT(lang)], author: has("发票", "invoice") ? "curated" : "built_in", suggestions: [of("我要退货", "I want to return something")] });
}

function handOver(reason, lang) {
  return {
    kind: "hand_over", reason, skill: "after_sales", priority: reason === "anger" ? 3 : 1, customer_id: "C10007", product_ids: ["P000101"], order_ids: ["A20261121-0098"], desk_open: true,
    summary: say(lang, "顾客买了云雀 Air 14，反映风扇噪音大，希望换货。\n已说明 7 天规则，顾客要求人工处理。", "The customer bought a Lark Air 14, finds the fan loud and wants an exchange.\nThe 7-day rule was explained; they asked for a person."),
    suggested: [say(lang, "您好，我来为您处理换货，请问噪音是在什么情况下出现的？", "Hello, I will take care of the exchange. When does the noise occur?"), say(lang, "已为您登记换货，今天会安排取件。", "The exchange is booked; we collect the device today.")],
  };
}

export function createService(now) {
  const random = randomFrom(17);
  const proactive = createNotices(now);
  let n_made = 100;
  const conversations = [];
  const watchers = new Set();
  const canned = [
    { canned_id: "k1", title: "问候", text_zh: "您好，很高兴为您服务。", text_en: "Hello, I am happy to help." },
    { canned_id: "k2", title: "已登记换货", text_zh: "已为您登记换货，取件员会提前电话联系您。", text_en: "The exchange is booked; the courier will call you first." },
    { canned_id: "k3", title: "补发票 / Invoice again", text_zh: "发票已重新发送到您的邮箱，请查收。", text_en: "The invoice was sent to your mail address again." },
  ];
  const curated = [
    ["能开增值税专用发票吗？", "可以。下单时选择“专用发票”并填写税号，发货后 3 个工作日内开具。", "Yes. Choose “VAT invoice” when ordering and enter the tax number; it is issued within 3 working days of dispatch."],
    ["支持以旧换新吗？", "支持，手机与笔记本均可估价抵扣。", "Yes, for phones and notebooks."],
    ["周末发货吗？", "周六照常发货，周日顺延到周一。", ""],
    ["门店在哪里？", "上海徐汇店：漕溪北路 18 号，10:00–21:00。", "Shanghai Xuhui: 18 Caoxi North Road, 10:00–21:00."],
  ].map(([question, answer_zh, answer_en], at) => ({ answer_id: `q${at + 1}`, question, variants: at === 0 ? ["怎么开专票", "Can I get a VAT invoice?"] : [], answer_zh, answer_en, is_on: at !== 2, n_used: [412, 96, 0, 31][at], updated_at: now - (at + 2) * 3 * DAY }));
  const unanswered = [
    { cluster_id: "u1", n: 19, examples: ["充电器能带上飞机吗", "飞机上能带充电宝吗？", "Can I take the power bank on a plane?", "20000 毫安能登机吗", HOSTILE.slice(0, 400)], suggested_answer: { text: "额定能量不超过 100Wh 的充电宝可以随身携带登机，不可托运。本店 20000 毫安型号为 74Wh。", document_id: "travel.md" } },
    { cluster_id: "u2", n: 14, examples: ["学生有优惠吗", "教育优惠怎么申请", "student discount?"], suggested_answer: null },
    { cluster_id: "u3", n: 8, examples: ["支持分期吗"], suggested_answer: { text: "支持 3、6、12 期。", document_id: "payment.md" } },
  ];
  const cases = [
    ["return_request", "退货申请", "Return request", [["order", "订单", "Order", "A20261121-0098"], ["line", "商品", "Product", "云雀 Air 14 轻薄本 16GB 512GB"], ["reason", "退货原因", "Reason", "风扇噪音大"], ["phone", "联系电话", "Phone", "138****1234"]], "open"],
    ["invoice", "补开发票", "Invoice", [["order", "订单", "Order", "A20261103-0007"], ["title", "抬头", "Title", "上海青禾网络科技有限公司"], ["tax_number", "税号", "Tax number", "91310104MA1FR0XX7K"]], "open"],
    ["repair_booking", "维修预约", "Repair booking", [["product", "商品", "Product", "苍鹭 Pro 16"], ["trouble", "故障", "Trouble", "<img src=x onerror=alert(1)> 屏幕闪烁"], ["day", "上门日期", "Day", "2026-12-02"]], "done"],
    ["price_protection", "价格保护", "Price protection", [["order", "订单", "Order", "A20261111-0190"], ["amount", "差价", "Difference", "200.00"]], "refused"],
  ].map(([form, title_zh, title_en, values, state], at) => ({ case_id: `R-100${at + 1}`, form, title_zh, title_en, customer_id: `C1000${at}`, conversation_id: `d${at + 1}`, values: values.map(([name, label_zh, label_en, value]) => ({ name, label_zh, label_en, value })), state, at: now - at * 5 * 3_600_000 - 900_000, note: state === "refused" ? "超出价保期 / outside the window" : null }));

  function made(fields) {
    const talk = {
      conversation_id: `v${(n_made += 1)}`, secret: `s${n_made}`, state: "bot", channel: "web", lang: "zh", customer_id: null, skill: null, priority: 0, reason: null, opened_at: Date.now(), waiting_since: null, agent: null, anger: 0, rating: null,
      messages: [], notes: [], form: null, keys: new Map(), hand_over: null, listeners: new Set(), ...fields,
    };
    conversations.unshift(talk);
    return talk;
  }

  const rowOf = (talk) => {
    const { conversation_id, state, channel, lang, customer_id, skill, priority, reason, opened_at, waiting_since, agent, anger, rating, messages } = talk;
    const last = messages.at(-1);
    return { conversation_id, state, channel, lang, customer_id, skill, priority, reason, last_text: last?.text.slice(0, 200) ?? "", last_at: last?.at ?? opened_at, opened_at, waiting_since, agent, n_messages: messages.length, anger, rating };
  };

  const publicMessage = ({ understood: _u, trace: _t, ...message }) => message;
  const stateOf = (talk) => ({ state: talk.state, person: talk.agent, queue_position: talk.state === "waiting" ? 1 + waiting().findIndex((one) => one === talk) : null });
  const waiting = () => conversations.filter((one) => one.state === "waiting").sort((a, b) => a.waiting_since - b.waiting_since);

  function add(talk, from, text, rest = {}) {
    const message = { seq: talk.messages.length + 1, at: Date.now(), from, text, ...rest };
    talk.messages.push(message);
    for (const listener of talk.listeners) listener("message", publicMessage(message), message.seq);
    tellDesk(talk);
    return message;
  }

  function become(talk, state, rest = {}) {
    Object.assign(talk, { state }, rest);
    for (const listener of talk.listeners) listener("state", stateOf(talk));
    tellDesk(talk);
  }

  function tellDesk(talk) {
    for (const watcher of watchers) watcher("changed", rowOf(talk));
  }

  function answerTo(talk, text, at = Date.now()) {
    const turn = turnFor(text, talk.lang, talk, at);
    const answer = add(talk, "bot", turn.reply.text, { name: assistantName(talk.lang), reply: { ...turn.reply, text: undefined }, action: turn.action, understood: turn.understood, trace: turn.trace });
    if (turn.action.kind === "hand_over") become(talk, "waiting", { waiting_since: at, skill: turn.action.skill, priority: turn.action.priority, reason: turn.action.reason, hand_over: turn.action });
    if (turn.action.kind === "submit") cases.unshift({ case_id: `R-${(n_made += 1)}`, form: turn.action.form, title_zh: "退货申请", title_en: "Return request", customer_id: "C10007", conversation_id: talk.conversation_id, values: Object.entries(turn.action.values).map(([name, value]) => ({ name, label_zh: name, label_en: name, value })), state: "open", at, note: null });
    return answer;
  }

  const assistantName = (lang) => say(lang, "小禾", "Leaf");
  const greeting = (lang) => say(lang, "您好，我是小禾。商品、订单、退换货，都可以问我。", "Hello, I am Leaf. Ask me about products, orders and returns.");

  function seed() {
    const lines = {
      zh: ["我的订单到哪了？", "推荐一款笔记本", "对比云雀和苍鹭", "可以退货吗", "转人工"],
      en: ["Where is my order?", "Recommend a notebook", "Compare Lark and Heron", "Can I return it?", "I want a person"],
    };
    for (let at = 11; at >= 0; at -= 1) {
      const lang = at % 3 === 1 ? "en" : "zh";
      const talk = made({ conversation_id: `d${at + 1}`, lang, customer_id: at % 4 === 3 ? null : `C1000${at % 10}`, opened_at: now - at * 1_700_000 - 600_000, channel: ["web", "wechat", "email"][at % 3], anger: at === 2 ? 0.86 : Math.round(random() * 20) / 100 });
      add(talk, "bot", greeting(lang), { name: assistantName(lang) });
      const said = lines[lang].slice(at % 3, at % 3 + 2 + (at % 2));
      for (const text of at === 5 ? [HOSTILE] : said) {
        add(talk, "customer", text);
        answerTo(talk, text);
      }
      if (at === 5) answerTo(talk, "hostile");
      if (at < 4) {
        add(talk, "customer", at === 2 ? say(lang, "气死我了，等了三天没人处理！", "I am angry, nobody has done anything for three days!") : say(lang, "转人工", "I want a person"));
        const over = handOver(at === 2 ? "anger" : "asked", lang);
        add(talk, "bot", say(lang, "正在为您转接人工客服。", "I am getting a person for you."), { name: assistantName(lang), reply: { lang, blocks: [], evidence: [], suggestions: [], author: "built_in" }, action: over, trace: [{ stage: "hand_over", found: over.reason }] });
        Object.assign(talk, { state: at === 3 ? "person" : "waiting", waiting_since: now - (at + 1) * 95_000, skill: over.skill, priority: over.priority, reason: over.reason, hand_over: over, agent: at === 3 ? "李雯" : null });
        if (at === 3) add(talk, "person", say(lang, "您好，我是李雯，正在查看您的订单。", "Hello, this is Li Wen, looking at your order."), { name: "李雯" });
      } else if (at > 6) Object.assign(talk, { state: "closed", rating: at % 2 === 0 ? 5 : null });
      else Object.assign(talk, { state: "bot" });
      talk.messages.forEach((message, n) => (message.at = talk.opened_at + n * 41_000));
    }
    conversations[1].notes.push({ at: now - 500_000, agent: "李雯", text: "上次也反映过噪音 / complained about noise before" });
  }
  seed();

  /** What the widget asks, with its key and its conversation's secret. */
  function chat(method, path, body, headers, refuse, currency) {
    const parts = path.split("/").map(decodeURIComponent);
    if (parts[1] !== "chat") return undefined;
    if (headers.authorization !== `Bearer ${KEY}`) return refuse(401, "no_key", "The key is not known.", "Make one with `tercet key create --scope converse`.");
    const [, , id, what, seq, more] = parts;
    if (id === undefined) {
      if (body.customer_token === "expired") return refuse(401, "token_expired", "The customer token has expired.", "Sign a new one.");
      const lang = body.lang === "en" ? "en" : "zh";
      const talk = made({ lang, customer_id: body.customer_token ? "C10007" : null });
      const first = add(talk, "bot", greeting(lang), { name: assistantName(lang) });
      return { $status: 201, conversation_id: talk.conversation_id, secret: talk.secret, lang, assistant_name: assistantName(lang), greeting: first, suggestions: lang === "zh" ? ["我的订单到哪了？", "对比云雀和苍鹭", "怎么退货？"] : ["Where is my order?", "Compare Lark and Heron", "How do I return it?"], desk_open: true, currency };
    }
    const talk = conversations.find((one) => one.conversation_id === id && one.secret === headers["x-conversation"]);
    if (talk === undefined) return refuse(401, "conversation", "There is no such conversation.", "Begin another.");
    if (method === "GET" && what === "messages") return { messages: talk.messages.map(publicMessage), ...stateOf(talk) };
    if (what === "messages" && seq === undefined) return received(talk, body, refuse);
    if (what === "messages" && more === "feedback") {
      talk.messages[Number(seq) - 1].feedback = body.feedback;
      return { ok: true };
    }
    if (what === "person") {
      become(talk, "waiting", { waiting_since: Date.now(), skill: "general", priority: 1, reason: "asked", hand_over: handOver("asked", talk.lang) });
      add(talk, "system", say(talk.lang, "已为您转接人工客服，请稍候。", "A person was asked to join."));
      return { ok: true };
    }
    if (what === "rating") return Object.assign(talk, { rating: body.stars }) && { ok: true };
    if (what === "close") return become(talk, "closed"), { ok: true };
    if (what === "identify") return (talk.customer_id = "C10007"), { ok: true };
    return refuse(404, "not_found", "There is no such address.");
  }

  function received(talk, body, refuse) {
    if (talk.state === "closed") return refuse(409, "closed", "The conversation is over.", "Begin another.");
    if (body.text === "too fast") return refuse(429, "flood", "Too many messages at once.");
    if (body.text === "forbidden") return refuse(400, "refused", "This message cannot be taken: <b>no markup</b>.", "Write it in other words.");
    const known = body.message_key && talk.keys.get(body.message_key);
    if (known) return { $status: 201, ...known };
    const message = add(talk, "customer", body.text);
    const answer = talk.state === "bot" ? publicMessage(answerTo(talk, body.text)) : null;
    const sent = { message, answer, state: talk.state };
    if (body.message_key) talk.keys.set(body.message_key, sent);
    return { $status: 201, ...sent };
  }

  /** Streams: of one conversation for its customer, of all for the desk. True if the request was one. */
  function stream(request, response, url, has_session) {
    const parts = url.pathname.split("/");
    const is_desk = url.pathname === "/v1/desk/stream";
    const talk = parts[2] === "chat" && parts[4] === "stream" ? conversations.find((one) => one.conversation_id === parts[3] && one.secret === request.headers["x-conversation"]) : undefined;
    if (talk === undefined && !(is_desk && has_session)) return false;
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
    const send = (event, data, id) => response.write(`${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    response.write(": here\n\n");
    const set = is_desk ? watchers : talk.listeners;
    if (!is_desk) {
      for (const message of talk.messages.filter((one) => one.seq > Number(url.searchParams.get("after") ?? 0))) send("message", publicMessage(message), message.seq);
      send("state", stateOf(talk));
    }
    set.add(send);
    request.on("close", () => set.delete(send));
    return true;
  }

  function deskAnswer(method, [first, second, third], query, body, { empty, refuse, currency }) {
    if (first === "conversations" && second === undefined) {
      const all = empty ? [] : conversations;
      const text = (query.get("query") ?? "").toLowerCase();
      const wanted = all.filter((one) => ["all", one.state].includes(query.get("state") ?? "all") && (!query.get("skill") || one.skill === query.get("skill")) && [one.customer_id ?? "", ...one.messages.map((message) => message.text)].join("\n").toLowerCase().includes(text));
      const counts = Object.fromEntries(["waiting", "person", "bot", "closed"].map((state) => [state, all.filter((one) => one.state === state).length]));
      const offset = Number(query.get("offset") ?? 0);
      return { total: wanted.length, items: wanted.map(rowOf).sort((a, b) => b.priority - a.priority || b.last_at - a.last_at).slice(offset, offset + Number(query.get("limit") ?? 50)), counts, skills: [...new Set(all.filter((one) => ["waiting", "person"].includes(one.state) && one.skill !== null).map((one) => one.skill))].sort() };
    }
    if (first === "conversations") return deskTalk(method, second, third, body, refuse, currency);
    if (first === "canned") {
      if (method === "GET") return { items: empty ? [] : canned };
      const at = canned.findIndex((one) => one.canned_id === second);
      if (method === "DELETE") return canned.splice(at, 1), null;
      const item = { ...body, canned_id: second };
      return at < 0 ? canned.push(item) : (canned[at] = item), item;
    }
    if (first === "metrics") return metrics(Number(query.get("days") ?? 30), empty);
    if (first === "unanswered" && second === "settle") {
      const at = unanswered.findIndex((one) => one.examples.includes(body.question));
      if (at < 0) return refuse(404, "not_found", `there is no open question '${body.question}'`, "load the list again: it may be settled already");
      return { n: unanswered.splice(at, 1)[0].n };
    }
    if (first === "unanswered") return empty ? { clusters: [], n: 0 } : { clusters: unanswered, n: unanswered.reduce((all, one) => all + one.n, 0) };
    if (first === "cases" && second === undefined) {
      const items = (empty ? [] : cases).filter((one) => (query.get("state") ?? "open") === "all" || one.state === (query.get("state") ?? "open") || (query.get("state") === "done" && one.state === "refused"));
      return { items, total: items.length };
    }
    if (first === "notices") return proactive.notices(method, second, third, query, body, { empty, refuse, currency });
    if (first === "outbox") return proactive.outbox(method, second, { empty, refuse });
    if (first === "cases") return Object.assign(cases.find((one) => one.case_id === second), body);
    return undefined;
  }

  function deskTalk(method, id, what, body, refuse, currency) {
    const talk = conversations.find((one) => one.conversation_id === id);
    if (talk === undefined) return refuse(404, "not_found", `There is no conversation '${id}'.`);
    const lang = talk.lang;
    if (method === "GET") return {
      row: rowOf(talk), messages: talk.messages, hand_over: talk.hand_over, notes: talk.notes, cases: cases.filter((one) => one.conversation_id === id), suggested: talk.hand_over?.suggested ?? [],
      customer: talk.customer_id === null ? null : { customer_id: talk.customer_id, city: "上海", joined_on: "2024-03-18", n_orders: 7, spent_cents: 2_318_800 }, orders: talk.customer_id === null ? [] : [ORDER(lang, now)],
      remembered: talk.customer_id === null ? [] : [
        { name: "product", label_zh: "聊过的商品", label_en: "Product talked about", value: "P000101", text_zh: LARK("zh").name, text_en: LARK("en").name, conversation_id: "cv_earlier", seq: 5, at: now - 3 * DAY },
        { name: "budget", label_zh: "预算上限", label_en: "Budget", value: "500000", text_zh: moneyIn(currency, 500_000), text_en: moneyIn(currency, 500_000), conversation_id: "cv_earlier", seq: 3, at: now - 3 * DAY },
      ],
    };
    if (what === "take") {
      const agent = body.agent ?? say(lang, "李雯", "Li Wen");
      add(talk, "system", say(lang, `${agent} 已加入对话。`, `${agent} has joined.`));
      become(talk, "person", { agent, waiting_since: null });
    } else if (what === "reply") add(talk, "person", body.text, { name: body.agent ?? talk.agent });
    else if (what === "give-back") {
      add(talk, "system", say(lang, "已交还自动助手。", "The assistant answers again."));
      become(talk, "bot", { agent: null });
    } else if (what === "note") talk.notes.push({ at: Date.now(), agent: "李雯", text: body.text });
    else if (what === "close") become(talk, "closed");
    else if (what === "typing") for (const listener of talk.listeners) listener("typing", {});
    return { ok: true };
  }

  function metrics(days, empty) {
    if (empty) return { n_conversations: 0, n_turns: 0, containment: null, hand_over_rate: null, reasons: [], satisfaction: { mean: null, n: 0, stars: [0, 0, 0, 0, 0] }, response_ms: { p50: null, p99: null }, person_wait_ms: { p50: null, p90: null }, intents: [], products: [], days: [], writers: [] };
    const chance = randomFrom(days);
    return {
      n_conversations: days * 71, n_turns: days * 311, containment: 0.842, hand_over_rate: 0.158, reasons: [["asked", 180], ["unanswered", 92], ["anger", 31], ["rule", 22], ["form", 9], ["failure", 2]].map(([reason, n]) => ({ reason, n })),
      satisfaction: { mean: 4.31, n: 388, stars: [14, 12, 41, 94, 227] }, response_ms: { p50: 7, p99: 31 }, person_wait_ms: { p50: 64_000, p90: 312_000 },
      intents: [["order_status", "订单状态", "Order status", 812, 0.04], ["return_request", "退货申请", "Return request", 401, 0.31], ["compare", "商品对比", "Comparing products", 277, 0.02], ["invoice", "发票", "Invoices", 190, 0.12], ["compatibility", "是否适配", "Compatibility", 118, 0.09]].map(([intent, zh, en, n, hand_over_rate]) => ({ intent, zh, en, n, hand_over_rate })),
      products: [LARK("zh"), HERON("zh"), FINCH("en")].map(({ product_id, name }, at) => ({ product_id, name, n: 240 - at * 83, hand_over_rate: 0.04 + at * 0.09, stars_mean: at === 2 ? null : 4.6 - at * 0.7 })),
      writers: [
        { name: "local", model: "qwen2.5-7b-instruct", lacks: null, n_used: days * 88, n_refused: days * 19, n_understood: days * 23, n_slow: days * 2, n_failed: 3, tokens: days * 61_350, cost: 0, tokens_today: 48_120, tokens_per_day: 1_000_000, cost_today: 0, cost_per_day: null },
        { name: "away", model: "small", lacks: "the environment variable MODELS_KEY is not set", n_used: 41, n_refused: 6, n_understood: 0, n_slow: 0, n_failed: 12, tokens: 38_112, cost: 0.0187, tokens_today: 0, tokens_per_day: 500_000, cost_today: 0, cost_per_day: 1 },
      ],
      days: Array.from({ length: days }, (_, at) => {
        const n = Math.round(50 + 40 * chance());
        return { day: new Date(now - (days - at) * DAY).toISOString().slice(0, 10), n, n_person: Math.round(n * (0.08 + 0.14 * chance())) };
      }),
    };
  }

  /** What the console asks. */
  function answer(method, path, query, body, { empty, refuse, currency }) {
    const [, first, second, third, fourth] = path.split("/").map(decodeURIComponent);
    if (first === "desk") return deskAnswer(method, [second, third, fourth], query, body, { empty, refuse, currency });
    if (first === "curated") {
      if (method === "GET") {
        const text = (query.get("query") ?? "").toLowerCase();
        const items = (empty ? [] : curated).filter((one) => [one.question, ...one.variants, one.answer_zh, one.answer_en].join("\n").toLowerCase().includes(text));
        return { items, total: items.length };
      }
      if (method === "POST") {
        const rows = String(body).trim().split("\n").slice(1);
        rows.slice(0, -1).forEach((row) => curated.push({ answer_id: `i${(n_made += 1)}`, question: row.split(",")[0], variants: [], answer_zh: row.split(",")[1] ?? "", answer_en: "", is_on: true, n_used: 0, updated_at: Date.now() }));
        return { n_added: rows.length - 1, n_changed: 0, n_rejected: 1, rejected: [{ row: rows.length + 1, reason: "no answer" }] };
      }
      const at = curated.findIndex((one) => one.answer_id === second);
      if (method === "DELETE") return curated.splice(at, 1), null;
      const item = { n_used: 0, variants: [], is_on: true, ...curated[at], ...body, answer_id: second, updated_at: Date.now() };
      return at < 0 ? curated.unshift(item) : (curated[at] = item), item;
    }
    if (path === "/assist/try") {
      const dialogue = body.dialogue ?? { form: null };
      const talk = { form: dialogue.form === null ? null : { ...dialogue.form } };
      return { turn: turnFor(body.text, body.lang ?? "zh", talk, now), dialogue: talk };
    }
    return undefined;
  }

  return { chat, stream, answer };
}
