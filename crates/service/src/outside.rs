//! What every call that leaves the server has in common: where it may go, the key it takes along and never tells, a client that
//! nothing in the environment leads elsewhere, and what is said when the other side fails. What is sent, and what an answer must
//! look like, is the business of each: `encoders`, `writer`, `channels`.

use std::time::Duration;

/// An address that texts may be sent to: `http://HOST/PATH` or `https://HOST/PATH`, without a name or password.
///
/// # Errors
/// What is wrong with it, without showing it: it may hold a secret.
pub(crate) fn check_url(url: &str) -> Result<(), String> {
    let host = host(url);
    if host.is_empty() || url.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("url is no address; allowed: http://HOST/PATH or https://HOST/PATH".to_owned());
    }
    if host.contains('@') {
        return Err("url holds a name or a password; put the key into an environment variable (key_env)".to_owned());
    }
    Ok(())
}

/// Host and port; empty if the address is none.
pub(crate) fn host(url: &str) -> &str {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default()
}

/// Whether texts sent there could be read on the way: neither encrypted nor on this machine.
pub(crate) fn is_in_the_clear(url: &str) -> bool {
    let host = host(url);
    let name = host.strip_prefix('[').and_then(|rest| rest.split(']').next()).unwrap_or(host);
    let name = if host.starts_with('[') { name } else { name.split(':').next().unwrap_or(name) };
    let is_here = name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    url.starts_with("http://") && !is_here
}

/// An address as it may be told: without what stands behind its path.
pub(crate) fn told(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}

/// The key in an environment variable; none if no variable is named.
///
/// # Errors
/// If it is named and not set.
pub(crate) fn key(name: Option<&str>) -> Result<Option<String>, String> {
    let Some(name) = name else { return Ok(None) };
    match std::env::var(name).map(|key| key.trim().to_owned()) {
        Ok(key) if !key.is_empty() && key.chars().all(|c| c.is_ascii_graphic()) => Ok(Some(key)),
        _ => Err(format!("the environment variable {name}, which is to hold the endpoint's key, is not set")),
    }
}

/// A client that waits so long for a whole call. Neither a redirect nor a proxy of the environment may take texts elsewhere.
pub(crate) fn agent(timeout: Duration) -> ureq::Agent {
    ureq::Agent::config_builder()
        .timeout_global(Some(timeout))
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .proxy(None)
        .user_agent("tercet")
        .build()
        .into()
}

/// What another side said, without the key that it may repeat.
pub(crate) fn without_key(said: &str, key: Option<&str>) -> String {
    let said = key.map_or_else(|| said.to_owned(), |key| said.replace(key, "[key]"));
    crate::error::clipped(&said)
}

/// Whether another try may help after this status.
pub(crate) fn is_passing(status: u16) -> bool {
    status == 408 || status == 429 || status >= 500
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tls_and_this_machine_keep_a_secret() {
        for (url, is) in [
            ("http://127.0.0.1:8080/v1", false),
            ("http://localhost/v1", false),
            ("http://[::1]:8080/v1", false),
            ("https://api.example.com/v1", false),
            ("http://10.0.0.7:8080/v1", true),
            ("http://localhost.example.com/v1", true),
        ] {
            assert_eq!(is_in_the_clear(url), is, "{url}");
        }
        assert_eq!(told("http://a/b?key=1#x"), "http://a/b");
    }
}
