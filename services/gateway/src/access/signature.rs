//! Whether a call to an endpoint comes from whoever knows its secret: Standard Webhooks 1.0 (standardwebhooks.com), and
//! `X-Hub-Signature-256` as GitHub has it (docs.github.com, "Validating webhook deliveries"). Pure: keys and the instant come in.
//!
//! Promises: signatures are compared in constant time; whatever headers hold, what does not verify is refused. Knows nothing of endpoints.

use aws_lc_rs::hmac;
use axum::http::HeaderMap;
use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::limits;

/// Header of the id of a delivery, as Standard Webhooks has it; also read where calls are not signed.
pub(crate) const ID: &str = "webhook-id";
const TIMESTAMP: &str = "webhook-timestamp";
const SIGNATURE: &str = "webhook-signature";
const HUB_SIGNATURE: &str = "x-hub-signature-256";

/// Why a call is not let in, for whoever sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unsigned {
    #[error("the header `{0}` is missing, or cannot be read")]
    Header(&'static str),
    #[error(
        "`webhook-timestamp` is more than {} s away from now: the call is too old, or a clock is wrong",
        limits::HOOK_TOLERANCE_SECONDS
    )]
    Stale,
    #[error("no signature fits: the secret is another one, or the body was changed on its way")]
    Unfit,
}

/// Standard Webhooks: `v1,` and base64 of HMAC-SHA256 over id, instant and body; several, between blanks, while a sender rotates.
pub(crate) fn standard<'a>(
    headers: &HeaderMap,
    body: &[u8],
    keys: impl Iterator<Item = &'a [u8]>,
    now_seconds: i64,
) -> Result<(), Unsigned> {
    let id = text(headers, ID)?;
    let timestamp = text(headers, TIMESTAMP)?;
    let seconds: i64 = timestamp.parse().map_err(|_| Unsigned::Header(TIMESTAMP))?;
    let signatures = text(headers, SIGNATURE)?;
    if now_seconds.abs_diff(seconds) > limits::HOOK_TOLERANCE_SECONDS {
        return Err(Unsigned::Stale);
    }
    let signed = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat();
    let given = signatures.split(' ').filter_map(|one| STANDARD.decode(one.strip_prefix("v1,")?).ok());
    let given: Vec<Vec<u8>> = given.take(limits::HOOK_SIGNATURES_MAX).collect();
    fits(&signed, &given, keys)
}

/// GitHub: `sha256=` and hex of HMAC-SHA256 over the body. It has no instant: what was caught on its way can be sent again, and is told
/// apart by its id only.
pub(crate) fn github<'a>(
    headers: &HeaderMap,
    body: &[u8],
    keys: impl Iterator<Item = &'a [u8]>,
) -> Result<(), Unsigned> {
    let given = text(headers, HUB_SIGNATURE)?;
    let digits = given.strip_prefix("sha256=").ok_or(Unsigned::Header(HUB_SIGNATURE))?;
    fits(body, &[hex(digits).ok_or(Unsigned::Header(HUB_SIGNATURE))?], keys)
}

fn fits<'a>(signed: &[u8], given: &[Vec<u8>], keys: impl Iterator<Item = &'a [u8]>) -> Result<(), Unsigned> {
    let fits = |key: &[u8]| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key);
        given.iter().any(|signature| hmac::verify(&key, signed, signature).is_ok())
    };
    if keys.into_iter().any(fits) { Ok(()) } else { Err(Unsigned::Unfit) }
}

fn text<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<&'a str, Unsigned> {
    let mut all = headers.get_all(name).iter();
    // Of two nobody knows which one was signed.
    match (all.next().map(|value| value.to_str()), all.next()) {
        (Some(Ok(value)), None) if !value.is_empty() => Ok(value),
        _ => Err(Unsigned::Header(name)),
    }
}

fn hex(digits: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    let digit = |letter: u8| char::from(letter).to_digit(16);
    let byte = |[high, low]: &[u8; 2]| u8::try_from(digit(*high)? * 16 + digit(*low)?).ok();
    (rest.is_empty() && pairs.len() == 32).then(|| pairs.iter().map(byte).collect())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(all: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in all {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    /// The example of the specification of Standard Webhooks, and of its libraries.
    const KEY: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const FITS: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    const AT: i64 = 1_614_265_330;

    fn example(id: &str, timestamp: &str, signature: &str) -> HeaderMap {
        headers(&[(ID, id), (TIMESTAMP, timestamp), (SIGNATURE, signature)])
    }

    #[test]
    fn the_example_of_the_specification_is_let_in_and_nothing_that_differs_from_it() {
        let key = STANDARD.decode(KEY).unwrap();
        let (id, at) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", AT.to_string());
        let ask = |headers: &HeaderMap, body: &[u8], key: &[u8], now| standard(headers, body, [key].into_iter(), now);
        let good = example(id, &at, FITS);
        assert_eq!(ask(&good, BODY, &key, AT), Ok(()));
        // A sender that rotates sends several; those of other forms are left alone.
        let several = format!("v1a,AAAA v1,{} {FITS}", STANDARD.encode([1; 32]));
        assert_eq!(ask(&example(id, &at, &several), BODY, &key, AT), Ok(()));
        for (headers, body, key, now, expected) in [
            (example("msg_other", &at, FITS), BODY, &key[..], AT, Unsigned::Unfit),
            (example(id, "1614265331", FITS), BODY, &key[..], AT, Unsigned::Unfit),
            (example(id, &at, &format!("v1,{}", STANDARD.encode([1; 32]))), BODY, &key[..], AT, Unsigned::Unfit),
            (example(id, &at, &FITS.replace("v1,", "v2,")), BODY, &key[..], AT, Unsigned::Unfit),
            (example(id, &at, "v1"), BODY, &key[..], AT, Unsigned::Unfit),
            (good.clone(), b"{}", &key[..], AT, Unsigned::Unfit),
            (good.clone(), BODY, b"another key of at least 24", AT, Unsigned::Unfit),
            (good.clone(), BODY, &key[..], AT + 301, Unsigned::Stale),
            (good.clone(), BODY, &key[..], AT - 301, Unsigned::Stale),
            (example(id, "soon", FITS), BODY, &key[..], AT, Unsigned::Header(TIMESTAMP)),
            (example("", &at, FITS), BODY, &key[..], AT, Unsigned::Header(ID)),
            (headers(&[(ID, id), (TIMESTAMP, &at)]), BODY, &key[..], AT, Unsigned::Header(SIGNATURE)),
            (
                headers(&[(ID, id), (ID, "b"), (TIMESTAMP, &at), (SIGNATURE, FITS)]),
                BODY,
                &key[..],
                AT,
                Unsigned::Header(ID),
            ),
        ] {
            assert_eq!(ask(&headers, body, key, now), Err(expected), "{headers:?}");
        }
        assert_eq!(standard(&good, BODY, [].into_iter(), AT), Err(Unsigned::Unfit), "no secret is valid any more");
        let two = [b"another key of at least 24".as_slice(), &key];
        assert_eq!(standard(&good, BODY, two.into_iter(), AT + 300), Ok(()), "one of several");
    }

    #[test]
    fn the_example_of_github_is_let_in_and_nothing_that_differs_from_it() {
        let (key, body) = (b"It's a Secret to Everybody".as_slice(), b"Hello, World!".as_slice());
        let digits = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        let ask = |value: &str, body, key| github(&headers(&[(HUB_SIGNATURE, value)]), body, [key].into_iter());
        let fits = format!("sha256={digits}");
        assert_eq!(ask(&fits, body, key), Ok(()));
        assert_eq!(ask(&fits, b"Hello, World?", key), Err(Unsigned::Unfit));
        assert_eq!(ask(&fits, body, b"It's a Secret to Nobody"), Err(Unsigned::Unfit));
        for unreadable in [digits, "sha1=00", "sha256=zz", &fits[..fits.len() - 1], "sha256="] {
            assert_eq!(ask(unreadable, body, key), Err(Unsigned::Header(HUB_SIGNATURE)), "{unreadable}");
        }
        assert_eq!(github(&HeaderMap::new(), body, [key].into_iter()), Err(Unsigned::Header(HUB_SIGNATURE)));
    }
}
