//! What a turn does for an intent: looks up, compares, checks, lists. Each act fills an answer with sentences (from
//! [`crate::say`]) and what they rest on; which act is called is decided in [`crate::decide`].
