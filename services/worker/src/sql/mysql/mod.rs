//! MySQL and MariaDB, by the text protocol that both speak. What only looks runs in a transaction that the server holds to be read only.
//!
//! What may write runs in a transaction of ours where it can (`run.rs` says when). These servers do not tell afterwards what became of a
//! transaction, but a session holds a lock that is named after the attempt: whoever comes after a loss ends the session that has it, and knows
//! that nothing goes on. Was COMMIT not said, nothing of it was carried out; else its outcome is unknown.

mod answers;
mod errors;
mod link;
mod look;
mod packets;
mod run;
mod sign_in;
mod values;

use async_trait::async_trait;
use serde_json::Value;
use tokio::time::timeout;

use super::{Cancel, RunError, Session, Settled, Sql, Taker, Visit, Witness};
use crate::about::Tested;
use crate::attempt::Failure;
use crate::connections::{Connection, Fields};
use crate::guarded::Tether;
use answers::{Answer, Part};
use errors::Fault;
use link::{Linked, Target};
use packets::Open;

const COM_QUIT: u8 = 0x01;
const COM_QUERY: u8 = 0x03;
const COM_SET_OPTION: u8 = 0x1B;
/// How long a good-bye may take.
const FAREWELL: std::time::Duration = std::time::Duration::from_secs(1);
/// What KILL says of a session that is gone.
const NO_SUCH_SESSION: u16 = 1094;

/// Servers that speak MySQL's protocol, by the integration that they are used as.
#[derive(Debug)]
pub(crate) struct MySql {
    pub(crate) integration: &'static str,
}

#[async_trait]
impl Sql for MySql {
    fn integration(&self) -> &'static str {
        self.integration
    }

    fn fields(&self) -> Fields {
        Fields { open: &["host", "port", "database", "username", "sslmode", "ca_certificate"], secret: &["password"] }
    }

    fn tested(&self) -> Tested {
        Tested::Real("MariaDB 10.11")
    }

    fn after_a_loss(&self) -> &'static str {
        "its session is ended; UNKNOWN_OUTCOME unless it only looks"
    }

    async fn connect(&self, connection: &Connection, visit: &Visit<'_>) -> Result<Box<dyn Session>, Failure> {
        Ok(Box::new(SignedIn::open(connection, visit).await?))
    }

    async fn settle(
        &self,
        connection: &Connection,
        visit: &Visit<'_>,
        handle: &str,
        _end: bool,
    ) -> Result<Settled, Failure> {
        let session = SignedIn::open(connection, visit).await?;
        run::settle(session, handle).await
    }
}

/// A session.
struct SignedIn {
    packets: Open,
    _tether: Tether,
    target: Target,
    /// The server's number of it.
    number: u64,
    mariadb: bool,
    /// Of the attempt; empty for a check.
    lock: String,
    who: &'static str,
    time: Option<std::time::Duration>,
    answer_bytes: u64,
}

impl SignedIn {
    async fn open(connection: &Connection, visit: &Visit<'_>) -> Result<Self, Failure> {
        let target = Target::read(connection, visit)?;
        let Linked { packets, greeting, tether } = target.connect(visit).await?;
        let (number, mariadb) = (greeting.session, greeting.is_mariadb());
        let Visit { who, time, answer_bytes, .. } = *visit;
        let lock = lock_name(visit.token);
        let mut session = Self { packets, _tether: tether, target, number, mariadb, lock, who, time, answer_bytes };
        session.limit_time().await.map_err(|fault| session.why(&fault))?;
        Ok(session)
    }

    /// The server keeps the time of each statement; MySQL that of SELECT alone.
    async fn limit_time(&mut self) -> Result<(), Fault> {
        let Some(time) = self.time else { return Ok(()) };
        let set = if self.mariadb {
            format!("SET SESSION max_statement_time = {}", time.as_secs_f64().max(0.001))
        } else {
            format!("SET SESSION max_execution_time = {}", time.as_millis().max(1))
        };
        match self.ask(&set).await {
            // A server of another make that does not know it.
            Err(Fault::Said(said)) if said.code == 1193 => Ok(()),
            asked => asked.map(|_| ()),
        }
    }

    fn why(&self, fault: &Fault) -> Failure {
        errors::failure(&self.target, self.who, self.answer_bytes, fault)
    }

    /// The first value of a question of our own, and how many warnings there were.
    async fn ask(&mut self, question: &str) -> Result<(Option<Value>, u64), Fault> {
        let mut answer = Answer::to(&mut self.packets, question).await?;
        let (mut first, mut all) = (None, 0);
        while let Some(part) = answer.next().await? {
            match part {
                Part::Row(values) => first = first.or_else(|| values.into_iter().next()),
                Part::End { warnings, .. } => all += warnings,
                Part::Columns(_) => {}
            }
        }
        Ok((first, all))
    }

    /// Whether a text may hold several statements: only what may write may.
    async fn take_several(&mut self) -> Result<(), Fault> {
        self.packets.command(COM_SET_OPTION, &[0, 0]).await?;
        let answer = self.packets.read().await?;
        match answer.first() {
            Some(0xFF) => Err(Fault::Said(errors::Said::read(&answer[1..]))),
            _ => Ok(()),
        }
    }

    async fn sign_off(mut self) {
        timeout(FAREWELL, self.packets.command(COM_QUIT, &[])).await.ok();
    }
}

/// Servers take 64 characters.
fn lock_name(token: &str) -> String {
    if token.is_empty() {
        String::new()
    } else {
        format!("downbeat {}", &blake3::hash(token.as_bytes()).to_hex()[..40])
    }
}

#[async_trait]
impl Session for SignedIn {
    fn canceller(&self) -> Box<dyn Cancel> {
        Box::new(Canceller { target: self.target.clone(), number: self.number })
    }

    async fn look(&mut self, statement: &str, taker: &mut dyn Taker, count: bool) -> Result<Option<u64>, Failure> {
        look::look(self, statement, taker, count).await
    }

    async fn run(
        &mut self,
        statement: &str,
        taker: &mut dyn Taker,
        witness: &dyn Witness,
    ) -> Result<Option<u64>, RunError> {
        run::run(self, statement, taker, witness).await
    }

    async fn close(self: Box<Self>) {
        (*self).sign_off().await;
    }
}

struct Canceller {
    target: Target,
    number: u64,
}

/// A server says little to a cancel.
const CANCEL_ANSWER_BYTES_MAX: u64 = 64 * 1024;

#[async_trait]
impl Cancel for Canceller {
    async fn cancel(&self) -> Result<(), Failure> {
        let visit =
            Visit { database: None, token: "", who: "query", time: None, answer_bytes: CANCEL_ANSWER_BYTES_MAX };
        let Linked { mut packets, tether, .. } = self.target.connect(&visit).await?;
        let killed = async {
            let mut answer = Answer::to(&mut packets, &format!("KILL QUERY {}", self.number)).await?;
            while answer.next().await?.is_some() {}
            Ok(())
        };
        let killed = killed.await;
        packets.command(COM_QUIT, &[]).await.ok();
        drop(tether);
        match killed {
            Ok(()) => Ok(()),
            Err(Fault::Said(said)) if said.code == NO_SUCH_SESSION => Ok(()),
            Err(fault) => Err(errors::failure(&self.target, "query", CANCEL_ANSWER_BYTES_MAX, &fault)),
        }
    }
}
