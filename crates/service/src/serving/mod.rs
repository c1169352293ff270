//! What answers requests: one [`ServedShop`] per shop, with the catalogue and the ranker in memory behind an atomic swap,
//! the recent history of each customer, and the store that makes events durable. No HTTP here.

mod answer;
mod assistant;
mod catalogue;
mod copy;
mod everyone;
mod following;
mod histories;
mod importing;
mod packed;
mod people;
mod regions;
mod search;
mod shop;
mod shops;
mod turnover;

pub use answer::{Answer, AnswerItem, ListRequest, Reason, Replay, SimilarItem, Term};
pub use assistant::{ANSWERS, CuratedRow, Ready, Said, curated_rows};
pub use catalogue::{PopularProduct, ProductRow, Snapshot};
pub use everyone::{CSV_HEADER, EveryoneReport, Place, batch_of, write_csv};

pub use importing::{ImportAsked, import_error};
pub use people::{CustomerRow, CustomerSearch, HistoryRow, Page, off_thread};
pub use search::{BrandCount, CategoryCount, ProductFacets, ProductFilter, ProductSearch};
pub use shop::{Explanation, ServedShop};
pub use shops::Shops;
pub use turnover::{CategoryRevenue, OrdersOfDay, Turnover};
