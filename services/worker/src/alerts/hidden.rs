//! What must not be repeated of a connection: its credentials, and of a credential that is an address each part that could be one
//! alone, because errors name a path without its query, and servers repeat the path that they do not know.

use crate::connections::{Connection, address};
use crate::process::mask::Mask;
use crate::web;

/// Takes all of that out of texts.
pub(super) fn mask(connection: &Connection) -> Mask {
    let mut mask = Mask::default();
    mask.learn(connection.secrets());
    for url in connection.secrets().iter().filter_map(|secret| web::absolute(secret.reveal())) {
        mask.learn(&address::parts(&url));
    }
    mask
}

#[cfg(test)]
mod tests {
    use reqwest::Url;

    use super::*;

    #[test]
    fn every_part_of_an_address_that_could_be_a_credential_alone_is_known() {
        let url =
            Url::parse("https://user:p%40ssword@hooks.example.com/in/tok%2Ben-1/api?sig=s%2Fignature&v=1").unwrap();
        let mut mask = Mask::default();
        mask.learn(&address::parts(&url));
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
