//! Copies for a whole category or catalogue: in the order of ids, block by block, so that memory does not grow with the shop and
//! that a run which was broken off can go on where it was. The same settings give the same texts, whoever runs them and however
//! often it was broken off.

use std::sync::Arc;

use data::ShopConfig;
use domain::{Day, Product};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::asked::WriteAsked;
use super::write::{Prepared, Written};
use super::{Stock, Voiced};
use crate::error::{Result, ServiceError};
use crate::flows::Progress;

/// Products of a block: written one after the other, none opening as the one before.
const BLOCK: usize = 16;
/// Blocks that are written side by side.
const SIDE_BY_SIDE: usize = 4;

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
}

impl BatchAsked {
    /// What is asked of one product.
    pub fn of(&self, product_id: &str) -> WriteAsked {
        WriteAsked {
            product_ids: vec![product_id.to_owned()],
            channel: self.channel.clone(),
            goal: self.goal.clone(),
            tone: self.tone.clone(),
            language: self.language.clone(),
            length: self.length.clone(),
            n_variants: Some(self.n_variants.unwrap_or(1)),
            seed: Some(self.seed.unwrap_or(0)),
            ..WriteAsked::default()
        }
    }

    /// The same settings have the same name.
    pub fn name(&self) -> Result<String> {
        let digest = Sha256::digest(serde_json::to_vec(self)?);
        Ok(digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect())
    }

    /// # Errors
    /// If any product would be refused for these settings, with that reason.
    pub fn checked(&self, config: &ShopConfig, today: Day) -> Result<()> {
        let any = Product { product_id: "any".into(), name: "any".into(), ..Product::default() };
        let stock = Stock::new([Arc::new(any)], None);
        if matches!(self.goal.as_str(), "upgrade" | "cross_sell") {
            let message = format!("goal is '{}'; allowed for many products: launch, promotion, win_back", self.goal);
            return Err(ServiceError::usage("goal", message).help("what customers own is said product by product"));
        }
        self.of("any").brief(config, &stock, None, today).map(drop)
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
}

/// Writes of all products in the order of ids; `take` gets each that `is_done` does not know, in that order, and may end the run
/// by an error. Prices of before are not asked: without an offer nothing is said of them.
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
    asked.checked(room.config, room.today)?;
    let products = room.stock.on_sale(asked.category.as_deref(), room.today)?;
    let mut report = BatchReport { n_products: products.len(), ..BatchReport::default() };
    let mut n_seen = 0;
    for blocks in products.chunks(BLOCK * SIDE_BY_SIDE) {
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
            blocks.par_chunks(BLOCK).map(|block| of_block(asked, room, block)).collect();
        for one in written.into_iter().collect::<Result<Vec<_>>>()?.into_iter().flatten() {
            if is_done(&one.product.product_id) {
                report.n_done_before += 1;
                continue;
            }
            let n_copies = one.made.as_ref().map_or(0, |(_, written)| written.variants.len());
            report.n_copies += n_copies;
            report.n_without += usize::from(n_copies == 0);
            report.n_rejected += one.made.as_ref().map_or(0, |(_, written)| written.rejected);
            take(one)?;
        }
    }
    progress(1.0, &format!("{n_seen} of {} products", products.len()));
    Ok(report)
}

fn of_block(asked: &BatchAsked, room: &Room, block: &[Arc<Product>]) -> Result<Vec<OfProduct>> {
    let mut last_openings: Vec<String> = Vec::new();
    let mut made = Vec::with_capacity(block.len());
    for product in block {
        let asked = asked.of(&product.product_id);
        let written = match asked.brief(room.config, room.stock, None, room.today) {
            Ok(brief) => Some(of_brief(&asked, brief, room, &last_openings)?),
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
    asked: &WriteAsked,
    brief: content::brief::Brief,
    room: &Room,
    last_openings: &[String],
) -> Result<(Prepared, Written)> {
    let prepared = Prepared::new(brief, room.stock, &[])?;
    // Products do not all begin by the same draw.
    let digest = Sha256::digest(prepared.plan.product_id.as_bytes());
    let own = digest.iter().take(6).fold(0u64, |sum, byte| (sum << 8) | u64::from(*byte));
    let seed = asked.seed.unwrap_or(0).wrapping_add(own);
    let written = prepared.variants(asked.n_variants()?, seed, last_openings, room.voiced)?;
    Ok((prepared, written))
}
