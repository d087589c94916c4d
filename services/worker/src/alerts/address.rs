//! Where a message goes: the vendor's address, the operator's own (`endpoint`), or a web hook, whose whole address is a credential.

use reqwest::Url;

use crate::attempt::Failure;
use crate::connections::Connection;
use crate::web;

/// The field for an address in place of the vendor's.
pub(super) const ENDPOINT: &str = "endpoint";

/// A path of the vendor, or of the operator's endpoint, whose own path stays before it.
pub(super) fn at(connection: &Connection, vendor: &str, path: &str) -> Result<Url, Failure> {
    match connection.text(ENDPOINT)? {
        Some(endpoint) => Ok(below(&absolute(connection, ENDPOINT, endpoint)?, path)),
        None => absolute(connection, ENDPOINT, vendor).map(|vendor| below(&vendor, path)),
    }
}

/// A web hook of the field `webhook_url`; with an endpoint, its path and query there.
pub(super) fn hook(connection: &Connection) -> Result<Url, Failure> {
    let hook = absolute(connection, "webhook_url", connection.required("webhook_url")?)?;
    let Some(endpoint) = connection.text(ENDPOINT)? else { return Ok(hook) };
    let mut moved = below(&absolute(connection, ENDPOINT, endpoint)?, hook.path());
    moved.set_query(hook.query());
    Ok(moved)
}

/// A path below a base. The base's own query stays: it may be its signature.
pub(super) fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_fragment(None);
    let path = format!("{}/{}", base.path().trim_end_matches('/'), path.trim_start_matches('/'));
    url.set_path(&path);
    url
}

/// The URL that a field holds. The error does not repeat it.
pub(super) fn absolute(connection: &Connection, field: &str, text: &str) -> Result<Url, Failure> {
    web::absolute(text)
        .ok_or_else(|| connection.wrong(field, "must be an absolute http(s) URL, like https://example.com/x"))
}
