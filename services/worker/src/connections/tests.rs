//! The folder of connections, as an operator and as somebody hostile would use it.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
};

use downbeat_proto::worker::v1 as wire;
use serde_json::{Value, json};

use super::{Connection, Connections, Fields, none_given};
use crate::attempt::Failure;

const FIELDS: Fields = Fields { open: &["host", "port", "tls", "headers"], secret: &["password"] };
const PASSWORD: &str = "correct horse";

async fn open(folder: &Path, name: &str) -> Result<Option<Connection>, Failure> {
    Connections::new(Some(folder.to_owned())).open(name, "POSTGRES", FIELDS).await
}

fn write(folder: &Path, name: &str, fields: Value) {
    let text = json!({ "integration": "POSTGRES", "fields": fields }).to_string();
    fs::write(folder.join(name), text).unwrap();
    fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o600)).unwrap();
}

#[tokio::test]
async fn json_and_yaml_are_read_and_an_absent_name_means_the_default() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "default_postgres.json", json!({ "host": "a" }));
    fs::write(folder.path().join("other.yaml"), "integration: POSTGRES\nfields:\n  host: b # here\n  port: 7\n")
        .unwrap();
    let default = open(folder.path(), "").await.unwrap().unwrap();
    assert_eq!(
        (default.required("host").unwrap(), default.port(5432).unwrap(), default.was_named()),
        ("a", 5432, false)
    );
    let other = open(folder.path(), "other").await.unwrap().unwrap();
    assert_eq!((other.required("host").unwrap(), other.port(5432).unwrap(), other.was_named()), ("b", 7, true));
    assert!(!other.flag("tls").unwrap() && other.secret("password").unwrap().is_none());

    let empty = tempfile::tempdir().unwrap();
    assert!(open(empty.path(), "").await.unwrap().is_none(), "a check may do without its default");
    assert!(none_given("POSTGRES").message.contains("default_postgres.json"));
    let nowhere = Connections::new(None).open("other", "POSTGRES", FIELDS).await.unwrap_err();
    assert!(nowhere.message.contains("DOWNBEAT_WORKER_CONNECTIONS"), "{}", nowhere.message);
}

#[tokio::test]
async fn a_name_from_outside_never_becomes_a_path() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("in");
    fs::create_dir(&inside).unwrap();
    write(folder.path(), "secret.json", json!({}));
    let long = "a".repeat(129);
    for name in ["../secret", "/etc/passwd", "a/b", "a.b", "a b", "a\0b", "..", ".", "é", "a\n", long.as_str()] {
        let failure = open(&inside, name).await.unwrap_err();
        assert!(failure.message.contains("letters, digits"), "{name:?}: {}", failure.message);
    }
    assert!(open(&inside, "secret").await.unwrap_err().message.contains("there is no file"));
}

#[tokio::test]
async fn references_are_resolved_at_each_use() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("pw");
    fs::write(&secret, format!("{PASSWORD}\n")).unwrap();
    write(folder.path(), "a.json", json!({ "password": "file:pw", "host": "env:PATH", "headers": { "k": "file:pw" } }));
    let read = open(folder.path(), "a").await.unwrap().unwrap();
    assert_eq!(read.secret("password").unwrap().unwrap().reveal(), PASSWORD);
    assert_eq!(read.required("host").unwrap(), std::env::var("PATH").unwrap());
    assert_eq!(read.table("headers").unwrap()["k"], PASSWORD);

    fs::write(&secret, "rotated").unwrap();
    let read = open(folder.path(), "a").await.unwrap().unwrap();
    assert_eq!(read.secret("password").unwrap().unwrap().reveal(), "rotated");
}

#[tokio::test]
async fn nothing_prints_a_credential() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.json", json!({ "host": "h", "password": PASSWORD, "port": PASSWORD, "tls": PASSWORD }));
    let read = open(folder.path(), "a").await.unwrap().unwrap();
    let secret = read.secret("password").unwrap();
    let failures = [read.port(1).unwrap_err(), read.flag("tls").unwrap_err(), read.table("password").unwrap_err()];
    let printed = format!("{read:?} {secret:?} {failures:?}");
    assert!(!printed.contains(PASSWORD), "{printed}");

    assert_eq!(read.hide(format!("no user with {PASSWORD}!")), "no user with ***!");
    let mut value = json!({ "a": [{ "b": format!("x{PASSWORD}") }], "n": 1 });
    read.hide_in_value(&mut value);
    assert_eq!(value, json!({ "a": [{ "b": "x***" }], "n": 1 }));
    // In whatever dress another side repeats it.
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, PASSWORD);
    let digits: String = PASSWORD.bytes().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(read.hide(format!("{encoded} {digits}")), "*** ***");
}

#[tokio::test]
async fn what_is_wrong_is_named_with_file_and_field_and_without_value() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    symlink("/dev/zero", at.join("device")).unwrap();
    fs::write(at.join("large"), "x".repeat(300 * 1024)).unwrap();
    let file = |fields: Value| json!({ "integration": "POSTGRES", "fields": fields }).to_string();
    let cases = [
        (file(json!({ "passwort": PASSWORD })), "the field \"passwort\" is unknown; POSTGRES has: host, port"),
        (file(json!({ "password": "env:DOWNBEAT_TEST_IS_NOT_SET" })), "password refers to the environment variable"),
        (file(json!({ "password": "file:gone" })), "gone: cannot be read"),
        (file(json!({ "password": "file:device" })), "device: is no file"),
        (file(json!({ "password": "file:large" })), "large: is larger than 256 KiB"),
        (json!({ "integration": "SFTP", "fields": {} }).to_string(), "is a connection of SFTP; POSTGRES is asked for"),
        (json!({ "fields": {} }).to_string(), "`integration` is missing"),
        (json!({ "integration": "POSTGRES", "fields": PASSWORD }).to_string(), "`fields` is missing"),
        (json!({ "integration": "POSTGRES", "fields": {}, "x": PASSWORD }).to_string(), "\"x\" is unknown"),
        (format!("[{PASSWORD}]"), "must hold the two entries"),
        (format!("integration: POSTGRES\nfields: {{password: {PASSWORD}"), "neither JSON nor YAML at line"),
        (format!("integration: POSTGRES\nfields:\n  host: {PASSWORD}\n  host: {PASSWORD}\n"), "neither JSON nor YAML"),
    ];
    for (text, expected) in cases {
        fs::write(at.join("a.json"), &text).unwrap();
        let failure = open(at, "a").await.unwrap_err();
        let message = failure.message;
        assert!(message.contains("a.json") && message.contains(expected), "{text}\n{message}");
        assert!(!message.contains(PASSWORD), "{message}");
    }
    write(at, "b.json", json!({}));
    fs::write(at.join("b.yaml"), "x").unwrap();
    assert!(open(at, "b").await.unwrap_err().message.contains("written twice"));
    write(at, "c.json", json!({ "host": 3, "port": 0 }));
    let read = open(at, "c").await.unwrap().unwrap();
    assert!(read.required("host").unwrap_err().message.contains("host must be a text"));
    assert!(read.port(1).unwrap_err().message.contains("port must be a number"));
    assert!(read.required("password").unwrap_err().message.contains("password is missing"));
}

#[tokio::test]
async fn files_that_others_may_read_are_noticed() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.json", json!({ "password": "file:pw" }));
    fs::write(folder.path().join("pw"), PASSWORD).unwrap();
    fs::set_permissions(folder.path().join("pw"), fs::Permissions::from_mode(0o640)).unwrap();
    let connections = Connections::new(Some(folder.path().to_owned()));
    connections.open("a", "POSTGRES", FIELDS).await.unwrap().unwrap();
    let warned: Vec<_> = connections.0.warned.lock().unwrap().iter().cloned().collect();
    assert_eq!(warned, [folder.path().join("pw")]);
}

fn told(name: &str, fields: &Value, is_default: bool) -> wire::Connections {
    let given = wire::GivenConnection {
        name: name.to_owned(),
        integration: "POSTGRES".to_owned(),
        version: 1,
        is_default,
        fields: fields.to_string(),
        error: String::new(),
    };
    wire::Connections { connections: vec![given], ..Default::default() }
}

async fn host(connections: &Connections, name: &str) -> Option<String> {
    let opened = connections.open(name, "POSTGRES", FIELDS).await.unwrap();
    opened.map(|connection| connection.required("host").unwrap().to_owned())
}

#[tokio::test]
async fn a_sealed_connection_goes_before_a_file_of_its_name_until_it_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "shop.json", json!({ "host": "of the file" }));
    write(folder.path(), "default_postgres.json", json!({ "host": "of the default file" }));
    let connections = Connections::new(Some(folder.path().to_owned()));
    assert_eq!(host(&connections, "shop").await.unwrap(), "of the file");
    connections.given(told("shop", &json!({ "host": "sealed", "password": PASSWORD }), true), false);
    assert_eq!(host(&connections, "shop").await.unwrap(), "sealed");
    assert_eq!(host(&connections, "").await.unwrap(), "sealed", "it is the default one");
    // Another one becomes the default.
    connections.given(told("main", &json!({ "host": "main" }), true), false);
    assert_eq!(host(&connections, "").await.unwrap(), "main");
    let without = wire::Connections { without_default: vec!["POSTGRES".to_owned()], ..Default::default() };
    connections.given(without, false);
    assert_eq!(host(&connections, "").await.unwrap(), "of the default file");
    connections.given(wire::Connections { gone: vec!["shop".to_owned()], ..Default::default() }, false);
    assert_eq!(host(&connections, "shop").await.unwrap(), "of the file");
    assert_eq!(host(&connections, "main").await.unwrap(), "main");
    // A coordinator that is met anew says all that there is.
    connections.given(wire::Connections::default(), true);
    assert!(connections.open("main", "POSTGRES", FIELDS).await.unwrap_err().message.contains("no sealed connection"));
}

#[tokio::test]
async fn values_that_were_sealed_are_hidden_and_their_references_looked_up_here() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("pw"), format!("{PASSWORD}\n")).unwrap();
    let connections = Connections::new(Some(folder.path().to_owned()));
    let fields = json!({ "host": "literal:env:x", "password": "file:pw", "headers": { "k": "env:PATH" } });
    connections.given(told("a", &fields, false), false);
    let read = connections.open("a", "POSTGRES", FIELDS).await.unwrap().unwrap();
    assert_eq!(read.required("host").unwrap(), "env:x");
    assert_eq!(read.secret("password").unwrap().unwrap().reveal(), PASSWORD);
    assert_eq!(read.table("headers").unwrap()["k"], std::env::var("PATH").unwrap());
    assert_eq!(read.hide(format!("no {PASSWORD}!")), "no ***!");
    let printed = format!("{read:?} {connections:?}");
    assert!(!printed.contains(PASSWORD) && printed.contains("sealed connection"), "{printed}");
    let variables: Vec<_> = read.variables("POSTGRES", &["headers", "password"]).collect();
    assert_eq!(variables, [("POSTGRES__A__HOST".to_owned(), "env:x".to_owned())]);
}

#[tokio::test]
async fn what_is_wrong_with_a_sealed_connection_is_said_without_value() {
    let broken = wire::Connections {
        connections: vec![wire::GivenConnection {
            name: "broken".to_owned(),
            integration: "POSTGRES".to_owned(),
            error: "it is damaged".to_owned(),
            ..Default::default()
        }],
        ..Default::default()
    };
    let connections = Connections::new(None);
    connections.given(broken, false);
    for (name, fields, expected) in [
        ("broken", None, "the sealed connection \"broken\": it is damaged"),
        ("a", Some(json!({ "passwort": PASSWORD })), "the field \"passwort\" is unknown"),
        ("a", Some(json!({ "password": "vault:x" })), "write vault:MOUNT/PATH#FIELD"),
        ("a", Some(json!({ "password": "file:pw" })), "no folder of connections"),
        ("a", Some(json!({ "password": "env:TEST_IS_NOT_SET" })), "is not set"),
        ("a", Some(json!({ "password": "env:VAULT_TOKEN" })), "is the worker's own"),
        ("a", Some(json!({ "password": "file:/etc/passwd" })), "outside of the folder"),
        ("a", Some(json!({ "password": "file:../pw" })), "outside of the folder"),
    ] {
        if let Some(fields) = fields {
            connections.given(told("a", &fields, false), false);
        }
        let failure = connections.open(name, "POSTGRES", FIELDS).await.unwrap_err();
        assert!(failure.message.contains(expected) && !failure.message.contains(PASSWORD), "{}", failure.message);
    }
    let other = connections.open("a", "MYSQL", FIELDS).await.unwrap_err();
    assert!(other.message.contains("is a connection of POSTGRES; MYSQL is asked for"), "{}", other.message);
}
