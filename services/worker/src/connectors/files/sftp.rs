//! SFTP_GET_FILE and SFTP_PUT_FILE: one file of an SFTP server.
//!
//! A file is written beside its place under a name of the attempt's own, and then renamed: nobody sees half of it.

use async_trait::async_trait;
use jiff::Timestamp;
use russh::Disconnect;
use russh_sftp::{
    client::{RawSftpSession, error::Error},
    protocol::{FileAttributes, OpenFlags, StatusCode},
};
use serde_json::json;
use tokio::time::timeout;

use super::{Place, content::Encoding, ended, flag_on, open, too_large};
use crate::about::About;
use crate::attempt::{Ended, Ending, Failure};
use crate::connections::Connections;
use crate::connectors::{Connector, Step, Task, parameters, unless_stopped};
use crate::limits::{
    FILE_ANSWER_BYTES_MAX, FILE_BYTES_MAX, FILE_PORTION_BYTES, FILE_STEP_WAIT, SSH_IDLE_WAIT, SSH_STOP_WAIT,
};
use crate::ssh::{self, Server, SignedIn};

#[derive(Debug)]
pub(super) struct GetFile {
    pub(super) connections: Connections,
}

#[derive(Debug)]
pub(super) struct PutFile {
    pub(super) connections: Connections,
}

#[async_trait]
impl Connector for GetFile {
    fn job(&self) -> (&str, &str) {
        ("SFTP", "SFTP_GET_FILE")
    }

    fn about(&self) -> About {
        super::about("OpenSSH 9.2")
    }

    fn needs_connection(&self) -> bool {
        true
    }

    async fn run(&self, task: &Task) -> Ended {
        carry_out(&self.connections, task, None).await
    }
}

#[async_trait]
impl Connector for PutFile {
    fn job(&self) -> (&str, &str) {
        ("SFTP", "SFTP_PUT_FILE")
    }

    fn about(&self) -> About {
        super::about("OpenSSH 9.2")
    }

    fn needs_connection(&self) -> bool {
        true
    }

    async fn run(&self, task: &Task) -> Ended {
        match Upload::read(task) {
            Ok(upload) => carry_out(&self.connections, task, Some(upload)).await,
            Err(failure) => failure.into(),
        }
    }
}

/// What is put.
struct Upload {
    bytes: Vec<u8>,
    overwrite: bool,
}

impl Upload {
    fn read(task: &Task) -> Result<Self, Failure> {
        let given = &task.parameters;
        let contents = match given.get("contents") {
            Some(serde_json::Value::String(text)) => text.clone(),
            _ => parameters::required(given, "contents")?,
        };
        let bytes = encoding(task)?.bytes("contents", contents)?;
        if bytes.len() > FILE_BYTES_MAX {
            return Err(too_large("the parameter contents"));
        }
        Ok(Self { bytes, overwrite: flag_on(given, "overwrite")? })
    }
}

fn encoding(task: &Task) -> Result<Encoding, Failure> {
    parameters::one_of(&task.parameters, "content_format", &["TEXT", "BASE64"]).map(Encoding::named)
}

async fn carry_out(connections: &Connections, task: &Task, upload: Option<Upload>) -> Ended {
    let read = async {
        let path = parameters::required(&task.parameters, "file_path")?;
        if path.contains('\0') || path.ends_with('/') {
            return Err(Failure::misconfigured("the parameter file_path names no file"));
        }
        let encoding = encoding(task)?;
        let set_outputs = flag_on(&task.parameters, "set_outputs")?;
        let connection = open(connections, task, "SFTP", ssh::FIELDS).await?;
        let server = Server::read(&connection, "SFTP server")?;
        Ok((path, encoding, set_outputs, connection, server))
    };
    let (path, encoding, set_outputs, connection, server) = match read.await {
        Ok(read) => read,
        Err(failure) => return failure.into(),
    };
    let signed_in = match unless_stopped(&task.stop, sign_in(&server)).await {
        Ok(Ok(signed_in)) => signed_in,
        Ok(Err(failure)) => return ended(Err(failure.into()), &connection),
        Err(stopped) => return stopped.into(),
    };
    let file = File { sftp: &signed_in.1, server: &server, path: &path };
    let begun = Timestamp::now();
    let done = match upload {
        Some(upload) => file.put(task, upload).await.map(|ending| (ending, "put")),
        None => match unless_stopped(&task.stop, file.get(encoding, set_outputs)).await {
            Ok(got) => got.map(|ending| (ending, "get")),
            Err(stopped) => Err(stopped),
        },
    };
    signed_in.0.ssh.disconnect(Disconnect::ByApplication, "", "").await.ok();
    let place = Place { integration: "SFTP", namespace: server.address("sftp"), name: path.clone() };
    ended(done.map(|(ending, verb)| (ending, place.collection(verb, begun))), &connection)
}

async fn sign_in(server: &Server) -> Result<(SignedIn, RawSftpSession), Failure> {
    let signed_in = server.sign_in(SSH_IDLE_WAIT, FILE_ANSWER_BYTES_MAX).await?;
    let sftp = server.files(&signed_in, FILE_STEP_WAIT).await?;
    Ok((signed_in, sftp))
}

struct File<'a> {
    sftp: &'a RawSftpSession,
    server: &'a Server,
    path: &'a str,
}

impl File<'_> {
    async fn get(&self, encoding: Encoding, set_outputs: bool) -> Step<Ending> {
        let failed = |error: &Error| self.failure(error);
        let opened = self.sftp.open(self.path, OpenFlags::READ, FileAttributes::empty()).await;
        let handle = opened.map_err(|error| failed(&error))?.handle;
        let mut bytes = Vec::new();
        loop {
            // Beyond the limit one byte is enough to know.
            match self.sftp.read(handle.as_str(), bytes.len() as u64, FILE_PORTION_BYTES as u32).await {
                Ok(part) if part.data.is_empty() => break,
                Ok(part) => bytes.extend(part.data),
                Err(Error::Status(status)) if status.status_code == StatusCode::Eof => break,
                Err(error) => return Err(failed(&error).into()),
            }
            if bytes.len() > FILE_BYTES_MAX {
                return Err(too_large(format!("the file {:?} on {}", self.path, self.server)).into());
            }
        }
        self.sftp.close(handle).await.ok();
        let size = bytes.len();
        let contents = encoding.text(&format!("the file {:?} on {}", self.path, self.server), bytes)?;
        let outputs =
            if set_outputs { json!({ "contents": contents, "size": size }).to_string() } else { String::new() };
        Ok(Ending::Succeeded { warning: false, outputs, message: format!("{size} bytes") })
    }

    async fn put(&self, task: &Task, upload: Upload) -> Step<Ending> {
        let part = self.part(&task.token);
        let put = match unless_stopped(&task.stop, self.write(&part, &upload.bytes)).await {
            Ok(Ok(())) => self.take_place(&part, upload.overwrite).await,
            Ok(Err(failure)) => Err(failure),
            Err(stopped) => {
                timeout(SSH_STOP_WAIT, self.sftp.remove(&part)).await.ok();
                return Err(stopped);
            }
        };
        if let Err(failure) = put {
            timeout(SSH_STOP_WAIT, self.sftp.remove(&part)).await.ok();
            return Err(failure.into());
        }
        let message = format!("{} bytes", upload.bytes.len());
        Ok(Ending::Succeeded { warning: false, outputs: String::new(), message })
    }

    /// Beside the file, so that it is on the same disk.
    fn part(&self, token: &str) -> String {
        let (folder, name) = self.path.rsplit_once('/').map_or(("", self.path), |(folder, name)| (folder, name));
        let start = if self.path.contains('/') { format!("{folder}/") } else { String::new() };
        let name: String = name.chars().take(100).collect();
        format!("{start}.{name}.downbeat-{token}")
    }

    async fn write(&self, part: &str, bytes: &[u8]) -> Result<(), Failure> {
        let flags = OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::TRUNCATE;
        let opened = self.sftp.open(part, flags, FileAttributes::empty()).await;
        let handle = opened.map_err(|error| self.failure(&error))?.handle;
        for (number, portion) in bytes.chunks(FILE_PORTION_BYTES).enumerate() {
            let offset = (number * FILE_PORTION_BYTES) as u64;
            let written = self.sftp.write(handle.as_str(), offset, portion.to_vec()).await;
            written.map_err(|error| self.failure(&error))?;
        }
        self.sftp.close(handle).await.map(drop).map_err(|error| self.failure(&error))
    }

    async fn take_place(&self, part: &str, overwrite: bool) -> Result<(), Failure> {
        let there = self.sftp.lstat(self.path).await.is_ok();
        if there && !overwrite {
            return Err(self.exists());
        }
        // Where the server can, the new file takes the place of the old one at once.
        if overwrite && self.replace(part).await {
            return Ok(());
        }
        if there {
            self.sftp.remove(self.path).await.map_err(|error| self.failure(&error))?;
        }
        match self.sftp.rename(part, self.path).await {
            Ok(_) => Ok(()),
            // Somebody else was faster.
            Err(_) if !overwrite && self.sftp.lstat(self.path).await.is_ok() => Err(self.exists()),
            Err(error) => Err(self.failure(&error)),
        }
    }

    /// OpenSSH's own rename, which replaces.
    async fn replace(&self, part: &str) -> bool {
        let text = |text: &str| [&(text.len() as u32).to_be_bytes(), text.as_bytes()].concat();
        let data = [text(part), text(self.path)].concat();
        self.sftp.extended("posix-rename@openssh.com", data).await.is_ok() && self.sftp.lstat(part).await.is_err()
    }

    fn exists(&self) -> Failure {
        let Self { server, path, .. } = self;
        Failure::job(format!("{server}: there is a file {path:?} already, and overwrite is false"))
    }

    fn failure(&self, error: &Error) -> Failure {
        let text = format!("{}: {:?}: {error}", self.server, self.path);
        match error {
            Error::Status(status) => match status.status_code {
                StatusCode::NoSuchFile => Failure::job(text),
                StatusCode::PermissionDenied | StatusCode::OpUnsupported => Failure::misconfigured(text),
                StatusCode::Failure => Failure::job(text),
                _ => Failure::transient(text),
            },
            _ => Failure::transient(text),
        }
    }
}
