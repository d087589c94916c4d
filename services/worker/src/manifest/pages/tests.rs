//! From one page to the next, as answers of documented shapes say it.

use reqwest::header::{HeaderMap, HeaderValue};
use serde_json::{Value, json};

use super::*;

const ASKED: &str = "https://api.example.com/v1/runs?limit=2";

fn rule(value: Value) -> Pages {
    serde_json::from_value(value).unwrap()
}

fn asked(body: Option<Value>) -> web::Request {
    let url = Url::parse(ASKED).unwrap();
    web::Request {
        method: reqwest::Method::GET,
        url,
        headers: HeaderMap::new(),
        body: body.map(|body| body.to_string().into()),
    }
}

fn read(body: Value, link: &[&str]) -> Read {
    let mut headers = HeaderMap::new();
    for link in link {
        headers.append(LINK, HeaderValue::from_str(link).unwrap());
    }
    Read { status: 200, headers, body, already: false, after: None, size: 100 }
}

fn here(url: Url) -> Option<Url> {
    (url.origin() == Url::parse(ASKED).unwrap().origin()).then_some(url)
}

/// Where each page leads: the address and the body that are asked next, or how the list ends.
fn led(rule: &Pages, request: &mut web::Request, pages: &[Read]) -> Vec<String> {
    let mut place = Place::default();
    let say = |read: &Read| match place.advance(rule, request, read, here) {
        Next::End => "end".to_owned(),
        Next::Cut(why) => format!("cut: {why}"),
        Next::Page => {
            let body = request.body.as_deref().map(|body| String::from_utf8_lossy(body).into_owned());
            let url = request.url.as_str().trim_start_matches("https://api.example.com").to_owned();
            body.map_or(url, |body| body)
        }
    };
    pages.iter().map(say).collect()
}

#[test]
fn a_token_goes_into_the_query_or_the_body_until_there_is_none() {
    let query = rule(json!({ "token": { "at": ["$.next_page_token", "$.nextPageToken"], "query": "page_token" } }));
    let pages = [json!({ "next_page_token": "a b" }), json!({ "nextPageToken": 7 }), json!({ "next_page_token": "" })];
    let said = led(&query, &mut asked(None), &pages.map(|page| read(page, &[])));
    assert_eq!(said, ["/v1/runs?limit=2&page_token=a+b", "/v1/runs?limit=2&page_token=7", "end"]);

    let body = rule(json!({ "token": { "at": "$.c", "more": "$.more", "body": "variables.after" } }));
    let pages = [json!({ "c": "x", "more": true }), json!({ "c": "y" }), json!({ "c": "z", "more": false })];
    let mut request = asked(Some(json!({ "q": 1 })));
    let said = led(&body, &mut request, &pages.map(|page| read(page, &[])));
    assert_eq!(said, [r#"{"q":1,"variables":{"after":"x"}}"#, r#"{"q":1,"variables":{"after":"y"}}"#, "end"]);
}

#[test]
fn links_lead_on_at_the_same_host_only() {
    let cases = [
        (json!("/v1/runs?page=2"), "/v1/runs?page=2"),
        (json!("https://api.example.com/v1/runs?page=2"), "/v1/runs?page=2"),
        (json!("?page=3"), "/v1/runs?page=3"),
        (json!(null), "end"),
        (json!(ASKED), "cut: its next page is said to be the same one again"),
        (
            json!("https://evil.example.net/v1?key=1"),
            "another host, which is not followed: https://evil.example.net/v1?...",
        ),
        (json!("http://api.example.com/v1"), "another host"),
        (json!("//evil.example.net/v1"), "another host"),
        (json!("https://api.example.com:8443/v1"), "another host"),
        (json!("https://["), "no address"),
    ];
    for (link, expected) in cases {
        let said = led(&rule(json!({ "link": "$.next" })), &mut asked(None), &[read(json!({ "next": link }), &[])]);
        assert!(said[0].contains(expected), "{link}: {said:?}");
    }
}

#[test]
fn the_header_link_is_read_as_it_may_be_written() {
    let next = "/v1/runs?page=2&x=a,b;c";
    let cases: [(&[&str], &str); 6] = [
        (
            &[
                "<https://api.example.com/v1/runs?page=2&x=a,b;c>; rel=\"next\", <https://api.example.com/l>; rel=\"last\"",
            ],
            next,
        ),
        (&["</l>; rel=last, </v1/runs?page=2&x=a,b;c>; title=\"n\"; REL=next"], next),
        (&["</l>; rel=\"last\"", "</v1/runs?page=2&x=a,b;c>; rel=\"prefetch next\""], next),
        (&["</v1/runs?page=1>; rel=\"prev\""], "end"),
        (&["nothing; rel=next"], "end"),
        (&[], "end"),
    ];
    for (links, expected) in cases {
        let said = led(&rule(json!({ "link_header": "next" })), &mut asked(None), &[read(Value::Null, links)]);
        assert_eq!(said, [expected], "{links:?}");
    }
}

#[test]
fn counted_pages_end_with_an_empty_one_or_with_the_total() {
    let page = |count: usize| read(json!({ "runs": vec![1; count], "total": 5 }), &[]);
    let offset = json!({ "offset": { "query": "offset", "items": "$.runs[*]" } });
    let said = led(&rule(offset), &mut asked(None), &[page(2), page(1), page(0)]);
    assert_eq!(said, ["/v1/runs?limit=2&offset=2", "/v1/runs?limit=2&offset=3", "end"]);
    let total = json!({ "offset": { "body": "offset", "items": "$.runs[*]", "total": "$.total" } });
    let said = led(&rule(total), &mut asked(Some(json!({ "limit": 2 }))), &[page(2), page(2), page(1)]);
    assert_eq!(said, [r#"{"limit":2,"offset":2}"#, r#"{"limit":2,"offset":4}"#, "end"]);
    let number = json!({ "number": { "query": "page", "first": 0, "items": "$.runs[*]" } });
    let said = led(&rule(number), &mut asked(None), &[page(2), page(2), page(0)]);
    assert_eq!(said, ["/v1/runs?limit=2&page=1", "/v1/runs?limit=2&page=2", "end"]);
}

#[test]
fn no_list_is_read_for_ever() {
    let token = rule(json!({ "token": { "at": "$.t", "query": "t" } }));
    let same = [json!({ "t": 1 }), json!({ "t": 1 })].map(|page| read(page, &[]));
    assert!(led(&token, &mut asked(None), &same)[1].starts_with("cut: its next page is said to be the same one"));

    let endless: Vec<Read> = (0..PAGES_MAX).map(|number| read(json!({ "t": number }), &[])).collect();
    let said = led(&token, &mut asked(None), &endless);
    assert_eq!(said.iter().filter(|said| said.starts_with("cut")).count(), 1);
    assert!(said.last().unwrap().contains("beyond 200 pages"), "{said:?}");

    let large = Read { size: PAGES_BYTES_MAX, ..read(json!({ "t": 1 }), &[]) };
    assert!(led(&token, &mut asked(None), &[large])[0].contains("beyond 64 MiB"));
}

#[test]
fn what_cannot_be_followed_is_refused_when_it_is_read() {
    let cases = [
        (json!({ "token": { "at": "$.t", "query": "t" } }), false, false, None),
        (json!({ "token": { "at": "$.t" } }), false, true, Some("query or body")),
        (json!({ "token": { "at": "$.t", "query": "t", "body": "t" } }), true, true, Some("query or body")),
        (json!({ "offset": { "items": "$[*]", "body": "o" } }), false, true, Some("whose body is an object")),
        (json!({ "offset": { "items": "$[*]", "query": "o", "first": 1 } }), false, true, Some("begins with 0")),
        (json!({ "link": "$.next" }), true, false, Some("followed by GET")),
        (json!({ "link_header": "next" }), false, true, None),
    ];
    for (written, posts_json, gets, expected) in cases {
        let fault = rule(written.clone()).fault(posts_json, gets);
        assert_eq!(fault.is_some(), expected.is_some(), "{written}: {fault:?}");
        assert!(expected.is_none_or(|part| fault.unwrap().contains(part)), "{written}");
    }
}
