//! How WeChat and WeCom sign and encrypt callbacks: SHA-1 over sorted parts; AES-256-CBC under the EncodingAESKey, whose first
//! half is the vector too, of 16 random bytes, a length, the message and whom it is for (an app id, a corporation's id), padded
//! to 32 bytes as PKCS#7 would. Defined by the platforms, not chosen: https://developer.work.weixin.qq.com/document/path/90968.
//!
//! A signature is checked before anything is decrypted, and whatever is wrong with a message is answered alike.

use aes::Aes256;
use aes::cipher::{Block, BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sha1::{Digest, Sha1};

use crate::conversations::token::is_same;
use crate::random::hex;

const KEY_CHARS: usize = 43;
const AES_BLOCK: usize = 16;
/// Of the padding.
const BLOCK: usize = 32;
const RANDOM: usize = 16;
const LENGTH: usize = 4;

/// Keys made by the platforms may end in bits that no encoder writes.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// SHA-1 of the sorted parts, in hexadecimal.
pub fn signature(parts: &[&str]) -> String {
    let mut parts = parts.to_vec();
    parts.sort_unstable();
    hex(&Sha1::digest(parts.concat().as_bytes()))
}

/// Whether the parts were signed; in a time that does not tell where the signatures differ.
pub fn is_signed(parts: &[&str], given: &str) -> bool {
    is_same(signature(parts).as_bytes(), given.as_bytes())
}

/// Opens and seals the messages of one account.
pub struct Sealer {
    key: [u8; 32],
    receiver: String,
}

impl Sealer {
    /// # Errors
    /// If the key is none; it is in no message.
    pub fn new(aes_key: &str, receiver: &str) -> Result<Sealer, String> {
        let wrong =
            || format!("the EncodingAESKey is none; allowed: {KEY_CHARS} letters and digits, as the backend shows it");
        if aes_key.len() != KEY_CHARS || !aes_key.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(wrong());
        }
        let bytes = LENIENT.decode(aes_key).map_err(|_| wrong())?;
        Ok(Sealer { key: bytes.try_into().map_err(|_| wrong())?, receiver: receiver.to_owned() })
    }

    fn vector(&self) -> [u8; AES_BLOCK] {
        let mut vector = [0; AES_BLOCK];
        vector.copy_from_slice(&self.key[..AES_BLOCK]);
        vector
    }

    /// The message in a sealed text; `None` if it is none, or is for somebody else.
    pub fn open(&self, sealed: &str) -> Option<Vec<u8>> {
        let mut bytes = LENIENT.decode(sealed.trim()).ok()?;
        if bytes.is_empty() || bytes.len() % AES_BLOCK != 0 {
            return None;
        }
        let mut cipher = cbc::Decryptor::<Aes256>::new(&self.key.into(), &self.vector().into());
        for chunk in bytes.chunks_exact_mut(AES_BLOCK) {
            let mut block = Block::<cbc::Decryptor<Aes256>>::try_from(&*chunk).ok()?;
            cipher.decrypt_block(&mut block);
            chunk.copy_from_slice(&block);
        }
        let padding = usize::from(*bytes.last()?);
        let n_kept = bytes.len().checked_sub(padding)?;
        let is_padded =
            (1..=BLOCK).contains(&padding) && bytes[n_kept..].iter().all(|byte| usize::from(*byte) == padding);
        if !is_padded || n_kept < RANDOM + LENGTH {
            return None;
        }
        let plain = &bytes[RANDOM..n_kept];
        let (length, rest) = plain.split_first_chunk::<LENGTH>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (message, receiver) = rest.split_at_checked(length)?;
        is_same(receiver, self.receiver.as_bytes()).then(|| message.to_vec())
    }

    /// Seals a message; `random` must be new each time.
    pub fn seal(&self, message: &[u8], random: [u8; RANDOM]) -> String {
        let length = u32::try_from(message.len()).expect("a message is no file").to_be_bytes();
        let mut bytes = [&random, &length[..], message, self.receiver.as_bytes()].concat();
        let padding = BLOCK - bytes.len() % BLOCK;
        bytes.resize(bytes.len() + padding, padding as u8);
        let mut cipher = cbc::Encryptor::<Aes256>::new(&self.key.into(), &self.vector().into());
        for chunk in bytes.chunks_exact_mut(AES_BLOCK) {
            let mut block = Block::<cbc::Encryptor<Aes256>>::try_from(&*chunk).expect("of a block's length");
            cipher.encrypt_block(&mut block);
            chunk.copy_from_slice(&block);
        }
        LENIENT.encode(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The values of Tencent's sample code for WeCom (Sample.cs, Sample.py of WXBizMsgCrypt) and of
    /// https://developer.work.weixin.qq.com/document/path/90968.
    const TOKEN: &str = "QDG6eK";
    const KEY: &str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";
    const CORP: &str = "wx5823bf96d3bd56c7";
    const ECHO: &str = "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ==";
    const POSTED: &str = "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUpj911L3vg3W/sYYvuJTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06DOdnLxAUHzM6+kDZ+HMZfJYuR+LtwGc2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcrw8V2t9EL4EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uyPIGHBZZIs2pDBS8R07+qN+E7Q==";

    #[test]
    fn the_samples_of_wecom() {
        let sealer = Sealer::new(KEY, CORP).unwrap();
        assert!(is_signed(&[TOKEN, "1409659589", "263014780", ECHO], "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3"));
        assert_eq!(sealer.open(ECHO).as_deref(), Some(&b"1616140317555161061"[..]));
        assert!(is_signed(&[TOKEN, "1409659813", "1372623149", POSTED], "477715d11cdb4164915debcba66cb864d751f3e6"));
        let message = String::from_utf8(sealer.open(POSTED).unwrap()).unwrap();
        assert!(message.contains("<FromUserName><![CDATA[mycreate]]></FromUserName>"), "{message}");
        assert!(message.contains("<Content><![CDATA[hello]]></Content>"), "{message}");
        // For somebody else.
        assert_eq!(Sealer::new(KEY, "wx5823bf96d3bd56c8").unwrap().open(POSTED), None);
    }

    /// WXBizMsgCryptTest.java of Tencent's sample code for official accounts.
    #[test]
    fn the_samples_of_official_accounts() {
        let sealer = Sealer::new("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "wxb11529c136998cb6").unwrap();
        let sealed = "jn1L23DB+6ELqJ+6bruv21Y6MD7KeIfP82D6gU39rmkgczbWwt5+3bnyg5K55bgVtVzd832WzZGMhkP72vVOfg==";
        assert_eq!(sealer.seal("我是中文abcd123".as_bytes(), *b"aaaabbbbccccdddd"), sealed);
        assert_eq!(sealer.open(sealed).as_deref(), Some("我是中文abcd123".as_bytes()));
        // The URL check of the same file.
        assert_eq!(
            signature(&["pamtest", "1409304348", "xxxxxx", sealed]),
            signature(&[sealed, "xxxxxx", "1409304348", "pamtest"]),
            "the order does not count"
        );
    }

    #[test]
    fn keys_and_texts_that_are_none() {
        for key in ["", "x", &"a".repeat(42), &"a".repeat(44), &format!("{}/", "a".repeat(42)), &"密".repeat(43)] {
            assert!(Sealer::new(key, CORP).is_err());
        }
        let sealer = Sealer::new(KEY, CORP).unwrap();
        for text in ["", "=", "é", "AAAA", &"A".repeat(43), &"A".repeat(1000), &ECHO[1..], &ECHO[..64]] {
            assert_eq!(sealer.open(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_sealed_can_be_opened(message in proptest::collection::vec(any::<u8>(), 0..400), random in any::<[u8; 16]>()) {
            let sealer = Sealer::new(KEY, CORP).unwrap();
            let sealed = sealer.seal(&message, random);
            prop_assert_eq!(LENIENT.decode(&sealed).unwrap().len() % BLOCK, 0);
            prop_assert_eq!(sealer.open(&sealed), Some(message));
        }

        #[test]
        fn what_is_changed_is_refused(message in "[a-z]{0,80}", place in any::<usize>(), bit in 0u8..8, random in any::<[u8; 16]>()) {
            let sealer = Sealer::new(KEY, CORP).unwrap();
            let sealed = sealer.seal(message.as_bytes(), random);
            let given = signature(&[TOKEN, "1", "2", &sealed]);
            let mut bytes = LENIENT.decode(&sealed).unwrap();
            let at = place % bytes.len();
            bytes[at] ^= 1 << bit;
            let changed = LENIENT.encode(bytes);
            prop_assert!(is_signed(&[TOKEN, "1", "2", &sealed], &given));
            prop_assert!(!is_signed(&[TOKEN, "1", "2", &changed], &given));
            prop_assert!(!is_signed(&[TOKEN, "1", "3", &sealed], &given));
            prop_assert!(!is_signed(&["QDG6eL", "1", "2", &sealed], &given));
        }

        #[test]
        fn whatever_comes_is_opened_or_refused(text in "[A-Za-z0-9+/=]{0,200}") {
            let _ = Sealer::new(KEY, CORP).unwrap().open(&text);
        }
    }
}
