//! KAFKA_CHECK_TOPIC on a real broker of Apache Kafka.

// Helpers outside of #[test] functions may fail their test, too.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used)]
mod support;

use serde_json::{Value, json};
use support::{Stage, kafka::Kafka, offer, servers};

/// A worker, and the folder of its connections.
struct Asker {
    stage: Stage,
    folder: tempfile::TempDir,
    asked: u32,
}

impl Asker {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let stage = Stage::with(|config| config.connections = Some(folder.path().to_owned())).await;
        Self { stage, folder, asked: 0 }
    }

    /// What a check of a topic says over a connection with these fields: its word, and its outputs or message.
    async fn check(&mut self, fields: &Value, topic: &str) -> (&'static str, String) {
        self.asked += 1;
        let name = format!("kafka_{}", self.asked);
        servers::connection(self.folder.path(), &name, "KAFKA", fields);
        let mut check = offer(self.asked, "KAFKA", "KAFKA_CHECK_TOPIC", json!({ "topic_id": topic }));
        check.connection = name;
        self.stage.offer(vec![check]).await;
        let (word, text, operation) = self.stage.told(self.asked).await;
        if let Some(operation) = operation {
            let named = operation.asset.starts_with("kafka://") && operation.asset.ends_with(topic);
            assert_eq!((named, operation.r#type.as_str()), (word == "succeeded", "TEST"), "{operation:?}");
        }
        (word, text)
    }
}

/// One broker for all of it: it takes some seconds to come.
#[tokio::test]
async fn topics_are_looked_at_by_whoever_may_and_never_made() {
    let Some(broker) = Kafka::start().await else { return };
    broker.fill("orders", 10);
    let mut asker = Asker::new().await;
    let (word, text) = asker.check(&broker.fields(), "orders").await;
    assert_eq!(word, "succeeded", "{text}");
    let outputs: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&outputs["partitions"], &outputs["records"]), (&json!(3), &json!(10)), "{text}");
    assert_eq!(outputs["offsets"].as_array().unwrap().len(), 3);
    assert_eq!(outputs["under_replicated"], 0);

    let authority = format!("file:{}", broker.folder.path().join("server.pem").display());
    let sasl = |mechanism: &str, password: &str| {
        json!({
            "bootstrap_servers": format!("127.0.0.1:1, 127.0.0.1:{}", broker.sasl_port), "sslmode": "disable",
            "sasl_mechanism": mechanism, "username": "downbeat", "password": password,
        })
    };
    let tls = |mode: &str, authority: &str| {
        json!({
            "bootstrap_servers": format!("127.0.0.1:{}", broker.tls_port), "sslmode": mode, "ca_certificate": authority,
            "sasl_mechanism": "SCRAM-SHA-512", "username": "downbeat", "password": Kafka::PASSWORD,
        })
    };
    let open = |changes: Value| {
        let mut fields = broker.fields();
        fields.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        fields
    };
    for (fields, topic, word, expected) in [
        (sasl("PLAIN", Kafka::PASSWORD), "orders", "succeeded", r#""records":10"#),
        (sasl("SCRAM-SHA-256", Kafka::PASSWORD), "orders", "succeeded", r#""records":10"#),
        (sasl("SCRAM-SHA-512", Kafka::PASSWORD), "orders", "succeeded", r#""records":10"#),
        (sasl("PLAIN", "another-s3cret"), "orders", "misconfigured", "password is wrong (error 58)"),
        (sasl("SCRAM-SHA-512", "another-s3cret"), "orders", "misconfigured", "password is wrong (error 58)"),
        (sasl("GSSAPI", "another-s3cret"), "orders", "misconfigured", "the field sasl_mechanism must be"),
        (tls("verify-full", &authority), "orders", "succeeded", r#""records":10"#),
        (tls("require", ""), "orders", "succeeded", r#""records":10"#),
        (tls("verify-full", ""), "orders", "misconfigured", "TLS handshake"),
        (tls("disable", ""), "orders", "transient", "sslmode"),
        (open(json!({ "sslmode": "require" })), "orders", "transient", "TLS"),
        (
            open(json!({ "username": "downbeat", "password": "some-s3cret" })),
            "orders",
            "misconfigured",
            "not expected there",
        ),
        (
            open(json!({ "bootstrap_servers": format!("127.0.0.1:{}", broker.sasl_port) })),
            "orders",
            "transient",
            "sign-in",
        ),
        (
            open(json!({ "bootstrap_servers": "127.0.0.1:1" })),
            "orders",
            "transient",
            "cannot reach the broker at 127.0.0.1:1",
        ),
        (open(json!({ "bootstrap_servers": "169.254.169.254" })), "orders", "misconfigured", "link-local"),
        (open(json!({ "bootstrap_servers": "kafka://broker" })), "orders", "misconfigured", "and no URL"),
        (broker.fields(), "lost", "misconfigured", "the topic lost at 127.0.0.1"),
        // Asking for it has not made it, as it would for others here.
        (broker.fields(), "lost", "misconfigured", "there is no such topic"),
        (broker.fields(), "a topic", "misconfigured", "the parameter topic_id is no name"),
    ] {
        let (said, text) = asker.check(&fields, topic).await;
        assert_eq!(said, word, "{fields}: {text}");
        assert!(text.contains(expected), "{fields}: {text}");
    }
    asker.stage.shut_down().await;
}
