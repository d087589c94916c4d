//! Running statements that may write, and asking afterwards what became of them.

use std::pin::pin;

use tokio_postgres::{Error, SimpleQueryMessage, Statement};
use tokio_stream::StreamExt as _;

use super::{SignedIn, check_places, check_text, row_values};
use crate::attempt::Failure;
use crate::sql::{
    RunError, Settled, Taker, Witness,
    words::{behind_comments, writes},
};

/// The handle's version and kind: the number of a transaction.
const HANDLE: &str = "1 txid ";
/// Statements that the server runs outside of a transaction only, or that may commit (a procedure), by their first words.
const OUTSIDE_ONLY: [&str; 13] = [
    "VACUUM",
    "CALL",
    "CLUSTER",
    "REINDEX",
    "DISCARD",
    "CREATE DATABASE",
    "DROP DATABASE",
    "ALTER DATABASE",
    "CREATE TABLESPACE",
    "DROP TABLESPACE",
    "ALTER SYSTEM",
    "CREATE SUBSCRIPTION",
    "DROP SUBSCRIPTION",
];
/// What begins a part of a text that handles transactions itself.
const TRANSACTION_WORDS: [&str; 6] = ["BEGIN", "START", "COMMIT", "ROLLBACK", "ABORT", "END"];

pub(super) async fn run(
    session: &mut SignedIn,
    statement: &str,
    taker: &mut dyn Taker,
    witness: &dyn Witness,
) -> Result<Option<u64>, RunError> {
    check_text(statement)?;
    let prepared = prepare(session, statement).await?;
    let mut asked = Asked { statement, prepared: prepared.as_ref(), taker };
    if let Some(time) = session.time {
        let set = format!("SET statement_timeout = {}", time.as_millis());
        if let Err(error) = session.client.batch_execute(&set).await {
            return Err(session.why(error).await.into());
        }
    }
    if !runs_outside(statement)
        && let Some(handle) = begin(session).await?
    {
        witness.begun(&handle).await;
        return inside(session, &mut asked, handle).await;
    }
    witness.begun("").await;
    match stream(session, &mut asked).await {
        Ok(affected) => Ok(affected),
        Err(error) if error.as_db_error().is_some() => Err(session.why(error).await.into()),
        Err(error) => Err(RunError::InDoubt { handle: None, whole: false, reason: session.why(error).await }),
    }
}

struct Asked<'a> {
    statement: &'a str,
    /// `None`: there are several statements, whose types are not known beforehand.
    prepared: Option<&'a Statement>,
    taker: &'a mut dyn Taker,
}

async fn prepare(session: &mut SignedIn, statement: &str) -> Result<Option<Statement>, Failure> {
    match session.client.prepare(statement).await {
        Ok(prepared) => check_places(&prepared).map(|()| Some(prepared)),
        // Several statements cannot be prepared; whatever else is wrong is said again when they are run.
        Err(error) if error.code().is_some_and(|code| code.code() == "42601") => Ok(None),
        Err(error) => Err(session.why(error).await),
    }
}

/// Begins a transaction and says its handle. `None`: this server cannot tell what becomes of one.
async fn begin(session: &mut SignedIn) -> Result<Option<String>, Failure> {
    if let Err(error) = session.client.batch_execute("BEGIN").await {
        return Err(session.why(error).await);
    }
    match session.ask("SELECT txid_current()").await {
        Ok(Some(number)) => Ok(Some(format!("{HANDLE}{number}"))),
        Ok(None) => roll_back(session).await.map(|()| None),
        // A standby, or a server that has no such function.
        Err(error) if error.as_db_error().is_some() => roll_back(session).await.map(|()| None),
        Err(error) => Err(session.why(error).await),
    }
}

async fn roll_back(session: &mut SignedIn) -> Result<(), Failure> {
    match session.client.batch_execute("ROLLBACK").await {
        Ok(()) => Ok(()),
        Err(error) => Err(session.why(error).await),
    }
}

async fn inside(session: &mut SignedIn, asked: &mut Asked<'_>, handle: String) -> Result<Option<u64>, RunError> {
    let affected = match stream(session, asked).await {
        Ok(affected) => affected,
        // Nobody has said COMMIT: whatever the server did, it takes back.
        Err(error) => return Err(session.why(error).await.into()),
    };
    match session.client.batch_execute("COMMIT").await {
        Ok(()) => Ok(affected),
        Err(error) if error.as_db_error().is_some_and(|said| !said.code().code().starts_with("57")) => {
            Err(session.why(error).await.into())
        }
        Err(error) => Err(RunError::InDoubt { handle: Some(handle), whole: true, reason: session.why(error).await }),
    }
}

async fn stream(session: &SignedIn, asked: &mut Asked<'_>) -> Result<Option<u64>, Error> {
    let columns = asked.prepared.map(Statement::columns);
    let mut messages = pin!(session.client.simple_query_raw(asked.statement).await?);
    let (mut brings_rows, mut affected) = (false, None);
    while let Some(message) = messages.next().await {
        match message? {
            SimpleQueryMessage::RowDescription(names) => {
                brings_rows = true;
                asked.taker.columns(names.iter().map(|column| column.name().to_owned()).collect());
            }
            // Beyond the taker's room rows are only counted: the statement goes on to its end.
            SimpleQueryMessage::Row(row) => _ = asked.taker.row(row_values(columns, &row)),
            SimpleQueryMessage::CommandComplete(rows) => {
                // Of several statements those that bring no rows are added up: what the others are is not known.
                if !brings_rows || (asked.prepared.is_some() && writes(asked.statement)) {
                    affected = Some(affected.unwrap_or(0) + rows);
                }
                brings_rows = false;
            }
            _ => {}
        }
    }
    Ok(affected)
}

/// Whether the text cannot be a part of a transaction of ours, because the server does not let it or because it may commit by itself.
/// In doubt it cannot: then the server cannot be asked what became of it.
fn runs_outside(text: &str) -> bool {
    text.split(';').any(|part| {
        let words = part.to_ascii_uppercase();
        let words = behind_comments(&words).split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        let first = words.first().copied().unwrap_or_default();
        let two = words.get(1).map(|second| format!("{first} {second}")).unwrap_or_default();
        TRANSACTION_WORDS.contains(&first)
            || OUTSIDE_ONLY.iter().any(|known| *known == first || *known == two)
            || two == "PREPARE TRANSACTION"
            || words.contains(&"CONCURRENTLY")
    })
}

/// Asks what became of a transaction. `name`: of its session, which is ended when it is still there: whoever had it is gone or has
/// let go, and will not commit any more.
pub(super) async fn settle(mut session: SignedIn, name: &str, handle: &str) -> Result<Settled, Failure> {
    let number = handle.strip_prefix(HANDLE).and_then(|number| number.parse::<u64>().ok());
    let Some(number) = number else { return Ok(Settled::Unknown) };
    let said = match session.ask(&format!("SELECT txid_status({number})")).await {
        Ok(said) => said,
        Err(error) => return Err(session.why(error).await),
    };
    if said.as_deref() == Some("in progress") {
        let orphan = format!(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
             WHERE application_name = left('{}', 63) AND pid <> pg_backend_pid()",
            name.replace('\'', "''")
        );
        if let Err(error) = session.ask(&orphan).await {
            return Err(session.why(error).await);
        }
    }
    session.sign_off().await;
    Ok(match said.as_deref() {
        Some("committed") => Settled::Done,
        Some("aborted") => Settled::NotDone,
        Some("in progress") => Settled::Running,
        _ => Settled::Unknown,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_that_cannot_be_part_of_a_transaction_are_known() {
        for (text, expected) in [
            ("INSERT INTO a VALUES (1)", false),
            ("INSERT INTO a VALUES (1); INSERT INTO b VALUES (2);", false),
            ("SELECT vacuum FROM called", false),
            ("DO $$ BEGIN PERFORM 1; END $$", true),
            ("begin; DELETE FROM a; commit", true),
            ("-- all of it\nDELETE FROM a; /* now */ COMMIT", true),
            ("CALL committing()", true),
            ("call(x)", true),
            ("vacuum (full) a", true),
            ("CREATE  DATABASE a", true),
            ("CREATE INDEX CONCURRENTLY i ON a (b)", true),
            ("PREPARE TRANSACTION 'a'", true),
            ("PREPARE a AS SELECT 1", false),
            ("", false),
        ] {
            assert_eq!(runs_outside(text), expected, "{text}");
        }
    }
}
