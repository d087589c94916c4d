//! SFTP/SFTP_FILE: passes when there is a new file in a folder of an SFTP server.

mod pattern;

use async_trait::async_trait;
use jiff::Timestamp;
use russh::Disconnect;
use russh_sftp::{
    client::{RawSftpSession, error::Error},
    protocol::{FileAttributes, StatusCode},
};
use serde_json::{Map, json};

use super::{
    Asked, Finding, SensorCheck,
    files::{Seen, Sight},
};
use crate::attempt::Failure;
use crate::connections::Fields;
use crate::connectors::parameters;
use crate::limits::{CHECK_ANSWER_BYTES_MAX, CHECK_LISTED_MAX};
use crate::ssh::{self, Server};
use pattern::Place;

#[derive(Debug)]
pub(super) struct SftpFile;

#[async_trait]
impl SensorCheck for SftpFile {
    fn kind(&self) -> (&'static str, &'static str) {
        ("SFTP", "SFTP_FILE")
    }

    fn fields(&self) -> Fields {
        ssh::FIELDS
    }

    async fn look(&self, asked: &Asked) -> Result<Finding, Failure> {
        let path = parameters::text(&asked.parameters, "path").unwrap_or_else(|| ".".to_owned());
        let place = Place::read(&path)?;
        let mut sight = Sight::begin(asked)?;
        let server = Server::read(asked.connection("SFTP")?, "SFTP server")?;
        let signed_in = server.sign_in(asked.time, CHECK_ANSWER_BYTES_MAX).await?;
        let sftp = server.files(&signed_in, asked.time).await?;
        let looked = Folder { sftp: &sftp, server: &server, place: &place }.look(&mut sight).await;
        signed_in.ssh.disconnect(Disconnect::ByApplication, "", "").await.ok();
        looked?;
        Ok(sight.finding(&format!("at {path:?} on {server}")))
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
