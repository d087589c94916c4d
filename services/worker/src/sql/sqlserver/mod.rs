//! SQL Server (and Azure SQL), by its own protocol TDS.
//!
//! The server has no sessions that may only read: what only looks has none of the words that change something (`text.rs`), runs in a transaction,
//! and is rolled back. What may write runs in a transaction of ours where it can. The server does not tell afterwards what became of a
//! transaction, but a session holds a lock that is named after the attempt: once somebody else can have it, nothing goes on. Was COMMIT not said,
//! nothing of it was carried out; else its outcome is unknown. A statement is ended in its own session, by an attention.

mod errors;
mod link;
mod run;
mod text;
mod values;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use serde_json::Value;
use tiberius::QueryItem;
use tokio::{
    sync::Notify,
    time::{sleep, timeout},
};
use tokio_stream::StreamExt as _;

use super::{Cancel, RunError, Session, Settled, Sql, Taker, Visit, Witness};
use crate::about::Tested;
use crate::attempt::Failure;
use crate::connections::{Connection, Fields};
use crate::guarded::Tether;
use crate::limits::SQL_CANCEL_WAIT;
use errors::Fault;
use link::{Line, Target};

/// How long a good-bye may take.
const FAREWELL: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct SqlServer;

#[async_trait]
impl Sql for SqlServer {
    fn integration(&self) -> &'static str {
        "SQL_SERVER"
    }

    fn fields(&self) -> Fields {
        Fields { open: &["host", "port", "database", "username", "sslmode", "ca_certificate"], secret: &["password"] }
    }

    fn tested(&self) -> Tested {
        Tested::RecordedShape
    }

    fn after_a_loss(&self) -> &'static str {
        "its session is waited for; UNKNOWN_OUTCOME unless it only looks"
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
        run::settle(SignedIn::open(connection, visit).await?, handle).await
    }
}

/// A session.
struct SignedIn {
    client: Line,
    _tether: Tether,
    target: Target,
    /// Of the attempt; empty for a check.
    lock: String,
    who: &'static str,
    time: Option<Duration>,
    answer_bytes: u64,
    /// Somebody wants what runs to end.
    stop: Arc<Notify>,
}

/// What a text brought.
#[derive(Default)]
struct Brought {
    results: u64,
    /// Of the last result.
    rows: u64,
    /// The taker had no more room, and nobody counts: the rest is still under way, so the session is of no more use.
    left: bool,
}

impl SignedIn {
    async fn open(connection: &Connection, visit: &Visit<'_>) -> Result<Self, Failure> {
        let target = Target::read(connection, visit)?;
        let (client, tether) = target.connect(visit).await?;
        let lock = match visit.token {
            "" => String::new(),
            token => format!("downbeat {}", &blake3::hash(token.as_bytes()).to_hex()[..40]),
        };
        let Visit { who, time, answer_bytes, .. } = *visit;
        Ok(Self { client, _tether: tether, target, lock, who, time, answer_bytes, stop: Arc::default() })
    }

    fn why(&self, fault: &Fault) -> Failure {
        errors::failure(&self.target, self.who, self.answer_bytes, fault)
    }

    /// Sends a text and hands on what it brings. `all`: to its end, even where nobody has room for it.
    async fn stream(&mut self, text: &str, taker: &mut dyn Taker, all: bool) -> Result<Brought, Fault> {
        let (stop, time) = (Arc::clone(&self.stop), self.time);
        let over = async {
            match time {
                Some(time) => sleep(time).await,
                None => std::future::pending().await,
            }
        };
        let why = tokio::select! {
            biased;
            brought = Self::take(&mut self.client, text, taker, all) => return brought,
            () = stop.notified() => Fault::Ended,
            () = over => Fault::OutOfTime,
        };
        // The server confirms an attention once nothing of the statement runs any more.
        match timeout(SQL_CANCEL_WAIT, self.client.cancel_query()).await {
            Ok(confirmed) => confirmed.map_err(Fault::Failed).and(Err(why)),
            Err(_) => Err(Fault::Failed(std::io::Error::from(std::io::ErrorKind::TimedOut).into())),
        }
    }

    async fn take(client: &mut Line, text: &str, taker: &mut dyn Taker, all: bool) -> Result<Brought, Fault> {
        let mut stream = client.simple_query(text).await?;
        let (mut brought, mut room) = (Brought::default(), true);
        while let Some(item) = stream.next().await {
            match item? {
                QueryItem::Metadata(result) => {
                    (brought.results, brought.rows, room) = (brought.results + 1, 0, true);
                    taker.columns(result.columns().iter().map(|column| column.name().to_owned()).collect());
                }
                QueryItem::Row(row) => {
                    brought.rows += 1;
                    room = room && taker.row(row.cells().map(|(_, data)| values::value(data)).collect());
                    if !room && !all {
                        brought.left = true;
                        return Ok(brought);
                    }
                }
            }
        }
        Ok(brought)
    }

    /// The first value of a question of our own.
    async fn ask(&mut self, question: &str) -> Result<Value, Fault> {
        let mut first = First::default();
        self.stream(question, &mut first, true).await?;
        Ok(first.0.unwrap_or_default())
    }

    async fn sign_off(self) {
        timeout(FAREWELL, self.client.close()).await.ok();
    }
}

#[derive(Default)]
struct First(Option<Value>);

impl Taker for First {
    fn columns(&mut self, _: Vec<String>) {}

    fn row(&mut self, values: Vec<Value>) -> bool {
        self.0 = self.0.take().or_else(|| values.into_iter().next());
        true
    }
}

#[async_trait]
impl Session for SignedIn {
    fn canceller(&self) -> Box<dyn Cancel> {
        Box::new(Canceller(Arc::clone(&self.stop)))
    }

    async fn look(&mut self, statement: &str, taker: &mut dyn Taker, count: bool) -> Result<Option<u64>, Failure> {
        if let Some(why) = text::changes(statement) {
            return Err(Failure::misconfigured(format!("the statement does not only look: {why}")));
        }
        let looked = async {
            self.ask("BEGIN TRANSACTION").await?;
            let brought = self.stream(statement, taker, count).await?;
            if brought.results == 0 {
                return Err(Fault::Refused("the statement brings no rows: it must be a SELECT".to_owned()));
            }
            if !brought.left {
                self.ask("ROLLBACK TRANSACTION").await?;
            }
            Ok(count.then_some(brought.rows))
        };
        let looked = looked.await;
        looked.map_err(|fault| self.why(&fault))
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

/// Asks the session itself.
struct Canceller(Arc<Notify>);

#[async_trait]
impl Cancel for Canceller {
    async fn cancel(&self) -> Result<(), Failure> {
        self.0.notify_one();
        Ok(())
    }
}
