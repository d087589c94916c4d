//! SSH servers: one way to sign in, for files and for commands.
//!
//! Promises: nobody signs in to a server whose host key is not the one of the connection; no failure repeats a credential.

mod host_key;

use std::{fmt, sync::Arc, time::Duration};

use russh::{
    client::{Config, Handle, connect_stream},
    keys::{PrivateKey, PrivateKeyWithHashAlg, decode_secret_key},
};
use russh_sftp::client::RawSftpSession;
use tokio::time::timeout;

use crate::attempt::Failure;
use crate::connections::{Connection, Fields, Secret};
use crate::egress;
use crate::guarded::{Guarded, Tether};
use crate::limits::{CHECK_CONNECT_WAIT, SSH_KEEPALIVE};
pub(crate) use host_key::Doorman;
use host_key::Trusted;

/// The fields of a connection to one.
pub(crate) const FIELDS: Fields = Fields {
    open: &["host", "port", "username", "host_key", "insecure_accept_any_host_key"],
    secret: &["password", "private_key", "passphrase"],
};

/// A server, and who signs in.
pub(crate) struct Server {
    /// What it is called in failures.
    what: &'static str,
    host: String,
    port: u16,
    username: String,
    key: Option<PrivateKey>,
    password: Option<Secret>,
    trusted: Trusted,
}

/// A sign-in. Ends when it is dropped.
pub(crate) struct SignedIn {
    pub(crate) ssh: Handle<Doorman>,
    _tether: Tether,
}

impl Server {
    /// Reads a connection. `what`: SFTP server, SSH server.
    pub(crate) fn read(connection: &Connection, what: &'static str) -> Result<Self, Failure> {
        let passphrase = connection.secret("passphrase")?;
        let key = match connection.secret("private_key")? {
            // What is wrong with it is not said: it could repeat a part of it.
            Some(key) => {
                Some(decode_secret_key(key.reveal(), passphrase.as_ref().map(Secret::reveal)).map_err(|_| {
                    connection.wrong("private_key", "is no private key that can be read (with this passphrase)")
                })?)
            }
            None => None,
        };
        let password = connection.secret("password")?;
        if key.is_none() && password.is_none() {
            return Err(connection.wrong("password", "is missing, and there is no private_key either"));
        }
        Ok(Self {
            what,
            host: connection.required("host")?.to_owned(),
            port: connection.port(22)?,
            username: connection.required("username")?.to_owned(),
            key,
            password,
            trusted: Trusted::read(connection)?,
        })
    }

    /// Signs in. The server may send so many bytes; one that says nothing for `idle` is gone.
    pub(crate) async fn sign_in(&self, idle: Duration, answer_bytes: u64) -> Result<SignedIn, Failure> {
        timeout(CHECK_CONNECT_WAIT, self.reach(idle, answer_bytes)).await.unwrap_or_else(|_| {
            Err(Failure::transient(format!("{self} did not answer within {} s", CHECK_CONNECT_WAIT.as_secs())))
        })
    }

    async fn reach(&self, idle: Duration, answer_bytes: u64) -> Result<SignedIn, Failure> {
        let stream = egress::connect(&self.host, self.port).await.map_err(|error| egress::unreached(self, &error))?;
        let (stream, tether) = Guarded::new(stream, answer_bytes);
        let mut config = Config {
            nodelay: true,
            inactivity_timeout: Some(idle),
            keepalive_interval: Some(SSH_KEEPALIVE),
            ..Config::default()
        };
        if let Some(kinds) = self.trusted.algorithms() {
            config.preferred.key = kinds;
        }
        let doorman = Doorman::new(self.trusted.clone());
        let connected = connect_stream(Arc::new(config), stream, doorman.clone()).await;
        let mut ssh = connected.map_err(|error| match doorman.refused() {
            Some(shown) => self.stranger(&shown),
            None => self.broken(&error),
        })?;
        self.authenticate(&mut ssh).await?;
        Ok(SignedIn { ssh, _tether: tether })
    }

    /// Opens the files of the server.
    pub(crate) async fn files(&self, signed_in: &SignedIn, time: Duration) -> Result<RawSftpSession, Failure> {
        let opened = async {
            let channel = signed_in.ssh.channel_open_session().await.map_err(|error| self.broken(&error))?;
            channel.request_subsystem(true, "sftp").await.map_err(|error| self.broken(&error))?;
            let sftp = RawSftpSession::new(channel.into_stream());
            sftp.set_timeout(time.as_secs().max(1));
            sftp.init().await.map_err(|error| {
                Failure::misconfigured(format!("{self} does not speak SFTP with {:?}: {error}", self.username))
            })?;
            Ok(sftp)
        };
        timeout(CHECK_CONNECT_WAIT, opened).await.unwrap_or_else(|_| {
            Err(Failure::transient(format!("{self} did not answer within {} s", CHECK_CONNECT_WAIT.as_secs())))
        })
    }

    async fn authenticate(&self, ssh: &mut Handle<Doorman>) -> Result<(), Failure> {
        if let Some(key) = &self.key {
            let hash = ssh.best_supported_rsa_hash().await.map_err(|error| self.broken(&error))?.flatten();
            let key = PrivateKeyWithHashAlg::new(Arc::new(key.clone()), hash);
            let result = ssh.authenticate_publickey(&self.username, key).await;
            if result.map_err(|error| self.broken(&error))?.success() {
                return Ok(());
            }
        }
        if let Some(password) = &self.password {
            let result = ssh.authenticate_password(&self.username, password.reveal()).await;
            if result.map_err(|error| self.broken(&error))?.success() {
                return Ok(());
            }
        }
        let with = match (&self.key, &self.password) {
            (Some(_), Some(_)) => "private key and password",
            (Some(_), None) => "private key",
            (None, _) => "password",
        };
        Err(Failure::misconfigured(format!("{self} does not let {:?} in with this {with}", self.username)))
    }

    fn stranger(&self, shown: &str) -> Failure {
        Failure::misconfigured(if self.trusted.is_empty() {
            format!(
                "{self} shows the host key {shown}, and the connection names none: if that is the right one, write it as host_key"
            )
        } else {
            format!(
                "{self} shows the host key {shown}, which is not the host_key of the connection: somebody else may answer"
            )
        })
    }

    /// Where it is, as a URL.
    pub(crate) fn address(&self, scheme: &str) -> String {
        format!("{scheme}://{}:{}", self.host, self.port)
    }

    /// What the line says of itself.
    pub(crate) fn broken(&self, error: &russh::Error) -> Failure {
        let text = format!("{self}: {error}");
        match error {
            russh::Error::NoCommonAlgo { .. } => Failure::misconfigured(text),
            _ => Failure::transient(text),
        }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the {} {}:{}", self.what, self.host, self.port)
    }
}
