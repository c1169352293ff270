//! A shop opened for one command: the same goods, rules, drafts and writers that a server keeps, read once. What is kept while a server
//! runs is the business of `serving::copy`.

use std::sync::Arc;

use content::panel::Seat;
use data::Shop;
use domain::{Day, Product};

use super::batch::{BatchAsked, BatchReport, Histories, Room};
use super::hands::{Trained, with_hands};
use super::house::KeptHouse;
use super::learned::Loaded;
use super::translate::{Translated, asked_in, translate};
use super::write::Shelved;
use super::{Prepared, Purpose, Stock, Voiced, WriteAsked, Written, batch_file, drafts, prices, response};
use crate::clock;
use crate::error::Result;
use crate::flows::Progress;
use crate::flows::in_service::now;
use crate::flows::segment::Published;
use crate::metrics::Metrics;
use crate::store::Store;
use crate::writer::{WriterConfig, Writers};

/// A shop with all that copies are written from.
pub struct Alone {
    pub shop: Shop,
    pub store: Store,
    pub stock: Stock,
    pub voiced: Arc<Voiced>,
    pub today: Day,
    trained: Trained,
    writers: Option<Writers>,
    metrics: Metrics,
}

impl Alone {
    /// # Errors
    /// If the shop, its catalogue or its settings cannot be read.
    pub async fn open(shop: Shop) -> Result<Alone> {
        let store = Store::of(&shop)?;
        let voiced = KeptHouse::default().now(&store, &shop.config().name)?;
        let stock = Stock::of(&shop).await?;
        let trained = Trained::of(now::<Loaded>(&shop).await.map(|found| found.map(Arc::new)));
        let writers = WriterConfig::of(&shop)?.map(Writers::new);
        let today = clock::today(&shop.config().time_zone);
        Ok(Alone { shop, store, stock, voiced, today, trained, writers, metrics: Metrics::default() })
    }

    /// A request with all that its copies rest on.
    ///
    /// # Errors
    /// If a name is not known or the brief cannot be written.
    pub async fn prepared(&self, asked: &WriteAsked, purpose: &Purpose) -> Result<Prepared> {
        let groups = match asked.audience.as_ref().and_then(|audience| audience.segment.as_ref()) {
            Some(_) => now::<Published>(&self.shop).await?,
            None => None,
        };
        let brief = asked.brief(self.shop.config(), &self.stock, groups.as_ref(), self.today)?;
        let history = match asked.offer.is_some() || *purpose != Purpose::Written {
            true => prices::history(&self.shop, &brief.hero().product_id).await?,
            false => Vec::new(),
        };
        let shelved =
            Shelved { store: &self.store, stock: &self.stock, voiced: &self.voiced, config: self.shop.config() };
        tokio::task::block_in_place(|| shelved.prepared(brief, &history, purpose))
    }

    /// Variants of a request by the writers that it asks for.
    ///
    /// # Errors
    /// If one of them is not there, or a text is too long to be checked.
    pub async fn write(&self, asked: &WriteAsked, prepared: &Prepared) -> Result<Written> {
        let (who, n, seed) = (asked.who()?, asked.n_variants()?, asked.seed.unwrap_or(0));
        let quill = self.writers.as_ref().and_then(|writers| writers.quill(&self.store, &self.metrics, self.today));
        let past = response::past(&self.shop, &self.store).await?;
        let write = |seats: &[Seat<'_>]| prepared.variants(n, seed, &[], &self.voiced, seats, &past);
        let hands = || with_hands(who, prepared.brief.lang, &self.trained, quill, write);
        let written = tokio::task::block_in_place(hands)?;
        Ok(written.expecting(&past))
    }

    /// Variants again in the other language; nothing is stored.
    ///
    /// # Errors
    /// If they are in it already, or the channel is not written in it.
    pub async fn translated(&self, asked: &WriteAsked, written: &Written, to: &str) -> Result<Vec<Translated>> {
        let from = asked.language.as_deref().unwrap_or(&self.shop.config().language);
        let again = asked_in(asked, from, to)?;
        let prepared = self.prepared(&again, &Purpose::Translated).await?;
        let one =
            |variant: &super::write::VariantView| translate(&variant.draft, again.clone(), &prepared, &self.voiced);
        written.variants.iter().map(one).collect()
    }

    /// A draft of the shop in the other language, kept as a draft, and what it lost.
    ///
    /// # Errors
    /// If there is no such draft, it is in that language already, or its channel is not written in it.
    pub async fn translated_draft(
        &self,
        id: &str,
        to: &str,
        by: &drafts::By,
    ) -> Result<(drafts::DraftDetail, Translated)> {
        let detail = drafts::get(&self.store, id)?;
        let asked = asked_in(&detail.brief, &detail.row.language, to)?;
        let prepared = self.prepared(&asked, &Purpose::Translated).await?;
        let made = translate(&detail.draft, asked, &prepared, &self.voiced)?;
        let kept = drafts::keep_translation(&self.store, id, made.clone(), &prepared, by)?;
        Ok((kept, made))
    }

    /// Copies of many products into a file.
    ///
    /// # Errors
    /// If the settings are refused, the file holds something else, the run is cancelled or the disk is full.
    pub async fn batch(&self, path: &std::path::Path, asked: &BatchAsked, on: Progress<'_>) -> Result<BatchReport> {
        let groups = match &asked.segment {
            Some(_) => now::<Published>(&self.shop).await?,
            None => None,
        };
        let runtime = tokio::runtime::Handle::current();
        let sold_for =
            |part: &[Arc<Product>]| -> Result<Histories> { runtime.block_on(prices::histories(&self.shop, part)) };
        let room = Room {
            config: self.shop.config(),
            stock: &self.stock,
            voiced: &self.voiced,
            today: self.today,
            store: &self.store,
            groups: groups.as_ref(),
            trained: &self.trained,
            sold_for: &sold_for,
        };
        tokio::task::block_in_place(|| batch_file::write(path, asked, &room, on))
    }
}
