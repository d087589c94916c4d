//! Texts of pipelines through the front door: checked with their places, kept to the letter, and every version of them.

use downbeat_integration_tests::{cluster::Dev, http::Client};
use serde_json::{Value, json};

use super::{BASE, somebody};

const TEXT: &str = "# Ours.\nversion: v1\nname: Daily Orders\npipeline:\n  t:\n    integration: ORCHESTRA   # waits\n    integration_job: WAIT\n    parameters:\n      wait_minutes: 1\n";

fn check(client: &Client, yaml: &str) -> Vec<Value> {
    let answer = client.ask("POST", &format!("{BASE}/pipelines/check"), Some(&json!({ "yaml": yaml })));
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["diagnostics"].as_array().expect("a list").clone()
}

fn keep(client: &Client, body: &Value) -> (u16, Value) {
    let answer = client.ask("PUT", &format!("{BASE}/pipelines/source"), Some(body));
    (answer.status, answer.json())
}

#[test]
fn a_text_is_told_what_is_wrong_with_it_and_where() {
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), 1);
    let viewer = somebody(&dev, "reads", &["--role", "viewer"]);
    assert_eq!(check(&viewer, TEXT), Vec::<Value>::new());
    let wrong = TEXT.replace("wait_minutes: 1", "wait_minutes: soon");
    let found = check(&viewer, &wrong);
    let first = found.first().expect("a fault");
    assert_eq!((&first["severity"], &first["path"]), (&json!("ERROR"), &json!("pipeline.t.parameters.wait_minutes")));
    assert_eq!((&first["line"], &first["column"]), (&json!(9), &json!(21)), "{first}");
    assert_eq!((&first["endLine"], &first["endColumn"]), (&json!(9), &json!(25)), "{first}");
    assert!(first["code"].as_str().is_some_and(|code| code.starts_with("DB")) && first["message"].is_string());
    for text in ["", "a: [", "- 1", "\u{feff}"] {
        assert_eq!(check(&viewer, text).first().expect("a fault")["severity"], "ERROR", "{text:?}");
    }
    for body in [json!({}), json!({ "yaml": 1 }), json!({ "yaml": TEXT, "yml": "x" })] {
        let answer = viewer.ask("POST", &format!("{BASE}/pipelines/check"), Some(&body));
        assert_eq!(answer.status, 422, "{body}: {}", answer.text());
    }
}

#[test]
fn a_text_is_kept_to_the_letter_and_never_over_what_somebody_else_wrote() {
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), 1);
    let (editor, viewer) =
        (somebody(&dev, "writes", &["--role", "editor"]), somebody(&dev, "reads", &["--role", "viewer"]));
    let labelled = somebody(&dev, "eu", &["--role", "editor", "--label", "eu"]);
    let first = json!({ "yaml": TEXT, "published": true, "baseVersion": 0 });
    assert_eq!(keep(&viewer, &first).0, 403);
    assert_eq!(keep(&labelled, &first).0, 403, "what is not there yet has no labels");
    let (status, kept) = keep(&editor, &first);
    assert_eq!(status, 200, "{kept}");
    assert_eq!(
        (&kept["alias"], &kept["version"], &kept["draft"], &kept["changed"]),
        (&json!("daily_orders"), &json!(1), &json!(false), &json!(true))
    );
    let id = kept["pipelineId"].as_str().expect("an id").to_owned();
    let text = |version: u32| viewer.get(&format!("{BASE}/pipeline/data?pipeline_id={id}&version={version}")).text();
    assert_eq!(text(1), TEXT);
    // The answer was lost: the same again changes nothing.
    assert_eq!(keep(&editor, &first).1["changed"], false);

    let draft = TEXT.replace("wait_minutes: 1", "wait_minutes: 2");
    let (status, kept) =
        keep(&editor, &json!({ "yaml": draft, "alias": "daily_orders", "published": false, "baseVersion": 1 }));
    assert_eq!((status, &kept["version"], &kept["draft"]), (200, &json!(2), &json!(true)), "{kept}");
    // Somebody who opened it before that does not write over it.
    let other = TEXT.replace("wait_minutes: 1", "wait_minutes: 3");
    for base in [0, 1, 7] {
        let (status, said) = keep(&editor, &json!({ "yaml": other, "alias": id, "baseVersion": base }));
        assert_eq!(status, 409, "{said}");
        assert!(said["detail"].as_str().is_some_and(|said| said.contains("has changed")), "{said}");
    }
    let (status, kept) = keep(&editor, &json!({ "yaml": other, "alias": id, "baseVersion": 2 }));
    assert_eq!((status, &kept["version"]), (200, &json!(3)), "{kept}");
    // Whoever does not say what it was made of means it whatever there is.
    let last = TEXT.replace("wait_minutes: 1", "wait_minutes: 4");
    assert_eq!(keep(&editor, &json!({ "yaml": last, "alias": "daily_orders" })).1["version"], 4);

    let broken = TEXT.replace("WAIT", "WIAT");
    let (status, said) = keep(&editor, &json!({ "yaml": broken, "alias": "daily_orders" }));
    assert_eq!(status, 422, "{said}");
    assert_eq!(said["diagnostics"], Value::Array(check(&viewer, &broken)), "the same as of a check");
    assert!(said["detail"][0]["msg"].is_string() && said["detail"][0]["loc"] == json!(["body", "yaml"]), "{said}");

    let answer = viewer.get(&format!("{BASE}/pipelines/{id}/versions"));
    let versions = answer.json()["versions"].as_array().expect("a list").clone();
    let shown = versions.iter().map(|it| json!([it["version"], it["draft"], it["current"], it["createdBy"]]));
    assert_eq!(
        shown.collect::<Vec<_>>(),
        [
            json!([4, false, true, "key:writes"]),
            json!([3, false, false, "key:writes"]),
            json!([2, true, false, "key:writes"]),
            json!([1, false, false, "key:writes"]),
        ]
    );
    assert!(versions.iter().all(|it| it["createdAt"].as_str().is_some_and(|at| at.ends_with('Z'))), "{versions:?}");
    assert_eq!((text(2), text(3)), (draft, other));
    let page = viewer.get(&format!("{BASE}/pipelines/{id}/versions?page_size=3")).json();
    let token = page["nextPageToken"].as_str().expect("there is more");
    let rest = viewer.get(&format!("{BASE}/pipelines/{id}/versions?page_size=3&page_token={token}")).json();
    assert_eq!((rest["versions"][0]["version"].clone(), rest["nextPageToken"].clone()), (json!(1), json!(null)));
    // What may not be seen is not found.
    for (client, target) in [(&labelled, id.as_str()), (&viewer, "nobody"), (&viewer, "%2e%2e")] {
        assert_eq!(client.get(&format!("{BASE}/pipelines/{target}/versions")).status, 404, "{target}");
    }
}

#[test]
fn who_asks_is_told_who_they_are_and_what_they_may() {
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), 1);
    let whole = somebody(&dev, "ci", &["--role", "operator"]);
    let some = somebody(&dev, "eu", &["--role", "editor", "--label", "us", "--label", "eu"]);
    let me = |client: &Client| client.get(&format!("{BASE}/me"));
    assert_eq!(me(&Client::new(&dev.api)).status, 401);
    let told = me(&whole).json();
    assert_eq!(
        (&told["name"], &told["kind"], &told["role"], &told["labels"], &told["readOnly"]),
        (&json!("ci"), &json!("key"), &json!("OPERATOR"), &json!([]), &json!(false))
    );
    assert!(told["expiresAt"].as_str().is_some_and(|at| at.ends_with('Z')), "{told}");
    assert_eq!(told["accountId"], whole.get("/public/v1/accounts").json()[0]["id"]);
    let told = me(&some).json();
    assert_eq!((&told["role"], &told["labels"]), (&json!("EDITOR"), &json!(["eu", "us"])), "{told}");
}
