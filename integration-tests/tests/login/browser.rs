//! Somebody's browser: it keeps cookies, shows pages, and goes where it is sent only when the test says so.

use std::collections::BTreeMap;

use downbeat_integration_tests::http::{Answer, Client};

use super::form;

/// See the module.
pub(crate) struct Browser {
    client: Client,
    pub(crate) cookies: BTreeMap<String, String>,
}

impl Browser {
    pub(crate) fn at(api: &str) -> Self {
        Self { client: Client::new(api), cookies: BTreeMap::new() }
    }

    pub(crate) fn opens(&mut self, target: &str) -> Answer {
        self.sends("GET", target, "")
    }

    /// Fills in the form of a page and sends it.
    pub(crate) fn fills_in(&mut self, page: &Answer, field: &str, value: &str) -> Answer {
        let action = attribute(&page.text(), "action=\"").expect("the page has a form");
        let token = token_of(page);
        self.sends("POST", &action, &form(&[("csrf", &token), (field, value)]))
    }

    pub(crate) fn sends(&mut self, method: &str, target: &str, body: &str) -> Answer {
        self.sends_with(method, target, &[], body)
    }

    /// The same with these headers more.
    pub(crate) fn sends_with(&mut self, method: &str, target: &str, more: &[(&str, &str)], body: &str) -> Answer {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies = cookies.join("; ");
        let mut headers = vec![("Content-Type", "application/x-www-form-urlencoded")];
        if !cookies.is_empty() {
            headers.push(("Cookie", &cookies));
        }
        headers.extend(more);
        let answer = self.client.send(method, target, &headers, body.as_bytes()).expect("an answer");
        for (_, line) in answer.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let (pair, rest) = line.split_once(';').expect("a cookie has rules");
            let (name, value) = pair.split_once('=').expect("a cookie has a name");
            assert!(rest.contains("HttpOnly") && rest.contains("SameSite="), "{line}");
            if rest.contains("Max-Age=0;") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }
}

/// The value in a page that binds it to its browser.
pub(crate) fn token_of(page: &Answer) -> String {
    attribute(&page.text(), "name=\"csrf\" value=\"").expect("the page has a value of its own")
}

/// Where the link of a page leads.
pub(crate) fn link_of(page: &Answer) -> String {
    attribute(&page.text(), "href=\"").expect("the page has a link")
}

/// What stands behind this in a page, up to the quotation mark.
fn attribute(page: &str, before: &str) -> Option<String> {
    let rest = page.split_once(before)?.1;
    Some(rest.split_once('"')?.0.replace("&amp;", "&"))
}

/// Where an answer sends the browser.
pub(crate) fn sent_to(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.header("location").expect("a redirect leads somewhere").to_owned()
}
