//! `train segment`, `segment` and `audience`: customer groups and named sets of customers, on the command line.

use std::path::Path;

use data::Shop;
use data::export::ParquetFile;
use data::tables::Row;
use domain::{Cents, SegmentMember};
use serde_json::{Value, json};
use service::flows::audience::condition::Condition;
use service::flows::audience::lookalike::{self, LookalikeRequest};
use service::flows::audience::{self, Asked};
use service::flows::in_service::needed;
use service::flows::segment::{self, By, Group, Groups, Published, RfmView, SegmentRequest, Segmentation, Text};
use service::store::Store;
use service::{Result, ServiceError};

use crate::args::{Audience, Segment, Train};
use crate::print::{self, Progress};

/// Groups whose Rand index between samples is below this are an accident of the sample (docs/groups.md).
const ARBITRARY_BELOW: f64 = 0.6;

pub async fn train(dir: &Path, asked: Train, as_json: bool) -> Result<()> {
    let shop = Shop::open(dir)?;
    // The number of groups is asked for like any other setting; without it, it is chosen.
    let (n_clusters, set): (Vec<String>, Vec<String>) =
        asked.set.into_iter().partition(|text| text.starts_with("n_clusters=") && asked.algorithm.is_none());
    let n_clusters = n_clusters.last().map(|text| {
        let found = text.trim_start_matches("n_clusters=");
        found
            .parse()
            .map_err(|_| ServiceError::usage("n_clusters", format!("n_clusters is '{found}'; allowed: 2 to 50")))
    });
    let request = SegmentRequest {
        by: By::named(&asked.by)?,
        n_clusters: n_clusters.transpose()?,
        algorithm: asked.algorithm,
        set,
        seed: asked.seed,
        n_threads: usize::from(asked.threads),
        slice_max: segment::slices::CUSTOMERS_MAX,
    };
    let bar = Progress::new(as_json);
    let made = segment::train(&shop, request, &|share, message| bar.report(share, message)).await?;
    // What they ask for may mean other customers now.
    let store = Store::of(&shop)?;
    let home = audience::Home { shop: &shop, store: &store, groups: &Groups::default() };
    audience::refresh_where(home, |asked| !asked.values_of("segment").is_empty()).await?;
    drop(bar);
    if as_json {
        print::json(&serde_json::to_value(&made)?);
        return Ok(());
    }
    print_groups(&made, &shop.config().language);
    print::line(&format!(
        "\n{} customers as of {} by {}, in {:.1} s. Would another sample have shown the same groups? Rand index {:.2} [{:.2}, {:.2}] of {} samples, {} fitted anew to {} customers each.",
        print::count(made.n_customers as u64),
        made.as_of,
        made.card,
        made.seconds,
        made.stability.mean,
        made.stability.low,
        made.stability.high,
        made.stability.n_resamples,
        made.card,
        print::count(made.stability.n_fitted as u64)
    ));
    if made.stability.mean < ARBITRARY_BELOW {
        print::line(
            "The borders between these groups are arbitrary: another sample would draw others. Better not to build on them.",
        );
    }
    // What rounds to nothing is not worth a sentence.
    let Some(placed) = made.placement.filter(|placed| placed.noise > 0.0 || placed.moved >= 0.0005) else {
        return Ok(());
    };
    let noise = match placed.noise > 0.0 {
        true => format!(
            " also the {:.1} % whom {} left as noise ({:.1} % in other samples), and",
            placed.noise * 100.0,
            made.card,
            placed.noise_resampled * 100.0
        ),
        false => String::new(),
    };
    print::line(&format!(
        "Everybody stands with the group whose centre is nearest:{noise} {:.1} % of the others are nearer to another group's centre than to their own's.",
        placed.moved * 100.0
    ));
    Ok(())
}

fn said<'a>(text: &'a Text, language: &str) -> &'a str {
    if language == "zh" { &text.zh } else { &text.en }
}

fn print_groups(made: &Segmentation, language: &str) {
    let row = |group: &Group| {
        vec![
            group.key.clone(),
            said(&group.name, language).to_owned(),
            print::count(group.n_customers),
            format!("{:.1} %", group.share * 100.0),
            format!("{:.1} %", group.revenue_share * 100.0),
            Cents(group.value_per_customer_cents).to_string(),
            group.trend.change.map_or(String::new(), |change| format!("{:+.0} %", change * 100.0)),
            format!("{:.2}", group.stability),
        ]
    };
    let header = ["group", "name", "customers", "share", "of revenue", "each", "active, 90 days", "stability"];
    print::table(&header, &made.groups.iter().map(row).collect::<Vec<_>>());
}

pub async fn segment(dir: &Path, asked: Segment, as_json: bool) -> Result<()> {
    let shop = Shop::open(dir)?;
    let language = |asked: Option<String>| asked.unwrap_or_else(|| shop.config().language.clone());
    match asked {
        Segment::List { lang } => {
            let published = needed::<Published>(&shop).await?;
            let (made, rfm) = (published.groups()?, published.rfm().ok());
            if as_json {
                print::json(&json!({"segments": made, "rfm": rfm}));
                return Ok(());
            }
            let language = language(lang);
            print_groups(made, &language);
            if let Some(rfm) = rfm {
                print_rfm(rfm, &language);
            }
            Ok(())
        }
        Segment::Show { key, lang } => show(&shop, &key, &language(lang), as_json).await,
        Segment::Export { file } => export(&shop, &file, as_json).await,
    }
}

fn print_rfm(rfm: &RfmView, language: &str) {
    print::line(&format!("\nBy recency, frequency and money as of {}:\n", rfm.as_of));
    let row = |group: &service::flows::segment::RfmGroupView| {
        vec![
            group.key.clone(),
            said(&group.name, language).to_owned(),
            print::count(group.n_customers),
            format!("{:.1} %", group.share * 100.0),
            format!("{:.1} %", group.revenue_share * 100.0),
        ]
    };
    let header = ["group", "name", "customers", "share", "of revenue"];
    print::table(&header, &rfm.groups.iter().map(row).collect::<Vec<_>>());
}

async fn show(shop: &Shop, key: &str, language: &str, as_json: bool) -> Result<()> {
    let published = needed::<Published>(shop).await?;
    let made = published.groups()?;
    let Some(group) = made.groups.iter().find(|group| group.key == key) else {
        let rfm = published.rfm()?;
        let known = || made.groups.iter().map(|group| &group.key).chain(rfm.groups.iter().map(|group| &group.key));
        let Some(group) = rfm.groups.iter().find(|group| group.key == key) else {
            let known = known().cloned().collect::<Vec<_>>().join(", ");
            return Err(ServiceError::not_found("group", key).help(format!("there are: {known}")));
        };
        if as_json {
            print::json(&serde_json::to_value(group)?);
        } else {
            print::line(&format!(
                "{}  ({})\n{}",
                said(&group.name, language),
                group.key,
                said(&group.meaning, language)
            ));
            print::line(&format!(
                "{} customers, {:.1} % of revenue",
                print::count(group.n_customers),
                group.revenue_share * 100.0
            ));
        }
        return Ok(());
    };
    if as_json {
        print::json(&serde_json::to_value(group)?);
        return Ok(());
    }
    print::line(&format!("{}  ({})\n{}\n", said(&group.name, language), group.key, said(&group.description, language)));
    print_former(group, language);
    let row = |one: &service::flows::segment::Trait| {
        vec![
            one.kind.clone(),
            said(&one.label, language).to_owned(),
            format!("{:.1} %", one.share * 100.0),
            format!("{:.1} %", one.share_elsewhere * 100.0),
            format!("{:.2}", one.lift),
        ]
    };
    print::table(&["", "what", "in the group", "of all", "times"], &group.traits.iter().map(row).collect::<Vec<_>>());
    print::line("");
    for (at, action) in group.actions.iter().enumerate() {
        print::line(&format!(
            "{}. {} ({}): {}",
            at + 1,
            said(&action.title, language),
            action.kind,
            said(&action.reason, language)
        ));
    }
    Ok(())
}

/// Since when the group has been the same, and where its customers were before.
fn print_former(group: &Group, language: &str) {
    if group.was.is_empty() {
        return;
    }
    let goes_on = group.was.iter().any(|was| was.key == group.key);
    match group.since.filter(|_| goes_on) {
        Some(since) => print::line(&format!("The same group since {since}.")),
        None => print::line("A new group."),
    }
    for was in group.was.iter().filter(|was| was.key != group.key) {
        let name = said(&was.name, language);
        print::line(&format!("{:.0} % of its customers were in {} ({name}).", was.share * 100.0, was.key));
    }
    print::line("");
}

/// Every row of the table `segments`.
async fn export(shop: &Shop, file: &Path, as_json: bool) -> Result<()> {
    needed::<Published>(shop).await?;
    let rows: Vec<SegmentMember> = shop.tables().load()?;
    match file.extension().and_then(|ending| ending.to_str()) {
        Some("parquet") => {
            let mut writer = ParquetFile::create(file, SegmentMember::to_batch(&[])?.schema())?;
            for block in rows.chunks(1 << 16) {
                writer.write(&SegmentMember::to_batch(block)?)?;
            }
            writer.finish()?;
        }
        Some("csv") => std::fs::write(file, csv(&rows))?,
        _ => {
            let message = format!("the output is '{}'; allowed: a name that ends in .csv or .parquet", file.display());
            return Err(ServiceError::usage("output", message));
        }
    }
    if as_json {
        print::json(&json!({"file": file, "n_customers": rows.len()}));
    } else {
        print::line(&format!("{} customers in {}", print::count(rows.len() as u64), file.display()));
    }
    Ok(())
}

fn csv(rows: &[SegmentMember]) -> String {
    let mut text =
        "customer_id,segment,rfm,recency_score,frequency_score,monetary_score,recency_days,n_purchases,spent_cents\n"
            .to_owned();
    let number = |value: Option<i64>| value.map_or(String::new(), |value| value.to_string());
    for row in rows {
        let cells = [
            audience::csv_cell(&row.customer_id),
            row.segment.clone().unwrap_or_default(),
            row.rfm.clone().unwrap_or_default(),
            number(row.recency_score),
            number(row.frequency_score),
            number(row.monetary_score),
            number(row.recency_days),
            number(row.n_purchases),
            number(row.spent_cents.map(|cents| cents.0)),
        ];
        text.push_str(&cells.join(","));
        text.push('\n');
    }
    text
}

pub async fn audience(dir: &Path, asked: Audience, as_json: bool) -> Result<()> {
    let shop = Shop::open(dir)?;
    let store = Store::of(&shop)?;
    let home = audience::Home { shop: &shop, store: &store, groups: &Groups::default() };
    let made = match asked {
        Audience::List => return list(&store, as_json),
        Audience::HeldBack { limit } => return held_back(&shop, limit, as_json).await,
        Audience::Create { name, conditions, refresh, count } => {
            let conditions = conditions_of(&conditions)?;
            if count {
                return counted(home, &conditions, as_json).await;
            }
            audience::create(home, Asked::new(&name, &conditions, Some(&refresh))?).await?
        }
        Audience::Lookalike { seed, name, size } => {
            let bar = Progress::new(as_json);
            let request = LookalikeRequest::new(&name, &seed, size)?;
            lookalike::make(&shop, &store, request, &|share, message| bar.report(share, message)).await?
        }
        Audience::Refresh { id } => audience::refresh(home, audience::get(&store, &id)?).await?,
        Audience::Rename { id, name } => audience::rename(&store, &id, Some(&name), None)?,
        Audience::Delete { id } => {
            audience::delete(&shop, &store, &id)?;
            if as_json {
                print::json(&json!({"deleted": id}));
            }
            return Ok(());
        }
        Audience::Export { id, channel, output, .. } => {
            let exported = audience::export(&shop, &store, &id, channel.as_deref()).await?;
            match output {
                None => print::line(exported.text.trim_end()),
                Some(path) => std::fs::write(path, exported.text)?,
            }
            if exported.n_held_back > 0 {
                let n = print::count(exported.n_held_back);
                eprintln!("{n} members are left out for something open; tercet audience held-back says why");
            }
            return Ok(());
        }
    };
    if as_json {
        print::json(&serde_json::to_value(&made)?);
        return Ok(());
    }
    print::line(&format!("audience {} '{}': {} customers", made.id, made.name, print::count(made.n_customers)));
    if let Some(report) = &made.lookalike {
        let lift = |lift: Option<f64>| lift.map_or("–".to_owned(), |lift| format!("{lift:.1}"));
        print::line(&format!(
            "by {} from {} seeds; of held-out seeds the best 1 % hold {} times as many as by chance, 5 % {}, 10 % {}",
            report.method,
            print::count(report.n_seeds as u64),
            lift(report.lift_at_1),
            lift(report.lift_at_5),
            lift(report.lift_at_10)
        ));
    }
    print::line(&format!("\n{}", made.sql));
    Ok(())
}

fn conditions_of(text: &str) -> Result<Value> {
    let text = match text.strip_prefix('@') {
        Some(path) => std::fs::read_to_string(path)
            .map_err(|error| ServiceError::usage("conditions", format!("{path}: {error}")))?,
        None => text.to_owned(),
    };
    serde_json::from_str(&text)
        .map_err(|error| ServiceError::usage("conditions", format!("the conditions are no JSON: {error}")))
}

async fn counted(home: audience::Home<'_>, conditions: &Value, as_json: bool) -> Result<()> {
    let found = audience::count(home, &Condition::parse(conditions)?).await?;
    if as_json {
        print::json(&serde_json::to_value(&found)?);
        return Ok(());
    }
    print::line(&format!(
        "{} of {} customers ({:.1} %)",
        print::count(found.n),
        print::count(found.n_all),
        found.share * 100.0
    ));
    for reach in &found.consent {
        print::line(&format!("  {}: {}", reach.channel, print::count(reach.n)));
    }
    if found.n_held_back > 0 {
        print::line(&format!("  left out for something open: {}", print::count(found.n_held_back)));
    }
    print::line(&format!("\n{}", found.sql));
    Ok(())
}

async fn held_back(shop: &Shop, limit: usize, as_json: bool) -> Result<()> {
    let list = audience::gate::Gate::read(shop).await?.list(0, limit);
    if as_json {
        print::json(&serde_json::to_value(&list)?);
        return Ok(());
    }
    let is_zh = shop.config().language == "zh";
    let said = |text: &service::flows::segment::Text| if is_zh { text.zh.clone() } else { text.en.clone() };
    print::line(&format!("As of {}, {} customers are left out of campaigns:\n", list.as_of, print::count(list.total)));
    let row = |one: &audience::gate::HeldCount| vec![one.reason.clone(), said(&one.text), print::count(one.n)];
    print::table(&["reason", "", "customers"], &list.reasons.iter().map(row).collect::<Vec<_>>());
    if !list.products.is_empty() {
        let row = |one: &audience::gate::FaultyProduct| {
            let share = |share: f64| format!("{:.0} %", 100.0 * share);
            vec![
                one.product_id.clone(),
                one.name.clone(),
                print::count(one.n_ratings),
                share(one.share.value),
                share(one.usual),
                format!("{:.5}", one.p_value),
            ]
        };
        print::line("");
        let rows: Vec<Vec<String>> = list.products.iter().map(row).collect();
        print::table(&["product", "", "ratings", "bad", "usual", "by chance"], &rows);
    }
    let row = |one: &audience::gate::HeldCustomer| {
        vec![one.customer_id.clone(), one.reason.clone(), one.since.clone(), one.product_id.clone().unwrap_or_default()]
    };
    print::line("");
    print::table(&["customer", "reason", "since", "product"], &list.items.iter().map(row).collect::<Vec<_>>());
    Ok(())
}

fn list(store: &Store, as_json: bool) -> Result<()> {
    let audiences = store.audiences(1000)?;
    if as_json {
        print::json(&serde_json::to_value(&audiences)?);
        return Ok(());
    }
    let row = |audience: &audience::Audience| {
        vec![
            audience.id.clone(),
            audience.name.clone(),
            audience.kind.clone(),
            print::count(audience.n_customers),
            audience.refresh.clone(),
            service::clock::rfc3339(domain::Millis(audience.refreshed_at)),
        ]
    };
    let header = ["audience", "name", "kind", "customers", "refresh", "refreshed"];
    print::table(&header, &audiences.iter().map(row).collect::<Vec<_>>());
    Ok(())
}
