//! The console's sessions, in memory only: a restart logs everyone out, and nothing about them is on disk.

use std::collections::BTreeMap;
use std::sync::Mutex;

use crate::auth::keys::digest;
use crate::error::Result;
use crate::random;

/// A session ends this long after it was last used.
const IDLE_MS: i64 = 12 * 3_600_000;
const SESSIONS_MAX: usize = 10_000;

#[derive(Default)]
pub struct Sessions {
    /// Digest of the cookie's value -> (shop, last used).
    open: Mutex<BTreeMap<String, (String, i64)>>,
}

impl Sessions {
    /// Opens a session for `shop_id` and returns the cookie's value.
    pub fn open(&self, shop_id: &str, now: i64) -> Result<String> {
        let secret = random::token(32)?;
        let mut open = self.open.lock().expect("no holder panics");
        open.retain(|_, (_, used)| now - *used < IDLE_MS);
        while open.len() >= SESSIONS_MAX {
            let oldest = open.iter().min_by_key(|(_, (_, used))| *used).map(|(key, _)| key.clone());
            oldest.and_then(|key| open.remove(&key));
        }
        open.insert(digest(&secret), (shop_id.to_owned(), now));
        Ok(secret)
    }

    /// The shop of a live session; using it keeps it alive.
    pub fn shop_of(&self, secret: &str, now: i64) -> Option<String> {
        let mut open = self.open.lock().expect("no holder panics");
        let key = digest(secret);
        match open.get_mut(&key) {
            Some((shop, used)) if now - *used < IDLE_MS => {
                *used = now;
                Some(shop.clone())
            }
            Some(_) => {
                open.remove(&key);
                None
            }
            None => None,
        }
    }

    pub fn close(&self, secret: &str) {
        self.open.lock().expect("no holder panics").remove(&digest(secret));
    }

    /// After a change of password nobody stays logged in.
    pub fn close_all(&self, shop_id: &str) {
        self.open.lock().expect("no holder panics").retain(|_, (shop, _)| shop != shop_id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_lives_until_closed_or_idle() {
        let sessions = Sessions::default();
        let secret = sessions.open("a", 0).unwrap();
        assert_eq!(sessions.shop_of(&secret, IDLE_MS - 1).as_deref(), Some("a"));
        assert_eq!(sessions.shop_of(&secret, 2 * IDLE_MS - 2).as_deref(), Some("a"));
        assert_eq!(sessions.shop_of(&secret, 4 * IDLE_MS), None);
        let secret = sessions.open("a", 0).unwrap();
        sessions.close(&secret);
        assert_eq!(sessions.shop_of(&secret, 1), None);
        assert_eq!(sessions.shop_of("guess", 1), None);
    }
}
