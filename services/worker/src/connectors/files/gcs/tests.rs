//! Against a server of the API's shape.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use downbeat_proto::events::v1::FailureClass;
use downbeat_proto::worker::v1::Offer;
use downbeat_runtime::blob::BlobStore;
use tokio::net::TcpListener;
use uuid::Uuid;

use super::*;
use crate::attempt::AttemptId;
use crate::connectors::{Registry, Submit};
use crate::home::Home;
use crate::runner::Runner;
use crate::stop::stop_channel;
use crate::testing::recorded::{
    test_key,
    wire::{self, Answer, Asked},
};

const TOKEN: &str = "gcs-s3cret-token";

#[derive(Default)]
struct Storage {
    objects: BTreeMap<String, (String, String)>,
    sign_ins: u32,
    /// Tokens that were given before do not count any more.
    withdrawn: bool,
}

impl Storage {
    fn answer(&mut self, asked: &Asked) -> (u16, String) {
        let url = Url::parse(&format!("http://localhost{}", asked.target)).unwrap();
        if url.path() == "/token" {
            self.sign_ins += 1;
            self.withdrawn = false;
            return (200, json!({ "access_token": TOKEN, "expires_in": 3600 }).to_string());
        }
        let shown = asked.headers.get("authorization").cloned().unwrap_or_default();
        if shown != format!("Bearer {TOKEN}") || self.withdrawn {
            return (401, format!("who is {shown}?"));
        }
        let query: BTreeMap<_, _> = url.query_pairs().into_owned().collect();
        match (asked.method.as_str(), url.path()) {
            ("POST", "/upload/storage/v1/b/landing/o") => {
                let kind = asked.headers.get("content-type").cloned().unwrap_or_default();
                self.objects.insert(query["name"].clone(), (kind, asked.body.clone()));
                (200, "{}".to_owned())
            }
            (_, "/upload/storage/v1/b/busy/o") => (503, "later".to_owned()),
            (_, path) => match path.strip_prefix("/storage/v1/b/landing/o/") {
                Some("a%2Fhuge.csv") => (200, "x".repeat(FILE_BYTES_MAX + 1)),
                Some(name) => {
                    let name = name.replace("%2F", "/").replace("%20", " ");
                    let found = self.objects.get(&name);
                    found.map_or_else(
                        || (404, format!("No such object: {name} ({shown})")),
                        |(_, body)| (200, body.clone()),
                    )
                }
                None => (403, "denied".to_owned()),
            },
        }
    }
}

struct Stage {
    storage: Arc<Mutex<Storage>>,
    runner: Runner,
    folder: tempfile::TempDir,
    serving: tokio::task::JoinHandle<()>,
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Stage {
    async fn set() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let storage = Arc::new(Mutex::new(Storage::default()));
        let served = Arc::clone(&storage);
        let serving = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let Some(asked) = wire::read(&mut stream).await else { continue };
                let (status, body) = served.lock().unwrap_or_else(PoisonError::into_inner).answer(&asked);
                wire::write(&mut stream, &Answer { status, headers: Vec::new(), body, halved: false }).await;
            }
        });
        let folder = tempfile::tempdir().unwrap();
        let key = json!({ "client_email": "d@p.iam.gserviceaccount.com", "private_key": test_key() }).to_string();
        let fields = json!({ "service_account": key, "endpoint": endpoint });
        let file = json!({ "integration": INTEGRATION, "fields": fields }).to_string();
        std::fs::write(folder.path().join("default_gcp_cloud_storage.json"), file).unwrap();
        let connections = || Connections::new(Some(folder.path().to_owned()));
        let tokens = Arc::new(Tokens::default());
        let runner = Runner {
            home: Home::open(&folder.path().join("worker")).unwrap(),
            blobs: BlobStore::open(&folder.path().join("blobs")).unwrap(),
            registry: Registry::of(vec![
                Arc::new(GetFile { connections: connections(), tokens: Arc::clone(&tokens) }),
                Arc::new(PutFile { connections: connections(), tokens }),
            ]),
        };
        Self { storage, runner, folder, serving }
    }

    async fn run(&self, job: &str, parameters: Value) -> Ended {
        let id = AttemptId { run: [1; 16], task: 0, number: 1 };
        let offer = Offer {
            attempt: Some(id.to_wire()),
            task_run_id: Uuid::from_u128(5).to_string(),
            integration: INTEGRATION.to_owned(),
            integration_job: format!("GCP_CLOUD_STORAGE_{job}_FILE"),
            parameters: parameters.to_string(),
            ..Offer::default()
        };
        let (_ask, stop) = stop_channel();
        self.runner.run(id, offer, stop, Submit::nobody()).await
    }
}

#[tokio::test]
async fn what_was_put_can_be_got() {
    let stage = Stage::set().await;
    for (name, content, encoding) in [("a/b c.csv", "id\n1ä\n", "utf-8"), ("x", "", "utf-8"), ("y", "aGk=", "base64")]
    {
        let object = json!({ "bucket_name": "landing", "object_name": name, "file_encoding": encoding });
        let mut put = object.clone();
        put["content"] = json!(content);
        put["content_type"] = json!("text/csv");
        let ended = stage.run("PUT", put).await;
        assert!(matches!(ended.ending, Ending::Succeeded { .. }), "{ended:?}");
        assert_eq!(ended.collection.assets[0].key, format!("gs://landing/{name}"));
        let Ending::Succeeded { outputs, .. } = stage.run("GET", object).await.ending else { panic!("{name}") };
        let outputs: Value = serde_json::from_str(&outputs).unwrap();
        assert_eq!(outputs["content"], content);
    }
    let storage = stage.storage.lock().unwrap_or_else(PoisonError::into_inner);
    assert_eq!(storage.objects["a/b c.csv"], ("text/csv".to_owned(), "id\n1ä\n".to_owned()));
    assert_eq!(storage.sign_ins, 1, "a token is kept");
}

#[tokio::test]
async fn a_token_that_was_withdrawn_is_fetched_anew() {
    let stage = Stage::set().await;
    let put = json!({ "bucket_name": "landing", "object_name": "a", "file_encoding": "utf-8", "content": "x" });
    stage.run("PUT", put.clone()).await;
    stage.storage.lock().unwrap_or_else(PoisonError::into_inner).withdrawn = true;
    assert!(matches!(stage.run("PUT", put).await.ending, Ending::Succeeded { .. }));
    assert_eq!(stage.storage.lock().unwrap_or_else(PoisonError::into_inner).sign_ins, 2);
}

#[tokio::test]
async fn what_cannot_be_done_says_what_and_where() {
    let stage = Stage::set().await;
    let cases = [
        ("GET", json!({ "object_name": "missing" }), FailureClass::JobFailed, "No such object: missing (Bearer ***)"),
        ("GET", json!({ "object_name": "a/huge.csv" }), FailureClass::Misconfigured, "is larger than 3 MiB"),
        ("GET", json!({ "object_name": ".." }), FailureClass::Misconfigured, "object_name is \"..\", which is no name"),
        ("GET", json!({ "bucket_name": "../../x", "object_name": "a" }), FailureClass::Misconfigured, "answered 403"),
        ("GET", json!({ "object_name": "a", "file_encoding": "ebcdic" }), FailureClass::Misconfigured, "file_encoding"),
        (
            "PUT",
            json!({ "bucket_name": "busy", "object_name": "a", "content": "x" }),
            FailureClass::Transient,
            "answered 503",
        ),
        ("PUT", json!({ "object_name": "a" }), FailureClass::Misconfigured, "content"),
    ];
    for (job, change, class, says) in cases {
        let mut parameters = json!({ "bucket_name": "landing", "file_encoding": "utf-8" });
        for (name, value) in change.as_object().unwrap() {
            parameters[name] = value.clone();
        }
        let Ending::Failed(failure) = stage.run(job, parameters).await.ending else { panic!("{change}") };
        assert_eq!(failure.class, class, "{change}: {}", failure.message);
        assert!(failure.message.contains(says) && !failure.message.contains("s3cret"), "{}", failure.message);
    }
    let file = stage.folder.path().join("default_gcp_cloud_storage.json");
    std::fs::write(file, json!({ "integration": INTEGRATION, "fields": { "service_account": "s3cret" } }).to_string())
        .unwrap();
    let get = json!({ "bucket_name": "landing", "object_name": "a", "file_encoding": "utf-8" });
    let Ending::Failed(failure) = stage.run("GET", get).await.ending else { panic!() };
    assert!(failure.message.contains("the service account's key file is no JSON"), "{}", failure.message);
}
