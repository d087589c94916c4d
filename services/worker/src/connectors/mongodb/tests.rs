//! Attempts that are stopped or lost while the server works, through the runner, as real ones.

use bson::rawdoc;
use downbeat_proto::worker::v1::{Offer, Resume};
use downbeat_runtime::blob::BlobStore;
use serde_json::json;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::*;
use crate::attempt::{AttemptId, Job};
use crate::connectors::{Registry, Submit};
use crate::home::Home;
use crate::mongo::shape::{Answer, Server, server};
use crate::runner::Runner;
use crate::stop::{StopLevel, stop_channel};

/// A server that works at everything until somebody ends it.
async fn slow() -> Server {
    server(|name, _| match name {
        "killSessions" => Answer::Say(rawdoc! { "ok": 1 }),
        _ => Answer::UntilKilled,
    })
    .await
}

/// How an attempt ends that is asked to, at that level, once the server has heard its command; and what it said that it began.
async fn attempt(
    server: &Server,
    job: &str,
    parameters: serde_json::Value,
    resume: Option<&[u8]>,
    stop_at: Option<(&str, StopLevel)>,
) -> (Ending, Option<Job>) {
    let folder = tempfile::tempdir().unwrap();
    let fields = json!({ "host": server.address(), "database": "shop", "sslmode": "disable" });
    let file = json!({ "integration": "MONGODB", "fields": fields }).to_string();
    std::fs::write(folder.path().join("default_mongodb.json"), file).unwrap();
    let runner = Runner {
        home: Home::open(&folder.path().join("worker")).unwrap(),
        blobs: BlobStore::open(&folder.path().join("blobs")).unwrap(),
        registry: Registry::of(all(&Connections::new(Some(folder.path().to_owned())))),
    };
    let id = AttemptId { run: [7; 16], task: 0, number: 1 };
    let resume = resume.map(|handle| Resume { token_attempt: 1, handle: handle.to_vec().into(), ..Resume::default() });
    let offer = Offer {
        attempt: Some(id.to_wire()),
        task_run_id: Uuid::from_u128(5).to_string(),
        integration: INTEGRATION.to_owned(),
        integration_job: job.to_owned(),
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
    let run = runner.run(id, offer, stop, submit);
    let asked = async {
        if let Some((command, level)) = stop_at {
            server.hears(command).await;
            ask.ask(level);
        }
    };
    let (ended, ()) = tokio::join!(run, asked);
    (ended.ending, told.try_recv().ok())
}

const INSERT: &str = r#"{"insert": "a", "documents": [{}]}"#;

#[tokio::test]
async fn a_stop_ends_what_the_server_does_and_is_confirmed() {
    for (job, parameters, command) in [
        ("MONGODB_RUN_COMMAND", json!({ "command": INSERT }), "insert"),
        ("MONGODB_RUN_COMMAND", json!({ "command": r#"{"find": "a"}"# }), "find"),
        ("MONGODB_RUN_TEST", json!({ "collection": "a" }), "aggregate"),
    ] {
        let server = slow().await;
        let (ending, _) = attempt(&server, job, parameters, None, Some((command, StopLevel::Gentle))).await;
        assert_eq!(ending, Ending::Stopped, "{command}");
        let session = server.heard(command)[0].get_document("lsid").unwrap().clone();
        let killed = server.heard("killSessions")[0].get_array("killSessions").unwrap().clone();
        assert_eq!(killed, [bson::Bson::Document(session)], "{command}");
    }
}

#[tokio::test]
async fn what_is_let_go_of_is_ended_by_whoever_carries_on_and_never_sent_again() {
    let server = slow().await;
    let parameters = || json!({ "command": INSERT });
    let killed = Some(("insert", StopLevel::Kill));
    let (ending, begun) = attempt(&server, "MONGODB_RUN_COMMAND", parameters(), None, killed).await;
    assert_eq!(ending, Ending::Abandoned);
    let handle = begun.unwrap().handle;
    let (ending, _) = attempt(&server, "MONGODB_RUN_COMMAND", parameters(), Some(&handle), None).await;
    let Ending::Failed(failure) = ending else { panic!("{ending:?}") };
    assert_eq!(failure.class, downbeat_proto::events::v1::FailureClass::UnknownOutcome, "{}", failure.message);
    assert_eq!(server.heard("insert").len(), 1);
    let session = server.heard("insert")[0].get_document("lsid").unwrap().clone();
    assert_eq!(server.heard("killSessions")[0].get_array("killSessions").unwrap(), &[bson::Bson::Document(session)]);
}
