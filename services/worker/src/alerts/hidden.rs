//! What must not be repeated of a connection: its credentials, and of a credential that is an address each part that could be one
//! alone, because errors name a path without its query, and servers repeat the path that they do not know.

use percent_encoding::percent_decode_str;
use reqwest::Url;

use crate::connections::{Connection, Secret};
use crate::process::mask::Mask;
use crate::web;

/// Shortest part of a secret address that is hidden alone, in bytes: shorter ones are words like `api` and `hooks`.
const PART_BYTES_MIN: usize = 8;

/// Takes all of that out of texts.
pub(super) fn mask(connection: &Connection) -> Mask {
    let mut mask = Mask::default();
    mask.learn(connection.secrets());
    for url in connection.secrets().iter().filter_map(|secret| web::absolute(secret.reveal())) {
        mask.learn(&parts(&url));
    }
    mask
}

/// Each as it is written; the mask knows how it looks encoded, and here stands how it looks decoded.
fn parts(url: &Url) -> Vec<Secret> {
    let path = url.path().trim_end_matches('/');
    let query = url.query().unwrap_or_default();
    let values = query.split('&').map(|pair| pair.split_once('=').map_or(pair, |(_, value)| value));
    let words = path.split('/').chain(values).chain([path, query, url.username(), url.password().unwrap_or_default()]);
    let both = words.flat_map(|word| [word.to_owned(), percent_decode_str(word).decode_utf8_lossy().into_owned()]);
    both.filter(|word| word.len() >= PART_BYTES_MIN).map(Secret::new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_an_address_that_could_be_a_credential_alone_is_known() {
        let url =
            Url::parse("https://user:p%40ssword@hooks.example.com/in/tok%2Ben-1/api?sig=s%2Fignature&v=1").unwrap();
        let mut mask = Mask::default();
        mask.learn(&parts(&url));
        let cases = [
            ("POST /in/tok%2Ben-1/api?...", "POST ***?..."),
            ("no route tok%2Ben-1", "no route ***"),
            ("no route tok+en-1", "no route ***"),
            ("sig is s/ignature or s%2Fignature", "sig is *** or ***"),
            ("for p@ssword", "for ***"),
            ("at hooks.example.com, in api", "at hooks.example.com, in api"),
        ];
        for (text, expected) in cases {
            assert_eq!(mask.hide(text.to_owned()), expected);
        }
    }
}
