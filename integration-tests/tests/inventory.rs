//! Assets that people declare through the public API, against real processes: found at once by both of their names, changed, made of each other,
//! removed; the same after the rows of the projector are gone; and what nobody may declare.

use std::{path::Path, time::Duration};

use downbeat_integration_tests::{cluster::Dev, http::Client, process::eventually};
use serde_json::{Value, json};

const BASE: &str = "/api/engine/public";
const TABLE: &str = "postgres://db.example:5432/shop.public.orders";
const SOON: Duration = Duration::from_secs(60);

/// Runs that report the table, made of another.
const LOADS: &str = "version: v1
name: Loads
pipeline:
  load:
    integration: DOWNBEAT
    integration_job: NOOP
    parameters: {}
    meta: {downbeat: {reads: ['s3://landing/orders.csv'], writes: ['postgres://db.example:5432/shop.public.orders']}}
";

struct Shop {
    dev: Dev,
    client: Client,
}

impl Shop {
    fn open(folder: &Path) -> Self {
        let dev = Dev::start(folder, 1);
        let key = dev.addresses.downbeat_ok(&["key", "create", "ada", "--role", "editor"]);
        let client = Client::with_key(&dev.api, key.trim());
        eventually("the gateway knows the key", SOON, || {
            (client.get(&format!("{BASE}/assets")).status == 200).then_some(())
        });
        Self { dev, client }
    }

    fn ask(&self, method: &str, target: &str, body: &Value, status: u16) -> Value {
        let answer = self.client.ask(method, &format!("{BASE}{target}"), (!body.is_null()).then_some(body));
        assert_eq!(answer.status, status, "{method} {target} {body}: {}", answer.text());
        answer.json()
    }

    fn get(&self, target: &str, status: u16) -> Value {
        self.ask("GET", target, &Value::Null, status)
    }

    fn declare(&self, external_id: &str, name: &str) -> Value {
        let body = json!({
            "assetName": name, "externalId": external_id, "integrationAccountId": "acme", "integration": "TABLEAU",
        });
        self.ask("POST", "/assets", &body, 201)
    }

    fn depend(&self, dependencies: &Value, status: u16) -> Value {
        self.ask("POST", "/assets/dependencies", &json!({"dependencies": dependencies}), status)
    }

    /// What an asset is made of, and what is made of it, by who says so.
    fn edges(&self, key: &str, direction: &str) -> Vec<(String, String, String)> {
        let direction = format!("LINEAGE_DIRECTION_{direction}");
        let lineage = self.get(&format!("/lineage?asset={}&depth=1&direction={direction}", escaped(key)), 200);
        let edges = lineage["edges"].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let told = edges.iter().map(|edge| (text(&edge["from"]), text(&edge["to"]), text(&edge["sources"][0]["task"])));
        told.collect()
    }

    fn listed(&self) -> Vec<String> {
        let all = self.get("/assets?sort_column=asset_name&sort_direction=asc", 200);
        let results = all["results"].as_array().expect("a list").clone();
        results.iter().map(|one| one["externalId"].as_str().expect("a key").to_owned()).collect()
    }
}

fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// The last step of the place of the first violation, or the text.
fn place(answer: &Value) -> String {
    let loc = answer["detail"][0]["loc"].as_array().map(|loc| loc.iter().map(Value::to_string).collect::<Vec<_>>());
    loc.map_or_else(|| answer["detail"].to_string(), |loc| loc.join(".").replace('"', ""))
}

#[test]
fn an_asset_is_declared_changed_and_removed() {
    let folder = tempfile::tempdir().expect("a folder");
    let shop = Shop::open(folder.path());
    let body = json!({
        "asset_name": "Sales", "external_id": "dashboards/sales", "integration_account_id": "acme", "integration": "TABLEAU",
        "asset_type": "DASHBOARD", "status": "WARNING", "owners": ["ada"], "meta": {"tier": {"of": [1, "\u{0}"]}},
        "database_name": "shop", "schema_name": "public", "table_name": "sales", "description": "What was sold,\nby day",
        "workspace_name": "Sales team", "workspace_id": "w-7", "url": "https://tableau.example.org/sales",
        "integration_asset_type": "workbook", "created_in_integration": "2025-01-02T03:04:05Z",
        "last_updated_in_integration": "2025-02-03T04:05:06+02:00",
    });
    let made = shop.ask("POST", "/assets", &body, 201);
    let id = made["assetId"].as_str().expect("an id").to_owned();
    assert_eq!((id.len(), id.as_bytes()[14]), (36, b'4'), "a UUID of version 4: {id}");
    for (field, expected) in [
        ("assetName", json!("Sales")),
        ("externalId", json!("dashboards/sales")),
        ("integrationAccountId", json!("acme")),
        ("integration", json!("TABLEAU")),
        ("assetType", json!("DASHBOARD")),
        ("status", json!("WARNING")),
        ("owners", json!(["ada"])),
        ("meta", json!({"tier": {"of": [1, "\u{0}"]}})),
        ("databaseName", json!("shop")),
        ("workspaceId", json!("w-7")),
        ("url", json!("https://tableau.example.org/sales")),
        ("integrationAssetType", json!("workbook")),
        ("createdInIntegration", json!("2025-01-02T03:04:05Z")),
        ("lastUpdatedInIntegration", json!("2025-02-03T02:05:06Z")),
    ] {
        assert_eq!(made[field], expected, "{field}: {made}");
    }
    // At once, by both of its names.
    for named in [id.as_str(), "dashboards%2Fsales"] {
        assert_eq!(shop.get(&format!("/assets/{named}"), 200)["description"], "What was sold,\nby day");
    }
    let found = shop.get("/assets?integration_account_id=acme&workspace_id=w-7&database_name=SHOP", 200);
    assert_eq!((&found["total"], &found["results"][0]["assetId"]), (&json!(1), &json!(id)));
    let again = shop.ask("POST", "/assets", &body, 409);
    assert!(again["detail"].as_str().expect("a text").contains("is declared already"), "{again}");
    let changed = shop.ask("PATCH", "/assets/dashboards%2Fsales", &json!({"status": "HEALTHY", "owners": null}), 200);
    assert_eq!(
        (&changed["status"], &changed["owners"], &changed["assetName"]),
        (&json!("HEALTHY"), &json!([]), &json!("Sales"))
    );
    assert_eq!(shop.ask("PATCH", &format!("/assets/{id}"), &json!({}), 200), changed, "nothing is no change");
    shop.ask("DELETE", &format!("/assets/{id}"), &Value::Null, 204);
    for (method, status) in [("GET", 404), ("DELETE", 404), ("PATCH", 404)] {
        let body = if method == "PATCH" { json!({"status": "HEALTHY"}) } else { Value::Null };
        shop.ask(method, &format!("/assets/{id}"), &body, status);
    }
    assert_eq!(shop.listed(), [""; 0]);
    // Declared anew it is the same asset, with nothing of before.
    let anew = shop.declare("dashboards/sales", "Sales");
    assert_eq!((&anew["assetId"], &anew["status"], &anew["meta"]), (&json!(id), &json!("UNKNOWN"), &Value::Null));
    // Who did what.
    let audit = shop.dev.addresses.downbeat_ok(&["audit", "-n", "100"]);
    for said in
        ["declared asset dashboards/sales", "changed what is declared of asset", "removed asset dashboards/sales"]
    {
        assert!(audit.contains(said), "{said}: {audit}");
    }
}

#[test]
fn what_runs_report_and_what_people_declare_is_one_asset_and_one_graph() {
    let folder = tempfile::tempdir().expect("a folder");
    let shop = Shop::open(folder.path());
    let file = folder.path().join("loads.yml");
    std::fs::write(&file, LOADS).expect("a file");
    shop.dev.addresses.downbeat_ok(&["apply", file.to_str().expect("text")]);
    let load = || {
        shop.dev.addresses.downbeat_ok(&["run", "loads", "--wait"]);
        let named = format!("/assets/{}", escaped(TABLE));
        eventually("the run's report is folded", SOON, || {
            let answer = shop.client.get(&format!("{BASE}{named}"));
            (answer.status == 200).then(|| answer.json())
        })
    };
    let reported = load();
    assert_eq!(reported["assetName"], "orders");
    // However it is spelled, and whatever of it is declared.
    let change = json!({"assetName": "Orders", "integration": "POSTGRES"});
    let patched =
        shop.ask("PATCH", &format!("/assets/{}", escaped("Postgres://DB.example/Shop.public.Orders")), &change, 200);
    assert_eq!((&patched["assetId"], &patched["assetName"]), (&reported["assetId"], &json!("Orders")));
    let id = reported["assetId"].as_str().expect("an id").to_owned();
    shop.declare("dashboards/sales", "Sales");
    let given = json!([
        {"fromId": id, "toId": "dashboards/sales", "lineageDetail": {"sql": "select 1"}},
        {"from_id": TABLE, "to_id": "dashboards/sales", "lineage_detail": {"sql": "select 2"}, "integration": "TABLEAU"},
    ]);
    assert_eq!(shop.depend(&given, 201), json!({"created": 1}), "both are of the same two assets");
    assert_eq!(shop.depend(&given, 201), json!({"created": 0}), "and are there already");
    let dashboard = || ("declared".to_owned(), TABLE.to_owned(), "dashboards/sales".to_owned());
    let declared = |(from, to, task): (String, String, String)| (task, from, to);
    assert_eq!(shop.edges("dashboards/sales", "UPSTREAM").into_iter().map(declared).collect::<Vec<_>>(), [dashboard()]);
    assert_eq!(shop.edges(TABLE, "DOWNSTREAM").into_iter().map(declared).collect::<Vec<_>>(), [dashboard()]);
    let lineage = shop.get("/lineage?asset=dashboards%2Fsales&direction=LINEAGE_DIRECTION_UPSTREAM", 200);
    let nearest = lineage["edges"].as_array().expect("edges").iter().find(|edge| edge["to"] == "dashboards/sales");
    let source = &nearest.expect("the edge")["sources"][0];
    assert_eq!((&source["declaredBy"], &source["lineageDetail"]), (&json!("TABLEAU"), &json!(r#"{"sql":"select 2"}"#)));
    assert_eq!(lineage["nodes"].as_array().map(Vec::len), Some(3), "{lineage}");

    // A projector that has lost its rows makes the same of the log.
    let everything = |shop: &Shop| {
        let one = |target: &str| shop.get(target, 200);
        [
            one("/assets?sort_column=asset_name"),
            one(&format!("/assets/{id}")),
            one("/lineage?asset=dashboards%2Fsales")["edges"].clone(),
            one(&format!("/lineage?asset={}", escaped(TABLE)))["edges"].clone(),
        ]
    };
    let before = everything(&shop);
    let Shop { mut dev, client } = shop;
    assert!(dev.process.terminate().success(), "{}", dev.process.printed());
    std::fs::remove_dir_all(dev.data.join("metadata")).expect("the rows of the projector");
    drop(dev);
    let dev = Dev::start(folder.path(), 1);
    let mut client_of_now = Client::new(&dev.api);
    client_of_now.headers = client.headers;
    let shop = Shop { dev, client: client_of_now };
    eventually("the rows are there again", SOON, || {
        let answer = shop.client.get(&format!("{BASE}/assets/{id}"));
        (answer.status == 200).then_some(())
    });
    assert_eq!(everything(&shop), before);

    // Gone with its edges, until a run reports it.
    shop.ask("DELETE", &format!("/assets/{id}"), &Value::Null, 204);
    assert_eq!(shop.listed(), ["dashboards/sales", "s3://landing/orders.csv"]);
    assert_eq!(shop.edges("dashboards/sales", "UPSTREAM"), []);
    assert_eq!(shop.edges("s3://landing/orders.csv", "DOWNSTREAM"), []);
    shop.dev.addresses.downbeat_ok(&["run", "loads", "--wait"]);
    let back = eventually("it is reported again", SOON, || {
        let answer = shop.client.get(&format!("{BASE}/assets/{id}"));
        (answer.status == 200).then(|| answer.json())
    });
    assert_eq!(back["assetName"], "orders", "what was declared went with it");
    assert_eq!(shop.edges(TABLE, "UPSTREAM").len(), 1);
    assert_eq!(shop.edges(TABLE, "DOWNSTREAM"), []);
}

#[test]
fn an_asset_that_turns_out_to_have_another_name_is_one_asset() {
    let folder = tempfile::tempdir().expect("a folder");
    let shop = Shop::open(folder.path());
    let old = "warehouse/orders";
    let declared = shop.ask(
        "POST",
        "/assets",
        &json!({"assetName": "Old orders", "externalId": old, "integrationAccountId": "acme", "integration": "TABLEAU",
            "owners": ["ada"]}),
        201,
    );
    shop.declare("dashboards/sales", "Sales");
    let pair = json!([{"fromId": old, "toId": "dashboards/sales"}]);
    assert_eq!(shop.depend(&pair, 201), json!({"created": 1}));
    // Another system knows it by two names.
    let event = json!({
        "eventType": "COMPLETE", "eventTime": "2026-11-28T09:30:00Z", "producer": "https://example.org/etl",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": "01939f5e-0000-7000-8000-000000000001"}, "job": {"namespace": "etl", "name": "load"}, "inputs": [],
        "outputs": [{"namespace": "postgres://db.example:5432", "name": "shop.public.orders", "facets": {"symlinks": {
            "_producer": "https://example.org/etl", "_schemaURL": "https://openlineage.io/spec/facets/1-0-1/SymlinksDatasetFacet.json",
            "identifiers": [{"namespace": "warehouse", "name": "orders", "type": "TABLE"}],
        }}}],
    });
    let report = || {
        let file = folder.path().join("events.jsonl");
        std::fs::write(&file, event.to_string()).expect("a file");
        shop.dev.addresses.downbeat_ok(&["openlineage", file.to_str().expect("text")]);
    };
    report();
    let joined = eventually("both names are known", SOON, || {
        let found = shop.get(&format!("/assets/{}", escaped(old)), 200);
        (found["externalId"] == TABLE).then_some(found)
    });
    assert_eq!((&joined["assetName"], &joined["owners"]), (&json!("Old orders"), &json!(["ada"])));
    let id = declared["assetId"].as_str().expect("an id");
    assert_eq!(shop.get(&format!("/assets/{id}"), 200)["assetId"], joined["assetId"], "by its first id, too");
    assert_eq!(shop.listed(), [TABLE, "dashboards/sales"]);
    let changed = shop.ask("PATCH", &format!("/assets/{}", escaped(old)), &json!({"status": "HEALTHY"}), 200);
    assert_eq!((&changed["assetName"], &changed["status"]), (&json!("Old orders"), &json!("HEALTHY")));

    // Removed under either name it is gone under both, from the core as well: nothing stands in the way of what comes next.
    for (removed, by_typing) in [(old, false), (TABLE, true)] {
        if by_typing {
            shop.dev.addresses.downbeat_ok(&["asset", "remove", removed]);
            eventually("it is gone", SOON, || {
                (shop.client.get(&format!("{BASE}/assets/{}", escaped(old))).status == 404).then_some(())
            });
        } else {
            shop.ask("DELETE", &format!("/assets/{}", escaped(removed)), &Value::Null, 204);
        }
        assert_eq!(shop.listed(), ["dashboards/sales"]);
        assert_eq!(shop.edges("dashboards/sales", "UPSTREAM"), []);
        let anew = shop.declare(old, "Orders");
        assert_eq!(
            (&anew["externalId"], &anew["assetName"], &anew["owners"]),
            (&json!(TABLE), &json!("Orders"), &json!([]))
        );
        assert_eq!(shop.depend(&pair, 201), json!({"created": 1}));
        assert_eq!(shop.edges("dashboards/sales", "UPSTREAM").len(), 1);
    }
}

#[test]
fn what_is_typed_is_declared() {
    let folder = tempfile::tempdir().expect("a folder");
    let shop = Shop::open(folder.path());
    let typed = |arguments: &[&str]| shop.dev.addresses.downbeat(&[&["asset"], arguments].concat());
    let says = |arguments: &[&str], expected: &str| {
        // What was just written the projector may not have read yet.
        eventually(expected, SOON, || {
            let said = downbeat_integration_tests::cluster::text(&typed(arguments));
            said.contains(expected).then_some(())
        });
    };
    says(
        &["declare", "dashboards/sales", "--name", "Sales", "--owner", "ada", "--link", "https://example.org/sales"],
        "declared: asset dashboards/sales",
    );
    says(
        &["declare", "Postgres://DB.example/Shop.public.Orders", "--name", "Orders"],
        &format!("declared: asset {TABLE}"),
    );
    says(&["depend", "sales", "--on", "orders"], "declared: 1 new dependencies of asset dashboards/sales");
    says(&["lineage", "sales", "--up"], "orders");
    says(
        &["declare", "dashboards/sales", "--new", "--name", "S", "--integration", "X", "--account", "Y"],
        "declared already",
    );
    says(&["remove", "orders"], &format!("removed: asset {TABLE}"));
    says(&["remove", "orders"], "there is no asset `orders`");
}

#[test]
fn what_nobody_may_declare_is_refused_with_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let shop = Shop::open(folder.path());
    let asset = |field: &str, value: Value| {
        let mut body = json!({
            "assetName": "A", "externalId": "a", "integrationAccountId": "acme", "integration": "TABLEAU",
        });
        body[field] = value;
        body
    };
    let deep = (0..60).fold(json!(1), |inner, _| json!({"a": inner}));
    for (body, expected) in [
        (json!({}), "body.assetName"),
        (json!({"assetName": "A", "externalId": "a", "integration": "X"}), "body.integrationAccountId"),
        (asset("externalId", json!("x".repeat(513))), "body.externalId"),
        (asset("externalId", json!("")), "body.externalId"),
        (asset("externalId", json!("a\u{0}b")), "body.externalId"),
        (asset("assetName", json!("two\nlines")), "body.assetName"),
        (asset("assetName", json!("")), "body.assetName"),
        (asset("assetType", json!("table")), "body.assetType"),
        (asset("status", json!("FINE")), "body.status"),
        (asset("owners", json!("ada")), "body.owners"),
        (asset("owners", json!(vec!["ada"; 51])), "body.owners"),
        (asset("meta", deep), "body.meta"),
        (asset("meta", json!([1])), "body.meta"),
        (asset("meta", json!({"a": "x".repeat(20_000)})), "body.meta"),
        (asset("description", json!("x".repeat(10_001))), "body.description"),
        (asset("createdInIntegration", json!("yesterday")), "body.createdInIntegration"),
    ] {
        let answer = shop.ask("POST", "/assets", &body, 422);
        assert_eq!(place(&answer), expected, "{answer}");
    }
    assert_eq!(shop.listed(), [""; 0]);
    // The longest, and of all letters.
    let long = "\u{e4}".repeat(512);
    shop.declare(&long, "\u{1f600} \u{202e}");
    assert_eq!(shop.get(&format!("/assets/{}", escaped(&long)), 200)["externalId"], long);
    shop.get(&format!("/assets/{}", escaped(&"x".repeat(513))), 404);
    let other = shop.ask("PATCH", &format!("/assets/{}", escaped(&long)), &json!({"externalId": "b"}), 422);
    assert_eq!(place(&other), "body.externalId");

    shop.declare("a", "A");
    shop.declare("b", "B");
    let pair = |from: &str, to: &str| json!({"fromId": from, "toId": to});
    for (dependencies, expected) in [
        (json!([]), "body.dependencies"),
        (json!(vec![pair("a", "b"); 101]), "body.dependencies"),
        (json!([pair("a", "b"), pair("a", "nobody")]), "body.dependencies.1.toId"),
        (json!([pair("", "b")]), "body.dependencies.0.fromId"),
        (json!([pair("a", "b"), pair("b", "b")]), "body.dependencies.1"),
        (json!([{"fromId": "a"}]), "body.dependencies.0.toId"),
        (json!([{"fromId": "a", "toId": "b", "lineageDetail": "x".repeat(20_000)}]), "body"),
    ] {
        let answer = shop.depend(&dependencies, 422);
        assert_eq!(place(&answer), expected, "{answer}");
    }
    assert_eq!(shop.edges("b", "UPSTREAM"), [], "one that cannot be is the end of all of them");
    assert_eq!(shop.depend(&json!(vec![pair("a", "b"); 100]), 201), json!({"created": 1}));

    // Whoever only reads declares nothing, and neither does whoever sees some pipelines only.
    for (name, arguments) in
        [("reads", &["--role", "viewer"][..]), ("european", &["--role", "editor", "--label", "eu"])]
    {
        let made = shop.dev.addresses.downbeat_ok(&[&["key", "create", name], arguments].concat());
        let client = Client::with_key(&shop.dev.api, made.trim());
        let status =
            |method: &str, target: &str| client.ask(method, &format!("{BASE}{target}"), Some(&json!({}))).status;
        eventually("the gateway knows the key", SOON, || (status("POST", "/assets") != 401).then_some(()));
        for (method, target) in
            [("POST", "/assets"), ("PATCH", "/assets/a"), ("DELETE", "/assets/a"), ("POST", "/assets/dependencies")]
        {
            assert_eq!(status(method, target), 403, "{name}: {method} {target}");
        }
    }
}
