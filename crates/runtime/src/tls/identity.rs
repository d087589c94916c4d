//! Who a certificate is of.

use rustls::pki_types::CertificateDer;

/// How the URI begins that names a service.
const SCHEME: &str = "downbeat://";

/// The service that the certificate names by its URI `downbeat://SERVICE`; `None` = it names none.
///
/// # Errors
/// In words: it cannot be read, or it names several.
pub(super) fn service(certificate: &CertificateDer<'_>) -> Result<Option<String>, String> {
    let certificate =
        webpki::EndEntityCert::try_from(certificate).map_err(|error| format!("it cannot be read: {error}"))?;
    let mut named = certificate.valid_uri_names().filter_map(|uri| uri.strip_prefix(SCHEME));
    let (first, second) = (named.next(), named.next());
    match (first.map(|name| name.trim_end_matches('/')), second) {
        (None, _) => Ok(None),
        (Some(_), Some(_)) => Err(format!("it names several services by URIs {SCHEME}")),
        (Some(name), None)
            if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') =>
        {
            Ok(Some(name.to_owned()))
        }
        (Some(_), None) => Err(format!("what follows {SCHEME} in it is no name of a service")),
    }
}
