//! A thousand credentials in the connection files of many integrations, all of them different.
//!
//! Promises that there are exactly so many and that a worker may open each file. Knows nothing of who uses them.

use std::{
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use downbeat_worker::testing::canary::{Search, canary, plain};
use serde_json::{Map, Value, json};

use crate::hostile::{self, Knows};

/// How many are planted.
pub const CANARIES: usize = 1_000;
/// How each begins.
const FLOCK: &str = "tweet";
/// How that begins which is found.
const CONTROL: &str = "parrot";

/// Hands out credentials and writes them down.
pub struct Planted {
    folder: PathBuf,
    given: Vec<String>,
    /// Where scripts read what is no credential.
    pub control_file: PathBuf,
    /// Of the SFTP server.
    pub sftp_password: String,
}

impl Planted {
    fn next(&mut self) -> String {
        self.given.push(canary(FLOCK, self.given.len()));
        self.given[self.given.len() - 1].clone()
    }

    /// One that can be a part of an address.
    fn plain(&mut self) -> String {
        self.given.push(plain(FLOCK, self.given.len()));
        self.given[self.given.len() - 1].clone()
    }

    /// A connection to a server of its own. `count`: of credentials that can be in addresses, which come first, and of others.
    fn http(
        &mut self,
        name: &str,
        integration: &str,
        count: (usize, usize),
        refuses: bool,
        fields: impl FnOnce(&str, &[String]) -> Value,
    ) {
        let mut secrets: Vec<String> = (0..count.0).map(|_| self.plain()).collect();
        secrets.extend((0..count.1).map(|_| self.next()));
        let knows = Knows { all: secrets.clone(), control: control() };
        let address = format!("http://127.0.0.1:{}", hostile::http(Arc::new(knows), refuses));
        self.connection(name, integration, &fields(&address, &secrets));
    }

    fn connection(&self, name: &str, integration: &str, fields: &Value) {
        let file = self.folder.join(format!("{name}.json"));
        std::fs::write(&file, json!({ "integration": integration, "fields": fields }).to_string()).expect("a file");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("ours");
    }

    /// What must not be found.
    pub fn search(&self) -> Search {
        Search::of(FLOCK, self.given.iter().cloned())
    }

    /// What must be.
    pub fn control_search(&self) -> Search {
        Search::of(CONTROL, [control()])
    }
}

/// What is no credential of anybody.
fn control() -> String {
    canary(CONTROL, 0)
}

/// Plants them in the folder `connections` of this one, and starts who repeats them.
pub fn plant(folder: &Path, sftp: impl FnOnce(&str) -> (u16, Value)) -> Planted {
    let connections = folder.join("connections");
    std::fs::create_dir_all(&connections).expect("a folder");
    let control_file = folder.join("control");
    std::fs::write(&control_file, control()).expect("a file");
    let mut planted = Planted { folder: connections, given: Vec::new(), control_file, sftp_password: String::new() };
    over_http(&mut planted);
    databases(&mut planted);
    let password = planted.next();
    let (port, host_key) = sftp(&password);
    let at = |password: &str| json!({ "host": "127.0.0.1", "port": port, "username": "looker", "password": password, "host_key": host_key });
    planted.connection("sftp", "SFTP", &at(&password));
    let wrong = planted.next();
    planted.connection("ssh", "LINUX_SSH", &at(&wrong));
    planted.sftp_password = password;
    scripts(&mut planted);
    assert_eq!(planted.given.len(), CANARIES);
    planted
}

/// Whoever speaks HTTP asks a server that knows the credentials of that connection.
fn over_http(planted: &mut Planted) {
    let table = |secrets: &[String]| -> Map<String, Value> {
        secrets.iter().enumerate().map(|(number, secret)| (format!("x-canary-{number}"), json!(secret))).collect()
    };
    planted.http("echo", "HTTP", (0, 100), false, |at, secrets| json!({ "base_url": at, "headers": table(secrets) }));
    planted.http("wall", "HTTP", (0, 50), true, |at, secrets| json!({ "base_url": at, "headers": table(secrets) }));
    planted.http("acme", "ACME", (0, 1), false, |at, secrets| json!({ "endpoint": at, "key": secrets[0] }));
    planted.http("acme_wall", "ACME", (0, 1), true, |at, secrets| json!({ "endpoint": at, "key": secrets[0] }));
    planted.http(
        "hightouch",
        "HIGHTOUCH",
        (0, 1),
        true,
        |at, secrets| json!({ "endpoint": at, "api_key": secrets[0] }),
    );
    planted.http("slack", "SLACK", (0, 1), false, |at, secrets| json!({ "endpoint": at, "bot_token": secrets[0] }));
    planted.http(
        "slack_hook",
        "SLACK",
        (1, 0),
        true,
        |at, secrets| json!({ "webhook_url": format!("{at}/services/{}", secrets[0]) }),
    );
    planted.http(
        "teams",
        "MICROSOFT_TEAMS",
        (2, 0),
        true,
        |at, secrets| json!({ "webhook_url": format!("{at}/hook/{}?sig={}", secrets[0], secrets[1]) }),
    );
    planted.http(
        "pager",
        "PAGER_DUTY",
        (0, 1),
        true,
        |at, secrets| json!({ "endpoint": at, "routing_key": secrets[0] }),
    );
    planted.http("dog", "DATADOG", (0, 1), true, |at, secrets| json!({ "endpoint": at, "api_key": secrets[0] }));
    planted.http("hook", "WEBHOOK", (1, 11), true, |at, secrets| {
        json!({ "url": format!("{at}/{}", secrets[0]), "bearer_token": secrets[1], "headers": table(&secrets[2..]) })
    });
    planted.http(
        "s3",
        "AWS_S3",
        (1, 1),
        true,
        |at, secrets| json!({ "endpoint": at, "access_key_id": secrets[0], "secret_access_key": secrets[1] }),
    );
    planted.http(
        "git",
        "PYTHON",
        (0, 1),
        true,
        |at, secrets| json!({ "git_repository": format!("{at}/repository.git"), "git_token": secrets[0] }),
    );
    let on = |at: &str| at.rsplit(':').next().and_then(|port| port.parse::<u16>().ok());
    for (name, integration) in
        [("clickhouse", "CLICKHOUSE"), ("mysql", "MYSQL"), ("sql_server", "SQL_SERVER"), ("mongodb", "MONGODB")]
    {
        planted.http(name, integration, (0, 1), true, |at, secrets| {
            json!({ "host": "127.0.0.1", "port": on(at), "database": "d", "username": "u", "password": secrets[0], "sslmode": "disable" })
        });
    }
    planted.http("kafka", "KAFKA", (0, 1), true, |at, secrets| {
        let server = at.trim_start_matches("http://");
        json!({ "bootstrap_servers": server, "username": "u", "password": secrets[0], "sslmode": "disable" })
    });
    planted.http("mail", "EMAIL", (0, 1), true, |at, secrets| {
        let from = "a@example.com";
        json!({ "host": "127.0.0.1", "port": on(at), "tls": "implicit", "from": from, "username": "u", "password": secrets[0] })
    });
}

/// A database that does not let anybody in, and one that takes no statement.
fn databases(planted: &mut Planted) {
    for (name, signs_in) in [("postgres_wrong", false), ("postgres", true)] {
        let port = hostile::postgres(control(), signs_in);
        let fields = json!({ "host": "127.0.0.1", "port": port, "database": "d", "username": "u", "password": planted.next(), "sslmode": "disable" });
        planted.connection(name, "POSTGRES", &fields);
    }
}

/// What is left is for scripts; one of them stands in a file of its own.
fn scripts(planted: &mut Planted) {
    let few: Map<String, Value> = (0..20).map(|number| (format!("canary_{number}"), json!(planted.next()))).collect();
    planted.connection("few", "PYTHON", &Value::Object(few));
    let apart = planted.next();
    std::fs::write(planted.folder.join("apart"), apart).expect("a file");
    let mut fields: Map<String, Value> = [("canary_apart".to_owned(), json!("file:apart"))].into_iter().collect();
    for number in 0..CANARIES - planted.given.len() {
        fields.insert(format!("canary_{number}"), json!(planted.next()));
    }
    planted.connection("keys", "PYTHON", &Value::Object(fields));
}
