//! Looking at rows without the right to change anything.

use super::{Answer, Fault, Part, SignedIn};
use crate::attempt::Failure;
use crate::sql::{
    Taker,
    words::{behind_comments, first_word, holds},
};

/// What brings rows, by its first word. A procedure that is called could leave the transaction.
const LOOKS: [&str; 9] = ["SELECT", "WITH", "SHOW", "DESC", "DESCRIBE", "EXPLAIN", "ANALYZE", "TABLE", "VALUES"];

pub(super) async fn look(
    session: &mut SignedIn,
    statement: &str,
    taker: &mut dyn Taker,
    count: bool,
) -> Result<Option<u64>, Failure> {
    let only = "it must be one SELECT (or WITH, VALUES, TABLE, SHOW, DESCRIBE, EXPLAIN)";
    let word = first_word(statement);
    if !LOOKS.contains(&word.as_str()) && !behind_comments(statement).starts_with('(') {
        return Err(Failure::misconfigured(format!("the statement does not only look: {only}")));
    }
    // Transactions know nothing of files.
    if holds(statement, &["OUTFILE", "DUMPFILE"]) {
        return Err(Failure::misconfigured("a statement that only looks has no words OUTFILE and DUMPFILE"));
    }
    fetch(session, statement, taker, count).await.map_err(|fault| session.why(&fault))
}

async fn fetch(
    session: &mut SignedIn,
    statement: &str,
    taker: &mut dyn Taker,
    count: bool,
) -> Result<Option<u64>, Fault> {
    session.ask("SET SESSION TRANSACTION READ ONLY").await?;
    session.ask("START TRANSACTION READ ONLY").await?;
    let mut answer = Answer::to(&mut session.packets, statement).await?;
    let (mut total, mut room) = (0, true);
    while let Some(part) = answer.next().await? {
        match part {
            Part::Columns(names) => taker.columns(names),
            Part::Row(values) => {
                total += 1;
                room = room && taker.row(values);
                if !room && !count {
                    // What is still under way is not waited for: the session is not used again.
                    return Ok(None);
                }
            }
            Part::End { affected: None, .. } => {}
            Part::End { .. } => {
                return Err(Fault::Refused("the statement brings no rows: it must be a SELECT".to_owned()));
            }
        }
    }
    session.ask("ROLLBACK").await?;
    Ok(count.then_some(total))
}
