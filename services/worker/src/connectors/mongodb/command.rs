//! `MONGODB_RUN_COMMAND`: one command, as `db.runCommand` takes it; what it brings as outputs.

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{Place, TESTED, operation, show, time};
use crate::about::About;
use crate::attempt::{Collection, Ended, Ending, Failure, Job};
use crate::connections::Connections;
use crate::connectors::{Connector, Step, Task, parameters, sql::until_stopped, unless_killed, unless_stopped};
use crate::limits::{SQL_ANSWER_BYTES_MAX, SQL_CANCEL_WAIT, SQL_RESULTS_BYTES_MAX, SQL_ROWS_MAX};
use crate::mongo::{Asked, Canceller, Command, INTEGRATION, Json, NotRun, Ran, Session};
use crate::sql::Cancel;

/// The handle of a command that writes: nobody can be asked what became of it.
const WRITES: &[u8] = b"1 writes";
/// Who ends a command where the server has no sessions.
struct Nobody;

#[derive(Debug)]
pub(super) struct RunCommand {
    pub(super) connections: Connections,
}

#[async_trait]
impl Connector for RunCommand {
    fn job(&self) -> (&str, &str) {
        (INTEGRATION, "MONGODB_RUN_COMMAND")
    }

    fn about(&self) -> About {
        About {
            by_manifest: false,
            tested: TESTED,
            after_a_loss: "ended there; UNKNOWN_OUTCOME unless it only looks",
            collects: "QUERY with documents written".to_owned(),
        }
    }

    fn needs_connection(&self) -> bool {
        true
    }

    fn remote(&self) -> bool {
        true
    }

    async fn run(&self, task: &Task) -> Ended {
        unless_killed(&task.stop, async {
            match self.prepare(task).await {
                Ok(wanted) => wanted.carry_out(task).await,
                Err(ending) => ending.into(),
            }
        })
        .await
    }
}

impl RunCommand {
    async fn prepare(&self, task: &Task) -> Step<Wanted> {
        let read = async {
            let text = parameters::required(&task.parameters, "command")?;
            let command = Command::read(&Json { name: "command", text: &text })?;
            let set_outputs = parameters::flag(&task.parameters, "set_outputs")?;
            let place = Place::read(task, &self.connections).await?;
            Ok(Wanted { text, command, set_outputs, place })
        };
        match read.await {
            Ok(_) if task.resume.is_none() && task.stop.asked() => Err(Ending::Stopped),
            Ok(wanted) => Ok(wanted),
            Err(failure) if task.resume.is_none() => Err(Ending::Failed(failure)),
            // Without its connection nothing can be said of what an attempt before may have begun.
            Err(failure) => Err(unknown(task, &failure.message)),
        }
    }
}

/// What a task asks.
struct Wanted {
    text: String,
    command: Command,
    set_outputs: bool,
    place: Place,
}

impl Wanted {
    async fn carry_out(&self, task: &Task) -> Ended {
        show(task, &self.text).await;
        let begun = Timestamp::now();
        let mut taken = Taken::default();
        let done = match &task.resume {
            Some(_) if !self.command.reads => Err(self.after_a_loss(task).await),
            Some(_) if task.stop.asked() => Err(Ending::Stopped),
            _ => self.ask(task, &mut taken).await,
        };
        let (ending, written) = match done {
            Ok(ran) => (self.succeeded(taken, &ran), ran.written),
            Err(ending) => (ending, None),
        };
        let mut operation = operation(&self.text, self.command.name.clone(), "QUERY", begun, &ending);
        operation.rows_affected = written.and_then(|number| i64::try_from(number).ok()).unwrap_or(-1);
        Ended { ending, collection: Collection { operations: vec![operation], ..Collection::default() } }
    }

    async fn ask(&self, task: &Task, taken: &mut Taken) -> Step<Ran> {
        let signed_in = self.place.target.sign_in(&task.token, SQL_ANSWER_BYTES_MAX);
        // Nothing is left of a sign-in that is dropped.
        let session = unless_stopped(&task.stop, signed_in).await?;
        let session = session.map_err(|failure| self.place.hide(failure))?;
        if self.command.reads { self.look(task, session, taken).await } else { self.write(task, session, taken).await }
    }

    /// Once nobody waits for it, what only looks is as good as ended; the server is asked all the same.
    async fn look(&self, task: &Task, mut session: Session, taken: &mut Taken) -> Step<Ran> {
        let canceller = session.canceller();
        match unless_stopped(&task.stop, self.send(task, &mut session, taken)).await {
            Ok(Ok(ran)) => Ok(ran),
            Ok(Err(NotRun::Failed(failure) | NotRun::InDoubt(failure))) => Err(self.place.hide(failure).into()),
            Err(stopped) => {
                drop(session);
                if let Some(canceller) = canceller {
                    timeout(SQL_CANCEL_WAIT, canceller.cancel()).await.ok();
                }
                Err(stopped)
            }
        }
    }

    async fn write(&self, task: &Task, mut session: Session, taken: &mut Taken) -> Step<Ran> {
        let canceller: Box<dyn Cancel> = match session.canceller() {
            Some(canceller) => Box::new(canceller),
            None => Box::new(Nobody),
        };
        task.submitted(Job { handle: WRITES.to_vec(), ..Job::default() }).await;
        let ran = until_stopped(task, canceller.as_ref(), self.send(task, &mut session, taken)).await;
        match ran {
            Ok(Ok(ran)) => Ok(ran),
            // The server has ended it, and says so.
            Ok(Err(_)) if task.stop.asked() => Err(Ending::Stopped),
            Ok(Err(NotRun::Failed(failure))) => Err(self.place.hide(failure).into()),
            Ok(Err(NotRun::InDoubt(failure))) => Err(unknown(task, &self.place.hide(failure).message)),
            Err(unconfirmed) => Err(Ending::Unconfirmed(unconfirmed)),
        }
    }

    async fn send(&self, task: &Task, session: &mut Session, taken: &mut Taken) -> Result<Ran, NotRun> {
        let take = &mut |document| taken.take(document);
        session.run(Asked { command: &self.command, time: time(task), take }).await
    }

    /// What may still run of it is ended; what it did, nobody can say.
    async fn after_a_loss(&self, task: &Task) -> Ending {
        let canceller = Canceller::of(self.place.target.clone(), &task.token);
        match timeout(SQL_CANCEL_WAIT, canceller.cancel()).await {
            Ok(Ok(())) => task.log.line("what may still run of it was ended on the server").await,
            Ok(Err(failure)) => task.log.line(&self.place.hide(failure).message).await,
            Err(_) => task.log.line("the server did not say in time whether it still runs").await,
        }
        unknown(task, "the worker was lost that sent the command")
    }

    fn succeeded(&self, mut taken: Taken, ran: &Ran) -> Ending {
        let truncated = ran.more || taken.full;
        let mut message = match ran.written {
            Some(written) => format!("{written} documents written"),
            None => format!("{} documents", taken.documents.len()),
        };
        if truncated && self.set_outputs {
            message = format!("{message}; there are more than the outputs hold");
        }
        let mut outputs = String::new();
        if self.set_outputs {
            let results = std::mem::take(&mut taken.documents);
            let mut value = json!({ "results": results, "truncated": truncated, "rows_affected": ran.written });
            self.place.connection.hide_in_value(&mut value);
            outputs = value.to_string();
        }
        Ending::Succeeded { warning: false, outputs, message }
    }
}

/// Documents for the outputs.
#[derive(Default)]
struct Taken {
    documents: Vec<Value>,
    bytes: usize,
    full: bool,
}

impl Taken {
    fn take(&mut self, document: Value) -> bool {
        self.bytes += document.to_string().len() + 1;
        self.full = self.full || self.documents.len() >= SQL_ROWS_MAX || self.bytes > SQL_RESULTS_BYTES_MAX;
        if !self.full {
            self.documents.push(document);
        }
        !self.full
    }
}

#[async_trait]
impl Cancel for Nobody {
    async fn cancel(&self) -> Result<(), Failure> {
        Err(Failure::transient("the server has no sessions, so what runs there cannot be ended from here"))
    }
}

/// How an attempt ends of which nobody can say what it did. It is not run again by itself.
fn unknown(task: &Task, reason: &str) -> Ending {
    let text = format!("{reason}; nobody knows how much of the command was carried out");
    if task.stop.asked() {
        return Ending::Unconfirmed(text);
    }
    Failure::unknown(format!("{text}, so it is not run again: look at the data, then restart the task")).into()
}
