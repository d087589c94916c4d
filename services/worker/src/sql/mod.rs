//! SQL servers: one way to ask them, for jobs and for checks of sensors.
//!
//! Promises: what only looks cannot change anything, the server itself refuses it; an answer is read in portions and never beyond
//! the bytes that the visit allows; a statement that may write says of its failure whether something may have come of it
//! ([`RunError::InDoubt`]), and where the server can tell afterwards, [`Sql::settle`] asks it. Dropping a session ends it.
//! It knows nothing of tasks and sensors, of thresholds, or of where results go.

pub(crate) mod clickhouse;
pub(crate) mod mysql;
mod numbers;
pub(crate) mod postgres;
pub(crate) mod rows;
pub(crate) mod sqlserver;
pub(crate) mod threshold;
pub(crate) mod tls;
pub(crate) mod words;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use serde_json::Value;

use crate::about::Tested;
use crate::attempt::Failure;
use crate::connections::{Connection, Fields};

/// The integrations whose servers are asked this way.
pub(crate) const KINDS: [&str; 5] = ["POSTGRES", "MYSQL", "MARIADB", "CLICKHOUSE", "SQL_SERVER"];

/// The kind of server of an integration, if it is asked this way.
pub(crate) fn of(integration: &str) -> Option<Arc<dyn Sql>> {
    match integration {
        "POSTGRES" => Some(Arc::new(postgres::Postgres)),
        "MYSQL" => Some(Arc::new(mysql::MySql { integration: "MYSQL" })),
        "MARIADB" => Some(Arc::new(mysql::MySql { integration: "MARIADB" })),
        "CLICKHOUSE" => Some(Arc::new(clickhouse::ClickHouse)),
        "SQL_SERVER" => Some(Arc::new(sqlserver::SqlServer)),
        _ => None,
    }
}

/// Who comes to a server, and for how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visit<'a> {
    /// Instead of the connection's own database.
    pub(crate) database: Option<&'a str>,
    /// Names the attempt, for people who look at the server's sessions; empty for a check.
    pub(crate) token: &'a str,
    /// What it is called in failures: check, test or query.
    pub(crate) who: &'static str,
    /// How long one statement may take; the server keeps it.
    pub(crate) time: Option<Duration>,
    /// Bytes that the server may send.
    pub(crate) answer_bytes: u64,
}

impl Visit<'_> {
    /// What the session is called on the server.
    pub(crate) fn name(&self) -> String {
        if self.token.is_empty() { "downbeat".to_owned() } else { format!("downbeat {}", self.token) }
    }
}

/// A kind of server.
#[async_trait]
pub(crate) trait Sql: std::fmt::Debug + Send + Sync {
    /// Whose connections it takes.
    fn integration(&self) -> &'static str;

    /// The fields of its connection.
    fn fields(&self) -> Fields;

    /// What of its kind the tests have met.
    fn tested(&self) -> Tested;

    /// What becomes of a statement that may write whose worker was lost, in a few words.
    fn after_a_loss(&self) -> &'static str;

    /// Signs in.
    async fn connect(&self, connection: &Connection, visit: &Visit<'_>) -> Result<Box<dyn Session>, Failure>;

    /// What became of a statement whose end nobody saw, by the handle of its intent. `end`: what still runs of it shall end, where it
    /// would be waited for otherwise.
    async fn settle(
        &self,
        connection: &Connection,
        visit: &Visit<'_>,
        handle: &str,
        end: bool,
    ) -> Result<Settled, Failure>;
}

/// One sign-in.
#[async_trait]
pub(crate) trait Session: Send {
    /// Ends, when asked, what this session runs.
    fn canceller(&self) -> Box<dyn Cancel>;

    /// Brings rows of one statement that cannot change anything, until the taker has no more room. The number of all rows is
    /// returned when `count` asks for it.
    async fn look(&mut self, statement: &str, taker: &mut dyn Taker, count: bool) -> Result<Option<u64>, Failure>;

    /// Runs statements that may write.
    async fn run(
        &mut self,
        statement: &str,
        taker: &mut dyn Taker,
        witness: &dyn Witness,
    ) -> Result<Option<u64>, RunError>;

    /// Signs off.
    async fn close(self: Box<Self>);
}

/// Ends what a session runs. That it ended is seen in the session.
#[async_trait]
pub(crate) trait Cancel: Send + Sync {
    async fn cancel(&self) -> Result<(), Failure>;
}

/// Is told by which handle the server can be asked what became of a statement, before that is sent.
#[async_trait]
pub(crate) trait Witness: Send + Sync {
    async fn begun(&self, handle: &str);
}

/// Takes rows.
pub(crate) trait Taker: Send {
    /// A result begins; of several the last one counts.
    fn columns(&mut self, names: Vec<String>);

    /// One more row. Returns whether there is room for more.
    fn row(&mut self, values: Vec<Value>) -> bool;

    /// What the statement read, where the server counts it.
    fn read(&mut self, _read: Read) {}
}

/// What a statement read on its server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Read {
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
}

/// Why statements that may write came to nothing, or perhaps did not.
#[derive(Debug)]
pub(crate) enum RunError {
    /// Nothing of it is left on the server.
    Failed(Failure),
    /// Nobody saw its end. With a handle the server can be asked.
    InDoubt {
        handle: Option<String>,
        /// Whether all of its rows had come.
        whole: bool,
        /// What happened.
        reason: Failure,
    },
}

impl From<Failure> for RunError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// What became of a statement whose end nobody saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Settled {
    Done,
    /// Nothing of it is left.
    NotDone,
    /// It is about to end, or it is not known yet.
    Running,
    /// It runs, and is waited for however long it takes.
    GoesOn,
    /// The server cannot tell any more.
    Unknown,
}
