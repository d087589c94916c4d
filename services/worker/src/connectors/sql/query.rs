//! `*_RUN_QUERY`: statements that may write; their rows as outputs.

use async_trait::async_trait;
use downbeat_proto::events::v1::CostBasis;

use super::{
    Server, Started, Wanted, lineage,
    settle::{Note, settle, unknown},
    until_stopped,
};
use crate::about::About;
use crate::attempt::{Collection, Ended, Ending, Failure, Job};
use crate::connectors::{Connector, Step, Task, parameters, unless_killed, unless_stopped};
use crate::lineage::{Columns, Database, Located};
use crate::sql::{RunError, Session, rows::Rows};

#[derive(Debug)]
pub(super) struct RunQuery {
    pub(super) job: &'static str,
    pub(super) server: Server,
}

#[async_trait]
impl Connector for RunQuery {
    fn job(&self) -> (&str, &str) {
        (self.server.sql.integration(), self.job)
    }

    fn about(&self) -> About {
        About {
            by_manifest: false,
            tested: self.server.sql.tested(),
            after_a_loss: self.server.sql.after_a_loss(),
            collects: "QUERY with rows affected; tables and columns that it reads and writes".to_owned(),
        }
    }

    fn needs_connection(&self) -> bool {
        true
    }

    fn remote(&self) -> bool {
        true
    }

    async fn place(&self, task: &Task, connection: &str) -> Result<Option<Located>, Failure> {
        self.server.place(task, connection).await
    }

    async fn run(&self, task: &Task) -> Ended {
        unless_killed(&task.stop, async {
            match self.prepare(task).await {
                Ok((wanted, set_outputs)) => self.carry_out(task, &wanted, set_outputs).await,
                Err(ending) => ending.into(),
            }
        })
        .await
    }
}

/// What is taken of a session.
struct Taken<'a> {
    rows: &'a mut Rows,
    /// Where the tables lie, if that can be said.
    database: Option<&'a Database>,
    /// Of tables of which the statement alone does not say enough.
    columns: &'a mut Columns,
}

impl RunQuery {
    async fn prepare(&self, task: &Task) -> Step<(Wanted, bool)> {
        let read = async { Ok((self.server.read(task).await?, parameters::flag(&task.parameters, "set_outputs")?)) };
        match read.await {
            Ok(_) if task.resume.is_none() && task.stop.asked() => Err(Ending::Stopped),
            Ok(read) => Ok(read),
            Err(failure) if task.resume.is_none() => Err(failure.into()),
            // Without its connection nothing can be said of what an attempt before may have begun.
            Err(Failure { message, .. }) => Err(unknown(task, &message)),
        }
    }

    async fn carry_out(&self, task: &Task, wanted: &Wanted, set_outputs: bool) -> Ended {
        wanted.show(task).await;
        let started = Started::now();
        let mut rows = Rows::for_outputs();
        let database = lineage::database(self.server.sql.integration(), wanted);
        let mut columns = Columns::new();
        let mut taken = Taken { rows: &mut rows, database: database.as_ref(), columns: &mut columns };
        let done = match &task.resume {
            None => self.begin(task, wanted, &mut taken).await,
            Some(before) => self.carry_on(task, wanted, before, set_outputs, &mut taken).await,
        };
        let (ending, affected) = match done {
            Ok(affected) => (succeeded(wanted, &mut rows, affected, set_outputs), affected),
            Err(ending) => (ending, None),
        };
        let mut operation = started.operation(wanted, "QUERY", &ending);
        operation.rows_affected = affected.and_then(|rows| i64::try_from(rows).ok()).unwrap_or(-1);
        if let Some(read) = rows.read {
            operation.bytes = Some(read.bytes);
            operation.cost_basis =
                [(read.bytes, "bytes_read"), (read.rows, "rows_read")].map(|(whole, unit)| cost(whole, unit)).into();
        }
        let mut collection = Collection::default();
        if let (Some(database), Ending::Succeeded { .. }) = (database, &ending) {
            let lineage = lineage::read(task, wanted, database, columns, &operation.external_id).await;
            lineage.put(&mut operation, &mut collection);
        }
        collection.operations.push(operation);
        Ended { ending, collection }
    }

    async fn sign_in(&self, task: &Task, wanted: &Wanted) -> Step<Box<dyn Session>> {
        let visit = wanted.visit(task, "query");
        // Nothing is left of a sign-in that is dropped.
        let session = unless_stopped(&task.stop, self.server.sql.connect(&wanted.connection, &visit)).await?;
        session.map_err(|failure| wanted.hide(failure).into())
    }

    async fn begin(&self, task: &Task, wanted: &Wanted, taken: &mut Taken<'_>) -> Step<Option<u64>> {
        let session = self.sign_in(task, wanted).await?;
        self.statement(task, wanted, session, taken).await
    }

    /// An attempt before was lost, and may have begun the statement.
    async fn carry_on(
        &self,
        task: &Task,
        wanted: &Wanted,
        before: &Job,
        set_outputs: bool,
        taken: &mut Taken<'_>,
    ) -> Step<Option<u64>> {
        let handle = std::str::from_utf8(&before.handle).ok().filter(|handle| !handle.is_empty());
        let visit = wanted.visit(task, "query");
        match settle(task, self.server.sql.as_ref(), &wanted.connection, &visit, handle).await {
            Some(true) if !set_outputs => {
                task.log.line("the server says that the statement was carried out").await;
                Ok(None)
            }
            // Its rows were lost with the worker.
            Some(true) => {
                self.look_again(task, wanted, "the statement was carried out, and its rows were lost", taken).await
            }
            Some(false) if task.stop.asked() => Err(Ending::Stopped),
            Some(false) => {
                task.log.line("the server says that nothing of the statement was carried out: beginning again").await;
                self.begin(task, wanted, taken).await
            }
            None => self.look_again(task, wanted, "the worker was lost that ran the statement", taken).await,
        }
    }

    /// What only looks may be done twice: the server refuses anything else.
    async fn look_again(&self, task: &Task, wanted: &Wanted, why: &str, taken: &mut Taken<'_>) -> Step<Option<u64>> {
        if task.stop.asked() {
            return Err(unknown(task, why));
        }
        let mut session = match self.sign_in(task, wanted).await {
            Ok(session) => session,
            Err(Ending::Failed(failure)) => return Err(unknown(task, &format!("{why} ({})", failure.message))),
            Err(ending) => return Err(ending),
        };
        let canceller = session.canceller();
        let looked = until_stopped(task, canceller.as_ref(), session.look(&wanted.statement, taken.rows, false)).await;
        match looked {
            Ok(Ok(_)) => {
                session.close().await;
                task.log.line("the statement only looks, and was run again").await;
                Ok(None)
            }
            Ok(Err(failure)) => Err(unknown(
                task,
                &format!("{why}; it cannot be run again as one that only looks ({})", wanted.hide(failure).message),
            )),
            Err(unconfirmed) => Err(Ending::Unconfirmed(unconfirmed)),
        }
    }

    async fn statement(
        &self,
        task: &Task,
        wanted: &Wanted,
        mut session: Box<dyn Session>,
        taken: &mut Taken<'_>,
    ) -> Step<Option<u64>> {
        let note = Note::new(task);
        let canceller = session.canceller();
        let ran = until_stopped(task, canceller.as_ref(), session.run(&wanted.statement, taken.rows, &note)).await;
        match ran {
            Ok(Ok(affected)) => {
                if let Some(database) = taken.database {
                    *taken.columns = lineage::columns(task, wanted, database, session.as_mut()).await;
                }
                session.close().await;
                Ok(affected)
            }
            Ok(Err(RunError::Failed(_))) if task.stop.asked() => Err(Ending::Stopped),
            Ok(Err(RunError::Failed(failure))) => Err(wanted.hide(failure).into()),
            Ok(Err(RunError::InDoubt { handle, whole, reason })) => {
                let reason = wanted.hide(reason);
                // What it still holds there would be waited for in vain.
                drop(session);
                self.settled(task, wanted, handle, reason.clone()).await?;
                if whole || !parameters::flag(&task.parameters, "set_outputs")? {
                    return Ok(None);
                }
                let why = format!("the statement was carried out, and its rows were lost ({})", reason.message);
                self.look_again(task, wanted, &why, taken).await
            }
            Err(unconfirmed) => {
                // Without its session the server rolls back what was not committed.
                drop(session);
                self.settled(task, wanted, note.handle(), Failure::unknown(unconfirmed)).await.map(|()| None)
            }
        }
    }

    /// Asks what became of it. `Ok`: it was carried out.
    async fn settled(&self, task: &Task, wanted: &Wanted, handle: Option<String>, reason: Failure) -> Step<()> {
        let visit = wanted.visit(task, "query");
        match settle(task, self.server.sql.as_ref(), &wanted.connection, &visit, handle.as_deref()).await {
            Some(true) => {
                task.log.line(&format!("{}; the server says that it was carried out", reason.message)).await;
                Ok(())
            }
            Some(false) if task.stop.asked() => Err(Ending::Stopped),
            Some(false) => {
                let message = format!("{}; the server says that nothing of it was carried out", reason.message);
                Err(Failure { message, ..reason }.into())
            }
            None => Err(unknown(task, &reason.message)),
        }
    }
}

fn cost(whole: u64, unit: &str) -> CostBasis {
    CostBasis { whole, unit: unit.to_owned(), ..CostBasis::default() }
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
