// Reports and alerts of the invented shop, in the shapes of the service.
const HOUR = 3_600_000;
const both = (zh, en) => ({ zh, en });

const STYLE = `
:root { color-scheme: light; }
body { margin: 0; background: #fff; color: #1f2937; font: 15px/1.6 system-ui, "PingFang SC", "Noto Sans CJK SC", sans-serif; }
main { max-width: 860px; margin: 0 auto; padding: 32px 24px; }
h1 { font-size: 26px; margin: 2px 0; } h2 { font-size: 18px; margin: 28px 0 8px; }
.remark { border-left: 4px solid #9ca3af; background: #f3f4f6; padding: 8px 12px; }
table { width: 100%; border-collapse: collapse; font-size: 13.5px; } td, th { text-align: left; border-bottom: 1px solid #e5e7eb; padding: 5px 8px 5px 0; }
code { display: block; font: 11px/1.5 ui-monospace, monospace; color: #4b5563; overflow-wrap: anywhere; }
a { color: #1d4ed8; }`;

function page(lang, empty) {
  const say = (zh, en) => (lang === "zh" ? zh : en);
  const body = empty
    ? `<p class="remark">${say("还没有订单：先导入。", "There are no orders yet: import them.")}</p>`
    : `<p>${say("收入", "Revenue was")} <b>¥1,284,500</b><sup><a href="#s1">1</a></sup>${say("，订单", " from")} <b>842</b><sup><a href="#s1">1</a></sup>${say(" 个。与上周相比，收入差 ", " orders. Against the week before revenue differs by ")}<b>−¥38,200 [−¥120,400, ¥44,000]</b>${say("，在平常的波动之内。", ", no more than periods differ anyway.")}</p>
       <h2>${say("按品类", "By category")}</h2>
       <table><thead><tr><th>${say("品类", "Category")}</th><th>${say("销售额", "Sales")}</th><th>${say("变化", "Change")}</th></tr></thead><tbody><tr><td>${say("手机", "Phones")}</td><td>¥612,000</td><td>−2.1 %</td></tr><tr><td>${say("笔记本", "Laptops")}</td><td>¥448,300</td><td>+4.0 %</td></tr></tbody></table>
       <h2>${say("数从哪里来", "Where the figures come from")}</h2><ol><li id="s1">${say("各期的订单、收入和件数", "orders, revenue and pieces of each period")}<code>select back, sum(net) as revenue from orders group by back</code></li></ol>`;
  const title = say("周报：2026-11-23 至 2026-11-29", "Weekly report: 2026-11-23 to 2026-11-29");
  return `<!doctype html><html lang="${lang}"><head><meta charset="utf-8"><title>${title}</title><style>${STYLE}</style></head><body><main><h1>${title}</h1>${body}</main></body></html>`;
}

function data() {
  const figure = { label: both("收入", "Revenue"), value: 128_450_000, unit: "money", low: null, high: null, source: 1 };
  return {
    kind: "week", shop: "云雀数码", currency: "CNY", day: "2026-11-30", from: "2026-11-23", to: "2026-11-29", as_of: "2026-11-29",
    title: both("周报：2026-11-23 至 2026-11-29", "Weekly report: 2026-11-23 to 2026-11-29"),
    blocks: [{ part: "paragraph", text: both("收入 {0}。", "Revenue was {0}."), figures: [figure] }],
    sources: [{ number: 1, about: both("各期的收入", "revenue of each period"), sql: "select 1", api: null }],
  };
}

export function createReports(now) {
  const alert = (key, kind, title, found, expected, help, more) => ({ key, kind, title, found, expected, help, value: 3, limit: 1, sql: "select 1", page: "/", since: now - 30 * HOUR, over_at: null, ...more });
  const alerts = {
    day: "2026-11-30",
    looked_at: now - HOUR,
    open: [
      alert("silence.reviews", "silence", both("reviews 没有新数据", "No new rows in reviews"), both("最后一行是 2026-11-22 的，已有 8 天没有新的。", "The last row is of 2026-11-22; for 8 days there was none."), both("按它在那之前 180 天里的节奏，最多隔 4 天就有新的。", "By its rhythm of the 180 days before, something comes at least every 4 days."), both("检查导出和接口", "look at what sends or exports it")),
    ],
    over: [alert("spend.search_ads", "spend", both("search_ads 的花费异常地高", "search_ads cost far more than ever"), both("2026-11-20 花了 9120.00 CNY。", "On 2026-11-20 it cost 9120.00 CNY."), both("在 210.00 到 4310.00 之间。", "Between 210.00 and 4310.00."), both("核对预算和出价", "look at budget and bids"), { since: now - 200 * HOUR, over_at: now - 40 * HOUR })],
    unchecked: [both("spend：只有 12 天有数据，还看不出节奏", "spend: rows on 12 days only, too few to know how often they come")],
  };
  const kept = [
    { version: "000002", made_at: now - 2 * HOUR, from: "2026-11-23", to: "2026-11-29", lang: "zh", formats: ["html", "pdf"], n_recipients: 3 },
    { version: "000001", made_at: now - 170 * HOUR, from: "2026-11-16", to: "2026-11-22", lang: "zh", formats: ["html"], n_recipients: 3 },
  ];

  function answer(method, path, query, { empty, refuse }) {
    const [, first, second] = path.split("/").map(decodeURIComponent);
    if (first === "alerts") return empty ? { day: null, looked_at: null, open: [], over: [], unchecked: [] } : alerts;
    if (first !== "reports") return undefined;
    if (second === undefined) return { items: empty ? [] : kept };
    const [format, lang] = [query.get("format") ?? (second === "kept" ? "html" : "json"), query.get("lang") ?? "zh"];
    if (format === "pdf") return refuse(409, "chromium", "a PDF is printed by Chromium; no Chromium was found on this machine");
    if (format === "html") return { $html: page(lang, empty), $name: "report-2026-11-23.html" };
    if (format === "json") return data();
    return { $csv: "section,item,figure,value,low,high,unit,source\n", $name: `report-2026-11-23.${format}` };
  }

  return { answer };
}
