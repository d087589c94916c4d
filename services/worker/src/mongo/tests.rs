//! Servers of the protocol's shape: replica sets, and ones that misbehave.

use bson::{RawDocumentBuf, doc, rawdoc};
use downbeat_proto::events::v1::FailureClass;
use serde_json::{Value, json};

use super::{
    Asked, Canceller, Command, FIELDS, Json, NotRun, Ran, Target,
    shape::{Answer, Server, server},
};
use crate::connections::Connections;
use crate::sql::Cancel as _;

const LIMIT: u64 = 1024 * 1024;

async fn target(host: &str, more: &[(&str, &str)]) -> Target {
    let folder = tempfile::tempdir().unwrap();
    let mut fields = json!({ "host": host, "database": "shop", "sslmode": "disable" });
    more.iter().for_each(|(name, value)| fields[*name] = json!(value));
    let file = json!({ "integration": "MONGODB", "fields": fields }).to_string();
    std::fs::write(folder.path().join("default_mongodb.json"), file).unwrap();
    let connections = Connections::new(Some(folder.path().to_owned()));
    let connection = connections.open("", "MONGODB", FIELDS).await.unwrap().unwrap();
    Target::read(&connection, None).unwrap()
}

/// What a command brings from a server: at most so many documents are taken.
async fn ask(server: &Server, command: &str, room: usize) -> (Result<Ran, NotRun>, Vec<Value>) {
    let command = Command::read(&Json { name: "command", text: command }).unwrap();
    let mut session = target(&server.address(), &[]).await.sign_in("token", LIMIT).await.unwrap();
    let mut documents = Vec::new();
    let take = &mut |document| {
        documents.push(document);
        documents.len() < room
    };
    let ran = session.run(Asked { command: &command, time: None, take }).await;
    (ran, documents)
}

#[tokio::test]
async fn the_primary_of_a_set_is_found_and_never_at_a_link_local_address() {
    let real = server(|_, _| Answer::Say(rawdoc! { "ok": 1 })).await;
    let secondary = |primary: Option<String>| {
        Server::start(move |_, _| {
            let mut said = rawdoc! { "ok": 1.0, "isWritablePrimary": false, "secondary": true };
            if let Some(primary) = &primary {
                said.append(bson::raw::cstr!("primary"), primary.as_str());
            }
            Answer::Say(said)
        })
    };
    let (to_real, to_cloud) =
        (secondary(Some(real.address())).await, secondary(Some("169.254.169.254:80".to_owned())).await);
    let lonely = secondary(None).await;
    for (first, expected) in [
        (to_real.address(), Ok(())),
        (format!("127.0.0.1:1, {}, {}", lonely.address(), real.address()), Ok(())),
        (lonely.address(), Err("none of the servers is a primary")),
        (to_cloud.address(), Err("link-local")),
    ] {
        match (target(&first, &[]).await.sign_in("", LIMIT).await, expected) {
            (Ok(session), Ok(())) => assert_eq!(session.address.port, real.port),
            (Err(failure), Err(why)) => assert!(failure.message.contains(why), "{}", failure.message),
            (found, _) => panic!("{first}: {:?}", found.err()),
        }
    }
}

#[tokio::test]
async fn a_server_that_does_not_know_the_password_is_left() {
    for (mechanisms, payload, why) in [
        (vec!["SCRAM-SHA-256"], "r=somebody else,s=AAAA,i=4096", "somebody else's"),
        (vec!["SCRAM-SHA-1"], "r=x,s=AAAA,i=10", "somebody else's"),
        (vec![], "nonsense", "cannot be read"),
        (vec!["PLAIN", "MONGODB-X509"], "", "with PLAIN, MONGODB-X509 only"),
    ] {
        let server = Server::start(move |name, _| {
            if name == "hello" {
                let offered = bson::RawArrayBuf::from_iter(mechanisms.iter().copied());
                return Answer::Say(rawdoc! { "ok": 1, "isWritablePrimary": true, "saslSupportedMechs": offered });
            }
            let payload =
                bson::Binary { subtype: bson::spec::BinarySubtype::Generic, bytes: payload.as_bytes().to_vec() };
            Answer::Say(rawdoc! { "ok": 1, "conversationId": 1, "done": false, "payload": payload })
        });
        let server = server.await;
        let target = target(&server.address(), &[("username", "u"), ("password", "s3cret")]).await;
        let failure = target.sign_in("", LIMIT).await.err().unwrap();
        assert_eq!(failure.class, FailureClass::Misconfigured, "{}", failure.message);
        assert!(failure.message.contains(why) && !failure.message.contains("s3cret"), "{}", failure.message);
        assert!(format!("{:?}", server.heard("hello")).contains("admin.u"));
    }
}

#[tokio::test]
async fn answers_that_are_none_or_too_large_are_refused() {
    let deep = || (0..500).fold(rawdoc! {}, |inner, _| rawdoc! { "a": inner });
    let cursor = |batch: RawDocumentBuf| {
        rawdoc! { "ok": 1, "cursor": { "id": 0_i64, "ns": "shop.a", "firstBatch": [batch] } }
    };
    type Made = Box<dyn Fn() -> Answer + Send + Sync>;
    let cases: Vec<(Made, FailureClass, &str)> = vec![
        (Box::new(move || Answer::Say(cursor(deep()))), FailureClass::Transient, "nested too deeply"),
        (
            Box::new(|| Answer::Say(rawdoc! { "ok": 1, "cursor": { "id": 0_i64 } })),
            FailureClass::Transient,
            "a cursor is none",
        ),
        (Box::new(|| Answer::Say(rawdoc! { "no": "ok" })), FailureClass::Transient, "whether it is one of success"),
        (Box::new(|| Answer::Claim(3_000_000, vec![0; 3_000_000])), FailureClass::Misconfigured, "larger than 1 MiB"),
        (Box::new(|| Answer::Claim(u32::MAX, vec![0; 9])), FailureClass::Transient, "does not speak"),
        (Box::new(|| Answer::Claim(20, vec![])), FailureClass::Transient, "none of the protocol"),
        (Box::new(|| Answer::Claim(30, vec![9; 9])), FailureClass::Transient, "no document"),
        (Box::new(|| Answer::HangUp), FailureClass::Transient, "the line was lost"),
    ];
    for (made, class, why) in cases {
        let server = server(move |_, _| made()).await;
        let (ran, _) = ask(&server, r#"{"find": "a"}"#, 9).await;
        let Err(NotRun::Failed(failure)) = ran else { panic!("{why}: {ran:?}") };
        assert_eq!(failure.class, class, "{}", failure.message);
        assert!(failure.message.contains(why), "{}", failure.message);
    }
}

#[tokio::test]
async fn of_a_write_that_was_broken_off_nobody_knows() {
    for (answer, known, why) in [
        (
            doc! { "ok": 0, "code": 11_602, "codeName": "InterruptedDueToReplStateChange", "errmsg": "gone" },
            false,
            "error 11602",
        ),
        (doc! { "ok": 0, "code": 50, "codeName": "MaxTimeMSExpired", "errmsg": "slow" }, false, "error 50"),
        (doc! { "ok": 1, "n": 1, "writeConcernError": { "code": 64, "errmsg": "waiting" } }, false, "1 were written"),
        (
            doc! { "ok": 1, "n": 2, "writeErrors": [{ "index": 2, "code": 11_000, "errmsg": "twice" }] },
            true,
            "2 were carried out",
        ),
        (doc! { "ok": 0, "code": 10_107, "codeName": "NotWritablePrimary", "errmsg": "not me" }, true, "error 10107"),
        (doc! { "ok": 0, "code": 13, "codeName": "Unauthorized", "errmsg": "no" }, true, "error 13"),
        (doc! {}, false, "the line was lost"),
    ] {
        let said = answer.clone();
        let server = server(move |_, _| match said.is_empty() {
            true => Answer::HangUp,
            false => Answer::Say(RawDocumentBuf::try_from(&said).unwrap()),
        });
        let (ran, _) = ask(&server.await, r#"{"insert": "a", "documents": [{}]}"#, 9).await;
        let (failure, told) = match ran {
            Err(NotRun::Failed(failure)) => (failure, true),
            Err(NotRun::InDoubt(failure)) => (failure, false),
            Ok(ran) => panic!("{answer}: {ran:?}"),
        };
        assert_eq!(told, known, "{}", failure.message);
        assert!(failure.message.contains(why), "{}", failure.message);
    }
}

#[tokio::test]
async fn cursors_are_read_to_their_end_or_given_back() {
    let server = server(|name, _| {
        let documents = |first: i32| bson::RawArrayBuf::from_iter((first..first + 3).map(|id| rawdoc! { "_id": id }));
        let cursor = |portion: &str, id: i64, first: i32| {
            let batch = documents(first);
            match portion {
                "firstBatch" => rawdoc! { "id": id, "ns": "shop.a.b", "firstBatch": batch },
                _ => rawdoc! { "id": id, "ns": "shop.a.b", "nextBatch": batch },
            }
        };
        Answer::Say(match name {
            "find" => rawdoc! { "ok": 1, "cursor": cursor("firstBatch", 7, 0) },
            "getMore" => rawdoc! { "ok": 1, "cursor": cursor("nextBatch", 0, 3) },
            _ => rawdoc! { "ok": 1 },
        })
    })
    .await;
    let find = r#"{"find": "a.b"}"#;
    let (ran, documents) = ask(&server, find, 99).await;
    assert_eq!((documents.len(), ran.unwrap().more), (6, false));
    let more = &server.heard("getMore")[0];
    assert_eq!((more.get_str("collection").unwrap(), more.get_i64("getMore").unwrap()), ("a.b", 7));
    assert_eq!(more.get("lsid"), server.heard("find")[0].get("lsid"), "one session");
    let (ran, documents) = ask(&server, find, 2).await;
    assert_eq!((documents.len(), ran.unwrap().more), (2, true));
    assert_eq!(server.heard("killCursors")[0].get_array("cursors").unwrap(), &[bson::Bson::Int64(7)]);
}

/// What an attempt does carries a session's id that is its own, so that whoever comes after a loss can end it.
#[tokio::test]
async fn what_runs_is_ended_by_the_session_of_its_attempt() {
    let server = server(|_, _| Answer::Say(rawdoc! { "ok": 1, "n": 1 })).await;
    ask(&server, r#"{"insert": "a", "documents": [{}]}"#, 9).await.0.unwrap();
    let target = target(&server.address(), &[]).await;
    Canceller::of(target.clone(), "token").cancel().await.unwrap();
    Canceller::of(target, "another").cancel().await.unwrap();
    let ran = server.heard("insert")[0].get_document("lsid").unwrap().clone();
    let killed: Vec<_> =
        server.heard("killSessions").iter().map(|kill| kill.get_array("killSessions").unwrap().clone()).collect();
    assert_eq!(killed[0], [bson::Bson::Document(ran)]);
    assert_ne!(killed[0], killed[1]);
}
