//! What must not be repeated of a connection: its credentials, and of a credential that is an address each part that could be one
//! alone, because errors name a path without its query, and servers repeat the path that they do not know.

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

fn parts(url: &Url) -> Vec<Secret> {
    let path = url.path().trim_end_matches('/');
    let query = url.query_pairs().map(|(_, value)| value.into_owned());
    let userinfo = [url.username().to_owned(), url.password().unwrap_or_default().to_owned()];
    let words = path.split('/').map(str::to_owned).chain(query).chain(userinfo);
    let mut parts: Vec<Secret> = words.filter(|word| word.len() >= PART_BYTES_MIN).map(Secret::new).collect();
    if path.len() >= PART_BYTES_MIN {
        parts.push(Secret::new(path));
    }
    parts.extend(url.query().map(Secret::new));
    parts
}
