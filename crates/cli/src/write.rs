//! `write`: copy of a product, of a whole category, and the check of any text, on the command line.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use data::Shop;
use serde_json::json;
use service::clock;
use service::copy::{Draft, Finding, Report, Risk, Said, Verdict, Words, poster};
use service::flows::content::alone::Alone;
use service::flows::content::asked::signature;
use service::flows::content::batch::{BatchAsked, BatchOffer, BatchReport};
use service::flows::content::drafts::By;
use service::flows::content::house::KeptHouse;
use service::flows::content::learned::{self, WriterRequest};
use service::flows::content::look::{LookAsked, look};
use service::flows::content::translate::Translated;
use service::flows::content::{
    AudienceAsked, OfferAsked, Purpose, Stock, TEXT_CHARS_MAX, Voiced, WriteAsked, Written, prices,
};
use service::store::Store;
use service::{Result, ServiceError};

use crate::args::{Train, Write};
use crate::print::{self, Progress};

/// By which name what is done here stands in the history of drafts.
pub const COMMAND_LINE: &str = "tercet";

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
    if let (Some(id), Some(to)) = (&asked.draft, &asked.translate) {
        return translate_draft(dir, id, to, as_json).await;
    }
    if asked.percent_off.is_some() {
        return Err(ServiceError::usage(
            "offer",
            "--percent-off is of many products; allowed here: --offer-price AMOUNT",
        ));
    }
    let (Some(product), Some(channel)) = (&asked.product, &asked.channel) else {
        let message =
            "write needs --product ID and --channel NAME, or --check-only TEXT, or --channel NAME --output FILE.csv";
        return Err(ServiceError::usage("write", message).help("tercet write --help names the channels"));
    };
    if asked.posters.is_some() && channel != "poster" {
        return Err(ServiceError::usage("posters", format!("--posters with the channel '{channel}'; allowed: poster")));
    }
    let request = request(&asked, product, channel, offer);
    let shop = Alone::open(Shop::open(dir)?).await?;
    let prepared = shop.prepared(&request, &Purpose::Written).await?;
    let written = shop.write(&request, &prepared).await?;
    let translated = match &asked.translate {
        Some(to) => shop.translated(&request, &written, to).await?,
        None => Vec::new(),
    };
    let files = match &asked.posters {
        Some(folder) => posters(&written, folder, product, shop.shop.config())?,
        None => Vec::new(),
    };
    if as_json {
        let mut all = serde_json::to_value(&written)?;
        if asked.translate.is_some() {
            all["translations"] = serde_json::to_value(&translated)?;
        }
        if asked.posters.is_some() {
            all["files"] = serde_json::to_value(&files)?;
        }
        print::json(&all);
    } else {
        let language = &shop.shop.config().language;
        print_written(&written, language);
        translated.iter().enumerate().for_each(|(nth, one)| print_translated(nth + 1, one, language));
        files.iter().for_each(|path| print::line(&path.display().to_string()));
    }
    match written.variants.is_empty() {
        true => Err(nothing_passed(&written)),
        false => Ok(()),
    }
}

/// Every variant as a file in each format.
fn posters(written: &Written, folder: &Path, product: &str, config: &data::ShopConfig) -> Result<Vec<PathBuf>> {
    std::fs::create_dir_all(folder)?;
    let plain = |one: char| if one.is_alphanumeric() || matches!(one, '-' | '_' | '.') { one } else { '_' };
    let stem: String = product.chars().map(plain).collect();
    let mut files = Vec::new();
    for (nth, variant) in written.variants.iter().enumerate() {
        let words = poster::Words::of(&variant.draft, &signature(config));
        for format in poster::Format::ALL {
            let path = folder.join(format!("{stem}-{}-{}.svg", nth + 1, format.name()));
            std::fs::write(&path, poster::render(&words, format, nth % poster::PALETTES.len()).svg)?;
            files.push(path);
        }
    }
    Ok(files)
}

async fn translate_draft(dir: &Path, id: &str, to: &str, as_json: bool) -> Result<()> {
    let shop = Alone::open(Shop::open(dir)?).await?;
    let by = By::new(clock::now().0, Some(COMMAND_LINE.to_owned()), None)?;
    let (kept, made) = shop.translated_draft(id, to, &by).await?;
    if as_json {
        let (lost, untranslated) = (&made.lost, &made.untranslated);
        print::json(&json!({"draft": kept, "lost": lost, "untranslated": untranslated}));
    } else {
        print::line(&format!("kept as the draft {}", kept.row.draft_id));
        print_translated(1, &made, &shop.shop.config().language);
    }
    Ok(())
}

fn print_translated(nth: usize, made: &Translated, language: &str) {
    let verdict = made.verdict.replace('_', " ");
    print::line(&format!("\n{nth}. in {} ({verdict})", made.brief.language.as_deref().unwrap_or_default()));
    print_fields(&made.draft);
    for report in made.report.values() {
        report.findings.iter().filter(|one| one.risk > Risk::Note).for_each(|one| print_finding(one, language));
    }
    if !made.lost.is_empty() {
        print::line(&format!("   {} of {} claims are not said", made.lost.len(), made.lost.len() + made.kept.len()));
    }
    if !made.untranslated.is_empty() {
        let names = made.untranslated.join(", ");
        print::line(&format!("   the shop's list has nothing for: {names}"));
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
        writer: asked.writer.clone(),
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
        let merits = variant.judgement.merits.iter().map(|merit| format!("{} {:.2}", merit.name, merit.value));
        print::line(&format!("\n{}. {} ({verdict}), {}", nth + 1, variant.angle, variant.draft.writer));
        print_fields(&variant.draft);
        if let Some(expected) = &variant.expected {
            let percent = |share: f64| print::number(100.0 * share, 1);
            let (rate, low, high) = (percent(expected.rate), percent(expected.low), percent(expected.high));
            print::line(&format!(
                "   {rate} % may respond [{low}, {high}], from {} shown of this angle and {} of the channel",
                print::count(expected.n_shown),
                print::count(expected.n_shown_of_channel)
            ));
        }
        let total = variant.judgement.total;
        print::line(&format!("   judged {total:.2}: {}", merits.collect::<Vec<_>>().join(", ")));
        for report in variant.report.values() {
            report.findings.iter().filter(|one| one.risk > Risk::Note).for_each(|one| print_finding(one, language));
        }
    }
    if written.rejected > 0 {
        print::line(&format!("\n{} drafts were thrown away because a check stopped them", written.rejected));
    }
    for (name, why) in written.writers.iter().filter_map(|(name, tally)| Some((name, tally.unavailable.as_ref()?))) {
        print::line(&format!("{name} did not write: {why}"));
    }
}

fn print_fields(draft: &Draft) {
    for field in &draft.fields {
        // HTML as it is read; --json has it as it is.
        let text = Words::of_field(field);
        let indented = text.trim().replace('\n', "\n                ");
        print::wide(&format!("   {:<12} {indented}", field.name));
    }
}

async fn batch(dir: &Path, asked: &Write, path: &Path, offer: Option<OfferAsked>, as_json: bool) -> Result<()> {
    if asked.owned.is_some() || asked.translate.is_some() || asked.offer_price.is_some() {
        let message = "--output writes about many products and takes no --owned, --translate or --offer-price";
        return Err(ServiceError::usage("output", message).help("--percent-off takes something off each price"));
    }
    if !matches!(print::ending_of(path)?, print::Ending::Csv) {
        let message = format!("the output is '{}'; allowed: a name that ends in .csv", path.display());
        return Err(ServiceError::usage("output", message));
    }
    let offer = offer.unwrap_or_default();
    let offer = BatchOffer {
        percent_off: asked.percent_off,
        coupon: offer.coupon,
        coupon_off_cents: offer.coupon_off_cents,
        gift: offer.gift,
        ends_on: offer.ends_on,
    };
    let request = BatchAsked {
        category: asked.category.clone(),
        channel: asked.channel.clone().unwrap_or_default(),
        goal: asked.goal.clone(),
        tone: asked.tone.clone(),
        language: asked.language.clone(),
        length: asked.length.clone(),
        n_variants: asked.variants.map(usize::from),
        seed: Some(asked.seed),
        segment: asked.segment.clone(),
        offer: (offer != BatchOffer::default()).then_some(offer),
        writer: asked.writer.clone(),
    };
    let shop = Alone::open(Shop::open(dir)?).await?;
    static STOPPED: AtomicBool = AtomicBool::new(false);
    tokio::spawn(async {
        if tokio::signal::ctrl_c().await.is_ok() {
            STOPPED.store(true, SeqCst);
        }
    });
    let bar = Progress::new(as_json);
    let on = |share: f64, message: &str| bar.report(share, message) && !STOPPED.load(SeqCst);
    let made = shop.batch(path, &request, &on).await;
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

/// Learns to word copies of one language.
pub async fn train(dir: &Path, asked: Train, as_json: bool) -> Result<()> {
    if asked.algorithm.is_some() {
        return Err(ServiceError::usage("algorithm", "train writer takes no --algorithm; --set changes its settings"));
    }
    let shop = Shop::open(dir)?;
    let request = WriterRequest {
        language: asked.language,
        set: asked.set,
        n_plans: None,
        seed: asked.seed,
        n_threads: usize::from(asked.threads),
    };
    let bar = Progress::new(as_json);
    let info = learned::train(&shop, &request, &|share, message| bar.report(share, message)).await?;
    drop(bar);
    if as_json {
        print::json(&serde_json::to_value(&info)?);
        return Ok(());
    }
    for (language, one) in &info.languages {
        let nats = one.nats.map_or(String::new(), |nats| format!(", {nats:.3} nats a unit on sentences held back"));
        print::line(&format!(
            "{language}: {} sentences about {} products, {} of them from {} approved texts; {} rounds in {:.0} s{nats}",
            print::count(one.n_pairs as u64),
            print::count(one.n_products as u64),
            print::count(one.n_sentences_of_texts as u64),
            print::count(one.n_texts as u64),
            one.epochs,
            one.seconds
        ));
    }
    print::line(&format!("version {} in service", info.version));
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
