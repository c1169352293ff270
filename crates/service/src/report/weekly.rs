//! The report of a week, or of other days: what was sold, how that differs from the week before and from the same week of last year, what
//! the difference is made of, what was decided and what it brought, how good the models are, what is out of order, and what to do next. What
//! cannot be told from noise, or not at all, is said to be so.

use data::Shop;
use domain::Day;

use super::facts::{self, Buyers, PERIODS_BEFORE, Span, Sums};
use super::noise::{Noise, PAIRS_MIN};
use super::told::{Against, Bar, Block, Cell, Column, Draft, Figure, Picture, Said, Shows, Table, Tile, Tone, text};
use super::why;
use crate::decisions::{self, Standing};
use crate::error::{Kind, Result};
use crate::flows::audience::sql::Present;
use crate::flows::plan::Interval;
use crate::flows::segment::Text;
use crate::store::Store;

const CATEGORIES_MAX: usize = 10;
const CHANNELS_MAX: usize = 10;
const CAMPAIGNS_MAX: usize = 10;
const SETTLED_MAX: usize = 12;
/// What was decided longer ago than this before the period, or within it, is told with what it brought.
const SETTLED_DAYS: i32 = 90;
/// Days of orders before which whoever buys looks new.
const KNOWN_DAYS: i32 = 56;
/// Customers of the period before below which no ratio is told.
const COMPARED_MIN: f64 = 5.0;
/// Orders below which a share of them is not told.
const ORDERS_MIN: f64 = 20.0;

/// The shop, the period, and what it is held against.
pub struct Period<'a> {
    pub shop: &'a Shop,
    pub store: &'a Store,
    pub present: &'a Present,
    pub span: Span,
    /// What the orders cover; none without orders.
    covered: Option<Span>,
    noise: Option<Noise>,
    now: Sums,
    before: Option<Sums>,
    year_ago: Option<Sums>,
}

impl<'a> Period<'a> {
    /// # Errors
    /// If the tables cannot be read.
    pub async fn read(
        shop: &'a Shop,
        store: &'a Store,
        present: &'a Present,
        span: Span,
        draft: &mut Draft,
    ) -> Result<Period<'a>> {
        let covered = facts::days_of_orders(shop, present)?;
        let told = facts::sums(shop, present, span, PERIODS_BEFORE).await?;
        let old = facts::sums(shop, present, span.year_ago(), PERIODS_BEFORE).await?;
        let is_covered = |span: Span| covered.is_some_and(|all| all.from.0 <= span.from.0 && span.to.0 <= all.to.0);
        // From the first whole period to the last before this one, in order.
        let whole: Vec<f64> = (1..=PERIODS_BEFORE)
            .rev()
            .filter(|back| is_covered(span.back(back * span.n_days())))
            .map(|back| told.answer[back as usize].n_orders)
            .collect();
        let period = Period {
            shop,
            store,
            present,
            span,
            covered,
            noise: Noise::of(&whole).filter(|_| is_covered(span)),
            now: told.answer[0],
            before: Some(told.answer[1]).filter(|_| is_covered(span.before())),
            year_ago: Some(old.answer[0]).filter(|_| is_covered(span.year_ago())),
        };
        let source = draft.by_sql("各期的订单、收入和件数", "orders, revenue and pieces of each period", &told.sql);
        let of_year = draft.by_sql("去年同期的订单、收入和件数", "the same of last year", &old.sql);
        period.limits(draft);
        if period.covered.is_some() {
            period.tiles(draft, source);
            period.change(draft, source, of_year);
            period.picture(draft, source, (&told.answer, &old.answer));
        }
        Ok(period)
    }

    fn is_told(&self) -> bool {
        self.covered.is_some_and(|all| all.from.0 <= self.span.to.0 && self.span.from.0 <= all.to.0)
    }

    /// Says what the data do not hold.
    fn limits(&self, draft: &mut Draft) {
        let Some(all) = self.covered else {
            let (zh, en) = (
                "还没有订单：先导入（tercet import FILE --as orders）。",
                "There are no orders yet: import them (tercet import FILE --as orders).",
            );
            return draft.remark(Tone::Thin, zh, en);
        };
        if all.to.0 < self.span.to.0 {
            let (last, n) = (all.to, (self.span.to.0 - all.to.0).min(self.span.n_days()));
            draft.remark(
                Tone::Thin,
                format!("订单只到 {last}，这一期有 {n} 天没有数据；下面的数只算有数据的日子，不与前期比较。"),
                format!("The orders end on {last}: {n} days of the period have none. What is told below is of the others, and is held against nothing."),
            );
        } else if self.noise.is_none() {
            let n = PAIRS_MIN + 1;
            draft.remark(
                Tone::Thin,
                format!("此前完整的同长时段不足 {n} 个：分不出变化和平常的波动，下面的差异只是差异。"),
                format!("There are fewer than {n} whole periods of this length before it: a change cannot be told from noise, and what differs below merely differs."),
            );
        }
        if self.now.n_orders > 0.0 && self.now.n_orders < ORDERS_MIN {
            draft.remark(
                Tone::Thin,
                format!("这一期只有 {} 个订单，份额和平均数都靠不住。", self.now.n_orders),
                format!("There were {} orders in the period: shares and means say little.", self.now.n_orders),
            );
        }
    }

    /// How a count differs, by the noise of counts.
    fn shows(&self, now: f64, then: f64) -> Shows {
        match &self.noise {
            None => Shows::Unknown,
            Some(noise) => counted(noise.beyond(now, then)),
        }
    }

    fn against(&self, of: &dyn Fn(&Sums) -> f64, is_money: bool) -> Vec<Against> {
        let one = |with: &str, then: Option<Sums>| {
            let then = then?;
            let (new, old) = (of(&self.now), of(&then));
            let shows = match (&self.noise, is_money) {
                (None, _) => Shows::Unknown,
                (Some(noise), true) => shown(noise.difference(new, old, self.now.squares + then.squares), 0.0),
                (Some(noise), false) => counted(noise.beyond(new, old)),
            };
            let change = (old > 0.0).then(|| new / old - 1.0);
            Some(Against { with: with.to_owned(), value: old, change, shows })
        };
        if self.covered.is_none_or(|all| all.to.0 < self.span.to.0) {
            return Vec::new();
        }
        [one("before", self.before), one("year_ago", self.year_ago)].into_iter().flatten().collect()
    }

    fn tiles(&self, draft: &mut Draft, source: usize) {
        let figure = |zh: &str, en: &str, value: f64, unit: &str| Figure::new(zh, en, value, unit, source);
        let mut tiles = vec![
            Tile {
                figure: figure("收入", "Revenue", self.now.revenue, "money"),
                against: self.against(&|sums| sums.revenue, true),
            },
            Tile {
                figure: figure("订单", "Orders", self.now.n_orders, "count"),
                against: self.against(&|sums| sums.n_orders, false),
            },
        ];
        if self.now.n_orders > 0.0 {
            let mean = |sums: &Sums| if sums.n_orders > 0.0 { sums.revenue / sums.n_orders } else { 0.0 };
            // What an order brings has no noise of its own here: it is told, not judged.
            let against =
                |all: Vec<Against>| all.into_iter().map(|one| Against { shows: Shows::Unknown, ..one }).collect();
            let (average, pieces) = (mean(&self.now), self.now.n_pieces);
            tiles.push(Tile {
                figure: figure("客单价", "Average order", average, "money"),
                against: against(self.against(&mean, false)),
            });
            tiles.push(Tile {
                figure: figure("件数", "Pieces", pieces, "count"),
                against: against(self.against(&|sums| sums.n_pieces, false)),
            });
        }
        draft.blocks.push(Block::Tiles { tiles });
    }

    /// Revenue and orders in words, against the period before and last year's.
    fn change(&self, draft: &mut Draft, source: usize, of_year: usize) {
        let week = self.span.is_week();
        let mut said = Said::default();
        let revenue = Figure::new("收入", "revenue", self.now.revenue, "money", source);
        let orders = Figure::new("订单", "orders", self.now.n_orders, "count", source);
        said.add("收入 {0}，订单 {1} 个。", "Revenue was {0} from {1} orders.", vec![revenue, orders]);
        let all = [
            (
                self.before,
                if week { text("上周", "the week before") } else { text("上一期", "the period before") },
                source,
            ),
            (
                self.year_ago,
                if week {
                    text("去年同一周", "the same week of last year")
                } else {
                    text("去年同期", "the same days of last year")
                },
                of_year,
            ),
        ];
        for (then, name, source) in all {
            let Some(then) = then else {
                let (zh, en) = (
                    format!("{}没有完整的数据，不作比较。", name.zh),
                    format!("Of {} there are no whole data, so nothing is compared with it.", name.en),
                );
                said.add(&zh, &en, Vec::new());
                continue;
            };
            let Some(noise) = &self.noise else { continue };
            let difference = noise.difference(self.now.revenue, then.revenue, self.now.squares + then.squares);
            let shows = counted(noise.beyond(self.now.n_orders, then.n_orders));
            let by = Figure::new("收入之差", "difference of revenue", 0.0, "money", source).within(difference);
            let (zh, en) = verdict(shown(difference, 0.0));
            let Some(ratio) = noise.ratio(self.now.n_orders, then.n_orders) else {
                // No order then: no change in parts of it.
                said.add(
                    &format!("{}没有订单；收入差 {{0}}，{zh}。", name.zh),
                    &format!("In {} there was no order; revenue differs by {{0}}, {en}.", name.en),
                    vec![by],
                );
                continue;
            };
            let times = Interval { value: ratio.value - 1.0, low: ratio.low - 1.0, high: ratio.high - 1.0, ..ratio };
            let times = Figure::new("订单之变化", "change of orders", 0.0, "change", source).within(times);
            let (zh_orders, en_orders) = verdict(shows);
            said.add(
                &format!("与{}相比，收入差 {{0}}，{zh}；订单变化 {{1}}，{zh_orders}。", name.zh),
                &format!("Against {} revenue differs by {{0}}, {en}; orders by {{1}}, {en_orders}.", name.en),
                vec![by, times],
            );
        }
        draft.blocks.push(said.paragraph());
        let Some(noise) = &self.noise else { return };
        let dispersion = Figure::new("离散倍数", "dispersion", noise.dispersion, "number", source);
        let pairs = Figure::new("相邻对数", "pairs", noise.n_pairs as f64, "count", source);
        let words = text(
            "判断规则：订单数按准泊松处理，方差是均值的 {0} 倍（取自此前 {1} 对相邻时段之差的中位数）；超出 95 % 区间才算变化。只看波动，不扣季节和促销。",
            "The rule: orders are taken as quasi-Poisson with a variance of {0} times the mean, by the median of how {1} pairs of neighbouring periods before differ; what lies beyond the 95 % interval is a change. Seasons and promotions are not taken off.",
        );
        draft.blocks.push(Block::Remark { tone: Tone::Plain, text: words, figures: vec![dispersion, pairs] });
    }

    fn picture(&self, draft: &mut Draft, source: usize, (told, old): (&[Sums], &[Sums])) {
        let covers = |span: Span| self.covered.is_some_and(|all| all.from.0 <= span.from.0 && span.to.0 <= all.to.0);
        let mut bars = Vec::new();
        for back in (0..=PERIODS_BEFORE).rev() {
            let span = self.span.back(back * self.span.n_days());
            if back > 0 && !covers(span) {
                continue;
            }
            let label = Text::same(&span.from.to_string()[5..]);
            let beside = covers(span.year_ago()).then(|| old[back as usize].revenue);
            bars.push(Bar { label, value: told[back as usize].revenue, beside });
        }
        if bars.len() < 2 {
            return;
        }
        let has_year = bars.iter().any(|bar| bar.beside.is_some());
        let (first, n) = (bars[0].value, bars.len());
        let last = bars[n - 1].value;
        let (zh, en) = if self.span.is_week() {
            ("每周收入", "Revenue by week")
        } else {
            ("各期收入", "Revenue by period")
        };
        let beside =
            if has_year { text("；横线是去年同期", "; the lines are last year's") } else { Text::default() };
        let said = text(
            format!("{n} 期的收入，从 {:.0} 到 {:.0}，最后一期深色{}。", first / 100.0, last / 100.0, beside.zh),
            format!(
                "Revenue of {n} periods, from {:.0} to {:.0}; the last is dark{}.",
                first / 100.0,
                last / 100.0,
                beside.en
            ),
        );
        draft.blocks.push(Block::Picture(Picture {
            title: text(zh, en),
            said,
            form: "periods".to_owned(),
            unit: "money".to_owned(),
            bars,
            source,
        }));
    }

    /// What the change is made of.
    ///
    /// # Errors
    /// If the tables cannot be read.
    pub async fn why(&self, draft: &mut Draft) -> Result<()> {
        if !self.is_told() || self.now.n_orders == 0.0 {
            return Ok(());
        }
        draft.heading("变化由什么构成", "What the change is made of");
        let then = self.span.before();
        let sold = facts::products(self.shop, self.present, self.span, then).await?;
        let source =
            draft.by_sql("每个商品两期的件数和金额", "pieces and money of each product in both periods", &sold.sql);
        let is_compared = self.before.is_some() && self.covered.is_some_and(|all| all.to.0 >= self.span.to.0);
        if let Some(before) = self.before.filter(|_| is_compared) {
            self.orders_and_values(draft, before, source);
            if let Some(parts) = why::parts(&sold.answer) {
                parts_told(draft, before.revenue, self.now.revenue, parts, source);
            }
        }
        self.categories(draft, &sold.answer, is_compared, source);
        self.buyers(draft, is_compared).await?;
        self.campaigns(draft, is_compared).await?;
        self.stock(draft).await?;
        self.service(draft).await
    }

    /// Revenue is orders times what each brings.
    fn orders_and_values(&self, draft: &mut Draft, before: Sums, source: usize) {
        if before.n_orders <= 0.0 {
            return;
        }
        let (mean_then, mean_now) = (before.revenue / before.n_orders, self.now.revenue / self.now.n_orders);
        let by_orders = (self.now.n_orders - before.n_orders) * mean_then;
        let by_value = self.now.n_orders * (mean_now - mean_then);
        let figure = |zh: &str, en: &str, value: f64| Figure::new(zh, en, value, "money", source);
        let total = figure("收入之差", "difference of revenue", self.now.revenue - before.revenue);
        let (orders, value) = (figure("因订单数", "by orders", by_orders), figure("因客单价", "by value", by_value));
        draft.say(
            text(
                "与上一期的收入之差 {0} 里，{1} 来自订单数，{2} 来自客单价。",
                "Of the difference of {0} to the period before, {1} is from the number of orders and {2} from what an order brings.",
            ),
            vec![total, orders, value],
        );
    }

    fn categories(&self, draft: &mut Draft, sold: &[facts::Sold], is_compared: bool, source: usize) {
        let all = facts::by_category(sold);
        let named = all.iter().filter(|(_, sums)| sums.money[0] > 0.0 || sums.money[1] > 0.0);
        let mut rows = Vec::new();
        for (name, sums) in named.take(CATEGORIES_MAX) {
            let name = if name.is_empty() { text("未分类", "without a category") } else { Text::same(name) };
            let mut row = vec![Cell::text(name), Cell::number(sums.money[0]), Cell::number(sums.n_lines[0])];
            if is_compared {
                let change = (sums.money[1] > 0.0).then(|| sums.money[0] / sums.money[1] - 1.0);
                row.push(Cell::number(sums.money[1]));
                row.push(Cell::known(change));
                row.push(Cell::text(lines_word(self.shows(sums.n_lines[0], sums.n_lines[1]))));
            }
            rows.push(row);
        }
        if rows.is_empty() {
            return;
        }
        let mut columns = vec![
            Column::new("品类", "Category", "text"),
            Column::new("销售额", "Sales", "money"),
            Column::new("订单行", "Order lines", "count"),
        ];
        if is_compared {
            columns.extend([
                Column::new("上一期", "Before", "money"),
                Column::new("变化", "Change", "change"),
                Column::new("订单行", "Order lines", "text"),
            ]);
        }
        draft.blocks.push(Block::Table(Table {
            title: text("按品类", "By category"),
            columns,
            rows,
            sources: vec![source],
        }));
    }

    async fn buyers(&self, draft: &mut Draft, is_compared: bool) -> Result<()> {
        let asked = facts::buyers(self.shop, self.present, self.span, self.span.before()).await?;
        let source = draft.by_sql("新客和老客", "customers who bought for the first time, and the others", &asked.sql);
        let [now, before] = asked.answer;
        // Where the data have just begun, everybody is new.
        let known = self.covered.map_or(0, |all| self.span.before().from.0 - all.from.0);
        if known < KNOWN_DAYS {
            let all = now.n_new + now.n_returning;
            let figure = Figure::new("下单顾客", "customers who ordered", all, "count", source);
            let words = text(
                format!("{{0}} 位顾客下了单。此前的订单不足 {KNOWN_DAYS} 天，分不出新客和老客。"),
                format!(
                    "{{0}} customers ordered. There are fewer than {KNOWN_DAYS} days of orders before it, so new customers cannot be told from others."
                ),
            );
            draft.say(words, vec![figure]);
            return Ok(());
        }
        let mut said = Said::default();
        let count = |zh: &str, en: &str, value: f64| Figure::new(zh, en, value, "count", source);
        let money = |zh: &str, en: &str, value: f64| Figure::new(zh, en, value, "money", source);
        said.add(
            "首次下单的顾客 {0} 位，销售 {1}；老顾客 {2} 位，销售 {3}。",
            "{0} customers ordered for the first time, for {1}; {2} had ordered before, for {3}.",
            vec![
                count("新客", "new customers", now.n_new),
                money("新客销售", "sales to new customers", now.revenue_of_new),
                count("老客", "customers of before", now.n_returning),
                money("老客销售", "sales to customers of before", now.revenue_of_returning),
            ],
        );
        if is_compared && self.noise.is_some() {
            self.buyers_compared(&mut said, now, before, source);
        }
        draft.blocks.push(said.paragraph());
        Ok(())
    }

    fn buyers_compared(&self, said: &mut Said, now: Buyers, before: Buyers, source: usize) {
        let Some(noise) = &self.noise else { return };
        for (name, now, then) in [
            (text("首次下单的", "Those who ordered for the first time"), now.n_new, before.n_new),
            (text("老顾客", "Those who had ordered before"), now.n_returning, before.n_returning),
        ] {
            // Of next to nobody a ratio says nothing.
            let Some(ratio) = noise.ratio(now, then).filter(|_| then >= COMPARED_MIN) else {
                let figure = Figure::new("上一期的人数", "customers before", then, "count", source);
                let (zh, en) = (
                    format!("{}上一期有 {{0}} 位。", name.zh),
                    format!("{} were {{0}} in the period before.", name.en),
                );
                said.add(&zh, &en, vec![figure]);
                continue;
            };
            let by = Interval { value: ratio.value - 1.0, low: ratio.low - 1.0, high: ratio.high - 1.0, ..ratio };
            let figure = Figure::new("人数变化", "change of customers", 0.0, "change", source).within(by);
            let (zh, en) = verdict(counted(noise.beyond(now, then)));
            let zh = format!("{}比上一期 {{0}}，{zh}。", name.zh);
            let en = format!("{} differ by {{0}} from the period before, {en}.", name.en);
            said.add(&zh, &en, vec![figure]);
        }
    }

    async fn campaigns(&self, draft: &mut Draft, is_compared: bool) -> Result<()> {
        let spent = facts::spend(self.shop, self.span, self.span.before()).await?;
        if !spent.answer.is_empty() {
            let source = draft.by_sql("各渠道投放", "spend by channel", &spent.sql);
            let row = |(channel, [now, before]): &(String, [f64; 2])| {
                let change = (is_compared && *before > 0.0).then(|| now / before - 1.0);
                vec![Cell::text(Text::same(channel)), Cell::number(*now), Cell::number(*before), Cell::known(change)]
            };
            draft.blocks.push(Block::Table(Table {
                title: text("投放", "Advertising"),
                columns: vec![
                    Column::new("渠道", "Channel", "text"),
                    Column::new("花费", "Spend", "money"),
                    Column::new("上一期", "Before", "money"),
                    Column::new("变化", "Change", "change"),
                ],
                rows: spent.answer.iter().take(CHANNELS_MAX).map(row).collect(),
                sources: vec![source],
            }));
        }
        let asked = facts::contacts(self.shop, self.present, self.span).await?;
        if asked.answer.is_empty() {
            return Ok(());
        }
        let source = draft.by_sql("这一期联系了谁", "who was written to", &asked.sql);
        let row = |one: &facts::Contacts| {
            vec![
                Cell::text(Text::same(&one.campaign_id)),
                Cell::number(one.n_contacted),
                Cell::number(one.n_control),
                Cell::number(one.cost),
            ]
        };
        draft.blocks.push(Block::Table(Table {
            title: text("营销活动", "Campaigns"),
            columns: vec![
                Column::new("活动", "Campaign", "text"),
                Column::new("已联系", "Written to", "count"),
                Column::new("对照", "Left out", "count"),
                Column::new("成本", "Cost", "money"),
            ],
            rows: asked.answer.iter().take(CAMPAIGNS_MAX).map(row).collect(),
            sources: vec![source],
        }));
        Ok(())
    }

    async fn stock(&self, draft: &mut Draft) -> Result<()> {
        // Of stock only the present is known.
        if self.present.day.0 - self.span.to.0 > 7 {
            return Ok(());
        }
        let asked = facts::out_of_stock(self.shop, self.present, self.span).await?;
        if asked.answer.is_empty() {
            return Ok(());
        }
        let source = draft.by_sql(
            "断货商品此前四周和这一期的销量",
            "sales of what is out of stock, four weeks before and now",
            &asked.sql,
        );
        let row = |gone: &facts::Gone| {
            vec![
                Cell::text(Text::same(&gone.name)),
                Cell::number(gone.before),
                Cell::number(gone.now),
                Cell::number(gone.missed),
            ]
        };
        draft.blocks.push(Block::Table(Table {
            title: text("断货", "Out of stock"),
            columns: vec![
                Column::new("商品", "Product", "text"),
                Column::new("此前每期件数", "Pieces a period before", "number"),
                Column::new("这一期", "Now", "count"),
                Column::new("约少卖", "About missed", "money"),
            ],
            rows: asked.answer.iter().map(row).collect(),
            sources: vec![source],
        }));
        Ok(())
    }

    /// What customers said, and how service did.
    async fn service(&self, draft: &mut Draft) -> Result<()> {
        let asked = facts::reviews(self.shop, self.present, self.span, self.span.before()).await?;
        let [now, before] = asked.answer;
        let mut said = Said::default();
        if let Some(mean) = now.mean {
            let source = draft.by_sql("评价", "reviews", &asked.sql);
            let n = Figure::new("评价", "reviews", now.n, "count", source);
            let stars = Figure::new("平均星级", "mean of stars", mean, "stars", source);
            let poor = Figure::new("一二星", "of one or two stars", now.n_poor, "count", source);
            said.add(
                "评价 {0} 条，平均 {1} 星，一二星 {2} 条。",
                "{0} reviews with a mean of {1} stars, {2} of them of one or two.",
                vec![n, stars, poor],
            );
            if let (Some(then), Shows::Up) = (Some(before.n_poor), self.shows(now.n_poor, before.n_poor)) {
                let then = Figure::new("上一期一二星", "of one or two stars before", then, "count", source);
                said.add(
                    "差评比上一期（{0} 条）多，超出平常的波动。",
                    "Poor ones are more than in the period before ({0}), beyond noise.",
                    vec![then],
                );
            }
        }
        let begins = |day: Day| crate::clock::start_of(day, &self.present.zone).0;
        let state = self.shop.state()?;
        let (from, after) =
            (state.service_figures(begins(self.span.from))?, state.service_figures(begins(Day(self.span.to.0 + 1)))?);
        let n_conversations = from.n_conversations.saturating_sub(after.n_conversations);
        if n_conversations > 0 {
            let source = draft.by_api("客服对话", "conversations of customer service", "/v1/desk/metrics");
            let figure = |zh: &str, en: &str, value: u64| Figure::new(zh, en, value as f64, "count", source);
            let people = from.n_handed_over.saturating_sub(after.n_handed_over);
            said.add(
                "客服对话 {0} 次，其中 {1} 次转到人工。",
                "There were {0} conversations with service, {1} of which went to a person.",
                vec![figure("对话", "conversations", n_conversations), figure("转人工", "to a person", people)],
            );
        }
        if !said.is_empty() {
            draft.heading("服务与口碑", "Service and opinions");
            draft.blocks.push(said.paragraph());
        }
        Ok(())
    }

    /// What was decided lately, with what was expected and what came of it.
    ///
    /// # Errors
    /// If the store or the tables cannot be read.
    pub async fn decided(&self, draft: &mut Draft) -> Result<()> {
        draft.heading("做了哪些决定，结果如何", "What was decided, and what came of it");
        let source = draft.by_api("决定及其结果", "decisions and what they brought", "/v1/decisions");
        let begins = |day: Day| crate::clock::start_of(day, &self.present.zone).0;
        let (since, until) = (begins(Day(self.span.from.0 - SETTLED_DAYS)), begins(Day(self.span.to.0 + 1)));
        let all = decisions::settled(self.shop, self.store).await?;
        let told = all.iter().filter(|one| (since..until).contains(&one.at));
        let mut rows = Vec::new();
        for one in told.take(SETTLED_MAX) {
            let standing = match one.standing {
                Standing::Accepted => text("接受", "accepted"),
                Standing::Rejected => text("拒绝", "rejected"),
            };
            let day = crate::clock::day_of(domain::Millis(one.at), &self.present.zone).to_string();
            rows.push(vec![
                Cell::text(Text::same(&day)),
                Cell::text(one.decision.title.clone()),
                Cell::text(standing),
                Cell::interval(one.decision.gain_cents),
                Cell::interval(one.measured.as_ref().and_then(|measured| measured.sales_cents)),
            ]);
        }
        if rows.is_empty() {
            draft.remark(Tone::Plain, "这段时间没有决定过什么。", "Nothing was decided in this time.");
            return Ok(());
        }
        draft.blocks.push(Block::Table(Table {
            title: text("决定", "Decisions"),
            columns: vec![
                Column::new("日期", "Day", "text"),
                Column::new("决定", "Decision", "text"),
                Column::new("答复", "Answer", "text"),
                Column::new("预计", "Expected", "money"),
                Column::new("实测（销售）", "Measured (sales)", "money"),
            ],
            rows,
            sources: vec![source],
        }));
        Ok(())
    }

    /// What to do next: the decisions that stand open.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn next(&self, draft: &mut Draft) -> Result<()> {
        draft.heading("接下来做什么", "What to do next");
        let made = match decisions::published(self.shop, self.store) {
            Ok(made) => made,
            Err(error) if error.kind == Kind::NotFound => {
                let (zh, en) = ("还没有算过决定：tercet decide。", "No decisions were worked out yet: tercet decide.");
                draft.remark(Tone::Thin, zh, en);
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        if made.today.is_empty() {
            draft.remark(Tone::Plain, "没有待定的决定。", "Nothing stands open.");
            return Ok(());
        }
        let source = draft.by_api("待定的决定", "decisions that stand open", "/v1/decisions");
        let row = |one: &decisions::Decision| {
            vec![Cell::text(one.title.clone()), Cell::interval(one.gain_cents), Cell::text(one.next.clone())]
        };
        draft.blocks.push(Block::Table(Table {
            title: text(format!("{} 的决定", made.day), format!("Decisions of {}", made.day)),
            columns: vec![
                Column::new("决定", "Decision", "text"),
                Column::new("预计带来", "Expected", "money"),
                Column::new("接受后", "If accepted", "text"),
            ],
            rows: made.today.iter().map(row).collect(),
            sources: vec![source],
        }));
        Ok(())
    }
}

/// Which way a count goes, if by more than counts differ anyway.
fn counted(beyond: Option<bool>) -> Shows {
    match beyond {
        Some(true) => Shows::Up,
        Some(false) => Shows::Down,
        None => Shows::Noise,
    }
}

/// Where an interval lies.
fn shown(interval: Interval, nothing: f64) -> Shows {
    match interval {
        _ if interval.low > nothing => Shows::Up,
        _ if interval.high < nothing => Shows::Down,
        _ => Shows::Noise,
    }
}

fn verdict(shows: Shows) -> (&'static str, &'static str) {
    match shows {
        Shows::Up => ("高出平常的波动", "above what periods vary by anyway"),
        Shows::Down => ("低出平常的波动", "below what periods vary by anyway"),
        Shows::Noise => ("在平常的波动之内", "within what periods vary by anyway"),
        Shows::Unknown => ("分不出是否波动", "which cannot be told from noise"),
    }
}

pub fn word(shows: Shows) -> Text {
    match shows {
        Shows::Up => text("上升", "up"),
        Shows::Down => text("下降", "down"),
        Shows::Noise => text("波动之内", "noise"),
        Shows::Unknown => text("说不准", "cannot be told"),
    }
}

/// Of order lines, which go another way than money where cheaper things are bought.
fn lines_word(shows: Shows) -> Text {
    match shows {
        Shows::Up => text("增多", "more"),
        Shows::Down => text("减少", "fewer"),
        Shows::Noise => text("波动之内", "as ever"),
        Shows::Unknown => text("说不准", "cannot be told"),
    }
}

/// The parts of the change, in words and as a picture.
fn parts_told(draft: &mut Draft, then: f64, now: f64, parts: why::Parts, source: usize) {
    let figure = |zh: &str, en: &str, value: f64| Figure::new(zh, en, value, "money", source);
    let figures = vec![
        figure("销量", "volume", parts.volume),
        figure("品种组合", "mix", parts.mix),
        figure("价格", "price", parts.price),
        figure("退货", "returns", parts.returns),
    ];
    draft.say(
        text(
            "按商品拆开：销量 {0}，品种组合（卖了更贵或更便宜的商品）{1}，同一商品的成交价 {2}，退货 {3}。这是算术，不是原因。",
            "Taken apart by product: {0} from volume, {1} from mix (dearer or cheaper products among them), {2} from the prices paid for the same products, {3} from what came back. This is arithmetic, not a cause.",
        ),
        figures,
    );
    let bar = |zh: &str, en: &str, value: f64| Bar { label: text(zh, en), value, beside: None };
    draft.blocks.push(Block::Picture(Picture {
        title: text("从上一期到这一期", "From the period before to this one"),
        said: text(
            format!("收入从 {:.0} 到 {:.0}，中间四段依次是销量、组合、价格、退货。", then / 100.0, now / 100.0),
            format!(
                "Revenue from {:.0} to {:.0}; the four steps between are volume, mix, price and returns.",
                then / 100.0,
                now / 100.0
            ),
        ),
        form: "steps".to_owned(),
        unit: "money".to_owned(),
        bars: vec![
            bar("上一期", "Before", then),
            bar("销量", "Volume", parts.volume),
            bar("组合", "Mix", parts.mix),
            bar("价格", "Price", parts.price),
            bar("退货", "Returns", parts.returns),
            bar("这一期", "Now", now),
        ],
        source,
    }));
}
