//! The report of one campaign, or of the sending that carried it: whom it was for, whom it reached, why others were left out, what it cost and
//! what it brought beside those who were left out, with what was expected of it. Before its days are over it says so instead of guessing.

use data::Shop;
use domain::{Day, Millis};

use super::told::{Block, Cell, Column, Draft, Figure, Kind, Report, Said, Table, Tile, Tone, text};
use crate::clock;
use crate::error::{Kind as ErrorKind, Result, ServiceError};
use crate::flows::audience::sql::Present;
use crate::flows::plan::Interval;
use crate::flows::plan::experiment::{self, ArmVerdict, Campaign, CampaignVerdict, Outcome, VerdictRequest};
use crate::flows::segment::Text;
use crate::sendings::{self, SendingView};
use crate::store::Store;

/// Days after a contact in which orders count.
const DAYS: i32 = 30;
const LEVEL: f64 = 0.9;
const ARMS_MAX: usize = 20;

/// # Errors
/// If there is neither a sending nor a campaign of this id, or the tables cannot be read.
pub async fn report(shop: &Shop, store: &Store, present: &Present, id: &str, day: Day) -> Result<Report> {
    let sending = match sendings::view(shop, id) {
        Ok(view) => Some(view),
        Err(error) if error.kind == ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let campaign_id = sending.as_ref().map_or_else(|| id.to_owned(), |view| view.sending.campaign_id.clone());
    let campaigns = experiment::campaigns(shop).await?;
    let campaign = campaigns.iter().find(|campaign| campaign.campaign_id == campaign_id);
    if sending.is_none() && campaign.is_none() {
        return Err(ServiceError::not_found("sending or campaign", id).help(
            "GET /v1/sendings and GET /v1/campaigns, or tercet send list and tercet experiment list, name them",
        ));
    }
    let mut draft = Draft::default();
    if let Some(view) = &sending {
        carried(&mut draft, view);
    }
    match campaign {
        Some(campaign) => brought(shop, store, campaign, &mut draft).await?,
        None => draft.remark(
            Tone::Thin,
            "还没有联系任何人，没有结果可读。",
            "Nobody was written to yet, so there is nothing to read.",
        ),
    }
    let name = sending.as_ref().map_or(campaign_id.as_str(), |view| view.sending.name.as_str());
    let local = |at: i64| clock::day_of(Millis(at), &present.zone).to_string();
    let created = sending.as_ref().map(|view| local(view.sending.created_at));
    let day_of =
        |of: fn(&Campaign) -> &String| campaign.map(of).cloned().or_else(|| created.clone()).unwrap_or_default();
    Ok(Report {
        kind: Kind::Campaign,
        shop: shop.config().name.clone(),
        currency: shop.config().currency.clone(),
        day: day.to_string(),
        from: day_of(|campaign| &campaign.first_day),
        to: day_of(|campaign| &campaign.last_day),
        as_of: present.day.to_string(),
        title: text(format!("活动报告：{name}"), format!("Campaign report: {name}")),
        blocks: draft.blocks,
        sources: draft.sources,
    })
}

/// What the sending did, by its own record.
fn carried(draft: &mut Draft, view: &SendingView) {
    let sending = &view.sending;
    let source = draft.by_api("发送的记录", "the record of the sending", &format!("/v1/sendings/{}", sending.id));
    let n_out: u64 = view.counts.iter().filter(|one| one.state == "left_out").map(|one| one.n).sum();
    let n_lost: u64 =
        view.counts.iter().filter(|one| matches!(one.state.as_str(), "failed" | "unknown")).map(|one| one.n).sum();
    let tile = |zh: &str, en: &str, value: f64, unit: &str| Tile {
        figure: Figure::new(zh, en, value, unit, source),
        against: Vec::new(),
    };
    draft.blocks.push(Block::Tiles {
        tiles: vec![
            tile("已送出", "Reached", view.n_sent as f64, "count"),
            tile("对照组", "Left out to compare", view.n_control as f64, "count"),
            tile("未联系", "Not written to", n_out as f64, "count"),
            tile("花费", "Spent", view.spent_cents as f64, "money"),
        ],
    });
    let mut said = Said::default();
    let listed = Figure::new("名单", "on the list", sending.n_listed as f64, "count", source);
    let state = state_text(sending.state);
    said.add(
        &format!("名单上有 {{0}} 位顾客；现在的状态：{}。", state.zh),
        &format!("There were {{0}} customers on the list; it is {} now.", state.en),
        vec![listed],
    );
    let figure = |zh: &str, en: &str, n: u64| Figure::new(zh, en, n as f64, "count", source);
    if view.n_left > 0 {
        said.add("还有 {0} 位在等。", "{0} still wait.", vec![figure("等待", "waiting", view.n_left)]);
    }
    if n_lost > 0 {
        said.add(
            "{0} 位没有送达或不知是否送达。",
            "{0} did not get it, or nobody knows.",
            vec![figure("未送达", "not arrived", n_lost)],
        );
    }
    draft.blocks.push(said.paragraph());
    let row = |one: &sendings::Count| {
        let reason = one.text.clone().unwrap_or_default();
        vec![
            Cell::text(Text::same(&one.way)),
            Cell::text(item_text(&one.state)),
            Cell::text(reason),
            Cell::number(one.n as f64),
        ]
    };
    draft.blocks.push(Block::Table(Table {
        title: text("名单上的人怎样了", "What became of the list"),
        columns: vec![
            Column::new("方式", "Way", "text"),
            Column::new("状态", "State", "text"),
            Column::new("原因", "Why", "text"),
            Column::new("人数", "Customers", "count"),
        ],
        rows: view.counts.iter().map(row).collect(),
        sources: vec![source],
    }));
}

fn state_text(state: sendings::State) -> Text {
    use sendings::State;
    match state {
        State::Draft => text("草稿", "a draft"),
        State::Approved => text("已批准，未开始", "approved and not begun"),
        State::Sending => text("发送中", "being sent"),
        State::Sent => text("已发完", "sent"),
        State::Paused => text("已暂停", "paused"),
        State::Cancelled => text("已取消", "cancelled"),
    }
}

fn item_text(state: &str) -> Text {
    match state {
        "waiting" => text("等待", "waits"),
        "leaving" => text("正在送出", "leaves"),
        "sent" => text("已送出", "reached"),
        "control" => text("对照", "left out to compare"),
        "left_out" => text("未联系", "not written to"),
        "failed" => text("未送达", "did not arrive"),
        "unknown" => text("不知是否送达", "nobody knows"),
        other => Text::same(other),
    }
}

/// What it brought beside the control, for money and for orders.
async fn brought(shop: &Shop, store: &Store, campaign: &Campaign, draft: &mut Draft) -> Result<()> {
    draft.heading("带来了什么", "What it brought");
    let id = &campaign.campaign_id;
    let mut verdicts = Vec::new();
    for outcome in [Outcome::Revenue, Outcome::Ordered] {
        let request =
            VerdictRequest { campaign_id: id.clone(), outcome, days: DAYS, level: LEVEL, ..VerdictRequest::default() };
        match experiment::verdict(shop, &request).await {
            Ok(verdict) => verdicts.push(verdict),
            // Nobody was left out.
            Err(error) if error.kind == ErrorKind::Usage => {
                draft.remark(
                    Tone::Thin,
                    "没有对照组，效果无从读起；以后的活动请留出一部分人。",
                    "Nobody was left out, so its effect cannot be read; leave out a part of the list next time.",
                );
                return Ok(());
            }
            Err(error) => return Err(error),
        }
    }
    for verdict in &verdicts {
        outcome_told(draft, verdict);
    }
    if let Some(verdict) = verdicts.first() {
        doubts(draft, verdict);
    }
    let expected = store
        .settled_decision(id)?
        .and_then(|settled| settled.decision.gain_cents.map(|gain| (settled.decision.gain_of, gain)));
    let sales = verdicts.first().and_then(|verdict| verdict.arms.iter().find_map(|arm| arm.incremental_cents));
    if let Some((of, gain)) = expected {
        beside_expected(draft, &of, gain, sales);
    }
    Ok(())
}

fn outcome_told(draft: &mut Draft, verdict: &CampaignVerdict) {
    let address = format!(
        "/v1/campaigns/{}/verdict?outcome={}&days={DAYS}&level={LEVEL}",
        verdict.campaign_id,
        verdict.outcome.name()
    );
    let source = draft.by_api("实验的判读", "the verdict", &address);
    let is_money = verdict.outcome == Outcome::Revenue;
    let unit = if is_money { "money" } else { "share" };
    let row = |arm: &ArmVerdict| {
        let mut row = vec![
            Cell::text(Text::same(&arm.arm)),
            Cell::number(arm.n_customers as f64),
            Cell::number(arm.mean),
            Cell::number(arm.control_mean),
            Cell::interval(arm.difference),
            Cell::text(shows_text(&arm.shows)),
        ];
        if is_money {
            row.push(Cell::interval(arm.incremental_cents));
            row.push(Cell::number(arm.cost_cents as f64));
        }
        row
    };
    let mut columns = vec![
        Column::new("组", "Arm", "text"),
        Column::new("人数", "Customers", "count"),
        Column::new("每人", "Of each", unit),
        Column::new("对照每人", "Of each left out", unit),
        Column::new("差", "Difference", unit),
        Column::new("结论", "Shows", "text"),
    ];
    if is_money {
        columns.extend([Column::new("共多带来", "Brought in all", "money"), Column::new("成本", "Cost", "money")]);
    }
    let title = match is_money {
        true => text(format!("{DAYS} 天内的消费"), format!("Spent within {DAYS} days")),
        false => text(format!("{DAYS} 天内下单的份额"), format!("Share that ordered within {DAYS} days")),
    };
    let rows = verdict.arms.iter().take(ARMS_MAX).map(row).collect();
    draft.blocks.push(Block::Table(Table { title, columns, rows, sources: vec![source] }));
}

fn shows_text(shows: &str) -> Text {
    match shows {
        "above" => text("高于对照", "above those left out"),
        "below" => text("低于对照", "below those left out"),
        _ => text("尚无定论", "open"),
    }
}

/// What speaks against believing it.
fn doubts(draft: &mut Draft, verdict: &CampaignVerdict) {
    if verdict.n_too_recent > 0 {
        let n = verdict.n_too_recent;
        draft.remark(
            Tone::Thin,
            format!("{n} 位顾客的 {DAYS} 天还没有过完，不在其中。"),
            format!("The {DAYS} days of {n} customers are not over yet: they are not in it."),
        );
    }
    if verdict.arms.is_empty() {
        draft.remark(Tone::Thin, "还没有可以判读的组。", "There is no arm yet that can be read.");
    }
    for arm in &verdict.arms {
        for caveat in &arm.backing.caveats {
            draft.remark(
                Tone::Thin,
                format!("{}：{}", arm.arm, caveat.text.zh),
                format!("{}: {}", arm.arm, caveat.text.en),
            );
        }
        for what in arm.backing.would_change.iter().take(1) {
            draft.remark(Tone::Plain, what.zh.clone(), what.en.clone());
        }
    }
}

fn beside_expected(draft: &mut Draft, of: &str, gain: Interval, sales: Option<Interval>) {
    let source = draft.by_api("接受时的预计", "what was expected when it was accepted", "/v1/decisions");
    let what = if of == "margin" { text("毛利", "margin") } else { text("销售", "sales") };
    let mut said = Said::default();
    said.add(
        &format!("接受这个决定时，预计带来{} {{0}}。", what.zh),
        &format!("When the decision was accepted, it was expected to bring {{0}} of {}.", what.en),
        vec![Figure::new("预计", "expected", 0.0, "money", source).within(gain)],
    );
    match sales {
        Some(sales) => said.add(
            "实际多带来的销售是 {0}。",
            "It brought {0} of sales more.",
            vec![Figure::new("实测", "measured", 0.0, "money", source).within(sales)],
        ),
        None => said.add("实际结果还读不出来。", "What it brought cannot be read yet.", Vec::new()),
    }
    if of == "margin" && sales.is_some() {
        said.add(
            "预计的是毛利，实测的是销售，两者不能直接相减。",
            "What was expected is margin and what was measured sales: one is not to be taken from the other.",
            Vec::new(),
        );
    }
    draft.blocks.push(said.paragraph());
}
