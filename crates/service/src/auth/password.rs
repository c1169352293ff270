//! The console's password, kept as an Argon2id hash with its own salt.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

use crate::error::{Result, ServiceError};

pub const LENGTH_MIN: usize = 10;
const LENGTH_MAX: usize = 200;

/// The hash to store, after checking the length.
pub fn hash(password: &str) -> Result<String> {
    let length = password.chars().count();
    if !(LENGTH_MIN..=LENGTH_MAX).contains(&length) {
        return Err(ServiceError::usage(
            "password",
            format!("the password has {length} characters; allowed: {LENGTH_MIN} to {LENGTH_MAX}"),
        ));
    }
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|error| ServiceError::failed(format!("the password could not be hashed: {error}")))
}

/// Whether `password` belongs to `stored`. Takes tens of milliseconds, on purpose: call it off the request threads.
pub fn verify(password: &str, stored: &str) -> bool {
    if password.chars().count() > LENGTH_MAX {
        return false;
    }
    PasswordHash::new(stored)
        .is_ok_and(|stored| Argon2::default().verify_password(password.as_bytes(), &stored).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_opens() {
        let stored = hash("correct horse battery").unwrap();
        assert!(stored.starts_with("$argon2id$"));
        for (password, opens) in
            [("correct horse battery", true), ("correct horse", false), ("", false), (&"x".repeat(9_999), false)]
        {
            assert_eq!(verify(password, &stored), opens);
        }
        assert!(hash("short").is_err());
        assert!(!verify("x", "not a hash"));
    }
}
