//! What a request shows of who asks.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName, header};

use super::{Doors, Principal, Table};
use crate::http::Fault;

const ACCOUNT: HeaderName = HeaderName::from_static("x-orchestra-account-id");

/// Whose key it is, and that it covers the account that is asked about.
///
/// # Errors
/// 401: there is none, or it opens nothing. 403: it is another account's. 503: nobody can say.
pub(crate) async fn who(doors: &Doors, headers: &HeaderMap, now_micros: i64) -> Result<(Arc<Table>, Principal), Fault> {
    let Some(token) = bearer(headers) else {
        return Err(Fault::unauthorized("a key is needed: `Authorization: Bearer ...`"));
    };
    let table = doors.table().await?;
    let principal = table.principal(token, now_micros)?;
    if let Some(account) = headers.get(ACCOUNT) {
        let named = account.to_str().unwrap_or_default();
        if !named.is_empty() && !named.eq_ignore_ascii_case(&table.account_id) {
            return Err(Fault::forbidden("this key does not cover the account that X-Orchestra-Account-Id names"));
        }
    }
    Ok((table, principal))
}

/// The token of `Authorization: Bearer TOKEN`.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    // Two of them could be read in two ways.
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(only), None) = (all.next(), all.next()) else { return None };
    let (scheme, token) = only.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_comes_once_and_as_a_bearer() {
        for (lines, expected) in [
            (&["Bearer abc"][..], Some("abc")),
            (&["bearer  abc "], Some("abc")),
            (&["Basic abc"], None),
            (&["Bearer"], None),
            (&["Bearer "], None),
            (&["abc"], None),
            (&["Bearer a", "Bearer b"], None),
            (&[], None),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::AUTHORIZATION, line.parse().unwrap());
            }
            assert_eq!(bearer(&headers), expected, "{lines:?}");
        }
    }
}
