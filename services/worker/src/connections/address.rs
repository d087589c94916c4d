//! What must not be repeated of an address that is a credential itself (a web hook's): each part that could be one alone, because errors name
//! a path without its query, and servers repeat the path that they do not know.

use percent_encoding::percent_decode_str;
use reqwest::Url;

use super::Secret;

/// Shortest part of a secret address that is hidden alone, in bytes: shorter ones are words like `api` and `hooks`.
const PART_BYTES_MIN: usize = 8;

/// The whole path and query first, then their parts; each as it is written, and decoded.
pub(crate) fn parts(url: &Url) -> Vec<Secret> {
    let path = url.path().trim_end_matches('/');
    let query = url.query().unwrap_or_default();
    let values = query.split('&').map(|pair| pair.split_once('=').map_or(pair, |(_, value)| value));
    let wholes = [path, query, url.username(), url.password().unwrap_or_default()];
    let words = wholes.into_iter().chain(path.split('/')).chain(values);
    let both = words.flat_map(|word| [word.to_owned(), percent_decode_str(word).decode_utf8_lossy().into_owned()]);
    both.filter(|word| word.len() >= PART_BYTES_MIN).map(Secret::new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wholes_come_before_their_parts() {
        let url = Url::parse("https://hooks.example.com/in/tok%2Ben-1/api/?sig=s%2Fignature&v=1").unwrap();
        let parts: Vec<String> = parts(&url).iter().map(|part| part.reveal().to_owned()).collect();
        let expected = [
            "/in/tok%2Ben-1/api",
            "/in/tok+en-1/api",
            "sig=s%2Fignature&v=1",
            "sig=s/ignature&v=1",
            "tok%2Ben-1",
            "tok+en-1",
            "s%2Fignature",
            "s/ignature",
        ];
        assert_eq!(parts, expected);
    }
}
