//! Copies for a whole category or catalogue: in the order of ids, block by block, so that memory does not grow with the shop and
//! that a run which was broken off can go on where it was. The same settings give the same texts, whoever runs them and however
//! often it was broken off.

use std::collections::BTreeMap;
use std::sync::Arc;

use content::brief::Lang;
use data::ShopConfig;
use domain::{Cents, Day, Product};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::asked::{AudienceAsked, OfferAsked, WriteAsked, lang};
use super::before::Known;
use super::hands::{Trained, Who, with_hands};
use super::write::{Grounds, Prepared, Written};
use super::{Stock, Voiced};
use crate::error::{Result, ServiceError};
use crate::flows::Progress;
use crate::flows::segment::Published;
use crate::store::Store;

/// Products of a block: written one after the other, none opening as the one before.
const BLOCK: usize = 16;
/// Blocks that are written side by side.
const SIDE_BY_SIDE: usize = 4;
/// Products whose prices of before are read at once.
const PRICED_TOGETHER: usize = 8 * BLOCK * SIDE_BY_SIDE;

/// What is written of every product.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchAsked {
    /// At or below this category; everything on sale if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    pub channel: String,
    pub goal: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<String>,
    /// 1 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n_variants: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// A customer group in service: what it buys orders the selling points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<BatchOffer>,
    /// grammar if absent, learned, or best of both. A language model is asked about one product at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^(grammar|learned|best)$")]
    pub writer: Option<String>,
}

/// What is offered with every product: at least one of price, coupon and gift.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchOffer {
    /// Off each product's price, in percent; what is left is rounded down to the whole unit of the currency where the price is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 90)]
    pub percent_off: Option<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon_off_cents: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gift: Option<String>,
    /// The last day, `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_on: Option<String>,
}

impl BatchOffer {
    /// The offer of a product at this price.
    fn at(&self, price_cents: Option<i64>) -> OfferAsked {
        let off = self.percent_off.zip(price_cents).map(|(percent, price)| {
            let left = price * i64::from(100 - percent) / 100;
            if price % 100 == 0 { left / 100 * 100 } else { left }
        });
        OfferAsked {
            price_cents: off.filter(|left| *left > 0),
            coupon: self.coupon.clone(),
            coupon_off_cents: self.coupon_off_cents,
            gift: self.gift.clone(),
            ends_on: self.ends_on.clone(),
        }
    }
}

impl BatchAsked {
    /// What is asked of one product.
    pub fn of(&self, product: &Product) -> WriteAsked {
        let audience = self.segment.clone().map(|key| AudienceAsked { segment: Some(key), ..AudienceAsked::default() });
        WriteAsked {
            product_ids: vec![product.product_id.clone()],
            channel: self.channel.clone(),
            goal: self.goal.clone(),
            tone: self.tone.clone(),
            language: self.language.clone(),
            length: self.length.clone(),
            n_variants: Some(self.n_variants.unwrap_or(1)),
            seed: Some(self.seed.unwrap_or(0)),
            audience,
            offer: self.offer.as_ref().map(|offer| offer.at(product.price_cents.map(|price| price.0))),
            writer: self.writer.clone(),
            ..WriteAsked::default()
        }
    }

    /// Who writes: the grammar, if nobody is named.
    ///
    /// # Errors
    /// If it is none that writes about many products.
    pub fn who(&self) -> Result<Who> {
        match self.writer.as_deref().unwrap_or("grammar") {
            "model" => {
                let message = "writer is 'model'; allowed for many products: grammar, learned, best";
                Err(ServiceError::usage("writer", message)
                    .help("a language model is asked about one product at a time"))
            }
            name => Who::named(Some(name)),
        }
    }

    /// The same settings have the same name.
    pub fn name(&self) -> Result<String> {
        let digest = Sha256::digest(serde_json::to_vec(self)?);
        Ok(digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect())
    }

    /// `groups` are those in service, asked where a segment is named.
    ///
    /// # Errors
    /// If any product would be refused for these settings, with that reason.
    pub fn checked(&self, config: &ShopConfig, groups: Option<&Published>, today: Day) -> Result<()> {
        let any = Product {
            product_id: "any".into(),
            name: "any".into(),
            price_cents: Some(Cents(1_000_000_000)),
            ..Product::default()
        };
        let asked = self.of(&any);
        let stock = Stock::new([Arc::new(any)], None);
        if matches!(self.goal.as_str(), "upgrade" | "cross_sell") {
            let message = format!("goal is '{}'; allowed for many products: launch, promotion, win_back", self.goal);
            return Err(ServiceError::usage("goal", message).help("what customers own is said product by product"));
        }
        self.who()?;
        if let Some(found) =
            self.offer.as_ref().and_then(|offer| offer.percent_off).filter(|found| !(1..=90).contains(found))
        {
            return Err(ServiceError::usage("offer", format!("offer.percent_off is {found}; allowed: 1 to 90")));
        }
        asked.brief(config, &stock, groups, today).map(drop)
    }
}

/// What was written of one product.
pub struct OfProduct {
    pub product: Arc<Product>,
    pub asked: WriteAsked,
    /// Absent for a product that cannot be written about, such as one without a name.
    pub made: Option<(Prepared, Written)>,
}

/// What a run came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct BatchReport {
    pub n_products: usize,
    /// Written about before the run was broken off.
    pub n_done_before: usize,
    pub n_copies: usize,
    /// Products of which nothing passed the checks, or that have no name.
    pub n_without: usize,
    /// Drafts thrown away because a check blocked them.
    pub n_rejected: usize,
}

/// The shop as a run sees it.
pub struct Room<'a> {
    pub config: &'a ShopConfig,
    pub stock: &'a Stock,
    pub voiced: &'a Voiced,
    pub today: Day,
    pub store: &'a Store,
    /// Those in service, where a segment may be named.
    pub groups: Option<&'a Published>,
    pub trained: &'a Trained,
    /// What products were sold for, by product.
    pub sold_for: &'a (dyn Fn(&[Arc<Product>]) -> Result<Histories> + Sync),
}

/// What products were sold for on which day, by product.
pub type Histories = BTreeMap<String, Vec<(Day, Cents)>>;

/// All that the products of a run have in common.
struct Run<'a> {
    asked: &'a BatchAsked,
    room: &'a Room<'a>,
    who: Who,
    lang: Lang,
    before: Known<'a>,
}

/// Writes of all products in the order of ids; `take` gets each that `is_done` does not know, in that order, and may end the run
/// by an error. What was paid before is read for so many products at a time, where there is an offer to hold against it.
///
/// # Errors
/// If the settings are refused, the run is cancelled, or `take` fails.
pub fn run(
    asked: &BatchAsked,
    room: &Room,
    progress: Progress<'_>,
    is_done: &(dyn Fn(&str) -> bool + Sync),
    mut take: impl FnMut(OfProduct) -> Result<()>,
) -> Result<BatchReport> {
    asked.checked(room.config, room.groups, room.today)?;
    let products = room.stock.on_sale(asked.category.as_deref(), room.today)?;
    let lang = lang(asked.language.as_deref(), room.config)?;
    let before = Known::of(room.store, room.stock, &asked.channel, lang.code())?;
    let run = Run { asked, room, who: asked.who()?, lang, before };
    let mut report = BatchReport { n_products: products.len(), ..BatchReport::default() };
    let mut n_seen = 0;
    for part in products.chunks(PRICED_TOGETHER) {
        let is_new = asked.offer.is_some() && part.iter().any(|product| !is_done(&product.product_id));
        let histories = if is_new { (room.sold_for)(part)? } else { Histories::new() };
        for blocks in part.chunks(BLOCK * SIDE_BY_SIDE) {
            let share = n_seen as f64 / products.len().max(1) as f64;
            if !progress(share, &format!("{n_seen} of {} products", products.len())) {
                return Err(ServiceError::conflict("cancelled", "cancelled"));
            }
            n_seen += blocks.len();
            if blocks.iter().all(|product| is_done(&product.product_id)) {
                report.n_done_before += blocks.len();
                continue;
            }
            let written: Vec<Result<Vec<OfProduct>>> =
                blocks.par_chunks(BLOCK).map(|block| of_block(&run, &histories, block)).collect();
            for one in written.into_iter().collect::<Result<Vec<_>>>()?.into_iter().flatten() {
                if is_done(&one.product.product_id) {
                    report.n_done_before += 1;
                    continue;
                }
                report.note(&one);
                take(one)?;
            }
        }
    }
    progress(1.0, &format!("{n_seen} of {} products", products.len()));
    Ok(report)
}

impl BatchReport {
    fn note(&mut self, one: &OfProduct) {
        let n_copies = one.made.as_ref().map_or(0, |(_, written)| written.variants.len());
        self.n_copies += n_copies;
        self.n_without += usize::from(n_copies == 0);
        self.n_rejected += one.made.as_ref().map_or(0, |(_, written)| written.rejected);
    }
}

fn of_block(run: &Run, histories: &Histories, block: &[Arc<Product>]) -> Result<Vec<OfProduct>> {
    let room = run.room;
    let mut last_openings: Vec<String> = Vec::new();
    let mut made = Vec::with_capacity(block.len());
    for product in block {
        let asked = run.asked.of(product);
        let written = match asked.brief(room.config, room.stock, room.groups, room.today) {
            Ok(brief) => Some(of_brief(run, &asked, brief, histories, &last_openings)?),
            // The settings are right, so it is the product that cannot be written about.
            Err(_) => None,
        };
        if let Some(last) = written.as_ref().and_then(|(_, written)| written.variants.last()) {
            last_openings.clone_from(&last.draft.openings);
        }
        made.push(OfProduct { product: product.clone(), asked, made: written });
    }
    Ok(made)
}

fn of_brief(
    run: &Run,
    asked: &WriteAsked,
    brief: content::brief::Brief,
    histories: &Histories,
    last_openings: &[String],
) -> Result<(Prepared, Written)> {
    let room = run.room;
    let history = histories.get(&brief.hero().product_id).map(Vec::as_slice).unwrap_or_default();
    let before = run.before.copies_of(brief.hero())?;
    let terms = room.voiced.terms_for(run.lang, room.config);
    let prepared = Prepared::new(brief, &Grounds { stock: room.stock, history, terms, before: &before })?;
    // Products do not all begin by the same draw.
    let digest = Sha256::digest(prepared.plan.product_id.as_bytes());
    let own = digest.iter().take(6).fold(0u64, |sum, byte| (sum << 8) | u64::from(*byte));
    let seed = asked.seed.unwrap_or(0).wrapping_add(own);
    let n = asked.n_variants()?;
    let written = with_hands(run.who, run.lang, room.trained, None, |seats| {
        prepared.variants(n, seed, last_openings, room.voiced, seats, &[])
    })?;
    Ok((prepared, written))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_follows_the_price() {
        let offer = BatchOffer { percent_off: Some(15), gift: Some("case".into()), ..BatchOffer::default() };
        let price = |cents: Option<i64>| offer.at(cents).price_cents;
        assert_eq!((price(Some(399_900)), price(Some(399_999)), price(None)), (Some(339_900), Some(339_999), None));
        assert_eq!((price(Some(1)), price(Some(100))), (None, None), "nothing is given away");
        assert_eq!(offer.at(None).gift.as_deref(), Some("case"));
    }
}
