//! The HTTP APIs of WeChat and WeCom: an access token, fetched and kept until shortly before its end, and calls that answer with
//! an error code. Secrets and tokens stand in addresses there; they are in no message of ours.

use std::sync::Mutex;

use serde_json::{Value, json};

use super::http::{Failure, agent, post_json};

/// A token is fetched anew so long before its end.
const MARGIN_MS: i64 = 300_000;
/// A token that is known no longer: the account's other programs may have fetched another.
const TOKEN_CODES: [i64; 4] = [40_001, 40_014, 42_001, 41_001];
/// Busy, or too often: later it may work.
const PASSING_CODES: [i64; 5] = [-1, 45_009, 45_011, 6_000, 50_002];

/// How a platform hands out tokens.
pub enum Grant {
    /// `cgi-bin/stable_token`: does not void the tokens of the account's other programs.
    Wechat { app_id: String, secret: String },
    /// `cgi-bin/gettoken`.
    Wecom { corp_id: String, secret: String },
}

/// One account's API.
pub struct Platform {
    agent: ureq::Agent,
    url: String,
    grant: Grant,
    /// The token and when it ends, milliseconds since 1970.
    token: Mutex<Option<(String, i64)>>,
}

impl Platform {
    pub fn new(url: &str, grant: Grant) -> Platform {
        Platform { agent: agent(), url: url.trim_end_matches('/').to_owned(), grant, token: Mutex::default() }
    }

    fn token(&self, now: i64) -> Result<String, Failure> {
        // Held while one is fetched: nobody else fetches another.
        let mut kept = self.token.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some((token, _)) = kept.as_ref().filter(|(_, until)| *until > now) {
            return Ok(token.clone());
        }
        let answer = match &self.grant {
            Grant::Wechat { app_id, secret } => {
                let body = json!({"grant_type": "client_credential", "appid": app_id, "secret": secret});
                post_json(&self.agent, &format!("{}/cgi-bin/stable_token", self.url), &body)?
            }
            Grant::Wecom { corp_id, secret } => {
                let [corp, secret] = [corp_id, secret].map(|text| percent(text));
                let url = format!("{}/cgi-bin/gettoken?corpid={corp}&corpsecret={secret}", self.url);
                post_json(&self.agent, &url, &json!({}))?
            }
        };
        let Some(token) = answer["access_token"].as_str().filter(|token| !token.is_empty()) else {
            let code = answer["errcode"].as_i64().unwrap_or_default();
            return Err(Failure::passing(format!("it gives no access token (errcode {code})")));
        };
        let seconds = answer["expires_in"].as_i64().unwrap_or(0).clamp(0, 7_200);
        *kept = Some((token.to_owned(), now + seconds * 1000 - MARGIN_MS));
        Ok(token.to_owned())
    }

    /// Calls `path` with the access token; once more with another, if that one is known no longer.
    pub fn call(&self, path: &str, body: &Value, now: i64) -> Result<Value, Failure> {
        for is_last in [false, true] {
            let url = format!("{}/{path}?access_token={}", self.url, percent(&self.token(now)?));
            let answer = post_json(&self.agent, &url, body)?;
            let code = answer["errcode"].as_i64().unwrap_or_default();
            if code == 0 {
                return Ok(answer);
            }
            let said = format!("it answers errcode {code}{}", meaning(code));
            if TOKEN_CODES.contains(&code) {
                *self.token.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = None;
                if is_last {
                    return Err(Failure::passing(said));
                }
                continue;
            }
            return Err(if PASSING_CODES.contains(&code) { Failure::passing(said) } else { Failure::lasting(said) });
        }
        unreachable!("the second round returns")
    }
}

/// What the shop can do something about.
fn meaning(code: i64) -> &'static str {
    match code {
        45_015 => ": the customer has not written for 48 hours",
        45_047 => ": too many messages since the customer last wrote",
        48_001 => ": the account may not send; it must be a verified service account",
        60_020 => ": this machine's address is not among the application's trusted ones",
        95_018 => ": the session of WeChat customer service is with somebody else",
        _ => "",
    }
}

fn percent(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// A text in pieces of at most so many bytes, cut at the end of a line or a sentence where there is one.
pub fn pieces(text: &str, n_max: usize) -> Vec<&str> {
    let (mut all, mut rest) = (Vec::new(), text.trim_end());
    while rest.len() > n_max {
        let end = rest.floor_char_boundary(n_max);
        let head = &rest[..end];
        let is_end = |c: char| matches!(c, '。' | '！' | '？' | '；' | '.' | '!' | '?');
        let after = |(at, c): (usize, char)| at + c.len_utf8();
        let cut = head.rfind('\n').map(|at| at + 1).filter(|at| *at > n_max / 3);
        let cut =
            cut.or_else(|| head.char_indices().rfind(|(_, c)| is_end(*c)).map(after).filter(|at| *at > n_max / 3));
        let (piece, others) = rest.split_at(cut.unwrap_or(end));
        all.push(piece.trim_end());
        rest = others.trim_start_matches('\n');
    }
    all.push(rest);
    all.retain(|piece| !piece.is_empty());
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn long_texts_are_cut_where_they_pause() {
        assert_eq!(pieces("short", 2000), ["short"]);
        assert_eq!(pieces("", 2000), Vec::<&str>::new());
        assert_eq!(pieces("第一句。第二句。", 15), ["第一句。", "第二句。"]);
        assert_eq!(pieces("one\ntwo\n\nthree", 9), ["one\ntwo", "three"]);
        assert_eq!(pieces("字字字字", 7), ["字字", "字字"]);
    }

    proptest! {
        #[test]
        fn nothing_of_a_text_is_lost(text in "[a-c。\\n 字]{0,120}", n_max in 8usize..40) {
            let kept = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            let all = pieces(&text, n_max);
            prop_assert!(all.iter().all(|piece| piece.len() <= n_max && !piece.is_empty()), "{:?}", all);
            prop_assert_eq!(kept(&all.concat()), kept(&text));
        }
    }
}
