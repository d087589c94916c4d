//! Jobs and checks of MONGODB on a real FerretDB server, which speaks MongoDB's protocol.

// Helpers outside of #[test] functions may fail their test, too.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used)]
mod support;

use downbeat_proto::events::v1::Operation;
use downbeat_proto::worker::v1::Resume;
use serde_json::{Value, json};
use support::{Stage, check, ferretdb::FerretDb, offer, said, servers};

/// A worker with a connection to the server.
async fn stage(fields: &Value) -> (Stage, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    servers::connection(folder.path(), "default_mongodb", "MONGODB", fields);
    (Stage::with(|config| config.connections = Some(folder.path().to_owned())).await, folder)
}

/// The same with some orders.
async fn filled(server: &FerretDb) -> (Stage, tempfile::TempDir) {
    let (mut stage, folder) = stage(&server.fields()).await;
    let orders = json!([
        { "_id": 1, "state": "new", "price": 2 }, { "_id": 2, "state": "done", "price": 3 }, { "_id": 3, "state": "new", "price": 5 },
    ]);
    let command = json!({ "insert": "orders", "documents": orders });
    assert_eq!(run(&mut stage, 9_000, json!({ "command": command.to_string() })).await.1, "3 documents written");
    (stage, folder)
}

/// What became of one command: its word, outputs or message, and its operation.
async fn run(stage: &mut Stage, task: u32, parameters: Value) -> (&'static str, String, Option<Operation>) {
    stage.offer(vec![offer(task, "MONGODB", "MONGODB_RUN_COMMAND", parameters)]).await;
    stage.told(task).await
}

#[tokio::test]
async fn commands_write_bring_documents_and_say_what_is_wrong() {
    let Some(server) = FerretDb::start().await else { return };
    let (mut stage, _folder) = filled(&server).await;
    let many: Vec<Value> = (100..1_300).map(|id| json!({ "_id": id, "text": "x".repeat(4_000) })).collect();
    let mut task = 0;
    for (command, outputs, word, expected, written) in [
        (
            json!({ "find": "orders", "filter": { "_id": 2 } }),
            true,
            "succeeded",
            r#"{"results":[{"_id":2,"state":"done","price":3}],"truncated":false"#,
            -1,
        ),
        (json!({ "find": "orders" }), false, "succeeded", "3 documents", -1),
        (json!({ "find": "nothing" }), true, "succeeded", r#"{"results":[],"truncated":false"#, -1),
        (json!({ "find": "orders", "batchSize": 1, "sort": { "_id": 1 } }), true, "succeeded", r#""_id":3"#, -1),
        (
            json!({ "aggregate": "orders", "pipeline": [{ "$group": { "_id": "$state", "n": { "$sum": 1 } } }, { "$sort": { "_id": 1 } }], "cursor": {} }),
            true,
            "succeeded",
            r#"[{"_id":"done","n":1},{"_id":"new","n":2}]"#,
            -1,
        ),
        (json!({ "count": "orders" }), true, "succeeded", r#""n":3"#, -1),
        (
            json!({ "insert": "events", "documents": [{ "_id": { "$oid": "65b1c0ffee65b1c0ffee65b1" }, "at": { "$date": "2026-01-31T00:00:00Z" } }] }),
            true,
            "succeeded",
            r#""rows_affected":1"#,
            1,
        ),
        (
            json!({ "find": "events" }),
            true,
            "succeeded",
            r#"[{"_id":{"$oid":"65b1c0ffee65b1c0ffee65b1"},"at":{"$date":"2026-01-31T00:00:00Z"}}]"#,
            -1,
        ),
        (
            json!({ "update": "orders", "updates": [{ "q": { "state": "new" }, "u": { "$set": { "seen": true } }, "multi": true }] }),
            false,
            "succeeded",
            "2 documents written",
            2,
        ),
        (
            json!({ "delete": "orders", "deletes": [{ "q": { "seen": true }, "limit": 0 }] }),
            false,
            "succeeded",
            "2 documents written",
            2,
        ),
        (
            json!({ "findAndModify": "orders", "query": { "_id": 2 }, "update": { "$set": { "price": 9 } } }),
            false,
            "succeeded",
            "1 documents written",
            1,
        ),
        (json!({ "insert": "large", "documents": many }), false, "succeeded", "1200 documents written", 1_200),
        (json!({ "find": "large" }), true, "succeeded", r#""truncated":true"#, -1),
        (
            json!({ "insert": "orders", "documents": [{ "_id": 7 }, { "_id": 2 }] }),
            false,
            "failed",
            "1 of the writes failed, 1 were carried out and stay",
            -1,
        ),
        (json!({ "find": "orders", "filter": { "$nonsense": 1 } }), false, "misconfigured", "error 2, BadValue", -1),
        (json!({ "nonsense": 1 }), false, "misconfigured", "error 59, CommandNotFound", -1),
        (
            json!({ "find": "orders", "tailable": true }),
            false,
            "misconfigured",
            "the parameter command is a stream",
            -1,
        ),
    ] {
        task += 1;
        let parameters = json!({ "command": command.to_string(), "set_outputs": outputs });
        let (said, text, operation) = run(&mut stage, task, parameters).await;
        let shown = &command.to_string()[..80.min(command.to_string().len())];
        assert_eq!(said, word, "{shown}: {}", &text[..500.min(text.len())]);
        assert!(text.contains(expected), "{shown}: {}", &text[..500.min(text.len())]);
        let rows = operation.map_or(-1, |operation| operation.rows_affected);
        assert_eq!(rows, written, "{shown}: {text}");
    }
    let elsewhere = json!({ "command": r#"{"count": "orders"}"#, "target_database": "other", "set_outputs": true });
    assert!(run(&mut stage, 101, elsewhere).await.1.contains(r#""n":0"#));
    stage.shut_down().await;
}

#[tokio::test]
async fn tests_hold_what_they_find_against_thresholds() {
    let Some(server) = FerretDb::start().await else { return };
    let (mut stage, _folder) = filled(&server).await;
    let total = r#"[{"$group": {"_id": null, "total": {"$sum": "$price"}}}]"#;
    let mut task = 0;
    for (parameters, word, expected, found) in [
        (json!({}), "failed", "there are 3 documents, which is > 0 (error_threshold_expression)", 3),
        (json!({ "filter": r#"{"state": "lost"}"# }), "succeeded", "there are 0 documents", 0),
        (
            json!({ "filter": r#"{"state": "new"}"#, "error_threshold_expression": "> 2" }),
            "warning",
            "there are 2 documents, which is > 0 (warn",
            2,
        ),
        (
            json!({ "pipeline": total, "error_threshold_expression": "!= 10", "warn_threshold_expression": "> 99" }),
            "succeeded",
            "the pipeline says 10",
            10,
        ),
        (
            json!({ "filter": r#"{"state": "new"}"#, "pipeline": total, "error_threshold_expression": "= 7" }),
            "failed",
            "the pipeline says 7",
            7,
        ),
        (
            json!({ "pipeline": r#"[{"$match": {"price": {"$gt": 2}}}]"#, "error_threshold_expression": "> 2", "warn_threshold_expression": "> 2" }),
            "succeeded",
            "there are 2 documents",
            2,
        ),
        (
            json!({ "pipeline": r#"[{"$match": {"price": 4}}, {"$count": "n"}]"# }),
            "succeeded",
            "there are 0 documents",
            0,
        ),
        (
            json!({ "pipeline": r#"[{"$out": "copy"}]"# }),
            "misconfigured",
            "the parameter pipeline has the stage $out",
            -1,
        ),
        (json!({ "pipeline": "{}" }), "misconfigured", "the parameter pipeline must be a JSON list", -1),
        (json!({ "filter": "state" }), "misconfigured", "the parameter filter is no JSON", -1),
        (json!({ "filter": r#"{"$nonsense": 1}"# }), "misconfigured", "BadValue", -1),
        (json!({ "error_threshold_expression": "many" }), "misconfigured", "error_threshold_expression", -1),
    ] {
        task += 1;
        let mut all = json!({ "collection": "orders" });
        all.as_object_mut().unwrap().extend(parameters.as_object().unwrap().clone());
        stage.offer(vec![offer(task, "MONGODB", "MONGODB_RUN_TEST", all)]).await;
        let (said, text, operation) = stage.told(task).await;
        assert_eq!(said, word, "{parameters}: {text}");
        assert!(text.contains(expected), "{parameters}: {text}");
        assert_eq!(operation.map_or(-1, |operation| operation.failures), found, "{parameters}: {text}");
    }
    stage.shut_down().await;
}

#[tokio::test]
async fn who_signs_in_and_to_whom_is_checked() {
    let Some(server) = FerretDb::start().await else { return };
    let authority = format!("file:{}", server.folder.path().join("server.pem").display());
    let (mut stage, folder) = stage(&server.fields()).await;
    let mut task = 0;
    let tls = |mode: &str| json!({ "sslmode": mode, "port": server.tls_port });
    for (changes, word, expected) in [
        (json!({}), "succeeded", ""),
        (json!({ "host": format!("127.0.0.1:1, 127.0.0.1:{}", server.port) }), "succeeded", ""),
        (tls("require"), "succeeded", ""),
        (json!({ "sslmode": "verify-full", "port": server.tls_port, "ca_certificate": authority }), "succeeded", ""),
        (tls("verify-full"), "misconfigured", "TLS handshake"),
        (tls("disable"), "transient", "127.0.0.1"),
        (json!({ "sslmode": "perhaps" }), "misconfigured", "the field sslmode must be"),
        (json!({ "password": "another-s3cret" }), "misconfigured", "error 18, AuthenticationFailed"),
        (json!({ "username": "nobody" }), "misconfigured", "AuthenticationFailed"),
        (json!({ "username": "", "password": "" }), "misconfigured", "error 13, Unauthorized"),
        (json!({ "password": "" }), "misconfigured", "the field password is missing"),
        (json!({ "database": "" }), "misconfigured", "the field database is missing"),
        (json!({ "host": "mongodb+srv://shop.example.com" }), "misconfigured", "and no URL"),
        (json!({ "host": "169.254.169.254" }), "misconfigured", "link-local"),
        (json!({ "port": 1 }), "transient", "cannot reach the server at 127.0.0.1:1"),
    ] {
        let mut fields = server.fields();
        fields.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        task += 1;
        let name = format!("mongodb_{task}");
        servers::connection(folder.path(), &name, "MONGODB", &fields);
        let mut count = offer(task, "MONGODB", "MONGODB_RUN_COMMAND", json!({ "command": r#"{"count": "orders"}"# }));
        count.connection = name;
        stage.offer(vec![count]).await;
        let (said, text, _) = stage.told(task).await;
        assert_eq!(said, word, "{changes}: {text}");
        assert!(text.contains(expected), "{changes}: {text}");
    }
    stage.shut_down().await;
}

#[tokio::test]
async fn checks_look_and_change_nothing() {
    let Some(server) = FerretDb::start().await else { return };
    let (mut stage, _folder) = filled(&server).await;
    for (query, word, expected) in [
        (
            r#"{"find": "orders", "filter": {"state": "done"}, "projection": {"_id": 1}}"#,
            "passed",
            r#"{"results":[{"_id":2}],"truncated":false}"#,
        ),
        (r#"{"find": "orders", "filter": {"state": "lost"}}"#, "pending", "no document"),
        (r#"{"aggregate": "orders", "pipeline": [{"$match": {"price": 5}}], "cursor": {}}"#, "passed", r#""price":5"#),
        (r#"{"count": "orders", "query": {"state": "new"}}"#, "passed", r#""n":2"#),
        (r#"{"count": "orders", "query": {"state": "lost"}}"#, "pending", "no document"),
        (r#"{"distinct": "orders", "key": "state"}"#, "passed", "done"),
        (r#"{"delete": "orders", "deletes": [{"q": {}, "limit": 0}]}"#, "misconfigured", "does not only look"),
        (
            r#"{"aggregate": "orders", "pipeline": [{"$out": "copy"}], "cursor": {}}"#,
            "misconfigured",
            "does not only look",
        ),
        ("SELECT 1", "misconfigured", "is no JSON"),
    ] {
        let answer = said(&stage.check(check("MONGODB", "MONGODB_QUERY", json!({ "query": query }))).await);
        assert_eq!(answer.0, word, "{query}: {}", answer.1);
        assert!(answer.1.contains(expected), "{query}: {}", answer.1);
    }
    stage.shut_down().await;
}

/// A worker that is lost is carried on for: only what looks is run again.
#[tokio::test]
async fn what_a_lost_worker_began_is_never_begun_twice() {
    let Some(server) = FerretDb::start().await else { return };
    let (mut stage, _folder) = filled(&server).await;
    for (task, handle, command, word, expected) in [
        (1, "1 writes", r#"{"insert": "orders", "documents": [{"_id": 90}]}"#, "unknown", "nobody knows"),
        (2, "", r#"{"insert": "orders", "documents": [{"_id": 91}]}"#, "unknown", "nobody knows"),
        (3, "", r#"{"count": "orders"}"#, "succeeded", r#""n":3"#),
        (4, "2 from a later version", r#"{"dropDatabase": 1}"#, "unknown", "nobody knows"),
    ] {
        let mut again =
            offer(task, "MONGODB", "MONGODB_RUN_COMMAND", json!({ "command": command, "set_outputs": true }));
        again.resume = Some(Resume { token_attempt: 1, handle: handle.to_owned().into(), ..Resume::default() });
        stage.offer(vec![again]).await;
        let (said, text, _) = stage.told(task).await;
        assert_eq!(said, word, "{command}: {text}");
        assert!(text.contains(expected), "{command}: {text}");
    }
    stage.shut_down().await;
}
