//! Without an identity provider: a key is pasted once, and the login is worth what the key is worth.

use downbeat_integration_tests::{http::Client, process::eventually};
use serde_json::json;

use super::{
    BASE, Program, REDIRECT, Tokens, VERIFIER, audit,
    browser::{Browser, sent_to, token_of},
    closed, house, parameter, status,
};

/// The code for whoever has this key.
fn signs_in(api: &str, program: &Program, key: &str, other: &[(&str, &str)]) -> String {
    let mut browser = Browser::at(api);
    let page = browser.opens(&program.asks(other));
    assert_eq!(page.status, 200, "{}", page.text());
    let location = sent_to(&browser.fills_in(&page, "key", key));
    assert!(location.starts_with(&format!("{REDIRECT}?code=")), "{location}");
    assert_eq!(parameter(&location, "state").as_deref(), Some("the-state"));
    assert_eq!(parameter(&location, "iss").as_deref(), Some(api));
    parameter(&location, "code").expect("a code")
}

#[test]
fn a_login_may_what_the_key_may_and_ends_with_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (dev, key) = house(&folder, "viewer");
    let program = Program::registered(&dev.api);
    let code = signs_in(&dev.api, &program, &key, &[]);
    let tokens = program.fetches(&code);
    assert_eq!(tokens.whole["scope"], "orchestra:read orchestra:write offline_access");
    assert!((3_500..=3_600).contains(&tokens.whole["expires_in"].as_i64().expect("seconds")), "{}", tokens.whole);
    assert_eq!(status(&dev.api, &tokens.access), 200, "at once");
    let client = Client::with_key(&dev.api, &tokens.access);
    assert_eq!(client.ask("POST", "/api/engine/public/environments", None).status, 403, "the key only reads");
    // What is secret otherwise opens nothing.
    for other in [&tokens.refresh, &code] {
        assert_eq!(status(&dev.api, other), 401);
    }
    // A login makes no further one.
    let mut browser = Browser::at(&dev.api);
    let page = browser.opens(&program.asks(&[]));
    assert_eq!(browser.fills_in(&page, "key", &tokens.access).status, 403);

    dev.addresses.downbeat_ok(&["key", "revoke", "ada"]);
    closed(&dev.api, &tokens.access);
    let refused = program.refreshes(&tokens.refresh);
    assert_eq!((refused.status, &refused.json()["error"]), (400, &json!("invalid_grant")), "{}", refused.text());
    assert!(dev.addresses.downbeat(&["login", "list"]).stdout.is_empty());
    assert_eq!(audit(&dev.addresses, "log-in", 1), ["LOG_IN key:ada ACCEPTED"]);
    // No token stands anywhere.
    let log = dev.addresses.downbeat_ok(&["log", "cat"]);
    assert!(log.contains("LOGIN_COMPLETED") && !log.contains(&tokens.access) && !log.contains(&tokens.refresh));
    assert!(!dev.process.printed().contains(&tokens.access) && !dev.process.printed().contains(&key[18..]));
}

#[test]
fn admins_see_who_is_logged_in_and_end_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (dev, key) = house(&folder, "viewer");
    let admin = dev.addresses.downbeat_ok(&["key", "create", "eve", "--role", "admin"]).trim().to_owned();
    let admin = Client::with_key(&dev.api, &admin);
    eventually("the gateway knows the key", std::time::Duration::from_secs(20), || {
        (admin.get(&format!("{BASE}/me")).status == 200).then_some(())
    });
    let program = Program::registered(&dev.api);
    let whole = program.fetches(&signs_in(&dev.api, &program, &key, &[]));
    let reads = program.fetches(&signs_in(&dev.api, &program, &key, &[("scope", "orchestra:read")]));

    let me = Client::with_key(&dev.api, &whole.access).get(&format!("{BASE}/me")).json();
    let listed = admin.get(&format!("{BASE}/logins")).json();
    let logins = listed["logins"].as_array().expect("a list").clone();
    assert_eq!(logins.len(), 2, "{listed}");
    for login in &logins {
        assert_eq!((&login["subject"], &login["client"]), (&json!("key:ada"), &json!("A test <b>")), "{login}");
        assert_eq!((&login["grants"][0]["role"], &login["keyId"]), (&json!("VIEWER"), &me["keyId"]), "{login}");
        assert!(["beganAt", "refreshedAt", "expiresAt"].iter().all(|at| login[*at].is_string()), "{login}");
        assert_eq!(login["readOnly"], login["id"] != me["loginId"], "{login}");
    }
    let own = &Client::with_key(&dev.api, &whole.access);
    assert_eq!((own.get(&format!("{BASE}/logins")).status, own.get(&format!("{BASE}/sign_in")).status), (403, 403));
    let ended = format!("{BASE}/logins/{}", me["loginId"].as_str().expect("an id"));
    assert_eq!(own.ask("DELETE", &ended, None).status, 403, "also of its own");

    // A token in the body ends nothing: what the path names counts.
    let both = json!({"token": reads.refresh});
    let answer = admin.ask("DELETE", &ended, Some(&both));
    assert_eq!((answer.status, &answer.json()["changed"]), (200, &json!(true)), "{}", answer.text());
    closed(&dev.api, &whole.access);
    assert_eq!((program.refreshes(&whole.refresh).status, status(&dev.api, &reads.access)), (400, 200));
    assert_eq!(admin.ask("DELETE", &ended, None).status, 404, "there is none any more");
    assert_eq!(admin.ask("DELETE", &format!("{BASE}/logins/nobody"), None).status, 400);
    let shown = admin.get(&format!("{BASE}/sign_in")).json();
    assert_eq!(shown, json!({"publicUrl": dev.api, "provider": null}));
}

#[test]
fn a_code_is_worth_something_once_and_to_whoever_asked_for_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (dev, key) = house(&folder, "viewer");
    let (program, other) = (Program::registered(&dev.api), Program::registered(&dev.api));
    let code = signs_in(&dev.api, &program, &key, &[]);
    let wrong = VERIFIER.to_uppercase();
    for (what, answer) in [
        ("another verifier", program.exchanges(&code, &wrong, REDIRECT)),
        ("another address", program.exchanges(&code, VERIFIER, "http://127.0.0.1:4712/callback")),
        ("another code", program.exchanges("downbeat_code_x", VERIFIER, REDIRECT)),
    ] {
        assert_eq!(
            (answer.status, &answer.json()["error"]),
            (400, &json!("invalid_grant")),
            "{what}: {}",
            answer.text()
        );
    }
    assert_eq!(other.id, program.id, "the same registration is the same program");
    let tokens = program.fetches(&code);
    let again = program.exchanges(&code, VERIFIER, REDIRECT);
    assert_eq!((again.status, &again.json()["error"]), (400, &json!("invalid_grant")), "{}", again.text());
    closed(&dev.api, &tokens.access);
    assert_eq!(program.refreshes(&tokens.refresh).status, 400);
    let ended = audit(&dev.addresses, "log-out", 1);
    assert_eq!(ended, ["LOG_OUT key:ada ACCEPTED"]);
}

#[test]
fn tokens_rotate_and_one_that_comes_twice_ends_the_login() {
    let folder = tempfile::tempdir().expect("a folder");
    let (dev, key) = house(&folder, "viewer");
    let program = Program::registered(&dev.api);
    let first = program.fetches(&signs_in(&dev.api, &program, &key, &[]));
    let second = Tokens::of(&program.refreshes(&first.refresh));
    assert_eq!((status(&dev.api, &second.access), status(&dev.api, &first.access)), (200, 401));
    // The answer was lost, and the program asks again at once.
    let third = Tokens::of(&program.refreshes(&first.refresh));
    assert_eq!((status(&dev.api, &third.access), status(&dev.api, &second.access)), (200, 401));
    let fourth = Tokens::of(&program.refreshes(&third.refresh));
    // Somebody comes with one that was used, and is not the last one.
    let stolen = program.refreshes(&first.refresh);
    assert_eq!((stolen.status, &stolen.json()["error"]), (400, &json!("invalid_grant")), "{}", stolen.text());
    closed(&dev.api, &fourth.access);
    assert_eq!(program.refreshes(&fourth.refresh).status, 400);
}

#[test]
fn whoever_asks_to_read_only_reads_and_whoever_gives_a_token_back_is_logged_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let (dev, key) = house(&folder, "admin");
    let program = Program::registered(&dev.api);
    let reads = program.fetches(&signs_in(&dev.api, &program, &key, &[("scope", "orchestra:read")]));
    assert_eq!(reads.whole["scope"], "orchestra:read offline_access");
    let client = Client::with_key(&dev.api, &reads.access);
    let target = "/api/engine/public/environments";
    assert_eq!((client.get(target).status, client.ask("POST", target, None).status), (200, 403));
    for strange in ["", "nothing", &reads.access[1..]] {
        let answer = program.posts("/oauth/revoke", &[("token", strange)]);
        assert_eq!(answer.status, if strange.is_empty() { 400 } else { 200 }, "{strange}");
    }
    assert_eq!(status(&dev.api, &reads.access), 200);
    assert_eq!(program.posts("/oauth/revoke", &[("token", &reads.refresh)]).status, 200);
    closed(&dev.api, &reads.access);

    let writes = program.fetches(&signs_in(&dev.api, &program, &key, &[]));
    assert_eq!(program.posts("/oauth/revoke", &[("token", &writes.access)]).status, 200);
    closed(&dev.api, &writes.access);
    assert_eq!(audit(&dev.addresses, "log-out", 2).len(), 2);
}

#[test]
fn nobody_is_logged_in_who_did_not_act_on_our_page() {
    let folder = tempfile::tempdir().expect("a folder");
    let (dev, key) = house(&folder, "viewer");
    let program = Program::registered(&dev.api);
    let mut browser = Browser::at(&dev.api);
    let asks = program.asks(&[]);
    let page = browser.opens(&asks);
    let text = page.text();
    assert!(text.contains("A test &lt;b&gt;") && !text.contains("<script"), "{text}");
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    // From elsewhere: without what stands in the page, without the cookie, for another request, by another browser.
    let token = token_of(&page);
    let body = |token: &str| super::form(&[("csrf", token), ("key", &key)]);
    let without = browser.sends("POST", &asks, &super::form(&[("key", &key)]));
    let guessed = browser.sends("POST", &asks, &body(&token.to_uppercase()));
    let elsewhere = browser.sends("POST", &program.asks(&[("state", "another")]), &body(&token));
    let stranger = Browser::at(&dev.api).sends("POST", &asks, &body(&token));
    let mut other = Browser::at(&dev.api);
    other.opens(&asks);
    let neighbour = other.sends("POST", &asks, &body(&token));
    for answer in [without, guessed, elsewhere, stranger, neighbour] {
        assert_eq!((answer.status, answer.header("location")), (403, None), "{}", answer.text());
    }
    // What is wrong with a key is not told, and soon nothing is.
    for _ in 0..10 {
        let wrong = browser.fills_in(&page, "key", "downbeat_00000000_nothing");
        assert_eq!(wrong.status, 403, "{}", wrong.text());
        assert!(wrong.text().contains("not known, was revoked, or has expired"));
    }
    // The minute may turn meanwhile; then there are ten more.
    let late = (0..11).map(|_| browser.fills_in(&page, "key", "nothing")).find(|answer| answer.status == 429);
    let late = late.expect("sign-ins that fail are few");
    assert!(late.header("retry-after").is_some());
}
