//! `*_RUN_QUERY`: statements that may write; their rows as outputs.

use async_trait::async_trait;

use super::{Server, Started, Wanted, check_stop, settle::Note, until_stopped};
use crate::attempt::{Collection, Ended, Ending, Failure};
use crate::connectors::{Connector, Step, Task, parameters, unless_stopped};
use crate::sql::{RunError, Session, rows::Rows};

#[derive(Debug)]
pub(super) struct RunQuery {
    pub(super) job: &'static str,
    pub(super) server: Server,
}

#[async_trait]
impl Connector for RunQuery {
    fn job(&self) -> (&'static str, &'static str) {
        (self.server.sql.integration(), self.job)
    }

    fn needs_connection(&self) -> bool {
        true
    }

    async fn run(&self, task: &Task) -> Ended {
        match self.prepare(task).await {
            Ok((wanted, set_outputs)) => self.carry_out(task, &wanted, set_outputs).await,
            Err(ending) => ending.into(),
        }
    }
}

impl RunQuery {
    async fn prepare(&self, task: &Task) -> Step<(Wanted, bool)> {
        let wanted = self.server.read(task).await?;
        let set_outputs = parameters::flag(&task.parameters, "set_outputs")?;
        check_stop(task)?;
        Ok((wanted, set_outputs))
    }

    async fn carry_out(&self, task: &Task, wanted: &Wanted, set_outputs: bool) -> Ended {
        wanted.show(task).await;
        let started = Started::now();
        let visit = wanted.visit(task, "query");
        // Nothing is left of a sign-in that is dropped.
        let session = match unless_stopped(&task.stop, self.server.sql.connect(&wanted.connection, &visit)).await {
            Ok(Ok(session)) => session,
            Ok(Err(failure)) => return wanted.hide(failure).into(),
            Err(ending) => return ending.into(),
        };
        let mut rows = Rows::for_outputs();
        let (ending, affected) = match self.statement(task, wanted, session, &mut rows).await {
            Ok(affected) => (succeeded(wanted, &mut rows, affected, set_outputs), affected),
            Err(ending) => (ending, None),
        };
        let mut operation = started.operation(wanted, "QUERY", &ending);
        operation.rows_affected = affected.and_then(|rows| i64::try_from(rows).ok()).unwrap_or(-1);
        Ended { ending, collection: Collection { operations: vec![operation], ..Collection::default() } }
    }

    async fn statement(
        &self,
        task: &Task,
        wanted: &Wanted,
        mut session: Box<dyn Session>,
        rows: &mut Rows,
    ) -> Step<Option<u64>> {
        let note = Note::new(task);
        let canceller = session.canceller();
        let ran = until_stopped(task, canceller.as_ref(), session.run(&wanted.statement, rows, &note)).await;
        match ran {
            Ok(Ok(affected)) => {
                session.close().await;
                Ok(affected)
            }
            Ok(Err(RunError::Failed(_))) if task.stop.asked() => Err(Ending::Stopped),
            Ok(Err(RunError::Failed(failure))) => Err(wanted.hide(failure).into()),
            Ok(Err(RunError::InDoubt { handle, reason })) => {
                self.settle(task, wanted, handle, reason, rows).await.map(|()| None)
            }
            Err(unconfirmed) => {
                // Without its session the server rolls back what was not committed.
                drop(session);
                self.settle(task, wanted, note.handle(), unconfirmed, rows).await.map(|()| None)
            }
        }
    }

    /// Asks what became of it. `Ok`: it was carried out.
    async fn settle(
        &self,
        task: &Task,
        wanted: &Wanted,
        handle: Option<String>,
        reason: Failure,
        rows: &Rows,
    ) -> Step<()> {
        let reason = wanted.hide(reason);
        let visit = wanted.visit(task, "query");
        let handle = handle.as_deref();
        let settled = super::settle::settle(task, self.server.sql.as_ref(), &wanted.connection, &visit, handle);
        match settled.await {
            Some(true) => {
                let kept = rows.rows.len();
                task.log
                    .line(&format!(
                        "{}; but the server says that it was carried out ({kept} rows came)",
                        reason.message
                    ))
                    .await;
                Ok(())
            }
            Some(false) if task.stop.asked() => Err(Ending::Stopped),
            Some(false) => {
                let message = format!("{}; the server says that nothing of it was carried out", reason.message);
                Err(Failure { message, ..reason }.into())
            }
            None => Err(super::settle::unknown(&reason.message).into()),
        }
    }
}

fn succeeded(wanted: &Wanted, rows: &mut Rows, affected: Option<u64>, set_outputs: bool) -> Ending {
    let mut message = match affected {
        Some(affected) if rows.columns.is_empty() => format!("{affected} rows affected"),
        Some(affected) => format!("{affected} rows affected, {} rows", rows.seen),
        None => format!("{} rows", rows.seen),
    };
    if !set_outputs {
        return Ending::Succeeded { warning: false, outputs: String::new(), message };
    }
    if rows.truncated() {
        message = format!("{message}; the outputs hold the first {} of them", rows.rows.len());
    }
    let mut outputs = rows.outputs(affected);
    wanted.connection.hide_in_value(&mut outputs);
    Ending::Succeeded { warning: false, outputs: outputs.to_string(), message }
}
