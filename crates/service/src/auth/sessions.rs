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
    /// By the digest of the cookie's value.
    open: Mutex<BTreeMap<String, Session>>,
}

/// One browser's session. Every shop has its own password and keys, so a session holds the shops for which one was given.
struct Session {
    /// The last one opened is the one meant unless a request names another.
    shops: Vec<Opened>,
    used: i64,
}

/// A shop of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    pub shop_id: String,
    /// The digest of the key that was given; none for the console's password.
    pub key: Option<String>,
}

impl Session {
    fn is_live(&self, now: i64) -> bool {
        now - self.used < IDLE_MS && !self.shops.is_empty()
    }
}

impl Sessions {
    /// Opens a session for a shop, which takes over the shops of the `previous` one, and returns the cookie's value.
    pub fn open(&self, opened: Opened, previous: Option<&str>, now: i64) -> Result<String> {
        let secret = random::token(32)?;
        let mut open = self.open.lock().expect("no holder panics");
        open.retain(|_, session| session.is_live(now));
        let mut shops = previous.and_then(|secret| open.remove(&digest(secret))).map_or_else(Vec::new, |old| old.shops);
        shops.retain(|shop| shop.shop_id != opened.shop_id);
        shops.push(opened);
        while open.len() >= SESSIONS_MAX {
            let oldest = open.iter().min_by_key(|(_, session)| session.used).map(|(key, _)| key.clone());
            oldest.and_then(|key| open.remove(&key));
        }
        open.insert(digest(&secret), Session { shops, used: now });
        Ok(secret)
    }

    /// The shops of a live session, the last opened last; using it keeps it alive.
    pub fn shops_of(&self, secret: &str, now: i64) -> Option<Vec<Opened>> {
        let mut open = self.open.lock().expect("no holder panics");
        let key = digest(secret);
        match open.get_mut(&key) {
            Some(session) if session.is_live(now) => {
                session.used = now;
                Some(session.shops.clone())
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
        let mut open = self.open.lock().expect("no holder panics");
        open.values_mut().for_each(|session| session.shops.retain(|shop| shop.shop_id != shop_id));
        open.retain(|_, session| !session.shops.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(shop: &str) -> Opened {
        Opened { shop_id: shop.to_owned(), key: None }
    }

    #[test]
    fn a_session_lives_until_closed_or_idle() {
        let sessions = Sessions::default();
        let secret = sessions.open(own("a"), None, 0).unwrap();
        assert_eq!(sessions.shops_of(&secret, IDLE_MS - 1).unwrap(), [own("a")]);
        assert_eq!(sessions.shops_of(&secret, 2 * IDLE_MS - 2).unwrap(), [own("a")]);
        assert_eq!(sessions.shops_of(&secret, 4 * IDLE_MS), None);
        let secret = sessions.open(own("a"), None, 0).unwrap();
        sessions.close(&secret);
        assert_eq!(sessions.shops_of(&secret, 1), None);
        assert_eq!(sessions.shops_of("guess", 1), None);
    }

    #[test]
    fn a_second_log_in_adds_a_shop_and_a_new_password_takes_it_away() {
        let sessions = Sessions::default();
        let first = sessions.open(own("a"), None, 0).unwrap();
        let second = sessions.open(own("b"), Some(&first), 0).unwrap();
        assert_eq!(sessions.shops_of(&first, 1), None);
        assert_eq!(sessions.shops_of(&second, 1).unwrap(), [own("a"), own("b")]);
        let third = sessions.open(own("a"), Some(&second), 1).unwrap();
        assert_eq!(sessions.shops_of(&third, 1).unwrap(), [own("b"), own("a")]);
        sessions.close_all("a");
        assert_eq!(sessions.shops_of(&third, 1).unwrap(), [own("b")]);
        sessions.close_all("b");
        assert_eq!(sessions.shops_of(&third, 1), None);
    }

    #[test]
    fn a_dead_session_lends_nothing() {
        let sessions = Sessions::default();
        let old = sessions.open(own("a"), None, 0).unwrap();
        let new = sessions.open(own("b"), Some(&old), IDLE_MS).unwrap();
        assert_eq!(sessions.shops_of(&new, IDLE_MS).unwrap(), [own("b")]);
    }
}
