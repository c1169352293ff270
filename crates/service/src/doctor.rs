//! `tercet doctor`: what `data` finds about the folder, and what it cannot know: whether the rules of `tercet.toml` and
//! `service.toml` can be followed, whether documents give other days, whether language models can be asked and channels have
//! their secrets, whether what was learned of the shop's words can be read, and what was never delivered. Mending is `data`'s;
//! a rule is the merchandiser's to mend.

use std::collections::BTreeSet;
use std::path::Path;

use data::doctor::Finding;
use domain::Day;
use recommend::rank::Rule;

use crate::alerts;
use crate::channels::Channels;
use crate::channels::config::{Secrets, from_environment};
use crate::clock;
use crate::decisions::Rules;
use crate::error::{Result, clipped};
use crate::flows::content::config::ContentConfig;
use crate::flows::{language, policy};
use crate::outside;
use crate::report::files::ReportConfig;
use crate::report::post::Recipient;
use crate::schedule::Entry;
use crate::writer::{EndpointConfig, WriterConfig};

/// What waits longer than this is told.
const WAITING_MS_MAX: i64 = 3_600_000;

/// Looks over the folder `dir`; with `mend`, puts right what is safe.
pub fn examine(dir: &Path, mend: bool) -> Result<Vec<Finding>> {
    let mut findings = data::doctor::examine(dir, mend)?;
    // A file that `data` cannot read has been named already.
    let Ok(shop) = data::Shop::open(dir) else { return Ok(findings) };
    match policy::read(dir) {
        Ok(policy) => findings.extend(
            contradictions(&policy.rules)
                .into_iter()
                .map(|found| finding("warn", found, "Take one of the two out, or give them other days or regions")),
        ),
        Err(error) => {
            let help = "Correct what the message names; a running server keeps the rules it had until then";
            findings.push(finding("error", error.message, help));
        }
    }
    match WriterConfig::of(&shop) {
        Ok(config) => {
            config.iter().flat_map(|config| &config.endpoints).for_each(|one| examine_writer(one, &mut findings))
        }
        Err(error) => {
            findings.push(finding(
                "error",
                error.message,
                "Correct what the message names; the server does not start until then",
            ));
        }
    }
    let sections = [ContentConfig::of(shop.config()).map(drop), Entry::all(shop.config()).map(drop)];
    for error in sections.into_iter().filter_map(Result::err) {
        let help = "Correct what the message names; the server does not start until then";
        findings.push(finding("error", error.message, help));
    }
    match Rules::of(shop.config()) {
        Ok(rules) => examine_ways(&shop, &rules, &mut findings),
        Err(error) => {
            let help = "Correct what the message names; no decisions are made until then";
            findings.push(finding("error", error.message, help));
        }
    }
    examine_recipients(&shop, &from_environment, &mut findings);
    let reports = [alerts::Rules::of(shop.config()).map(drop), ReportConfig::of(shop.config()).map(drop)];
    for error in reports.into_iter().filter_map(Result::err) {
        let help = "Correct what the message names; no report is made until then";
        findings.push(finding("error", error.message, help));
    }
    examine_service_rules(&shop, dir, &mut findings);
    if let Err(error) = language::check(&shop) {
        let help = "Learn again: tercet train language; or put the file back from a backup";
        findings.push(Finding { path: "models/language".to_owned(), ..finding("error", error.message, help) });
    }
    findings.extend(channels(&shop, &from_environment));
    findings.extend(outbox(&shop, clock::now().0)?);
    Ok(findings)
}

/// Rules of lists of which each undoes the other, for the same customers on the same days.
fn contradictions(rules: &[Rule]) -> Vec<String> {
    let mut all = Vec::new();
    for (at, one) in rules.iter().enumerate() {
        for other in rules[at + 1..].iter().filter(|other| meet(one, other)) {
            let Some(both) = contradict(one, other) else { continue };
            let (a, b) = (one.action.name(), other.action.name());
            all.push(format!(
                "rules '{}' ({a}) and '{}' ({b}) contradict each other: both are about {both}",
                one.name, other.name
            ));
        }
    }
    all
}

/// Whether there is a customer and a day for whom both hold.
fn meet(one: &Rule, other: &Rule) -> bool {
    let regions =
        one.regions.is_empty() || other.regions.is_empty() || one.regions.iter().any(|of| other.regions.contains(of));
    let before = |until: Option<Day>, from: Option<Day>| until.zip(from).is_some_and(|(until, from)| until < from);
    regions && !before(one.until, other.from) && !before(other.until, one.from)
}

/// What two rules want the opposite of.
fn contradict(one: &Rule, other: &Rule) -> Option<String> {
    use recommend::rank::Action::{Boost, Bury, Cap, Exclude, Pin};
    let shared = |what: &str, a: &[String], b: &[String]| {
        a.iter().find(|name| b.contains(name)).map(|name| format!("{what} '{}'", clipped(name)))
    };
    let product = || shared("product", &one.products, &other.products);
    match (one.action, other.action) {
        (Pin, Exclude | Bury) | (Exclude | Bury, Pin) => product(),
        (Boost, Bury | Exclude) | (Bury | Exclude, Boost) => product()
            .or_else(|| shared("brand", &one.brands, &other.brands))
            .or_else(|| shared("category", &one.categories, &other.categories)),
        (Cap, Cap) => {
            let alike = (&one.products, &one.brands, &one.categories, one.by, one.depth)
                == (&other.products, &other.brands, &other.categories, other.by, other.depth)
                && (one.price_min_cents, one.price_max_cents) == (other.price_min_cents, other.price_max_cents);
            let (a, b) = (one.max?, other.max?);
            (alike && a != b).then(|| format!("the same, of which one allows {a} and the other {b}"))
        }
        _ => None,
    }
}

/// Ways of [decisions] that no customer agreed to and no channel carries: a slip of the pen holds nothing back.
fn examine_ways(shop: &data::Shop, rules: &Rules, findings: &mut Vec<Finding>) {
    let cards = Channels::new(shop, &from_environment).map(|channels| channels.cards()).unwrap_or_default();
    let carried: BTreeSet<String> = cards.into_iter().flat_map(|card| card.ways).collect();
    let limits = rules.channel_max.keys().map(|way| ("channel_max", way));
    let costs = rules.contact_costs.keys().map(|way| ("contact_costs", way));
    let mut odd: Vec<(&str, &String)> = limits.chain(costs).filter(|(_, way)| !carried.contains(*way)).collect();
    if odd.is_empty() {
        return;
    }
    // Tables that cannot be read have been named already.
    let customers = shop.tables().load::<domain::Customer>().unwrap_or_default();
    let agreed: BTreeSet<&String> = customers.iter().flat_map(|customer| &customer.consent).collect();
    odd.retain(|(_, way)| !agreed.contains(way));
    if customers.is_empty() {
        return;
    }
    for (section, way) in odd {
        let known: Vec<&str> = agreed.iter().map(|way| way.as_str()).collect();
        let found = format!(
            "[decisions] {section} names '{}', a way that no customer agreed to and no channel carries; customers agreed to: {}",
            clipped(way),
            known.join(", ")
        );
        findings.push(finding("warn", found, "Write it as customers.consent does; until then it holds nothing back"));
    }
}

/// Whom scheduled reports and alerts are to go to, and nothing leads to.
fn examine_recipients(shop: &data::Shop, secrets: Secrets<'_>, findings: &mut Vec<Finding>) {
    // What is wrong with entries or channels is named by itself.
    let (Ok(entries), Ok(channels)) = (Entry::all(shop.config()), Channels::new(shop, secrets)) else { return };
    for entry in entries.iter().filter(|entry| entry.job == "report") {
        let named = entry.params["to"].as_array().into_iter().flatten().filter_map(serde_json::Value::as_str);
        for name in named {
            if let Err(error) = Recipient::named(&channels, name) {
                let found = format!("[[schedule]] '{}': {}", clipped(&entry.name), error.message);
                findings.push(finding(
                    "error",
                    found,
                    "Name a channel of tercet.toml that carries reports; until then this one reaches nobody",
                ));
            }
        }
    }
}

/// Channels that cannot be made ready as they are described.
fn channels(shop: &data::Shop, secrets: Secrets<'_>) -> Vec<Finding> {
    let wrong = |found: String| Finding {
        level: "error",
        path: "tercet.toml".to_owned(),
        found,
        help: "Correct what the message names; secrets stand in environment variables of whoever runs `tercet serve`",
        mended: false,
    };
    match Channels::each(shop, secrets) {
        Ok(all) => all.into_iter().filter_map(|(_, made)| made.err()).map(|error| wrong(error.message)).collect(),
        Err(error) => vec![wrong(error.message)],
    }
}

/// Replies and news that were given up, or wait for long.
fn outbox(shop: &data::Shop, now: i64) -> Result<Vec<Finding>> {
    let state = match shop.state() {
        Ok(state) => state,
        // Named already.
        Err(_) => return Ok(Vec::new()),
    };
    let warning = |found: String, help: &'static str| Finding {
        level: "warn",
        path: "state.db".to_owned(),
        found,
        help,
        mended: false,
    };
    let mut findings = Vec::new();
    for one in state.outbox_counts(now)? {
        if one.n_failed > 0 {
            let found = format!("{} deliveries by '{}' were given up", one.n_failed, one.channel);
            let help = "GET /v1/desk/outbox says why; POST /v1/desk/outbox/ID/retry tries again";
            findings.push(warning(found, help));
        }
        if one.oldest_at.is_some_and(|at| now - at > WAITING_MS_MAX) {
            let found = format!("{} deliveries by '{}' wait, the first for over an hour", one.n_waiting, one.channel);
            findings.push(warning(
                found,
                "Is the server running, and does the other side answer? Its log says what it meets",
            ));
        }
    }
    Ok(findings)
}

fn finding(level: &'static str, found: String, help: &'static str) -> Finding {
    Finding { level, path: "tercet.toml".to_owned(), found, help, mended: false }
}

/// What a language model's endpoint would lack. It is not asked: that may cost money.
fn examine_writer(endpoint: &EndpointConfig, findings: &mut Vec<Finding>) {
    let about = |said: &str| format!("[writer] endpoint '{}': {said}", endpoint.name);
    if let Err(said) = outside::key(endpoint.key_env.as_deref()) {
        let help = "Set it where the server is started; until then the endpoint is not asked";
        findings.push(finding("warn", about(&said), help));
    }
    if outside::is_in_the_clear(&endpoint.url) {
        let said = about("what customers ask crosses the network in the clear");
        findings.push(finding("warn", said, "Use an address that begins with https://, or one on this machine"));
    }
}

/// Whether `service.toml` can be followed, and gives the days that the shop's documents give.
fn examine_service_rules(shop: &data::Shop, dir: &Path, findings: &mut Vec<Finding>) {
    let mut add = |level, found, help| {
        findings.push(Finding { level, path: "service.toml".to_owned(), found, help, mended: false });
    };
    let rules = match crate::flows::assist::policies(dir) {
        Ok(policies) => policies.returns,
        Err(error) => {
            add(
                "error",
                error.message,
                "Correct what the message names; a running server keeps the rules it had until then",
            );
            return;
        }
    };
    // Tables that cannot be read have been named already.
    let documents = shop.tables().load::<domain::KnowledgeDocument>().unwrap_or_default();
    for document in &documents {
        for one in assist::policy::written::differences(&rules, &document.title, &document.text) {
            let days: Vec<String> = one.written_days.iter().map(u32::to_string).collect();
            let (id, key, set, written) = (&document.document_id, one.key, one.set_days, days.join(", "));
            let found = format!("{key} is {set} days, and the document '{id}' says {written}");
            add("warn", found, "Make both say the same; until then customers are told what the document says");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_that_cannot_be_followed_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("shop");
        drop(data::Shop::create(&dir).unwrap());
        let config = dir.join("tercet.toml");
        let template = std::fs::read_to_string(&config).unwrap();
        for (addition, said) in [
            ("", None),
            ("[[recommend.rules]]\nname = \"a\"\naction = \"bogus\"\n", Some("unknown variant `bogus`")),
            ("[recommend.terms.margins]\nweight = 1\n", Some("no term 'margins'")),
            ("[writer]\ntimeout = 1\n", Some("unknown field `timeout`")),
            ("[[not toml", Some("tercet.toml")),
            ("[channels.app]\nkind = \"fax\"\n", Some("channels.app: unknown variant `fax`")),
            (
                "[channels.app]\nkind = \"webhook\"\nsecret_env = \"TERCET_NO_SUCH\"\n",
                Some("TERCET_NO_SUCH, which is to hold"),
            ),
            (
                "[[schedule]]\njob = \"report\"\nat = \"mon 07:00\"\n[schedule.params]\nto = [\"nobody\"]\n",
                Some("'report': to has 'nobody'; there is no such channel"),
            ),
            (
                "[service.webhook]\nurl = \"http://h/\"\nsecret_env = \"TERCET_NO_SUCH\"\n",
                Some("service.webhook: the environment"),
            ),
        ] {
            std::fs::write(&config, format!("{template}\n{addition}")).unwrap();
            let errors: Vec<String> = examine(&dir, false)
                .unwrap()
                .into_iter()
                .filter(|one| one.level == "error")
                .map(|one| one.found)
                .collect();
            match said {
                None => assert!(errors.is_empty(), "{errors:?}"),
                Some(said) => assert!(errors.len() == 1 && errors[0].contains(said), "{said}: {errors:?}"),
            }
        }
    }

    /// Two rules that undo each other are both named, with what they are about; those of other days or regions do not meet.
    #[test]
    fn rules_that_contradict_each_other_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("shop");
        drop(data::Shop::create(&dir).unwrap());
        let config = dir.join("tercet.toml");
        let template = std::fs::read_to_string(&config).unwrap();
        let rule = |name: &str, rest: &str| format!("[[recommend.rules]]\nname = \"{name}\"\n{rest}\n");
        let pin = "action = \"pin\"\nproducts = [\"p1\"]\nposition = 1";
        let exclude = "action = \"exclude\"\nproducts = [\"p2\", \"p1\"]";
        let boost = "action = \"boost\"\nbrands = [\"Acme\"]\nstrength = 0.5";
        let bury = "action = \"bury\"\nbrands = [\"Acme\"]\nstrength = 0.5";
        let cap = "action = \"cap\"\nby = \"brand\"\nmax = ";
        for (a, b, said) in [
            (
                pin.to_owned(),
                exclude.to_owned(),
                Some("rules 'a' (pin) and 'b' (exclude) contradict each other: both are about product 'p1'"),
            ),
            (boost.to_owned(), bury.to_owned(), Some("brand 'Acme'")),
            (format!("{cap}3"), format!("{cap}2"), Some("one allows 3 and the other 2")),
            (format!("{cap}3"), format!("{cap}3"), None),
            (format!("{pin}\nuntil = 2026-06-01"), format!("{exclude}\nfrom = 2026-06-02"), None),
            (format!("{boost}\nregions = [\"North\"]"), format!("{bury}\nregions = [\"South\"]"), None),
            (format!("{boost}\nregions = [\"North\"]"), bury.to_owned(), Some("brand 'Acme'")),
        ] {
            std::fs::write(&config, format!("{template}\n{}{}", rule("a", &a), rule("b", &b))).unwrap();
            let found: Vec<String> = examine(&dir, false).unwrap().into_iter().map(|one| one.found).collect();
            match said {
                None => assert!(found.is_empty(), "{found:?}"),
                Some(said) => assert!(found.len() == 1 && found[0].contains(said), "{said}: {found:?}"),
            }
        }
    }

    #[test]
    fn ways_that_nobody_agreed_to_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("shop");
        let shop = data::Shop::create(&dir).unwrap();
        let customer = domain::Customer {
            customer_id: "c".to_owned(),
            consent: vec!["email".to_owned()],
            ..domain::Customer::default()
        };
        shop.lock_for_writing().unwrap();
        shop.tables().replace_where("customer_id", "c", vec![customer], "test").unwrap();
        drop(shop);
        let config = dir.join("tercet.toml");
        let template = std::fs::read_to_string(&config).unwrap();
        std::fs::write(&config, format!("{template}\n[decisions.channel_max]\nemail = 5\nemial = 5\n")).unwrap();
        let found: Vec<String> = examine(&dir, false).unwrap().into_iter().map(|one| one.found).collect();
        assert!(found.len() == 1 && found[0].contains("channel_max names 'emial'"), "{found:?}");
        assert!(found[0].ends_with("customers agreed to: email"), "{found:?}");
    }

    #[test]
    fn writers_that_cannot_be_asked_or_tell_the_network_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("shop");
        drop(data::Shop::create(&dir).unwrap());
        let config = dir.join("tercet.toml");
        let template = std::fs::read_to_string(&config).unwrap();
        let endpoint = "[[writer.endpoints]]\nname = \"far\"\nurl = \"http://models.example/v1\"\nmodel = \"m\"\n";
        std::fs::write(&config, format!("{template}\n{endpoint}key_env = \"TERCET_NO_SUCH_VARIABLE\"\n")).unwrap();
        let found: Vec<String> = examine(&dir, false).unwrap().into_iter().map(|one| one.found).collect();
        assert!(
            found.iter().any(|found| found.contains("'far': the environment variable TERCET_NO_SUCH_VARIABLE")),
            "{found:?}"
        );
        assert!(found.iter().any(|found| found.contains("in the clear")), "{found:?}");
    }

    #[test]
    fn what_was_not_delivered_is_told() {
        use data::state::outbox::{Outgoing, Tried};
        let folder = tempfile::tempdir().unwrap();
        let shop = data::Shop::create(folder.path().join("shop")).unwrap();
        let state = shop.state().unwrap();
        let one = |key: &str, at| Outgoing {
            key: key.into(),
            channel: "wechat".into(),
            lane: key.into(),
            at,
            ..Outgoing::default()
        };
        state.queue_outgoing(vec![one("a", 0), one("b", 5_000_000)]).unwrap();
        let found = |now| outbox(&shop, now).unwrap().into_iter().map(|one| one.found).collect::<Vec<_>>();
        assert!(found(1_000).is_empty());
        assert_eq!(found(5_000_000), ["2 deliveries by 'wechat' wait, the first for over an hour"]);
        let due = state.due_outgoing("wechat", 5_000_000, 9).unwrap();
        state.note_tried(due[0].number, 9, Tried::Failed { said: "it answers 400".into() }).unwrap();
        assert_eq!(found(5_000_001), ["1 deliveries by 'wechat' were given up"]);
    }

    #[test]
    fn rules_of_service_that_cannot_be_followed_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("shop");
        drop(data::Shop::create(&dir).unwrap());
        for (text, n_errors) in [("", 0), ("[returns]\nwarranty_days = 365\n", 0), ("[returns]\nwarranty = 1\n", 1)] {
            std::fs::write(dir.join("service.toml"), text).unwrap();
            let found = examine(&dir, false).unwrap();
            let errors = found.iter().filter(|one| one.path == "service.toml" && one.level == "error");
            assert_eq!(errors.count(), n_errors, "{text}: {found:?}");
        }
    }
}
