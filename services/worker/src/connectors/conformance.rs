//! What every connector must do, asked of each of them through the runner, as a real attempt would.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use downbeat_proto::events::v1::FailureClass;
use downbeat_proto::worker::v1::Offer;
use downbeat_runtime::blob::BlobStore;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Registry, Submit, noop};
use crate::attempt::{AttemptId, Ending};
use crate::callbacks::Callbacks;
use crate::config::WorkerConfig;
use crate::connections::Connections;
use crate::git::Git;
use crate::home::Home;
use crate::runner::Runner;
use crate::script_events::ScriptEvents;
use crate::stop::{StopLevel, stop_channel};
use crate::toolchain::Toolchain;

const CREDENTIAL: &str = "conformance-s3cret";
const JOB: &str = "{apiVersion: batch/v1, kind: Job, spec: {template: {spec: {containers: [{name: c}]}}}}";
const ATTEMPT: AttemptId = AttemptId { run: [1; 16], task: 0, number: 1 };

async fn runner(folder: &Path) -> Runner {
    let config = WorkerConfig::new("http://127.0.0.1:1", folder.join("worker"), folder.join("blobs"));
    let home = Home::open(&config.data).unwrap();
    let toolchain = Arc::new(Toolchain::new(&config, home.environments(), home.tools()));
    let connections = Connections::new(Some(connections(folder)));
    let blobs = BlobStore::open(&config.blobs).unwrap();
    let registry =
        Registry::new(toolchain, Arc::new(ScriptEvents::serve().await.unwrap()), &connections, Git::default(), &blobs)
            .with_callbacks(Some(Callbacks::nobody(blobs.clone())), &connections);
    Runner { home, blobs, registry }
}

/// A folder with a connection of each integration that needs one, to servers that nobody must reach.
fn connections(folder: &Path) -> PathBuf {
    let connections = folder.join("connections");
    std::fs::create_dir_all(&connections).unwrap();
    let database = json!({ "host": "127.0.0.1", "port": 1, "database": "d", "username": "u", "password": CREDENTIAL });
    let machine = json!({
        "host": "127.0.0.1", "port": 1, "username": "u", "password": CREDENTIAL, "insecure_accept_any_host_key": true,
    });
    let bucket = json!({ "endpoint": "http://127.0.0.1:1", "access_key_id": "k", "secret_access_key": CREDENTIAL });
    let nobody = "http://127.0.0.1:1";
    let eks = json!({
        "region": "r", "cluster_name": "c", "access_key_id": "k", "secret_access_key": CREDENTIAL, "endpoint": nobody,
    });
    let gke = json!({
        "project": "p", "location": "l", "cluster_name": "c", "service_account": CREDENTIAL, "endpoint": nobody,
    });
    let aks = json!({
        "tenant_id": "t", "client_id": "c", "client_secret": CREDENTIAL, "subscription_id": "s", "resource_group": "g",
        "endpoint": nobody,
    });
    for (integration, fields) in [
        ("POSTGRES", &database),
        ("MYSQL", &database),
        ("MARIADB", &database),
        ("CLICKHOUSE", &database),
        ("SQL_SERVER", &database),
        ("MONGODB", &database),
        ("KAFKA", &json!({ "bootstrap_servers": "127.0.0.1:1", "username": "u", "password": CREDENTIAL })),
        ("SFTP", &machine),
        ("LINUX_SSH", &machine),
        ("WINDOWS_SSH", &machine),
        ("AWS_S3", &bucket),
        ("MOTHERDUCK", &json!({ "token": CREDENTIAL })),
        ("KUBERNETES", &json!({ "server": "http://127.0.0.1:1", "token": CREDENTIAL })),
        ("AWS_EKS", &eks),
        ("GKE", &gke),
        ("GCP_CLOUD_STORAGE", &json!({ "service_account": CREDENTIAL, "endpoint": nobody })),
        ("AZURE_KUBERNETES_SERVICE", &aks),
        (
            "AZURE_DATA_LAKE_STORAGE",
            &json!({ "account_name": "account", "account_key": "Y29uZm9ybWFuY2UtczNjcmV0", "endpoint": nobody }),
        ),
    ] {
        let file = connections.join(format!("default_{}.json", integration.to_ascii_lowercase()));
        std::fs::write(file, json!({ "integration": integration, "fields": fields }).to_string()).unwrap();
    }
    connections
}

fn offers(registry: &Registry, parameters: &Value) -> Vec<Offer> {
    let jobs =
        registry.jobs().into_iter().filter(|job| (job.integration.as_str(), job.integration_job.as_str()) != noop::JOB);
    jobs.map(|job| Offer {
        attempt: Some(ATTEMPT.to_wire()),
        task_run_id: Uuid::from_u128(5).to_string(),
        integration: job.integration,
        integration_job: job.integration_job,
        parameters: parameters.to_string(),
        ..Offer::default()
    })
    .collect()
}

/// Parameters with which each connector would have something to do.
fn useful() -> Value {
    json!({
        "source": "INLINE", "code": "print(1)", "python_version": "3.11",
        "commands": "dbt build", "method": "GET", "path": "http://127.0.0.1:1/",
        "statement": "SELECT 1", "query": "SELECT 1", "command": "python main.py", "file_path": "a/b",
        "source_integration": "POSTGRES", "destination_integration": "MARIADB", "source_query": "SELECT 1",
        "destination_query": "SELECT 1", "source_table_name": "a", "source_column_name": "b", "destination_table_name": "a",
        "destination_column_name": "b",
        "job_manifest": JOB, "cluster_name": "c", "job_name": "j", "contents": "x", "content": "x", "bucket_name": "b", "object_key": "k", "object_name": "o",
        "file_encoding": "utf-8", "collection": "a", "topic_id": "a", "container_name": "landing",
    })
}

#[tokio::test]
async fn bad_parameters_are_misconfigured_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let runner = runner(folder.path()).await;
    for (parameters, texts) in [
        (
            json!({}),
            [
                "code",
                "command",
                "commands",
                "method",
                "statement",
                "file_path",
                "contents",
                "bucket_name",
                "query",
                "source_integration",
                "job_manifest",
                "cluster_name",
                "collection",
                "topic_id",
                "container_name",
            ]
            .as_slice(),
        ),
        (
            json!({
                "source": 7, "commands": "rm -rf /", "method": "DELETE", "statement": " ", "command": " ", "contents": "",
                "bucket_name": "b", "object_key": "k", "object_name": "o", "file_encoding": "ebcdic", "content_format": "X", "file_path": "f",
                "job_manifest": "kind: Pod", "cluster_name": "c", "job_name": " ", "collection": "a", "filter": "7", "topic_id": "a b", "container_name": "a/../b",
            }),
            &[
                "source",
                "commands",
                "method",
                "statement",
                "command",
                "file_encoding",
                "content_format",
                "query",
                "source_integration",
                "job_manifest",
                "job_name",
                "filter",
                "topic_id",
                "container_name",
            ],
        ),
        (json!([]), &["JSON object"]),
    ] {
        for offer in offers(&runner.registry, &parameters) {
            let job = offer.integration_job.clone();
            let (_ask, stop) = stop_channel();
            let ended = runner.run(ATTEMPT, offer, stop, Submit::nobody()).await;
            let Ending::Failed(failure) = ended.ending else { panic!("{job}: {:?}", ended.ending) };
            assert_eq!(failure.class, FailureClass::Misconfigured, "{job}: {}", failure.message);
            assert!(texts.iter().any(|text| failure.message.contains(text)), "{job}: {}", failure.message);
        }
    }
}

#[tokio::test]
async fn a_stop_before_the_start_starts_nothing() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("dbt_project.yml"), "name: x").unwrap();
    let runner = runner(folder.path()).await;
    for offer in offers(&runner.registry, &useful()) {
        let mut offer = Offer { source_root: folder.path().to_string_lossy().into_owned(), ..offer };
        let job = offer.integration_job.clone();
        if job == "MONGODB_RUN_COMMAND" {
            // Its command is no line of a shell.
            offer.parameters = json!({ "command": r#"{"ping": 1}"# }).to_string();
        }
        let (ask, stop) = stop_channel();
        ask.ask(StopLevel::Gentle);
        assert_eq!(runner.run(ATTEMPT, offer, stop, Submit::nobody()).await.ending, Ending::Stopped, "{job}");
        for folder in [runner.home.attempts(), runner.home.processes()] {
            assert_eq!(std::fs::read_dir(folder).unwrap().count(), 0, "{job} left something");
        }
    }
}

#[tokio::test]
async fn every_job_is_served_by_one_connector_of_its_integration() {
    let folder = tempfile::tempdir().unwrap();
    let registry = runner(folder.path()).await.registry;
    let mut jobs: Vec<_> = registry.jobs().into_iter().map(|job| (job.integration, job.integration_job)).collect();
    let all = jobs.len();
    jobs.sort();
    jobs.dedup();
    assert_eq!(jobs.len(), all);
    assert!(registry.find("PYTHON", "DBT_CORE_EXECUTE").is_err(), "a job belongs to its integration");
}
