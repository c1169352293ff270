//! Signed requests, in both directions: HMAC-SHA256 over the time and the body, so that neither can be sent again as another.
//! Headers: `X-Tercet-Time` (unix seconds), `X-Tercet-Signature: sha256=HEX` of `TIME.BODY`, and outgoing `X-Tercet-Id`.

use crate::conversations::token::{hmac_sha256, is_same};
use crate::random::hex;

pub const TIME: &str = "x-tercet-time";
pub const SIGNATURE: &str = "x-tercet-signature";
/// How far the sender's clock, and a request's way, may be off.
pub const WINDOW_SECONDS: i64 = 300;
/// Characters of a secret at least.
pub const SECRET_CHARS_MIN: usize = 16;

/// The signature of a body at a time.
pub fn signature(secret: &str, at: i64, body: &[u8]) -> String {
    let message = [at.to_string().as_bytes(), b".", body].concat();
    format!("sha256={}", hex(&hmac_sha256(secret.as_bytes(), &message)))
}

/// What is wrong with a signed request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A header is missing or is not of its form.
    Form,
    /// Signed with another secret, or changed on its way.
    Signature,
    /// Too long ago, or ahead.
    Time,
}

/// Whether a body was signed with the secret at about `now` (unix seconds).
pub fn verify(secret: &str, time: &str, given: &str, body: &[u8], now: i64) -> Result<(), Refusal> {
    let at: i64 = time.parse().map_err(|_| Refusal::Form)?;
    // Another way to write the number would be another message with the same meaning.
    if at.to_string() != time || given.len() > 200 {
        return Err(Refusal::Form);
    }
    if !is_same(signature(secret, at, body).as_bytes(), given.as_bytes()) {
        return Err(Refusal::Signature);
    }
    if at.abs_diff(now) > WINDOW_SECONDS.unsigned_abs() {
        return Err(Refusal::Time);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECRET: &str = "0123456789abcdef";

    #[test]
    fn a_request_counts_only_as_it_was_signed_and_not_for_long() {
        let signed = signature(SECRET, 1000, b"{}");
        let check = |time: &str, given: &str, body: &[u8], now| verify(SECRET, time, given, body, now);
        assert_eq!(check("1000", &signed, b"{}", 1000), Ok(()));
        assert_eq!(check("1000", &signed, b"{}", 1300), Ok(()));
        assert_eq!(check("1000", &signed, b"{}", 700), Ok(()));
        for (time, given, body, now, refusal) in [
            ("1000", signed.as_str(), &b"{}"[..], 1301, Refusal::Time),
            ("1000", &signed, b"{}", i64::MAX, Refusal::Time),
            ("1000", &signed, b"{}", i64::MIN, Refusal::Time),
            ("1001", &signed, b"{}", 1000, Refusal::Signature),
            ("1000", &signed, b"{ }", 1000, Refusal::Signature),
            ("1000", "", b"{}", 1000, Refusal::Signature),
            ("1000", &signed[7..], b"{}", 1000, Refusal::Signature),
            ("01000", &signed, b"{}", 1000, Refusal::Form),
            ("+1000", &signed, b"{}", 1000, Refusal::Form),
            ("soon", &signed, b"{}", 1000, Refusal::Form),
        ] {
            assert_eq!(check(time, given, body, now), Err(refusal), "{time} {given} {now}");
        }
        assert_eq!(verify("0123456789abcdeF", "1000", &signed, b"{}", 1000), Err(Refusal::Signature));
    }

    proptest! {
        #[test]
        fn whatever_is_changed_is_refused(body in proptest::collection::vec(any::<u8>(), 1..200), at in 0i64..1 << 40, place in any::<usize>(), bit in 0u8..8) {
            let signed = signature(SECRET, at, &body);
            let mut changed = body.clone();
            changed[place % body.len()] ^= 1 << bit;
            prop_assert_eq!(verify(SECRET, &at.to_string(), &signed, &body, at), Ok(()));
            prop_assert_eq!(verify(SECRET, &at.to_string(), &signed, &changed, at), Err(Refusal::Signature));
        }
    }
}
