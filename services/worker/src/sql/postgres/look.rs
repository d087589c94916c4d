//! Looking at rows without the right to change anything.

use tokio_postgres::{Error, SimpleQueryMessage, Statement};

use super::{SignedIn, check_places, check_text, row_values};
use crate::attempt::Failure;
use crate::sql::Taker;

/// Rows that are fetched at once: few at first, because each can be large.
const PORTIONS: [usize; 3] = [1, 9, 91];
/// And then.
const FURTHER: usize = 1_000;

pub(super) async fn look(
    session: &mut SignedIn,
    statement: &str,
    taker: &mut dyn Taker,
    count: bool,
) -> Result<Option<u64>, Failure> {
    check_text(statement)?;
    let begin = match session.time {
        Some(time) => {
            let milliseconds = time.as_millis();
            format!(
                "BEGIN READ ONLY; SET LOCAL statement_timeout = {milliseconds}; \
                 SET LOCAL idle_in_transaction_session_timeout = {milliseconds}"
            )
        }
        None => "BEGIN READ ONLY".to_owned(),
    };
    if let Err(error) = session.client.batch_execute(&begin).await {
        return Err(session.why(error).await);
    }
    // Prepared first: that allows one statement only, finds faults at their own places, and tells the types.
    let prepared = match session.client.prepare(statement).await {
        Ok(prepared) => prepared,
        Err(error) => return Err(session.why(error).await),
    };
    check_places(&prepared)?;
    if prepared.columns().is_empty() {
        return Err(Failure::misconfigured("the statement brings no rows: it must be a SELECT"));
    }
    match fetch(session, &prepared, statement, taker, count).await {
        Ok(total) => Ok(total),
        Err(error) => Err(session.why(error).await),
    }
}

async fn fetch(
    session: &SignedIn,
    prepared: &Statement,
    statement: &str,
    taker: &mut dyn Taker,
    count: bool,
) -> Result<Option<u64>, Error> {
    let client = &session.client;
    client.batch_execute(&format!("DECLARE downbeat_look NO SCROLL CURSOR FOR {statement}")).await?;
    taker.columns(prepared.columns().iter().map(|column| column.name().to_owned()).collect());
    let (mut total, mut exhausted) = (0, false);
    for portion in PORTIONS.into_iter().chain(std::iter::repeat(FURTHER)) {
        let messages = client.simple_query(&format!("FETCH FORWARD {portion} FROM downbeat_look")).await?;
        let (mut came, mut room) = (0, true);
        for message in &messages {
            if let SimpleQueryMessage::Row(row) = message {
                came += 1;
                room = room && taker.row(row_values(Some(prepared.columns()), row));
            }
        }
        total += came as u64;
        exhausted = came < portion;
        if exhausted || !room {
            break;
        }
    }
    if count && !exhausted {
        // The rest is counted there; it does not travel.
        let messages = client.simple_query("MOVE FORWARD ALL FROM downbeat_look").await?;
        let moved = messages.iter().find_map(|message| match message {
            SimpleQueryMessage::CommandComplete(rows) => Some(*rows),
            _ => None,
        });
        total += moved.unwrap_or(0);
    }
    client.batch_execute("ROLLBACK").await?;
    Ok(count.then_some(total))
}
