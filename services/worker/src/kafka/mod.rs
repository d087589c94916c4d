//! Kafka, by its own protocol: one way to look at a cluster.
//!
//! Promises: nothing is created or changed (a topic that is asked for is not made by asking); link-local addresses are refused, also where a broker
//! names them; an answer is never larger than the visit allows; no failure repeats a credential. It knows nothing of tasks.
//!
//! Only versions of requests are sent that every broker since 1.0 knows, 4.x among them.

mod errors;
mod sign_in;
#[cfg(test)]
mod tests;
pub(crate) mod topic;
mod wire;

use std::{io, sync::Arc};

use rustls::ClientConfig;
use tokio::time::timeout;

use crate::attempt::Failure;
use crate::connections::{Connection, Fields};
use crate::dial::{self, Address, Open};
use crate::limits::{CHECK_CONNECT_WAIT, KAFKA_ANSWER_BYTES_MAX, KAFKA_SERVERS_MAX};
use crate::sql::tls;
use sign_in::Who;
use wire::Request;

pub(crate) const INTEGRATION: &str = "KAFKA";
const PORT: u16 = 9_092;

/// The fields of a connection.
pub(crate) const FIELDS: Fields = Fields {
    open: &["bootstrap_servers", "sasl_mechanism", "username", "sslmode", "ca_certificate"],
    secret: &["password"],
};

/// A cluster, and who asks. Shown without credentials.
pub(crate) struct Cluster {
    servers: Vec<Address>,
    who: Option<Who>,
    /// `None`: without TLS.
    tls: Option<Arc<ClientConfig>>,
}

/// A sign-in at one broker. Ends when it is dropped.
struct Session {
    open: Open,
    address: Address,
    /// Of the last request.
    number: i32,
}

impl Cluster {
    /// Reads a connection.
    pub(crate) fn read(connection: &Connection) -> Result<Self, Failure> {
        let servers = connection.required("bootstrap_servers")?;
        let servers = servers.split(',').map(|part| Address::parse(part, PORT)).collect::<Option<Vec<_>>>();
        let servers = servers.ok_or_else(|| {
            connection.wrong(
                "bootstrap_servers",
                "must be brokers with commas between, like `a.example.com:9092,b.example.com:9092`, and no URL",
            )
        })?;
        if servers.len() > KAFKA_SERVERS_MAX {
            return Err(connection.wrong("bootstrap_servers", format!("names more than {KAFKA_SERVERS_MAX} brokers")));
        }
        let tls = tls::wanted(connection)?.map(Arc::new);
        Ok(Self { servers, who: Who::read(connection)?, tls })
    }

    /// The broker that a cluster is named by in metadata.
    pub(crate) fn name(&self) -> String {
        self.servers.first().map(ToString::to_string).unwrap_or_default()
    }

    /// Signs in at the first broker of the connection that answers.
    async fn sign_in(&self) -> Result<Session, Failure> {
        let wait = CHECK_CONNECT_WAIT / u32::try_from(self.servers.len().clamp(1, 4)).unwrap_or(1);
        let mut last = None;
        for address in &self.servers {
            match timeout(wait, self.sign_in_at(address)).await {
                Ok(Ok(session)) => return Ok(session),
                // Another broker takes no other password.
                Ok(Err(failure)) if failure.class == downbeat_proto::events::v1::FailureClass::Misconfigured => {
                    return Err(failure);
                }
                Ok(Err(failure)) => last = Some(failure),
                Err(_) => {
                    let message = format!("the broker at {address} did not answer within {} s", wait.as_secs());
                    last = Some(Failure::transient(message));
                }
            }
        }
        Err(last.unwrap_or_else(|| Failure::misconfigured("the connection names no broker")))
    }

    async fn sign_in_at(&self, address: &Address) -> Result<Session, Failure> {
        let open = dial::open(address, "the broker", self.tls.as_ref(), KAFKA_ANSWER_BYTES_MAX).await?;
        let mut session = Session { open, address: address.clone(), number: 0 };
        if let Some(who) = &self.who {
            sign_in::authenticate(&mut session, who).await?;
        }
        Ok(session)
    }
}

impl Session {
    async fn ask(&mut self, request: Request) -> Result<Vec<u8>, Failure> {
        wire::exchange(&mut self.open, &mut self.number, request).await.map_err(|error| self.why(&error))
    }

    fn why(&self, error: &io::Error) -> Failure {
        let place = format!("the broker at {}", self.address);
        match error.kind() {
            io::ErrorKind::InvalidData => Failure::transient(format!("{place}: {error}")),
            // So a broker that wants TLS or a sign-in ends a line.
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => Failure::transient(format!(
                "{place} ended the line: does it want TLS (sslmode) or a sign-in (sasl_mechanism, username, password)?"
            )),
            _ => dial::lost(&place, KAFKA_ANSWER_BYTES_MAX, error),
        }
    }
}
