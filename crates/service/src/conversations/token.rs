//! Tokens by which a shop vouches for its customers: `BASE64URL(JSON) . BASE64URL(HMAC-SHA256 of the first part)`, JSON being
//! `{"sub": customer id, "exp": unix seconds}`. Signing (RFC 2104) and base64url (RFC 4648, unpadded) stand here too; webhooks
//! sign by the same.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{Kind, Result, ServiceError};
use crate::random;
use crate::store::Store;

/// The setting that holds the secret; never logged, never answered by the API.
const SETTING: &str = "service_token_secret";
/// Longer tokens are not looked at.
const TOKEN_BYTES_MAX: usize = 4096;
/// Clocks of two machines may differ by so much.
const SKEW_SECONDS: i64 = 60;
/// A token that is good for longer was not meant to be given to a browser.
const AHEAD_SECONDS_MAX: i64 = 31 * 86_400;
const BLOCK: usize = 64;

#[derive(Serialize, Deserialize)]
struct Claims {
    sub: String,
    exp: i64,
}

/// HMAC-SHA256.
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0u8; BLOCK];
    if key.len() > BLOCK {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let keyed = |pad: u8, rest: &[u8]| -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(block.map(|byte| byte ^ pad));
        hash.update(rest);
        hash.finalize().into()
    };
    keyed(0x5c, &keyed(0x36, message))
}

/// Whether two texts are the same, in a time that does not tell where they differ.
pub fn is_same(a: &[u8], b: &[u8]) -> bool {
    let different = a.iter().zip(b).fold(0u8, |all, (x, y)| std::hint::black_box(all | (x ^ y)));
    a.len() == b.len() && std::hint::black_box(different) == 0
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0u32, |bits, &byte| bits << 8 | u32::from(byte)) << (8 * (3 - chunk.len()));
        for at in 0..=chunk.len() {
            text.push(ALPHABET[(bits >> (18 - 6 * at)) as usize & 63] as char);
        }
    }
    text
}

/// `None` for anything that [`encode`] does not write.
fn decode(text: &str) -> Option<Vec<u8>> {
    if text.len() % 4 == 1 {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    for chunk in text.as_bytes().chunks(4) {
        let mut bits = 0u32;
        for letter in chunk {
            bits = bits << 6 | ALPHABET.iter().position(|known| known == letter)? as u32;
        }
        bits <<= 6 * (4 - chunk.len());
        let held = chunk.len() - 1;
        bytes.extend_from_slice(&bits.to_be_bytes()[1..1 + held]);
        if bits.to_be_bytes()[1 + held..].iter().any(|&rest| rest != 0) {
            return None;
        }
    }
    Some(bytes)
}

/// Makes the secret, or another one: tokens signed before are void then.
pub fn new_secret(store: &Store) -> Result<String> {
    let secret = format!("ts_{}", random::token(32)?);
    store.set_setting(SETTING, &secret)?;
    Ok(secret)
}

fn secret(store: &Store) -> Result<String> {
    store.setting(SETTING)?.ok_or_else(|| refused("the shop has no secret for tokens yet"))
}

fn refused(message: &str) -> ServiceError {
    ServiceError::new(Kind::Unauthorised, "customer_token", message).help(
        "the shop's own server signs BASE64URL({\"sub\": customer id, \"exp\": unix seconds}) with HMAC-SHA256 and the secret of `tercet service token-secret`; `tercet service sign CUSTOMER` makes one to try",
    )
}

/// A token for a customer.
///
/// # Errors
/// If the shop has no secret yet.
pub fn sign(store: &Store, customer_id: &str, expires_at: i64) -> Result<String> {
    let claims = encode(&serde_json::to_vec(&Claims { sub: customer_id.to_owned(), exp: expires_at })?);
    let signature = hmac_sha256(secret(store)?.as_bytes(), claims.as_bytes());
    Ok(format!("{claims}.{}", encode(&signature)))
}

/// The customer whom a token vouches for.
///
/// # Errors
/// Unauthorised, if it was not signed by the shop, is no token, or was good until before `now` (unix seconds).
pub fn customer_of(store: &Store, token: &str, now: i64) -> Result<String> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(refused("the customer token is too long"));
    }
    let secret = secret(store)?;
    let (claims, signature) = token.split_once('.').ok_or_else(|| refused("the customer token is none"))?;
    let signed = hmac_sha256(secret.as_bytes(), claims.as_bytes());
    if !decode(signature).is_some_and(|given| is_same(&given, &signed)) {
        return Err(refused("the customer token was not signed with the shop's secret"));
    }
    let claims: Option<Claims> = decode(claims).and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let claims = claims.ok_or_else(|| refused("the customer token names nobody"))?;
    if claims.exp.saturating_add(SKEW_SECONDS) < now {
        return Err(refused("the customer token has expired"));
    }
    if claims.exp > now.saturating_add(AHEAD_SECONDS_MAX + SKEW_SECONDS) {
        return Err(refused("the customer token is good for more than 31 days"));
    }
    crate::api::input::check_id("the customer of the token", &claims.sub)?;
    Ok(claims.sub)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::hex;

    /// RFC 4231, cases 1, 2 and 6.
    #[test]
    fn signing_is_that_of_the_standard() {
        for (key, message, expected) in [
            (&[0x0b; 20][..], &b"Hi There"[..], "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                &[0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
        ] {
            assert_eq!(hex(&hmac_sha256(key, message)), expected);
        }
    }

    /// RFC 4648, section 10, without padding.
    #[test]
    fn base64url_goes_and_comes_back() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg"),
            ("fo", "Zm8"),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg"),
            ("fooba", "Zm9vYmE"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encode(bytes.as_bytes()), text);
            assert_eq!(decode(text).as_deref(), Some(bytes.as_bytes()));
        }
        assert_eq!(encode(&[0xfb, 0xff]), "-_8");
        for text in ["Z", "Zg==", "Z+==", "Zh", "Zm9", "é", "Zm9vZ"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }

    #[test]
    fn only_the_shops_own_tokens_count_and_not_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::of(&data::Shop::create(folder.path().join("shop")).unwrap()).unwrap();
        assert_eq!(sign(&store, "c1", 1000).unwrap_err().code, "customer_token");
        let first = new_secret(&store).unwrap();
        let token = sign(&store, "c1", 1000).unwrap();
        assert_eq!(customer_of(&store, &token, 0).unwrap(), "c1");
        assert_eq!(customer_of(&store, &token, 1000 + SKEW_SECONDS).unwrap(), "c1");
        let (claims, signature) = token.split_once('.').unwrap();
        let other = encode(br#"{"sub":"c2","exp":1000}"#);
        let unsigned = encode(&hmac_sha256(b"", claims.as_bytes()));
        let bad = [
            (token.clone(), 1001 + SKEW_SECONDS, "has expired"),
            (format!("{other}.{signature}"), 0, "not signed"),
            (format!("{claims}.{unsigned}"), 0, "not signed"),
            (format!("{claims}."), 0, "not signed"),
            (claims.to_owned(), 0, "is none"),
            (String::new(), 0, "is none"),
            ("x".repeat(9999), 0, "too long"),
            (sign(&store, "c1", i64::MAX).unwrap(), 0, "more than 31 days"),
            (sign(&store, "c\n1", 1000).unwrap(), 0, "allowed: 1 to 200"),
        ];
        for (token, now, said) in bad {
            let error = customer_of(&store, &token, now).unwrap_err();
            assert!(error.message.contains(said) && !error.message.contains(&first), "{error}");
        }
        new_secret(&store).unwrap();
        assert!(customer_of(&store, &token, 0).is_err(), "another secret voids it");
    }
}
