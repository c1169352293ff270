//! Random walks on the graph of users and items.

pub mod rp3beta;
