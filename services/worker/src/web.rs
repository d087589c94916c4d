//! One HTTP exchange within limits, for everything on this worker that speaks HTTP: redirects, time-outs, the size of the answer.
//!
//! Whom this worker may not reach (`egress/`) is refused after the name was resolved, and again on each redirect: the connection goes
//! to the address that was checked. Another host is told no header that may be a credential.
//! It knows nothing of tasks and sensors, and no text of its own repeats a header, a body that was sent, or a query.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use reqwest::{
    Certificate, Client, ClientBuilder, Identity, Method, Response, StatusCode, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION},
    redirect::Policy,
};
use serde_json::Value;

use crate::attempt::Failure;
use crate::egress;
use crate::limits::{HTTP_ANSWER_BYTES_MAX, HTTP_CONNECT_WAIT, HTTP_REDIRECTS_MAX};
use crate::process::log::TaskLog;

/// What is asked.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Bytes>,
}

/// What came back, whatever its status.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// The first bytes, at most [`HTTP_ANSWER_BYTES_MAX`].
    pub(crate) body: Vec<u8>,
    /// There was more.
    pub(crate) cut: bool,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Lost {
    /// Nothing was sent: the host is not there, or takes no connection.
    Unsent(String),
    /// It was sent, or a part of it, and nobody knows what became of it.
    Unanswered(String),
    /// An address that is refused, or redirects that lead nowhere.
    Refused(Failure),
}

impl From<Failure> for Lost {
    fn from(failure: Failure) -> Self {
        Self::Refused(failure)
    }
}

impl From<Lost> for Failure {
    fn from(lost: Lost) -> Self {
        match lost {
            Lost::Unsent(message) | Lost::Unanswered(message) => Self::transient(message),
            Lost::Refused(failure) => failure,
        }
    }
}

/// Sends a request and follows up to [`HTTP_REDIRECTS_MAX`] redirects, which the log is told of. Each exchange may take `wait`.
///
/// # Errors
/// TRANSIENT when the other side cannot be reached, MISCONFIGURED for an address that is refused, JOB_FAILED for redirects
/// that lead nowhere.
pub(crate) async fn exchange(request: &Request, wait: Duration, log: Option<&TaskLog>) -> Result<Answer, Failure> {
    send(request, wait, log).await.map_err(Failure::from)
}

/// As [`exchange`], for callers to whom it matters whether the other side may have been told.
pub(crate) async fn send(request: &Request, wait: Duration, log: Option<&TaskLog>) -> Result<Answer, Lost> {
    send_trusting(request, wait, log, &Trust::default()).await
}

/// Whom to believe, and who asks, where that is not what the machine says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trust {
    /// These authorities and no others; none: those of the machine.
    authorities: Vec<Certificate>,
    /// The certificate of whoever asks.
    identity: Option<Identity>,
}

impl Trust {
    /// Believes whom these certificates (PEM) prove, and nobody else.
    ///
    /// # Errors
    /// What is wrong with the text, in words that follow its name.
    pub(crate) fn in_authorities(mut self, pem: &str) -> Result<Self, String> {
        let wrong = || "holds no certificates in PEM (-----BEGIN CERTIFICATE-----)".to_owned();
        self.authorities = Certificate::from_pem_bundle(pem.as_bytes()).map_err(|_| wrong())?;
        if self.authorities.is_empty() { Err(wrong()) } else { Ok(self) }
    }

    /// Shows this certificate (PEM) with its key.
    ///
    /// # Errors
    /// What is wrong with them; no part of the key is repeated.
    pub(crate) fn showing(mut self, certificate: &str, key: &str) -> Result<Self, String> {
        let both = format!("{}\n{}\n", certificate.trim_end(), key.trim_end());
        let identity = Identity::from_pem(both.as_bytes());
        self.identity = Some(identity.map_err(|_| "and its key are no certificate and private key in PEM".to_owned())?);
        Ok(self)
    }
}

/// As [`send`], to a side with authorities of its own.
pub(crate) async fn send_trusting(
    request: &Request,
    wait: Duration,
    log: Option<&TaskLog>,
    trust: &Trust,
) -> Result<Answer, Lost> {
    let Request { mut method, mut url, mut headers, mut body } = request.clone();
    for _ in 0..=HTTP_REDIRECTS_MAX {
        let asked = Request { method: method.clone(), url: url.clone(), headers: headers.clone(), body: body.clone() };
        let response = ask(trust, wait, asked).await?;
        let Some(next) = redirected(&url, &response)? else {
            return answer(&url, response, HTTP_ANSWER_BYTES_MAX).await;
        };
        if let Some(log) = log {
            log.line(&format!("redirected ({}) to {}", response.status(), shown(&next))).await;
        }
        if next.origin() != url.origin() {
            headers = for_strangers(&headers);
        }
        if !matches!(response.status().as_u16(), 307 | 308) && !matches!(method, Method::GET | Method::HEAD) {
            method = Method::GET;
            body = None;
        }
        url = next;
    }
    Err(Failure::job(format!("{} redirects more than {HTTP_REDIRECTS_MAX} times", shown(&request.url))).into())
}

/// One exchange of which no redirect is followed: it comes back like any other answer, of which `limit` bytes are read. For what
/// has to arrive as it is (a redirect may turn a POST into a GET) and at nobody else (a body may hold a credential).
pub(crate) async fn once(request: Request, wait: Duration, limit: usize) -> Result<Answer, Lost> {
    once_trusting(request, wait, limit, &Trust::default()).await
}

/// As [`once`], to a side with authorities of its own.
pub(crate) async fn once_trusting(
    request: Request,
    wait: Duration,
    limit: usize,
    trust: &Trust,
) -> Result<Answer, Lost> {
    let url = request.url.clone();
    let response = ask(trust, wait, request).await?;
    answer(&url, response, limit).await
}

/// A client for one exchange with this place.
fn client(trust: &Trust, wait: Duration, url: &Url) -> Result<Client, Failure> {
    let mut builder = Client::builder();
    if !trust.authorities.is_empty() {
        builder = builder.tls_certs_only(trust.authorities.iter().cloned());
    }
    if let Some(identity) = &trust.identity {
        builder = builder.identity(identity.clone());
    }
    let built = guarded(builder, url)?
        .redirect(Policy::none())
        .connect_timeout(HTTP_CONNECT_WAIT)
        .timeout(wait)
        .user_agent(concat!("downbeat/", env!("CARGO_PKG_VERSION")))
        .build();
    built.map_err(|error| Failure::transient(format!("cannot set up an HTTP client: {}", chain(&error))))
}

/// Holds a client to what may be reached at the host and port of this URL, and at no other.
///
/// # Errors
/// MISCONFIGURED: it may not be reached.
pub(crate) fn guarded(builder: ClientBuilder, url: &Url) -> Result<ClientBuilder, Failure> {
    let port = url.port_or_known_default().unwrap_or(0);
    let refused = |refused: egress::Refused| Failure::misconfigured(format!("{}: {refused}", shown(url)));
    egress::gate().ask(url.host_str().unwrap_or_default(), port).map_err(refused)?;
    let builder = builder.dns_resolver(Arc::new(CheckedResolver { port }));
    // A proxy would look names up by itself, and go where it likes.
    Ok(if egress::gate().is_limited() { builder.no_proxy() } else { builder })
}

async fn ask(trust: &Trust, wait: Duration, request: Request) -> Result<Response, Lost> {
    let Request { method, url, headers, body } = request;
    let client = client(trust, wait, &url)?;
    let mut builder = client.request(method, url.clone()).headers(headers);
    if let Some(body) = body {
        builder = builder.body(body);
    }
    builder.send().await.map_err(|error| lost(&url, &error))
}

async fn answer(url: &Url, response: Response, limit: usize) -> Result<Answer, Lost> {
    let (status, headers) = (response.status(), response.headers().clone());
    let (body, cut) = read_body(url, response, limit).await?;
    Ok(Answer { status, headers, body, cut })
}

/// An absolute http(s) URL.
pub(crate) fn absolute(text: &str) -> Option<Url> {
    Url::parse(text.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// Headers from the entries of a JSON object. `name`: the parameter; the values may be credentials, no error repeats them.
pub(crate) fn headers(name: &str, entries: &serde_json::Map<String, Value>) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    for (key, value) in entries {
        let value = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let (Ok(header), Ok(value)) = (HeaderName::try_from(key), HeaderValue::try_from(value)) else {
            return Err(Failure::misconfigured(format!("{name}: {key:?} is no valid header")));
        };
        headers.insert(header, value);
    }
    Ok(headers)
}

/// What another host is told after a redirect: any of the task's own headers may be a credential (`x-api-key`).
fn for_strangers(headers: &HeaderMap) -> HeaderMap {
    let told = [ACCEPT, CONTENT_TYPE].into_iter();
    told.filter_map(|name| Some((name.clone(), headers.get(name)?.clone()))).collect()
}

fn redirected(url: &Url, response: &Response) -> Result<Option<Url>, Failure> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = response.headers().get(LOCATION) else { return Ok(None) };
    let next = location.to_str().ok().and_then(|location| url.join(location).ok());
    let next = next.filter(|next| matches!(next.scheme(), "http" | "https") && next.has_host());
    next.map(Some).ok_or_else(|| Failure::job(format!("{} redirects to something that is no http(s) URL", shown(url))))
}

async fn read_body(url: &Url, mut response: Response, limit: usize) -> Result<(Vec<u8>, bool), Lost> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| lost(url, &error))? {
        if body.len() + chunk.len() > limit {
            body.extend_from_slice(&chunk[..limit - body.len()]);
            return Ok((body, true));
        }
        body.extend_from_slice(&chunk);
    }
    Ok((body, false))
}

fn lost(url: &Url, error: &reqwest::Error) -> Lost {
    let text = chain(error);
    let message = format!("cannot reach {}: {text}", shown(url));
    if egress::is_refusal(error) {
        Lost::Refused(Failure::misconfigured(message))
    } else if error.is_connect() {
        Lost::Unsent(message)
    } else {
        Lost::Unanswered(message)
    }
}

/// A URL for people: without credentials and without the query, which often is one.
pub(crate) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_username("").ok();
    url.set_password(None).ok();
    if url.query().is_some() {
        url.set_query(Some("..."));
    }
    url.to_string()
}

pub(crate) fn chain(error: &reqwest::Error) -> String {
    // The outermost text repeats the URL with its query; the causes do not.
    let mut texts = Vec::new();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        texts.push(inner.to_string());
        cause = inner.source();
    }
    if error.is_timeout() && texts.is_empty() {
        texts.push("it took too long".to_owned());
    }
    texts.join(": ")
}

/// Looks names up for one client, which goes to one port.
struct CheckedResolver {
    port: u16,
}

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let port = self.port;
        Box::pin(async move {
            let found: Vec<SocketAddr> = egress::resolve(name.as_str(), port).await?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn link_local_addresses_are_known_in_every_dress() {
        let cases = [
            ("http://169.254.169.254/latest", true),
            ("http://2852039166/", true),
            ("http://0xa9fea9fe/", true),
            ("http://[fe80::1]/", true),
            ("http://[::ffff:169.254.169.254]/", true),
            ("http://[64:ff9b::a9fe:a9fe]/", true),
            ("http://127.0.0.1/", false),
            ("http://10.0.0.1/", false),
            ("http://[2001:db8::1]/", false),
            ("http://example.com/", false),
        ];
        for (url, refused) in cases {
            assert_eq!(guarded(Client::builder(), &Url::parse(url).unwrap()).is_err(), refused, "{url}");
        }
    }

    #[test]
    fn urls_are_shown_without_credentials() {
        let url = Url::parse("https://user:secret@example.com/a?token=secret").unwrap();
        assert_eq!(shown(&url), "https://example.com/a?...");
    }

    #[test]
    fn another_host_is_told_no_header_that_may_be_a_credential() {
        let given =
            r#"{"x-api-key": "s", "authorization": "s", "cookie": "s", "accept": "text/csv", "content-type": "a/b"}"#;
        let told = for_strangers(&headers("h", &serde_json::from_str(given).unwrap()).unwrap());
        assert_eq!((told.len(), told[ACCEPT].to_str().unwrap()), (2, "text/csv"));
    }
}
