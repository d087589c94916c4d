//! Lists that come in pages: how the next one is asked for, as a manifest says. Pure: an answer in, the next request out.
//!
//! Promises: no list is read for ever, and none is called whole that was not read to its end: what stands in the way is said
//! ([`Next::Cut`]). A link of an answer leads to the host that was asked, or nowhere.

use reqwest::{Url, header::LINK};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::answer::Read;
use super::path::{Path, Paths, plain};
use crate::limits::{PAGES_BYTES_MAX, PAGES_MAX};
use crate::web;

/// How an API leads from one page to the next.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Pages {
    /// A token of the answer goes into the next request. No token: it was the last page.
    Token(ByToken),
    /// The address of the next page stands in the answer, whole or from the root of the host.
    Link(Paths),
    /// It stands in the header `Link` (RFC 8288), with this relation (`next`).
    LinkHeader(String),
    /// The next request says how many items were read before.
    Offset(Counted),
    /// The next request has the number of the page.
    Number(Counted),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ByToken {
    pub(crate) at: Paths,
    /// Of an API that gives a token with the last page, too: `false` there ends the list.
    pub(crate) more: Option<Paths>,
    /// The parameter of the query that takes the token.
    pub(crate) query: Option<String>,
    /// Or the entry of the body; dots lead into objects.
    pub(crate) body: Option<String>,
}

/// Ends with a page that has no item, or with the last of `total`: how many a page has at most is the server's affair.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Counted {
    /// The items of a page.
    pub(crate) items: Path,
    /// How many there are on all pages together.
    pub(crate) total: Option<Paths>,
    /// The number of the first page, if that is not 1.
    pub(crate) first: Option<u64>,
    pub(crate) query: Option<String>,
    pub(crate) body: Option<String>,
}

impl Pages {
    /// What is wrong with it: the words at which it is shown, and what to do.
    pub(super) fn fault(&self, posts_json: bool, gets: bool) -> Option<String> {
        let places = match self {
            Self::Token(ByToken { query, body, .. }) => Some((query, body)),
            Self::Offset(counted) | Self::Number(counted) => Some((&counted.query, &counted.body)),
            Self::Link(_) | Self::LinkHeader(_) => None,
        };
        match (self, places) {
            (_, Some((Some(_), Some(_)) | (None, None))) => {
                Some("must say where the next request has it: query or body, one of them".to_owned())
            }
            (_, Some((_, Some(_)))) if !posts_json => Some("body needs a request whose body is an object".to_owned()),
            (_, None) if !gets => Some("a link is followed by GET: the request must be one".to_owned()),
            (Self::Offset(Counted { first: Some(_), .. }), _) => {
                Some("an offset begins with 0; first belongs to number".to_owned())
            }
            _ => None,
        }
    }
}

/// What comes after a page.
#[derive(Debug)]
pub(super) enum Next {
    /// The request of the next page is ready.
    Page,
    /// It was the last one.
    End,
    /// There is more, and it is not read: why.
    Cut(String),
}

/// How far a list has been read.
#[derive(Debug, Default)]
pub(super) struct Place {
    pages: u64,
    bytes: usize,
    items: u64,
    token: Option<String>,
}

impl Place {
    /// Makes the request of a page that of the next one. `here` gives an address of the answer as it has to be asked for, if it is
    /// one of the host that was asked.
    pub(super) fn advance(
        &mut self,
        rule: &Pages,
        request: &mut web::Request,
        read: &Read,
        here: impl Fn(Url) -> Option<Url>,
    ) -> Next {
        self.pages += 1;
        self.bytes += read.size;
        let mut changed = request.clone();
        let next = match rule {
            Pages::Token(rule) => self.by_token(rule, &mut changed, &read.body),
            Pages::Link(paths) => by_link(paths.text(&read.body), &mut changed, here),
            Pages::LinkHeader(relation) => by_link(link(read, relation), &mut changed, here),
            Pages::Offset(counted) => self.counted(counted, |_, items| items, &mut changed, &read.body),
            Pages::Number(counted) => {
                self.counted(counted, |pages, _| counted.first.unwrap_or(1) + pages, &mut changed, &read.body)
            }
        };
        if !matches!(next, Next::Page) {
            return next;
        }
        if self.pages >= PAGES_MAX {
            return Next::Cut(format!("it goes on beyond {PAGES_MAX} pages"));
        }
        if self.bytes >= PAGES_BYTES_MAX {
            return Next::Cut(format!("it goes on beyond {} MiB", PAGES_BYTES_MAX / (1024 * 1024)));
        }
        *request = changed;
        Next::Page
    }

    fn by_token(&mut self, rule: &ByToken, request: &mut web::Request, body: &Value) -> Next {
        let ended = rule.more.as_ref().is_some_and(|more| more.first(body).is_some_and(|more| plain(more) == "false"));
        let Some(token) = rule.at.text(body).filter(|_| !ended) else { return Next::End };
        if self.token.as_ref() == Some(&token) {
            return Next::Cut("its next page is said to be the same one again".to_owned());
        }
        let value = rule.at.first(body).cloned().unwrap_or_default();
        self.token = Some(token);
        put(request, rule.query.as_deref(), rule.body.as_deref(), value)
    }

    fn counted(
        &mut self,
        rule: &Counted,
        number: impl Fn(u64, u64) -> u64,
        request: &mut web::Request,
        body: &Value,
    ) -> Next {
        let count = rule.items.all(body, usize::MAX).len() as u64;
        self.items += count;
        let total = rule.total.as_ref().and_then(|paths| paths.text(body)?.parse::<u64>().ok());
        if count == 0 || total.is_some_and(|total| self.items >= total) {
            return Next::End;
        }
        put(request, rule.query.as_deref(), rule.body.as_deref(), number(self.pages, self.items).into())
    }
}

fn put(request: &mut web::Request, query: Option<&str>, body: Option<&str>, value: Value) -> Next {
    if let Some(name) = query {
        let kept: Vec<(String, String)> =
            request.url.query_pairs().into_owned().filter(|(key, _)| key != name).collect();
        request.url.query_pairs_mut().clear().extend_pairs(kept).append_pair(name, &plain(&value));
        return Next::Page;
    }
    let read = request.body.as_deref().map(serde_json::from_slice::<Value>);
    let (Some(name), Some(Ok(mut whole @ Value::Object(_)))) = (body, read) else {
        return Next::Cut("its request has no body that takes the next page".to_owned());
    };
    let mut place = &mut whole;
    for part in name.split('.') {
        if !place.is_object() {
            *place = Value::Object(Map::new());
        }
        place = &mut place[part];
    }
    *place = value;
    request.body = Some(whole.to_string().into());
    Next::Page
}

fn by_link(link: Option<String>, request: &mut web::Request, here: impl Fn(Url) -> Option<Url>) -> Next {
    let Some(link) = link else { return Next::End };
    let Ok(url) = request.url.join(&link) else {
        return Next::Cut("its next page is said to be at something that is no address".to_owned());
    };
    let shown = web::shown(&url);
    let Some(url) = here(url) else {
        return Next::Cut(format!("its next page is said to be at another host, which is not followed: {shown}"));
    };
    if url == request.url {
        return Next::Cut("its next page is said to be the same one again".to_owned());
    }
    request.url = url;
    Next::Page
}

/// The address in the headers `Link` that has a relation.
fn link(read: &Read, relation: &str) -> Option<String> {
    let texts = read.headers.get_all(LINK).into_iter().filter_map(|value| value.to_str().ok());
    texts
        .flat_map(links)
        .find(|(_, relations)| relations.split(' ').any(|one| one.eq_ignore_ascii_case(relation)))
        .map(|(address, _)| address.to_owned())
}

/// Addresses and their relations: `<https://a/?page=2>; rel="next", <...>; rel=last`.
fn links(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split('<').skip(1).filter_map(|one| {
        let (address, parameters) = one.split_once('>')?;
        let relation = parameters.split([';', ',']).find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            name.trim().eq_ignore_ascii_case("rel").then(|| value.trim().trim_matches('"'))
        });
        Some((address, relation.unwrap_or_default()))
    })
}

#[cfg(test)]
mod tests;
