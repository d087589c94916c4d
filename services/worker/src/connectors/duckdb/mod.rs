//! DUCKDB_EXECUTE_QUERY and MOTHERDUCK_EXECUTE_QUERY: SQL in a DuckDB that runs as a process of its own, inside of a Python
//! environment with the pinned package: a crash of it is an exit code, and a stop ends it.
//!
//! The text of the query is a file, never a part of code. After the worker was lost nobody knows whether the query was carried out.

use std::{path::Path, sync::Arc};

use async_trait::async_trait;
use downbeat_lineage::{naming::System, sql::Defaults};
use downbeat_proto::events::v1::Operation;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Connector, Step, Task, parameters};
use crate::about::{About, Tested};
use crate::attempt::{Collection, Ended, Ending, Failure, Job};
use crate::connections::{Connection, Connections, Fields, none_given};
use crate::limits::{SQL_LOGGED_BYTES, SQL_RESULTS_BYTES_MAX, SQL_ROWS_MAX, TASK_OUTPUTS_BYTES_MAX};
use crate::lineage::{self, Columns};
use crate::process::{
    environment::Environment,
    log::last_lines,
    run::{Exit, out_of_memory},
};
use crate::toolchain::{Build, PackageManager, Toolchain, run_in, words::split};

const PROGRAM: &str = include_str!("run.py");
/// What the tests have met.
const PACKAGE: &str = "pip install duckdb==1.4.4";

/// A way to DuckDB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A file of the worker's machine, or nothing but memory.
    Local,
    /// MotherDuck.
    Cloud,
}

#[derive(Debug)]
pub(crate) struct ExecuteQuery {
    kind: Kind,
    toolchain: Arc<Toolchain>,
    connections: Connections,
}

/// Both of them.
pub(crate) fn all(toolchain: &Arc<Toolchain>, connections: &Connections) -> Vec<Arc<dyn Connector>> {
    let connector = |kind| ExecuteQuery { kind, toolchain: Arc::clone(toolchain), connections: connections.clone() };
    vec![Arc::new(connector(Kind::Local)), Arc::new(connector(Kind::Cloud))]
}

/// Where to run, and what that needs.
struct Database {
    name: String,
    variables: Environment,
}

/// What the program prints.
#[derive(Deserialize)]
struct Printed {
    results: Vec<Value>,
    columns: Vec<String>,
    seen: u64,
    rows_affected: Option<i64>,
}

#[async_trait]
impl Connector for ExecuteQuery {
    fn job(&self) -> (&str, &str) {
        match self.kind {
            Kind::Local => ("DUCKDB", "DUCKDB_EXECUTE_QUERY"),
            Kind::Cloud => ("MOTHERDUCK", "MOTHERDUCK_EXECUTE_QUERY"),
        }
    }

    fn about(&self) -> About {
        About {
            by_manifest: false,
            tested: match self.kind {
                Kind::Local => Tested::Real("DuckDB 1.4.4"),
                Kind::Cloud => Tested::No,
            },
            after_a_loss: "never again: UNKNOWN_OUTCOME",
            collects: "QUERY with rows affected; tables and columns that it reads and writes".to_owned(),
        }
    }

    fn remote(&self) -> bool {
        true
    }

    fn needs_connection(&self) -> bool {
        self.kind == Kind::Cloud
    }

    async fn run(&self, task: &Task) -> Ended {
        if task.resume.is_some() {
            return lost(task).into();
        }
        // Its process ends with it: a kill is waited for inside.
        let begun = Timestamp::now();
        let mut place = None;
        match self.carry_out(task, &mut place).await {
            Ok((ending, rows)) => Ended { collection: collection(task, begun, &ending, rows, place).await, ending },
            Err(ending) => ending.into(),
        }
    }
}

fn lost(task: &Task) -> Ending {
    let text = "the worker was lost that ran the query, and nobody knows whether it was carried out";
    if task.stop.asked() {
        return Ending::Unconfirmed(text.to_owned());
    }
    Failure::unknown(format!("{text}, so it is not run again: look at the data, then restart the task")).into()
}

impl ExecuteQuery {
    async fn carry_out(&self, task: &Task, place: &mut Option<lineage::Database>) -> Step<(Ending, i64)> {
        let query = parameters::required(&task.parameters, "query")?;
        let set_outputs = parameters::flag(&task.parameters, "set_outputs")?;
        let database = self.database(task).await?;
        *place = self.place(&database.name);
        if task.stop.asked() {
            return Err(Ending::Stopped);
        }
        let commands = split(PACKAGE).map_err(Failure::misconfigured)?;
        let variables = Environment::new();
        let build = Build {
            version: None,
            manager: PackageManager::Pip,
            commands: &commands,
            folder: &task.folder,
            variables: &variables,
            scope: "downbeat/duckdb",
        };
        let environment = self.toolchain.environment(task, &build).await?.with(database.variables);
        write(&task.folder.join("query.sql"), &query).await?;
        write(&task.folder.join("run.py"), PROGRAM).await?;
        task.log.text(&query[..query.floor_char_boundary(SQL_LOGGED_BYTES)]).await;
        let words = ["python", "-I", "run.py", "query.sql", &database.name].map(str::to_owned);
        let limits = [SQL_ROWS_MAX.to_string(), SQL_RESULTS_BYTES_MAX.to_string()];
        let mut program = environment.program(&[&words[..], &limits[..]].concat(), &task.folder)?;
        program.keep_output = Some(TASK_OUTPUTS_BYTES_MAX);
        task.submitted(Job { handle: vec![1], ..Job::default() }).await;
        let ran = run_in(task, program).await?;
        let how = match ran.exit {
            Exit::Code(0) => return succeeded(&ran.output, set_outputs),
            Exit::Stopped => return Ok((Ending::Stopped, -1)),
            Exit::Code(1) => "DuckDB".to_owned(),
            Exit::Code(code) => format!("exit code {code}"),
            Exit::Signal(signal) => format!("killed by signal {signal}"),
            Exit::OutOfMemory(memory) => out_of_memory(memory),
        };
        let said = last_lines(&task.log.tail().await, 5);
        Ok((Failure::job(format!("{how}: {said}")).into(), -1))
    }

    async fn database(&self, task: &Task) -> Result<Database, Failure> {
        let fields = match self.kind {
            Kind::Local => Fields { open: &["path"], secret: &[] },
            Kind::Cloud => Fields { open: &["database"], secret: &["token"] },
        };
        let integration = if self.kind == Kind::Local { "DUCKDB" } else { "MOTHERDUCK" };
        let connection = task.open(&self.connections, integration, fields).await?;
        match (self.kind, connection) {
            (Kind::Local, None) => Ok(Database { name: String::new(), variables: Environment::new() }),
            (Kind::Local, Some(connection)) => local(&connection),
            (Kind::Cloud, None) => Err(none_given(integration)),
            (Kind::Cloud, Some(connection)) => cloud(&connection),
        }
    }
}

impl ExecuteQuery {
    /// Where the tables lie. `None`: in memory, and they are gone with it.
    fn place(&self, name: &str) -> Option<lineage::Database> {
        let (system, at, database) = match self.kind {
            Kind::Local => (System::DuckDb, name, Path::new(name).file_stem()?.to_str()?),
            Kind::Cloud => (System::MotherDuck, "", name.strip_prefix("md:")?),
        };
        Some(lineage::Database {
            system,
            at: at.to_owned(),
            port: None,
            defaults: Defaults { database: database.to_owned(), schema: "main".to_owned() },
            integration: self.job().0.to_owned(),
        })
    }
}

fn local(connection: &Connection) -> Result<Database, Failure> {
    let path = connection.required("path")?;
    if !Path::new(path).is_absolute() {
        return Err(connection.wrong("path", "must be an absolute path of a file"));
    }
    Ok(Database { name: path.to_owned(), variables: Environment::new() })
}

fn cloud(connection: &Connection) -> Result<Database, Failure> {
    let Some(token) = connection.secret("token")? else { return Err(connection.wrong("token", "is missing or empty")) };
    let name = connection.text("database")?.unwrap_or_default();
    // What follows a `?` would be settings.
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')) {
        return Err(connection.wrong("database", "must be a name of letters, digits, _ and -"));
    }
    let variables = Environment::from([("motherduck_token".to_owned(), token.reveal().to_owned())]);
    Ok(Database { name: format!("md:{name}"), variables })
}

async fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let written = tokio::fs::write(path, text).await;
    written.map_err(|error| Failure::transient(format!("cannot write {}: {error}", path.display())))
}

fn succeeded(output: &[u8], set_outputs: bool) -> Step<(Ending, i64)> {
    let Ok(Printed { results, columns, seen, rows_affected }) = serde_json::from_slice(output) else {
        // It was carried out all the same.
        return Err(Failure::unknown("the query was carried out, and its result cannot be read").into());
    };
    let kept = results.len() as u64;
    let mut message = match rows_affected {
        Some(rows) => format!("{rows} rows affected"),
        None => format!("{seen} rows"),
    };
    let outputs = if set_outputs {
        if kept < seen {
            message = format!("{message}; the outputs hold the first {kept} of them");
        }
        json!({ "results": results, "columns": columns, "truncated": kept < seen, "rows_affected": rows_affected })
            .to_string()
    } else {
        String::new()
    };
    Ok((Ending::Succeeded { warning: false, outputs, message }, rows_affected.unwrap_or(-1)))
}

async fn collection(
    task: &Task,
    begun: Timestamp,
    ending: &Ending,
    rows: i64,
    place: Option<lineage::Database>,
) -> Collection {
    let query = parameters::text(&task.parameters, "query").unwrap_or_default();
    let (status, message) = match ending {
        Ending::Succeeded { message, .. } => ("SUCCEEDED", message.clone()),
        Ending::Failed(failure) => ("FAILED", failure.message.clone()),
        Ending::Stopped => ("CANCELLED", String::new()),
        Ending::Unconfirmed(_) | Ending::Abandoned => ("UNKNOWN", String::new()),
    };
    let mut operation = Operation {
        external_id: super::sql::statement_id(&query),
        name: super::sql::title(&query),
        r#type: "QUERY".to_owned(),
        status: status.to_owned(),
        message,
        started_at: begun.as_microsecond(),
        completed_at: Timestamp::now().as_microsecond(),
        rows_affected: rows,
        failures: -1,
        ..Operation::default()
    };
    let mut collection = Collection::default();
    if let (Some(place), Ending::Succeeded { .. }) = (place, ending) {
        let found = lineage::read(&query, place, Columns::new(), &operation.external_id).await;
        for note in &found.notes {
            task.log.line(note).await;
        }
        found.put(&mut operation, &mut collection);
    }
    collection.operations.push(operation);
    collection
}
