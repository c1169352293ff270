//! Factor models: items are short vectors, a customer is solved for from the history.

pub mod ials;
