//! With an identity provider: who somebody is, and what their groups may; and what becomes of a provider's word that is not right in every part.

use std::time::Duration;

use downbeat_integration_tests::{
    cluster::Cluster,
    http::{Answer, Client},
    process::{Process, eventually},
};
use serde_json::json;

use super::{
    BASE, Program, REDIRECT, audit,
    browser::{Browser, link_of, sent_to},
    closed, parameter,
    provider::{CLIENT, Lie, Provider, SECRET},
    status,
};

/// Services, a gateway and a provider that it trusts.
struct House {
    cluster: Cluster,
    _gateway: Process,
    api: String,
    provider: Provider,
    _folder: tempfile::TempDir,
}

impl House {
    fn open() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let cluster = Cluster::start(folder.path(), 1);
        let provider =
            Provider::start(json!({ "email": "ada@example.com", "email_verified": true, "groups": ["data"] }));
        let file = folder.path().join("secret");
        std::fs::write(&file, format!("{SECRET}\n")).expect("the folder is ours");
        let (gateway, api) = cluster.gateway(&[
            "--oidc-issuer",
            &provider.issuer,
            "--oidc-client-id",
            CLIENT,
            "--oidc-client-secret-file",
            file.to_str().expect("test folders are text"),
            "--oidc-role",
            "data=VIEWER",
            "--oidc-role",
            "ops=ADMIN",
        ]);
        let client = Client::new(&api);
        let metadata = "/.well-known/oauth-authorization-server";
        eventually("the gateway is there", Duration::from_secs(20), || {
            client.send("GET", metadata, &[], b"").is_ok_and(|answer| answer.status == 200).then_some(())
        });
        Self { cluster, _gateway: gateway, api, provider, _folder: folder }
    }

    /// Somebody goes to the provider, and is about to come back: their browser, and the address at the gateway that the provider sends them to.
    fn goes(&self, program: &Program) -> (Browser, String) {
        let mut browser = Browser::at(&self.api);
        let page = browser.opens(&program.asks(&[]));
        assert_eq!(page.status, 200, "{}", page.text());
        let away = sent_to(&browser.opens(&link_of(&page)));
        let path = away.strip_prefix(&self.provider.issuer).expect("it leads to the provider");
        let back = Client::new(&self.provider.issuer).get(path);
        assert_eq!(back.status, 302, "{}", back.text());
        let location = back.header("location").expect("the provider sends people back").to_owned();
        let path = location.strip_prefix(&self.api).expect("to the gateway").to_owned();
        (browser, path)
    }

    /// The same, and comes back.
    fn signs_in(&self, program: &Program) -> Answer {
        let (mut browser, back) = self.goes(program);
        browser.opens(&back)
    }
}

fn code(answer: &Answer) -> String {
    let location = sent_to(answer);
    assert!(location.starts_with(REDIRECT), "{location}");
    parameter(&location, "code").unwrap_or_else(|| panic!("{location}"))
}

/// No word about it gets to the program.
fn stays(answer: &Answer, words: &str, what: &str) {
    assert_eq!((answer.status / 100, answer.header("location")), (4, None), "{what}: {}", answer.text());
    assert!(answer.text().contains(words), "{what}: {}", answer.text());
}

#[test]
fn people_may_what_their_groups_may() {
    let house = House::open();
    let program = Program::registered(&house.api);
    let tokens = program.fetches(&code(&house.signs_in(&program)));
    let client = Client::with_key(&house.api, &tokens.access);
    let environments = "/api/engine/public/environments";
    assert_eq!((client.get(environments).status, client.ask("POST", environments, None).status), (200, 403));
    let listed = house.cluster.addresses.downbeat_ok(&["login", "list"]);
    assert!(listed.contains("user:ada@example.com") && listed.contains("viewer"), "{listed}");

    // What they do stands in the audit under their name.
    house.provider.says("groups", json!(["ops", "others"]));
    let tokens = program.fetches(&code(&house.signs_in(&program)));
    let client = Client::with_key(&house.api, &tokens.access);
    let made = client.ask(
        "POST",
        "/api/engine/public/keys",
        Some(&json!({
            "name": "by_ada", "grants": [{ "role": "VIEWER" }],
        })),
    );
    assert_eq!(made.status / 100, 2, "{}", made.text());
    let made = audit(&house.cluster.addresses, "create-key", 1);
    assert_eq!(made[0], "CREATE_KEY user:ada@example.com ACCEPTED");
    assert_eq!(audit(&house.cluster.addresses, "log-in", 2).len(), 2);

    let logins = client.get(&format!("{BASE}/logins")).json();
    assert_eq!(
        (&logins["logins"][0]["subject"], &logins["logins"][0]["keyId"]),
        (&json!("user:ada@example.com"), &json!(""))
    );
    let shown = client.get(&format!("{BASE}/sign_in"));
    assert_eq!(
        shown.json()["provider"]["rules"],
        json!([
            {"group": "data", "role": "VIEWER", "labels": []}, {"group": "ops", "role": "ADMIN", "labels": []},
        ]),
        "{}",
        shown.text()
    );

    // The way of the keys is closed here.
    let mut browser = Browser::at(&house.api);
    stays(&browser.sends("POST", &program.asks(&[]), "csrf=x&key=y"), "identity provider", "a key");

    house.provider.says("groups", json!(["others"]));
    stays(&house.signs_in(&program), "may do nothing here", "no group that fits");
    house.provider.says("groups", json!(["ops"]));
    house.provider.says("email_verified", json!(false));
    stays(&house.signs_in(&program), "not verified your mail address", "an address that nobody verified");

    // Ended by an operator, it is closed for good.
    let listed = house.cluster.addresses.downbeat_ok(&["login", "list"]);
    for row in listed.lines().skip(1) {
        let id = row.split_whitespace().last().expect("an id");
        house.cluster.addresses.downbeat_ok(&["login", "end", id]);
    }
    closed(&house.api, &tokens.access);
    assert_eq!(program.refreshes(&tokens.refresh).status, 400);
}

#[test]
fn a_word_of_the_provider_is_not_believed_unless_all_of_it_is_right() {
    let house = House::open();
    let program = Program::registered(&house.api);
    for (lie, words) in [
        (Lie::Signature, "its signature is wrong"),
        (Lie::Unsigned, "not signed with RS256 or ES256"),
        (Lie::Audience, "meant for somebody else"),
        (Lie::Issuer, "another issuer"),
        (Lie::Nonce, "another sign-in"),
        (Lie::Expired, "it has expired"),
    ] {
        house.provider.lies(lie);
        stays(&house.signs_in(&program), words, &format!("{lie:?}"));
    }
    house.provider.lies(Lie::No);
    assert!(house.cluster.addresses.downbeat(&["login", "list"]).stdout.is_empty(), "nobody got in");
    let tokens = program.fetches(&code(&house.signs_in(&program)));
    assert_eq!(status(&house.api, &tokens.access), 200);
    // Its keys are not asked for again at once, whoever brings tokens of strange ones.
    house.provider.rotates();
    stays(&house.signs_in(&program), "a key that the provider does not have", "a new key within a minute");
}

#[test]
fn whoever_comes_back_was_sent_away_from_the_same_browser_and_once() {
    let house = House::open();
    let program = Program::registered(&house.api);
    let nobody = "nobody was sent away from this browser";
    // Somebody else's browser, such as one that was given the address.
    let (_, back) = house.goes(&program);
    stays(&Browser::at(&house.api).opens(&back), nobody, "another browser");
    // A state of another sign-in of the same browser.
    let (mut browser, first) = house.goes(&program);
    let (other, _) = house.goes(&program);
    browser.cookies.extend(other.cookies);
    stays(&browser.opens(&first), nobody, "another state");
    // A second time: the cookie is gone, and where somebody has kept it the code is worth nothing.
    let (mut browser, back) = house.goes(&program);
    let kept = browser.cookies.clone();
    let tokens = program.fetches(&code(&browser.opens(&back)));
    stays(&browser.opens(&back), nobody, "a second time");
    browser.cookies = kept;
    stays(&browser.opens(&back), "the identity provider refuses", "a second time, with the cookie");
    assert_eq!(status(&house.api, &tokens.access), 200, "it harms nobody");
    // Whom the provider does not let in is told so by the program.
    let (mut browser, back) = house.goes(&program);
    let state = parameter(&back, "state").expect("a state");
    let refused = browser.opens(&format!("/oauth/callback?error=access_denied&state={state}"));
    assert_eq!(parameter(&sent_to(&refused), "error").as_deref(), Some("access_denied"));
    // Nobody is sent away without having seen our page.
    let page = Browser::at(&house.api).opens(&program.asks(&[]));
    stays(&Browser::at(&house.api).opens(&link_of(&page)), "keeps no cookies", "a link of another browser");
}
