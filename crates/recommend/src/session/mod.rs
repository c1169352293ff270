//! Models of order: what comes next in this session, from sessions like it, or for this customer, from what was touched
//! last.

pub mod item2vec;
pub mod sasrec;
pub mod vmis_knn;
