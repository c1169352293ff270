//! The segmentation in service, as files of one version: each is parsed when first asked for, and once.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use data::Shop;
use segment::rfm::RfmGroup;
use serde::de::DeserializeOwned;

use super::views::{Cohorts, Map, Movement, RfmView, Segmentation, Tree};
use super::{KIND, Text};
use crate::error::{Kind, Result, ServiceError};
use crate::flows::in_service::{self, InService};

/// One version of everything that a segmentation answers.
pub struct Published {
    shop: Shop,
    pub version: String,
    groups: OnceLock<Segmentation>,
    rfm: OnceLock<Option<RfmView>>,
    cohorts: OnceLock<Cohorts>,
    movement: OnceLock<Option<Movement>>,
    map: OnceLock<Map>,
    tree: OnceLock<Tree>,
}

/// What a server keeps of it.
pub type Groups = InService<Published>;

impl in_service::Published for Published {
    const KIND: &'static str = KIND;

    async fn read(shop: &Shop, version: String) -> Result<Published> {
        Ok(Published {
            shop: shop.clone(),
            version,
            groups: OnceLock::new(),
            rfm: OnceLock::new(),
            cohorts: OnceLock::new(),
            movement: OnceLock::new(),
            map: OnceLock::new(),
            tree: OnceLock::new(),
        })
    }

    fn version(&self) -> &str {
        &self.version
    }

    fn none_yet() -> ServiceError {
        none_yet()
    }
}

impl Published {
    /// The file `name`, parsed once. Two who ask at the same time may both parse; the first stays.
    fn kept<'a, T: DeserializeOwned>(&self, cell: &'a OnceLock<T>, name: &str) -> Result<&'a T> {
        if let Some(kept) = cell.get() {
            return Ok(kept);
        }
        let bytes = self.shop.models().read(KIND, &self.version, &format!("{name}.json"))?;
        let read = serde_json::from_slice(&bytes)?;
        Ok(cell.get_or_init(|| read))
    }

    pub fn groups(&self) -> Result<&Segmentation> {
        if let Some(kept) = self.groups.get() {
            return Ok(kept);
        }
        let bytes = self.shop.models().read(KIND, &self.version, "segmentation.json")?;
        let mut read: Segmentation = serde_json::from_slice(&bytes)?;
        // Known only once it was published.
        read.version.clone_from(&self.version);
        Ok(self.groups.get_or_init(|| read))
    }

    /// # Errors
    /// If nobody has bought anything.
    pub fn rfm(&self) -> Result<&RfmView> {
        self.kept(&self.rfm, "rfm")?.as_ref().ok_or_else(none_yet)
    }

    pub fn cohorts(&self) -> Result<&Cohorts> {
        self.kept(&self.cohorts, "cohorts")
    }

    /// `None` before there are two months to compare.
    pub fn movement(&self) -> Result<Option<&Movement>> {
        Ok(self.kept(&self.movement, "movement")?.as_ref())
    }

    pub fn map(&self) -> Result<&Map> {
        self.kept(&self.map, "map")
    }

    pub fn tree(&self) -> Result<&Tree> {
        self.kept(&self.tree, "tree")
    }

    /// How many customers a group has, found or by recency, frequency and money.
    ///
    /// # Errors
    /// If there is no group of this key.
    pub fn size(&self, key: &str) -> Result<u64> {
        let found = match RfmGroup::from_key(key) {
            Some(_) => self.rfm()?.groups.iter().find(|group| group.key == key).map(|group| group.n_customers),
            None => self.groups()?.groups.iter().find(|group| group.key == key).map(|group| group.n_customers),
        };
        found.ok_or_else(|| ServiceError::not_found("group", key))
    }
}

fn none_yet() -> ServiceError {
    ServiceError::new(Kind::NotFound, "segments", "no customer groups have been made yet")
        .help("make them: tercet train segment, or POST /v1/jobs {\"kind\": \"segment\"}")
}

/// Names of groups by their keys: those by recency, frequency and money always, those found if there are any.
pub fn names(published: Option<&Published>) -> Result<BTreeMap<String, Text>> {
    let mut names: BTreeMap<String, Text> =
        RfmGroup::ALL.into_iter().map(|group| (group.key().to_owned(), group.name().into())).collect();
    if let Some(published) = published {
        names.extend(published.groups()?.groups.iter().map(|group| (group.key.clone(), group.name.clone())));
    }
    Ok(names)
}
