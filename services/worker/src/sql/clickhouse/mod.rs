//! ClickHouse, over HTTP. What only looks is sent with the setting `readonly`, by which the server refuses anything else.
//!
//! There are no transactions: a statement is known by its `query_id`, which is told before it is sent. Whoever comes after a loss finds it among
//! those that run, and waits, or in `system.query_log`, which says whether it ended. Nothing is concluded from finding nothing.

mod errors;
mod http;
#[cfg(test)]
mod tests;
mod values;

use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use super::{Cancel, RunError, Session, Settled, Sql, Taker, Visit, Witness, words::writes};
use crate::about::Tested;
use crate::attempt::Failure;
use crate::connections::{Connection, Fields};
use http::{Body, Fault, QUESTION_WAIT, Target};

/// The handle's version and kind: the id of a query.
const HANDLE: &str = "1 query ";
/// What KILL is answered with by a server that is about to end the query.
const CANCEL_ANSWER_BYTES_MAX: u64 = 64 * 1024;
/// Of `system.query_log`: it ended, it never began, it failed on its way.
const ENDED: &str = "2";
const NEVER_BEGAN: &str = "3";
const FAILED: &str = "4";
/// UNKNOWN_TABLE: this server keeps no log of queries.
const NO_LOG: u32 = 60;
/// UNKNOWN_STATUS_OF_INSERT.
const UNKNOWN_STATUS: u32 = 319;

/// Servers of ClickHouse.
#[derive(Debug)]
pub(crate) struct ClickHouse;

#[async_trait]
impl Sql for ClickHouse {
    fn integration(&self) -> &'static str {
        "CLICKHOUSE"
    }

    fn fields(&self) -> Fields {
        Fields { open: &["host", "port", "database", "username", "sslmode", "ca_certificate"], secret: &["password"] }
    }

    fn tested(&self) -> Tested {
        Tested::Real("ClickHouse 18.16")
    }

    fn after_a_loss(&self) -> &'static str {
        "the server is asked by its query id: waited for, or looked up in its log"
    }

    async fn connect(&self, connection: &Connection, visit: &Visit<'_>) -> Result<Box<dyn Session>, Failure> {
        let session = Asking::new(connection, visit)?;
        session.ask("SELECT 1").await.map_err(|fault| session.why(&fault))?;
        Ok(Box::new(session))
    }

    async fn settle(
        &self,
        connection: &Connection,
        visit: &Visit<'_>,
        handle: &str,
        end: bool,
    ) -> Result<Settled, Failure> {
        let session = Asking::new(connection, visit)?;
        let Some(id) = handle.strip_prefix(HANDLE).filter(|id| is_id(id)) else { return Ok(Settled::Unknown) };
        session.became(id, end).await.map_err(|fault| session.why(&fault))
    }
}

/// There are no sessions here: every statement is a request of its own.
struct Asking {
    target: Target,
    /// Of the statement of this visit.
    id: String,
    who: &'static str,
    time: Option<Duration>,
    answer_bytes: u64,
}

impl Asking {
    fn new(connection: &Connection, visit: &Visit<'_>) -> Result<Self, Failure> {
        let target = Target::read(connection, visit)?;
        let Visit { who, time, answer_bytes, .. } = *visit;
        // Of its own each time: what an earlier try did must not be taken for what this one does.
        let id = format!("{}-{}", visit.name().replace(' ', "-"), Uuid::new_v4().simple());
        Ok(Self { target, id, who, time, answer_bytes })
    }

    fn why(&self, fault: &Fault) -> Failure {
        errors::failure(&self.target, self.who, self.answer_bytes, fault)
    }

    /// The first value of a question of our own.
    async fn ask(&self, question: &str) -> Result<Option<String>, Fault> {
        let response = self.target.send(question, &[], Some(QUESTION_WAIT)).await?;
        let mut body = Body::new(response, CANCEL_ANSWER_BYTES_MAX);
        let mut lines = Vec::new();
        while let Some(line) = body.line().await? {
            lines.push(line);
        }
        // Behind the names and the types.
        Ok(lines.get(2).and_then(|line| values::texts(line).into_iter().next()))
    }

    /// Sends the statement of this visit and takes its rows. Returns how many came and what was written.
    async fn carry_out(
        &self,
        statement: &str,
        taker: &mut dyn Taker,
        readonly: bool,
        all: bool,
    ) -> Result<(u64, Option<u64>), Fault> {
        let seconds = self.time.map(|time| time.as_secs().max(1).to_string());
        let mut settings = vec![("query_id", self.id.as_str())];
        if let Some(seconds) = &seconds {
            settings.push(("max_execution_time", seconds));
        }
        if readonly {
            // Settings of the statement's own are fine; this one cannot be changed by it.
            settings.push(("readonly", "2"));
        }
        let response = self.target.send(statement, &settings, None).await?;
        let mut body = Body::new(response, self.answer_bytes);
        let written = body.written();
        if let Some(read) = body.read() {
            taker.read(read);
        }
        let Some(names) = body.line().await? else { return Ok((0, written)) };
        if !body.is_as_asked() {
            return Err(Fault::Refused(
                "its result has a format of its own: leave FORMAT out of the statement".to_owned(),
            ));
        }
        let kinds = body.line().await?.map(|kinds| values::texts(&kinds)).unwrap_or_default();
        taker.columns(values::texts(&names));
        let (mut rows, mut room) = (0, true);
        while let Some(line) = body.line().await? {
            rows += 1;
            let row = values::row(&kinds, &line);
            let row =
                row.ok_or_else(|| Fault::Strange("a row has not as many values as there are columns".to_owned()))?;
            room = room && taker.row(row);
            if !room && !all {
                break;
            }
        }
        Ok((rows, written))
    }

    async fn kill(&self, id: &str) -> Result<(), Fault> {
        self.ask(&format!("KILL QUERY WHERE query_id = '{id}'")).await.map(|_| ())
    }

    async fn became(&self, id: &str, end: bool) -> Result<Settled, Fault> {
        let running = self.ask(&format!("SELECT count() FROM system.processes WHERE query_id = '{id}'")).await?;
        if running.as_deref() != Some("0") {
            if end {
                self.kill(id).await?;
            }
            return Ok(Settled::GoesOn);
        }
        // Who may not ask for that waits until the server does it by itself.
        self.ask("SYSTEM FLUSH LOGS").await.ok();
        let question = format!("SELECT max(toInt8(type)) FROM system.query_log WHERE query_id = '{id}'");
        match self.ask(&question).await {
            Ok(Some(last)) => Ok(match last.as_str() {
                ENDED => Settled::Done,
                NEVER_BEGAN => Settled::NotDone,
                FAILED if end => Settled::NotDone,
                // Blocks that it wrote before stay.
                FAILED => Settled::Unknown,
                // It is not in the log yet.
                _ => Settled::Running,
            }),
            Ok(None) => Ok(Settled::Running),
            Err(Fault::Said { code: NO_LOG, .. }) => Ok(Settled::Unknown),
            Err(fault) => Err(fault),
        }
    }
}

fn is_id(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[async_trait]
impl Session for Asking {
    fn canceller(&self) -> Box<dyn Cancel> {
        let Self { target, id, who, .. } = self;
        let (target, id) = (target.clone(), id.clone());
        Box::new(Canceller(Self { target, id, who, time: None, answer_bytes: CANCEL_ANSWER_BYTES_MAX }))
    }

    async fn look(&mut self, statement: &str, taker: &mut dyn Taker, count: bool) -> Result<Option<u64>, Failure> {
        let looked = self.carry_out(statement, taker, true, count).await;
        let (rows, _) = looked.map_err(|fault| self.why(&fault))?;
        Ok(count.then_some(rows))
    }

    async fn run(
        &mut self,
        statement: &str,
        taker: &mut dyn Taker,
        witness: &dyn Witness,
    ) -> Result<Option<u64>, RunError> {
        let handle = format!("{HANDLE}{}", self.id);
        witness.begun(&handle).await;
        match self.carry_out(statement, taker, false, true).await {
            Ok((_, written)) => Ok(written.filter(|_| writes(statement))),
            Err(fault @ Fault::Said { code: UNKNOWN_STATUS, .. }) => {
                Err(RunError::InDoubt { handle: None, whole: false, reason: self.why(&fault) })
            }
            Err(fault @ (Fault::Unsent(_) | Fault::Unwelcome(_) | Fault::Said { .. })) => Err(self.why(&fault).into()),
            // An answer begins when a statement has ended.
            Err(fault @ (Fault::Refused(_) | Fault::TooMuch)) => {
                let failure = self.why(&fault);
                let message = format!("{}; the statement was carried out", failure.message);
                Err(Failure { message, ..failure }.into())
            }
            Err(fault) => Err(RunError::InDoubt { handle: Some(handle), whole: false, reason: self.why(&fault) }),
        }
    }

    async fn close(self: Box<Self>) {}
}

struct Canceller(Asking);

#[async_trait]
impl Cancel for Canceller {
    async fn cancel(&self) -> Result<(), Failure> {
        self.0.kill(&self.0.id).await.map_err(|fault| self.0.why(&fault))
    }
}
