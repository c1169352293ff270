// Questions in words as the service answers them: a few kinds of answers by what the words hold. Nothing is read here but a word or two.

const both = (zh, en) => ({ zh, en });
const DAY = 86_400_000;
const DIMENSIONS = [
  ["category", "品类", "category"], ["brand", "品牌", "brand"], ["product", "商品", "product"], ["channel", "渠道", "channel"], ["city", "城市", "city"],
  ["day", "天", "day"], ["week", "周", "week"], ["month", "月", "month"],
];
const MEASURES = [["revenue", "销售额", "revenue", "money"], ["orders", "订单数", "orders", "count"], ["units", "销量", "units sold", "count"], ["return_rate", "退货率", "return rate", "share"], ["spend", "广告花费", "advertising spend", "money"]];
const BRANDS = ["科梵", "维伦纳", "索律诺", "贝护", "米拉沃", "奥睿力", "一个名字特别特别长而且还带着型号的品牌", "宁博睿"];

export function createQuestions(now) {
  const iso = (at) => new Date(at).toISOString().slice(0, 10);
  const period = { first: iso(now - 29 * DAY), last: iso(now) };
  const words = both(`${period.first} 至 ${period.last}`, `${period.first} – ${period.last}`);
  const chip = (part, text) => ({ part, at: 0, text });
  const titleOf = (list, name) => { const [, zh, en] = list.find((one) => one[0] === name) ?? list[0]; return both(zh, en); };

  function bare(question, understood) {
    return {
      outcome: "unclear", question, understood, words: question && both(understood.map((one) => one.text.zh).join("，"), understood.map((one) => one.text.en).join(", ")), follows: false, notes: [], unread: [], refusal: null,
      nearest: [], elsewhere: null, sentence: null, chart: "none", heading: null, columns: [], rows: [], whole: null, n_more: 0, compared: null, statements: [], currency: "CNY", day: iso(now),
    };
  }

  function understoodOf(question) {
    return [
      chip("measures", titleOf(MEASURES, question.measures[0])),
      ...[question.by, question.over].flatMap((name, at) => (name === null ? [] : [chip(at === 0 ? "by" : "over", both(`按${titleOf(DIMENSIONS, name).zh}`, `by ${titleOf(DIMENSIONS, name).en}`))])),
      chip("period", question.period === null ? both("全部时间", "all there is") : words),
      ...(question.compare === null ? [] : [chip("compare", both("同比", "against the year before"))]),
    ];
  }

  function answered(question, empty) {
    const [name, zh, en, unit] = MEASURES.find((one) => one[0] === question.measures[0]) ?? MEASURES[0];
    const scale = unit === "money" ? 1_000_000 : unit === "share" ? 0.01 : 40;
    const compared = question.compare !== null;
    const row = (at, label, day) => {
      const value = Math.round(scale * (9 - (at % 9)) * 1000) / 1000;
      const before = Math.round(scale * (6 + (at % 5)) * 1000) / 1000;
      return { label: label === null ? null : both(label, label), raw: label, at: day, span: day === null ? null : both(day, day), values: [value], before: compared ? [before] : [], change: compared ? value / before - 1 : null, share: null };
    };
    const rows = empty ? [] : question.over !== null ? Array.from({ length: 12 }, (_, at) => row(at, null, iso(now - (11 - at) * 30 * DAY))) : question.by === null ? [row(0, null, null)] : BRANDS.map((label, at) => row(at, label, null));
    const made = bare(question, understoodOf(question));
    return {
      ...made, outcome: "answered", chart: question.by === null && question.over === null ? "figure" : empty ? "none" : question.over !== null ? "line" : "bars",
      sentence: empty ? both("没有数据。", "There is nothing.") : both(`${words.zh}合计：${zh} 42,000,000 元。最高的是科梵。`, `${words.en}, in all: ${en} 42,000,000 CNY. The most: 科梵.`),
      notes: [both("没有说时间，按常用的时间段回答", "no time was named; this is the usual one")],
      heading: question.by === null && question.over === null ? null : titleOf(DIMENSIONS, question.by ?? question.over), columns: [{ name, title: both(zh, en), unit }], rows, whole: null,
      compared: compared ? both("上年同期", "the year before") : null, statements: [`select p.brand as label,\n  sum(o.quantity * o.unit_price_cents - coalesce(o.discount_cents, 0)) as ${name}\nfrom orders o\nleft join products p on p.product_id = o.product_id\nwhere shop_day(o.ordered_at) between date '${period.first}' and date '${period.last}'\ngroup by 1\norder by ${name} desc nulls last, 1\nlimit 1000`],
    };
  }

  function answer(method, path, body, { empty, refuse }) {
    if (method === "GET" && path === "/questions/parts") {
      const by = DIMENSIONS.map(([name]) => name);
      return { measures: MEASURES.map(([name, zh, en]) => ({ name, title: both(zh, en), by, is_time: false })), dimensions: DIMENSIONS.map(([name, zh, en]) => ({ name, title: both(zh, en), by: [], is_time: ["day", "week", "month"].includes(name) })) };
    }
    if (method !== "POST" || path !== "/questions") return undefined;
    const plain = { measures: ["revenue"], by: "brand", over: null, filters: [], period, compare: null, show: "plain", order: "natural", top: null };
    if (body.question) return answered(body.question, empty);
    if (typeof body.text !== "string" || body.text === "") return refuse(400, "question", "the question is empty");
    if (/trend|趋势/.test(body.text)) return answered({ ...plain, by: null, over: "month" }, empty);
    if (/该做什么|should/.test(body.text)) return { ...bare(null, []), outcome: "elsewhere", elsewhere: { goal: "decisions", page: "/decisions", command: "tercet decide", address: "/v1/decisions", text: both("今天要做的决策在“今日决策”", "what to do today is under Today"), decisions: [both("给 1,482 位顾客写信", "Write to 1,482 customers")] } };
    if (/flubber|华为/.test(body.text)) return { ...bare(plain, understoodOf(plain)), unread: ["flubber"], refusal: both("没有看懂：“flubber”", "not understood: “flubber”"), nearest: [{ text: both("销售额，按品类", "revenue, by category"), question: { ...plain, by: "category" } }] };
    const compare = /同比|last year/.test(body.text) ? "year_before" : null;
    return answered({ ...plain, compare }, empty);
  }
  return { answer };
}
