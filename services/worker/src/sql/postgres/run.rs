//! Running statements that may write, and asking afterwards what became of them.

use std::pin::pin;

use tokio_postgres::{Error, SimpleQueryMessage, Statement};
use tokio_stream::StreamExt as _;

use super::{SignedIn, check_places, check_text, row_values};
use crate::attempt::Failure;
use crate::sql::{RunError, Settled, Taker, Witness};

/// The handle's version and kind: the number of a transaction.
const HANDLE: &str = "1 txid ";
/// The server's word for what cannot be part of a transaction of ours.
const OUTSIDE_ONLY: [&str; 2] = ["25001", "2D000"];
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
    if !handles_transactions(statement)
        && let Some(handle) = begin(session).await?
    {
        witness.begun(&handle).await;
        match inside(session, &mut asked, &handle).await? {
            Inside::Done(affected) => return Ok(affected),
            Inside::Impossible => {}
        }
    }
    witness.begun("").await;
    match stream(session, &mut asked).await {
        Ok(affected) => Ok(affected),
        Err(error) if error.as_db_error().is_some() => Err(session.why(error).await.into()),
        Err(error) => Err(RunError::InDoubt { handle: None, reason: session.why(error).await }),
    }
}

struct Asked<'a> {
    statement: &'a str,
    /// `None`: there are several statements, whose types are not known beforehand.
    prepared: Option<&'a Statement>,
    taker: &'a mut dyn Taker,
}

enum Inside {
    Done(Option<u64>),
    /// It has to run outside of a transaction; nothing of it is left.
    Impossible,
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

async fn inside(session: &mut SignedIn, asked: &mut Asked<'_>, handle: &str) -> Result<Inside, RunError> {
    let affected = match stream(session, asked).await {
        Ok(affected) => affected,
        Err(error) if error.code().is_some_and(|code| OUTSIDE_ONLY.contains(&code.code())) => {
            return roll_back(session).await.map(|()| Inside::Impossible).map_err(RunError::from);
        }
        // Nobody has said COMMIT: whatever the server did, it takes back.
        Err(error) => return Err(session.why(error).await.into()),
    };
    match session.client.batch_execute("COMMIT").await {
        Ok(()) => Ok(Inside::Done(affected)),
        Err(error) if error.as_db_error().is_some_and(|said| !said.code().code().starts_with("57")) => {
            Err(session.why(error).await.into())
        }
        Err(error) => Err(RunError::InDoubt { handle: Some(handle.to_owned()), reason: session.why(error).await }),
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

/// Whether the number of rows of something that brings rows is one of written rows (`INSERT ... RETURNING`).
fn writes(statement: &str) -> bool {
    ["INSERT", "UPDATE", "DELETE", "MERGE"].contains(&first_word(statement).as_str())
}

/// Whether the text may commit by itself. In doubt it may: then it only runs without a transaction of ours.
fn handles_transactions(text: &str) -> bool {
    text.split(';').any(|part| {
        let word = first_word(part);
        TRANSACTION_WORDS.contains(&word.as_str())
            || (word == "PREPARE" && part.to_ascii_uppercase().contains("TRANSACTION"))
    })
}

/// In upper case, behind blanks and comments.
fn first_word(text: &str) -> String {
    let mut rest = text.trim_start();
    loop {
        let after = if let Some(comment) = rest.strip_prefix("--") {
            comment.split_once('\n').map_or("", |(_, after)| after)
        } else if let Some(comment) = rest.strip_prefix("/*") {
            comment.split_once("*/").map_or("", |(_, after)| after)
        } else {
            break;
        };
        rest = after.trim_start();
    }
    rest.chars().take_while(char::is_ascii_alphabetic).collect::<String>().to_ascii_uppercase()
}

/// Asks what became of a transaction.
pub(super) async fn settle(mut session: SignedIn, handle: &str) -> Result<Settled, Failure> {
    let number = handle.strip_prefix(HANDLE).and_then(|number| number.parse::<u64>().ok());
    let Some(number) = number else { return Ok(Settled::Unknown) };
    let said = match session.ask(&format!("SELECT txid_status({number})")).await {
        Ok(said) => said,
        Err(error) => return Err(session.why(error).await),
    };
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
    fn statements_that_handle_transactions_are_known() {
        for (text, expected) in [
            ("INSERT INTO a VALUES (1)", false),
            ("INSERT INTO a VALUES (1); INSERT INTO b VALUES (2);", false),
            ("DO $$ BEGIN PERFORM 1; END $$", true),
            ("begin; DELETE FROM a; commit", true),
            ("-- all of it\nDELETE FROM a; /* now */ COMMIT", true),
            ("CALL committing()", false),
            ("PREPARE TRANSACTION 'a'", true),
            ("PREPARE a AS SELECT 1", false),
            ("", false),
        ] {
            assert_eq!(handles_transactions(text), expected, "{text}");
        }
    }
}
