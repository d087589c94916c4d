//! How an answer is packed: the best that a browser takes of what there is (RFC 9110, 12.5.3).

use axum::http::{HeaderMap, header};

use super::file::File;

/// The bytes of a file as whoever asks takes them, and what to call that; none = as it is.
pub(super) fn packed(file: &File, headers: &HeaderMap) -> (&'static [u8], Option<&'static str>) {
    if let Some(brotli) = file.brotli.filter(|_| takes(headers, "br")) {
        return (brotli, Some("br"));
    }
    if let Some(gzip) = file.gzip.filter(|_| takes(headers, "gzip")) {
        return (gzip, Some("gzip"));
    }
    (file.plain, None)
}

/// Whether it is named, and not as something that is not wanted. `*` names nothing that anybody counts on.
fn takes(headers: &HeaderMap, coding: &str) -> bool {
    let lines = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    let named = lines.flat_map(|line| line.split(',')).find_map(|one| {
        let (name, parameters) = one.split_once(';').unwrap_or((one, ""));
        name.trim().eq_ignore_ascii_case(coding).then_some(parameters)
    });
    named.is_some_and(|parameters| !is_refused(parameters))
}

/// `q=0`, with any number of zeros.
fn is_refused(parameters: &str) -> bool {
    let weight = parameters.trim().split_once('=').filter(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
    weight.is_some_and(|(_, weight)| weight.trim().parse::<f32>().is_ok_and(|weight| weight <= 0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_that_is_taken_and_there_is_given() {
        let both = File { path: "a.js", plain: b"plain", gzip: Some(b"gzip"), brotli: Some(b"brotli") };
        let one = File { path: "a.js", plain: b"plain", gzip: Some(b"gzip"), brotli: None };
        let none = File { path: "a.js", plain: b"plain", gzip: None, brotli: None };
        for (file, line, expected) in [
            (&both, "gzip, deflate, br, zstd", Some("br")),
            (&both, "gzip", Some("gzip")),
            (&both, "GZIP;q=0.5, BR ; q=0.1", Some("br")),
            (&both, "br;q=0, gzip;q=0.000", None),
            (&both, "br;q=0, gzip", Some("gzip")),
            (&both, "*", None),
            (&both, "identity", None),
            (&both, "brotli, xgzip", None),
            (&both, "", None),
            (&one, "gzip, br", Some("gzip")),
            (&none, "gzip, br", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, line.parse().unwrap());
            let (bytes, name) = packed(file, &headers);
            assert_eq!(name, expected, "{line}");
            let is_right = match name {
                Some("br") => bytes == b"brotli",
                Some(_) => bytes == b"gzip",
                None => bytes == b"plain",
            };
            assert!(is_right, "{line}");
        }
        assert_eq!(packed(&both, &HeaderMap::new()).1, None);
    }
}
