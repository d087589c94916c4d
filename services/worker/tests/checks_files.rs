//! Checks of files: of a real S3 server and of a real SFTP server.

// Helpers outside of #[test] functions may fail their test, too.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used)]
mod support;

use std::{
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rusty_s3::{Bucket, Credentials, S3Action as _, UrlStyle};
use serde_json::{Value, json};
use support::{
    Stage, check, said,
    servers::{self, PythonServer},
};

const PASSWORD: &str = "sftp-s3cret-password";
/// Since then only what is there is new.
const BEFORE: i64 = 1_000_000_000_000_000;
/// Nothing is as new as that.
const AFTER: i64 = 4_000_000_000_000_000;

fn listed(answer: &(&str, String), field: &str) -> (Vec<String>, bool) {
    assert_eq!(answer.0, "passed", "{}", answer.1);
    let outputs: Value = serde_json::from_str(&answer.1).unwrap();
    let names = outputs["files"].as_array().unwrap().iter().map(|file| file[field].as_str().unwrap().to_owned());
    (names.collect(), outputs["truncated"].as_bool().unwrap())
}

/// Somebody who puts objects into buckets.
struct Maker {
    server: PythonServer,
    client: reqwest::Client,
}

impl Maker {
    fn new() -> Self {
        Self { server: PythonServer::start("s3_server.py", &[]), client: reqwest::Client::new() }
    }

    fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.server.port())
    }

    fn bucket(&self, name: &str) -> (Bucket, Credentials) {
        let bucket =
            Bucket::new(self.endpoint().parse().unwrap(), UrlStyle::Path, name.to_owned(), "us-east-1").unwrap();
        let text = |field: &str| self.server.said[field].as_str().unwrap().to_owned();
        (bucket, Credentials::new(text("id"), text("secret")))
    }

    async fn make(&self, name: &str) {
        let (bucket, credentials) = self.bucket(name);
        let url = bucket.create_bucket(&credentials).sign(Duration::from_secs(60));
        self.send(url, "").await;
    }

    async fn put(&self, name: &str, key: &str) {
        let (bucket, credentials) = self.bucket(name);
        let url = bucket.put_object(Some(&credentials), key).sign(Duration::from_secs(60));
        self.send(url, "data").await;
    }

    async fn send(&self, url: reqwest::Url, body: &'static str) {
        let answer = self.client.put(url).header("content-length", body.len()).body(body).send().await.unwrap();
        let status = answer.status();
        assert!(status.is_success(), "{status} {}", answer.text().await.unwrap());
    }

    fn fields(&self) -> Value {
        json!({
            "endpoint": self.endpoint(), "access_key_id": self.server.said["id"],
            "secret_access_key": self.server.said["secret"],
        })
    }
}

fn object(parameters: Value, since: i64) -> downbeat_proto::worker::v1::Check {
    let mut asked = check("AWS_S3", "AWS_S3_FILE", parameters);
    asked.since = since;
    asked
}

#[tokio::test]
async fn objects_below_a_prefix_pass_when_they_are_new() {
    let maker = Maker::new();
    maker.make("landing").await;
    for key in ["in/a 1.csv", "in/b+é.csv", "out/c.csv"] {
        maker.put("landing", key).await;
    }
    let folder = tempfile::tempdir().unwrap();
    servers::connection(folder.path(), "default_aws_s3", "AWS_S3", &maker.fields());
    let mut stage = Stage::with(|config| config.connections = Some(folder.path().to_owned())).await;

    let below_in = json!({ "bucket_name": "landing", "prefix": "in/" });
    let answer = said(&stage.check(object(below_in.clone(), BEFORE)).await);
    let (mut keys, cut) = listed(&answer, "key");
    keys.sort();
    assert_eq!((keys, cut), (vec!["in/a 1.csv".to_owned(), "in/b+é.csv".to_owned()], false));
    let outputs: Value = serde_json::from_str(&answer.1).unwrap();
    let first = &outputs["files"][0];
    assert_eq!((&first["size"], &first["etag"]), (&json!(4), &json!("8d777f385d3dfec8815d20f7496026dc")));
    assert!(first["last_modified"].as_str().unwrap().starts_with("20"), "{first}");

    let pending = said(&stage.check(object(below_in, AFTER)).await);
    assert!(pending.0 == "pending" && pending.1.starts_with("2 file(s) below \"in/\""), "{pending:?}");
    let latest = json!({ "bucket_name": "landing", "prefix": "in/", "check_latest": true });
    assert_eq!(said(&stage.check(object(latest, AFTER)).await).0, "passed");
    for (prefix, word) in [("nowhere/", "pending"), ("", "passed"), ("../", "pending"), ("in/%2e?&x=<", "pending")] {
        let answer = said(&stage.check(object(json!({ "bucket_name": "landing", "prefix": prefix }), BEFORE)).await);
        assert_eq!(answer.0, word, "{prefix}: {}", answer.1);
    }
    stage.shut_down().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_bucket_is_said_without_credentials() {
    let maker = Maker::new();
    maker.make("landing").await;
    let folder = tempfile::tempdir().unwrap();
    let mut stage = Stage::with(|config| config.connections = Some(folder.path().to_owned())).await;
    let nobody = format!("http://127.0.0.1:{}", servers::free_port());
    let cases = [
        (json!({}), "absent", "misconfigured", "NoSuchBucket"),
        (json!({ "secret_access_key": "wrong-s3cret" }), "landing", "misconfigured", "SignatureDoesNotMatch"),
        (json!({ "access_key_id": "AKIAWRONGs3cret" }), "landing", "misconfigured", "InvalidAccessKeyId"),
        (json!({ "access_key_id": null }), "landing", "misconfigured", "access_key_id is missing"),
        (json!({ "secret_access_key": null }), "landing", "misconfigured", "secret_access_key is missing"),
        (json!({ "endpoint": nobody }), "landing", "transient", "cannot reach"),
        (json!({ "endpoint": "minio" }), "landing", "misconfigured", "endpoint must be"),
        (json!({ "endpoint": null }), "landing", "misconfigured", "region is missing"),
        (json!({ "endpoint": null, "region": "eu-1.evil.example/" }), "landing", "misconfigured", "region must be"),
        (json!({ "endpoint": "http://169.254.169.254/" }), "landing", "misconfigured", "link-local"),
    ];
    for (changes, bucket, word, text) in cases {
        let mut fields = maker.fields();
        for (name, value) in changes.as_object().unwrap() {
            fields[name] = value.clone();
        }
        servers::connection(folder.path(), "lake", "AWS_S3", &fields);
        let mut asked = object(json!({ "bucket_name": bucket, "prefix": "" }), BEFORE);
        asked.connection = "lake".to_owned();
        let answer = said(&stage.check(asked).await);
        assert_eq!(answer.0, word, "{changes}: {}", answer.1);
        let secret = maker.server.said["secret"].as_str().unwrap();
        let id = maker.server.said["id"].as_str().unwrap();
        assert!(answer.1.contains(text), "{changes}: {}", answer.1);
        assert!(!["s3cret", secret, id].iter().any(|credential| answer.1.contains(credential)), "{}", answer.1);
    }
    stage.shut_down().await;
}

/// Serves a listing without end; every page has 1,000 keys.
async fn endless_bucket() -> String {
    use axum::{Router, http::Uri, routing::any};
    let page = |uri: Uri| async move {
        let token = uri.query().unwrap().split('&').find_map(|pair| pair.strip_prefix("continuation-token="));
        let page: usize = token.map_or(0, |token| token.parse().unwrap());
        let objects: String = (0..1000)
            .map(|at| {
                let key = page * 1000 + at;
                format!("<Contents><Key>k{key}</Key><Size>1</Size><LastModified>2026-01-01T00:00:00.{key:06}Z</LastModified><ETag>e</ETag></Contents>")
            })
            .collect();
        format!(
            "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><IsTruncated>true</IsTruncated><NextContinuationToken>{}</NextContinuationToken>{objects}</ListBucketResult>",
            page + 1
        )
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        axum::serve(listener, Router::new().route("/{bucket}", any(page)).route("/{bucket}/", any(page))).await.unwrap()
    });
    format!("http://{address}")
}

#[tokio::test]
async fn of_an_endless_bucket_ten_thousand_keys_are_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    servers::connection(folder.path(), "default_aws_s3", "AWS_S3", &json!({ "endpoint": endless_bucket().await }));
    let mut stage = Stage::with(|config| config.connections = Some(folder.path().to_owned())).await;
    let parameters = json!({ "bucket_name": "endless", "prefix": "" });
    let answer = said(&stage.check(object(parameters.clone(), BEFORE)).await);
    let (keys, cut) = listed(&answer, "key");
    assert_eq!((keys.len(), keys[0].as_str(), cut), (100, "k9999", true), "newest of those first");
    let answer = said(&stage.check(object(parameters, AFTER)).await);
    assert!(
        answer.0 == "pending" && answer.1.contains("10000 file(s)") && answer.1.contains("only the first 10000"),
        "{answer:?}"
    );
    stage.shut_down().await;
}

fn sftp(parameters: Value, since: i64) -> downbeat_proto::worker::v1::Check {
    let mut asked = check("SFTP", "SFTP_FILE", parameters);
    asked.since = since;
    asked
}

fn sftp_server(root: &Path) -> (PythonServer, Value) {
    let server = PythonServer::start("sftp_server.py", &[root.to_str().unwrap(), PASSWORD]);
    let fields = json!({
        "host": "127.0.0.1", "port": server.port(), "username": "looker", "password": PASSWORD,
        "host_key": server.said["host_key"],
    });
    (server, fields)
}

fn touch(path: &Path, seconds_ago: u64) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let file = std::fs::File::create(path).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(seconds_ago)).unwrap();
}

#[tokio::test]
async fn files_of_a_folder_pass_when_they_are_new() {
    let root = tempfile::tempdir().unwrap();
    for (name, ago) in
        [("in/old.csv", 500), ("in/new.csv", 50), ("in/newest.csv", 5), ("in/new.txt", 5), ("in/sub/x.csv", 5)]
    {
        touch(&root.path().join(name), ago);
    }
    std::os::unix::fs::symlink("new.csv", root.path().join("in/link.csv")).unwrap();
    std::os::unix::fs::symlink("gone.csv", root.path().join("in/broken.csv")).unwrap();
    let (_server, fields) = sftp_server(root.path());
    let folder = tempfile::tempdir().unwrap();
    servers::connection(folder.path(), "default_sftp", "SFTP", &fields);
    let mut stage = Stage::with(|config| config.connections = Some(folder.path().to_owned())).await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros();
    let since = i64::try_from(now).unwrap() - 100_000_000;

    let answer = said(&stage.check(sftp(json!({ "path": "in/*.csv" }), since)).await);
    let (mut names, cut) = listed(&answer, "name");
    assert_eq!((names[0].as_str(), cut), ("newest.csv", false), "newest first");
    names.sort();
    assert_eq!(names, ["link.csv", "new.csv", "newest.csv"]);
    let outputs: Value = serde_json::from_str(&answer.1).unwrap();
    assert_eq!((&outputs["files"][0]["path"], &outputs["files"][0]["size"]), (&json!("in/newest.csv"), &json!(0)));

    for (parameters, word, text) in [
        (json!({ "path": "in" }), "passed", "new.txt"),
        (json!({ "path": "/in/" }), "passed", "new.txt"),
        (json!({ "path": "in/old.csv" }), "pending", "1 file(s)"),
        (json!({ "path": "in/old.csv", "check_latest": true }), "passed", "old.csv"),
        (json!({ "path": "in/new.csv" }), "passed", "new.csv"),
        (json!({ "path": "in/gone.csv" }), "pending", "there is no file"),
        (json!({ "path": "nowhere/*.csv" }), "pending", "there is no file"),
        (json!({ "path": "in/*.parquet" }), "pending", "there is no file"),
        (json!({ "path": "in/new.csv/*" }), "pending", "there is no file"),
        (json!({ "path": "../../../../etc/passwd" }), "pending", "there is no file"),
        (json!({}), "pending", "there is no file"),
    ] {
        let answer = said(&stage.check(sftp(parameters.clone(), since)).await);
        assert_eq!(answer.0, word, "{parameters}: {}", answer.1);
        assert!(answer.1.contains(text), "{parameters}: {}", answer.1);
    }

    for number in 0..250 {
        touch(&root.path().join(format!("many/{number}.csv")), number);
    }
    let (names, cut) = listed(&said(&stage.check(sftp(json!({ "path": "many" }), BEFORE)).await), "name");
    assert_eq!((names.len(), names[0].as_str(), cut), (100, "0.csv", true));
    stage.shut_down().await;
}

#[tokio::test]
async fn nobody_signs_in_to_a_stranger_and_wrong_credentials_are_explained() {
    let root = tempfile::tempdir().unwrap();
    touch(&root.path().join("a.csv"), 5);
    let (server, fields) = sftp_server(root.path());
    let folder = tempfile::tempdir().unwrap();
    let mut stage = Stage::with(|config| config.connections = Some(folder.path().to_owned())).await;
    let known_hosts = format!("[127.0.0.1]:{} {}", server.port(), server.said["host_key"].as_str().unwrap());
    let fingerprints = server.said["fingerprints"].as_array().unwrap();
    let both = format!("{}\n{}", fingerprints[0].as_str().unwrap(), fingerprints[1].as_str().unwrap());
    let stranger = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";
    let (key, encrypted) = (&server.said["private_key"], &server.said["encrypted_key"]);
    let cases = [
        (json!({ "host_key": known_hosts }), "passed", ""),
        (json!({ "host_key": both }), "passed", ""),
        (json!({ "host_key": null, "insecure_accept_any_host_key": true }), "passed", ""),
        (json!({ "host_key": null }), "misconfigured", "the connection names none"),
        (json!({ "host_key": stranger }), "misconfigured", "is not the host_key of the connection"),
        (json!({ "host_key": stranger, "insecure_accept_any_host_key": true }), "misconfigured", "is not the host_key"),
        (json!({ "host_key": "whatever" }), "misconfigured", "host_key must be"),
        (json!({ "password": "wrong-s3cret" }), "misconfigured", "does not let \"looker\" in with this password"),
        (json!({ "password": null }), "misconfigured", "password is missing"),
        (json!({ "password": null, "private_key": key }), "passed", ""),
        (json!({ "password": null, "private_key": encrypted, "passphrase": "open sesame" }), "passed", ""),
        (
            json!({ "private_key": encrypted, "passphrase": "shut sesame" }),
            "misconfigured",
            "private_key is no private key",
        ),
        (json!({ "private_key": "s3cret" }), "misconfigured", "private_key is no private key"),
        (json!({ "port": servers::free_port() }), "transient", "cannot reach"),
    ];
    for (changes, word, text) in cases {
        let mut fields = fields.clone();
        for (name, value) in changes.as_object().unwrap() {
            fields[name] = value.clone();
        }
        servers::connection(folder.path(), "partner", "SFTP", &fields);
        let mut asked = sftp(json!({ "path": "*.csv" }), BEFORE);
        asked.connection = "partner".to_owned();
        let answer = said(&stage.check(asked).await);
        let changes = changes.to_string();
        assert_eq!(answer.0, word, "{changes}: {}", answer.1);
        assert!(answer.1.contains(text), "{changes}: {}", answer.1);
        assert!(!["s3cret", "sesame", "PRIVATE"].iter().any(|secret| answer.1.contains(secret)), "{}", answer.1);
    }
    stage.shut_down().await;
}

#[tokio::test]
async fn objects_are_put_and_got_in_every_encoding() {
    let maker = Maker::new();
    maker.make("landing").await;
    let folder = tempfile::tempdir().unwrap();
    servers::connection(folder.path(), "default_aws_s3", "AWS_S3", &maker.fields());
    let mut stage = Stage::with(|config| config.connections = Some(folder.path().to_owned())).await;
    let job = |bucket: &str, key: &str, encoding: &str, content: Option<&str>| {
        let mut parameters = json!({ "bucket_name": bucket, "object_key": key, "file_encoding": encoding });
        if let Some(content) = content {
            parameters["content"] = json!(content);
            parameters["content_type"] = json!("text/csv");
        }
        parameters
    };
    let mut task = 0;
    for (key, encoding, content) in [
        ("a/b c+é.csv", "utf-8", "x;é€"),
        ("u", "utf-16", "é€"),
        ("l", "latin-1", "é"),
        ("b", "base64", "AP8="),
        ("e", "utf-8", ""),
    ] {
        for content_or_none in [Some(content), None] {
            task += 1;
            let name = if content_or_none.is_some() { "AWS_S3_PUT_FILE" } else { "AWS_S3_GET_FILE" };
            let parameters = job("landing", key, encoding, content_or_none);
            stage.offer(vec![support::offer(task, "AWS_S3", name, parameters)]).await;
            let (said, text, operation) = stage.told(task).await;
            assert_eq!(said, "succeeded", "{key}: {text}");
            assert_eq!(operation.unwrap().asset, format!("s3://landing/{key}"));
            if content_or_none.is_none() {
                let outputs: Value = serde_json::from_str(&text).unwrap();
                assert_eq!(outputs["content"], content, "{key}");
            }
        }
    }
    for (parameters, name, word, expected) in [
        (job("landing", "absent", "utf-8", None), "AWS_S3_GET_FILE", "misconfigured", "NoSuchKey"),
        (job("nowhere", "x", "utf-8", Some("x")), "AWS_S3_PUT_FILE", "misconfigured", "NoSuchBucket"),
        (job("../x", "x", "utf-8", None), "AWS_S3_GET_FILE", "misconfigured", "bucket_name"),
        (job("landing", "b", "utf-8", None), "AWS_S3_GET_FILE", "misconfigured", "no UTF-8 text"),
        (job("landing", "x", "base64", Some("*")), "AWS_S3_PUT_FILE", "misconfigured", "no base64"),
    ] {
        task += 1;
        stage.offer(vec![support::offer(task, "AWS_S3", name, parameters)]).await;
        let (said, text, _) = stage.told(task).await;
        assert_eq!(said, word, "{text}");
        assert!(text.contains(expected), "{text}");
    }
    stage.shut_down().await;
}
