//! `tercet doctor`: what `data` finds about the folder, and what it cannot know: whether the rules of `tercet.toml` and
//! `service.toml` can be followed, whether documents give other days, whether language models can be asked and channels have
//! their secrets, whether what was learned of the shop's words can be read, and what was never delivered. Mending is `data`'s;
//! a rule is the merchandiser's to mend.

use std::path::Path;

use data::doctor::Finding;

use crate::alerts;
use crate::channels::Channels;
use crate::channels::config::{Secrets, from_environment};
use crate::clock;
use crate::decisions::Rules;
use crate::error::Result;
use crate::flows::content::config::ContentConfig;
use crate::flows::{language, policy};
use crate::outside;
use crate::report::files::ReportConfig;
use crate::schedule::Entry;
use crate::writer::{EndpointConfig, WriterConfig};

/// What waits longer than this is told.
const WAITING_MS_MAX: i64 = 3_600_000;

/// Looks over the folder `dir`; with `mend`, puts right what is safe.
pub fn examine(dir: &Path, mend: bool) -> Result<Vec<Finding>> {
    let mut findings = data::doctor::examine(dir, mend)?;
    // A file that `data` cannot read has been named already.
    let Ok(shop) = data::Shop::open(dir) else { return Ok(findings) };
    if let Err(error) = policy::read(dir) {
        let help = "Correct what the message names; a running server keeps the rules it had until then";
        findings.push(finding("error", error.message, help));
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
    if let Err(error) = Rules::of(shop.config()) {
        let help = "Correct what the message names; no decisions are made until then";
        findings.push(finding("error", error.message, help));
    }
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
