//! Running statements that may write, and what is known of them afterwards.

use super::{Fault, SignedIn, text::runs_outside};
use crate::attempt::Failure;
use crate::sql::{RunError, Settled, Taker, Witness, words::writes};

/// The handle's version and kind: a lock is held while the session is there.
const LOCKED: &str = "1 lock";
/// The same, and COMMIT was not said. Only whoever had the session knows it.
const UNCOMMITTED: &str = "1 uncommitted";

pub(super) async fn run(
    session: &mut SignedIn,
    statement: &str,
    taker: &mut dyn Taker,
    witness: &dyn Witness,
) -> Result<Option<u64>, RunError> {
    let locked = match take_lock(session).await {
        Ok(Lock::Held) => {
            let message = format!("{}: a session of this very attempt is still there", session.target);
            return Err(Failure::transient(message).into());
        }
        Ok(lock) => lock == Lock::Taken,
        Err(fault) => return Err(session.why(&fault).into()),
    };
    let inside = !runs_outside(statement);
    witness.begun(if locked { LOCKED } else { "" }).await;
    // With XACT_ABORT whatever fails takes everything with it.
    if inside && let Err(fault) = session.ask("SET XACT_ABORT ON; BEGIN TRANSACTION").await {
        return Err(session.why(&fault).into());
    }
    match carry_out(session, statement, taker).await {
        Ok(affected) if inside => commit(session, locked).await.map(|()| affected),
        Ok(affected) => closed(session).await.map(|()| affected),
        Err(fault) if fault.is_told() => {
            let failure = session.why(&fault);
            // What it has left open is taken back; a session that is gone has taken it back already. A text that goes on after
            // what failed is read to its end before.
            session.ask("IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION").await.ok();
            Err(failure.into())
        }
        Err(fault) => {
            let handle = if inside { UNCOMMITTED } else { LOCKED };
            let handle = locked.then(|| handle.to_owned());
            Err(RunError::InDoubt { handle, whole: false, reason: session.why(&fault) })
        }
    }
}

/// Returns the rows that the last statement has changed.
async fn carry_out(session: &mut SignedIn, statement: &str, taker: &mut dyn Taker) -> Result<Option<u64>, Fault> {
    let brought = session.stream(statement, taker, true).await?;
    if brought.results > 0 {
        // INSERT ... OUTPUT brings what it wrote.
        return Ok(writes(statement).then_some(brought.rows));
    }
    // A batch of its own, because some statements have to be alone in theirs.
    let changed = session.ask("SELECT ROWCOUNT_BIG()").await?;
    Ok(Some(changed.as_u64().unwrap_or_default()))
}

/// A text that begins a transaction has to end it: what it leaves open is taken back when the session ends, and nobody would know.
async fn closed(session: &mut SignedIn) -> Result<(), RunError> {
    match session.ask("SELECT @@TRANCOUNT").await {
        Ok(open) if open.as_u64().is_some_and(|open| open > 0) => {
            session.ask("IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION").await.ok();
            let why = "the statements begin a transaction and do not end it, so it was rolled back: add COMMIT";
            Err(Failure::job(format!("{}: {why}", session.target)).into())
        }
        // The text has ended as it should.
        Ok(_) | Err(_) => Ok(()),
    }
}

async fn commit(session: &mut SignedIn, locked: bool) -> Result<(), RunError> {
    match session.ask("COMMIT TRANSACTION").await {
        Ok(_) => Ok(()),
        Err(fault @ Fault::Failed(tiberius::error::Error::Server(_))) if fault.is_told() => {
            Err(session.why(&fault).into())
        }
        Err(fault) => {
            let handle = locked.then(|| LOCKED.to_owned());
            Err(RunError::InDoubt { handle, whole: true, reason: session.why(&fault) })
        }
    }
}

#[derive(PartialEq, Eq)]
enum Lock {
    Taken,
    /// Another session has it.
    Held,
    /// The server has no such locks.
    Unknown,
}

/// Takes the lock that tells whether a session of the attempt is there.
async fn take_lock(session: &mut SignedIn) -> Result<Lock, Fault> {
    if session.lock.is_empty() {
        return Ok(Lock::Unknown);
    }
    let question = format!(
        "DECLARE @taken int; EXEC @taken = sp_getapplock @Resource = N'{}', @LockMode = 'Exclusive', @LockOwner = 'Session', @LockTimeout = 0; SELECT @taken",
        session.lock
    );
    match session.ask(&question).await {
        Ok(taken) => Ok(match taken.as_i64() {
            Some(0..) => Lock::Taken,
            Some(-1) => Lock::Held,
            _ => Lock::Unknown,
        }),
        Err(Fault::Failed(tiberius::error::Error::Server(_))) => Ok(Lock::Unknown),
        Err(fault) => Err(fault),
    }
}

/// What became of an attempt whose end nobody saw: its session is over once its lock can be had. Whoever had it is gone, and the server ends it.
pub(super) async fn settle(mut session: SignedIn, handle: &str) -> Result<Settled, Failure> {
    if ![LOCKED, UNCOMMITTED].contains(&handle) {
        return Ok(Settled::Unknown);
    }
    let lock = take_lock(&mut session).await;
    let lock = lock.map_err(|fault| session.why(&fault))?;
    // Gives it back.
    session.sign_off().await;
    Ok(match lock {
        Lock::Held => Settled::Running,
        Lock::Taken if handle == UNCOMMITTED => Settled::NotDone,
        Lock::Taken | Lock::Unknown => Settled::Unknown,
    })
}
