//! The words of a consumer-electronics shop, shared by every other crate.
//!
//! What is here: identifiers, money, days, event kinds, the rows of the shop's tables, the description of those
//! tables, and cards (the static description of an algorithm). What is not here: I/O, clocks, algorithms.

pub mod card;
pub mod money;
pub mod rows;
pub mod table;
pub mod text;
pub mod time;

pub use card::{Card, Kind, Param, Settings, SettingsError, Value};
pub use money::Cents;
pub use rows::{
    AudienceMember, CrowdMember, CuratedAnswer, Customer, CustomerLifetime, CustomerTaste, CustomerUpgrade, Delivery,
    DeliveryStatus, Event, EventKind, Exposure, Fit, KnowledgeDocument, Order, Product, RecommendedProduct, Review,
    SegmentMember, Spend,
};
pub use table::{Column, ColumnKind, TableSpec};
pub use text::Text;
pub use time::{Day, Millis};
