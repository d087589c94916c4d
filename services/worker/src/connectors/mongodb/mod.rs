//! Jobs of MongoDB: a command, a test. How servers are asked stands in `mongo/`; here is what a task makes of it.
//!
//! Servers do not tell afterwards what became of a command. One that only looks is run again after a loss; of one that writes, what may still
//! run is ended, and then nobody knows (INV-06): it is never begun twice.

mod command;
mod test;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use downbeat_proto::events::v1::Operation;
use jiff::Timestamp;

use super::{Connector, Task, parameters, sql::statement_id};
use crate::about::Tested;
use crate::attempt::{Ending, Failure};
use crate::connections::{Connection, Connections, none_given};
use crate::limits::SQL_LOGGED_BYTES;
use crate::mongo::{FIELDS, INTEGRATION, Target, Time};

/// What the tests have met.
const TESTED: Tested = Tested::Real("FerretDB 1.24 (MongoDB's protocol); no server of MongoDB itself");

/// All of them.
pub(crate) fn all(connections: &Connections) -> Vec<Arc<dyn Connector>> {
    vec![
        Arc::new(command::RunCommand { connections: connections.clone() }),
        Arc::new(test::RunTest { connections: connections.clone() }),
    ]
}

/// Where a task asks.
struct Place {
    connection: Connection,
    target: Target,
}

impl Place {
    async fn read(task: &Task, connections: &Connections) -> Result<Self, Failure> {
        let database = parameters::text(&task.parameters, "target_database");
        let connection = task.open(connections, INTEGRATION, FIELDS).await?;
        let connection = connection.ok_or_else(|| none_given(INTEGRATION))?;
        let target = Target::read(&connection, database.as_deref())?;
        Ok(Self { connection, target })
    }

    fn hide(&self, failure: Failure) -> Failure {
        Failure { message: self.connection.hide(failure.message), ..failure }
    }
}

/// How long a server may work at what the task asks.
fn time(task: &Task) -> Time {
    let seconds = task.offer.timeout_seconds;
    (seconds > 0).then(|| Duration::from_secs(seconds.into()))
}

/// Shows in the task's log what is asked.
async fn show(task: &Task, text: &str) {
    let text = text.trim();
    task.log.text(&text[..text.floor_char_boundary(SQL_LOGGED_BYTES)]).await;
}

/// What was done, as metadata.
fn operation(text: &str, name: String, kind: &str, begun: Timestamp, ending: &Ending) -> Operation {
    let (status, message) = match ending {
        Ending::Succeeded { warning: false, message, .. } => ("SUCCEEDED", message.clone()),
        Ending::Succeeded { message, .. } => ("WARNING", message.clone()),
        Ending::Failed(failure) => ("FAILED", failure.message.clone()),
        Ending::Stopped => ("CANCELLED", String::new()),
        Ending::Unconfirmed(reason) => ("UNKNOWN", reason.clone()),
        Ending::Abandoned => ("UNKNOWN", String::new()),
    };
    Operation {
        external_id: statement_id(text),
        name,
        r#type: kind.to_owned(),
        status: status.to_owned(),
        message,
        started_at: begun.as_microsecond(),
        completed_at: Timestamp::now().as_microsecond(),
        rows_affected: -1,
        failures: -1,
        ..Operation::default()
    }
}
