//! A real ClickHouse server with the password [`ClickHouse::PASSWORD`] for the user `downbeat`.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::servers::{Running, certificate, free_port, tool};

pub struct ClickHouse {
    pub port: u16,
    pub tls_port: u16,
    pub folder: TempDir,
    _running: Running,
}

impl ClickHouse {
    pub const PASSWORD: &str = "click-s3cret-password";

    /// `None`: `make tools` has found that ClickHouse cannot be had here.
    pub async fn start() -> Option<Self> {
        let root = tool("clickhouse")?;
        let folder = tempfile::tempdir().unwrap();
        certificate(folder.path());
        let (port, tls_port) = (free_port(), free_port());
        settings(folder.path(), port, tls_port);
        let machine = format!("{}-linux-gnu", std::env::consts::ARCH);
        let libraries = ["usr/lib", "lib"].map(|place| root.join(place).join(&machine).display().to_string());
        let mut command = Command::new(root.join("usr/sbin/clickhouse-server"));
        command
            .arg(format!("--config-file={}", folder.path().join("config.xml").display()))
            .env("LD_LIBRARY_PATH", libraries.join(":"))
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let server = Self { port, tls_port, folder, _running: Running::with(&mut command, Signal::SIGKILL) };
        server.wait_for("SELECT 1").await;
        Some(server)
    }

    /// What a statement brings, by lines and tabs.
    pub async fn value(&self, statement: &str) -> String {
        self.ask(statement, "").await.unwrap()
    }

    /// Sends a statement under an id, and waits for its end.
    pub async fn with_id(&self, statement: &str, id: &str) -> Result<String, String> {
        self.ask(statement, &format!("?query_id={id}")).await
    }

    /// Waits until a query brings a row.
    pub async fn wait_for(&self, query: &str) {
        let begun = Instant::now();
        loop {
            let said = self.ask(query, "").await;
            if said.as_ref().is_ok_and(|said| !said.is_empty()) {
                return;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "it never came: {query}: {said:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn ask(&self, statement: &str, address: &str) -> Result<String, String> {
        let request = reqwest::Client::new()
            .post(format!("http://127.0.0.1:{}/{address}", self.port))
            .header("x-clickhouse-user", "downbeat")
            .header("x-clickhouse-key", Self::PASSWORD)
            .body(statement.to_owned());
        let answer = request.send().await.map_err(|error| error.to_string())?;
        let fine = answer.status().is_success();
        let text = answer.text().await.map_err(|error| error.to_string())?.trim().to_owned();
        if fine { Ok(text) } else { Err(text) }
    }

    /// The fields of a connection to it.
    pub fn fields(&self) -> Value {
        json!({
            "host": "127.0.0.1", "port": self.port, "username": "downbeat", "password": Self::PASSWORD,
            "sslmode": "disable",
        })
    }
}

fn settings(folder: &Path, port: u16, tls_port: u16) {
    let at = folder.display();
    let config = format!(
        "<yandex><logger><level>warning</level><log>{at}/log</log><errorlog>{at}/errors</errorlog></logger>
        <http_port>{port}</http_port><https_port>{tls_port}</https_port><listen_host>127.0.0.1</listen_host>
        <openSSL><server><certificateFile>{at}/server.pem</certificateFile><privateKeyFile>{at}/server.key</privateKeyFile>
        <verificationMode>none</verificationMode></server></openSSL>
        <path>{at}/data/</path><tmp_path>{at}/tmp/</tmp_path><users_config>users.xml</users_config>
        <default_profile>default</default_profile><default_database>default</default_database>
        <mark_cache_size>5000000</mark_cache_size><query_log><database>system</database><table>query_log</table>
        <flush_interval_milliseconds>100</flush_interval_milliseconds></query_log></yandex>"
    );
    let users = format!(
        "<yandex><profiles><default><log_queries>1</log_queries></default></profiles><quotas><default/></quotas>
        <users><downbeat><password>{}</password><networks><ip>127.0.0.1</ip></networks><profile>default</profile>
        <quota>default</quota></downbeat></users></yandex>",
        ClickHouse::PASSWORD
    );
    std::fs::write(folder.join("config.xml"), config).unwrap();
    std::fs::write(folder.join("users.xml"), users).unwrap();
}
