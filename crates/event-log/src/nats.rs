//! How a service shows a NATS server who it is, and knows the server.
//!
//! Promises: secrets come from files that others may not read, never from an address or a command line, and are in no error. Every service
//! has a prefix of its own for what is answered to it, so that a server can keep others from reading that. Knows nothing about subjects.

use std::{
    io::Read as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use async_nats::{Client, ConnectErrorKind, ConnectOptions};
use zeroize::Zeroizing;

use crate::writing::WritingConfig;

/// A file of a user, bytes.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// Settings, from flags or `DOWNBEAT_*` variables (docs/security.md).
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
pub struct NatsConfig {
    /// File of a user of the NATS server: its JWT and seed, as `nsc` writes them. Nobody else may read it.
    #[arg(long, env = "DOWNBEAT_NATS_CREDS", value_name = "FILE", global = true, help_heading = "NATS")]
    pub nats_creds: Option<PathBuf>,
    /// File with the seed of an nkey that the NATS server knows as a user. Nobody else may read it.
    #[arg(long, env = "DOWNBEAT_NATS_NKEY", value_name = "FILE", global = true, help_heading = "NATS")]
    pub nats_nkey: Option<PathBuf>,
    /// File with USER:PASSWORD for the NATS server. Nobody else may read it.
    #[arg(long, env = "DOWNBEAT_NATS_PASSWORD_FILE", value_name = "FILE", global = true, help_heading = "NATS")]
    pub nats_password_file: Option<PathBuf>,
    /// File with the certificates of the authority of the NATS server (PEM): TLS is used, and nobody else believed. Default: those that the
    /// machine trusts, where an address begins with tls://.
    #[arg(long, env = "DOWNBEAT_NATS_CA", value_name = "FILE", global = true, help_heading = "NATS")]
    pub nats_ca: Option<PathBuf>,
    /// File with the certificate that is shown to the NATS server (PEM).
    #[arg(long, env = "DOWNBEAT_NATS_CERT", value_name = "FILE", global = true, help_heading = "NATS")]
    pub nats_cert: Option<PathBuf>,
    /// File with its key (PEM). Nobody else may read it.
    #[arg(long, env = "DOWNBEAT_NATS_KEY", value_name = "FILE", global = true, help_heading = "NATS")]
    pub nats_key: Option<PathBuf>,
    /// Monitoring address of the NATS server (http://HOST:PORT), to check that it syncs every write.
    #[arg(long, env = "DOWNBEAT_NATS_MONITOR", value_name = "URL", global = true, help_heading = "NATS")]
    pub nats_monitor: Option<String>,
}

/// A service as a client of NATS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nats {
    service: &'static str,
    config: NatsConfig,
    writing: WritingConfig,
}

/// A NATS server without users, for whoever sits at a terminal.
impl Default for Nats {
    fn default() -> Self {
        NatsConfig::default().of("operator")
    }
}

/// No connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NatsError {
    /// A setting, or a file that it names, cannot be used.
    #[error("{0}")]
    Setting(String),
    /// No server answers as it should, for now.
    #[error("no connection to NATS: {0}")]
    Away(String),
}

impl NatsConfig {
    /// With these settings.
    pub fn of(&self, service: &'static str) -> Nats {
        Nats { service, config: self.clone(), writing: WritingConfig::default() }
    }
}

/// A variable that is set to nothing, as compose files do it, is none.
fn given(path: &Option<PathBuf>) -> Option<&Path> {
    path.as_deref().filter(|path| !path.as_os_str().is_empty())
}

impl Nats {
    /// Where the server says how it writes, if somebody has told.
    pub(crate) fn monitor(&self) -> Option<&str> {
        self.config.nats_monitor.as_deref().filter(|url| !url.is_empty())
    }

    /// As somebody who makes the log and writes to it.
    #[must_use]
    pub fn writing(self, writing: &WritingConfig) -> Self {
        Self { writing: writing.clone(), ..self }
    }

    /// How the log is made and what it must be like.
    pub(crate) fn of_writer(&self) -> &WritingConfig {
        &self.writing
    }

    /// What is asked of these servers is answered below this prefix, and everything else that only this service is told.
    pub fn inbox(&self) -> String {
        format!("_INBOX.downbeat.{}", self.service)
    }

    /// Connects to one server, or the first that answers of several, which are separated by commas. `options` say the rest.
    ///
    /// # Errors
    /// See [`NatsError`].
    pub async fn connect(&self, servers: &str, options: ConnectOptions, within: Duration) -> Result<Client, NatsError> {
        without_secrets(servers)?;
        let options = self.showing(options.custom_inbox_prefix(self.inbox()))?;
        let addresses: Vec<&str> = servers.split(',').map(str::trim).collect();
        match tokio::time::timeout(within, options.connect(addresses)).await {
            Ok(Ok(client)) => Ok(client),
            Ok(Err(error)) => Err(NatsError::Away(match error.kind() {
                ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication => format!(
                    "the server refuses this user ({error}): it must be known there (--nats-creds, --nats-nkey or \
                     --nats-password-file; docs/security.md)"
                ),
                ConnectErrorKind::Tls => {
                    format!("TLS with the server fails ({error}): see --nats-ca, --nats-cert and --nats-key")
                }
                _ => with_causes(&error),
            })),
            Err(_) => Err(NatsError::Away(format!("no answer within {within:?}"))),
        }
    }

    /// Whether the settings can be used with these servers, before anybody is asked.
    ///
    /// # Errors
    /// `Setting`.
    pub fn check(&self, servers: &str) -> Result<(), NatsError> {
        without_secrets(servers)?;
        self.showing(ConnectOptions::new()).map(drop)
    }

    fn showing(&self, mut options: ConnectOptions) -> Result<ConnectOptions, NatsError> {
        let config = &self.config;
        let users = [&config.nats_creds, &config.nats_nkey, &config.nats_password_file];
        if users.into_iter().filter(|file| given(file).is_some()).count() > 1 {
            let why =
                "--nats-creds, --nats-nkey and --nats-password-file are three ways to say one thing: leave two out";
            return Err(NatsError::Setting(why.to_owned()));
        }
        if let Some(file) = given(&config.nats_creds) {
            let text = secret("--nats-creds", file)?;
            options = options.credentials(&text).map_err(|_| {
                let why = format!("--nats-creds: {} holds no JWT with its seed, as `nsc` writes them", file.display());
                NatsError::Setting(why)
            })?;
        }
        if let Some(file) = given(&config.nats_nkey) {
            let text = secret("--nats-nkey", file)?;
            let seed = text.lines().map(str::trim).find(|line| line.starts_with("SU")).ok_or_else(|| {
                NatsError::Setting(format!("--nats-nkey: {} holds no seed of a user (SU...)", file.display()))
            })?;
            options = options.nkey(seed.to_owned());
        }
        if let Some(file) = given(&config.nats_password_file) {
            let text = secret("--nats-password-file", file)?;
            let (user, password) = text.trim_end_matches(['\r', '\n']).split_once(':').ok_or_else(|| {
                NatsError::Setting(format!("--nats-password-file: {} does not hold USER:PASSWORD", file.display()))
            })?;
            options = options.user_and_password(user.to_owned(), password.to_owned());
        }
        if let Some(file) = given(&config.nats_ca) {
            let what = |error: std::io::Error| {
                NatsError::Setting(format!("--nats-ca: {} cannot be read: {error}", file.display()))
            };
            std::fs::File::open(file).map(drop).map_err(what)?;
            options = options.add_root_certificates(file.to_owned()).require_tls(true);
        }
        match (given(&config.nats_cert), given(&config.nats_key)) {
            (None, None) => {}
            (Some(certificate), Some(key)) => {
                secret("--nats-key", key)?;
                options = options.add_client_certificate(certificate.to_owned(), key.to_owned()).require_tls(true);
            }
            _ => return Err(NatsError::Setting("--nats-cert and --nats-key go together: one is missing".to_owned())),
        }
        Ok(options)
    }
}

/// An address is seen by everybody who sees the processes of the machine, and stands in log lines.
fn without_secrets(servers: &str) -> Result<(), NatsError> {
    if servers.contains('@') {
        // Not shown: it holds a secret.
        let why = "an address of NATS holds a user or a password: leave them out, and give a file with --nats-creds, --nats-nkey or \
                   --nats-password-file (docs/security.md)";
        return Err(NatsError::Setting(why.to_owned()));
    }
    Ok(())
}

/// A group may read it: a cluster gives a process that is not root its secrets that way.
fn secret(flag: &str, path: &Path) -> Result<Zeroizing<String>, NatsError> {
    let cannot =
        |error: std::io::Error| NatsError::Setting(format!("{flag}: {} cannot be read: {error}", path.display()));
    let file = std::fs::File::open(path).map_err(cannot)?;
    if file.metadata().map_err(cannot)?.permissions().mode() & 0o027 != 0 {
        let why = format!("{flag}: others than its owner and group may read {0}: chmod 600 {0}", path.display());
        return Err(NatsError::Setting(why));
    }
    let mut text = Zeroizing::new(String::new());
    file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(cannot)?;
    Ok(text)
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let said = inner.to_string();
        // Some say their causes, too.
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(folder: &Path, name: &str, text: &str, mode: u32) -> Option<PathBuf> {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        Some(path)
    }

    #[test]
    fn settings_that_cannot_be_used_are_refused_without_a_word_of_the_secret() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str, text: &str, mode| file(folder.path(), name, text, mode);
        let none = NatsConfig::default;
        let seed = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY";
        for (config, why) in [
            (none(), ""),
            (NatsConfig { nats_nkey: Some("".into()), nats_creds: Some("".into()), ..none() }, ""),
            (NatsConfig { nats_nkey: at("a", &format!("# a comment\n{seed}\n"), 0o600), ..none() }, ""),
            (NatsConfig { nats_nkey: at("b", seed, 0o640), ..none() }, ""),
            (NatsConfig { nats_nkey: at("c", seed, 0o644), ..none() }, "chmod 600"),
            (NatsConfig { nats_nkey: at("d", "hunter2", 0o600), ..none() }, "holds no seed of a user"),
            (NatsConfig { nats_creds: at("e", "hunter2", 0o600), ..none() }, "holds no JWT"),
            (NatsConfig { nats_password_file: at("f", "hunter2", 0o600), ..none() }, "does not hold USER:PASSWORD"),
            (NatsConfig { nats_password_file: at("g", "me:hunter2:x\n", 0o600), ..none() }, ""),
            (NatsConfig { nats_password_file: at("h", "me:hunter2", 0o604), ..none() }, "chmod 600"),
            (NatsConfig { nats_password_file: Some("/nowhere".into()), ..none() }, "/nowhere cannot be read"),
            (
                NatsConfig { nats_password_file: at("i", "a:b", 0o600), nats_nkey: at("j", seed, 0o600), ..none() },
                "leave two out",
            ),
            (NatsConfig { nats_ca: Some("/nowhere".into()), ..none() }, "--nats-ca: /nowhere"),
            (NatsConfig { nats_cert: at("k", "", 0o644), ..none() }, "one is missing"),
            (
                NatsConfig { nats_cert: at("k", "", 0o644), nats_key: at("l", "", 0o644), ..none() },
                "--nats-key: others",
            ),
        ] {
            let said = config.of("scheduler").check("nats://127.0.0.1:4222").err().map(|error| error.to_string());
            let said = said.unwrap_or_default();
            assert!(said.contains(why) && said.is_empty() == why.is_empty(), "{config:?}: {said}");
            assert!(!said.contains("hunter2") && !said.contains(seed), "{said}");
        }
    }

    #[test]
    fn an_address_with_a_user_is_refused_and_not_repeated() {
        for servers in ["nats://me:hunter2@a:1", "nats://a:1,tls://token@b:2"] {
            let said = Nats::default().check(servers).unwrap_err().to_string();
            assert!(said.contains("--nats-nkey") && !said.contains("hunter2") && !said.contains("token@"), "{said}");
        }
        assert_eq!(Nats::default().check("nats://a:1,tls://b:2"), Ok(()));
        assert_eq!(NatsConfig::default().of("projector").inbox(), "_INBOX.downbeat.projector");
    }
}
