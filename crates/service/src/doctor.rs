//! `tercet doctor`: what `data` finds about the folder, and what it cannot know: whether the rules of `tercet.toml` can be
//! followed. Mending is `data`'s; a rule is the merchandiser's to mend.

use std::path::Path;

use data::doctor::Finding;

use crate::error::Result;
use crate::flows::policy;

/// Looks over the folder `dir`; with `mend`, puts right what is safe.
pub fn examine(dir: &Path, mend: bool) -> Result<Vec<Finding>> {
    let mut findings = data::doctor::examine(dir, mend)?;
    // A file that `data` cannot read has been named already.
    if data::Shop::open(dir).is_ok()
        && let Err(error) = policy::read(dir)
    {
        findings.push(Finding {
            level: "error",
            path: "tercet.toml".to_owned(),
            found: error.message,
            help: "Correct what the message names; a running server keeps the rules it had until then",
            mended: false,
        });
    }
    Ok(findings)
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
}
