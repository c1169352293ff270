// What the invented shop could tell customers of its own accord, and what is on its way to them: notices and the outbox.
const DAY = 86_400_000;
const HOSTILE = `<img src=x onerror="document.title='caught'"> ${"W".repeat(160)} 🤖&amp;`;

const SIGNS = { CNY: "¥", USD: "$", EUR: "€" };
/** Money as the service writes it: in the shop's currency, whole amounts without cents. */
export const moneyIn = (currency, cents) => `${SIGNS[currency] ?? `${currency} `}${(cents / 100).toLocaleString("en-GB", { minimumFractionDigits: cents % 100 === 0 ? 0 : 2, maximumFractionDigits: 2 })}`;

const dayText = (ms) => new Date(ms).toISOString().slice(0, 10);

const GOODS = [
  ["SKU-0001", "苍鹭 Pro 16 性能本", "Heron Pro 16 workstation notebook", 899_900, 839_900],
  ["SKU-0003", "雀鸟 13 入门本", "Finch 13 starter notebook", 329_900, 299_950],
  ["SKU-0006", "云雀 Air 14 轻薄本 16GB 512GB", "Lark Air 14 notebook, 16 GB, 512 GB", 499_900, 479_900],
];

const tally = (notices, by) => notices.reduce((counts, one) => ({ ...counts, [one[by]]: (counts[one[by]] ?? 0) + 1 }), {});

/** The rows that both texts rest on, in the words of each. */
const inBoth = (rows) => ({ evidence_zh: rows(true), evidence_en: rows(false) });

/** One notice as it is kept: what differs by the shop's currency is made when it is told. */
function late(at, today) {
  const [promised, order_id] = [dayText(today - (1 + (at % 6)) * DAY), `A20261121-${String(98 + at).padStart(4, "0")}`];
  const [day, n] = [dayText(today), 1 + (at % 6)];
  return {
    cause: `delivery_late:${order_id}:${promised}`, kind: "delivery_late", order_id, product_id: null, day,
    told: () => ({
      reason_zh: `承诺 ${promised} 送达，${day} 仍未签收，晚了 ${n} 天。`, reason_en: `Promised for ${promised}, not delivered on ${day}: ${n} day${n === 1 ? "" : "s"} late.`,
      text_zh: `您好，您的订单 ${order_id} 原定 ${promised} 送达，目前状态是“已发货”，已经晚了 ${n} 天，非常抱歉。需要帮助请直接回复。`,
      text_en: `Hello, your order ${order_id} was expected on ${promised} and is “shipped” now, ${n} day${n === 1 ? "" : "s"} late. We are sorry. Just reply if you need help.`,
      ...inBoth((zh) => [["order_id", order_id], ["status", zh ? "已发货" : "shipped"], ["expected_on", promised]].map(([field, value]) => ({ source: "order", order_id, field, value })).concat([{ source: "computed", how: `${day} - ${promised}`, value: zh ? `${n} 天` : `${n} day${n === 1 ? "" : "s"}` }])),
    }),
  };
}

function shipped(at, today) {
  const [order_id, on, expected] = [`A20261127-${String(61 + at).padStart(4, "0")}`, dayText(today), dayText(today + 2 * DAY)];
  const [carrier, number] = ["顺达快递", `SD${7_301_224_500 + at}`];
  return {
    cause: `order_shipped:${order_id}`, kind: "order_shipped", order_id, product_id: null, day: on,
    told: () => ({
      reason_zh: `${on} 已发货，尚未签收。`, reason_en: `Shipped, as of ${on}, and not delivered yet.`,
      text_zh: `您好，您的订单 ${order_id} 已发货。承运方是${carrier}，运单号 ${number}。预计 ${expected} 送达。`,
      text_en: `Hello, your order ${order_id} is shipped. It is carried by ${carrier}, tracking number ${number}. It is expected on ${expected}.`,
      ...inBoth((zh) => [["order_id", order_id], ["status", zh ? "已发货" : "shipped"], ["updated_at", on], ["carrier", carrier], ["tracking_number", number], ["expected_on", expected]].map(([field, value]) => ({ source: "order", order_id, field, value }))),
    }),
  };
}

function back(at, today) {
  const [product_id, name_zh, name_en, price] = GOODS[(at + 2) % GOODS.length];
  const [asked, case_id] = [dayText(today - (3 + at) * DAY), `R-${1_021 + at}`];
  return {
    cause: `back_in_stock:${case_id}`, kind: "back_in_stock", order_id: "", product_id, day: dayText(today),
    told: (money) => ({
      reason_zh: `${asked} 要求到货提醒，现有库存 ${6 + at}。`, reason_en: `Asked on ${asked} to be told; ${6 + at} are in stock now.`,
      text_zh: `您好，您 ${asked} 要我们提醒的 ${name_zh} 到货了，现价 ${money(price)}，数量以下单时为准。`,
      text_en: `Hello, ${name_en}, which you asked us on ${asked} to tell you of, is in stock again, now ${money(price)}, while there are some.`,
      ...inBoth(() => [
        { source: "product", product_id, name: name_zh, field: "name", value: name_zh }, { source: "product", product_id, name: name_zh, field: "stock", value: String(6 + at) },
        { source: "product", product_id, name: name_zh, field: "price", value: money(price) }, { source: "computed", how: `asked for in ${case_id}`, value: asked },
      ]),
    }),
  };
}

function fallen(at, today) {
  const [product_id, name_zh, name_en, paid, price] = GOODS[at % GOODS.length];
  const [day, delivered, ordered] = [today, today - 4 * DAY, today - 6 * DAY].map(dayText);
  const [order_id, n] = [`A20261119-${String(31 + at).padStart(4, "0")}`, 1 + (at % 2)];
  const last = dayText(today + 3 * DAY);
  return {
    cause: `price_protection:${order_id}:${product_id}:${price}`, kind: "price_protection", order_id, product_id, day,
    told: (money) => ({
      reason_zh: `${delivered} 签收，价格保护 7 天，到 ${last}，仍在期内。`, reason_en: `Delivered on ${delivered}; price protection lasts 7 days, until ${last}.`,
      text_zh: `您好，您 ${ordered} 购买的 ${name_zh} 降价了：买价每件 ${money(paid)}，现价 ${money(price)}，还在价格保护期内，可以退差价 ${money((paid - price) * n)}。回复“申请价保”即可办理。`,
      text_en: `Hello, ${name_en}, which you ordered on ${ordered}, has become cheaper: you paid ${money(paid)} a piece, it is ${money(price)} now. Price protection still holds, so ${money((paid - price) * n)} can be paid back. Reply “price protection” to ask for it.`,
      ...inBoth((zh) => [
        { source: "policy", name: "returns.price_protection_days", value: zh ? "7 天" : "7 days" }, { source: "order", order_id, field: "delivered_on", value: delivered },
        { source: "computed", how: `${delivered} + 7 days`, value: last }, { source: "computed", how: "today", value: day },
        { source: "order", order_id, field: "unit_price", value: (paid / 100).toFixed(2) }, { source: "product", product_id, name: name_zh, field: "price", value: (price / 100).toFixed(2) },
        { source: "order", order_id, field: "quantity", value: String(n) }, { source: "order", order_id, field: "ordered_at", value: ordered },
      ]),
    }),
  };
}

function upgrade(at, today, customer_id) {
  const [product_id, name_zh, name_en, price] = GOODS[(at + 1) % GOODS.length];
  const bought = dayText(today - (1_110 + at * 9) * DAY);
  const had = 1_110 + at * 9;
  return {
    cause: `upgrade_due:${customer_id}:${product_id}`, kind: "upgrade_due", order_id: `A20231014-${String(11 + at).padStart(4, "0")}`, product_id, day: dayText(today),
    told: (money) => ({
      reason_zh: `${bought} 购买，已用 ${had} 天，同类商品的更换周期为 1095 天（service.toml），且已有新款。`, reason_en: `Bought on ${bought}, kept for ${had} days; such things are replaced after 1095 (service.toml), and it has a successor.`,
      text_zh: `您好，您 ${bought} 购买的 ${name_zh} 上一代已经有新款：${name_zh}，现价 ${money(price)}。想看看两款的区别，或者用旧机换新，请直接回复。`,
      text_en: `Hello, the earlier ${name_en}, which you bought on ${bought}, has a successor: ${name_en}, now ${money(price)}. Just reply to see how they differ, or to trade in the old one.`,
      ...inBoth(() => [
        { source: "order", order_id: "A20231014-0011", field: "ordered_at", value: bought }, { source: "product", product_id: "SKU-0000", name: name_zh, field: "name", value: name_zh },
        { source: "product", product_id, name: name_zh, field: "predecessor_id", value: "SKU-0000" }, { source: "product", product_id, name: name_zh, field: "price", value: money(price) },
        { source: "computed", how: `${dayText(today)} - ${bought}; cycle service.toml`, value: `${had} >= 1095` },
      ]),
    }),
  };
}

export function createNotices(now) {
  const customerOf = (at) => `C${10000 + at * 37}`;
  const kept = [];
  const keep = (notice, at, more = {}) => kept.push({
    customer_id: customerOf(at), state: "proposed", consent: at % 4 === 0 ? [] : ["email", "sms"].slice(0, 1 + (at % 2)), settled_by: null, settled_at: null, conversation_id: null, channel: null, delivery: null, ...notice, ...more,
  });
  for (let at = 0; at < 12; at += 1) keep(late(at, now), at, at === 10 ? { customer_id: HOSTILE.slice(0, 90), told: () => ({ ...late(10, now).told(), reason_zh: HOSTILE, reason_en: HOSTILE, text_zh: HOSTILE, text_en: HOSTILE }) } : {});
  for (let at = 0; at < 8; at += 1) keep(fallen(at, now), at + 20, { conversation_id: null });
  for (let at = 0; at < 3; at += 1) keep(shipped(at, now), at + 30);
  for (let at = 0; at < 2; at += 1) keep(back(at, now), at + 36);
  for (let at = 0; at < 5; at += 1) keep(upgrade(at, now, customerOf(at + 40)), at + 40, { consent: at === 1 ? [] : ["sms"] });
  [["sent", "李雯", "d2"], ["sent", "Service desk", "d5"], ["dismissed", "李雯", null]].forEach(([state, settled_by, conversation_id], at) =>
    keep([late, fallen, late][at](at + 30, now - 2 * DAY), at + 60, { state, settled_by, conversation_id, settled_at: now - (at + 1) * 5 * 3_600_000 }));
  // Without an open conversation they left by a channel.
  [["app", "sent"], ["email", "waiting"], ["email", "failed"]].forEach(([channel, delivery], at) =>
    keep(late(at + 40, now - 2 * DAY), at + 70, { state: "sent", settled_by: "李雯", settled_at: now - (at + 5) * 5 * 3_600_000, channel, delivery }));

  /** Of one customer something is open, so that what promotes waits. */
  const OPEN = { zh: "有未办结的售后单（自 2026-06-24 起）", en: "a case at the desk is open (since 2026-06-24)" };
  /** In quiet hours everything is held; here one is, so that it can be looked at. */
  const heldOf = (notice) => {
    if (notice.state !== "proposed") return null;
    if (notice.kind === "upgrade_due" && notice.consent.length === 0) return "no_consent";
    if (notice.kind === "upgrade_due" && notice.order_id.endsWith("0014")) return "after_sales";
    return notice.kind === "price_protection" && notice.order_id.endsWith("33") ? "quiet_hours" : null;
  };
  const view = (notice, currency) => {
    const { told, ...plain } = notice;
    return { ...plain, ...told((cents) => moneyIn(currency, cents)), held: heldOf(notice), held_why: heldOf(notice) === "after_sales" ? OPEN : null };
  };

  const outbox = {
    channels: [["app", 0, null, 318], ["email", 3, now - 41_000, 57], ["service-webhook", 14, now - 2_640_000, 9], ["wechat", 0, null, 1204]],
    failed: [
      ["m_9f31c2", "wechat", "d1", 5, "errcode 45015: response out of time limit or subscription is canceled"],
      ["m_9f2b07", "email", "d6", 18, "/usr/bin/msmtp: exit status 75: cannot connect to smtp.example.com, port 465: Connection timed out"],
      ["ev_70c1", "service-webhook", "d3", 18, `HTTP 503 from https://erp.shop.example/hooks/tercet: ${HOSTILE}`],
      ["notice-5b1d0c77a2e94f3366d0a1b2", "email", null, 1, "the customer no longer agrees to be written to by 'email'"],
    ].map(([delivery_id, channel, conversation_id, n_tries, said], at) => ({ delivery_id, channel, conversation_id, at: now - (at + 5) * 3_600_000, failed_at: now - (at + 1) * 3_300_000, n_tries, said })),
  };

  function notices(method, cause, what, query, body, { empty, refuse, currency }) {
    if (method === "GET") {
      const state = query.get("state") ?? "proposed";
      const kind = query.get("kind") ?? "all";
      const all = empty ? [] : kept;
      const inState = all.filter((one) => ["all", one.state].includes(state));
      const items = inState.filter((one) => ["all", one.kind].includes(kind));
      const offset = Number(query.get("offset") ?? 0);
      return { items: items.slice(offset, offset + Number(query.get("limit") ?? 50)).map((one) => view(one, currency)), total: items.length, states: tally(all, "state"), kinds: tally(inState, "kind") };
    }
    if (cause === undefined) {
      if (empty) return { day: body.day, n_customers: 0, is_cut: false, n_found: 0, n_new: 0 };
      const fresh = [12, 13].map((at) => late(at, Date.parse(body.day))).filter((one) => kept.every((known) => known.cause !== one.cause));
      fresh.forEach((one, at) => keep(one, at + 12));
      return { day: body.day, n_customers: 212, is_cut: false, n_found: 27, n_new: fresh.length };
    }
    const notice = kept.find((one) => one.cause === cause);
    if (notice === undefined) return refuse(404, "not_found", `there is no notice '${cause}'`, "GET /v1/desk/notices lists them");
    if (notice.state !== "proposed") return refuse(409, "settled", "the notice has been sent or dismissed", "a cause is told of once");
    if (what === "send" && heldOf(notice) === "after_sales") return refuse(409, "held", `it promotes, and ${OPEN.en}`, "settle what is open first; notices that serve the customer are sent all the same");
    if (what === "send" && heldOf(notice) !== null) return refuse(409, "held", "nothing is sent from 21:00 to 09:00", "wait, or change [proactive] quiet_from and quiet_until of service.toml");
    if (what === "send" && notice.order_id.endsWith("1")) return refuse(409, "no_conversation", "the customer has no open conversation, and no channel reaches them by a way they agreed to", "it waits until they have one; `notices` of a channel in tercet.toml names the ways it carries");
    Object.assign(notice, { state: what === "send" ? "sent" : "dismissed", settled_by: body.agent ?? "Service desk", settled_at: Date.now(), conversation_id: what === "send" ? "d5" : null });
    const told = view(notice, currency);
    return what === "send" ? { $status: 201, notice: told, message: { seq: 9, at: notice.settled_at, from: "bot", text: told.text_en } } : told;
  }

  function box(method, id, { empty, refuse }) {
    const { channels, failed } = outbox;
    if (method === "GET") return {
      channels: empty ? [] : channels.map(([channel, n_waiting, oldest_at, n_sent]) => ({ channel, n_waiting, oldest_at, n_sent, n_failed: failed.filter((one) => one.channel === channel).length })),
      failed: empty ? [] : failed,
    };
    const at = failed.findIndex((one) => one.delivery_id === id);
    if (at < 0) return refuse(404, "not_found", `there is no delivery that was given up '${id}'`, "GET /v1/desk/outbox lists those that were");
    const [again] = failed.splice(at, 1);
    const line = channels.find(([channel]) => channel === again.channel);
    line[1] += 1;
    line[2] ??= again.at;
    return null;
  }

  return { notices, outbox: box };
}
