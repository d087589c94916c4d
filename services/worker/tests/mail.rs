//! Letters through a real mail server (aiosmtpd).

#![allow(clippy::unwrap_used)]

#[path = "support/servers.rs"]
#[allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used)]
mod servers;

use std::path::Path;

use downbeat_worker::mail::{Letter, MailError, Mailer};
use serde_json::{Value, json};
use servers::{PythonServer, certificate, connection, free_port};

const PASSWORD: &str = "mail-s3cret-word";

struct Post {
    folder: tempfile::TempDir,
    server: PythonServer,
}

impl Post {
    fn office(protection: &str, password: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        certificate(folder.path());
        let server = PythonServer::start("smtp_server.py", &[folder.path().to_str().unwrap(), protection, password]);
        Self { folder, server }
    }

    /// A connection to it, changed so.
    async fn send(&self, change: Value, letter: &Letter) -> Result<(), MailError> {
        let authority = std::fs::read_to_string(self.folder.path().join("server.pem")).unwrap();
        let mut fields = json!({
            "host": "127.0.0.1", "port": self.server.port(), "from": "Downbeat <d@example.org>", "ca_certificate": authority,
            "username": "sender", "password": PASSWORD,
        });
        for (name, value) in change.as_object().unwrap() {
            fields[name] = value.clone();
        }
        send(self.folder.path(), &fields, letter).await
    }

    fn received(&self) -> Vec<Value> {
        let read = |number: u32| std::fs::read_to_string(self.folder.path().join(format!("{number}.json"))).ok();
        (1..).map_while(read).map(|text| serde_json::from_str(&text).unwrap()).collect()
    }
}

async fn send(folder: &Path, fields: &Value, letter: &Letter) -> Result<(), MailError> {
    connection(folder, "post", "EMAIL", fields);
    Mailer::new(Some(folder.to_owned())).send("post", letter).await
}

fn letter(to: &str) -> Letter {
    Letter {
        to: vec![to.to_owned(), "bob@example.com".to_owned()],
        subject: "shop failed: ä".to_owned(),
        text: "It failed.\n.\nThe end.".to_owned(),
        html: None,
        reference: "run-7".to_owned(),
    }
}

#[tokio::test]
async fn a_letter_arrives_over_every_kind_of_line() {
    let nobody = json!({ "username": null, "password": null, "tls": "none" });
    for (protection, password, change) in
        [("starttls", PASSWORD, json!({})), ("implicit", PASSWORD, json!({ "tls": "implicit" })), ("none", "", nobody)]
    {
        let post = Post::office(protection, password);
        post.send(change, &letter("Ada <ada@example.com>")).await.unwrap();
        let [received] = post.received().try_into().unwrap();
        let content = received["content"].as_str().unwrap();
        assert_eq!(received["to"], json!(["ada@example.com", "bob@example.com"]), "{protection}");
        assert_eq!(received["from"], "d@example.org");
        assert_eq!(received["tls"], protection != "none");
        assert_eq!(received["user"], if password.is_empty() { "" } else { "sender" });
        assert!(
            content.contains("Message-ID: <run-7@example.org>") && content.contains("\r\n.\r\nThe end."),
            "{content}"
        );
    }
}

#[tokio::test]
async fn an_error_says_whether_to_try_again_and_never_the_password() {
    let post = Post::office("starttls", PASSWORD);
    let other = Post::office("starttls", PASSWORD);
    let strange = std::fs::read_to_string(other.folder.path().join("server.pem")).unwrap();
    let cases = [
        (json!({}), "later@example.com", true, "greylisted"),
        (json!({}), "never@example.com", false, "no such user"),
        (json!({ "password": "wrong-s3cret" }), "a@example.com", false, "535"),
        (json!({ "port": free_port() }), "a@example.com", true, "cannot be reached"),
        (json!({ "host": "169.254.169.254" }), "a@example.com", false, "link-local addresses are refused"),
        (json!({ "ca_certificate": strange }), "a@example.com", false, "certificate"),
        (json!({ "host": "localhost" }), "a@example.com", false, "certificate"),
        (json!({ "tls": "implicit" }), "a@example.com", true, "127.0.0.1"),
        (json!({ "tls": "none" }), "a@example.com", false, "a password is never sent without TLS"),
        (json!({ "tls": "maybe" }), "a@example.com", false, "must be starttls, implicit or none"),
        (json!({ "from": "nobody" }), "a@example.com", false, "the field from must be an address"),
        (json!({ "password": null }), "a@example.com", false, "the field password is missing"),
    ];
    for (change, to, retryable, says) in cases {
        let error = post.send(change.clone(), &letter(to)).await.unwrap_err();
        assert!(error.message.contains(says) && !error.message.contains("s3cret"), "{change}: {error}");
        assert_eq!(error.retryable, retryable, "{change}: {error}");
    }
    assert!(post.received().is_empty() && other.received().is_empty());
    let folder = tempfile::tempdir().unwrap();
    let error = Mailer::new(Some(folder.path().to_owned())).send("", &letter("a@example.com")).await.unwrap_err();
    assert!(!error.retryable && error.message.contains("default_email.json"), "{error}");
}

#[tokio::test]
async fn a_server_without_tls_gets_nothing_where_tls_is_asked_for() {
    let post = Post::office("none", "");
    let change = json!({ "username": null, "password": null });
    let error = post.send(change, &letter("a@example.com")).await.unwrap_err();
    assert!(post.received().is_empty(), "{error}");
}
