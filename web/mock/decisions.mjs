// The day's decisions of the invented shop, with answers that stay. In the shapes of the service.
const DAY = 86_400_000;
const both = (zh, en) => ({ zh, en });
const enough = (n) => ({ verdict: "enough", n, caveats: [], would_change: [] });
const figure = (zh, en, value, unit, more = {}) => ({ label: both(zh, en), value, unit, low: null, high: null, sql: null, api: null, ...more });
const estimate = (value, low, high) => ({ value, low, high, level: 0.9 });
const gate = (name, n, zh, en) => ({ gate: name, text: both(zh, en), n });

const usual = { gain_of: "margin", cost_cents: 0, within_days: 30, n_customers: null, n_control: null, gates: [], who: "marketing", page: null };

function all(day) {
  const of = (key, kind, rest) => ({ ...usual, id: `${key}.${day}`, key, kind, day, ...rest });
  return [
    of("complaint.SKU-0009", "complaint", {
      who: "service", gain_cents: null, page: "/opinions/SKU-0009", ...enough(212),
      title: both("暂停推广云雀 Air 14（雾霭蓝，16GB + 512GB），先查质量", "Stop promoting Lark Air 14 (Mist Blue, 16 GB + 512 GB) and look into it"),
      paragraph: both("最近 {0} 条评分里有 {1} 条是差评，占 {2}；同类商品通常是 {3}。这不是偶然（p = {4}）。", "Of its last {0} ratings {1} are bad: {2}, where {3} is usual for its kind. That is no chance (p = {4})."),
      next: both("查看评论里的原话，联系供应商；修好后自动恢复", "read what customers say and talk to the maker; it comes back by itself once that is over"),
      figures: [
        figure("评分", "ratings", 212, "count", { api: "/v1/after-sales/held-back" }), figure("差评", "bad ones", 61, "count", { api: "/v1/after-sales/held-back" }),
        figure("差评比例", "share of bad ones", 0.288, "share", { low: 0.231, high: 0.352 }), figure("同类通常", "usual for its kind", 0.094, "share"), figure("p 值", "p-value", 0.0004, "number"),
      ],
    }),
    of("budget_shift.search-douyin", "budget_shift", {
      gain_cents: estimate(8_420_000, 3_110_000, 13_900_000), within_days: 28, page: "/budget", ...enough(104),
      title: both("把预算从搜索移到抖音", "Move money from search to douyin"),
      paragraph: both("今后 4 周把 {0} 从搜索移到抖音。搜索的下一元带来 {1} 元销售，抖音的下一元带来 {2} 元；按最佳分法，比照旧多卖 {3}。", "Over the next 4 weeks move {0} from search to douyin. The next coin spent on search brings {1} of sales, on douyin {2}; the best split sells {3} more than spending as now."),
      next: both("在预算页查看每个渠道的新额度，并在各平台修改", "the budget page has every channel's new amount; change them where they are set"),
      figures: [
        figure("移动的金额", "amount moved", 4_200_000, "money", { api: "POST /v1/plan/budget" }), figure("来源渠道的边际回报", "marginal return of the first", 1.42, "number", { low: 0.9, high: 2.1, api: "POST /v1/plan/budget" }),
        figure("去向渠道的边际回报", "marginal return of the second", 4.85, "number", { low: 3.2, high: 6.6, api: "POST /v1/plan/budget" }), figure("比照旧多卖", "sold more than as now", 14_400_000, "money", { low: 5_300_000, high: 23_700_000, api: "POST /v1/plan/budget" }),
      ],
    }),
    of("upgrade_due", "upgrade_due", {
      gain_cents: estimate(2_310_000, -240_000, 4_900_000), cost_cents: 8_200, n_customers: 1_640, n_control: 158, page: "/generations",
      ...enough(48_210), caveats: [{ kind: "few_campaigns", text: both("只有一两次有对照的活动可以参考", "only one or two campaigns with a control group tell what contacts do") }], verdict: "thin",
      title: both("提醒 1,640 位顾客升级到新一代", "Tell 1,640 customers of the next generation of what they own"),
      paragraph: both("这 {0} 位顾客不联系也会在 30 天内带来约 {1}。过去 2 次有对照组的活动里，联系使消费多出 {2}；照此计算，扣除成本 {3} 即为预期收益。", "These {0} customers are expected to bring {1} within 30 days anyway. In 2 former campaigns with a control group contacts added {2} to what customers spent; the gain is that part of it, less costs of {3}."),
      next: both("按名单在各自同意的渠道上介绍新一代，并说明以旧换新", "write on the channel each agreed to, about the successor and what the old one is worth"),
      gates: [
        gate("matches", 6_312, "拥有的设备有后续型号，且到了换机的时候", "own a device with a successor, and are due to replace it"), gate("eligible", 2_904, "同意接收消息，没有未了的售后问题，且 7 天内没有被联系过", "agreed to be written to, have nothing open with service, and were not written to within 7 days"),
        gate("fits", 2_611, "商品在售、有货、没有集中差评", "the product is on sale, in stock and not complained about"), gate("ranks", 2_604, "预计带来的比联系的成本多", "expected to bring more than a contact costs"),
        gate("reconciled", 1_640, "在频次、渠道、库存与预算之内，且没有更好的理由联系", "within contacts, channels, stock and money, and nothing better to write about"),
      ],
      figures: [
        figure("名单上的顾客", "customers on the list", 1_640, "count"), figure("不联系也会带来", "expected of them anyway", 33_900_000, "money"),
        figure("以往联系使购买多出", "what contacts added to what customers spent", 0.068, "share", { low: -0.007, high: 0.145, api: "/v1/campaigns" }), figure("联系的成本", "what the contacts cost", 8_200, "money"),
        figure("符合条件的顾客", "customers it is about", 6_312, "count", { sql: "select customer_id, successor_id as product_id, max(chance) / 3.0 as chance, cast(null as double) as worth from upgrades where successor_id is not null and chance >= 0.03 group by customer_id, successor_id" }),
      ],
    }),
    of("reorder", "reorder", {
      who: "buying", gain_cents: estimate(1_120_000, 310_000, 2_480_000), within_days: 14, page: "/products", ...enough(3),
      title: both("为 3 个将断货的商品补货", "Order 3 products that run out"),
      paragraph: both("补货要 14 天。照最近 28 天的销量，这些商品在货到之前少 {0} 件，最要紧的是磁吸支架：还有 {1} 件，每天卖 {2} 件。", "What is ordered comes in 14 days. By the sales of the last 28 days {0} pieces will be missing until then, most of all Magnetic stand: {1} are left, {2} are sold a day."),
      next: both("按清单下单；来不及的，推荐里先换成有货的同类", "order what the list says; until it comes recommendations leave out what is not in stock"),
      figures: [figure("到货前缺的件数", "pieces missing until then", 148, "count", { low: 41, high: 290 }), figure("库存", "in stock", 22, "count"), figure("每天卖出", "sold a day", 7.4, "number")],
    }),
  ];
}

export function createDecisions(now) {
  const day = new Date(now).toISOString().slice(0, 10);
  const settledBefore = {
    decision: { ...all(new Date(now - 40 * DAY).toISOString().slice(0, 10))[2] },
    standing: "accepted", at: now - 40 * DAY, by: "console", note: "先在邮件上试",
    measured: { sales_cents: estimate(3_960_000, 410_000, 7_510_000), n_contacted: 1_482, n_control: 158, n_too_recent: 0 },
  };
  const state = { settled: [settledBefore], is_made: false };

  function settle(id, standing, note) {
    const decision = all(day).find((one) => one.id === id);
    const before = state.settled.find((one) => one.decision.id === id);
    if (before !== undefined) return before;
    if (decision === undefined) return undefined;
    const made = { decision, standing, at: Date.now(), by: "console", note: note ?? "", measured: null };
    state.settled.unshift(made);
    return made;
  }

  function answer(method, path, body, { empty, refuse }) {
    const [, first, second, third] = path.split("/").map(decodeURIComponent);
    if (first !== "decisions") return undefined;
    if (method === "GET" && second === undefined) {
      if (empty && !state.is_made) return refuse(404, "decisions", "no decisions have been worked out yet");
      const isSettled = (one) => state.settled.some((settled) => settled.decision.id === one.id);
      const rules = { rest_days: 7, contacts_max: 2000, budget: null, control: 0.1, lead_days: 14, contact_costs: {}, channel_max: {} };
      const open = empty ? [] : all(day).filter((one) => !isSettled(one));
      return {
        version: "20261130-1", made_at: now, day, as_of: empty ? null : day, rules, today: open, more: [], settled: empty ? [] : state.settled, n_held_back: empty ? 0 : 318,
        quiet: [
          { kind: "win_back", why: both("没有顾客通过这一步：预计带来的比联系的成本多", "nobody passes this step: expected to bring more than a contact costs") },
          { kind: "campaign", why: both("近期没有结果分明的活动", "no campaign of late has a clear result") },
        ],
      };
    }
    if (method === "GET" && third === "customers") return { $csv: "campaign_id,customer_id,channel,product_id\nupgrade_due,C10000,email,SKU-0001\n", $name: "customers.csv" };
    const standing = { accept: "accepted", reject: "rejected" }[third];
    if (method === "POST" && standing !== undefined) return settle(second, standing, body?.note) ?? refuse(404, "not_found", `there is no decision '${second}'`);
    return undefined;
  }

  function workedOut(empty) {
    state.is_made = state.is_made || empty;
    return { version: "20261130-1", day, n_today: empty ? 0 : 4, n_more: 0, n_quiet: 2 };
  }

  return { answer, workedOut };
}
