//! Secrets from the operating system's generator. Nothing here is reproducible, on purpose.

use crate::error::{Result, ServiceError};

/// `n_bytes` of entropy as lower-case hexadecimal.
pub fn token(n_bytes: usize) -> Result<String> {
    let mut bytes = vec![0u8; n_bytes];
    getrandom::fill(&mut bytes).map_err(|error| ServiceError::failed(format!("no random bytes: {error}")))?;
    Ok(hex(&bytes))
}

/// Bytes that nobody can guess.
pub fn bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| ServiceError::failed(format!("no random bytes: {error}")))?;
    Ok(bytes)
}

/// A password a person can type: 20 letters and digits without look-alikes, about 98 bits.
pub fn password() -> Result<String> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = [0u8; 20];
    getrandom::fill(&mut bytes).map_err(|error| ServiceError::failed(format!("no random bytes: {error}")))?;
    let text: Vec<String> = bytes
        .chunks(5)
        .map(|chunk| chunk.iter().map(|byte| LETTERS[usize::from(byte % 32)] as char).collect::<String>())
        .collect();
    Ok(text.join("-"))
}

pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// 64 bits that need not be secret for long: a counter mixed with a random start, one system call per process.
pub fn quick64() -> u64 {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
    static STATE: OnceLock<(AtomicU64, u64)> = OnceLock::new();
    let (counter, key) = STATE.get_or_init(|| {
        let mut bytes = [0u8; 16];
        // Without entropy the ids are merely predictable; the authorisation does not rest on them.
        let _ = getrandom::fill(&mut bytes);
        let half = |range: std::ops::Range<usize>| u64::from_le_bytes(bytes[range].try_into().expect("eight bytes"));
        (AtomicU64::new(half(0..8)), half(8..16))
    });
    // SplitMix64's finaliser.
    let mut z = counter.fetch_add(0x9e37_79b9_7f4a_7c15, Relaxed) ^ key;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
