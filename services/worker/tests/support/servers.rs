//! Real servers for checks to look at, each in a folder of its own, on a free port of 127.0.0.1, gone when dropped.

use std::{
    io::{BufRead as _, BufReader},
    os::unix::{
        fs::{MetadataExt as _, chown},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Who runs PostgreSQL where the tests run as root, which it refuses: somebody who owns nothing.
pub const NOBODY: u32 = 65_534;

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap()
}

/// The interpreter that `make tools` fills.
pub fn python() -> PathBuf {
    let named = std::env::var_os("DOWNBEAT_JUDGE_PYTHON").map(PathBuf::from);
    named.unwrap_or_else(|| repository().join(".cache/tools/bin/python"))
}

/// Writes a connection file that only its owner reads.
pub fn connection(folder: &Path, name: &str, integration: &str, fields: &Value) {
    use std::os::unix::fs::PermissionsExt as _;
    let file = folder.join(format!("{name}.json"));
    std::fs::write(&file, json!({ "integration": integration, "fields": fields }).to_string()).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    downbeat_event_log::testing::ports::free_port().unwrap()
}

/// Waits until somebody listens on a port of this machine. Nobody connects for it: to a port without a listener a line can come about with
/// itself, which keeps the port from whoever is to listen there.
pub async fn listening(port: u16) {
    let begun = std::time::Instant::now();
    let (place, listens) = (format!(":{port:04X}"), "0A");
    let is_it = |line: &str| {
        let mut words = line.split_whitespace().skip(1);
        words.next().is_some_and(|local| local.ends_with(&place)) && words.nth(1) == Some(listens)
    };
    let tables =
        || ["tcp", "tcp6"].map(|table| std::fs::read_to_string(format!("/proc/net/{table}")).unwrap_or_default());
    while !tables().iter().any(|table| table.lines().any(is_it)) {
        assert!(begun.elapsed() < Duration::from_secs(120), "nobody listens on {port}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A program that ends when this is dropped.
pub struct Running(Child, Signal);

impl Running {
    pub fn start(command: &mut Command) -> Self {
        Self::with(command, Signal::SIGKILL)
    }

    /// It ends by this signal.
    pub fn with(command: &mut Command, signal: Signal) -> Self {
        Self(command.spawn().unwrap(), signal)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let pid = Pid::from_raw(i32::try_from(self.0.id()).unwrap());
        kill(pid, self.1).ok();
        self.0.wait().ok();
    }
}

/// A PostgreSQL server with the password [`Postgres::PASSWORD`] for the user `downbeat`.
pub struct Postgres {
    pub port: u16,
    pub folder: TempDir,
    _running: Running,
}

impl Postgres {
    pub const PASSWORD: &str = "pg-s3cret-password";

    /// `None`: `make tools` has found that PostgreSQL cannot be had here.
    pub async fn start() -> Option<Self> {
        let programs = postgres_programs()?;
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().metadata().unwrap().uid() == 0;
        let run = |program: &str| {
            let mut command = Command::new(programs.join(program));
            if root {
                command.uid(NOBODY).gid(NOBODY);
            }
            command.current_dir(folder.path()).stdin(Stdio::null());
            command
        };
        std::fs::write(folder.path().join("password"), Self::PASSWORD).unwrap();
        certificate(folder.path());
        if root {
            for path in ["", "password", "server.pem", "server.key"] {
                chown(folder.path().join(path), Some(NOBODY), Some(NOBODY)).unwrap();
            }
        }
        let data = folder.path().join("data");
        let made = run("initdb")
            .args(["--username=downbeat", "--pwfile=password", "--auth=scram-sha-256", "--no-sync", "--encoding=UTF8"])
            .args(["--locale=C", "--pgdata"])
            .arg(&data)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let port = free_port();
        let mut server = run("postgres");
        server.arg("-D").arg(&data).args(["-p", &port.to_string()]);
        for setting in [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "fsync=off",
            "ssl=on",
            "ssl_cert_file=../server.pem",
            "ssl_key_file=../server.key",
        ] {
            server.args(["-c", setting]);
        }
        let running = Running(server.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap(), Signal::SIGQUIT);
        let postgres = Self { port, folder, _running: running };
        postgres.run("SELECT 1").await;
        Some(postgres)
    }

    /// Runs statements as the owner of everything; waits for the server first.
    pub async fn run(&self, statements: &str) {
        let mut config = tokio_postgres::Config::new();
        config.host("127.0.0.1").port(self.port).user("downbeat").password(Self::PASSWORD).dbname("postgres");
        let begun = std::time::Instant::now();
        let (client, connection) = loop {
            match config.connect(tokio_postgres::NoTls).await {
                Ok(connected) => break connected,
                Err(error) if begun.elapsed() > Duration::from_secs(60) => panic!("PostgreSQL never came: {error}"),
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        let driven = tokio::spawn(connection);
        client.batch_execute(statements).await.unwrap();
        drop(client);
        driven.await.unwrap().unwrap();
    }

    /// The first value that statements bring.
    pub async fn value(&self, statements: &str) -> String {
        let (client, driven) = self.sign_in("test").await;
        let messages = client.simple_query(statements).await.unwrap();
        drop(client);
        driven.await.unwrap().unwrap();
        let mut rows = messages.iter().filter_map(|message| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        });
        rows.next().unwrap()
    }

    /// Begins a transaction in a session of that name and leaves it open. Returns it with the transaction's number.
    pub async fn leave(&self, name: &str, statement: &str) -> (tokio_postgres::Client, String) {
        let (client, _driven) = self.sign_in(name).await;
        client.batch_execute("BEGIN").await.unwrap();
        let row = client.query_one("SELECT txid_current()::text", &[]).await.unwrap();
        client.batch_execute(statement).await.unwrap();
        (client, row.get(0))
    }

    async fn sign_in(
        &self,
        name: &str,
    ) -> (tokio_postgres::Client, tokio::task::JoinHandle<Result<(), tokio_postgres::Error>>) {
        let mut config = tokio_postgres::Config::new();
        config.host("127.0.0.1").port(self.port).user("downbeat").password(Self::PASSWORD).dbname("postgres");
        let (client, connection) = config.application_name(name).connect(tokio_postgres::NoTls).await.unwrap();
        (client, tokio::spawn(connection))
    }

    /// Waits until a query brings a row, asked again and again as its owner.
    pub async fn wait_for(&self, query: &str) {
        let (client, driven) = self.sign_in("test").await;
        let begun = std::time::Instant::now();
        while client.query(query, &[]).await.unwrap().is_empty() {
            assert!(begun.elapsed() < Duration::from_secs(60), "it never came: {query}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        drop(client);
        driven.await.unwrap().unwrap();
    }

    /// The fields of a connection to it.
    pub fn fields(&self) -> Value {
        json!({
            "host": "127.0.0.1", "port": self.port, "database": "postgres", "username": "downbeat",
            "password": Self::PASSWORD, "sslmode": "disable",
        })
    }
}

/// Where PostgreSQL's programs are, as `make tools` has written it down.
fn postgres_programs() -> Option<PathBuf> {
    tool("postgres")
}

/// Where a server is, as `make tools` has written it down. `None`: it cannot be had here.
pub fn tool(name: &str) -> Option<PathBuf> {
    let said = std::fs::read_to_string(repository().join(".cache/tools").join(name)).unwrap_or_default();
    assert!(!said.trim().is_empty(), "`make tools` says where {name} is, or that it cannot be had");
    if said.trim() == "absent" {
        println!("skipped: {name} cannot be had here");
        return None;
    }
    Some(PathBuf::from(said.trim()))
}

/// The JSON that a server answers; `body`: of the request.
pub async fn ask(request: reqwest::RequestBuilder, body: Option<Value>) -> Result<Value, String> {
    let request = match body {
        Some(body) => request.header("content-type", "application/json").body(body.to_string()),
        None => request,
    };
    let answer = request.send().await.map_err(|error| error.to_string())?;
    let text = answer.text().await.map_err(|error| error.to_string())?;
    serde_json::from_str(&text).map_err(|error| format!("{error}: {text}"))
}

/// A program that `make products` brings; `None`: nobody has asked for it.
pub fn optional_tool(name: &str) -> Option<PathBuf> {
    let program = repository().join(".cache/products").join(name).join("bin").join(name);
    if !program.is_file() {
        println!("skipped: `make products` brings {name}");
        return None;
    }
    Some(program)
}

/// A certificate of 127.0.0.1 that signs itself: `server.pem` and `server.key`.
pub fn certificate(folder: &Path) {
    let made = Command::new(python())
        .arg(repository().join("services/worker/tests/support/certificate.py"))
        .arg(folder)
        .output()
        .expect("`make tools` installs the interpreter");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// A server written in Python, which prints one line of JSON when it listens.
pub struct PythonServer {
    /// What it printed.
    pub said: Value,
    _running: Running,
}

impl PythonServer {
    /// Starts `tests/support/<script>` with these arguments.
    pub fn start(script: &str, arguments: &[&str]) -> Self {
        let mut child = Command::new(python())
            .arg(repository().join("services/worker/tests/support").join(script))
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("`make tools` installs the interpreter");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let running = Running(child, Signal::SIGKILL);
        let said = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{script} did not start: {line:?}"));
        Self { said, _running: running }
    }

    pub fn port(&self) -> u16 {
        self.said["port"].as_u64().and_then(|port| u16::try_from(port).ok()).unwrap()
    }
}
