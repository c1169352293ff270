//! Models of a visit in progress: what comes next in this session, from sessions like it.

pub mod vmis_knn;
