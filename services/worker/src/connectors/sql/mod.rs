//! Jobs of SQL servers: a query, a test. How servers are asked stands in `sql/`; here is what a task makes of it.
//!
//! A stop is asked of the server and has come true when its session says so. A statement whose end nobody saw, because its line or
//! its worker was lost, is settled by asking the server (INV-06); where that cannot be, it may run again only if it only looks.

mod lineage;
mod query;
mod settle;
mod test;

use std::{sync::Arc, time::Duration};

use downbeat_proto::events::v1::Operation;
use jiff::Timestamp;
use tokio::time::{sleep, timeout};

use super::{Connector, Step, Task, parameters};
use crate::attempt::{Ending, Failure};
use crate::connections::{Connection, Connections, none_given};
use crate::limits::{SQL_ANSWER_BYTES_MAX, SQL_CANCEL_PAUSE, SQL_CANCEL_WAIT, SQL_LOGGED_BYTES};
use crate::lineage::Located;
use crate::process::log::TaskLog;
use crate::sql::{Cancel, Sql, Visit, clickhouse::ClickHouse, mysql::MySql, postgres::Postgres, sqlserver::SqlServer};
use crate::stop::{StopLevel, StopSignal};
pub(super) use test::Thresholds;

/// All of them.
pub(crate) fn all(connections: &Connections) -> Vec<Arc<dyn Connector>> {
    let server = |sql: Arc<dyn Sql>| Server { sql, connections: connections.clone() };
    let postgres = server(Arc::new(Postgres));
    let mysql = |integration| server(Arc::new(MySql { integration }));
    let clickhouse = server(Arc::new(ClickHouse));
    vec![
        Arc::new(query::RunQuery { job: "POSTGRES_RUN_QUERY", server: postgres.clone() }),
        Arc::new(test::RunTest { job: "POSTGRES_RUN_TEST", server: postgres }),
        Arc::new(query::RunQuery { job: "MYSQL_RUN_QUERY", server: mysql("MYSQL") }),
        Arc::new(query::RunQuery { job: "MARIADB_RUN_QUERY", server: mysql("MARIADB") }),
        Arc::new(query::RunQuery { job: "CLICKHOUSE_RUN_QUERY", server: clickhouse.clone() }),
        Arc::new(test::RunTest { job: "CLICKHOUSE_RUN_TEST", server: clickhouse }),
        Arc::new(query::RunQuery { job: "SQL_SERVER_RUN_QUERY", server: server(Arc::new(SqlServer)) }),
    ]
}

/// A kind of server, and where the ways to its servers are.
#[derive(Debug, Clone)]
struct Server {
    sql: Arc<dyn Sql>,
    connections: Connections,
}

/// What a job of any server is asked.
struct Wanted {
    statement: String,
    database: Option<String>,
    connection: Connection,
}

impl Server {
    async fn read(&self, task: &Task) -> Result<Wanted, Failure> {
        let statement = parameters::required(&task.parameters, "statement")?;
        let database = parameters::text(&task.parameters, "database");
        let integration = self.sql.integration();
        let connection = task.open(&self.connections, integration, self.sql.fields()).await?;
        let connection = connection.ok_or_else(|| none_given(integration))?;
        Ok(Wanted { statement, database, connection })
    }

    /// Where the tables of a connection lie.
    async fn place(&self, task: &Task, connection: &str) -> Result<Option<Located>, Failure> {
        let integration = self.sql.integration();
        let found = self.connections.open(connection, integration, self.sql.fields()).await?;
        let Some(connection) = found else { return Ok(None) };
        task.log.learn(connection.secrets()).await;
        Ok(lineage::located(integration, &connection))
    }
}

impl Wanted {
    fn visit<'a>(&'a self, task: &'a Task, who: &'static str) -> Visit<'a> {
        let seconds = task.offer.timeout_seconds;
        Visit {
            database: self.database.as_deref(),
            token: &task.token,
            who,
            time: (seconds > 0).then(|| Duration::from_secs(seconds.into())),
            answer_bytes: SQL_ANSWER_BYTES_MAX,
        }
    }

    async fn show(&self, task: &Task) {
        let statement = self.statement.trim();
        task.log.text(&statement[..statement.floor_char_boundary(SQL_LOGGED_BYTES)]).await;
    }

    fn hide(&self, failure: Failure) -> Failure {
        Failure { message: self.connection.hide(failure.message), ..failure }
    }
}

/// Runs `work` in a session to its end; a stop is asked of the server. `Err`: why the stop is not confirmed there.
pub(super) async fn until_stopped<T>(
    task: &Task,
    canceller: &dyn Cancel,
    work: impl Future<Output = T>,
) -> Result<T, String> {
    ended(&task.log, task.stop.clone(), canceller, work).await
}

async fn ended<T>(
    log: &TaskLog,
    mut stop: StopSignal,
    canceller: &dyn Cancel,
    work: impl Future<Output = T>,
) -> Result<T, String> {
    let mut work = std::pin::pin!(work);
    tokio::select! {
        biased;
        () = stop.wait_for(StopLevel::Gentle) => {}
        value = &mut work => return Ok(value),
    }
    let ask = async {
        // Beside the work, which may have been about to write into the log itself: not polled it would keep the log for ever.
        log.line("asking the server to end the statement").await;
        // Again and again: between two statements of a session there is nothing to end.
        loop {
            if let Err(failure) = canceller.cancel().await {
                log.line(&failure.message).await;
            }
            sleep(SQL_CANCEL_PAUSE).await;
        }
    };
    let ended = async {
        tokio::select! {
            biased;
            value = &mut work => value,
            never = ask => never,
        }
    };
    timeout(SQL_CANCEL_WAIT, ended).await.map_err(|_| {
        let seconds = SQL_CANCEL_WAIT.as_secs();
        format!("the server did not end the statement within {seconds} s after it was asked to")
    })
}

/// The times and the name of what is done.
struct Started(Timestamp);

impl Started {
    fn now() -> Self {
        Self(Timestamp::now())
    }

    fn operation(&self, wanted: &Wanted, kind: &str, ending: &Ending) -> Operation {
        let (status, message) = match ending {
            Ending::Succeeded { warning: false, message, .. } => ("SUCCEEDED", message.clone()),
            Ending::Succeeded { message, .. } => ("WARNING", message.clone()),
            Ending::Failed(failure) => ("FAILED", failure.message.clone()),
            Ending::Stopped => ("CANCELLED", String::new()),
            Ending::Unconfirmed(reason) => ("UNKNOWN", reason.clone()),
            Ending::Abandoned => ("UNKNOWN", String::new()),
        };
        Operation {
            external_id: statement_id(&wanted.statement),
            name: title(&wanted.statement),
            r#type: kind.to_owned(),
            status: status.to_owned(),
            message,
            started_at: self.0.as_microsecond(),
            completed_at: Timestamp::now().as_microsecond(),
            rows_affected: -1,
            failures: -1,
            ..Operation::default()
        }
    }
}

/// The same statement is the same operation in any run.
pub(super) fn statement_id(statement: &str) -> String {
    blake3::hash(statement.trim().as_bytes()).to_hex()[..32].to_owned()
}

/// The first line that says something, shortened.
pub(super) fn title(statement: &str) -> String {
    const CHARS: usize = 80;
    let mut lines = statement.lines().map(str::trim).filter(|line| !line.is_empty());
    let line = lines.clone().find(|line| !line.starts_with("--")).or_else(|| lines.next()).unwrap_or_default();
    line.chars().take(CHARS).collect()
}

/// Nothing is begun for an attempt that shall end already.
fn check_stop(task: &Task) -> Step<()> {
    if task.stop.asked() { Err(Ending::Stopped) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use downbeat_runtime::blob::{BlobKey, BlobStore};
    use uuid::Uuid;

    use super::*;
    use crate::stop::stop_channel;

    struct Deaf;

    #[async_trait]
    impl Cancel for Deaf {
        async fn cancel(&self) -> Result<(), Failure> {
            Ok(())
        }
    }

    /// The line holds the log until it is written, and it is written only while the work goes on.
    #[tokio::test]
    async fn a_stop_that_comes_while_the_work_writes_a_line_waits_for_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let store = BlobStore::open(folder.path()).unwrap();
        let blob = store.append(&BlobKey::task_log(Uuid::nil(), Uuid::nil(), 1)).await.unwrap();
        let log = TaskLog::new(blob);
        let (asks, stop) = stop_channel();
        let work = async {
            asks.ask(StopLevel::Gentle);
            log.line("begun").await;
            7
        };
        let done = timeout(SQL_CANCEL_WAIT * 2, ended(&log, stop, &Deaf, work)).await;
        assert_eq!(done.expect("it ends"), Ok(7));
    }
}
