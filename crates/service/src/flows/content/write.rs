//! From what is asked to variants that passed every check: all writers write, the judge ranks, and what a check blocks gives way to
//! the next best.

use std::collections::BTreeMap;
use std::sync::Arc;

use content::brief::{Brief, Lang};
use content::channel::Channel;
use content::check::called::{call_lawfully, called_lawfully};
use content::check::duplicate::SaidBefore;
use content::check::report::Report;
use content::check::{Check, CopyCheck, Risk, Said as Sentence, Verdict, copy};
use content::panel::{Choice, Panel, Seat, Tally};
use content::plan::{Claim, Evidence, Market, Omitted, Opinion, Plan};
use content::response::{Expected, Past, expected};
use content::translate::{Pair, carried, named_in};
use content::write::{Draft, Judge, Judgement, Said, statements};
use data::ShopConfig;
use domain::{Cents, Day, Product};
use serde::Serialize;
use utoipa::ToSchema;

use super::before::{self, Copied};
use super::{Stock, Voiced, hands};
use crate::error::{Result, ServiceError};
use crate::flows::segment::Text;
use crate::store::Store;

/// Reasons of drafts thrown away that are told.
const REASONS_MAX: usize = 5;

/// A brief with all that its copies rest on, ready to write and to check.
pub struct Prepared {
    pub brief: Brief,
    pub channel: &'static Channel,
    pub plan: Plan,
    /// Names and words for which the shop's list has nothing in the language of the brief.
    pub untranslated: Vec<String>,
    predecessor: Option<Arc<Product>>,
    opinions: Vec<Opinion>,
    check: CopyCheck,
    /// What approved copies say of neighbours, and of the product itself.
    of_neighbours: Vec<String>,
    of_itself: Vec<String>,
}

/// What a brief is prepared with.
#[derive(Clone, Copy)]
pub struct Grounds<'a> {
    pub stock: &'a Stock,
    /// What the first product was sold for.
    pub history: &'a [(Day, Cents)],
    /// Names and terms in both languages, where names are to be put into the language of the copy.
    pub terms: Option<&'a [Pair]>,
    /// Copies that were approved before.
    pub before: &'a [Copied],
}

impl<'a> Grounds<'a> {
    /// Of the catalogue alone.
    pub fn of(stock: &'a Stock) -> Grounds<'a> {
        Grounds { stock, history: &[], terms: None, before: &[] }
    }
}

/// What a copy is prepared for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// It is about to be written.
    #[default]
    Written,
    /// It comes from people, who may say more of prices than a brief does; with the draft that it is, if it is kept already: no draft
    /// repeats itself.
    ByPeople { draft_id: Option<String> },
    /// It is a draft put into the other language: names are put into it too.
    Translated,
}

/// A shop's goods, rules and drafts, from which copies are prepared.
#[derive(Clone, Copy)]
pub struct Shelved<'a> {
    pub store: &'a Store,
    pub stock: &'a Stock,
    pub voiced: &'a Voiced,
    pub config: &'a ShopConfig,
}

impl Shelved<'_> {
    /// A brief held beside what the shop said before. `history` is what its first product was sold for.
    ///
    /// # Errors
    /// If the brief cannot be written, or the state cannot be read.
    pub fn prepared(&self, brief: Brief, history: &[(Day, Cents)], purpose: &Purpose) -> Result<Prepared> {
        let Shelved { store, stock, voiced, config } = *self;
        let mut before = before::copies_of(store, stock, brief.hero(), &brief.channel, brief.lang.code())?;
        if let Purpose::ByPeople { draft_id: Some(own) } = purpose {
            before.retain(|one| one.draft_id != *own);
        }
        let is_translated = *purpose == Purpose::Translated && brief.lang.code() != config.language;
        let terms = if is_translated { Some(&voiced.terms[..]) } else { voiced.terms_for(brief.lang, config) };
        Prepared::new(brief, &Grounds { stock, history, terms, before: &before })
    }
}

impl Prepared {
    /// # Errors
    /// If the brief cannot be written.
    pub fn new(mut brief: Brief, grounds: &Grounds) -> Result<Prepared> {
        let Grounds { stock, history, terms, before } = *grounds;
        let channel = brief.check()?;
        let unlawful = call_lawfully(&mut brief);
        let mut predecessor = stock.predecessor(brief.hero()).cloned();
        predecessor = predecessor.map(|one| called_lawfully(&one).map_or(one, Arc::new));
        let opinions = stock.opinions_of(&brief.hero().product_id);
        let (shelf, own) = (Some(stock.shelf()), opinions.as_slice());
        let market = Market { shelf, predecessor: predecessor.as_deref(), opinions: own };
        let mut plan = Plan::new(&brief, &market);
        plan.omitted.extend(unlawful.into_iter().map(|words| Omitted {
            field: "name".to_owned(),
            value: words,
            why: "no advertisement may say these words, so the product is called without them".to_owned(),
        }));
        // Facts and neighbours are those of the catalogue; names follow the language.
        let (mut said, mut untranslated) = ((brief, plan), Vec::new());
        if let Some(terms) = terms {
            let lang = said.0.lang;
            let carried = carried(&said.0, &said.1, lang, terms);
            (said, untranslated) = ((carried.brief, carried.plan), carried.untranslated);
            predecessor = predecessor
                .map(|one| Arc::new(Product { name: named_in(&one.name, lang, terms), ..Product::clone(&one) }));
        }
        let (brief, plan) = said;
        let named = before.iter().map(|one| (one.name.as_str(), one.text.as_str()));
        let market = Market { shelf, predecessor: predecessor.as_deref(), opinions: own };
        let check = CopyCheck::new(&brief, &plan, &market, history).beside(SaidBefore::new(named));
        let (of_itself, of_neighbours): (Vec<&Copied>, Vec<&Copied>) =
            before.iter().partition(|one| one.product_id == plan.product_id);
        let texts = |all: Vec<&Copied>| all.into_iter().map(|one| one.text.clone()).collect();
        let (of_itself, of_neighbours) = (texts(of_itself), texts(of_neighbours));
        Ok(Prepared { channel, plan, check, brief, untranslated, predecessor, opinions, of_neighbours, of_itself })
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

    /// Up to `n` variants by these writers that no check blocks and that repeat no approved copy; if everything repeats one, variants
    /// that do, each with the finding. What customers did with copies of before (`past`) decides which angles come first.
    ///
    /// # Errors
    /// If a text is too long to be checked.
    pub fn variants(
        &self,
        n: usize,
        seed: u64,
        last_openings: &[String],
        voiced: &Voiced,
        seats: &[Seat<'_>],
        past: &[Past],
    ) -> Result<Written> {
        let ask = Asking { n, seed, last_openings, voiced, seats, past };
        let written = self.chosen(&ask, true)?;
        match written.variants.is_empty() && written.rejected_for.iter().any(|one| one.check == Check::Duplicate) {
            true => self.chosen(&ask, false),
            false => Ok(written),
        }
    }

    fn chosen(&self, ask: &Asking, must_differ: bool) -> Result<Written> {
        let Asking { n, seed, last_openings, voiced, seats, past } = *ask;
        let mut passed: Vec<BTreeMap<String, Report>> = Vec::new();
        let (mut n_rejected, mut reasons, mut failed) = (0, Reasons::default(), None);
        let mut accepts = |draft: &Draft| match self.reports(draft, voiced) {
            Ok(reports) if reports.values().flat_map(|one| &one.findings).any(|one| stops(one, must_differ)) => {
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
        let judge = Judge {
            fluency: hands::fluency(self.brief.lang),
            neighbours: &self.of_neighbours,
            earlier: &self.of_itself,
            past,
        };
        let panel = Panel { seats, judge };
        let found = panel.vary(&self.brief, &self.plan, self.channel, n, seed, last_openings, &mut accepts);
        if let Some(error) = failed {
            return Err(error);
        }
        let view = |(choice, report): (Choice, BTreeMap<String, Report>)| VariantView {
            angle: choice.angle.name(),
            verdict: verdict_name(copy::verdict(report.values())),
            shared: choice.shared,
            judgement: choice.judgement,
            expected: None,
            draft: choice.draft,
            report,
        };
        Ok(Written {
            plan: PlanView::new(&self.plan, self.brief.lang),
            variants: found.variants.into_iter().zip(passed).map(view).collect(),
            rejected: n_rejected,
            rejected_for: reasons.told(),
            writers: found.writers,
            took_ms: 0,
        })
    }
}

/// What variants are asked for.
struct Asking<'a> {
    n: usize,
    seed: u64,
    last_openings: &'a [String],
    voiced: &'a Voiced,
    seats: &'a [Seat<'a>],
    past: &'a [Past],
}

/// Whether a finding keeps a draft of ours from being shown.
fn stops(one: &content::check::Finding, must_differ: bool) -> bool {
    one.risk == Risk::Block || (must_differ && one.check == Check::Duplicate)
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
    /// By writer: drafts given, thrown away and chosen, and why one did not write.
    #[schema(value_type = Object)]
    pub writers: BTreeMap<String, Tally>,
    pub took_ms: u64,
}

impl Written {
    /// The same with what may be expected of each variant, from what was shown before.
    pub fn expecting(mut self, past: &[Past]) -> Written {
        for one in &mut self.variants {
            one.expected = expected(past, &one.draft.channel, one.draft.angle);
        }
        self
    }
}

/// A reason for which drafts were thrown away.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Rejection {
    /// law, facts, price, limits, personal or voice.
    #[schema(value_type = String)]
    pub check: Check,
    pub category: String,
    pub n: usize,
    /// The words of one of them.
    pub matched: String,
    #[schema(value_type = Text)]
    pub message: Sentence,
}

#[derive(Default)]
struct Reasons(BTreeMap<(Check, String), Rejection>);

impl Reasons {
    fn note(&mut self, report: &Report) {
        for one in report.findings.iter().filter(|one| stops(one, true)) {
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
    /// Why it was put before the other drafts of its angle: coverage, fluency, distinctness, fit, form and variety, and response where
    /// copies of the channel were shown, 0 to 1, with their shares of the total.
    #[schema(value_type = Object)]
    pub judgement: Judgement,
    /// How many may respond, from exposures of copies of the same channel and angle; absent where too few were shown.
    #[schema(value_type = Option<Object>)]
    pub expected: Option<Expected>,
    /// `writer` tells who wrote it.
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
