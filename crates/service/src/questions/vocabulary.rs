//! What a shop's tables name, read once for each state of them, and where questions lead that no figure answers.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use assist::questions::names::{Lexicon, Names};
use assist::questions::read::Goal;
use data::{Shop, Tables};

use super::{Elsewhere, text};
use crate::decisions;
use crate::error::Result;
use crate::flows::in_service;
use crate::flows::rows;
use crate::flows::segment::{Published, Text};
use crate::store::Store;

/// Tables that name something.
const TABLES: [&str; 7] = ["products", "customers", "orders", "events", "spend", "exposures", "segments"];
/// Vocabularies kept at a time.
const KEPT_MAX: usize = 16;
/// Names of one kind that are read: more are no names.
const NAMES_MAX: usize = 200_000;

type Kept = BTreeMap<PathBuf, (Vec<u64>, Arc<Lexicon>)>;

static KEPT: LazyLock<Mutex<Kept>> = LazyLock::new(Mutex::default);

/// The words of a shop as its tables are now.
///
/// # Errors
/// If the tables cannot be read.
pub async fn of(shop: &Shop) -> Result<Arc<Lexicon>> {
    let mut state = Vec::new();
    for name in TABLES {
        state.push(shop.tables().manifest(Tables::spec(name)?)?.generation);
    }
    let kept = |kept: &Kept| kept.get(shop.root()).filter(|(of, _)| *of == state).map(|(_, words)| words.clone());
    if let Some(words) = kept(&KEPT.lock().unwrap_or_else(PoisonError::into_inner)) {
        return Ok(words);
    }
    let names = names(shop).await?;
    let words = Arc::new(Lexicon::new(&names));
    let mut all = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if all.len() >= KEPT_MAX {
        all.clear();
    }
    all.insert(shop.root().to_owned(), (state, words.clone()));
    Ok(words)
}

async fn names(shop: &Shop) -> Result<Names> {
    let segments = match in_service::now::<Published>(shop).await? {
        Some(published) => published.groups()?.groups.iter().map(|group| named(&group.key, &group.name)).collect(),
        None => Vec::new(),
    };
    let any = |columns: &[(&str, &str)]| {
        let each = columns.iter().map(|(column, table)| format!("select {column} as name from {table}"));
        each.collect::<Vec<_>>().join(" union ")
    };
    Ok(Names {
        categories: listed(shop, &any(&[("category", "products")])).await?,
        brands: listed(shop, &any(&[("brand", "products")])).await?,
        products: listed(shop, &any(&[("name", "products")])).await?,
        channels: listed(
            shop,
            &any(&[("channel", "orders"), ("channel", "events"), ("channel", "spend"), ("channel", "exposures")]),
        )
        .await?,
        stores: listed(shop, &any(&[("store", "orders")])).await?,
        cities: listed(shop, &any(&[("city", "customers")])).await?,
        regions: listed(shop, &any(&[("region", "customers")])).await?,
        genders: listed(shop, &any(&[("gender", "customers")])).await?,
        campaigns: listed(shop, &any(&[("campaign_id", "exposures")])).await?,
        segments,
    })
}

fn named(key: &str, name: &Text) -> (String, String, String) {
    (key.to_owned(), name.zh.clone(), name.en.clone())
}

async fn listed(shop: &Shop, of: &str) -> Result<Vec<String>> {
    let sql = format!(
        "select distinct name from ({of}) as names where name is not null and name <> '' order by 1 limit {NAMES_MAX}"
    );
    let found = rows::query_rows(shop, &sql).await?;
    Ok(found.iter().filter_map(|row| row.get("name")?.as_str().map(str::to_owned)).collect())
}

/// Where a question of what to do leads.
pub fn elsewhere(shop: &Shop, store: &Store, goal: Goal) -> Elsewhere {
    let (name, page, command, address, text) = match goal {
        Goal::Decisions => (
            "decisions",
            "/decisions",
            "tercet decide",
            "/v1/decisions",
            text(
                "今天要做的决策，连同依据和预期收益，在“今日决策”",
                "what to do today, with reasons and expected gains, is under Today",
            ),
        ),
        Goal::Budget => (
            "budget",
            "/budget",
            "tercet plan budget",
            "/v1/plan/budget",
            text(
                "各渠道该花多少，由预算计划按过去的花费和订单算出",
                "how much each channel should get is worked out by the budget plan",
            ),
        ),
        Goal::Forecast => (
            "forecast",
            "/forecast",
            "tercet plan forecast",
            "/v1/plan/forecast",
            text("以后的销量连同可能的范围，在“预测”", "what will sell, with its likely range, is under Forecast"),
        ),
        Goal::Prices => (
            "prices",
            "/prices",
            "tercet plan price",
            "/v1/plan/prices",
            text("降价会带来什么，在“价格”", "what a change of price would bring is under Prices"),
        ),
        Goal::Audiences => (
            "audiences",
            "/audiences",
            "tercet audience list",
            "/v1/audiences",
            text(
                "触达谁，在“人群包”；今天该触达谁，在“今日决策”",
                "whom to reach is under Audiences; whom to reach today, under Today",
            ),
        ),
        Goal::Opinions => (
            "opinions",
            "/opinions",
            "tercet opinions",
            "/v1/opinions",
            text("客户夸什么、抱怨什么，在“口碑”", "what customers praise and complain about is under Opinions"),
        ),
        Goal::Customers => (
            "customers",
            "/lifetimes",
            "tercet plan customers",
            "/v1/plan/customers",
            text(
                "客户价值和流失，在“客户价值”；问题里不点名客户",
                "what customers are worth is under Lifetimes; questions name no customer",
            ),
        ),
    };
    let decisions = match goal {
        Goal::Decisions => decisions::published(shop, store).map(|made| made.today).unwrap_or_default(),
        _ => Vec::new(),
    };
    Elsewhere {
        goal: name.to_owned(),
        page: page.to_owned(),
        command: command.to_owned(),
        address: address.to_owned(),
        text,
        decisions: decisions.into_iter().map(|decision| decision.title).collect(),
    }
}
