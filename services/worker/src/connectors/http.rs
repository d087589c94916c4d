//! HTTP/HTTP_REQUEST: one request, its answer as output.
//!
//! Link-local addresses (where clouds serve their machines' credentials) are refused after the name was resolved, and again on
//! each redirect: the connection goes to the address that was checked.

use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use async_trait::async_trait;
use reqwest::{
    Client, Method, Response, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION},
    redirect::Policy,
};
use serde_json::{Value, json};

use super::{Connector, Step, Task, parameters, unless_stopped};
use crate::attempt::{Ended, Ending, Failure};
use crate::limits::{HTTP_ANSWER_BYTES_MAX, HTTP_CONNECT_WAIT, HTTP_LOGGED_BYTES, HTTP_REDIRECTS_MAX, HTTP_WAIT};

#[derive(Debug)]
pub(crate) struct HttpRequest;

struct Request {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Option<String>,
    set_outputs: bool,
}

#[async_trait]
impl Connector for HttpRequest {
    fn job(&self) -> (&'static str, &'static str) {
        ("HTTP", "HTTP_REQUEST")
    }

    async fn run(&self, task: &Task) -> Ended {
        // Nothing is left of a request that is dropped.
        match unless_stopped(&task.stop, carry_out(task)).await {
            Ok(Ok(ending)) | Ok(Err(ending)) | Err(ending) => ending.into(),
        }
    }
}

async fn carry_out(task: &Task) -> Step<Ending> {
    let request = Request::read(task)?;
    task.log.line(&format!("{} {}", request.method, shown(&request.url))).await;
    let (status, body) = exchange(task, &request).await?;
    let text = String::from_utf8_lossy(&body);
    let first = &text[..text.floor_char_boundary(HTTP_LOGGED_BYTES)];
    task.log.line(&format!("answer: {status}, {} bytes", body.len())).await;
    task.log.text(first).await;
    if !status.is_success() {
        let message = format!("{} {} answered {status}: {}", request.method, shown(&request.url), first.trim());
        let again = matches!(status.as_u16(), 408 | 429 | 500..=599);
        return Err(if again { Failure::transient(message) } else { Failure::job(message) }.into());
    }
    let outputs = if request.set_outputs {
        let response = serde_json::from_slice::<Value>(&body).unwrap_or_else(|_| Value::String(text.into_owned()));
        json!({ "response": response, "status_code": status.as_u16() }).to_string()
    } else {
        String::new()
    };
    Ok(Ending::Succeeded { warning: false, outputs, message: format!("answered {status}") })
}

impl Request {
    fn read(task: &Task) -> Result<Self, Failure> {
        let given = &task.parameters;
        parameters::required(given, "method")?;
        let method = match parameters::one_of(given, "method", &["GET", "POST", "PUT"])? {
            "POST" => Method::POST,
            "PUT" => Method::PUT,
            _ => Method::GET,
        };
        let path = parameters::required(given, "path")?;
        let url = Url::parse(path.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let url = url.ok_or_else(|| {
            Failure::misconfigured(format!(
                "path must be an absolute URL, like https://example.com/x, not {path:?}: a base URL from a connection is not supported yet"
            ))
        })?;
        Ok(Self {
            method,
            url,
            headers: headers(parameters::text(given, "custom_headers").as_deref())?,
            body: parameters::text(given, "body"),
            set_outputs: parameters::flag(given, "set_outputs")?,
        })
    }
}

fn headers(text: Option<&str>) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    let Some(text) = text else { return Ok(headers) };
    // The text may hold credentials: no error repeats it.
    let Ok(Value::Object(entries)) = serde_json::from_str(text) else {
        return Err(Failure::misconfigured(
            "custom_headers must be a JSON object, like '{\"accept\": \"application/json\"}'",
        ));
    };
    for (name, value) in entries {
        let value = match value {
            Value::String(text) => text,
            other => other.to_string(),
        };
        let (Ok(header), Ok(value)) = (HeaderName::try_from(&name), HeaderValue::try_from(value)) else {
            return Err(Failure::misconfigured(format!("custom_headers: {name:?} is no valid header")));
        };
        headers.insert(header, value);
    }
    Ok(headers)
}

async fn exchange(task: &Task, request: &Request) -> Step<(reqwest::StatusCode, Vec<u8>)> {
    let client = Client::builder()
        .redirect(Policy::none())
        .connect_timeout(HTTP_CONNECT_WAIT)
        .timeout(HTTP_WAIT)
        .dns_resolver(Arc::new(CheckedResolver))
        .user_agent(concat!("downbeat/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| Failure::transient(format!("cannot set up an HTTP client: {}", chain(&error))))?;
    let mut url = request.url.clone();
    let mut method = request.method.clone();
    let mut headers = request.headers.clone();
    let mut body = request.body.clone();
    let token = HeaderName::from_static("idempotency-key");
    if method != Method::GET
        && !headers.contains_key(&token)
        && let Ok(value) = HeaderValue::try_from(&task.token)
    {
        headers.insert(token, value);
    }
    if body.is_some() && !headers.contains_key(CONTENT_TYPE) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    for _ in 0..=HTTP_REDIRECTS_MAX {
        check_literal(&url)?;
        let mut builder = client.request(method.clone(), url.clone()).headers(headers.clone());
        if let Some(body) = &body {
            builder = builder.body(body.clone());
        }
        let response = builder.send().await.map_err(|error| unreachable_failure(&url, &error))?;
        let Some(next) = redirected(&url, &response)? else {
            return Ok((response.status(), read_body(&url, response).await?));
        };
        task.log.line(&format!("redirected ({}) to {}", response.status(), shown(&next))).await;
        if next.origin() != url.origin() {
            headers = for_strangers(&headers);
        }
        if !matches!(response.status().as_u16(), 307 | 308) && method != Method::GET {
            method = Method::GET;
            body = None;
        }
        url = next;
    }
    Err(Failure::job(format!("{} redirects more than {HTTP_REDIRECTS_MAX} times", shown(&request.url))).into())
}

/// What another host is told after a redirect: any of the task's own headers may be a credential (`x-api-key`).
fn for_strangers(headers: &HeaderMap) -> HeaderMap {
    let told = [ACCEPT, CONTENT_TYPE].into_iter();
    told.filter_map(|name| Some((name.clone(), headers.get(name)?.clone()))).collect()
}

fn redirected(url: &Url, response: &Response) -> Step<Option<Url>> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = response.headers().get(LOCATION) else { return Ok(None) };
    let next = location.to_str().ok().and_then(|location| url.join(location).ok());
    let next = next.filter(|next| matches!(next.scheme(), "http" | "https") && next.has_host());
    next.map(Some)
        .ok_or_else(|| Failure::job(format!("{} redirects to something that is no http(s) URL", shown(url))).into())
}

async fn read_body(url: &Url, mut response: Response) -> Step<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| unreachable_failure(url, &error))? {
        if body.len() + chunk.len() > HTTP_ANSWER_BYTES_MAX {
            let limit = HTTP_ANSWER_BYTES_MAX / (1024 * 1024);
            return Err(Failure::job(format!("the answer of {} is larger than {limit} MiB", shown(url))).into());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn unreachable_failure(url: &Url, error: &reqwest::Error) -> Ending {
    let text = chain(error);
    let message = format!("cannot reach {}: {text}", shown(url));
    if text.contains(REFUSED) { Failure::misconfigured(message) } else { Failure::transient(message) }.into()
}

/// A URL for people: without credentials and without the query, which often is one.
fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_username("").ok();
    url.set_password(None).ok();
    if url.query().is_some() {
        url.set_query(Some("..."));
    }
    url.to_string()
}

fn chain(error: &reqwest::Error) -> String {
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

const REFUSED: &str = "link-local addresses are refused";

fn check_literal(url: &Url) -> Result<(), Failure> {
    let host = url.host_str().unwrap_or_default();
    let Ok(address) = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() else { return Ok(()) };
    if is_link_local(address) { Err(Failure::misconfigured(format!("{}: {REFUSED}", shown(url)))) } else { Ok(()) }
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => {
            let embedded = address.to_ipv4_mapped().or_else(|| nat64(address));
            address.is_unicast_link_local() || embedded.is_some_and(|inner| inner.is_link_local())
        }
    }
}

/// 64:ff9b::/96 leads to an IPv4 address behind a translator.
fn nat64(address: Ipv6Addr) -> Option<std::net::Ipv4Addr> {
    let [0x64, 0xff9b, 0, 0, 0, 0, high, low] = address.segments() else { return None };
    Some(std::net::Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)))
}

struct CheckedResolver;

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if found.iter().any(|address| is_link_local(address.ip())) {
                return Err(format!("{} leads to a link-local address; {REFUSED}", name.as_str()).into());
            }
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
            assert_eq!(check_literal(&Url::parse(url).unwrap()).is_err(), refused, "{url}");
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
        let told = for_strangers(&headers(Some(given)).unwrap());
        assert_eq!((told.len(), told[ACCEPT].to_str().unwrap()), (2, "text/csv"));
    }

    #[test]
    fn broken_headers_are_refused_without_repeating_them() {
        for text in ["secret", "[\"secret\"]", r#"{"bad name": "secret"}"#, "{\"a\": \"secret\\n\"}"] {
            assert!(!headers(Some(text)).unwrap_err().message.contains("secret"), "{text}");
        }
        assert_eq!(headers(Some(r#"{"X-A": "b", "n": 3}"#)).unwrap().len(), 2);
    }
}
