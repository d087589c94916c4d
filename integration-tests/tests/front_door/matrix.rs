//! Every route, every role, every way to write its path.

use std::collections::BTreeMap;

use downbeat_integration_tests::{cluster::Dev, http::Client};
use serde_json::{Value, json};

use super::{BASE, apply, somebody};

/// From the least to the most.
const ROLES: [&str; 4] = ["VIEWER", "OPERATOR", "EDITOR", "ADMIN"];
/// An id that nothing has.
const NOBODYS: &str = "00000000-0000-4000-8000-000000000000";

struct Route {
    method: String,
    /// Below the base, with ids in place of parameters.
    target: String,
    /// Empty: open to everybody.
    role: String,
}

/// The routes of the document, which is made of the very table that serves them.
fn routes(api: &str) -> Vec<Route> {
    let document = Client::new(api).get(&format!("{BASE}/openapi.json")).json();
    let paths = document["paths"].as_object().expect("paths");
    let mut routes = Vec::new();
    for (path, methods) in paths {
        for (method, operation) in methods.as_object().expect("methods") {
            let open = operation["security"] == json!([]);
            let role = operation["x-downbeat-role"].as_str().unwrap_or(if open { "" } else { "VIEWER" });
            let target = path.split('/').map(|part| if part.starts_with('{') { NOBODYS } else { part });
            routes.push(Route {
                method: method.to_ascii_uppercase(),
                target: target.collect::<Vec<_>>().join("/"),
                role: role.to_owned(),
            });
        }
    }
    assert!(routes.len() > 60, "{} routes", routes.len());
    routes
}

#[test]
fn every_route_lets_in_whom_it_should_and_nobody_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), 1);
    let nobody = Client::new(&dev.api);
    let mut keys: BTreeMap<&str, Client> = BTreeMap::new();
    for role in ROLES {
        keys.insert(role, somebody(&dev, role, &["--role", &role.to_ascii_lowercase()]));
    }
    let strangers = [Client::with_key(&dev.api, "nothing"), Client::with_key(&dev.api, "downbeat_00000000_x")];
    let mut elsewhere = keys["ADMIN"].clone();
    elsewhere.headers.push(("X-Orchestra-Account-Id".to_owned(), NOBODYS.to_owned()));
    // Those that lie beside the public API, and are not in its document.
    for (method, target) in
        [("GET", "/public/v1/accounts"), ("POST", "/mcp"), ("POST", "/api/v1/lineage"), ("POST", "/webhook")]
    {
        let event = json!({"event_type": "SENSOR_EVENT", "sensor_event_type": "x"});
        let status = nobody.ask(method, target, (target == "/webhook").then_some(&event)).status;
        assert_eq!(status, 401, "{method} {target}");
    }
    let mut wrong = Vec::new();
    for route in routes(&dev.api) {
        let target = format!("{BASE}{}", route.target);
        let mut expect = |who: &str, client: &Client, right: &dyn Fn(u16) -> bool| {
            let status = client.ask(&route.method, &target, None).status;
            if !right(status) || status >= 500 {
                wrong.push(format!("{} {target} as {who}: {status}", route.method));
            }
        };
        if route.role.is_empty() {
            expect("nobody", &nobody, &|status| status != 401 && status != 403);
            continue;
        }
        expect("nobody", &nobody, &|status| status == 401);
        for stranger in &strangers {
            expect("a stranger", stranger, &|status| status == 401);
        }
        expect("somebody of another account", &elsewhere, &|status| status == 403);
        let needed = ROLES.iter().position(|role| *role == route.role).expect("a role");
        for (rank, role) in ROLES.iter().enumerate() {
            // What they may ask for is not there, or not complete.
            let may = rank >= needed;
            expect(role, &keys[role], &|status| if may { status != 401 && status != 403 } else { status == 403 });
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What proxies and people make of a path: none of it opens a route to whoever has no key.
fn written_otherwise(target: &str) -> Vec<String> {
    let last = target.rfind('/').unwrap_or_default();
    let (before, name) = target.split_at(last);
    vec![
        format!("/{target}"),
        target.replacen('/', "//", 2),
        format!("{target}/"),
        format!("{target}."),
        format!("{target}%2e"),
        format!("{target};x=1"),
        format!("{target}/health"),
        format!("{target}/../health"),
        format!("{before}/.{name}"),
        format!("{before}/%2e%2e{name}"),
        format!("{before}%2f{}", &name[1..]),
        format!("{target}%00"),
        format!("{target}%20"),
        format!("{target}?key=admin&access_token=admin"),
        target.to_ascii_uppercase(),
        target.replace("public", "Public"),
        format!("/health/..{target}"),
        format!("{BASE}/health/..{target}"),
        format!("{BASE}/health;{target}"),
        format!("{BASE}/openapi.json/..{}", target.trim_start_matches(BASE)),
    ]
}

#[test]
fn no_way_to_write_a_path_opens_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), 1);
    let nobody = Client::new(&dev.api);
    let mut wrong = Vec::new();
    let mut tried = 0;
    for route in routes(&dev.api).into_iter().filter(|route| !route.role.is_empty()) {
        for target in written_otherwise(&format!("{BASE}{}", route.target)) {
            // Where it is refused before it is read there is no answer, which is as good.
            let answer = nobody.send(&route.method, &target, &[], b"");
            let status = answer.map_or(400, |answer| answer.status);
            tried += 1;
            if !matches!(status, 400 | 401 | 404 | 405) {
                wrong.push(format!("{} {target}: {status}", route.method));
            }
        }
    }
    assert!(wrong.is_empty(), "{tried} tried:\n{}", wrong.join("\n"));
    assert!(tried > 1_000, "{tried}");
}

#[test]
fn labels_show_what_they_reach_and_hide_the_rest() {
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), 1);
    let (eu, us, plain) = (
        apply(&dev, folder.path(), "eu_orders", "eu"),
        apply(&dev, folder.path(), "us_orders", "us"),
        apply(&dev, folder.path(), "plain", ""),
    );
    let all = somebody(&dev, "all", &["--role", "operator"]);
    let european = somebody(&dev, "european", &["--role", "operator", "--label", "eu"]);
    let mut runs = BTreeMap::new();
    // They were applied past the gateway, which knows no position of theirs to wait for.
    downbeat_integration_tests::process::eventually(
        "the pipelines can be asked for",
        std::time::Duration::from_secs(20),
        || {
            let listed = all.get(&format!("{BASE}/pipelines")).json();
            listed.as_array().is_some_and(|listed| listed.len() == 3).then_some(())
        },
    );
    for id in [&eu, &us, &plain] {
        let started = all.ask("POST", &format!("{BASE}/pipelines/{id}/start"), None);
        assert_eq!(started.status, 200, "{}", started.text());
        runs.insert(id.clone(), started.json()["id"].as_str().expect("an id").to_owned());
    }
    let ids = |list: Value| -> Vec<String> {
        let items = list.as_array().or(list["results"].as_array()).expect("a list").clone();
        items
            .iter()
            .map(|item| item["pipelineId"].as_str().or(item["id"].as_str()).expect("an id").to_owned())
            .collect()
    };
    for list in ["/pipelines", "/pipeline_runs", "/task_runs"] {
        assert_eq!(ids(european.get(&format!("{BASE}{list}")).json()), std::slice::from_ref(&eu), "{list}");
        assert_eq!(ids(all.get(&format!("{BASE}{list}")).json()).len(), 3, "{list}");
    }
    for (client, expected) in [(&european, vec![eu.clone()]), (&all, vec![eu.clone(), us.clone(), plain.clone()])] {
        let listed = client.get(&format!("{BASE}/pipelines/with-owners")).json();
        let mut listed = ids(listed["pipelines"].clone());
        let mut expected = expected;
        listed.sort();
        expected.sort();
        assert_eq!(listed, expected, "with owners");
    }
    // Also where somebody asks for them by name.
    let named = european.get(&format!("{BASE}/pipeline_runs?pipeline_ids={us},{eu}"));
    assert_eq!(ids(named.json()), std::slice::from_ref(&eu));
    for id in [&us, &plain] {
        let run = &runs[id];
        for (method, target) in [
            ("GET", format!("/pipeline?pipeline_id={id}")),
            ("GET", format!("/pipeline/data?pipeline_id={id}")),
            ("POST", format!("/pipelines/{id}/start")),
            ("POST", format!("/pipelines/{id}/pause")),
            ("GET", format!("/pipelines/{id}/health")),
            ("GET", format!("/pipeline_runs/{run}/status")),
            ("GET", format!("/pipeline_runs/{run}/task_runs")),
            ("GET", format!("/pipeline_runs/{run}/why")),
            ("GET", format!("/pipeline_runs/{run}/events")),
            ("POST", format!("/pipeline_runs/{run}/cancel")),
            ("POST", format!("/pipeline_runs/{run}/restart")),
        ] {
            // As if it were not there.
            let status = european.ask(method, &format!("{BASE}{target}"), None).status;
            assert_eq!(status, 404, "{method} {target}");
        }
    }
    // What is everybody's they do not see, and of their own they may not do everything.
    for (method, target, expected) in [
        ("GET", "/assets".to_owned(), 403),
        ("GET", "/now".to_owned(), 403),
        ("GET", "/environments".to_owned(), 403),
        ("DELETE", format!("/pipelines?pipeline_id={eu}"), 403),
        ("GET", format!("/pipeline_runs/{}/status", runs[&eu]), 200),
        ("POST", format!("/pipelines/{eu}/pause"), 204),
    ] {
        assert_eq!(european.ask(method, &format!("{BASE}{target}"), None).status, expected, "{method} {target}");
    }
}

#[test]
fn a_key_that_is_revoked_opens_nothing_a_moment_later() {
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), 1);
    let client = somebody(&dev, "short_lived", &["--role", "viewer"]);
    assert_eq!(client.get(&format!("{BASE}/pipelines")).status, 200);
    dev.addresses.downbeat_ok(&["key", "revoke", "short_lived"]);
    downbeat_integration_tests::process::eventually("the key is closed", std::time::Duration::from_secs(5), || {
        (client.get(&format!("{BASE}/pipelines")).status == 401).then_some(())
    });
}
