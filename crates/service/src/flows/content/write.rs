//! From what is asked to variants that passed every check: what was found blocked is thrown away, and another is written in its
//! place while there are seeds to try.

use std::collections::BTreeMap;
use std::sync::Arc;

use content::brief::{Brief, Lang};
use content::channel::Channel;
use content::check::report::Report;
use content::check::{CopyCheck, Risk, Said as Sentence, Verdict, copy};
use content::plan::{Claim, Evidence, Market, Opinion, Plan};
use content::vary::{Variant, vary_among};
use content::write::{Draft, Said, statements};
use domain::{Cents, Day, Product};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Stock, Voiced};
use crate::error::{Result, ServiceError};
use crate::flows::segment::Text;

/// Reasons of drafts thrown away that are told.
const REASONS_MAX: usize = 5;

/// A brief with all that its copies rest on, ready to write and to check.
pub struct Prepared {
    pub brief: Brief,
    pub channel: &'static Channel,
    pub plan: Plan,
    predecessor: Option<Arc<Product>>,
    opinions: Vec<Opinion>,
    check: CopyCheck,
}

impl Prepared {
    /// `history` is what the first product was sold for.
    ///
    /// # Errors
    /// If the brief cannot be written.
    pub fn new(brief: Brief, stock: &Stock, history: &[(Day, Cents)]) -> Result<Prepared> {
        let channel = brief.check()?;
        let predecessor = stock.predecessor(brief.hero()).cloned();
        let opinions = stock.opinions_of(&brief.hero().product_id);
        let market = Market { shelf: Some(stock.shelf()), predecessor: predecessor.as_deref(), opinions: &opinions };
        let plan = Plan::new(&brief, &market);
        let check = CopyCheck::new(&brief, &plan, &market, history);
        Ok(Prepared { channel, plan, check, brief, predecessor, opinions })
    }

    /// Checks every field of a draft.
    ///
    /// # Errors
    /// If a text is too long to be checked.
    pub fn reports(&self, draft: &Draft, voiced: &Voiced) -> Result<BTreeMap<String, Report>> {
        self.check.draft(draft, self.channel, &voiced.house()).map_err(too_long)
    }

    /// Checks one text, as a field of the channel if one is named.
    ///
    /// # Errors
    /// If it is too long to be checked.
    pub fn report(&self, text: &str, field: Option<&content::channel::FieldCard>, voiced: &Voiced) -> Result<Report> {
        self.check.text(text, field, &voiced.house()).map_err(too_long)
    }

    /// Takes away the evidence of a draft from outside that neither products nor plan bear out, and the marks that point to it.
    pub fn keep_true(&self, draft: &mut Draft) {
        // Neighbours are of the plan, which is made already.
        let market = Market { shelf: None, predecessor: self.predecessor.as_deref(), opinions: &self.opinions };
        let is_true: Vec<bool> =
            draft.evidence.iter().map(|one| copy::bears_out(&self.brief, &self.plan, &market, one)).collect();
        for field in &mut draft.fields {
            let text = &field.text;
            field.spans.retain(|span| {
                is_true.get(span.evidence).copied().unwrap_or(false) && text.get(span.start..span.end).is_some()
            });
        }
    }

    /// Up to `n` variants that no check blocks.
    ///
    /// # Errors
    /// If a text is too long to be checked.
    pub fn variants(&self, n: usize, seed: u64, last_openings: &[String], voiced: &Voiced) -> Result<Written> {
        let mut passed: Vec<BTreeMap<String, Report>> = Vec::new();
        let (mut n_rejected, mut reasons, mut failed) = (0, Reasons::default(), None);
        let mut accepts = |draft: &Draft| match self.reports(draft, voiced) {
            Ok(reports) if copy::verdict(reports.values()) == Verdict::Blocked => {
                n_rejected += 1;
                reports.values().for_each(|report| reasons.note(report));
                false
            }
            Ok(reports) => {
                passed.push(reports);
                true
            }
            Err(error) => {
                failed = Some(error);
                false
            }
        };
        let found = vary_among(&self.brief, &self.plan, self.channel, n, seed, last_openings, &mut accepts);
        if let Some(error) = failed {
            return Err(error);
        }
        let view = |(Variant { angle, draft, shared }, report): (Variant, BTreeMap<String, Report>)| VariantView {
            angle: angle.name(),
            verdict: verdict_name(copy::verdict(report.values())),
            shared,
            draft,
            report,
        };
        Ok(Written {
            plan: PlanView::new(&self.plan, self.brief.lang),
            variants: found.into_iter().zip(passed).map(view).collect(),
            rejected: n_rejected,
            rejected_for: reasons.told(),
            took_ms: 0,
        })
    }
}

pub(super) fn too_long(error: content::check::report::TooLong) -> ServiceError {
    ServiceError::usage("text", error.to_string())
}

pub fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "ok",
        Verdict::NeedsReview => "needs_review",
        Verdict::Blocked => "blocked",
    }
}

/// What was written.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = WrittenCopy)]
pub struct Written {
    pub plan: PlanView,
    pub variants: Vec<VariantView>,
    /// Drafts thrown away because a check blocked them.
    pub rejected: usize,
    /// Why, the commonest first.
    pub rejected_for: Vec<Rejection>,
    pub took_ms: u64,
}

/// A reason for which drafts were thrown away.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Rejection {
    /// law, facts, price, limits, personal or voice.
    #[schema(value_type = String)]
    pub check: content::check::Check,
    pub category: String,
    pub n: usize,
    /// The words of one of them.
    pub matched: String,
    #[schema(value_type = Text)]
    pub message: Sentence,
}

#[derive(Default)]
struct Reasons(BTreeMap<(content::check::Check, String), Rejection>);

impl Reasons {
    fn note(&mut self, report: &Report) {
        for one in report.findings.iter().filter(|one| one.risk == Risk::Block) {
            let reason = self.0.entry((one.check, one.category.to_string())).or_insert_with(|| Rejection {
                check: one.check,
                category: one.category.to_string(),
                n: 0,
                matched: one.matched.chars().take(80).collect(),
                message: one.message.clone(),
            });
            reason.n += 1;
        }
    }

    fn told(self) -> Vec<Rejection> {
        let mut all: Vec<Rejection> = self.0.into_values().collect();
        all.sort_by_key(|one| std::cmp::Reverse(one.n));
        all.truncate(REASONS_MAX);
        all
    }
}

/// One of several copies of a brief.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VariantView {
    pub angle: &'static str,
    /// The largest share of pairs of words that it has in common with an earlier variant, 0 to 1.
    pub shared: f64,
    #[schema(value_type = Object)]
    pub draft: Draft,
    /// By field.
    #[schema(value_type = Object)]
    pub report: BTreeMap<String, Report>,
    /// ok, needs_review or blocked.
    pub verdict: &'static str,
}

/// What was going to be said.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PlanView {
    pub product_id: String,
    pub name: String,
    /// What it is called the second time.
    pub short: String,
    pub brand: Option<String>,
    /// What kind of goods it is; absent if nothing tells.
    pub kind: Option<Text>,
    pub price_cents: Option<i64>,
    /// What comparisons with the product before are made with.
    pub predecessor: Option<String>,
    /// The best first.
    pub points: Vec<PointView>,
    pub omitted: Vec<OmittedView>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PointView {
    /// The attribute, `opinion:` and the aspect, `feature:` and its group, or `fit`.
    pub key: String,
    /// spec, feature, opinion or fit.
    pub claim: &'static str,
    pub score: f64,
    /// What may be said, in the language of the copy.
    pub says: Vec<StatementView>,
    #[schema(value_type = Vec<Object>)]
    pub evidence: Vec<Evidence>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StatementView {
    /// noun, use, comparison, gain, opinion or fit.
    #[schema(value_type = String)]
    pub what: Said,
    pub text: String,
}

/// What was read and is not said.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OmittedView {
    pub field: String,
    pub value: String,
    pub why: String,
}

impl PlanView {
    pub fn new(plan: &Plan, lang: Lang) -> PlanView {
        let all = statements(plan, lang);
        let point = |point: &content::plan::Point| {
            let own = all.iter().filter(|one| one.key == point.key);
            let mut evidence: Vec<Evidence> = own.clone().map(|one| one.evidence.clone()).collect();
            evidence.dedup();
            PointView {
                key: point.key.clone(),
                claim: match point.claim {
                    Claim::Spec { .. } => "spec",
                    Claim::Feature { .. } => "feature",
                    Claim::Opinion { .. } => "opinion",
                    Claim::Fit { .. } => "fit",
                },
                score: point.score,
                says: own.map(|one| StatementView { what: one.said, text: one.text.clone() }).collect(),
                evidence,
            }
        };
        let omitted = |one: &content::plan::Omitted| OmittedView {
            field: one.field.clone(),
            value: one.value.clone(),
            why: one.why.clone(),
        };
        PlanView {
            product_id: plan.product_id.clone(),
            name: plan.name.clone(),
            short: plan.short.clone(),
            brand: plan.brand.clone(),
            kind: plan.kind.map(|kind| Text { zh: kind.zh.to_owned(), en: kind.en.to_owned() }),
            price_cents: plan.price_cents.map(|cents| cents.0),
            predecessor: plan.predecessor.as_ref().map(|(_, name)| name.clone()),
            points: plan.points.iter().map(point).collect(),
            omitted: plan.omitted.iter().map(omitted).collect(),
        }
    }
}
