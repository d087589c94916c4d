//! Where an HTTP request goes, with the connection that says so: its headers may be credentials, and are told to its own host only.

use reqwest::{Url, header::HeaderMap};

use crate::attempt::Failure;
use crate::connections::{Connection, Fields};
use crate::web;

/// The fields of a connection.
pub(crate) const FIELDS: Fields = Fields { open: &["base_url"], secret: &["headers"] };

/// Where to ask, and with which headers. `name`: the parameter that says where; `own`: the request's own headers.
pub(crate) fn address(
    connection: Option<&Connection>,
    name: &str,
    text: &str,
    own: HeaderMap,
) -> Result<(Url, HeaderMap), Failure> {
    let absolute = web::absolute(text);
    let Some(connection) = connection else {
        let url = absolute.ok_or_else(|| {
            Failure::misconfigured(format!(
                "the parameter {name} must be an absolute URL, like https://example.com/x: there is no connection with a base_url"
            ))
        })?;
        return Ok((url, own));
    };
    let base = web::absolute(connection.required("base_url")?)
        .ok_or_else(|| connection.wrong("base_url", "must be an absolute URL, like https://example.com/"))?;
    let url = absolute.or_else(|| base.join(text.trim()).ok()).filter(|url| url.has_host()).ok_or_else(|| {
        Failure::misconfigured(format!(
            "the parameter {name} is no URL, and none below the connection's base_url either"
        ))
    })?;
    if url.origin() != base.origin() {
        if connection.was_named() {
            return Err(Failure::misconfigured(format!(
                "the parameter {name} leads to {}, but the connection is one to {}",
                url.origin().ascii_serialization(),
                base.origin().ascii_serialization()
            )));
        }
        return Ok((url, own));
    }
    let mut headers = web::headers("headers of the connection", &connection.table("headers")?)?;
    headers.extend(own);
    Ok((url, headers))
}
