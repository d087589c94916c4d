//! A service that is asked, and posts later, to whichever worker.

use std::time::Duration;

use downbeat_proto::events::v1::FailureClass;
use downbeat_proto::worker::v1::{Offer, Resume};
use downbeat_runtime::blob::BlobStore;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::mpsc};

use super::*;
use crate::attempt::{AttemptId, Ended, Ending};
use crate::callbacks::Listening;
use crate::connections::Secret;
use crate::connectors::{Registry, Submit};
use crate::home::Home;
use crate::remote::{Pace, Remote};
use crate::runner::Runner;
use crate::stop::{StopLevel, stop_channel};
use crate::testing::recorded::wire::{self, Answer, Asked};

const KEY: &str = "workers-s3cret-key";

struct Stage {
    runner: Runner,
    service: String,
    asked: mpsc::UnboundedReceiver<Asked>,
    /// Two workers that can be called; the second took nothing itself.
    doors: [Listening; 2],
    _folder: tempfile::TempDir,
}

impl Stage {
    async fn set(status: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let service = format!("http://{}/start", listener.local_addr().unwrap());
        let (tell, asked) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let Some(request) = wire::read(&mut stream).await else { continue };
                if tell.send(request).is_err() {
                    return;
                }
                let body = "begun, and no JSON".to_owned();
                wire::write(&mut stream, &Answer { status, headers: Vec::new(), body, halved: false }).await;
            }
        });
        let folder = tempfile::tempdir().unwrap();
        let store = BlobStore::open(&folder.path().join("blobs")).unwrap();
        let callbacks = || Callbacks::new(store.clone(), Secret::new(KEY), "https://downbeat.example.com/".to_owned());
        let here = || "127.0.0.1:0".parse().unwrap();
        let doors = [callbacks().serve(here()).await.unwrap(), callbacks().serve(here()).await.unwrap()];
        let job = HttpRequestAsync { callbacks: callbacks(), connections: Connections::new(None) };
        let short = (Duration::from_millis(1), Duration::from_millis(5));
        let pace = Pace { again: short, polls: Some(short), start_wait: Duration::from_millis(50), ..Pace::default() };
        let runner = Runner {
            home: Home::open(&folder.path().join("worker")).unwrap(),
            blobs: store.clone(),
            registry: Registry::of(vec![Arc::new(Remote::paced(Arc::new(job), pace))]),
        };
        Self { runner, service, asked, doors, _folder: folder }
    }

    async fn attempt(&self, number: u32, resume: Option<Job>, kill: Option<Duration>) -> (Ended, Option<Job>) {
        let id = AttemptId { run: [7; 16], task: 0, number };
        let resume = resume.map(|job| Resume { token_attempt: 1, handle: job.handle.into(), ..Resume::default() });
        let parameters = json!({ "method": "POST", "path": self.service, "body": "{}", "set_outputs": true });
        let offer = Offer {
            attempt: Some(id.to_wire()),
            task_run_id: Uuid::from_u128(5).to_string(),
            integration: "HTTP".to_owned(),
            integration_job: "HTTP_REQUEST_ASYNC".to_owned(),
            parameters: parameters.to_string(),
            resume,
            ..Offer::default()
        };
        let (ask, stop) = stop_channel();
        let (tell, mut told) = mpsc::unbounded_channel();
        let submit = Submit::new(move |job| {
            tell.send(job).unwrap();
            async {}
        });
        let asked = async {
            if let Some(after) = kill {
                tokio::time::sleep(after).await;
                ask.ask(StopLevel::Kill);
            }
            std::future::pending::<()>().await;
        };
        let ended = tokio::select! {
            ended = self.runner.run(id, offer, stop, submit) => ended,
            () = asked => unreachable!("it waits for ever"),
        };
        (ended, told.recv().await)
    }

    /// The service says something of the job that it was asked for.
    async fn post(&self, door: usize, key: &str, event: Value) -> u16 {
        let url = reqwest::Url::parse(&format!("http://{}/any/path", self.doors[door].address)).unwrap();
        let mut headers = reqwest::header::HeaderMap::new();
        headers.insert("authorization", format!("Bearer {key}").parse().unwrap());
        let body = Some(event.to_string().into());
        let request = web::Request { method: reqwest::Method::POST, url, headers, body };
        web::exchange(&request, HTTP_WAIT, None).await.unwrap().status.as_u16()
    }
}

fn of(asked: &Asked) -> (String, String) {
    assert_eq!(asked.headers["orchestra_webhook_url"], "https://downbeat.example.com/");
    (asked.headers["orchestra_task_run_id"].clone(), asked.headers["downbeat-callback-key"].clone())
}

fn status(id: &str, status: &str) -> Value {
    json!({ "event_type": "UPDATE_STATUS", "task_run_id": id, "status": status, "message": "42 rows" })
}

#[tokio::test]
async fn the_job_ends_as_it_says_itself_to_whichever_worker() {
    for (word, shared_key) in [("SUCCEEDED", false), ("WARNING", true), ("FAILED", false)] {
        let mut stage = Stage::set(202).await;
        let (first, job) = stage.attempt(1, None, Some(Duration::from_millis(60))).await;
        assert_eq!(first.ending, Ending::Abandoned);
        let (id, own) = of(&stage.asked.recv().await.unwrap());
        let key = if shared_key { KEY } else { &own };
        let output =
            json!({ "event_type": "SET_OUTPUT", "task_run_id": id, "output_name": "rows", "output_value": 42 });
        let log = json!({ "event_type": "LOG", "task_run_id": id, "log_name": "load.log", "data": "all\nof it" });
        assert_eq!(stage.post(0, key, status(&id, "RUNNING")).await, 200);
        assert_eq!(stage.post(1, key, output).await, 200);
        assert_eq!(stage.post(0, key, log).await, 200);
        assert_eq!(stage.post(1, key, status(&id, word)).await, 200);
        let (ended, _) = stage.attempt(2, job, None).await;
        match (word, ended.ending) {
            ("FAILED", Ending::Failed(failure)) => {
                assert_eq!(failure.class, FailureClass::JobFailed);
                assert!(failure.message.contains("FAILED: 42 rows"), "{}", failure.message);
            }
            (_, Ending::Succeeded { warning, outputs, .. }) => {
                assert_eq!((warning, outputs.as_str()), (word == "WARNING", r#"{"rows":42}"#));
            }
            other => panic!("{other:?}"),
        }
        assert!(stage.asked.try_recv().is_err(), "it was asked once");
    }
}

#[tokio::test]
async fn nobody_else_can_say_anything() {
    let stage = Stage::set(202).await;
    let id = Uuid::from_u128(9).to_string();
    let other = Callbacks::new(stage.runner.blobs.clone(), Secret::new(KEY), String::new()).key_of(Uuid::from_u128(8));
    let cases = [
        ("wrong", status(&id, "SUCCEEDED"), 401),
        (other.reveal(), status(&id, "SUCCEEDED"), 401),
        (KEY, status("no-uuid", "SUCCEEDED"), 422),
        (KEY, json!({ "task_run_id": id, "event_type": "REBOOT" }), 422),
        (KEY, json!([]), 422),
        (KEY, status(&id, "MAYBE"), 422),
    ];
    for (key, event, expected) in cases {
        assert_eq!(stage.post(0, key, event.clone()).await, expected, "{event}");
    }
}

#[tokio::test]
async fn a_start_that_is_refused_or_in_doubt_is_never_repeated_blindly() {
    for (answered, class) in [(400, FailureClass::Misconfigured), (500, FailureClass::UnknownOutcome)] {
        let mut stage = Stage::set(answered).await;
        let (ended, _) = stage.attempt(1, None, None).await;
        let Ending::Failed(failure) = ended.ending else { panic!("{ended:?}") };
        assert_eq!(failure.class, class, "{}", failure.message);
        stage.asked.recv().await.unwrap();
        assert!(stage.asked.try_recv().is_err());
    }
    let stage = Stage::set(202).await;
    let (ended, _) = stage.attempt(2, Some(Job::default()), None).await;
    let Ending::Failed(failure) = ended.ending else { panic!("{ended:?}") };
    assert_eq!(failure.class, FailureClass::UnknownOutcome);
}

#[tokio::test]
async fn a_job_that_posts_without_end_hears_that_it_is_too_often_and_others_do_not() {
    let stage = Stage::set(202).await;
    let ids = [1, 2].map(|number| Uuid::from_u128(number).to_string());
    let running = |id: &str| status(id, "RUNNING");
    let mut taken = 0;
    let refused = loop {
        match stage.post(0, KEY, running(&ids[0])).await {
            200 => taken += 1,
            other => break other,
        }
        assert!(taken < 20_000, "nobody minds");
    };
    assert!(taken >= crate::limits::CALLBACKS_IN_A_ROW && refused == 429, "{taken} {refused}");
    assert_eq!(stage.post(0, KEY, running(&ids[1])).await, 200);
    let mut large = running(&ids[1]);
    large["message"] = json!("x".repeat(crate::limits::SCRIPT_EVENT_BYTES_MAX));
    assert_eq!(stage.post(0, KEY, large).await, 413);
}
