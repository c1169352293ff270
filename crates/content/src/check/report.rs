//! All checks of one text in one report: findings by weight, a verdict, the evidence to underline, and the fixes that one
//! click makes. It adds nothing of its own, save that a price claim which the prices bear out needs no more than a note.

use language::text::Masker;
use serde::{Deserialize, Serialize};

use super::facts::{Evidence, Facts};
use super::finding::{Check, Finding, Fix, Places, Risk, Span, apply};
use super::law::{Category, Law};
use super::limits::{self, Limit};
use super::price::{self, Offer};
use super::voice::{self, Rules, Voice};
use super::{duplicate, personal};

/// What may be done with a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    #[default]
    Ok,
    NeedsReview,
    Blocked,
}

/// Everything found in one text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub verdict: Verdict,
    /// The gravest first, then by place.
    pub findings: Vec<Finding>,
    /// Claims with what they rest on, in the order of the text.
    pub evidence: Vec<Evidence>,
    /// How much the text sounds like the brand, where a voice was given.
    pub voice_score: Option<f64>,
}

/// The checks to make; what is not given is not checked. The law always is.
#[derive(Debug, Default)]
pub struct Checks<'a> {
    pub law: Option<&'a Law>,
    pub facts: Option<&'a Facts>,
    pub offer: Option<&'a Offer>,
    /// Names in which a sum is no price: `HP 250 G6`, `$30 Top-Up Card`.
    pub names: &'a [String],
    pub limit: Option<&'a Limit>,
    /// With the shop's own contact data.
    pub personal: Option<(&'a Masker, &'a [String])>,
    pub voice: Option<(&'a Voice, &'a Rules)>,
    /// Texts that this one should not repeat.
    pub others: &'a [String],
}

/// From how much of its shingles a text repeats another.
pub const DUPLICATE_FROM: f64 = 0.8;

/// Longest text that is checked, in bytes.
pub const N_BYTES_MAX: usize = 4 << 20;

impl Checks<'_> {
    /// Makes the checks.
    ///
    /// # Errors
    /// If the text is longer than [`N_BYTES_MAX`].
    pub fn check(&self, text: &str) -> Result<Report, TooLong> {
        if text.len() > N_BYTES_MAX {
            return Err(TooLong { n_bytes: text.len() });
        }
        let default_law;
        let law = match self.law {
            Some(law) => law,
            None => {
                default_law = Law::default();
                &default_law
            }
        };
        let mut report = Report { findings: law.check(text), ..Report::default() };
        if let Some(facts) = self.facts {
            let found = facts.check(text);
            report.findings.extend(found.findings);
            report.evidence = found.evidence;
        }
        if let Some(offer) = self.offer {
            let found = price::check(text, offer, self.names);
            soften(&mut report.findings, &found.proven);
            // What the prices bear out needs no field: the 9折 and the former price of an offer, the 30天 of a lowest price.
            report.findings.retain(|one| {
                let is_proven = |own: &Span| {
                    found.proven.iter().any(|span| own.bytes.start < span.bytes.end && span.bytes.start < own.bytes.end)
                };
                one.check != Check::Facts || !one.span.as_ref().is_some_and(is_proven)
            });
            report.findings.extend(found.findings);
        }
        if let Some(limit) = self.limit {
            report.findings.extend(limits::check(text, limit));
        }
        if let Some((masker, own)) = self.personal {
            report.findings.extend(personal::check(text, own, masker));
        }
        if let Some((voice, rules)) = self.voice {
            let found = voice::check(text, voice, rules);
            report.findings.extend(found.findings);
            report.voice_score = Some(found.score);
        }
        report.findings.extend(duplicate::check(text, self.others, DUPLICATE_FROM));
        Ok(report.settled())
    }
}

/// A text that is too long to check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a text of {n_bytes} bytes; at most {N_BYTES_MAX} are checked: split it")]
pub struct TooLong {
    pub n_bytes: usize,
}

impl Report {
    /// Findings in order, and the verdict that they make.
    pub(super) fn settled(mut self) -> Self {
        let place = |one: &Finding| one.span.as_ref().map_or(0, |span| span.bytes.start);
        self.findings.sort_by_key(|one| (std::cmp::Reverse(one.risk), place(one), one.check));
        self.verdict = match self.findings.iter().map(|one| one.risk).max() {
            Some(Risk::Block) => Verdict::Blocked,
            Some(Risk::Review) => Verdict::NeedsReview,
            Some(Risk::Note) | None => Verdict::Ok,
        };
        self
    }

    /// The fixes of all findings.
    pub fn fixes(&self) -> impl Iterator<Item = &Fix> {
        self.findings.iter().filter_map(|one| one.fix.as_ref())
    }

    /// The text with every fix made that does not overlap another, and how many were. It has to be checked again.
    pub fn fixed(&self, text: &str) -> (String, usize) {
        apply(text, self.fixes())
    }
}

/// Makes notes of price terms that the prices bear out.
fn soften(findings: &mut [Finding], proven: &[Span]) {
    let overlaps = |one: &Span, other: &Span| one.bytes.start < other.bytes.end && other.bytes.start < one.bytes.end;
    for finding in
        findings.iter_mut().filter(|one| one.check == Check::Law && one.category == Category::FalsePrice.name())
    {
        // 原价 stands before its sum, `the list price` behind what is saved of it: what is near is the same claim.
        let near = |span: &Span| {
            finding.span.as_ref().is_some_and(|own| {
                overlaps(own, span)
                    || (own.bytes.end..=own.bytes.end + 8).contains(&span.bytes.start)
                    || (span.bytes.end..=span.bytes.end + 11).contains(&own.bytes.start)
            })
        };
        if proven.iter().any(near) {
            (finding.risk, finding.fix) = (Risk::Note, None);
        }
    }
    // A lowest price that the orders bear out is still an absolute word: somebody has to look at it.
    for finding in
        findings.iter_mut().filter(|one| one.check == Check::Law && one.category == Category::Absolute.name())
    {
        let is_proven = |own: &Span| proven.iter().any(|span| overlaps(own, span));
        if finding.span.as_ref().is_some_and(is_proven) {
            (finding.risk, finding.fix) = (finding.risk.min(Risk::Review), None);
        }
    }
}

/// The span of bytes in a text, for callers that make their own findings.
pub fn span_of(text: &str, bytes: std::ops::Range<usize>) -> Option<Span> {
    text.get(bytes.clone())?;
    Some(Places::new(text).span(bytes))
}

#[cfg(test)]
mod tests {
    use domain::{Cents, Day, Product};

    use super::super::facts::Grounds;
    use super::*;

    #[test]
    fn one_report_of_all_checks() {
        let product = Product {
            product_id: "P1".into(),
            name: "星曜 X7".into(),
            specs: [("memory".to_owned(), "8 GB".to_owned())].into(),
            ..Product::default()
        };
        let facts = Facts::new(&Grounds { product, ..Grounds::default() });
        let limit = Limit { max: Some(20), ..Limit::default() };
        let masker = Masker::default();
        let others = ["星曜 X7，16GB 内存，最佳手机，电话 13812345678".to_owned()];
        let checks = Checks {
            facts: Some(&facts),
            limit: Some(&limit),
            personal: Some((&masker, &[])),
            others: &others,
            ..Checks::default()
        };
        let text = "星曜 X7，16GB 内存，最佳手机，电话 13812345678。";
        let report = checks.check(text).unwrap();
        assert_eq!(report.verdict, Verdict::Blocked);
        let mut kinds: Vec<_> = report.findings.iter().map(|one| one.check).collect();
        kinds.sort_unstable();
        kinds.dedup();
        assert_eq!(kinds, [Check::Law, Check::Facts, Check::Limits, Check::Personal, Check::Duplicate]);
        assert!(report.findings.is_sorted_by_key(|one| std::cmp::Reverse(one.risk)));
        assert_eq!(report.evidence[0].sources[0].field, "name");
        let (fixed, n) = report.fixed(text);
        assert!(n >= 3 && fixed.starts_with("星曜 X7，8 GB 内存，出色手机"), "{fixed}");
        let json = serde_json::to_string(&report).unwrap();
        assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), report);
    }

    #[test]
    fn proven_prices_are_notes() {
        let offer = Offer {
            now_cents: Some(Cents(100)),
            lowest_ever_cents: Some(Cents(200)),
            lowest_7_days_cents: Some(Cents(200)),
            today: Day(5),
            ..Offer::default()
        };
        let report = Checks { offer: Some(&offer), ..Checks::default() }.check("历史最低价").unwrap();
        assert_eq!((report.verdict, report.findings.len()), (Verdict::Ok, 1));
        assert_eq!(Checks::default().check("历史最低价").unwrap().verdict, Verdict::Blocked);
        assert_eq!(Checks::default().check("内存 8GB").unwrap(), Report::default());
        // What is saved stands before its base, in any currency.
        let offer = Offer {
            now_cents: Some(Cents(31_400)),
            list_cents: Some(Cents(34_900)),
            lowest_30_days_cents: Some(Cents(34_900)),
            ..Offer::default()
        };
        for text in
            ["₹314 for now, ₹35 below the list price. Order by 12 December.", "₹314 for now, at a list price of ₹349."]
        {
            let report = Checks { offer: Some(&offer), ..Checks::default() }.check(text).unwrap();
            assert_eq!(report.verdict, Verdict::Ok, "{report:?}");
        }
        let wrong = Checks { offer: Some(&offer), ..Checks::default() };
        assert_eq!(wrong.check("₹314 for now, ₹95 below the list price. 12 left.").unwrap().verdict, Verdict::Blocked);
    }

    #[test]
    fn texts_have_a_limit() {
        let text = "a".repeat(N_BYTES_MAX + 1);
        assert_eq!(Checks::default().check(&text).unwrap_err().n_bytes, N_BYTES_MAX + 1);
    }
}
