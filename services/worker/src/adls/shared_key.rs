//! The Authorization header of a storage account's key, as Azure documents it ("Authorize with Shared Key"). Pure: the instant comes in.

use std::{collections::BTreeMap, time::Duration};

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;

use crate::web;

/// An instant as `x-ms-date` has it.
pub(super) fn date(now: Duration) -> String {
    let now = Timestamp::from_second(i64::try_from(now.as_secs()).unwrap_or_default()).unwrap_or_default();
    now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Signs a request without a body, whose `x-ms-` headers are there.
///
/// # Errors
/// The key is no base64; it is not repeated.
pub(super) fn authorization(request: &web::Request, account: &str, key: &str) -> Result<String, &'static str> {
    let key = STANDARD.decode(key.trim()).map_err(|_| "must be the key of a storage account, which is base64")?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let signature = STANDARD.encode(hmac::sign(&key, to_sign(request, account).as_bytes()));
    Ok(format!("SharedKey {account}:{signature}"))
}

fn to_sign(request: &web::Request, account: &str) -> String {
    // Between the method and these stand eleven headers, all of them absent.
    let mut text = format!("{}{}", request.method, "\n".repeat(12));
    let headers: BTreeMap<&str, &str> = request
        .headers
        .iter()
        .filter(|(name, _)| name.as_str().starts_with("x-ms-"))
        .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
        .collect();
    for (name, value) in headers {
        text.push_str(&format!("{name}:{}\n", value.trim()));
    }
    text.push_str(&format!("/{account}{}", request.url.path()));
    let mut query: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in request.url.query_pairs() {
        query.entry(name.to_lowercase()).or_default().push(value.into_owned());
    }
    for (name, mut values) in query {
        values.sort();
        text.push_str(&format!("\n{name}:{}", values.join(",")));
    }
    text
}

#[cfg(test)]
mod tests {
    use reqwest::{Method, header::HeaderMap};

    use super::*;

    #[test]
    fn a_list_is_signed_as_documented() {
        let url = "https://myaccount.blob.core.windows.net/mycontainer?restype=container&comp=metadata&timeout=20";
        let mut request =
            web::Request { method: Method::GET, url: url.parse().unwrap(), headers: HeaderMap::new(), body: None };
        request.headers.insert("x-ms-version", "2015-02-21".parse().unwrap());
        request.headers.insert("x-ms-date", date(Duration::from_secs(1_435_361_952)).parse().unwrap());
        // The example of "Authorize with Shared Key".
        assert_eq!(
            to_sign(&request, "myaccount"),
            "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-version:2015-02-21\n/myaccount/mycontainer\ncomp:metadata\nrestype:container\ntimeout:20"
        );
        assert!(authorization(&request, "myaccount", "no base64!").is_err());
    }
}
