//! The client by which replies and news leave: blocking, bounded in time and size, without redirects and without a proxy of the
//! environment, so that what customers say goes nowhere else. Addresses are in no message: some carry access tokens.

use std::time::Duration;

use serde_json::Value;

const TIMEOUT: Duration = Duration::from_secs(10);
const ANSWER_BYTES_MAX: u64 = 1 << 20;

/// Why something did not arrive, and whether another try may help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub said: String,
    pub is_passing: bool,
    /// It may leave from then on, UTC milliseconds, and that counts as no failed try.
    pub until: Option<i64>,
    /// It may have arrived all the same: the line broke, or nobody answered, after it was sent.
    pub may_have_arrived: bool,
}

impl Failure {
    pub fn passing(said: impl Into<String>) -> Failure {
        Failure { said: said.into(), is_passing: true, until: None, may_have_arrived: false }
    }

    pub fn lasting(said: impl Into<String>) -> Failure {
        Failure { said: said.into(), is_passing: false, until: None, may_have_arrived: false }
    }

    /// It may not leave yet.
    pub fn until(at: i64, said: impl Into<String>) -> Failure {
        Failure { until: Some(at), ..Failure::passing(said) }
    }
}

pub fn agent() -> ureq::Agent {
    crate::outside::agent(TIMEOUT)
}

/// In words that do not hold the address.
fn told(error: &ureq::Error) -> Failure {
    let may_have_arrived = !matches!(error, ureq::Error::HostNotFound | ureq::Error::ConnectionFailed);
    let said = match error {
        ureq::Error::Timeout(_) => "it does not answer in time",
        ureq::Error::HostNotFound => "its host is not found",
        ureq::Error::ConnectionFailed => "it takes no connection",
        ureq::Error::Io(_) => "the connection broke",
        ureq::Error::BodyExceedsLimit(_) => "its answer is too long",
        _ => "it cannot be asked",
    };
    Failure { may_have_arrived, ..Failure::passing(said) }
}

/// `POST`s a body; anything but a status of success is a failure.
pub fn post(agent: &ureq::Agent, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut request = agent.post(url).header("Content-Type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut response = request.send(body).map_err(|error| told(&error))?;
    let status = response.status().as_u16();
    match status {
        200..300 => {}
        // Later they may be right: an application is being replaced, a clock is being set.
        401 | 403 | 404 | 408 | 425 | 429 | 500.. => {
            // 503 refuses; who answers otherwise may have failed after it took what was sent, or stand before somebody who did.
            let may_have_arrived = status >= 500 && status != 503;
            return Err(Failure { may_have_arrived, ..Failure::passing(format!("it answers {status}")) });
        }
        _ => return Err(Failure::lasting(format!("it answers {status}"))),
    }
    response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec().map_err(|error| told(&error))
}

/// The same with JSON on both sides.
pub fn post_json(agent: &ureq::Agent, url: &str, body: &Value) -> Result<Value, Failure> {
    let answer = post(agent, url, &[], body.to_string().as_bytes())?;
    serde_json::from_slice(&answer).map_err(|_| Failure::passing("its answer is no JSON"))
}
