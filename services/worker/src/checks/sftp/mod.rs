//! SFTP/SFTP_FILE: passes when there is a new file in a folder of an SFTP server.
//!
//! Nobody signs in to a server whose host key is not the one of the connection.

mod host_key;
mod pattern;

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;
use russh::{
    Disconnect,
    client::{Config, Handle, connect_stream},
    keys::{PrivateKey, PrivateKeyWithHashAlg, decode_secret_key},
};
use russh_sftp::{
    client::{RawSftpSession, error::Error},
    protocol::{FileAttributes, StatusCode},
};
use serde_json::{Map, json};
use tokio::{net::TcpStream, time::timeout};

use super::{
    Asked, Finding, SensorCheck,
    files::{Seen, Sight},
};
use crate::attempt::Failure;
use crate::connections::{Connection, Fields, Secret};
use crate::connectors::parameters;
use crate::guarded::{Guarded, Tether};
use crate::limits::{CHECK_ANSWER_BYTES_MAX, CHECK_CONNECT_WAIT, CHECK_LISTED_MAX};
use host_key::{Doorman, Trusted};
use pattern::Place;

#[derive(Debug)]
pub(super) struct SftpFile;

#[async_trait]
impl SensorCheck for SftpFile {
    fn kind(&self) -> (&'static str, &'static str) {
        ("SFTP", "SFTP_FILE")
    }

    fn fields(&self) -> Fields {
        Fields {
            open: &["host", "port", "username", "host_key", "insecure_accept_any_host_key"],
            secret: &["password", "private_key", "passphrase"],
        }
    }

    async fn look(&self, asked: &Asked) -> Result<Finding, Failure> {
        let path = parameters::text(&asked.parameters, "path").unwrap_or_else(|| ".".to_owned());
        let place = Place::read(&path)?;
        let mut sight = Sight::begin(asked)?;
        let server = Server::read(asked.connection("SFTP")?)?;
        let session = timeout(CHECK_CONNECT_WAIT, server.sign_in(asked.time)).await.unwrap_or_else(|_| {
            Err(Failure::transient(format!("{server} did not answer within {} s", CHECK_CONNECT_WAIT.as_secs())))
        })?;
        let looked = Folder { sftp: &session.sftp, server: &server, place: &place }.look(&mut sight).await;
        session.ssh.disconnect(Disconnect::ByApplication, "", "").await.ok();
        looked?;
        Ok(sight.finding(&format!("at {path:?} on {server}")))
    }
}

struct Server {
    host: String,
    port: u16,
    username: String,
    key: Option<PrivateKey>,
    password: Option<Secret>,
    trusted: Trusted,
}

struct Session {
    ssh: Handle<Doorman>,
    sftp: RawSftpSession,
    _tether: Tether,
}

impl Server {
    fn read(connection: &Connection) -> Result<Self, Failure> {
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
            host: connection.required("host")?.to_owned(),
            port: connection.port(22)?,
            username: connection.required("username")?.to_owned(),
            key,
            password,
            trusted: Trusted::read(connection)?,
        })
    }

    async fn sign_in(&self, time: Duration) -> Result<Session, Failure> {
        let stream = TcpStream::connect((self.host.as_str(), self.port))
            .await
            .map_err(|error| Failure::transient(format!("cannot reach {self}: {error}")))?;
        let (stream, tether) = Guarded::new(stream, CHECK_ANSWER_BYTES_MAX);
        let mut config = Config { nodelay: true, inactivity_timeout: Some(time), ..Config::default() };
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
        let channel = ssh.channel_open_session().await.map_err(|error| self.broken(&error))?;
        channel.request_subsystem(true, "sftp").await.map_err(|error| self.broken(&error))?;
        let sftp = RawSftpSession::new(channel.into_stream());
        sftp.set_timeout(time.as_secs().max(1));
        sftp.init().await.map_err(|error| {
            Failure::misconfigured(format!("{self} does not speak SFTP with {:?}: {error}", self.username))
        })?;
        Ok(Session { ssh, sftp, _tether: tether })
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

    fn broken(&self, error: &russh::Error) -> Failure {
        let text = format!("{self}: {error}");
        match error {
            russh::Error::NoCommonAlgo { .. } => Failure::misconfigured(text),
            _ => Failure::transient(text),
        }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the SFTP server {}:{}", self.host, self.port)
    }
}

struct Folder<'a> {
    sftp: &'a RawSftpSession,
    server: &'a Server,
    place: &'a Place,
}

impl Folder<'_> {
    async fn look(&self, sight: &mut Sight) -> Result<(), Failure> {
        let path = &self.place.path;
        let Some(attributes) = self.there(self.sftp.stat(path).await.map(|found| found.attrs))? else { return Ok(()) };
        if attributes.is_dir() {
            return self.list(sight).await;
        }
        if self.place.pattern.is_none() {
            sight.saw(seen(path.rsplit('/').next().unwrap_or(path), path, &attributes));
        }
        Ok(())
    }

    async fn list(&self, sight: &mut Sight) -> Result<(), Failure> {
        let path = &self.place.path;
        let Some(handle) = self.there(self.sftp.opendir(path).await.map(|opened| opened.handle))? else {
            return Ok(());
        };
        let mut listed = 0;
        loop {
            let part = match self.sftp.readdir(handle.as_str()).await {
                Ok(part) => part.files,
                Err(Error::Status(status)) if status.status_code == StatusCode::Eof => break,
                Err(error) => return Err(self.refused(&error)),
            };
            // A server that sends empty parts for ever is none.
            listed += part.len().max(1);
            if listed > CHECK_LISTED_MAX {
                sight.cut();
                break;
            }
            for entry in part {
                // What holds a slash is no name in this folder.
                if matches!(entry.filename.as_str(), "." | "..")
                    || entry.filename.contains('/')
                    || !self.place.means(&entry.filename)
                {
                    continue;
                }
                let whole = format!("{}/{}", path.trim_end_matches('/'), entry.filename);
                let mut attributes = entry.attrs;
                if attributes.is_symlink() {
                    let Some(target) = self.there(self.sftp.stat(&whole).await.map(|found| found.attrs))? else {
                        continue;
                    };
                    attributes = target;
                }
                if attributes.permissions.is_none() || attributes.is_regular() {
                    sight.saw(seen(&entry.filename, &whole, &attributes));
                }
            }
        }
        self.sftp.close(handle).await.ok();
        Ok(())
    }

    /// `None`: it is not there.
    fn there<T>(&self, found: Result<T, Error>) -> Result<Option<T>, Failure> {
        match found {
            Ok(found) => Ok(Some(found)),
            Err(Error::Status(status)) if status.status_code == StatusCode::NoSuchFile => Ok(None),
            Err(error) => Err(self.refused(&error)),
        }
    }

    fn refused(&self, error: &Error) -> Failure {
        let text = format!("{}: {:?}: {error}", self.server, self.place.path);
        match error {
            Error::Status(status) if status.status_code == StatusCode::PermissionDenied => Failure::misconfigured(text),
            Error::Timeout => Failure::timed_out(text),
            Error::Status(_) => Failure::job(text),
            _ => Failure::transient(text),
        }
    }
}

fn seen(name: &str, path: &str, attributes: &FileAttributes) -> Seen {
    let mut told = Map::new();
    told.insert("name".to_owned(), json!(name));
    told.insert("path".to_owned(), json!(path));
    told.insert("size".to_owned(), json!(attributes.size));
    let modified = attributes.mtime.and_then(|seconds| Timestamp::from_second(seconds.into()).ok());
    Seen { modified, told }
}
