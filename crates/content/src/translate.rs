//! A draft in the other language, by its plan and not by its words: the same claims, said in the form that the channel has there.
//! What the draft rests on is kept, everything else of the plan is left unsaid; so nothing comes in that the draft did not say, and what
//! could not be said is told. Names and terms are those of the shop's list. Not here: the checks of the result.

use serde::{Deserialize, Serialize};

use crate::brief::{Brief, BriefError, Lang};
use crate::plan::{Claim, Evidence, Plan, names};
use crate::write::{Draft, Grammarian, Task, WriteError, Writer};

/// Drafts of which the one that keeps most is taken.
const CANDIDATES: usize = 12;
/// Terms that are looked at.
const TERMS_MAX: usize = 2_000;

/// A name or term in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    pub zh: String,
    pub en: String,
}

/// A draft in the other language.
#[derive(Clone, Debug)]
pub struct Translation {
    /// What the checks need: the brief in the other language with the names of the list,
    pub brief: Brief,
    /// and the plan cut to what the draft says.
    pub plan: Plan,
    pub draft: Draft,
    /// What the draft rests on and the translation too,
    pub kept: Vec<Evidence>,
    /// and what it does not: there was no room, or no way to say it in the language.
    pub lost: Vec<Evidence>,
    /// Names and words for which the list has nothing; names stand as they are, a gift is left out.
    pub untranslated: Vec<String>,
}

/// Why there is no translation.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TranslateError {
    #[error("the draft is in {0} already")]
    SameLanguage(&'static str),
    #[error(transparent)]
    Brief(#[from] BriefError),
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// A brief and its plan with names and terms in another language.
#[derive(Clone, Debug)]
pub struct Carried {
    pub brief: Brief,
    pub plan: Plan,
    /// Names and words for which the list has nothing; names stand as they are, a gift is left out.
    pub untranslated: Vec<String>,
}

/// A draft whose claims are said again in the language of a brief.
#[derive(Clone, Debug)]
pub struct Again {
    pub draft: Draft,
    /// Cut to what the first draft says.
    pub plan: Plan,
    /// What the first draft rests on and this one too,
    pub kept: Vec<Evidence>,
    /// and what this one does not.
    pub lost: Vec<Evidence>,
}

/// Translates a draft of a brief and its plan.
///
/// # Errors
/// If it is in that language already, or the channel is not written in it.
pub fn translate(
    draft: &Draft,
    brief: &Brief,
    plan: &Plan,
    to: Lang,
    terms: &[Pair],
) -> Result<Translation, TranslateError> {
    if brief.lang == to {
        return Err(TranslateError::SameLanguage(to.choose("Chinese", "English")));
    }
    // What the draft leaves unsaid has no word that could be missing.
    let Carried { brief, plan, untranslated } = carried(brief, &cut(plan, draft), to, terms);
    let Again { draft, plan, kept, lost } = again(draft, &brief, &plan)?;
    Ok(Translation { brief, plan, draft, kept, lost, untranslated })
}

/// A brief and its plan with names and terms put into a language by the shop's list, at most 2,000 of it. Facts and evidence stay.
pub fn carried(brief: &Brief, plan: &Plan, to: Lang, terms: &[Pair]) -> Carried {
    let mut said = Said { to, terms: &terms[..terms.len().min(TERMS_MAX)], untranslated: Vec::new() };
    let brief = said.brief(brief);
    let plan = said.plan(plan, &brief);
    said.untranslated.dedup();
    Carried { brief, plan, untranslated: said.untranslated }
}

/// A name with the terms of the list that stand in it put into a language.
pub fn named_in(name: &str, to: Lang, terms: &[Pair]) -> String {
    Said { to, terms: &terms[..terms.len().min(TERMS_MAX)], untranslated: Vec::new() }.term(name)
}

/// Says the claims of a draft, and no others, in the language of a brief, by its plan. Of twelve drafts of the grammar the one that keeps
/// most is taken.
///
/// # Errors
/// If the channel is not written in the language.
pub fn again(draft: &Draft, brief: &Brief, plan: &Plan) -> Result<Again, TranslateError> {
    let channel = brief.check()?;
    let plan = cut(plan, draft);
    let task = Task { brief, plan: &plan, channel, angle: draft.angle, seed: draft.seed, last_openings: &[] };
    let wanted: Vec<&Evidence> = draft.evidence.iter().filter(|one| is_claim(one)).collect();
    let has = |other: &Draft, one: &Evidence| other.evidence.contains(one);
    let n_kept = |other: &Draft| wanted.iter().filter(|one| has(other, one)).count();
    let drafts = Grammarian.write(&task, CANDIDATES)?;
    // What the draft does not say comes before what is lost; of equal ones the first.
    let n_added = |other: &Draft| other.evidence.iter().filter(|one| is_claim(one) && !has(draft, one)).count();
    let rank = |at: usize, other: &Draft| (std::cmp::Reverse(n_added(other)), n_kept(other), std::cmp::Reverse(at));
    let best = drafts.into_iter().enumerate().max_by_key(|(at, other)| rank(*at, other));
    let mut best = best.map(|(_, other)| other).expect("the grammar always writes");
    best.writer = "translation".to_owned();
    let (kept, lost): (Vec<_>, Vec<_>) = wanted.into_iter().cloned().partition(|one| has(&best, one));
    Ok(Again { draft: best, plan, kept, lost })
}

/// Whether a piece of evidence bears a claim; names stand in every text.
fn is_claim(evidence: &Evidence) -> bool {
    match evidence {
        Evidence::Field { field, .. } => !matches!(field.as_str(), "name" | "brand"),
        Evidence::Brief { .. } => false,
        _ => true,
    }
}

/// The plan with no more than a draft rests on.
fn cut(plan: &Plan, draft: &Draft) -> Plan {
    let has = |evidence: &Evidence| draft.evidence.contains(evidence);
    let mut plan = plan.clone();
    for point in &mut plan.points {
        if let Claim::Spec { standing, change, use_of, .. } = &mut point.claim {
            *standing = standing.take().filter(|(_, evidence)| has(evidence));
            *change = change.take().filter(|(_, evidence)| has(evidence));
            *use_of = use_of.take().filter(|(_, evidence)| has(evidence));
        }
    }
    plan.points.retain(|point| match &point.claim {
        Claim::Spec { evidence, standing, change, use_of, .. } => {
            has(evidence) || standing.is_some() || change.is_some() || use_of.is_some()
        }
        Claim::Feature { evidence, .. } | Claim::Opinion { evidence, .. } | Claim::Fit { evidence, .. } => {
            has(evidence)
        }
    });
    let names_product = |id: &str| {
        draft.evidence.iter().any(|one| matches!(one, Evidence::Field { product_id, .. } if product_id == id))
    };
    plan.others.retain(|(id, _)| names_product(id));
    let tells = |wanted: &str| {
        draft.evidence.iter().any(|one| match one {
            Evidence::Field { field, .. } => field == wanted,
            Evidence::Offer { .. } | Evidence::Computed { .. } => true,
            _ => false,
        })
    };
    plan.price_cents = plan.price_cents.filter(|_| tells("price_cents"));
    plan
}

/// What is said in the other language, and for what there was no word.
struct Said<'a> {
    to: Lang,
    terms: &'a [Pair],
    untranslated: Vec<String>,
}

impl Said<'_> {
    /// A text with the terms that stand in it put into the other language, the longest first.
    fn term(&mut self, text: &str) -> String {
        let mut pairs: Vec<(&str, &str)> =
            self.terms.iter().map(|pair| self.to.choose((&*pair.en, &*pair.zh), (&*pair.zh, &*pair.en))).collect();
        pairs.retain(|(from, into)| !from.trim().is_empty() && !into.trim().is_empty());
        pairs.sort_by_key(|(from, _)| std::cmp::Reverse(from.len()));
        let mut made = text.to_owned();
        for (from, into) in pairs {
            // Chinese runs on where English has spaces.
            let spaced = if self.to == Lang::En { format!(" {into} ") } else { into.to_owned() };
            made = made.replace(from, &spaced);
        }
        let made = names::clean(&made);
        if self.to == Lang::En && made.chars().any(|one| ('\u{4e00}'..='\u{9fff}').contains(&one)) {
            self.untranslated.push(text.to_owned());
        }
        made
    }

    fn brief(&mut self, brief: &Brief) -> Brief {
        let mut made = Brief { lang: self.to, ..brief.clone() };
        for product in made.products.iter_mut().chain(&mut made.audience.owned) {
            product.name = self.term(&product.name);
            product.brand = product.brand.as_deref().map(|brand| self.term(brand));
        }
        made.shop_name = self.term(&made.shop_name).chars().take(16).collect();
        if let Some(offer) = &mut made.offer {
            let is_empty = offer.price_cents.is_none() && offer.coupon.is_none();
            offer.gift = offer.gift.take().and_then(|gift| self.gift(&gift));
            if is_empty && offer.gift.is_none() {
                made.offer = None;
            }
        }
        made
    }

    /// A gift is said in the language that is written, or not at all.
    fn gift(&mut self, gift: &str) -> Option<String> {
        let made = self.term(gift);
        let has_han = made.chars().any(|one| ('\u{4e00}'..='\u{9fff}').contains(&one));
        let is_said = self.to.choose(has_han, !has_han);
        if !is_said && self.to == Lang::Zh {
            self.untranslated.push(gift.to_owned());
        }
        is_said.then_some(made)
    }

    fn plan(&mut self, plan: &Plan, brief: &Brief) -> Plan {
        let hero = brief.hero();
        let name = names::clean(&hero.name);
        let short = names::short(&name, hero.brand.as_deref());
        let listed = |of: &mut Self, pair: &(String, String)| (pair.0.clone(), of.term(&pair.1));
        Plan {
            is_plural: names::is_plural(&short),
            brand: plan.brand.as_deref().map(|brand| self.term(brand)),
            predecessor: plan.predecessor.as_ref().map(|pair| listed(self, pair)),
            owned: plan.owned.as_deref().map(|owned| self.term(owned)),
            others: plan.others.iter().map(|pair| listed(self, pair)).collect(),
            name,
            short,
            ..plan.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::{Cents, Product};

    use super::*;
    use crate::brief::{Goal, Offer};
    use crate::check::voice::{Rules, Voices};
    use crate::check::{CopyCheck, House, Verdict, copy};
    use crate::plan::Market;
    use crate::write::{Angle, write};

    fn laptop() -> Product {
        let specs = [("memory", "16 GB"), ("storage", "512 GB"), ("weight", "1.25 kg"), ("screen_size", "14 in")];
        Product {
            product_id: "P1".into(),
            name: "科梵 Velo 2 Pro 笔记本电脑".into(),
            brand: Some("科梵".into()),
            category: Some("电脑/笔记本电脑".into()),
            price_cents: Some(Cents(599_900)),
            specs: specs.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
            ..Product::default()
        }
    }

    fn brief(channel: &str) -> Brief {
        Brief {
            products: vec![laptop()],
            channel: channel.into(),
            lang: Lang::Zh,
            shop_name: "云栈数码".into(),
            currency: "CNY".into(),
            ..Brief::default()
        }
    }

    fn terms() -> Vec<Pair> {
        let pair = |zh: &str, en: &str| Pair { zh: zh.into(), en: en.into() };
        vec![
            pair("科梵", "Korvane"),
            pair("笔记本电脑", "Laptop"),
            pair("云栈数码", "Northgate"),
            pair("收纳包", "a pouch"),
        ]
    }

    fn drafted(brief: &Brief, seed: u64) -> (Plan, Draft) {
        let plan = Plan::new(brief, &Market::default());
        let channel = brief.check().unwrap();
        let task = Task { brief, plan: &plan, channel, angle: Angle::Goal, seed, last_openings: &[] };
        let draft = write(&task);
        (plan, draft)
    }

    #[test]
    fn the_same_claims_and_no_others_are_said_in_the_other_language() {
        let masker = language::text::Masker::default();
        let house = House { masker: &masker, own: &[], voices: &Voices::default(), rules: &Rules::default() };
        for channel in ["push", "social", "email", "search_ad", "sms", "poster"] {
            let brief = brief(channel);
            for seed in 0..6 {
                let (plan, draft) = drafted(&brief, seed);
                let made = translate(&draft, &brief, &plan, Lang::En, &terms()).unwrap();
                let text = made.draft.plain();
                assert!(!text.chars().any(|one| ('\u{4e00}'..='\u{9fff}').contains(&one)), "{channel}: {text}");
                assert_eq!(made.untranslated, [""; 0]);
                let field = |one: &Evidence| match one {
                    Evidence::Field { field, .. } | Evidence::Use { field, .. } => field.clone(),
                    other => format!("{other:?}"),
                };
                let known: Vec<String> = draft.evidence.iter().map(field).collect();
                for one in made.draft.evidence.iter().filter(|one| is_claim(one)) {
                    assert!(known.contains(&field(one)), "{channel}: {one:?} is new");
                }
                assert_eq!(
                    made.kept.len() + made.lost.len(),
                    draft.evidence.iter().filter(|one| is_claim(one)).count()
                );
                let check = CopyCheck::new(&made.brief, &made.plan, &Market::default(), &[]);
                let reports = check.draft(&made.draft, made.brief.check().unwrap(), &house).unwrap();
                assert_ne!(copy::verdict(reports.values()), Verdict::Blocked, "{channel}: {text}\n{reports:?}");
            }
        }
    }

    /// A saving that a draft does not tell is told by no translation of it.
    #[test]
    fn an_offer_gains_no_claims() {
        for channel in ["push", "social", "sms", "search_ad"] {
            let mut brief = brief(channel);
            brief.goal = Goal::Promotion;
            brief.offer = Some(Offer { price_cents: Some(Cents(549_900)), ..Offer::default() });
            for seed in 0..12 {
                let (plan, draft) = drafted(&brief, seed);
                let made = translate(&draft, &brief, &plan, Lang::En, &terms()).unwrap();
                let saves = |text: &str| text.contains('省') || text.contains('少') || text.contains("save");
                let (zh, en) = (draft.plain(), made.draft.plain());
                assert!(saves(&zh) || !saves(&en.to_lowercase()), "{channel}: {zh} -> {en}");
            }
        }
    }

    #[test]
    fn terms_are_kept_and_what_has_none_is_told() {
        let mut brief = brief("live");
        brief.goal = Goal::Promotion;
        brief.offer =
            Some(Offer { price_cents: Some(Cents(549_900)), gift: Some("收纳包".into()), ..Offer::default() });
        let (plan, draft) = drafted(&brief, 3);
        let made = translate(&draft, &brief, &plan, Lang::En, &terms()).unwrap();
        assert!(made.draft.plain().contains("Korvane Velo 2 Pro"), "{}", made.draft.plain());
        assert_eq!(made.brief.offer.as_ref().unwrap().gift.as_deref(), Some("a pouch"));
        let bare = translate(&draft, &brief, &plan, Lang::En, &[]).unwrap();
        assert!(bare.untranslated.iter().any(|one| one.contains("科梵")));
        assert_eq!(bare.brief.offer.as_ref().unwrap().gift, None);
    }

    #[test]
    fn it_goes_both_ways_and_refuses_what_it_cannot() {
        let zh = brief("push");
        let (plan, draft) = drafted(&zh, 1);
        let made = translate(&draft, &zh, &plan, Lang::En, &terms()).unwrap();
        let back = translate(&made.draft, &made.brief, &made.plan, Lang::Zh, &terms()).unwrap();
        assert!(back.draft.plain().contains("科梵 Velo 2 Pro"), "{}", back.draft.plain());
        let same = translate(&draft, &zh, &plan, Lang::Zh, &[]);
        assert_eq!(same.unwrap_err(), TranslateError::SameLanguage("Chinese"));
        let store = Brief { channel: "store_page".into(), ..made.brief.clone() };
        let (plan, draft) = drafted(&store, 1);
        assert!(matches!(translate(&draft, &store, &plan, Lang::Zh, &[]), Err(TranslateError::Brief(_))));
    }
}
