//! MongoDB, by its own wire protocol: one way to ask servers, for jobs and for checks of sensors.
//!
//! Promises: a server that is not the primary is left for the one that is; link-local addresses are refused, also where a server names them; an
//! answer is never larger than the visit allows, and documents that are nested without end or broken are refused; no failure repeats a
//! credential. What is asked carries a session of ours, so that it can be ended from another line. It knows nothing of tasks and sensors.
//!
//! The official driver was left aside: it opens lines of its own, keeps watching the servers in tasks of its own and takes whatever they send.

mod command;
mod errors;
mod message;
mod run;
#[cfg(test)]
pub(crate) mod shape;
mod sign_in;
#[cfg(test)]
mod tests;
mod values;

use std::{fmt, sync::Arc, time::Duration};

use bson::{
    RawDocumentBuf,
    raw::{RawBsonRef, cstr},
    rawdoc,
};
use rustls::ClientConfig;
use tokio::time::timeout;

use crate::attempt::Failure;
use crate::connections::{Connection, Fields};
use crate::dial::{self, Address, Open};
use crate::limits::{CHECK_CONNECT_WAIT, MONGO_SERVERS_MAX};
use crate::sql::tls;
pub(crate) use command::{Command, Json, pipeline};
use errors::{Fault, Said};
pub(crate) use run::{Asked, NotRun, Ran};
use sign_in::Who;

pub(crate) const INTEGRATION: &str = "MONGODB";
const PORT: u16 = 27_017;
/// Where users are kept unless it is said.
const USERS: &str = "admin";
/// A server says little to a cancel.
const CANCEL_ANSWER_BYTES_MAX: u64 = 64 * 1024;

/// The fields of a connection.
pub(crate) const FIELDS: Fields = Fields {
    open: &["host", "port", "database", "username", "auth_database", "sslmode", "ca_certificate"],
    secret: &["password"],
};

/// Servers of one replica set (or one alone), a database and who asks. Shown without credentials.
#[derive(Clone)]
pub(crate) struct Target {
    servers: Vec<Address>,
    pub(crate) database: String,
    who: Option<Who>,
    /// `None`: without TLS.
    tls: Option<Arc<ClientConfig>>,
}

/// A sign-in. Ends when it is dropped.
pub(crate) struct Session {
    open: Open,
    target: Target,
    address: Address,
    /// Of the last message.
    number: u32,
    answer_bytes: u64,
    /// The session's id, where the server has such.
    id: Option<RawDocumentBuf>,
}

impl Target {
    /// Reads a connection. `database`: instead of its own.
    pub(crate) fn read(connection: &Connection, database: Option<&str>) -> Result<Self, Failure> {
        let port = connection.port(PORT)?;
        let host = connection.required("host")?;
        let servers = host.split(',').map(|part| Address::parse(part, port)).collect::<Option<Vec<_>>>();
        let servers = servers.ok_or_else(|| {
            connection.wrong(
                "host",
                "must be names of hosts with commas between, like `a.example.com:27017,b.example.com`, and no URL",
            )
        })?;
        if servers.len() > MONGO_SERVERS_MAX {
            return Err(connection.wrong("host", format!("names more than {MONGO_SERVERS_MAX} servers")));
        }
        let database = match database {
            Some(named) => named,
            None => connection.text("database")?.ok_or_else(|| {
                connection.wrong("database", "is missing, and the task has no target_database either")
            })?,
        };
        let who = match (connection.text("username")?, connection.secret("password")?) {
            (Some(username), Some(password)) => {
                let kept = connection.text("auth_database")?.unwrap_or(USERS).to_owned();
                Some(Who { username: username.to_owned(), password, database: kept })
            }
            (None, None) => None,
            (Some(_), None) => return Err(connection.wrong("password", "is missing, and there is a username")),
            (None, Some(_)) => return Err(connection.wrong("username", "is missing, and there is a password")),
        };
        let tls = tls::wanted(connection)?.map(Arc::new);
        Ok(Self { servers, database: database.to_owned(), who, tls })
    }

    /// Signs in to the primary. It may send so many bytes. `token` names the session; empty: nobody has to find it.
    pub(crate) async fn sign_in(&self, token: &str, answer_bytes: u64) -> Result<Session, Failure> {
        let mut waiting: Vec<Address> = self.servers.iter().rev().cloned().collect();
        let wait = CHECK_CONNECT_WAIT / u32::try_from(waiting.len().clamp(1, 4)).unwrap_or(1);
        let (mut tried, mut last) = (Vec::new(), None);
        while let Some(address) = waiting.pop() {
            if tried.contains(&address) || tried.len() >= MONGO_SERVERS_MAX {
                continue;
            }
            tried.push(address.clone());
            match timeout(wait, self.try_at(&address, token, answer_bytes)).await {
                Ok(Ok(Tried::SignedIn(session))) => return Ok(*session),
                Ok(Ok(Tried::Elsewhere(primary))) => waiting.extend(primary),
                // Another server of the set takes no other password.
                Ok(Err(failure)) if failure.class == downbeat_proto::events::v1::FailureClass::Misconfigured => {
                    return Err(failure);
                }
                Ok(Err(failure)) => last = Some(failure),
                Err(_) => {
                    let seconds = wait.as_secs();
                    let message = format!(
                        "the server at {address} did not answer within {seconds} s: is TLS as it expects it (sslmode)?"
                    );
                    last = Some(Failure::transient(message));
                }
            }
        }
        Err(last.unwrap_or_else(|| {
            let all = tried.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            Failure::transient(format!("none of the servers is a primary that takes writes: {all}"))
        }))
    }

    async fn try_at(&self, address: &Address, token: &str, answer_bytes: u64) -> Result<Tried, Failure> {
        let open = dial::open(address, "the server", self.tls.as_ref(), answer_bytes).await?;
        let (target, address) = (self.clone(), address.clone());
        let mut session = Session { open, target, address, number: 0, answer_bytes, id: None };
        let greeting = sign_in::greet(&mut session, self.who.as_ref()).await.map_err(|fault| session.why(&fault))?;
        if !greeting.writable {
            return Ok(Tried::Elsewhere(greeting.primary));
        }
        if let Some(who) = &self.who {
            let proved = sign_in::authenticate(&mut session, who, &greeting).await;
            proved.map_err(|fault| session.why(&fault))?;
        }
        session.id = greeting.sessions.then(|| session_id(token));
        Ok(Tried::SignedIn(Box::new(session)))
    }
}

/// What came of one server.
enum Tried {
    SignedIn(Box<Session>),
    /// It takes no writes; who does, if it knows.
    Elsewhere(Option<Address>),
}

/// The same for the same attempt, so that whoever comes after a loss finds it.
fn session_id(token: &str) -> RawDocumentBuf {
    let mut bytes = match token {
        "" => *uuid::Uuid::new_v4().as_bytes(),
        _ => *blake3::hash(token.as_bytes()).as_bytes().first_chunk().unwrap_or(&[0; 16]),
    };
    bytes[6] = bytes[6] & 0x0F | 0x40;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    rawdoc! { "id": bson::Binary { subtype: bson::spec::BinarySubtype::Uuid, bytes: bytes.to_vec() } }
}

impl Session {
    /// Sends a command and brings the answer, if it is one of success.
    async fn command(&mut self, command: RawDocumentBuf) -> Result<RawDocumentBuf, Fault> {
        self.number = self.number.wrapping_add(1);
        message::write(&mut self.open, self.number, &command).await?;
        let said = message::read(&mut self.open, self.number).await?;
        let ok = match said.get("ok") {
            Ok(Some(RawBsonRef::Double(ok))) => ok,
            Ok(Some(RawBsonRef::Int32(ok))) => ok.into(),
            Ok(Some(RawBsonRef::Boolean(ok))) => u8::from(ok).into(),
            _ => return Err(Fault::Strange("an answer does not say whether it is one of success".to_owned())),
        };
        if ok == 1.0 {
            return Ok(said);
        }
        let text = |name: &str| said.get_str(name).unwrap_or_default().to_owned();
        Err(Fault::Said(Said {
            code: said.get_i32("code").unwrap_or_default(),
            name: text("codeName"),
            message: text("errmsg"),
        }))
    }

    /// Where the server is, for failures.
    fn place(&self) -> String {
        format!("the database {:?} at {}", self.target.database, self.address)
    }

    fn why(&self, fault: &Fault) -> Failure {
        errors::failure(&self.place(), self.answer_bytes, fault)
    }

    /// Ends, from another line, what this session does. `None`: the server has no sessions.
    pub(crate) fn canceller(&self) -> Option<Canceller> {
        let id = self.id.clone()?;
        Some(Canceller { target: Target { servers: vec![self.address.clone()], ..self.target.clone() }, id })
    }
}

/// Ends what a session does.
pub(crate) struct Canceller {
    target: Target,
    id: RawDocumentBuf,
}

impl Canceller {
    /// Of an attempt whose worker is gone.
    pub(crate) fn of(target: Target, token: &str) -> Self {
        Self { target, id: session_id(token) }
    }
}

#[async_trait::async_trait]
impl crate::sql::Cancel for Canceller {
    async fn cancel(&self) -> Result<(), Failure> {
        let mut session = self.target.sign_in("", CANCEL_ANSWER_BYTES_MAX).await?;
        let mut sessions = bson::RawArrayBuf::new();
        sessions.push(self.id.clone());
        let mut kill = RawDocumentBuf::new();
        kill.append(cstr!("killSessions"), sessions);
        kill.append(cstr!("$db"), USERS);
        session.command(kill).await.map(drop).map_err(|fault| session.why(&fault))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let servers: Vec<String> = self.servers.iter().map(ToString::to_string).collect();
        write!(formatter, "the database {:?} at {}", self.database, servers.join(","))
    }
}

/// For how long the server may work at a command; `None`: as long as it likes.
pub(crate) type Time = Option<Duration>;
