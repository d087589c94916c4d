//! Where a log is, as people write it: `embedded:FOLDER` or `nats://HOST:PORT`.

use std::{path::PathBuf, str::FromStr, sync::Arc};

use async_nats::ConnectOptions;

use crate::{
    Error, EventLog, KvLease, Lease, Nats, NatsError, Restored,
    embedded::{EmbeddedLog, OpenOptions},
    jetstream::{JetStreamLog, JetStreamOptions},
    lease, limits,
    procedures::check_whole,
};

/// Where a log is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogAddress {
    /// A folder of this machine.
    Embedded(PathBuf),
    /// A stream of a NATS server or cluster; several servers are separated by commas.
    Nats(String),
}

/// What one may do with an open log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Append; make the log if there is none.
    Write,
    /// Read only; the log must exist.
    Read,
}

/// The text is no address of a log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no address of a log: write embedded:FOLDER or nats://HOST:PORT")]
pub struct InvalidAddress(String);

impl FromStr for LogAddress {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        match text.split_once(':') {
            Some(("embedded", folder)) if !folder.is_empty() => Ok(Self::Embedded(folder.into())),
            Some(("nats" | "tls", rest)) if rest.len() > 2 && rest.starts_with("//") => Ok(Self::Nats(text.to_owned())),
            _ => Err(InvalidAddress(text.to_owned())),
        }
    }
}

impl std::fmt::Display for LogAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Embedded(folder) => write!(f, "embedded:{}", folder.display()),
            Self::Nats(servers) => f.write_str(servers),
        }
    }
}

impl LogAddress {
    /// Opens the log of partition 0; `nats` says who we are where it is on a NATS server.
    ///
    /// # Errors
    /// Those of the implementation; [`crate::ErrorKind::Unavailable`] when it is not there (yet), or was not restored as a whole.
    pub async fn open(&self, access: Access, client_name: &str, nats: &Nats) -> Result<Arc<dyn EventLog>, Error> {
        let log: Arc<dyn EventLog> = match self {
            Self::Embedded(folder) => {
                let options = OpenOptions { read_only: access == Access::Read, ..OpenOptions::default() };
                Arc::new(EmbeddedLog::open(folder, options).await?)
            }
            Self::Nats(servers) => {
                let options =
                    JetStreamOptions { create: access == Access::Write, ..options(servers, client_name, nats) };
                let strict = options.create && options.strict;
                Arc::new(JetStreamLog::open(JetStreamOptions { strict, ..options }).await?)
            }
        };
        if log.id().restored_from().is_some() {
            check_whole(log.id(), log.tail().await?.sequence)?;
        }
        Ok(log)
    }

    /// Makes the log that is to be given what `from` names, or opens it to go on with that.
    ///
    /// # Errors
    /// Those of the implementation; `Fatal` where a log stands that was not begun for this.
    pub async fn open_to_restore(
        &self,
        from: &Restored,
        client_name: &str,
        nats: &Nats,
    ) -> Result<Arc<dyn EventLog>, Error> {
        match self {
            Self::Embedded(folder) => Ok(Arc::new(EmbeddedLog::open_to_restore(folder, from).await?)),
            Self::Nats(servers) => {
                let options = options(servers, client_name, nats);
                let options = JetStreamOptions { create: true, restored: Some(from.clone()), ..options };
                Ok(Arc::new(JetStreamLog::open(options).await?))
            }
        }
    }

    /// A lease beside the log, where several processes may want the same ([`crate::lease`] has the keys); `None` for a log in a folder, which
    /// one process uses.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Unavailable`] when no server answers; `Fatal` for settings that cannot be used.
    pub async fn lease(&self, key: &str, client_name: &str, nats: &Nats) -> Result<Option<Arc<dyn Lease>>, Error> {
        let Self::Nats(servers) = self else { return Ok(None) };
        let options = ConnectOptions::new()
            .name(format!("{client_name} lease"))
            .connection_timeout(limits::CONNECT_TIMEOUT)
            .ping_interval(limits::PING_INTERVAL)
            .max_reconnects(None)
            .reconnect_delay_callback(|_| limits::RECONNECT_DELAY_MAX / 4);
        match nats.connect(servers, options, limits::CONNECT_TIMEOUT).await {
            Ok(client) => Ok(Some(Arc::new(KvLease::new(
                client,
                key,
                (key == lease::PARTITION).then(|| nats.of_writer().log_replicas),
            )))),
            Err(NatsError::Setting(why)) => Err(Error::fatal("the NATS server of the log", why)),
            Err(error @ NatsError::Away(_)) => {
                Err(Error::Unavailable { log: format!("the lease at {servers}"), reason: error.to_string() })
            }
        }
    }

    /// Opens the log, waiting for one that is not there yet and saying so.
    ///
    /// # Errors
    /// Those of the implementation but [`crate::ErrorKind::Unavailable`].
    pub async fn open_waiting(
        &self,
        access: Access,
        client_name: &str,
        nats: &Nats,
    ) -> Result<Arc<dyn EventLog>, Error> {
        let mut attempts = 0_u32;
        loop {
            // On the heap: it is large, and every main waits for it.
            match Box::pin(self.open(access, client_name, nats)).await {
                Err(error) if error.kind() == crate::ErrorKind::Unavailable => {
                    if attempts.is_multiple_of(limits::OPEN_NOTICE_EVERY) {
                        tracing::warn!(%error, "waiting for the log");
                    }
                    attempts += 1;
                    tokio::time::sleep(limits::OPEN_PAUSE).await;
                }
                opened => return opened,
            }
        }
    }
}

fn options(servers: &str, client_name: &str, nats: &Nats) -> JetStreamOptions {
    let writing = nats.of_writer();
    JetStreamOptions {
        server_url: servers.to_owned(),
        replicas: writing.log_replicas,
        max_bytes: writing.max_bytes(),
        strict: writing.strict,
        client_name: client_name.to_owned(),
        monitor_url: nats.monitor().map(str::to_owned),
        nats: nats.clone(),
        ..JetStreamOptions::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_read_back_and_others_are_refused() {
        for text in ["embedded:/var/lib/downbeat/log", "embedded:log", "nats://127.0.0.1:4222", "tls://a:1,nats://b:2"]
        {
            assert_eq!(text.parse::<LogAddress>().unwrap().to_string(), text);
        }
        for text in ["", "log", "embedded:", "nats:", "nats://", "http://127.0.0.1:1"] {
            assert_eq!(text.parse::<LogAddress>(), Err(InvalidAddress(text.to_owned())));
        }
    }
}
