//! POSTGRES/POSTGRES_QUERY: passes when a query brings at least one row.
//!
//! The query runs in a transaction that the server holds to be read only, behind a cursor, with the server's own time limit, and is
//! rolled back. What it brings is read in portions, and never more than [`CHECK_ANSWER_BYTES_MAX`] bytes, whatever the server sends.

mod link;
mod tls;
mod values;

use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Map, Value};
use tokio::time::timeout;
use tokio_postgres::{Client, Error, SimpleQueryMessage, SimpleQueryRow, Statement, error::ErrorPosition};

use super::{Asked, Finding, SensorCheck, guarded::TOO_MUCH, outputs::Items};
use crate::attempt::Failure;
use crate::connections::Fields;
use crate::connectors::parameters;
use crate::limits::CHECK_ANSWER_BYTES_MAX;
use link::Target;

/// Rows that are fetched at once: few at first, because each can be large; one more in all than an answer carries.
const PORTIONS: [usize; 3] = [1, 9, 91];
/// How long a good-bye may take.
const FAREWELL: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct PostgresQuery;

#[async_trait]
impl SensorCheck for PostgresQuery {
    fn kind(&self) -> (&'static str, &'static str) {
        ("POSTGRES", "POSTGRES_QUERY")
    }

    fn fields(&self) -> Fields {
        Fields { open: &["host", "port", "database", "username", "sslmode", "ca_certificate"], secret: &["password"] }
    }

    async fn look(&self, asked: &Asked) -> Result<Finding, Failure> {
        let query = parameters::required(&asked.parameters, "query")?;
        if query.contains('\0') {
            return Err(Failure::misconfigured("the parameter query holds a null character"));
        }
        let target = Target::read(asked.connection("POSTGRES")?)?;
        let (client, connection, _tether) = target.connect().await?;
        let mut connection = std::pin::pin!(connection);
        let items = tokio::select! {
            biased;
            items = rows(&client, &query, asked.time, &target) => items,
            ended = &mut connection => Err(match ended {
                Err(error) => failure(&target, &error),
                Ok(()) => Failure::transient(format!("{target} closed the connection")),
            }),
        };
        drop(client);
        timeout(FAREWELL, connection).await.ok();
        Ok(match items? {
            Some(items) => Finding::Passed(items.named("results")),
            None => Finding::Pending(format!("the query brought no row from {target}")),
        })
    }
}

async fn rows(client: &Client, query: &str, time: Duration, target: &Target) -> Result<Option<Items>, Failure> {
    let failed = |error: Error| failure(target, &error);
    let milliseconds = time.as_millis();
    let begin = format!(
        "BEGIN READ ONLY; SET LOCAL statement_timeout = {milliseconds}; \
         SET LOCAL idle_in_transaction_session_timeout = {milliseconds}"
    );
    client.batch_execute(&begin).await.map_err(failed)?;
    // Prepared first: that allows one statement only, finds faults at their own places, and tells the types.
    let statement = client.prepare(query).await.map_err(failed)?;
    if !statement.params().is_empty() {
        return Err(Failure::misconfigured("the parameter query has places like $1, which nobody fills"));
    }
    if statement.columns().is_empty() {
        return Err(Failure::misconfigured("the parameter query brings no rows: it must be a SELECT"));
    }
    let declare = format!("DECLARE downbeat_check NO SCROLL CURSOR FOR {query}");
    client.batch_execute(&declare).await.map_err(failed)?;
    let items = fetch(client, &statement).await.map_err(failed)?;
    client.batch_execute("ROLLBACK").await.map_err(failed)?;
    Ok(items)
}

async fn fetch(client: &Client, statement: &Statement) -> Result<Option<Items>, Error> {
    let mut items = Items::default();
    let mut found = false;
    for portion in PORTIONS {
        let messages = client.simple_query(&format!("FETCH FORWARD {portion} FROM downbeat_check")).await?;
        let mut came = 0;
        let mut room = true;
        for message in &messages {
            if let SimpleQueryMessage::Row(row) = message {
                came += 1;
                room = room && items.push(object(statement, row));
            }
        }
        found = found || came > 0;
        if came < portion || !room {
            break;
        }
    }
    Ok(found.then_some(items))
}

fn object(statement: &Statement, row: &SimpleQueryRow) -> Value {
    let columns = statement.columns().iter().enumerate();
    let entries = columns.map(|(place, column)| {
        let value = row.try_get(place).ok().flatten();
        (column.name().to_owned(), value.map_or(Value::Null, |text| values::from_text(column.type_(), text)))
    });
    Value::Object(entries.collect::<Map<_, _>>())
}

/// What went wrong, in the server's words, and whether it is worth to try again.
fn failure(target: &Target, error: &Error) -> Failure {
    let Some(said) = error.as_db_error() else { return not_said(target, error) };
    let mut text = format!("{target}: {} (SQLSTATE {})", said.message(), said.code().code());
    if let Some(ErrorPosition::Original(place)) = said.position() {
        text.push_str(&format!(" at character {place} of the query"));
    }
    if let Some(hint) = said.hint() {
        text.push_str(&format!("; {hint}"));
    }
    match said.code().code() {
        "25006" => Failure::misconfigured(format!("{text}: a check only looks")),
        "57014" => Failure::timed_out(format!("{text}: the query took longer than the check may")),
        "55P03" => Failure::transient(text),
        code => match code.get(..2) {
            Some("08" | "40" | "53" | "57" | "58") => Failure::transient(text),
            Some("0A" | "25" | "28" | "34" | "3D" | "3F" | "42") => Failure::misconfigured(text),
            _ => Failure::job(text),
        },
    }
}

/// What went wrong between us and the server.
fn not_said(target: &Target, error: &Error) -> Failure {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    let text = format!("{target}: {text}");
    if text.contains(TOO_MUCH) {
        let limit = CHECK_ANSWER_BYTES_MAX / (1024 * 1024);
        return Failure::misconfigured(format!("{target}: the query brings more than {limit} MiB: select less"));
    }
    if text.contains("TLS handshake") || text.contains("does not support TLS") {
        return Failure::misconfigured(format!(
            "{text}; the field sslmode of the connection is verify-full, require (any certificate) or disable (no TLS)"
        ));
    }
    if text.contains("invalid configuration") || text.contains("authentication") {
        return Failure::misconfigured(text);
    }
    Failure::transient(text)
}
