//! `write`: copy of a product, of a whole category, and the check of any text, on the command line.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use data::Shop;
use serde_json::json;
use service::clock;
use service::copy::{Finding, Report, Risk, Said, Verdict, Words};
use service::flows::content::batch::{BatchAsked, BatchReport, Room};
use service::flows::content::house::KeptHouse;
use service::flows::content::look::{LookAsked, look};
use service::flows::content::{
    AudienceAsked, OfferAsked, Prepared, Stock, TEXT_CHARS_MAX, Voiced, WriteAsked, Written, batch_file, prices,
};
use service::flows::in_service::now;
use service::flows::segment::Published;
use service::store::Store;
use service::{Result, ServiceError};

use crate::args::Write;
use crate::print::{self, Progress};

/// Bytes of a file that is checked.
const FILE_BYTES_MAX: u64 = 4 << 20;

pub async fn run(dir: &Path, asked: Write, as_json: bool) -> Result<()> {
    // What was mistyped is said before a catalogue is read.
    let offer = offer(&asked)?;
    if let Some(text) = &asked.check_only {
        let text = text_of(text)?;
        return check(dir, &asked, text, offer, as_json).await;
    }
    if let Some(path) = &asked.output {
        return batch(dir, &asked, path, offer, as_json).await;
    }
    let (Some(product), Some(channel)) = (&asked.product, &asked.channel) else {
        let message =
            "write needs --product ID and --channel NAME, or --check-only TEXT, or --channel NAME --output FILE.csv";
        return Err(ServiceError::usage("write", message).help("tercet write --help names the channels"));
    };
    let request = request(&asked, product, channel, offer);
    let shop = Shop::open(dir)?;
    let (stock, voiced) = (Stock::of(&shop).await?, voiced(&shop)?);
    let groups = match &asked.segment {
        Some(_) => now::<Published>(&shop).await?,
        None => None,
    };
    let today = clock::today(&shop.config().time_zone);
    let brief = request.brief(shop.config(), &stock, groups.as_ref(), today)?;
    let history = match request.offer {
        Some(_) => prices::history(&shop, product).await?,
        None => Vec::new(),
    };
    let (n, seed) = (request.n_variants()?, asked.seed);
    let written =
        tokio::task::block_in_place(|| Prepared::new(brief, &stock, &history)?.variants(n, seed, &[], &voiced))?;
    if as_json {
        print::json(&serde_json::to_value(&written)?);
    } else {
        print_written(&written, &shop.config().language);
    }
    match written.variants.is_empty() {
        true => Err(nothing_passed(&written)),
        false => Ok(()),
    }
}

fn request(asked: &Write, product: &str, channel: &str, offer: Option<OfferAsked>) -> WriteAsked {
    let audience = asked.segment.clone().map(|key| AudienceAsked { segment: Some(key), ..AudienceAsked::default() });
    WriteAsked {
        product_ids: vec![product.to_owned()],
        channel: channel.to_owned(),
        goal: asked.goal.clone(),
        tone: asked.tone.clone(),
        language: asked.language.clone(),
        length: asked.length.clone(),
        audience,
        owned_product_id: asked.owned.clone(),
        offer,
        n_variants: asked.variants.map(usize::from),
        seed: Some(asked.seed),
        may_compare: Some(!asked.no_comparison),
        writer: None,
    }
}

fn voiced(shop: &Shop) -> Result<Arc<Voiced>> {
    KeptHouse::default().now(&Store::of(shop)?, &shop.config().name)
}

/// The offer, if any part of it is given.
fn offer(asked: &Write) -> Result<Option<OfferAsked>> {
    let offer = OfferAsked {
        price_cents: asked.offer_price.as_deref().map(|text| cents("--offer-price", text)).transpose()?,
        coupon: asked.coupon.clone(),
        coupon_off_cents: asked.coupon_off.as_deref().map(|text| cents("--coupon-off", text)).transpose()?,
        gift: asked.gift.clone(),
        ends_on: asked.offer_ends.clone(),
    };
    if offer == OfferAsked::default() {
        return Ok(None);
    }
    offer.read()?;
    Ok(Some(offer))
}

/// An amount in the shop's currency with at most two decimals.
fn cents(what: &str, text: &str) -> Result<i64> {
    let wrong = || {
        let message = format!("{what} is '{text}'; allowed: an amount such as 5499 or 5499.90");
        ServiceError::usage("offer", message)
    };
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 10 || part.len() > 2 || !is_digits(whole) || !is_digits(part) {
        return Err(wrong());
    }
    let part = format!("{part:0<2}");
    Ok(whole.parse::<i64>().map_err(|_| wrong())? * 100 + part.parse::<i64>().map_err(|_| wrong())?)
}

/// A text, `-` for stdin, or `@FILE`.
fn text_of(asked: &str) -> Result<String> {
    let read = |mut from: Box<dyn Read>, name: &str| -> Result<String> {
        let mut bytes = Vec::new();
        from.by_ref().take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > FILE_BYTES_MAX {
            let message = format!(
                "{name} is longer than {FILE_BYTES_MAX} bytes; at most {TEXT_CHARS_MAX} characters are checked"
            );
            return Err(ServiceError::usage("text", message).help("split it"));
        }
        String::from_utf8(bytes).map_err(|_| ServiceError::usage("text", format!("{name} is not UTF-8")))
    };
    match asked.strip_prefix('@') {
        _ if asked == "-" => read(Box::new(std::io::stdin()), "stdin"),
        Some(path) => {
            let file = std::fs::File::open(path).map_err(|error| {
                ServiceError::usage("text", format!("{path}: {error}")).help("--check-only @FILE reads a file")
            })?;
            read(Box::new(file), path)
        }
        None => Ok(asked.to_owned()),
    }
}

async fn check(dir: &Path, asked: &Write, text: String, offer: Option<OfferAsked>, as_json: bool) -> Result<()> {
    let shop = Shop::open(dir)?;
    let request = LookAsked {
        text,
        language: asked.language.clone(),
        product_id: asked.product.clone(),
        channel: asked.channel.clone(),
        field: asked.field.clone(),
        offer,
    };
    let (stock, history) = match &asked.product {
        Some(id) => (Stock::of(&shop).await?, prices::history(&shop, id).await?),
        None => (Stock::new([], None), Vec::new()),
    };
    let (voiced, today) = (voiced(&shop)?, clock::today(&shop.config().time_zone));
    let looked = look(&request, shop.config(), &stock, &history, &voiced, today)?;
    if as_json {
        print::json(&serde_json::to_value(&looked)?);
    } else {
        print_report(&request.text, &looked.report, &shop.config().language);
        if let Some(limit) = looked.limit {
            print::line(&format!("{} of {} that the field takes", limit.counted, limit.max));
        }
    }
    match looked.report.verdict {
        Verdict::Blocked => Err(ServiceError::conflict("blocked", "the text may not be published as it is")),
        _ => Ok(()),
    }
}

/// A line of the text with what was found in it underlined, and under it what each finding says.
fn print_report(text: &str, report: &Report, language: &str) {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let end = start + line.len();
        let inside: Vec<&Finding> = report
            .findings
            .iter()
            .filter(|one| one.span.as_ref().is_some_and(|span| (start..end).contains(&span.bytes.start)))
            .collect();
        if !inside.is_empty() {
            print::wide(&marked(line, start, &inside));
            inside.iter().for_each(|one| print_finding(one, language));
        }
        start = end;
    }
    report.findings.iter().filter(|one| one.span.is_none()).for_each(|one| print_finding(one, language));
    let count = |risk: Risk| report.findings.iter().filter(|one| one.risk == risk).count();
    let said = match report.verdict {
        Verdict::Ok => "may be published",
        Verdict::NeedsReview => "a person has to look at it",
        Verdict::Blocked => "may not be published as it is",
    };
    print::line(&format!(
        "{said}: {} blocking, {} to look at, {} notes; {} figures and names borne out",
        count(Risk::Block),
        count(Risk::Review),
        count(Risk::Note),
        report.evidence.len()
    ));
}

/// The line with 【】 around what was found.
fn marked(line: &str, start: usize, findings: &[&Finding]) -> String {
    let mut spans: Vec<std::ops::Range<usize>> = findings
        .iter()
        .filter_map(|one| one.span.as_ref())
        .map(|span| span.bytes.start - start..(span.bytes.end - start).min(line.len()))
        .collect();
    spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
    let (mut made, mut at) = (String::new(), 0);
    for span in spans {
        if span.start < at || line.get(span.clone()).is_none() {
            continue;
        }
        made.push_str(&line[at..span.start]);
        made.push('【');
        made.push_str(&line[span.clone()]);
        made.push('】');
        at = span.end;
    }
    made.push_str(&line[at..]);
    made.trim_end_matches(['\n', '\r']).to_owned()
}

fn said<'a>(text: &'a Said, language: &str) -> &'a str {
    if language == "zh" { &text.zh } else { &text.en }
}

fn print_finding(one: &Finding, language: &str) {
    let risk = match one.risk {
        Risk::Block => "block",
        Risk::Review => "look ",
        Risk::Note => "note ",
    };
    let article = one.article.as_ref().map_or(String::new(), |article| format!(" ({})", said(article, language)));
    let mended = one.fix.as_ref().map_or(String::new(), |fix| match fix.with.is_empty() {
        true => ": leave it out".to_owned(),
        false => format!(": {}", fix.with),
    });
    let suggestion = said(&one.suggestion, language);
    print::line(&format!("  {risk} {}{article}", said(&one.message, language)));
    if !suggestion.is_empty() || !mended.is_empty() {
        print::line(&format!("        → {suggestion}{mended}"));
    }
}

fn nothing_passed(written: &Written) -> ServiceError {
    let why = written.rejected_for.first().map_or(String::new(), |one| format!("; first: {}", one.message.en));
    ServiceError::conflict(
        "blocked",
        format!("{} drafts were written and none passed the checks{why}", written.rejected),
    )
    .help("mend what the product's fields say, or ask for another channel or goal")
}

fn print_written(written: &Written, language: &str) {
    print::line(&format!("{}  ({})", written.plan.name, written.plan.product_id));
    let points = written.plan.points.iter().take(6).filter_map(|point| Some(point.says.first()?.text.clone()));
    let points: Vec<String> = points.collect();
    if !points.is_empty() {
        print::line(&format!("says: {}", points.join(" · ")));
    }
    for omitted in written.plan.omitted.iter().take(5) {
        print::line(&format!("left out: {} '{}', {}", omitted.field, omitted.value, omitted.why));
    }
    for (nth, variant) in written.variants.iter().enumerate() {
        let verdict = variant.verdict.replace('_', " ");
        print::line(&format!("\n{}. {} ({verdict})", nth + 1, variant.angle));
        for field in &variant.draft.fields {
            // HTML as it is read; --json has it as it is.
            let text = Words::of_field(field);
            let indented = text.trim().replace('\n', "\n                ");
            print::wide(&format!("   {:<12} {indented}", field.name));
        }
        for report in variant.report.values() {
            report.findings.iter().filter(|one| one.risk > Risk::Note).for_each(|one| print_finding(one, language));
        }
    }
    if written.rejected > 0 {
        print::line(&format!("\n{} drafts were thrown away because a check blocked them", written.rejected));
    }
}

async fn batch(dir: &Path, asked: &Write, path: &Path, offer: Option<OfferAsked>, as_json: bool) -> Result<()> {
    if offer.is_some() || asked.owned.is_some() || asked.segment.is_some() {
        let message = "--output writes about many products and takes no offer, --owned or --segment";
        return Err(ServiceError::usage("output", message).help("write about one product: --product ID"));
    }
    if !matches!(print::ending_of(path)?, print::Ending::Csv) {
        let message = format!("the output is '{}'; allowed: a name that ends in .csv", path.display());
        return Err(ServiceError::usage("output", message));
    }
    let request = BatchAsked {
        category: asked.category.clone(),
        channel: asked.channel.clone().unwrap_or_default(),
        goal: asked.goal.clone(),
        tone: asked.tone.clone(),
        language: asked.language.clone(),
        length: asked.length.clone(),
        n_variants: asked.variants.map(usize::from),
        seed: Some(asked.seed),
    };
    let shop = Shop::open(dir)?;
    let today = clock::today(&shop.config().time_zone);
    request.checked(shop.config(), today)?;
    let (stock, voiced) = (Stock::of(&shop).await?, voiced(&shop)?);
    static STOPPED: AtomicBool = AtomicBool::new(false);
    tokio::spawn(async {
        if tokio::signal::ctrl_c().await.is_ok() {
            STOPPED.store(true, SeqCst);
        }
    });
    let bar = Progress::new(as_json);
    let on = |share: f64, message: &str| bar.report(share, message) && !STOPPED.load(SeqCst);
    let room = Room { config: shop.config(), stock: &stock, voiced: &voiced, today };
    let made = tokio::task::block_in_place(|| batch_file::write(path, &request, &room, &on));
    drop(bar);
    let report = made.map_err(|error| match error.code {
        "cancelled" => error.help("go on: the same command"),
        _ => error,
    })?;
    if as_json {
        print::json(&json!({"file": path, "report": report}));
    } else {
        print_batch(path, &report);
    }
    Ok(())
}

fn print_batch(path: &Path, report: &BatchReport) {
    let count = |n: usize| print::count(n as u64);
    print::line(&format!(
        "{} copies of {} products in {}",
        count(report.n_copies),
        count(report.n_products - report.n_done_before - report.n_without),
        path.display()
    ));
    if report.n_done_before > 0 {
        print::line(&format!("{} products stood in it already", count(report.n_done_before)));
    }
    if report.n_without > 0 {
        print::line(&format!("{} products have none: no name, or nothing passed the checks", count(report.n_without)));
    }
    if report.n_rejected > 0 {
        print::line(&format!("{} drafts were thrown away because a check blocked them", count(report.n_rejected)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_to_the_cent() {
        for (text, expected) in
            [("5499", 549_900), ("5499.9", 549_990), ("0.05", 5), ("9999999999.99", 999_999_999_999)]
        {
            assert_eq!(cents("x", text).unwrap(), expected, "{text}");
        }
        for text in ["", ".5", "-5", "1,000", "5.999", "1e3", "99999999999"] {
            assert!(cents("x", text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_was_found_is_marked_in_its_line() {
        let place = |bytes: std::ops::Range<usize>| service::copy::Span { chars: 0..0, bytes };
        let finding = |bytes| Finding {
            check: service::copy::Check::Law,
            category: "absolute".into(),
            risk: Risk::Block,
            span: Some(place(bytes)),
            matched: String::new(),
            article: None,
            message: Said::default(),
            suggestion: Said::default(),
            fix: None,
        };
        let (a, b, c) = (finding(6..12), finding(9..12), finding(15..18));
        assert_eq!(marked("全网最佳手机\n", 0, &[&a, &b, &c]), "全网【最佳】手【机】");
        assert_eq!(marked("ab", 10, &[&finding(11..40)]), "a【b】");
    }
}
