//! Who asks: credentials are compared, signatures are made again or verified.

use std::{sync::LazyLock, time::Duration};

use aws_lc_rs::{
    encoding::{AsDer as _, Pkcs8V1Der},
    rsa::{KeyPair, KeySize},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};

use super::shape::{Login, Proof};
use super::wire::Asked;
use crate::manifest::auth::{jwt, sigv4};
use crate::web;

/// A private key that is made anew for each process, so that none lies in the repository.
pub(crate) fn test_key() -> &'static str {
    #[expect(clippy::expect_used, reason = "tests only")]
    static KEY: LazyLock<String> = LazyLock::new(|| {
        let pair = KeyPair::generate(KeySize::Rsa2048).expect("a key can be made");
        let der: Pkcs8V1Der<'_> = pair.as_der().expect("a key has a form");
        let text = STANDARD.encode(der.as_ref());
        let lines: Vec<_> = text.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
        format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))
    });
    &KEY
}

impl Proof {
    /// Whether the request shows what it must.
    pub(super) fn holds(&self, asked: &Asked) -> bool {
        let bearer = asked.headers.get("authorization").and_then(|value| value.strip_prefix("Bearer "));
        if let Some((name, value)) = &self.header {
            return asked.headers.get(name) == Some(value);
        }
        if let Some(login) = &self.login {
            return match &login.header {
                Some(header) => asked.headers.get(header) == Some(&login.token),
                None => bearer == Some(login.token.as_str()),
            };
        }
        if let Some((id, secret)) = &self.sigv4 {
            return signed(asked, id, secret).unwrap_or(false);
        }
        if self.key_pair {
            return bearer.is_some_and(verified);
        }
        true
    }
}

impl Login {
    pub(super) fn takes(&self, asked: &Asked) -> bool {
        let assertion = || {
            let url = reqwest::Url::parse(&format!("http://localhost/?{}", asked.body)).ok()?;
            let (_, value) = url.query_pairs().find(|(name, _)| name == "assertion")?;
            Some(verified(&value))
        };
        self.holds.iter().all(|text| asked.body.contains(text)) && (!self.assertion || assertion() == Some(true))
    }
}

fn verified(token: &str) -> bool {
    jwt::Key::from_pem(test_key()).ok().and_then(|key| jwt::verified(&key, token)).is_some()
}

/// Signs what came once more, at the instant and for the place that it names, and compares.
fn signed(asked: &Asked, id: &str, secret: &str) -> Option<bool> {
    let given = asked.headers.get(AUTHORIZATION.as_str())?;
    let scope = given.split("Credential=").nth(1)?.split(',').next()?;
    let mut parts = scope.split('/').skip(2);
    let (region, service) = (parts.next()?, parts.next()?);
    let date = asked.headers.get("x-amz-date")?;
    let date = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", date).ok()?;
    let second = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second();
    let mut headers = HeaderMap::new();
    for (name, value) in asked.headers.iter().filter(|(name, _)| *name != "authorization") {
        headers.insert(HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?);
    }
    let url = reqwest::Url::parse(&format!("http://{}{}", asked.headers.get("host")?, asked.target)).ok()?;
    let method = reqwest::Method::from_bytes(asked.method.as_bytes()).ok()?;
    let mut request = web::Request { method, url, headers, body: Some(asked.body.clone().into()) };
    let session_token = asked.headers.get("x-amz-security-token").cloned();
    let keys = sigv4::Keys { access_key_id: id.to_owned(), secret_access_key: secret.to_owned(), session_token };
    let now = Duration::from_secs(u64::try_from(second).ok()?);
    sigv4::sign(&mut request, &keys, region, service, now).ok()?;
    Some(request.headers.get(AUTHORIZATION)?.to_str().ok()? == given)
}
