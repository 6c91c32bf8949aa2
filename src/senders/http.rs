//! The connections of all phone senders, and the one way in which their calls go. No address, no header and no body ever
//! becomes part of an error: they hold tokens, numbers and codes.

use std::error::Error;
use std::time::Duration;

use reqwest::RequestBuilder;
use reqwest::header::RETRY_AFTER;
use url::{Host, Url};

use crate::shop::confirmations::senders::{CALL, Carried};

/// No call waits longer for a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// Answers are short; what is longer is not read to its end.
const MOST: usize = 64 * 1024;
/// So much of a provider's own words is kept.
const WORDS: usize = 64;

/// The connections that all senders share. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Connections {
    outside: reqwest::Client,
    /// The system's proxy is for the outside, not for a server on this machine.
    inside: reqwest::Client,
    timeout: Duration,
}

impl Connections {
    /// Connections whose calls take `timeout` at most, and never longer than [`CALL`].
    pub fn new(timeout: Duration) -> Result<Self, reqwest::Error> {
        let timeout = timeout.min(CALL);
        let builder = || {
            reqwest::Client::builder()
                .connect_timeout(CONNECT.min(timeout))
                .tcp_keepalive(Duration::from_secs(30))
                .redirect(reqwest::redirect::Policy::none())
                .referer(false)
        };
        Ok(Self {
            outside: builder().build()?,
            inside: builder().no_proxy().build()?,
            timeout,
        })
    }

    /// A POST to `path` below `base`.
    pub(super) fn post(&self, base: &Url, path: &str) -> RequestBuilder {
        let request = self.client(base).post(below(base, path));
        request.timeout(self.timeout)
    }

    /// A GET of `path` below `base`.
    pub(super) fn get(&self, base: &Url, path: &str) -> RequestBuilder {
        let request = self.client(base).get(below(base, path));
        request.timeout(self.timeout)
    }

    fn client(&self, base: &Url) -> &reqwest::Client {
        let is_inside = match base.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        };
        if is_inside {
            &self.inside
        } else {
            &self.outside
        }
    }
}

fn below(base: &Url, path: &str) -> String {
    format!("{}/{path}", base.as_str().trim_end_matches('/'))
}

/// An answer as it came.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// What `Retry-After` asks for.
    pub(super) pause: Option<Duration>,
    pub(super) body: Vec<u8>,
}

/// There is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NoAnswer {
    /// The call certainly did not arrive.
    NotSent(String),
    /// It may have.
    Unknown(String),
}

impl NoAnswer {
    /// The reason, without any secret.
    pub(super) fn reason(self) -> String {
        match self {
            NoAnswer::NotSent(reason) | NoAnswer::Unknown(reason) => reason,
        }
    }
}

impl From<NoAnswer> for Carried {
    fn from(none: NoAnswer) -> Self {
        match none {
            NoAnswer::NotSent(reason) => Carried::Busy {
                pause: None,
                reason,
            },
            NoAnswer::Unknown(reason) => Carried::Unknown(reason),
        }
    }
}

/// Sends a request and reads its answer.
pub(super) async fn exchange(request: RequestBuilder) -> Result<Answer, NoAnswer> {
    let mut response = request.send().await.map_err(no_answer)?;
    let status = response.status().as_u16();
    let pause = response.headers().get(RETRY_AFTER);
    let pause = pause.and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(no_answer)? {
        if body.len() + chunk.len() > MOST {
            break;
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer {
        status,
        pause: pause.map(Duration::from_secs),
        body,
    })
}

fn no_answer(error: reqwest::Error) -> NoAnswer {
    let certain = error.is_connect() || error.is_builder();
    let timed_out = error.is_timeout();
    let error = error.without_url();
    let words = if timed_out && !certain {
        "no answer in time".to_owned()
    } else {
        with_causes(&error)
    };
    if certain {
        NoAnswer::NotSent(format!("can't be reached: {words}"))
    } else {
        NoAnswer::Unknown(words)
    }
}

/// An error with its causes, each once.
pub(super) fn with_causes(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let text = next.to_string();
        if !words.contains(&text) {
            words.push_str(": ");
            words.push_str(&text);
        }
        cause = next.source();
    }
    words
}

/// A provider's own name for an error: one word in capitals, since what else it says may repeat what we sent.
pub(super) fn code_word(text: &str) -> String {
    let fits = |letter: &char| matches!(letter, 'A'..='Z' | '0'..='9' | '_');
    let word: String = text.chars().take_while(fits).take(WORDS).collect();
    if word.starts_with(|first: char| first.is_ascii_uppercase()) {
        word
    } else {
        "an error without a name".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_word_repeats_nothing_that_was_sent() {
        assert_eq!(code_word("PHONE_NUMBER_INVALID"), "PHONE_NUMBER_INVALID");
        assert_eq!(code_word("FLOOD_WAIT_3: +79991234567"), "FLOOD_WAIT_3");
        assert_eq!(code_word(&"A".repeat(200)).len(), WORDS);
        for other in ["", " \n", "482913 is wrong", "+79991234567", "a_word"] {
            assert_eq!(code_word(other), "an error without a name");
        }
    }

    #[test]
    fn no_call_outlives_the_lease_of_its_letter() {
        let connections = Connections::new(Duration::from_mins(1)).unwrap();
        assert!(connections.timeout <= CALL && CALL < crate::bus::LEASE);
    }

    #[tokio::test]
    async fn an_error_tells_neither_address_nor_secret() {
        let connections = Connections::new(Duration::from_secs(2)).unwrap();
        // Nobody listens on the discard port of this machine.
        let base = Url::parse("http://127.0.0.1:9/hidden-path").unwrap();
        let request = connections.post(&base, "hidden-method?hidden=1");
        let error = exchange(request.bearer_auth("hidden-token")).await;
        let error = error.unwrap_err();
        assert!(matches!(error, NoAnswer::NotSent(_)), "{error:?}");
        assert!(!format!("{error:?}").contains("hidden"), "{error:?}");
    }
}
