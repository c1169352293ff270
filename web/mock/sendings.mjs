// Sendings of the invented shop, which move as they are told. In the shapes of the service.
const HOUR = 3_600_000;
const both = (zh, en) => ({ zh, en });
const REASONS = {
  no_consent: both("没有（或不再）同意这一渠道", "did not agree to the way, or no longer does"),
  held: both("有未了的售后问题", "has something open with service"),
  rests: both("近日已联系过", "was written to lately"),
  no_address: both("没有可用的地址", "has no address for the channel"),
};
const left = (way, reason, n) => ({ way, state: "left_out", reason, text: REASONS[reason], n });
const count = (way, state, n) => ({ way, state, reason: null, text: null, n });
const step = (at, what, by, why = null) => ({ at, what, by, why });

const CARDS = [
  { channel: "app", kind: "webhook", ways: ["sms", "app_push"], per_minute: 600, knows_ids: true, unsubscribe_url: "https://shop.example/stop?k={key}" },
  { channel: "email", kind: "email", ways: ["email"], per_minute: 60, knows_ids: false, unsubscribe_url: null },
  { channel: "csv", kind: "csv", ways: [], per_minute: null, knows_ids: true, unsubscribe_url: null },
];
const TO = { approve: ["approved", "approved"], pause: ["paused", "paused"], resume: ["sending", "resumed"], retry: ["sending", "retried"], cancel: ["cancelled", "cancelled"] };

export function createSendings(now) {
  const usual = (rest) => ({
    version: 1, decision_id: null, audience_id: null, control: 0.1, budget_cents: null, not_before: null, until: null, n_listed: 0, drafts: [], approved_at: null,
    approved_by: null, exposed_at: 0, rests: {}, counts: [], n_left: 0, n_sent: 0, n_control: 0, spent_cents: 0, note: null, ...rest,
  });
  const email = { way: "email", channel: "email", draft_ids: ["d-1"] };
  const sms = { way: "sms", channel: "app", draft_ids: ["d-4"] };
  const all = [
    usual({
      id: "se_5b1e", name: "新机配件：六月新购机顾客", campaign_id: "se_5b1e", state: "draft", audience_id: "a-1", routes: [email, sms], budget_cents: 20_000,
      created_at: now - HOUR, created_by: "li.wei", history: [step(now - HOUR, "created", "li.wei")],
    }),
    usual({
      id: "se_0c77", name: "Upgrade due: phones of 2023", campaign_id: "upgrade_due.2026-11-29", state: "sending", decision_id: "upgrade_due.2026-11-29", routes: [email], n_listed: 1_640,
      until: now + 150 * HOUR, created_at: now - 20 * HOUR, created_by: "li.wei", approved_at: now - 19 * HOUR, approved_by: "chen.yu", n_left: 512, n_sent: 894, n_control: 96, spent_cents: 1_788,
      counts: [count("email", "waiting", 512), count("email", "sent", 894), count("email", "control", 96), left("email", "no_consent", 71), left("email", "held", 22), left("email", "rests", 45)],
      history: [step(now - 20 * HOUR, "created", "li.wei"), step(now - 19 * HOUR, "approved", "chen.yu", "文案已核对"), step(now - 18 * HOUR, "begun", "tercet")],
    }),
    usual({
      id: "se_93aa", name: "618 预热", campaign_id: "se_93aa", state: "paused", audience_id: "a-3", routes: [{ ...sms, draft_ids: ["d-4"] }, { way: "email", channel: "csv", draft_ids: ["d-1"] }], n_listed: 320,
      until: now + 40 * HOUR, created_at: now - 60 * HOUR, created_by: "console", approved_at: now - 58 * HOUR, approved_by: "chen.yu", n_left: 180, n_sent: 101, n_control: 14, spent_cents: 505, budget_cents: 3_000,
      counts: [count("sms", "waiting", 180), count("sms", "sent", 101), count("sms", "control", 14), left("sms", "no_address", 20), { way: "sms", state: "unknown", reason: "unknown", text: both("发出时中断，不知是否送达", "broke off while it left: nobody knows whether it arrived"), n: 5 }],
      note: both("d-4：草稿已不是批准时的样子", "d-4: the draft was changed since the sending was approved"),
      history: [step(now - 60 * HOUR, "created", "console"), step(now - 58 * HOUR, "approved", "chen.yu"), step(now - 57 * HOUR, "begun", "tercet"), step(now - 50 * HOUR, "paused", "tercet", "d-4: the draft was changed since the sending was approved")],
    }),
  ];

  function preview(one) {
    const shown = { key: "sd_000000000000000000000000", sending_id: one.id, campaign_id: one.campaign_id, customer_id: "C10000", address: "C10000", product_id: "SKU-0001", html: null, stop_url: null };
    return {
      at: now, n_listed: 1_204, n_to_send: 978, n_control: 109, cost_cents: 4_890, waits_until: null, blocked: [],
      routes: one.routes.map((route) => ({ way: route.way, channel: route.channel, n_to_send: 489, n_control: 54, cost_cents: 2_445, per_minute: 60, per_day: null })),
      left_out: [left("email", "no_consent", 61), left("email", "held", 18), left("sms", "rests", 38)],
      shown: [
        { ...shown, draft_id: "d-1", way: "email", lang: "zh", subject: "给新手机配一个合身的壳", text: "李女士，您好：\n磁吸壳现价 ¥99，与您六月买的手机合用。\n\n不再接收：mailto:service@shop.example?subject=unsubscribe%20sd_0000" },
        { ...shown, draft_id: "d-4", way: "sms", lang: "zh", subject: "", text: "【云雀数码】磁吸壳 ¥99，与您的新手机合用。拒收请回复R" },
      ],
    };
  }

  function answer(method, path, body, { empty, refuse }) {
    const [, first, second, third] = path.split("/").map(decodeURIComponent);
    if (first !== "sendings") return undefined;
    if (second === undefined && method === "GET") return { items: empty ? [] : all };
    if (second === undefined && method === "POST") {
      const id = `se_${all.length}f0e`;
      const { name, decision_id = null, audience_id = null, routes, control = 0.1, budget_cents = null, not_before = null, until = null } = body;
      const made = usual({ id, name, campaign_id: decision_id ?? id, state: "draft", decision_id, audience_id, routes, control, budget_cents, not_before, until, created_at: Date.now(), created_by: "console", history: [step(Date.now(), "created", "console")] });
      all.unshift(made);
      return { $status: 201, ...made };
    }
    if (second === "channels") return { items: CARDS };
    const one = all.find((sending) => sending.id === second);
    if (one === undefined) return refuse(404, "not_found", `there is no sending '${second}'`);
    if (third === "preview") return preview(one);
    if (third === "file") return { $csv: "campaign_id,customer_id,way,key,draft_id,product_id,language,subject,text,html\n", $name: "sending.csv" };
    if (third === "state" && method === "POST") {
      const [state, what] = TO[body.to];
      Object.assign(one, { state, note: null, history: [...one.history, step(Date.now(), what, "console", body.why || null)] });
      if (state === "approved") Object.assign(one, { approved_at: Date.now(), approved_by: "console", n_listed: 1_204, n_left: 1_204, counts: [count("email", "waiting", 1_204)] });
      return one;
    }
    return third === undefined ? one : undefined;
  }

  return { answer };
}
