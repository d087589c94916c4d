//! The worker's settings: command line flags and `DOWNBEAT_*` environment variables; a flag wins.

use std::{collections::BTreeMap, path::PathBuf};

use clap::Parser;
use downbeat_runtime::tls::TlsConfig;

use crate::{connections, error::Error, git::Hosts, isolation::Isolation, labels, manifest::load};

/// Runs tasks for the coordinator: scripts, dbt projects and HTTP requests, each isolated in its own process group.
#[derive(Debug, Clone, Parser)]
#[command(name = "downbeat-worker", version)]
pub struct WorkerConfig {
    /// Address of the coordinator's gRPC service, with `http://`, or with certificates `https://`; of several coordinators with commas
    /// between them.
    #[arg(long, env = "DOWNBEAT_COORDINATOR", default_value = "http://127.0.0.1:7410")]
    pub coordinator: String,
    /// Folder of this worker alone: its identity, virtual environments, and the folders of running attempts.
    #[arg(long, env = "DOWNBEAT_WORKER_DATA", default_value = ".downbeat/worker")]
    pub data: PathBuf,
    /// Folder of the blob store, which takes the task logs. Shared with the services that show them.
    #[arg(long, env = "DOWNBEAT_BLOBS", default_value = ".downbeat/blobs")]
    pub blobs: PathBuf,
    /// How many attempts may run at once. No-op tasks are answered at once whatever their number.
    #[arg(long, env = "DOWNBEAT_WORKER_SLOTS", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub slots: u32,
    /// Name of the worker for people. Default: the machine's host name.
    #[arg(long, env = "DOWNBEAT_WORKER_NAME")]
    pub name: Option<String>,
    /// Label of this worker, by which tasks choose where they run (`meta.downbeat.worker`); may be given several times.
    #[arg(long = "label", env = "DOWNBEAT_WORKER_LABELS", value_name = "KEY=VALUE", value_delimiter = ',')]
    pub labels: Vec<String>,
    /// Folder for virtual environments, which several workers of one machine may share. Default: inside the data folder.
    #[arg(long, env = "DOWNBEAT_WORKER_ENVIRONMENTS")]
    pub environments: Option<PathBuf>,
    /// Folder of connection files, which say where things outside are and how to sign in (docs/connections.md).
    #[arg(long, env = "DOWNBEAT_WORKER_CONNECTIONS", value_name = "FOLDER")]
    pub connections: Option<PathBuf>,
    /// Folder of connector manifests of one's own, which describe jobs in other systems (docs/connectors.md).
    #[arg(long, env = "DOWNBEAT_WORKER_CONNECTORS", value_name = "FOLDER")]
    pub connectors: Option<PathBuf>,
    /// Protocol, besides https and ssh, by which code may come from a git repository: `http`, `file`; may be given several times. What comes by
    /// http can be read and changed on its way, and file reads what the worker may read.
    #[arg(long = "git-protocol", env = "DOWNBEAT_WORKER_GIT_PROTOCOLS", value_name = "PROTOCOL", value_delimiter = ',', value_parser = ["http", "file"])]
    pub git_protocols: Vec<String>,
    /// Where the repositories of a provider are of which pipelines say `owner/name`: `github=https://git.example.com/` (also gitlab, bitbucket,
    /// azure_devops; a file:/// URL where --git-protocol allows it); may be given several times. Default: the provider's public place.
    #[arg(long = "git-host", env = "DOWNBEAT_WORKER_GIT_HOSTS", value_name = "PROVIDER=URL", value_delimiter = ',')]
    pub git_hosts: Vec<String>,
    /// Whom the worker may reach, and how much of the machine its tasks may have.
    #[command(flatten)]
    pub isolation: Isolation,
    /// Address to listen on for what jobs elsewhere say of themselves (HTTP_REQUEST_ASYNC), like 0.0.0.0:7420.
    #[arg(long, env = "DOWNBEAT_WORKER_CALLBACKS", value_name = "ADDRESS", requires_all = ["callbacks_url", "callbacks_key_file"])]
    pub callbacks: Option<std::net::SocketAddr>,
    /// The URL at which those jobs reach this worker, or any other that shares the blob store and the key.
    #[arg(long, env = "DOWNBEAT_WORKER_CALLBACKS_URL", value_name = "URL")]
    pub callbacks_url: Option<String>,
    /// File with the key of these workers, of which the key of each job is made; at least 16 characters.
    #[arg(long, env = "DOWNBEAT_WORKER_CALLBACKS_KEY_FILE", value_name = "FILE")]
    pub callbacks_key_file: Option<PathBuf>,
    /// Address on which `GET /metrics` answers for Prometheus, such as 127.0.0.1:9466. Default: nowhere.
    #[arg(long, env = "DOWNBEAT_WORKER_METRICS")]
    pub metrics: Option<std::net::SocketAddr>,
    /// Python 3.11 interpreter to use instead of the one found on PATH.
    #[arg(long = "python-3-11", env = "DOWNBEAT_WORKER_PYTHON_3_11")]
    pub python_3_11: Option<PathBuf>,
    /// Python 3.12 interpreter to use instead of the one found on PATH.
    #[arg(long = "python-3-12", env = "DOWNBEAT_WORKER_PYTHON_3_12")]
    pub python_3_12: Option<PathBuf>,
    /// `uv` to use instead of the one found on PATH. When there is none, one is installed into the data folder.
    #[arg(long, env = "DOWNBEAT_WORKER_UV")]
    pub uv: Option<PathBuf>,
    /// How the coordinator and this worker know each other.
    #[command(flatten)]
    pub tls: TlsConfig,
}

impl WorkerConfig {
    /// A worker with default settings in the given folders, for processes that contain one.
    pub fn new(coordinator: impl Into<String>, data: impl Into<PathBuf>, blobs: impl Into<PathBuf>) -> Self {
        Self {
            coordinator: coordinator.into(),
            data: data.into(),
            blobs: blobs.into(),
            slots: 16,
            name: None,
            labels: Vec::new(),
            environments: None,
            connections: None,
            connectors: None,
            git_protocols: Vec::new(),
            git_hosts: Vec::new(),
            isolation: Isolation::default(),
            callbacks: None,
            callbacks_url: None,
            callbacks_key_file: None,
            metrics: None,
            python_3_11: None,
            python_3_12: None,
            uv: None,
            tls: TlsConfig::default(),
        }
    }

    /// Checks what the types cannot.
    ///
    /// # Errors
    /// [`Error::Config`] naming the setting.
    pub fn validate(&self) -> Result<(), Error> {
        let mut addresses = self.coordinator.split(',').map(str::trim);
        let valid = |address: &str| {
            (address.starts_with("http://") || address.starts_with("https://"))
                && tonic::transport::Endpoint::from_shared(address.to_owned()).is_ok()
        };
        if !addresses.all(valid) {
            return Err(Error::Config {
                setting: "DOWNBEAT_COORDINATOR",
                reason: format!("{:?} is no address: give one like http://127.0.0.1:7410", self.coordinator),
            });
        }
        if self.slots == 0 {
            return Err(Error::Config { setting: "DOWNBEAT_WORKER_SLOTS", reason: "must be 1 or more".to_owned() });
        }
        for (setting, folder) in [(connections::SETTING, &self.connections), (load::SETTING, &self.connectors)] {
            if let Some(folder) = folder.as_ref().filter(|folder| !folder.is_dir()) {
                let reason = format!("{} is no folder: make it, or leave the setting out", folder.display());
                return Err(Error::Config { setting, reason });
            }
        }
        self.isolation.egress()?;
        Hosts::read(&self.git_hosts, &self.git_protocols)
            .map_err(|reason| Error::Config { setting: "DOWNBEAT_WORKER_GIT_HOSTS", reason })?;
        labels::read(&self.labels).map(|_| ())
    }

    /// The name that is shown for this worker.
    pub(crate) fn shown_name(&self) -> String {
        self.name.clone().unwrap_or_else(|| match std::fs::read_to_string("/proc/sys/kernel/hostname") {
            Ok(name) if !name.trim().is_empty() => name.trim().to_owned(),
            _ => "worker".to_owned(),
        })
    }

    /// Interpreters that the operator named, by version.
    pub(crate) fn interpreters(&self) -> BTreeMap<&'static str, PathBuf> {
        let named = [("3.11", &self.python_3_11), ("3.12", &self.python_3_12)];
        named.into_iter().filter_map(|(version, path)| Some((version, path.clone()?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_settings_are_named() {
        for (coordinator, slots, setting) in [
            ("localhost:7410", 1, "DOWNBEAT_COORDINATOR"),
            ("", 1, "DOWNBEAT_COORDINATOR"),
            ("http://a:1", 0, "DOWNBEAT_WORKER_SLOTS"),
        ] {
            let config = WorkerConfig { slots, ..WorkerConfig::new(coordinator, "d", "b") };
            assert!(config.validate().unwrap_err().to_string().contains(setting), "{coordinator} {slots}");
        }
        assert!(WorkerConfig::new("http://127.0.0.1:1", "d", "b").validate().is_ok());
        let config =
            WorkerConfig { labels: vec!["gpu".to_owned()], ..WorkerConfig::new("http://127.0.0.1:1", "d", "b") };
        assert!(config.validate().unwrap_err().to_string().contains("DOWNBEAT_WORKER_LABELS"));
        let config = WorkerConfig {
            connections: Some("/nowhere/at/all".into()),
            ..WorkerConfig::new("http://127.0.0.1:1", "d", "b")
        };
        assert!(config.validate().unwrap_err().to_string().contains("DOWNBEAT_WORKER_CONNECTIONS: /nowhere/at/all"));
    }

    #[test]
    fn labels_come_one_by_one_or_with_commas() {
        let given = WorkerConfig::parse_from(["downbeat-worker", "--label", "gpu=yes", "--label", "zone=eu,rack=7"]);
        assert_eq!(given.labels, ["gpu=yes", "zone=eu", "rack=7"]);
    }
}
