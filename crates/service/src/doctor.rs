//! `tercet doctor`: what `data` finds about the folder, and what it cannot know: whether the rules of `tercet.toml` can be
//! followed, and its language models asked. Mending is `data`'s; a rule is the merchandiser's to mend.

use std::path::Path;

use data::doctor::Finding;

use crate::error::Result;
use crate::flows::policy;
use crate::outside;
use crate::writer::{EndpointConfig, WriterConfig};

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
}
