//! What became of a statement whose end nobody saw.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use tokio::time::{Instant, sleep};

use crate::attempt::{Ending, Failure, Job};
use crate::connections::Connection;
use crate::connectors::{Task, unless_stopped};
use crate::limits::{SQL_GOES_ON_PAUSE, SQL_SETTLE_PAUSE, SQL_SETTLE_WAIT};
use crate::sql::{Settled, Sql, Visit, Witness};

/// The handle of a statement about which the server cannot be asked.
const UNTRACED: &str = "1 untraced";

/// Keeps the handle of what was begun.
pub(super) struct Note<'a> {
    task: &'a Task,
    handle: Mutex<String>,
}

impl<'a> Note<'a> {
    pub(super) fn new(task: &'a Task) -> Self {
        Self { task, handle: Mutex::default() }
    }

    /// `None`: nothing was begun of which the server could tell.
    pub(super) fn handle(&self) -> Option<String> {
        let handle = self.handle.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Some(handle).filter(|handle| !handle.is_empty())
    }
}

#[async_trait]
impl Witness for Note<'_> {
    async fn begun(&self, handle: &str) {
        handle.clone_into(&mut self.handle.lock().unwrap_or_else(PoisonError::into_inner));
        let how = if handle.is_empty() { "begun as it is: the server cannot tell what becomes of it" } else { handle };
        self.task.log.line(how).await;
        // Whoever carries on after a loss asks the server with this, or knows that there is nothing to ask with.
        let known = if handle.is_empty() { UNTRACED } else { handle };
        let job = Job { handle: known.as_bytes().to_vec(), external_id: handle.to_owned(), link: String::new() };
        self.task.submitted(job).await;
    }
}

/// Asks the server until it knows. `None`: it cannot tell, or cannot be asked.
pub(super) async fn settle(
    task: &Task,
    sql: &dyn Sql,
    connection: &Connection,
    visit: &Visit<'_>,
    handle: Option<&str>,
) -> Option<bool> {
    let handle = handle?;
    let mut begun = Instant::now();
    task.log.line("asking the server what became of it").await;
    while begun.elapsed() < SQL_SETTLE_WAIT {
        match sql.settle(connection, visit, handle, task.stop.asked()).await {
            Ok(Settled::Done) => return Some(true),
            Ok(Settled::NotDone) => return Some(false),
            Ok(Settled::Unknown) => return None,
            Ok(Settled::Running) => {}
            // Whoever asked for its end does not wait for it so long.
            Ok(Settled::GoesOn) if task.stop.asked() => {}
            Ok(Settled::GoesOn) => {
                unless_stopped(&task.stop, sleep(SQL_GOES_ON_PAUSE)).await.ok();
                begun = Instant::now();
            }
            Err(failure) => task.log.line(&connection.hide(failure.message)).await,
        }
        sleep(SQL_SETTLE_PAUSE).await;
    }
    None
}

/// How an attempt ends of which nobody can say what it did. It is not run again by itself.
pub(super) fn unknown(task: &Task, reason: &str) -> Ending {
    if task.stop.asked() {
        return Ending::Unconfirmed(format!("{reason}; nobody knows whether the statement was carried out"));
    }
    Failure::unknown(format!(
        "{reason}; nobody knows whether the statement was carried out, so it is not run again: look at the data, then restart the task"
    ))
    .into()
}
