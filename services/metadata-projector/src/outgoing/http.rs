//! Events of OpenLineage, posted one after the other to a server that takes them.
//!
//! Promises: in the order given; each until it is taken, or refused for good. 2xx = taken. Not reached, no answer in time, 408, 425, 429 and
//! 5xx = later, after the pause that the server asks for; so are answers that speak of how it is configured: 401, 403, 404, 405, 407, and
//! redirects, which are not followed. Every other 4xx is a refusal of this one event: it is logged, counted and passed over, so that it holds up no
//! other. The key stands in no log line.

use std::{fs::File, io::Read, path::Path, path::PathBuf, time::Duration};

use jiff::Timestamp;
use reqwest::{
    Client, Response, Url,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER},
    redirect::Policy,
};

use super::{Done, Message, Undelivered};
use crate::{error::Error, limits};

/// Where events go if the address has no path of its own.
const PATH: &str = "/api/v1/lineage";

/// A server that takes events.
pub(super) struct Http {
    client: Client,
    url: Url,
    key: Option<Key>,
}

struct Key {
    file: PathBuf,
    text: String,
    /// Marked, so that nobody prints it.
    header: HeaderValue,
}

enum Answer {
    Taken,
    /// Why, in a few words.
    Refused(String),
}

impl Http {
    /// A server at this address, asked with the key in this file.
    ///
    /// # Errors
    /// `Setting`.
    pub(super) fn new(url: &str, key: Option<&Path>) -> Result<Self, Error> {
        let url = address(url)?;
        let client = Client::builder()
            .redirect(Policy::none())
            .connect_timeout(limits::OPENLINEAGE_TIMEOUT)
            .timeout(limits::OPENLINEAGE_TIMEOUT)
            .user_agent(concat!("downbeat/", env!("CARGO_PKG_VERSION")))
            .build();
        let client =
            client.map_err(|error| Error::Setting(format!("cannot set up an HTTP client: {}", chain(error))))?;
        Ok(Self { client, url, key: key.map(Key::read).transpose()? })
    }

    /// Posts in this order, and says in `done` how far it came.
    ///
    /// # Errors
    /// What is left is to be given again.
    pub(super) async fn deliver(&mut self, messages: &[Message], done: &mut Done) -> Result<(), Undelivered> {
        for message in messages {
            match self.post(message).await? {
                Answer::Taken => done.taken += 1,
                Answer::Refused(why) => {
                    tracing::error!(to = %self.url.origin().ascii_serialization(), event = message.id, why, "an event was refused for good");
                    done.refused += 1;
                }
            }
        }
        Ok(())
    }

    async fn post(&mut self, message: &Message) -> Result<Answer, Undelivered> {
        let mut request = self.client.post(self.url.clone()).header(CONTENT_TYPE, "application/json");
        if let Some(key) = &self.key {
            request = request.header(AUTHORIZATION, key.header.clone());
        }
        let response = request.body(message.body.clone()).send().await;
        let response = response.map_err(|error| self.later(&format!("gave no answer: {}", chain(error)), None))?;
        let (status, pause) = (response.status(), pause(response.headers(), Timestamp::now()));
        let said = format!("answered {status}: {}", self.beginning(response).await);
        match status.as_u16() {
            200..=299 => Ok(Answer::Taken),
            401 | 403 => {
                // Whoever put a new key into the file need not start us again.
                if let Some(new) = self.key.as_ref().and_then(|key| Key::read(&key.file).ok()) {
                    self.key = Some(new);
                }
                Err(self.later(&format!("{said}; look at --openlineage-api-key-file"), pause))
            }
            300..=399 | 404 | 405 | 407 => {
                Err(self.later(&format!("{said}; look at --openlineage-url (redirects are not followed)"), pause))
            }
            400..=499 if !matches!(status.as_u16(), 408 | 425 | 429) => Ok(Answer::Refused(said)),
            _ => Err(self.later(&said, pause)),
        }
    }

    /// The beginning of an answer, without the key and on one line. An answer that breaks off is what came of it.
    async fn beginning(&self, mut response: Response) -> String {
        let mut body = Vec::new();
        while let Ok(Some(part)) = response.chunk().await {
            let room = limits::OPENLINEAGE_ANSWER_BYTES_MAX - body.len();
            body.extend_from_slice(&part[..part.len().min(room)]);
            if part.len() >= room {
                break;
            }
        }
        let mut text = String::from_utf8_lossy(&body).trim().to_owned();
        if let Some(key) = &self.key {
            // Before it is cut: of a key that is cut nobody would know the rest.
            text = text.replace(&key.text, "***");
        }
        let text: String = text.chars().take(limits::OPENLINEAGE_ANSWER_CHARS_SHOWN).collect();
        if text.is_empty() { "nothing".to_owned() } else { text.escape_debug().to_string() }
    }

    fn later(&self, why: &str, pause: Option<Duration>) -> Undelivered {
        Undelivered { why: format!("{} {why}", self.url.origin().ascii_serialization()), pause }
    }
}

impl Key {
    fn read(file: &Path) -> Result<Self, Error> {
        let wrong = |reason: &str| Error::Setting(format!("--openlineage-api-key-file: {} {reason}", file.display()));
        let mut text = String::new();
        let read = File::open(file)
            .and_then(|file| file.take(limits::OPENLINEAGE_KEY_BYTES_MAX + 1).read_to_string(&mut text));
        read.map_err(|error| wrong(&format!("cannot be read: {error}")))?;
        if text.len() as u64 > limits::OPENLINEAGE_KEY_BYTES_MAX {
            return Err(wrong(&format!("has more than {} bytes", limits::OPENLINEAGE_KEY_BYTES_MAX)));
        }
        let text = text.trim().to_owned();
        if text.is_empty() {
            return Err(wrong("is empty; it is to hold the key"));
        }
        let header = HeaderValue::try_from(format!("Bearer {text}"));
        let mut header = header.map_err(|_| wrong("has characters that no header can have; a key is one line"))?;
        header.set_sensitive(true);
        Ok(Self { file: file.to_owned(), text, header })
    }
}

/// The address to post to.
fn address(text: &str) -> Result<Url, Error> {
    let wrong = |reason: &str| Error::Setting(format!("--openlineage-url: {reason}, like https://marquez.example.com"));
    // The address itself is not repeated: what is wrong with it may be a credential in it.
    let mut url = Url::parse(text.trim()).map_err(|error| wrong(&format!("is no address ({error}); give one")))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(wrong("is no address of a server; give one with http:// or https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong(
            "holds a name or password; put a key into --openlineage-api-key-file and give the address alone",
        ));
    }
    url.set_fragment(None);
    if matches!(url.path(), "" | "/") {
        url.set_path(PATH);
    }
    Ok(url)
}

/// `Retry-After`: seconds, or an instant.
fn pause(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    match text.parse::<u64>() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => {
            let until = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
            Some(Duration::try_from(until.duration_since(now)).unwrap_or(Duration::ZERO))
        }
    }
}

/// An error of the client with its causes. Its address is left out: a query may be a credential.
fn chain(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_path_gets_the_one_of_the_specification() {
        for (given, expected) in [
            ("http://marquez:5000", "http://marquez:5000/api/v1/lineage"),
            (" https://marquez.example.com/ ", "https://marquez.example.com/api/v1/lineage"),
            ("https://example.com/openlineage", "https://example.com/openlineage"),
            ("https://example.com/a/?tenant=7#x", "https://example.com/a/?tenant=7"),
            ("https://example.com?tenant=7", "https://example.com/api/v1/lineage?tenant=7"),
        ] {
            assert_eq!(address(given).unwrap().as_str(), expected, "{given}");
        }
        for (given, said) in [
            ("marquez", "is no address"),
            ("ftp://marquez/", "http:// or https://"),
            ("https://me:hunter2@marquez/", "--openlineage-api-key-file"),
        ] {
            let refused = address(given).unwrap_err().to_string();
            assert!(refused.contains(said) && !refused.contains("hunter2"), "{given}: {refused}");
        }
    }

    #[test]
    fn a_key_is_one_line_of_a_file_and_is_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        for (text, said) in
            [("", "is empty"), (" \n", "is empty"), ("two\nlines", "no header"), (&"k".repeat(20_000), "more than")]
        {
            std::fs::write(&file, text).unwrap();
            let refused = Key::read(&file).err().unwrap().to_string();
            assert!(refused.contains(said) && refused.contains("--openlineage-api-key-file"), "{refused}");
        }
        assert!(Key::read(&folder.path().join("none")).err().unwrap().to_string().contains("cannot be read"));
        std::fs::write(&file, "hunter2\n").unwrap();
        let key = Key::read(&file).unwrap();
        assert_eq!(key.header.to_str().unwrap(), "Bearer hunter2");
        assert!(!format!("{:?}", key.header).contains("hunter2"));
    }

    #[test]
    fn a_server_asks_for_a_pause_in_seconds_or_until_an_instant() {
        let now: Timestamp = "2026-11-28T10:00:00Z".parse().unwrap();
        for (given, expected) in [
            (Some("7"), Some(Duration::from_secs(7))),
            (Some("Sat, 28 Nov 2026 10:00:30 GMT"), Some(Duration::from_secs(30))),
            (Some("Sat, 28 Nov 2026 09:00:00 GMT"), Some(Duration::ZERO)),
            (Some("soon"), None),
            (None, None),
        ] {
            let headers = given.map(|text| (RETRY_AFTER, HeaderValue::from_static(text)));
            assert_eq!(pause(&headers.into_iter().collect(), now), expected, "{given:?}");
        }
    }
}
