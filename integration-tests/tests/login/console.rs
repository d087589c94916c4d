//! Sessions of the console: a code goes to the gateway's own page, which gets access tokens and never what renews them.

use downbeat_integration_tests::{
    cluster::Dev,
    http::{Answer, Client},
};
use serde_json::{Value, json};

use super::{
    Program, VERIFIER, audit,
    browser::{Browser, sent_to},
    closed, form, house, parameter, status,
};

const SESSION: &str = "/console/session";
const RENEW: &str = "/console/session/renew";
/// As the console's own page sends it.
const OURS: [(&str, &str); 2] = [("X-Downbeat-Console", "1"), ("Sec-Fetch-Site", "same-origin")];

/// The console, in a browser.
struct Page {
    api: String,
    program: Program,
    browser: Browser,
}

impl Page {
    fn of(api: &str) -> Self {
        let client = Client::new(api);
        let (program, _) = registers(&client, &format!("{api}/console/signed-in"));
        let program = Program { client, id: program.expect("the console is let in") };
        Self { api: api.to_owned(), program, browser: Browser::at(api) }
    }

    /// The code for whoever has this key.
    fn code(&mut self, key: &str) -> String {
        let redirect = format!("{}/console/signed-in", self.api);
        let page = self.browser.opens(&self.program.asks(&[("redirect_uri", &redirect)]));
        assert!(page.text().contains("The <strong>console</strong> of this Downbeat"), "{}", page.text());
        let location = sent_to(&self.browser.fills_in(&page, "key", key));
        assert!(location.starts_with(&format!("{redirect}?code=")), "{location}");
        parameter(&location, "code").expect("a code")
    }

    fn begins(&mut self, code: &str) -> Answer {
        let redirect = format!("{}/console/signed-in", self.api);
        let fields =
            [("code", code), ("code_verifier", VERIFIER), ("client_id", &self.program.id), ("redirect_uri", &redirect)];
        self.browser.sends_with("POST", SESSION, &OURS, &form(&fields))
    }

    fn renews(&mut self) -> Answer {
        self.browser.sends_with("POST", RENEW, &OURS, "")
    }

    /// What the browser keeps of the session.
    fn kept(&self) -> Option<String> {
        let port = self.api.rsplit(':').next().expect("a port");
        self.browser.cookies.get(&format!("downbeat_console_{port}")).cloned()
    }
}

/// The id of a program that waits there, or what was refused.
fn registers(client: &Client, redirect: &str) -> (Option<String>, Answer) {
    let said = json!({ "client_name": "Downbeat console", "redirect_uris": [redirect] });
    let answer = client.ask("POST", "/oauth/register", Some(&said));
    (answer.json()["client_id"].as_str().map(str::to_owned), answer)
}

/// The access token of an answer, which holds nothing that lives longer.
fn access(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let body = answer.json();
    let mut names: Vec<&str> = body.as_object().expect("an object").keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["access_token", "expires_in", "scope"]);
    assert!(!answer.text().contains("downbeat_refresh_") && answer.header("cache-control") == Some("no-store"));
    body["access_token"].as_str().expect("a token").to_owned()
}

fn me(api: &str, token: &str) -> Value {
    let answer = Client::with_key(api, token).get("/api/engine/public/me");
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[test]
fn a_session_begins_is_renewed_and_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let (dev, key) = house(&folder, "editor");
    let mut page = Page::of(&dev.api);
    assert_eq!(page.renews().status, 401, "nobody has signed in yet");
    let code = page.code(&key);
    let first = access(&page.begins(&code));
    assert_eq!(status(&dev.api, &first), 200, "at once");
    let who = me(&dev.api, &first);
    assert_eq!(
        (&who["name"], &who["kind"], &who["role"], &who["labels"], &who["readOnly"]),
        (&json!("ada"), &json!("login"), &json!("EDITOR"), &json!([]), &json!(false))
    );
    assert!(who["expiresAt"].is_string() && who["accountId"].is_string(), "{who}");
    assert_eq!(me(&dev.api, &key)["kind"], "key");

    let before = page.kept().expect("a session is kept");
    let second = access(&page.renews());
    assert_eq!((status(&dev.api, &second), status(&dev.api, &first)), (200, 401));
    assert_ne!(page.kept().as_ref(), Some(&before), "what renews it is worth something once");
    // The answer was lost, and the page asks again with what it had.
    let name = page.browser.cookies.keys().find(|name| name.starts_with("downbeat_console_")).expect("it is kept");
    let name = name.clone();
    page.browser.cookies.insert(name.clone(), before.clone());
    let third = access(&page.renews());
    assert_eq!((status(&dev.api, &third), status(&dev.api, &second)), (200, 401));

    let ended = page.browser.sends_with("DELETE", SESSION, &OURS, "");
    assert_eq!((ended.status, page.kept()), (204, None));
    closed(&dev.api, &third);
    assert_eq!(page.renews().status, 401);
    // Again, or without one: it is over either way.
    assert_eq!(page.browser.sends_with("DELETE", SESSION, &OURS, "").status, 204);
    assert_eq!(audit(&dev.addresses, "log-out", 1).first().map(String::as_str), Some("LOG_OUT key:ada ACCEPTED"));

    // Whoever signs in anew leaves no login behind.
    let code = page.code(&key);
    let fourth = access(&page.begins(&code));
    let code = page.code(&key);
    let fifth = access(&page.begins(&code));
    closed(&dev.api, &fourth);
    assert_eq!(status(&dev.api, &fifth), 200);
    // It ends with its key, and the browser forgets it.
    dev.addresses.downbeat_ok(&["key", "revoke", "ada"]);
    closed(&dev.api, &fifth);
    let refused = page.renews();
    assert_eq!((refused.status, page.kept()), (401, None), "{}", refused.text());
}

#[test]
fn one_that_comes_late_and_twice_ends_the_session() {
    let folder = tempfile::tempdir().expect("a folder");
    let (dev, key) = house(&folder, "viewer");
    let mut page = Page::of(&dev.api);
    let code = page.code(&key);
    access(&page.begins(&code));
    let stolen = page.kept().expect("a session is kept");
    access(&page.renews());
    let last = access(&page.renews());
    let mut thief = Browser::at(&dev.api);
    let name = page.browser.cookies.keys().find(|name| name.starts_with("downbeat_console_")).expect("it is kept");
    thief.cookies.insert(name.clone(), stolen);
    assert_eq!(thief.sends_with("POST", RENEW, &OURS, "").status, 401);
    closed(&dev.api, &last);
    assert_eq!(page.renews().status, 401);
}

#[test]
fn no_page_of_another_site_touches_a_session() {
    let folder = tempfile::tempdir().expect("a folder");
    let (dev, key) = house(&folder, "viewer");
    let mut page = Page::of(&dev.api);
    let code = page.code(&key);
    let token = access(&page.begins(&code));
    let kept = page.kept();
    let evil = [("X-Downbeat-Console", "1"), ("Origin", "https://evil.example")];
    let beside = [("X-Downbeat-Console", "1"), ("Origin", "http://127.0.0.1:1")];
    let site = [("X-Downbeat-Console", "1"), ("Sec-Fetch-Site", "cross-site")];
    let bare = [("Origin", dev.api.as_str()), ("Sec-Fetch-Site", "same-origin")];
    for headers in [&evil[..], &beside, &site, &bare, &[]] {
        for (method, target) in [("POST", SESSION), ("POST", RENEW), ("DELETE", SESSION)] {
            let answer = page.browser.sends_with(method, target, headers, "");
            assert_eq!(answer.status, 403, "{method} {target} {headers:?}: {}", answer.text());
            assert_eq!(answer.header("access-control-allow-origin"), None);
        }
    }
    // Nobody is asked whether another site may send our header.
    let ask = [("Origin", "https://evil.example"), ("Access-Control-Request-Headers", "x-downbeat-console")];
    let preflight = page.browser.sends_with("OPTIONS", RENEW, &ask, "");
    assert!(preflight.status >= 400 && preflight.header("access-control-allow-origin").is_none());
    assert_eq!((status(&dev.api, &token), page.kept()), (200, kept));
    // By another usual name of this machine it is the same page.
    let port = dev.api.rsplit(':').next().expect("a port");
    let here = [("X-Downbeat-Console", "1"), ("Origin", &*format!("http://localhost:{port}"))];
    assert_eq!(page.browser.sends_with("POST", RENEW, &here, "").status, 200);
}

#[test]
fn sessions_that_do_not_begin_count_as_sign_ins_that_fail() {
    let folder = tempfile::tempdir().expect("a folder");
    let (dev, key) = house(&folder, "viewer");
    let mut page = Page::of(&dev.api);
    let code = page.code(&key);
    // The minute may turn meanwhile; then there are ten more.
    let late = (0..21).map(|_| page.begins("downbeat_code_nothing")).find(|answer| answer.status != 400);
    let late = late.expect("sign-ins that fail are few");
    assert_eq!(late.status, 429, "{}", late.text());
    assert!(late.header("retry-after").is_some() && page.kept().is_none());
    let redirect = format!("{}/console/signed-in", dev.api);
    let sign_in = page.browser.opens(&page.program.asks(&[("redirect_uri", &redirect)]));
    assert_eq!(page.browser.fills_in(&sign_in, "key", &key).status, 429, "they are counted together");
    assert_eq!(page.begins(&code).status, 429);
}

#[test]
fn over_https_the_console_has_one_address_and_a_cookie_that_nobody_else_can_put_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start_with(folder.path(), 1, &["--public-url", "https://downbeat.example.com"]);
    assert!(dev.process.printed().contains("Console: https://downbeat.example.com/console/"));
    let client = Client::new(&dev.api);
    for (redirect, expected) in [
        ("https://downbeat.example.com/console/signed-in", 201),
        ("https://downbeat.example.com/console/signed-in/x", 400),
        ("https://downbeat.example.com/", 400),
        ("https://evil.example/console/signed-in", 400),
        ("http://downbeat.example.com/console/signed-in", 400),
    ] {
        assert_eq!(registers(&client, redirect).1.status, expected, "{redirect}");
    }
    let ours = [("X-Downbeat-Console", "1"), ("Origin", "https://downbeat.example.com")];
    let answer = client.send("POST", RENEW, &ours, b"").expect("an answer");
    assert_eq!(answer.status, 401, "{}", answer.text());
    let cookie = answer.header("set-cookie").expect("it is forgotten").to_owned();
    assert_eq!(cookie, "__Host-downbeat_console=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict; Secure");
    // As it listens it is not reached.
    let here = [("X-Downbeat-Console", "1"), ("Origin", dev.api.as_str())];
    assert_eq!(client.send("POST", RENEW, &here, b"").expect("an answer").status, 403);
}

#[test]
fn the_console_lies_beside_the_api_and_needs_no_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), 1);
    assert!(dev.process.printed().contains(&format!("Console: {}/console/", dev.api)));
    let client = Client::new(&dev.api);
    for target in ["/", "/console"] {
        let answer = client.get(target);
        assert_eq!((answer.status, answer.header("location")), (307, Some("/console/")), "{target}");
    }
    let page = client.get("/console/");
    // Built with the console, or without: then the page says how to get it.
    let built = page.status == 200;
    assert!(built || (page.status == 404 && page.text().contains("make console")), "{}", page.text());
    let place = client.get("/console/runs/some-run");
    assert_eq!((place.status, place.body == page.body), (page.status, true));
    for target in ["/console/", "/console/runs/x", "/console/nothing.js", "/console/%2e%2e/%2e%2e/etc/passwd.txt"] {
        let answer = client.get(target);
        let policy = answer.header("content-security-policy").expect("a policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("x-frame-options"), Some("DENY"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert!(answer.header("x-request-id").is_some());
    }
    for target in
        ["/console/nothing.js", "/console/assets/nothing.js", "/console/../Cargo.toml", "/console/..%2fx.toml"]
    {
        assert_eq!(client.get(target).status, 404, "{target}");
    }
    assert_eq!(client.ask("POST", "/console/", None).status, 405);
    assert_eq!(client.get(SESSION).status, 405);
    if built {
        let tag = page.header("etag").expect("a tag").to_owned();
        let again = client.send("GET", "/console/", &[("If-None-Match", &tag)], b"").expect("an answer");
        assert_eq!((again.status, again.body.len()), (304, 0));
        let text = page.text();
        let script =
            text.split_once("src=\"/console/assets/").and_then(|(_, rest)| rest.split_once('"')).expect("a script");
        let script = format!("/console/assets/{}", script.0);
        let packed = client.send("GET", &script, &[("Accept-Encoding", "gzip, br")], b"").expect("an answer");
        let whole = client.get(&script);
        assert_eq!((packed.status, whole.status, whole.header("content-encoding")), (200, 200, None));
        assert!(whole.header("cache-control").is_some_and(|kept| kept.contains("immutable")));
        assert!(packed.header("content-encoding").is_none() || packed.body.len() < whole.body.len());
    }
    let document = client.get("/api/engine/public/openapi.json").text();
    assert!(!document.contains("/console"), "it is no part of the API");
}
