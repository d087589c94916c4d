//! Running statements that may write, and what is known of them afterwards.

use super::{Answer, Fault, NO_SUCH_SESSION, Part, SignedIn};
use crate::attempt::Failure;
use crate::sql::{
    RunError, Settled, Taker, Witness,
    words::{behind_comments, first_word, holds, writes},
};

/// The handle's version and kind: a lock is held while the session is there.
const LOCKED: &str = "1 lock";
/// The same, and COMMIT was not said. Only whoever had the session knows it.
const UNCOMMITTED: &str = "1 uncommitted";
/// What can be a part of a transaction of ours, by its first word. Most others commit by themselves.
const INSIDE: [&str; 17] = [
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "REPLACE",
    "WITH",
    "VALUES",
    "TABLE",
    "SET",
    "SHOW",
    "DESC",
    "DESCRIBE",
    "EXPLAIN",
    "USE",
    "DO",
    "LOAD",
    "SAVEPOINT",
];
/// Words with which these do all the same: a setting, a password, an index that is loaded.
const COMMITTING_WORDS: [&str; 4] = ["AUTOCOMMIT", "PASSWORD", "INDEX", "TRANSACTION"];
/// Somebody ended the statement, or the server goes down: at COMMIT nobody knows what became of it.
const ENDED: [u16; 4] = [1053, 1317, 1927, 3024];

pub(super) async fn run(
    session: &mut SignedIn,
    statement: &str,
    taker: &mut dyn Taker,
    witness: &dyn Witness,
) -> Result<Option<u64>, RunError> {
    match session.take_several().await {
        // Something between us and the server does not know it: then one statement it is.
        Ok(()) | Err(Fault::Said(_)) => {}
        Err(fault) => return Err(session.why(&fault).into()),
    }
    let locked = lock(session).await?;
    let inside = !runs_outside(statement);
    witness.begun(if locked { LOCKED } else { "" }).await;
    if inside && let Err(fault) = session.ask("START TRANSACTION").await {
        return Err(session.why(&fault).into());
    }
    match stream(session, statement, taker).await {
        Ok(affected) if inside => commit(session, locked).await.map(|()| affected),
        Ok(affected) => Ok(affected),
        Err(Fault::Said(said)) => {
            let failure = session.why(&Fault::Said(said));
            Err(if inside { roll_back(session, failure).await } else { failure }.into())
        }
        Err(fault) => {
            let handle = if inside { UNCOMMITTED } else { LOCKED };
            let handle = locked.then(|| handle.to_owned());
            Err(RunError::InDoubt { handle, whole: false, reason: session.why(&fault) })
        }
    }
}

/// Takes the lock that tells whether this session is there. `false`: the server has no such locks.
async fn lock(session: &mut SignedIn) -> Result<bool, Failure> {
    if session.lock.is_empty() {
        return Ok(false);
    }
    match session.ask(&format!("SELECT GET_LOCK('{}', 0)", session.lock)).await {
        Ok((Some(taken), _)) if taken == 1 => Ok(true),
        Ok((Some(taken), _)) if taken == 0 => {
            Err(Failure::transient(format!("{}: a session of this very attempt is still there", session.target)))
        }
        Ok(_) | Err(Fault::Said(_)) => Ok(false),
        Err(fault) => Err(session.why(&fault)),
    }
}

async fn stream(session: &mut SignedIn, statement: &str, taker: &mut dyn Taker) -> Result<Option<u64>, Fault> {
    let mut answer = Answer::to(&mut session.packets, statement).await?;
    let (mut results, mut rows, mut changed) = (0, 0, None);
    while let Some(part) = answer.next().await? {
        match part {
            Part::Columns(names) => {
                rows = 0;
                taker.columns(names);
            }
            // Beyond the taker's room rows are only counted: the statement goes on to its end.
            Part::Row(values) => {
                rows += 1;
                _ = taker.row(values);
            }
            Part::End { affected: Some(affected), .. } => {
                results += 1;
                changed = Some(changed.unwrap_or(0) + affected);
            }
            Part::End { affected: None, .. } => results += 1,
        }
    }
    // INSERT ... RETURNING brings what it wrote.
    Ok(if results == 1 && changed.is_none() && writes(statement) { Some(rows) } else { changed })
}

async fn commit(session: &mut SignedIn, locked: bool) -> Result<(), RunError> {
    match session.ask("COMMIT").await {
        Ok(_) => Ok(()),
        Err(Fault::Said(said)) if !ENDED.contains(&said.code) => Err(session.why(&Fault::Said(said)).into()),
        Err(fault) => {
            let handle = locked.then(|| LOCKED.to_owned());
            Err(RunError::InDoubt { handle, whole: true, reason: session.why(&fault) })
        }
    }
}

/// Takes back what a failed statement's predecessors did; says so where that cannot be as a whole.
async fn roll_back(session: &mut SignedIn, failure: Failure) -> Failure {
    match session.ask("ROLLBACK").await {
        Ok((_, 0)) => failure,
        Ok(_) => {
            let message =
                format!("{}; some of its changes are in tables without transactions and stay", failure.message);
            Failure { message, ..failure }
        }
        // It has not heard COMMIT, and takes back whatever it did once it sees that nobody is there.
        Err(_) => failure,
    }
}

/// Whether the text cannot be a part of a transaction of ours, because it handles transactions itself, or may commit by itself. In doubt it cannot.
fn runs_outside(text: &str) -> bool {
    // Comments that are carried out.
    if text.contains("/*!") || text.contains("/*M!") {
        return true;
    }
    text.split(';').any(|part| {
        let word = first_word(part);
        let rest = behind_comments(part);
        let known = rest.is_empty() || rest.starts_with('(') || INSIDE.contains(&word.as_str());
        !known || (["SET", "LOAD"].contains(&word.as_str()) && holds(rest, &COMMITTING_WORDS))
    })
}

/// What became of an attempt whose end nobody saw. Its session is ended when it is still there: whoever had it is gone or has let go.
pub(super) async fn settle(mut session: SignedIn, handle: &str) -> Result<Settled, Failure> {
    if ![LOCKED, UNCOMMITTED].contains(&handle) || session.lock.is_empty() {
        return Ok(Settled::Unknown);
    }
    let asked = end_holder(&mut session).await;
    let there = asked.map_err(|fault| session.why(&fault))?;
    session.sign_off().await;
    Ok(match handle {
        _ if there => Settled::Running,
        UNCOMMITTED => Settled::NotDone,
        _ => Settled::Unknown,
    })
}

/// Whether there is still a session that holds the lock; it is asked to end.
async fn end_holder(session: &mut SignedIn) -> Result<bool, Fault> {
    let (holder, _) = session.ask(&format!("SELECT IS_USED_LOCK('{}')", session.lock)).await?;
    let Some(holder) = holder.as_ref().and_then(serde_json::Value::as_u64) else { return Ok(false) };
    match session.ask(&format!("KILL CONNECTION {holder}")).await {
        Err(Fault::Said(said)) if said.code == NO_SUCH_SESSION => Ok(true),
        ended => ended.map(|_| true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_that_cannot_be_part_of_a_transaction_are_known() {
        for (text, expected) in [
            ("INSERT INTO a VALUES (1)", false),
            ("INSERT INTO a VALUES (1); update b set c = 1;", false),
            ("# all of it\nDELETE FROM a", false),
            ("(SELECT 1) UNION (SELECT 2)", false),
            ("SET @a = 1; SELECT @a", false),
            ("-- nothing", false),
            ("SET autocommit = 0", true),
            ("SET PASSWORD = 'x'", true),
            ("SET SESSION TRANSACTION READ WRITE", true),
            ("LOAD INDEX INTO CACHE a", true),
            ("CREATE TABLE a (b int)", true),
            ("INSERT INTO a VALUES (1); DROP TABLE a", true),
            ("CALL committing()", true),
            ("begin; DELETE FROM a; commit", true),
            ("DELETE FROM a; /* now */ COMMIT", true),
            ("/*!40000 ALTER TABLE a DISABLE KEYS */", true),
            ("EXECUTE prepared", true),
            ("INSERT INTO a VALUES ('x; DROP')", true),
        ] {
            assert_eq!(runs_outside(text), expected, "{text}");
        }
    }
}
