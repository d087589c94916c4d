//! Names of files as references of RFC 3986.

/// A path as a relative reference, an absolute one as a `file` URI. What a URI cannot hold is percent-encoded, as UTF-8.
pub(super) fn of(path: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path);
    let mut uri = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            // A colon is encoded too: in the first part of a relative path it would be taken for a scheme.
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn paths_become_references() {
        for (path, uri) in [
            ("a/b.yml", "a/b.yml"),
            ("./b.yml", "b.yml"),
            ("../b.yml", "../b.yml"),
            ("/tmp/b.yml", "file:///tmp/b.yml"),
            ("a b#c?d%e.yml", "a%20b%23c%3Fd%25e.yml"),
            ("c:d.yml", "c%3Ad.yml"),
            ("ü/日.yml", "%C3%BC/%E6%97%A5.yml"),
        ] {
            assert_eq!(of(path), uri, "{path}");
        }
    }
}
