//! PostgreSQL. What only looks runs in a transaction that the server holds to be read only, behind a cursor, and is rolled back.
//!
//! What may write runs in a transaction whose number is told before the statement is sent: afterwards the server knows whether it
//! was committed (`txid_status`), whoever died in between. Where that cannot be (VACUUM, statements with a COMMIT of their own, a
//! server without these functions) it runs as it is, and its end is in doubt when the connection is lost.

mod errors;
mod link;
mod look;
mod run;
mod values;

use async_trait::async_trait;
use serde_json::Value;
use tokio::{task::JoinHandle, time::timeout};
use tokio_postgres::{CancelToken, Client, Column, Error, SimpleQueryMessage, SimpleQueryRow, Statement};

use super::{Cancel, RunError, Session, Settled, Sql, Taker, Visit, Witness};
use crate::about::Tested;
use crate::attempt::Failure;
use crate::connections::{Connection, Fields};
use crate::guarded::Tether;
use link::Target;

/// How long a good-bye may take.
const FAREWELL: std::time::Duration = std::time::Duration::from_secs(1);

/// Servers that speak PostgreSQL's protocol.
#[derive(Debug)]
pub(crate) struct Postgres;

#[async_trait]
impl Sql for Postgres {
    fn integration(&self) -> &'static str {
        "POSTGRES"
    }

    fn fields(&self) -> Fields {
        Fields { open: &["host", "port", "database", "username", "sslmode", "ca_certificate"], secret: &["password"] }
    }

    fn tested(&self) -> Tested {
        Tested::Real("PostgreSQL 15")
    }

    fn after_a_loss(&self) -> &'static str {
        "the server is asked what became of the transaction"
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
        run::settle(session, &visit.name(), handle).await
    }
}

/// A session, with the task that drives its connection.
struct SignedIn {
    client: Client,
    driven: Driven,
    _tether: Tether,
    target: Target,
    who: &'static str,
    time: Option<std::time::Duration>,
    answer_bytes: u64,
}

/// Ends when it is dropped.
struct Driven(Option<JoinHandle<Result<(), Error>>>);

impl Drop for Driven {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }
}

impl SignedIn {
    async fn open(connection: &Connection, visit: &Visit<'_>) -> Result<Self, Failure> {
        let target = Target::read(connection, visit)?;
        let (client, connection, tether) = target.connect(visit).await?;
        let driven = Driven(Some(tokio::spawn(connection)));
        let Visit { who, time, answer_bytes, .. } = *visit;
        Ok(Self { client, driven, _tether: tether, target, who, time, answer_bytes })
    }

    /// Of a connection that ended, the client knows only that; whoever drove it knows why.
    async fn why(&mut self, error: Error) -> Failure {
        let mut error = error;
        if error.is_closed()
            && let Some(mut task) = self.driven.0.take()
        {
            match timeout(FAREWELL, &mut task).await {
                Ok(Ok(Err(cause))) => error = cause,
                Ok(_) => {}
                Err(_) => task.abort(),
            }
        }
        errors::failure(&self.target, self.who, self.answer_bytes, &error)
    }

    /// One value of one row, from a question of our own.
    async fn ask(&self, question: &str) -> Result<Option<String>, Error> {
        let messages = self.client.simple_query(question).await?;
        Ok(messages.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        }))
    }

    async fn sign_off(self) {
        let Self { client, mut driven, .. } = self;
        drop(client);
        if let Some(task) = driven.0.as_mut() {
            timeout(FAREWELL, task).await.ok();
        }
    }
}

#[async_trait]
impl Session for SignedIn {
    fn canceller(&self) -> Box<dyn Cancel> {
        Box::new(Canceller { target: self.target.clone(), token: self.client.cancel_token() })
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
    token: CancelToken,
}

#[async_trait]
impl Cancel for Canceller {
    async fn cancel(&self) -> Result<(), Failure> {
        self.target.cancel(&self.token).await
    }
}

fn check_text(statement: &str) -> Result<(), Failure> {
    if statement.contains('\0') {
        return Err(Failure::misconfigured("the statement holds a null character"));
    }
    Ok(())
}

fn check_places(statement: &Statement) -> Result<(), Failure> {
    if statement.params().is_empty() {
        return Ok(());
    }
    Err(Failure::misconfigured("the statement has places like $1, which nobody fills"))
}

/// A row's values; without `columns` their types are unknown, and they stay text.
fn row_values(columns: Option<&[Column]>, row: &SimpleQueryRow) -> Vec<Value> {
    let value = |place: usize| {
        let Some(text) = row.try_get(place).ok().flatten() else { return Value::Null };
        match columns.and_then(|columns| columns.get(place)) {
            Some(column) => values::from_text(column.type_(), text),
            None => Value::String(text.to_owned()),
        }
    };
    (0..row.len()).map(value).collect()
}
