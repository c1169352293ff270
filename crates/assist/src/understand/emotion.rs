//! How a message feels: anger, urgency, thanks; by words, marks and repetition, in Chinese and English.

use serde::{Deserialize, Serialize};

/// All from 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Emotion {
    pub anger: f32,
    pub urgency: f32,
    pub thanks: f32,
}
