//! The gateway's end of the conversation: messages are posted to it, and what it answers comes back as it is.
//!
//! Promises: the key goes to the address that was given and nowhere else, whatever the answers say; what the gateway agreed on with the first
//! answer (version, session) is said with every later message; answers are bounded.

use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use reqwest::{
    Client, RequestBuilder, Response, StatusCode, Url,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use serde_json::Value;

use super::{
    events::Events,
    lines::Output,
    message::{self, Failure, Message, REFUSED, UNREACHABLE},
};
use crate::{cli::Mcp, client::CLIENT, error::Error, session};

/// Until the gateway takes a connection.
const CONNECT_WAIT: Duration = Duration::from_secs(10);
/// Until it says something more: it answers within 25 s.
const SILENCE_MAX: Duration = Duration::from_secs(60);
/// Bytes of one answer.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Bytes of what is shown of a refusal.
const REFUSAL_CHARS_MAX: usize = 500;

const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");
const VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");

/// Where messages go.
pub(super) struct Gateway {
    client: Client,
    address: Url,
    /// The address and the file of the key that say what is shown to the gateway: a login's tokens are renewed.
    shows: (String, Option<PathBuf>),
    agreed: Mutex<Agreed>,
}

/// What the first answer said.
#[derive(Clone, Default)]
struct Agreed {
    session: Option<HeaderValue>,
    version: Option<HeaderValue>,
}

impl Gateway {
    /// As the settings say.
    ///
    /// # Errors
    /// There is no key, or one of the settings is wrong.
    pub(super) async fn of(mcp: &Mcp) -> Result<Self, Error> {
        let address = address(&mcp.url)?;
        let shows = (mcp.url.clone(), mcp.key_file.clone());
        // Said at once, and not with the first question.
        bearer(&shows).await?;
        let client = Client::builder()
            .connect_timeout(CONNECT_WAIT)
            .read_timeout(SILENCE_MAX)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(CLIENT)
            .build()
            .map_err(|error| Error::Usage(format!("HTTP cannot be spoken: {error}")))?;
        Ok(Self { client, address, shows, agreed: Mutex::default() })
    }

    /// Posts a message and writes what comes of it. What was answered is taken out of `open`.
    ///
    /// # Errors
    /// The gateway cannot be asked, refuses, or does not answer all of it.
    pub(super) async fn post(&self, message: &Message, open: &mut Vec<Value>, output: &Output) -> Result<(), Failure> {
        let request = self.client.post(self.address.clone()).body(message.text.clone());
        let request = request.header(CONTENT_TYPE, "application/json").headers(self.headers());
        let request = request.header(ACCEPT, "application/json, text/event-stream");
        let response = self.send(request).await?;
        let status = response.status();
        if !status.is_success() {
            return self.refused(response, open, output).await;
        }
        if message.begins
            && let Some(session) = response.headers().get(SESSION)
        {
            self.agree(|agreed| agreed.session = Some(session.clone()));
        }
        let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if kind.starts_with("text/event-stream") {
            self.stream(response, message.begins, open, output).await?;
        } else {
            let body = self.body(response).await?;
            if !body.iter().all(u8::is_ascii_whitespace) {
                self.hand_out(body, message.begins, open, output).await?;
            }
        }
        match open.is_empty() {
            true => Ok(()),
            false => Err(self.broken("it gave no answer")),
        }
    }

    /// Says that the conversation is over, where the gateway keeps one.
    pub(super) async fn leave(&self) {
        if self.agreed().session.is_some() {
            // It ends by itself if this does not reach it.
            let _ = self.send(self.client.delete(self.address.clone()).headers(self.headers())).await;
        }
    }

    fn headers(&self) -> HeaderMap {
        let Agreed { session, version } = self.agreed();
        let said = [(SESSION, session), (VERSION, version)];
        said.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    fn agreed(&self) -> Agreed {
        self.agreed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn agree(&self, set: impl FnOnce(&mut Agreed)) {
        set(&mut self.agreed.lock().unwrap_or_else(PoisonError::into_inner));
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, Failure> {
        let shown = bearer(&self.shows).await;
        let shown = shown.map_err(|error| Failure { code: REFUSED, text: error.to_string(), status: None })?;
        request.header(AUTHORIZATION, shown).send().await.map_err(|error| Failure {
            code: UNREACHABLE,
            text: format!(
                "no Downbeat answers at {} ({}): is it running, and is DOWNBEAT_URL right?",
                self.address,
                innermost(&error)
            ),
            status: None,
        })
    }

    fn broken(&self, why: &str) -> Failure {
        Failure {
            code: UNREACHABLE,
            text: format!("the Downbeat at {} did not answer: {why}", self.address),
            status: None,
        }
    }

    /// All of an answer.
    async fn body(&self, mut response: Response) -> Result<Vec<u8>, Failure> {
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|error| self.broken(&innermost(&error)))? {
            if body.len() + piece.len() > ANSWER_BYTES_MAX {
                return Err(self.broken("its answer is too large"));
            }
            body.extend_from_slice(&piece);
        }
        Ok(body)
    }

    /// Messages one after the other.
    async fn stream(
        &self,
        mut response: Response,
        begins: bool,
        open: &mut Vec<Value>,
        output: &Output,
    ) -> Result<(), Failure> {
        let mut events = Events::default();
        while let Some(piece) = response.chunk().await.map_err(|error| self.broken(&innermost(&error)))? {
            for data in events.take(&piece) {
                self.hand_out(data, begins, open, output).await?;
            }
            if events.kept() > ANSWER_BYTES_MAX {
                return Err(self.broken("its answer is too large"));
            }
        }
        Ok(())
    }

    /// Writes a message of the gateway.
    async fn hand_out(
        &self,
        text: Vec<u8>,
        begins: bool,
        open: &mut Vec<Value>,
        output: &Output,
    ) -> Result<(), Failure> {
        let Some(answered) = message::answered(&text) else {
            return Err(self.broken("what it said is no message of JSON-RPC"));
        };
        if begins && let Some(version) = version_of(&text) {
            self.agree(|agreed| agreed.version = Some(version));
        }
        open.retain(|id| !answered.contains(id));
        output.say(message::on_one_line(text)).await;
        Ok(())
    }

    /// A refusal: the gateway's own message, where it is one, else its words.
    async fn refused(&self, response: Response, open: &mut Vec<Value>, output: &Output) -> Result<(), Failure> {
        let status = response.status();
        let body = self.body(response).await.unwrap_or_default();
        let ids = message::answered(&body).unwrap_or_default();
        if !open.is_empty() && open.iter().all(|id| ids.contains(id)) {
            open.clear();
            output.say(message::on_one_line(body)).await;
            return Ok(());
        }
        let address = &self.address;
        let what = match status {
            StatusCode::UNAUTHORIZED => format!("the Downbeat at {address} does not take the key"),
            StatusCode::FORBIDDEN => format!("the key may not do this at {address}"),
            StatusCode::NOT_FOUND => {
                format!("at {address} nobody speaks to assistants: is DOWNBEAT_URL that of the public API?")
            }
            _ => format!("the Downbeat at {address} refused (status {})", status.as_u16()),
        };
        let words = words(&body);
        let text = if words.is_empty() { what } else { format!("{what}: {words}") };
        Err(Failure { code: REFUSED, text, status: Some(status.as_u16()) })
    }
}

/// The address of the protocol, of that of the API.
fn address(text: &str) -> Result<Url, Error> {
    let wrong = |why: &str| Error::Usage(format!("DOWNBEAT_URL {text:?} {why}"));
    let mut url = Url::parse(text.trim_end_matches('/')).map_err(|error| wrong(&format!("is no address: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(wrong("must begin with http:// or https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        // Which must not be repeated.
        return Err(Error::Usage("DOWNBEAT_URL holds a credential: put the key into DOWNBEAT_KEY".to_owned()));
    }
    let path = format!("{}/mcp", url.path().trim_end_matches('/'));
    url.set_path(&path);
    url.set_query(None);
    url.set_fragment(None);
    Ok(url)
}

/// What opens the gateway.
async fn bearer((url, key_file): &(String, Option<PathBuf>)) -> Result<HeaderValue, Error> {
    let token = session::token(url, key_file.as_deref()).await?;
    let value = HeaderValue::try_from(format!("Bearer {token}"));
    let mut value = value.map_err(|_| Error::Usage("the key has characters that no key has".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

/// The version that an answer to the first message agrees on.
fn version_of(text: &[u8]) -> Option<HeaderValue> {
    let answer: Value = serde_json::from_slice(text).ok()?;
    HeaderValue::try_from(answer["result"]["protocolVersion"].as_str()?).ok()
}

/// What a refusal says, on one line.
fn words(body: &[u8]) -> String {
    let said = serde_json::from_slice::<Value>(body).ok();
    let text =
        said.as_ref().and_then(|said| ["detail", "message", "error"].iter().find_map(|name| said[*name].as_str()));
    let text = text.map_or_else(|| String::from_utf8_lossy(body).into_owned(), str::to_owned);
    let seen = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    seen.take(REFUSAL_CHARS_MAX).collect::<String>().trim().to_owned()
}

fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_protocol_is_spoken_below_the_address_of_the_api() {
        for (text, expected) in [
            ("http://127.0.0.1:7400", Some("http://127.0.0.1:7400/mcp")),
            ("https://downbeat.example.com/", Some("https://downbeat.example.com/mcp")),
            ("https://example.com/downbeat/?x=1#y", Some("https://example.com/downbeat/mcp")),
            ("127.0.0.1:7400", None),
            ("ftp://example.com", None),
            ("http://user:word@example.com", None),
            ("", None),
        ] {
            assert_eq!(address(text).ok().map(|url| url.to_string()).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_refusal_is_told_in_its_own_words() {
        for (body, expected) in [
            (r#"{"detail":"the key is unknown"}"#, "the key is unknown"),
            (r#"{"message":"no\nway"}"#, "no way"),
            ("<html>", "<html>"),
            ("", ""),
        ] {
            assert_eq!(words(body.as_bytes()), expected);
        }
        assert_eq!(words("x".repeat(2_000).as_bytes()).len(), REFUSAL_CHARS_MAX);
    }
}
