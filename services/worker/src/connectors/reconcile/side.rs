//! One side of a reconciliation: where its data is, and how it is asked for one row.
//!
//! SQL servers are asked by `sql/`, where they refuse what does not only look. Warehouses are asked by the jobs that their manifests describe
//! ([`Elsewhere`]); they do not refuse it, so the statement is looked at here.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use downbeat_proto::worker::v1::Offer;
use serde_json::{Map, Value, json};

use crate::attempt::{Ending, Failure};
use crate::connections::{Connections, none_given};
use crate::connectors::{Connector, Step, Submit, Task, parameters, sql::until_stopped, unless_stopped};
use crate::limits::SQL_ANSWER_BYTES_MAX;
use crate::sql::{self, Visit, rows::Rows, words};

/// More than one row of which is not one row.
const ROWS_KEPT: usize = 2;
/// Warehouses, with the job that asks each of them.
const WAREHOUSES: [(&str, &str); 2] =
    [("SNOWFLAKE", "SNOWFLAKE_RUN_QUERY"), ("DATABRICKS", "DATABRICKS_EXECUTE_STATEMENT")];
/// What they know besides the database of SNOWFLAKE.
const OF_SNOWFLAKE: [&str; 3] = ["role", "warehouse", "schema"];

/// The jobs of other systems that a side may be asked by. They become known once manifests are read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Elsewhere(Arc<Mutex<Jobs>>);

/// By integration and name.
type Jobs = BTreeMap<(String, String), Arc<dyn Connector>>;

impl Elsewhere {
    /// There is this job.
    pub(crate) fn learn(&self, job: &Arc<dyn Connector>) {
        let (integration, name) = job.job();
        if WAREHOUSES.contains(&(integration, name)) {
            let mut jobs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            jobs.insert((integration.to_owned(), name.to_owned()), Arc::clone(job));
        }
    }

    fn find(&self, integration: &str, name: &str) -> Option<Arc<dyn Connector>> {
        let jobs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.get(&(integration.to_owned(), name.to_owned())).cloned()
    }
}

/// One side.
pub(super) struct Side {
    /// `source` or `destination`.
    name: &'static str,
    pub(super) integration: String,
    connection: String,
    database: Option<String>,
    /// Further parameters of a warehouse's job.
    further: Map<String, Value>,
    by: By,
}

enum By {
    Sql(Arc<dyn sql::Sql>),
    Job(Arc<dyn Connector>),
}

impl Side {
    pub(super) fn read(task: &Task, name: &'static str, elsewhere: &Elsewhere) -> Result<Self, Failure> {
        let parameter = |what: &str| parameters::text(&task.parameters, &format!("{name}_{what}"));
        let integration = parameters::required(&task.parameters, &format!("{name}_integration"))?;
        let job = WAREHOUSES.iter().find(|(warehouse, _)| *warehouse == integration);
        let by = match job {
            Some((_, job)) => elsewhere.find(&integration, job).map(By::Job),
            None => sql::of(&integration).map(By::Sql),
        };
        let by = by.ok_or_else(|| not_asked(name, &integration))?;
        let mut further = Map::new();
        for what in OF_SNOWFLAKE.into_iter().chain(["warehouse_id"]) {
            let owner = if what == "warehouse_id" { "DATABRICKS" } else { "SNOWFLAKE" };
            match parameter(what) {
                None if what == "warehouse_id" && integration == owner => {
                    return Err(Failure::misconfigured(format!("the parameter {name}_{what} is missing or empty")));
                }
                None => {}
                Some(value) if integration == owner => _ = further.insert(what.to_owned(), Value::String(value)),
                Some(_) => {
                    return Err(Failure::misconfigured(format!(
                        "the parameter {name}_{what} is for {owner}; {integration} has none"
                    )));
                }
            }
        }
        let database = parameter("database");
        if integration == "DATABRICKS" && database.is_some() {
            return Err(Failure::misconfigured(format!(
                "the parameter {name}_database is not for DATABRICKS: name the table with its catalogue and schema"
            )));
        }
        let connection = parameter("connection_id").unwrap_or_default();
        Ok(Self { name, integration, connection, database, further, by })
    }

    /// What makes a text of a latest value where the system's own way to tell it says too little.
    pub(super) fn latest(&self) -> &'static str {
        if self.integration == "SNOWFLAKE" { "to_varchar({})" } else { "{}" }
    }

    /// Whether a backslash means something in a text in quotes.
    pub(super) fn quotes_escape(&self) -> bool {
        !["POSTGRES", "SQL_SERVER"].contains(&self.integration.as_str())
    }

    /// The row that a query brings, of so many values.
    pub(super) async fn row(
        &self,
        task: &Task,
        connections: &Connections,
        query: &str,
        values: usize,
    ) -> Step<Vec<Value>> {
        let rows = match &self.by {
            By::Sql(sql) => self.look(task, connections, sql.as_ref(), query).await,
            By::Job(job) => self.ask(task, job.as_ref(), query).await,
        };
        let mut rows = rows.map_err(|ending| self.named(ending))?;
        match rows.pop() {
            Some(Value::Array(row)) if rows.is_empty() && row.len() == values => Ok(row),
            _ => {
                let wanted = if values == 1 { "one row with one value" } else { "one row" };
                Err(self.named(Failure::misconfigured(format!("the query must bring {wanted}")).into()))
            }
        }
    }

    async fn look(&self, task: &Task, connections: &Connections, sql: &dyn sql::Sql, query: &str) -> Step<Vec<Value>> {
        let integration = sql.integration();
        let connection = connections.open(&self.connection, integration, sql.fields()).await?;
        let connection = connection.ok_or_else(|| none_given(integration))?;
        task.log.learn(connection.secrets()).await;
        let hide = |failure: Failure| Failure { message: connection.hide(failure.message), ..failure };
        let seconds = task.offer.timeout_seconds;
        let token = format!("{}-{}", task.token, self.name);
        let visit = Visit {
            database: self.database.as_deref(),
            token: &token,
            who: "reconciliation",
            time: (seconds > 0).then(|| Duration::from_secs(seconds.into())),
            answer_bytes: SQL_ANSWER_BYTES_MAX,
        };
        let connected = unless_stopped(&task.stop, sql.connect(&connection, &visit)).await?;
        let mut session = connected.map_err(hide)?;
        let mut rows = Rows::at_most(ROWS_KEPT);
        let canceller = session.canceller();
        let looked = until_stopped(task, canceller.as_ref(), session.look(query, &mut rows, false)).await;
        match looked.map_err(Ending::Unconfirmed)? {
            Ok(_) => {
                session.close().await;
                Ok(rows.rows)
            }
            Err(_) if task.stop.asked() => Err(Ending::Stopped),
            Err(failure) => Err(hide(failure).into()),
        }
    }

    /// Runs the job that brings rows as outputs, as an attempt of its own within this one.
    async fn ask(&self, task: &Task, job: &dyn Connector, query: &str) -> Step<Vec<Value>> {
        check_looks(query)?;
        let inner = self.inner(task, job, query)?;
        match job.run(&inner).await.ending {
            Ending::Succeeded { outputs, .. } => {
                let outputs: Value = serde_json::from_str(&outputs).unwrap_or_default();
                match outputs.get("results") {
                    Some(Value::Array(rows)) => Ok(rows.clone()),
                    _ => Err(Failure::transient("its answer has no rows").into()),
                }
            }
            // It only looks, so it may be done again, whatever became of it.
            Ending::Failed(failure) if failure.class == downbeat_proto::events::v1::FailureClass::UnknownOutcome => {
                Err(Failure::transient(failure.message).into())
            }
            Ending::Abandoned => Err(Ending::Unconfirmed("its statement may still run there".to_owned())),
            ending => Err(ending),
        }
    }

    fn inner(&self, task: &Task, job: &dyn Connector, query: &str) -> Result<Task, Failure> {
        let mut parameters = self.further.clone();
        parameters.insert("statement".to_owned(), json!(query));
        parameters.insert("set_outputs".to_owned(), json!(true));
        if let Some(database) = &self.database {
            parameters.insert("database".to_owned(), json!(database));
        }
        let (integration, name) = job.job();
        let offer = Offer {
            integration: integration.to_owned(),
            integration_job: name.to_owned(),
            connection: self.connection.clone(),
            parameters: Value::Object(parameters.clone()).to_string(),
            resume: None,
            ..task.offer.clone()
        };
        let page = task.page.beside(self.name).map_err(|error| {
            Failure::transient(format!("cannot use the worker's data folder for the {}: {error}", self.name))
        })?;
        Ok(Task {
            offer,
            parameters,
            token: format!("{}-{}", task.token, self.name),
            resume: None,
            submit: Submit::nobody(),
            folder: task.folder.clone(),
            log: task.log.clone(),
            stop: task.stop.clone(),
            page,
        })
    }

    /// Says which side it was.
    fn named(&self, ending: Ending) -> Ending {
        match ending {
            Ending::Failed(failure) => {
                Failure { message: format!("the {}: {}", self.name, failure.message), ..failure }.into()
            }
            Ending::Unconfirmed(why) => Ending::Unconfirmed(format!("the {}: {why}", self.name)),
            ending => ending,
        }
    }
}

fn not_asked(name: &str, integration: &str) -> Failure {
    let known: Vec<&str> = sql::KINDS.iter().copied().chain(WAREHOUSES.map(|(warehouse, _)| warehouse)).collect();
    Failure::misconfigured(format!(
        "the parameter {name}_integration is {integration:?}, which this version does not reconcile; it does {}",
        known.join(", ")
    ))
}

/// Of a warehouse nobody but us holds a statement to reading.
fn check_looks(query: &str) -> Result<(), Failure> {
    let looks = match words::first_word(query).as_str() {
        "SELECT" | "VALUES" | "TABLE" | "SHOW" | "DESCRIBE" => true,
        "WITH" => !words::holds(query, &["INSERT", "UPDATE", "DELETE", "MERGE"]),
        _ => words::behind_comments(query).starts_with('('),
    };
    if looks { Ok(()) } else { Err(Failure::misconfigured("the query must only look: it must be one SELECT")) }
}
