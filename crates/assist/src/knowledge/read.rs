//! Passages as they are compared with questions, kept for those that were compared lately: what one customer asks another asks
//! soon, and reading a passage costs more than comparing it. Only speed depends on what is kept.

use std::sync::{Arc, Mutex};

use rustc_hash::FxHashMap;

use super::words::{View, Word};

/// Passages of one generation. Two are kept: some 2 KiB a passage.
const KEPT_MAX: usize = 2_048;

/// A passage in the form in which questions are compared with it.
pub(super) struct ReadPlace {
    /// Its headings and the title of its document.
    pub head: View,
    /// With its text.
    pub all: View,
    /// The words of its own heading, with what each says.
    pub name: Vec<(f32, Word)>,
}

/// What was read lately, by place. When the younger generation is full it becomes the older, whose passages are forgotten unless
/// they are asked for again.
#[derive(Default)]
pub(super) struct LatelyRead(Mutex<Generations>);

#[derive(Default)]
struct Generations {
    young: FxHashMap<u32, Arc<ReadPlace>>,
    old: FxHashMap<u32, Arc<ReadPlace>>,
}

impl LatelyRead {
    /// A passage as it was read, or as `read` reads it now. Nobody waits while somebody reads.
    pub fn of(&self, place: u32, read: impl FnOnce() -> ReadPlace) -> Arc<ReadPlace> {
        if let Some(known) = self.generations().known(place) {
            return known;
        }
        let new = Arc::new(read());
        self.generations().keep(place, new.clone());
        new
    }

    fn generations(&self) -> std::sync::MutexGuard<'_, Generations> {
        self.0.lock().expect("no holder panics")
    }
}

impl Generations {
    fn known(&mut self, place: u32) -> Option<Arc<ReadPlace>> {
        if let Some(known) = self.young.get(&place) {
            return Some(known.clone());
        }
        let known = self.old.remove(&place)?;
        self.keep(place, known.clone());
        Some(known)
    }

    fn keep(&mut self, place: u32, read: Arc<ReadPlace>) {
        if self.young.len() >= KEPT_MAX {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(place, read);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> ReadPlace {
        ReadPlace { head: View::default(), all: View::of([text]), name: Vec::new() }
    }

    #[test]
    fn what_is_asked_for_again_is_kept_and_the_rest_is_bounded() {
        let lately = LatelyRead::default();
        let mut n_read = 0;
        for place in 0..3 * KEPT_MAX as u32 {
            // Place 0 is asked for all the time.
            for place in [place, 0] {
                lately.of(place, || {
                    n_read += 1;
                    read("a")
                });
            }
        }
        assert_eq!(n_read, 3 * KEPT_MAX);
        let generations = lately.generations();
        assert!(generations.young.len() <= KEPT_MAX && generations.old.len() <= KEPT_MAX);
    }
}
