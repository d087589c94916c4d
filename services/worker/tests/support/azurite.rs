//! Azurite, Microsoft's emulator of Azure's storage, with an account of its own, and somebody who puts files there.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::servers::{Running, free_port, tool};

pub const ACCOUNT: &str = "landing";
/// What the key is made of.
const KEY: &[u8] = b"adls-s3cret-key-of-an-account";

pub struct Azurite {
    pub port: u16,
    client: reqwest::Client,
    _running: Running,
    _folder: TempDir,
}

impl Azurite {
    /// `None`: `make tools` has found that it cannot be had here.
    pub async fn start() -> Option<Self> {
        let program = tool("azurite-server")?;
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
        let mut command = Command::new(program);
        command
            .args(["--blobHost", "127.0.0.1", "--blobPort", &port.to_string(), "--silent", "--disableTelemetry"])
            .arg("--location")
            .arg(folder.path())
            .env("AZURITE_ACCOUNTS", format!("{ACCOUNT}:{}", STANDARD.encode(KEY)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let running = Running::start(&mut command);
        let server = Self { port, client: reqwest::Client::new(), _running: running, _folder: folder };
        let begun = Instant::now();
        while server.client.get(server.endpoint()).send().await.is_err() {
            assert!(begun.elapsed() < Duration::from_secs(60), "azurite does not come up");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Some(server)
    }

    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn fields(&self) -> Value {
        json!({ "account_name": ACCOUNT, "endpoint": self.endpoint(), "account_key": STANDARD.encode(KEY) })
    }

    pub async fn make(&self, container: &str) {
        self.put(container, "restype=container", &["restype:container"], "").await;
    }

    pub async fn write(&self, container: &str, name: &str) {
        self.put(&format!("{container}/{name}"), "", &[], "data").await;
    }

    /// A shared access signature of the whole account, for reading and listing.
    pub fn sas(&self) -> String {
        let to_sign = format!("{ACCOUNT}\nrl\nb\nsco\n\n2099-01-01T00:00:00Z\n\n\n2020-08-04\n");
        let url = reqwest::Url::parse_with_params(
            "http://x",
            [
                ("sv", "2020-08-04"),
                ("ss", "b"),
                ("srt", "sco"),
                ("sp", "rl"),
                ("se", "2099-01-01T00:00:00Z"),
                ("sig", &sign(&to_sign)),
            ],
        );
        url.unwrap().query().unwrap().to_owned()
    }

    async fn put(&self, path: &str, query: &str, signed: &[&str], body: &'static str) {
        let url: reqwest::Url = format!("{}/{ACCOUNT}/{path}?{query}", self.endpoint()).parse().unwrap();
        let date = Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let length = if body.is_empty() { String::new() } else { body.len().to_string() };
        let mut to_sign = format!(
            "PUT\n\n\n{length}\n\n\n\n\n\n\n\n\nx-ms-blob-type:BlockBlob\nx-ms-date:{date}\nx-ms-version:2021-12-02\n/{ACCOUNT}{}",
            url.path()
        );
        signed.iter().for_each(|line| to_sign.push_str(&format!("\n{line}")));
        let answer = self
            .client
            .put(url)
            .header("x-ms-date", &date)
            .header("x-ms-version", "2021-12-02")
            .header("x-ms-blob-type", "BlockBlob")
            .header("content-length", body.len())
            .header("authorization", format!("SharedKey {ACCOUNT}:{}", sign(&to_sign)))
            .body(body)
            .send()
            .await
            .unwrap();
        let status = answer.status();
        assert!(status.is_success(), "{status} {}", answer.text().await.unwrap());
    }
}

fn sign(text: &str) -> String {
    STANDARD.encode(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, KEY), text.as_bytes()))
}
