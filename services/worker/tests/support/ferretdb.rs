//! A real FerretDB server, which speaks MongoDB's protocol, with the password [`FerretDb::PASSWORD`] for the user `downbeat`.

use std::process::{Command, Stdio};

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::servers::{Running, certificate, free_port, listening, tool};

pub struct FerretDb {
    pub port: u16,
    pub tls_port: u16,
    pub folder: TempDir,
    _running: Running,
}

impl FerretDb {
    pub const PASSWORD: &str = "ferret-s3cret-password";

    /// `None`: `make tools` has found that FerretDB cannot be had here.
    pub async fn start() -> Option<Self> {
        let program = tool("ferretdb")?;
        let folder = tempfile::tempdir().unwrap();
        certificate(folder.path());
        let (port, tls_port) = (free_port(), free_port());
        let place = folder.path().display();
        let mut command = Command::new(program);
        command
            .args(["--handler=sqlite", "--debug-addr=-", "--telemetry=disable", "--log-level=error"])
            .args([format!("--sqlite-url=file:{place}/"), format!("--state-dir={place}")])
            .args([format!("--listen-addr=127.0.0.1:{port}"), format!("--listen-tls=127.0.0.1:{tls_port}")])
            .arg(format!("--listen-tls-cert-file={place}/server.pem"))
            .arg(format!("--listen-tls-key-file={place}/server.key"))
            .args(["--test-enable-new-auth", "--setup-database=admin", "--setup-username=downbeat"])
            .arg(format!("--setup-password={}", Self::PASSWORD))
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(std::fs::File::create(folder.path().join("server.log")).unwrap())
            .stderr(std::fs::File::create(folder.path().join("errors.log")).unwrap());
        let server = Self { port, tls_port, folder, _running: Running::with(&mut command, Signal::SIGKILL) };
        for port in [port, tls_port] {
            listening(port).await;
        }
        Some(server)
    }

    /// What it has logged.
    fn log(&self) -> String {
        let files = ["server.log", "errors.log"].map(|file| std::fs::read_to_string(self.folder.path().join(file)));
        files.into_iter().flatten().collect()
    }

    /// The fields of a connection to it.
    pub fn fields(&self) -> Value {
        json!({
            "host": "127.0.0.1", "port": self.port, "database": "shop", "username": "downbeat",
            "password": Self::PASSWORD, "sslmode": "disable",
        })
    }
}

impl Drop for FerretDb {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("FerretDB has logged: {}", self.log());
        }
    }
}
