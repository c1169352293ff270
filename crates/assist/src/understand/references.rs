//! What a message points back to.
