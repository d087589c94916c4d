//! A real MariaDB server with the password [`MariaDb::PASSWORD`] for the user `downbeat`, asked with its own client.

use std::{
    os::unix::{
        fs::{MetadataExt as _, chown},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::servers::{NOBODY, Running, certificate, free_port, tool};

pub struct MariaDb {
    pub port: u16,
    pub folder: TempDir,
    root: PathBuf,
    _running: Running,
}

impl MariaDb {
    pub const PASSWORD: &str = "maria-s3cret-password";

    /// `None`: `make tools` has found that MariaDB cannot be had here.
    pub async fn start() -> Option<Self> {
        let root = tool("mariadb")?;
        let folder = tempfile::tempdir().unwrap();
        certificate(folder.path());
        let users = format!(
            "CREATE USER downbeat@'127.0.0.1' IDENTIFIED BY '{}';\nGRANT ALL ON *.* TO downbeat@'127.0.0.1';\n\
             CREATE DATABASE shop;\n",
            Self::PASSWORD
        );
        std::fs::write(folder.path().join("users.sql"), users).unwrap();
        // A server that begins removes the temporary tables that it finds, those of its neighbours too.
        std::fs::create_dir(folder.path().join("tmp")).unwrap();
        let as_root = folder.path().metadata().unwrap().uid() == 0;
        if as_root {
            for path in ["", "server.pem", "server.key", "users.sql", "tmp"] {
                chown(folder.path().join(path), Some(NOBODY), Some(NOBODY)).unwrap();
            }
        }
        let start = |path: &str| {
            let mut command = program(&root, path);
            if as_root {
                command.uid(NOBODY).gid(NOBODY);
            }
            command.current_dir(folder.path()).env("TMPDIR", folder.path().join("tmp"));
            command
        };
        let base = format!("--basedir={}", root.join("usr").display());
        let data = format!("--datadir={}", folder.path().join("data").display());
        let small = ["--innodb-log-file-size=8M", "--innodb-flush-log-at-trx-commit=0"];
        let made = start("usr/bin/mariadb-install-db")
            .args(["--no-defaults", &base, &data, "--auth-root-authentication-method=normal", "--skip-test-db"])
            .args(small)
            .output()
            .unwrap();
        let said = [made.stdout, made.stderr].concat();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&said));
        let port = free_port();
        // It changes into its data first.
        let beside = |setting: &str, file: &str| format!("--{setting}={}", folder.path().join(file).display());
        let running = Running::with(
            start("usr/sbin/mariadbd")
                .args(["--no-defaults", &base, &data, "--bind-address=127.0.0.1", "--skip-name-resolve"])
                .args([&format!("--port={port}"), &beside("socket", "server.sock"), &beside("pid-file", "server.pid")])
                .args([&beside("ssl-cert", "server.pem"), &beside("ssl-key", "server.key")])
                .args([&beside("log-error", "server.log"), "--max-allowed-packet=1G"])
                .arg(beside("init-file", "users.sql"))
                .args(small)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null()),
            Signal::SIGKILL,
        );
        let server = Self { port, folder, root, _running: running };
        server.wait_for("SELECT 1").await;
        Some(server)
    }

    /// Runs statements as the owner of everything.
    pub fn run(&self, statements: &str) {
        self.ask(statements).unwrap();
    }

    /// The values that a query brings, by rows and tabs.
    pub fn value(&self, query: &str) -> String {
        self.ask(query).unwrap()
    }

    /// Waits until a query brings a row.
    pub async fn wait_for(&self, query: &str) {
        let begun = Instant::now();
        let mut said = Ok(String::new());
        while said.as_ref().is_ok_and(String::is_empty) || said.is_err() {
            assert!(begun.elapsed() < Duration::from_secs(60), "it never came: {query}: {said:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
            said = self.ask(query);
        }
    }

    fn ask(&self, statements: &str) -> Result<String, String> {
        let said = program(&self.root, "usr/bin/mariadb")
            .args(["--no-defaults", "--skip-ssl", "--batch", "--skip-column-names", "--host=127.0.0.1"])
            .args([&format!("--port={}", self.port), "--user=downbeat", &format!("--password={}", Self::PASSWORD)])
            .args(["--database=shop", "--execute", statements])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if said.status.success() { Ok(text(&said.stdout)) } else { Err(text(&said.stderr)) }
    }

    /// The fields of a connection to it.
    pub fn fields(&self) -> Value {
        json!({
            "host": "127.0.0.1", "port": self.port, "database": "shop", "username": "downbeat",
            "password": Self::PASSWORD, "sslmode": "disable",
        })
    }
}

/// Unpacked, a program finds its libraries where they were unpacked.
fn program(root: &Path, path: &str) -> Command {
    let mut command = Command::new(root.join(path));
    let machine = format!("{}-linux-gnu", std::env::consts::ARCH);
    command.env("LD_LIBRARY_PATH", root.join("usr/lib").join(machine));
    command
}
