//! What answers requests: one [`ServedShop`] per shop, with the catalogue and the model in memory behind an atomic swap,
//! the recent history of each customer, and the store that makes events durable. No HTTP here.

mod answer;
mod catalogue;
mod histories;
mod people;
mod shop;
mod shops;

pub use answer::{Answer, ListRequest, SimilarItem};
pub use catalogue::{PopularProduct, ProductRow, Snapshot};

pub use people::{CustomerRow, CustomerSearch, HistoryRow, Page, ProductSearch, off_thread};
pub use shop::ServedShop;
pub use shops::Shops;
