//! The check and the job of Azure Data Lake Storage, on Microsoft's own emulator.

// Helpers outside of #[test] functions may fail their test, too.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used)]
mod support;

use downbeat_proto::worker::v1::Check;
use serde_json::{Value, json};
use support::{Stage, azurite::Azurite, check, offer, said, servers};

/// Since then only what is there is new.
const BEFORE: i64 = 1_000_000_000_000_000;
/// Nothing is as new as that.
const AFTER: i64 = 4_000_000_000_000_000;

fn files(parameters: Value, since: i64) -> Check {
    Check { since, ..check("AZURE_DATA_LAKE_STORAGE", "ADLS_FILE", parameters) }
}

#[tokio::test]
async fn files_of_a_container_are_seen_and_waited_for() {
    let Some(server) = Azurite::start().await else { return };
    server.make("landing").await;
    for name in ["in/a%201.csv", "in/b%2B%26.csv", "out/c.csv"] {
        server.write("landing", name).await;
    }
    server.make("empty").await;
    let folder = tempfile::tempdir().unwrap();
    servers::connection(folder.path(), "default_azure_data_lake_storage", "AZURE_DATA_LAKE_STORAGE", &server.fields());
    let mut by_token = server.fields();
    (by_token["account_key"], by_token["sas_token"]) = (Value::Null, json!(server.sas()));
    servers::connection(folder.path(), "sas", "AZURE_DATA_LAKE_STORAGE", &by_token);
    let mut stage = Stage::with(|config| config.connections = Some(folder.path().to_owned())).await;

    let below_in = json!({ "container_name": "landing", "prefix": "in/" });
    let sas = Check { connection: "sas".to_owned(), ..files(below_in.clone(), BEFORE) };
    for asked in [files(below_in.clone(), BEFORE), sas] {
        let (word, outputs) = said(&stage.check(asked).await);
        assert_eq!(word, "passed", "{outputs}");
        let outputs: Value = serde_json::from_str(&outputs).unwrap();
        let mut names: Vec<_> = outputs["files"].as_array().unwrap().iter().map(|file| &file["name"]).collect();
        names.sort_by_key(|name| name.to_string());
        assert_eq!(names, [&json!("in/a 1.csv"), &json!("in/b+&.csv")]);
        assert_eq!(outputs["files"][0]["size"], 4);
        assert!(outputs["files"][0]["last_modified"].as_str().unwrap().starts_with("20"), "{outputs}");
    }
    for (parameters, since, word, expected) in [
        (below_in, AFTER, "pending", "2 file(s) below \"in/\""),
        (json!({ "container_name": "landing", "prefix": "%2e/&marker=x" }), BEFORE, "pending", "there is no file"),
        (json!({ "container_name": "landing", "check_latest": true }), AFTER, "passed", "out/c.csv"),
        (json!({ "container_name": "empty" }), BEFORE, "pending", "there is no file"),
        (json!({ "container_name": "nowhere" }), BEFORE, "misconfigured", "ContainerNotFound"),
        (json!({ "container_name": "landing", "account_name": "another" }), BEFORE, "misconfigured", "answered 4"),
    ] {
        let answer = said(&stage.check(files(parameters.clone(), since)).await);
        assert!(answer.0 == word && answer.1.contains(expected), "{parameters}: {answer:?}");
    }

    // The job waits for the first file.
    let job = |task, container: &str| {
        offer(task, "AZURE_DATA_LAKE_STORAGE", "ADLS_SENSOR", json!({ "container_name": container }))
    };
    stage.offer(vec![job(1, "empty"), job(2, "nowhere"), job(3, "landing")]).await;
    assert_eq!(stage.told(2).await.0, "misconfigured");
    let (word, outputs, _) = stage.told(3).await;
    assert!(word == "succeeded" && outputs.contains("in/a 1.csv"), "{outputs}");
    stage.log_with(1, "waiting for one").await;
    server.write("empty", "first.csv").await;
    let (word, outputs, _) = stage.told(1).await;
    assert!(word == "succeeded" && outputs.contains("first.csv"), "{outputs}");
    stage.shut_down().await;
}

#[tokio::test]
async fn wrong_credentials_are_said_and_not_repeated() {
    let Some(server) = Azurite::start().await else { return };
    server.make("landing").await;
    let folder = tempfile::tempdir().unwrap();
    let mut stage = Stage::with(|config| config.connections = Some(folder.path().to_owned())).await;
    let nobody = format!("http://127.0.0.1:{}", servers::free_port());
    for (change, word, expected) in [
        (json!({ "account_key": "d3JvbmctczNjcmV0" }), "misconfigured", "answered 403"),
        (json!({ "account_key": "wrong s3cret!" }), "misconfigured", "must be the key of a storage account"),
        (json!({ "account_key": null, "sas_token": "sv=2020-08-04&sig=s3cret" }), "misconfigured", "answered 403"),
        (json!({ "account_key": null }), "misconfigured", "needs account_key, sas_token, or tenant_id"),
        (json!({ "account_name": null }), "misconfigured", "account_name"),
        (json!({ "endpoint": "azurite" }), "misconfigured", "endpoint must be"),
        (json!({ "endpoint": nobody }), "transient", "cannot reach"),
    ] {
        let mut fields = server.fields();
        fields.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        servers::connection(folder.path(), "default_azure_data_lake_storage", "AZURE_DATA_LAKE_STORAGE", &fields);
        let (found, text) = said(&stage.check(files(json!({ "container_name": "landing" }), BEFORE)).await);
        assert!(found == word && text.contains(expected) && !text.contains("s3cret"), "{change}: {found}: {text}");
    }
    stage.shut_down().await;
}
