//! What programs are told, and what becomes of those that ask for something else than is served.

use downbeat_integration_tests::{cluster::Dev, http::Client};
use serde_json::json;

use super::{Program, REDIRECT, browser::Browser, parameter};

#[test]
fn programs_find_out_how_people_log_in() {
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), 1);
    // Whatever somebody says that we are called.
    let client = Client::new(&dev.api);
    let host = [("X-Forwarded-Host", "evil.example"), ("Forwarded", "host=evil.example")];
    let server = client.send("GET", "/.well-known/oauth-authorization-server", &host, b"").expect("an answer").json();
    let api = &dev.api;
    for (name, path) in
        [("authorization", "authorize"), ("token", "token"), ("registration", "register"), ("revocation", "revoke")]
    {
        assert_eq!(server[format!("{name}_endpoint")], json!(format!("{api}/oauth/{path}")));
    }
    assert_eq!((&server["issuer"], &server["code_challenge_methods_supported"]), (&json!(api), &json!(["S256"])));
    for (path, resource) in [("", api.clone()), ("/mcp", format!("{api}/mcp"))] {
        let told = client.get(&format!("/.well-known/oauth-protected-resource{path}")).json();
        assert_eq!((&told["resource"], &told["authorization_servers"]), (&json!(resource), &json!([api])));
    }
    let refused = client.ask("POST", "/mcp", Some(&json!({})));
    let asks = refused.header("www-authenticate").unwrap_or_default().to_owned();
    assert_eq!(refused.status, 401);
    assert_eq!(asks, format!("Bearer resource_metadata=\"{api}/.well-known/oauth-protected-resource\""));
}

#[test]
fn nothing_is_sent_anywhere_before_it_is_clear_who_waits_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), 1);
    let program = Program::registered(&dev.api);
    let mut browser = Browser::at(&dev.api);
    for other in [
        ("redirect_uri", "https://evil.example/callback"),
        ("redirect_uri", "http://127.0.0.1:4711/elsewhere"),
        ("redirect_uri", "http://127.0.0.1@evil.example/callback"),
        ("client_id", "nobody"),
        ("client_id", ""),
    ] {
        let answer = browser.opens(&program.asks(&[other]));
        assert_eq!((answer.status, answer.header("location")), (400, None), "{other:?}: {}", answer.text());
    }
    for (other, error) in [
        (("response_type", "token"), "unsupported_response_type"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("code_challenge", ""), "invalid_request"),
        (("state", ""), "invalid_request"),
    ] {
        let answer = browser.opens(&program.asks(&[other]));
        let location = answer.header("location").expect("the program is told").to_owned();
        assert!(location.starts_with(REDIRECT), "{location}");
        assert_eq!(parameter(&location, "error").as_deref(), Some(error), "{other:?}");
    }
    let evil = json!({ "client_name": "x", "redirect_uris": ["https://evil.example/"] });
    let answer = program.client.ask("POST", "/oauth/register", Some(&evil));
    assert_eq!((answer.status, &answer.json()["error"]), (400, &json!("invalid_redirect_uri")));
}

#[test]
fn what_is_asked_of_the_token_endpoint_is_held_against_its_shape() {
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), 1);
    let program = Program::registered(&dev.api);
    let id = program.id.as_str();
    let short = [("grant_type", "authorization_code"), ("client_id", id), ("code_verifier", "short")];
    for (fields, error) in [
        (&[][..], "invalid_request"),
        (&[("grant_type", "authorization_code")], "invalid_request"),
        (&[("grant_type", "password"), ("client_id", id)], "unsupported_grant_type"),
        (&[("grant_type", "refresh_token"), ("client_id", "nobody")], "invalid_client"),
        (&[("grant_type", "refresh_token"), ("client_id", id)], "invalid_request"),
        (&[("grant_type", "refresh_token"), ("grant_type", "refresh_token"), ("client_id", id)], "invalid_request"),
        (&short, "invalid_request"),
        (
            &[("grant_type", "refresh_token"), ("client_id", id), ("refresh_token", "downbeat_refresh_x")],
            "invalid_grant",
        ),
    ] {
        let answer = program.posts("/oauth/token", fields);
        assert_eq!((answer.status, &answer.json()["error"]), (400, &json!(error)), "{fields:?}: {}", answer.text());
    }
    let as_json = program.client.ask("POST", "/oauth/token", Some(&json!({ "grant_type": "refresh_token" })));
    assert_eq!(as_json.json()["error"], "invalid_request");
    let large = vec![b'a'; 20 * 1024];
    let kind = [("Content-Type", "application/x-www-form-urlencoded")];
    let answer = program.client.send("POST", "/oauth/token", &kind, &large).expect("an answer");
    assert_eq!(answer.status, 413);
}
