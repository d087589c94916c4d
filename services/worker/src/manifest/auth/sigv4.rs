//! AWS Signature Version 4 in the Authorization header, as AWS documents it ("Create a signed AWS API request"). Pure: the instant comes in.
//!
//! It signs what is there: host, content type, every `x-amz-*` header, path, query and body. It knows nothing of AWS's services.

use std::{fmt::Write as _, time::Duration};

use aws_lc_rs::{digest, hmac};
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};

use crate::web;

const UNRESERVED_STAY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Who signs.
pub(crate) struct Keys {
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
    pub(crate) session_token: Option<String>,
}

/// Puts `x-amz-date`, the session's token and the signature into the request's headers.
///
/// # Errors
/// What of the keys cannot stand in a header; no key is repeated.
pub(crate) fn sign(
    request: &mut web::Request,
    keys: &Keys,
    region: &str,
    service: &str,
    now: Duration,
) -> Result<(), String> {
    let (date, instant) = instants(now)?;
    put(request, "x-amz-date", &instant)?;
    if let Some(token) = &keys.session_token {
        put(request, "x-amz-security-token", token)?;
    }
    let (canonical, signed) = canonical(request, service, &[]);
    let scope = format!("{date}/{region}/{service}/aws4_request");
    let signature = signature(&canonical, &instant, &[date.as_str(), region, service], keys);
    let id = &keys.access_key_id;
    let value = format!("AWS4-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={signed}, Signature={signature}");
    put(request, AUTHORIZATION.as_str(), &value)
}

/// A GET that is signed in its query, so that whoever is handed the URL may send it for `life`, with these headers (in lower case).
///
/// # Errors
/// When the instant is none.
pub(crate) fn presign(
    url: &reqwest::Url,
    headers: &[(&'static str, &str)],
    keys: &Keys,
    (region, service): (&str, &str),
    life: Duration,
    now: Duration,
) -> Result<reqwest::Url, String> {
    let (date, instant) = instants(now)?;
    let mut request =
        web::Request { method: reqwest::Method::GET, url: url.clone(), headers: HeaderMap::new(), body: None };
    for (name, value) in headers {
        put(&mut request, name, value)?;
    }
    let mut signed: Vec<&str> = headers.iter().map(|(name, _)| *name).chain(["host"]).collect();
    signed.sort_unstable();
    let mut pairs = vec![
        ("X-Amz-Algorithm", "AWS4-HMAC-SHA256".to_owned()),
        ("X-Amz-Credential", format!("{}/{date}/{region}/{service}/aws4_request", keys.access_key_id)),
        ("X-Amz-Date", instant.clone()),
        ("X-Amz-Expires", life.as_secs().to_string()),
        ("X-Amz-SignedHeaders", signed.join(";")),
    ];
    pairs.extend(keys.session_token.iter().map(|token| ("X-Amz-Security-Token", token.clone())));
    let mut written = request.url.query().unwrap_or_default().to_owned();
    for (name, value) in pairs {
        let _ = write!(written, "&{name}={}", utf8_percent_encode(&value, UNRESERVED_STAY));
    }
    request.url.set_query(Some(written.trim_start_matches('&')));
    let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
    let (canonical, _) = canonical(&request, service, &names);
    let signature = signature(&canonical, &instant, &[date.as_str(), region, service], keys);
    request.url.query_pairs_mut().append_pair("X-Amz-Signature", &signature);
    Ok(request.url)
}

fn signature(canonical: &str, instant: &str, scope: &[&str; 3], keys: &Keys) -> String {
    let scope = [scope[0], scope[1], scope[2], "aws4_request"];
    let to_sign = format!("AWS4-HMAC-SHA256\n{instant}\n{}\n{}", scope.join("/"), sha256(canonical.as_bytes()));
    let start = format!("AWS4{}", keys.secret_access_key).into_bytes();
    let key = scope.iter().fold(start, |key, part| keyed(&key, part.as_bytes()));
    hex(&keyed(&key, to_sign.as_bytes()))
}

fn put(request: &mut web::Request, name: &'static str, value: &str) -> Result<(), String> {
    let mut value = HeaderValue::try_from(value)
        .map_err(|_| format!("a key of AWS cannot stand in the header {name}: it has characters that no key has"))?;
    value.set_sensitive(matches!(name, "authorization" | "x-amz-security-token"));
    request.headers.insert(HeaderName::from_static(name), value);
    Ok(())
}

fn instants(now: Duration) -> Result<(String, String), String> {
    let seconds = i64::try_from(now.as_secs()).map_err(|error| error.to_string())?;
    let now = Timestamp::from_second(seconds).map_err(|error| error.to_string())?;
    Ok((now.strftime("%Y%m%d").to_string(), now.strftime("%Y%m%dT%H%M%SZ").to_string()))
}

/// The canonical request and the names of the headers that are signed, `also` among them.
fn canonical(request: &web::Request, service: &str, also: &[&str]) -> (String, String) {
    let mut headers: Vec<(String, String)> = vec![("host".to_owned(), host(&request.url))];
    for (name, value) in &request.headers {
        let name_is = |names: &[&str]| names.contains(&name.as_str());
        if name.as_str().starts_with("x-amz-") || name == reqwest::header::CONTENT_TYPE || name_is(also) {
            let value = String::from_utf8_lossy(value.as_bytes());
            headers.push((name.as_str().to_owned(), value.split_whitespace().collect::<Vec<_>>().join(" ")));
        }
    }
    headers.sort();
    let signed = headers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";");
    let mut text = format!("{}\n{}\n{}\n", request.method, path(&request.url, service), query(&request.url));
    for (name, value) in &headers {
        let _ = writeln!(text, "{name}:{value}");
    }
    let body = request.body.as_deref().unwrap_or_default();
    let _ = write!(text, "\n{signed}\n{}", sha256(body));
    (text, signed)
}

fn host(url: &reqwest::Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Encoded once more as it stands, which every service but S3 asks for.
fn path(url: &reqwest::Url, service: &str) -> String {
    let encode = |part: &str| match service {
        "s3" => part.to_owned(),
        _ => utf8_percent_encode(part, UNRESERVED_STAY).to_string(),
    };
    url.path().split('/').map(encode).collect::<Vec<_>>().join("/")
}

fn query(url: &reqwest::Url) -> String {
    let encode = |text: &str| utf8_percent_encode(text, UNRESERVED_STAY).to_string();
    let mut pairs: Vec<_> = url.query_pairs().map(|(name, value)| (encode(&name), encode(&value))).collect();
    pairs.sort();
    pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn keyed(key: &[u8], text: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text).as_ref().to_vec()
}

fn sha256(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use reqwest::{Method, Url, header::HeaderMap};

    use super::*;

    type Headers = &'static [(&'static str, &'static str)];

    /// 2015-08-30T12:36:00Z, the instant of AWS's published Signature Version 4 test suite.
    const NOW: Duration = Duration::from_secs(1_440_938_160);

    fn signed(method: Method, path: &str, headers: &[(&'static str, &str)], body: Option<&str>) -> String {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        let url = Url::parse(&format!("https://example.amazonaws.com{path}")).unwrap();
        let mut request = web::Request { method, url, headers: map, body: body.map(|body| body.to_owned().into()) };
        sign(&mut request, &keys(), "us-east-1", "service", NOW).unwrap();
        request.headers[AUTHORIZATION].to_str().unwrap().to_owned()
    }

    /// As botocore 1.44.8 signs it for the clusters of EKS.
    #[test]
    fn a_url_signed_in_its_query_is_the_one_that_awss_own_tools_make() {
        let url =
            Url::parse("https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15").unwrap();
        for (session_token, signature) in [
            (None, "fa64ea5f815c00063a288e2679fd35eee850f338aa632c46b9ae2e22eb73dc04"),
            (Some("SESSION/+=="), "db8f72a247d61324832964787cb070697381e66253a973ad93cfb8142d08af9f"),
        ] {
            let keys = Keys { session_token: session_token.map(str::to_owned), ..keys() };
            let headers = [("x-k8s-aws-id", "main cluster")];
            let life = Duration::from_secs(60);
            let signed = presign(&url, &headers, &keys, ("eu-west-1", "sts"), life, NOW).unwrap();
            assert!(signed.as_str().ends_with(&format!("&X-Amz-Signature={signature}")), "{signed}");
            assert!(signed.as_str().contains("&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id"), "{signed}");
        }
    }

    fn keys() -> Keys {
        Keys {
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned(),
            session_token: None,
        }
    }

    /// Cases get-vanilla, get-vanilla-query-order-key-case, get-unreserved, post-vanilla and post-x-www-form-urlencoded of that suite.
    #[test]
    fn the_published_vectors_hold() {
        const FORM: Headers = &[("content-type", "application/x-www-form-urlencoded")];
        let cases: [(Method, &str, Headers, Option<&str>, &str); 6] = [
            (Method::GET, "/", &[], None, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            (
                Method::GET,
                "/?Param2=value2&Param1=value1",
                &[],
                None,
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            ),
            (
                Method::GET,
                "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
                &[],
                None,
                "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
            ),
            // As botocore 1.44.8 signs it: what is encoded in the path is encoded once more.
            (
                Method::GET,
                "/functions/a%3Ab%20c/invocations",
                &[],
                None,
                "19630f69a119d43653c89fb2e3685a39f4e4187acc49b5413440b9bc03fd64aa",
            ),
            (Method::POST, "/", &[], None, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
            (
                Method::POST,
                "/",
                FORM,
                Some("Param1=value1"),
                "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
            ),
        ];
        for (method, path, headers, body, signature) in cases {
            let value = signed(method.clone(), path, headers, body);
            assert!(value.ends_with(&format!("Signature={signature}")), "{method} {path}: {value}");
            assert!(value.contains("Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request"), "{value}");
        }
    }
}
