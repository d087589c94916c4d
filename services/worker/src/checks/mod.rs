//! What the worker can look at for a sensor: one check per sensor type, and the registry of all of them.
//!
//! The contract of a check, held by the conformance suite for every one of them:
//! - it only looks: nothing outside is changed by it, so that it may be made twice, or in vain;
//! - bad parameters give MISCONFIGURED and name the parameter; nothing was reached for;
//! - nothing is left of it when its future is dropped (that is how it ends when its time is over), and what it asks of another side
//!   is told how long it may take;
//! - what it says names what, where and what to do, and never a credential; its outputs are a JSON object of at most 64 KiB, lists
//!   in it are cut and say so (`truncated`);
//! - nothing outside makes it panic.
//!
//! It knows nothing of windows, of other checks, or of what starts when it passes: that is the coordinator's.
//!
//! Alerts are asked for in the same way, as checks of the type `ALERT`. They do change something, so they are none of these: what
//! asks for one is handed to a registry of its own (`alerts/mod.rs`). So are files of repositories (`repositories/mod.rs`).

mod adls;
#[cfg(test)]
mod conformance;
mod crew;
mod files;
mod http;
mod mongodb;
mod outputs;
mod s3;
mod sftp;
mod sql;
mod trial;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use downbeat_proto::worker::v1::{Check, CheckKind};
use jiff::Timestamp;
use serde_json::{Map, Value};
use tracing::{debug, info};

use crate::alerts::{self, Alerts};
use crate::attempt::{Failure, cut};
use crate::connections::{Connection, Connections, Fields, none_given};
use crate::limits::{
    CHECK_OUTPUTS_BYTES_MAX, CHECK_PARAMETERS_BYTES_MAX, CHECK_SECONDS_MAX, REPOSITORY_PARAMETERS_BYTES_MAX,
};
use crate::repositories::Repositories;
use crate::sql::{Sql, clickhouse::ClickHouse, mysql::MySql, postgres::Postgres, sqlserver::SqlServer};
use crate::verdict::Verdict;
pub(crate) use crew::Crew;

/// A check as it is asked for.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) parameters: Map<String, Value>,
    pub(crate) connection: Option<Connection>,
    /// Only what is newer counts, for checks that look for something new.
    pub(crate) since: Timestamp,
    /// How long it may take; a little less than whoever asks waits, so that a reason of its own comes first.
    pub(crate) time: Duration,
}

impl Asked {
    /// The connection, for a check that cannot do without.
    pub(crate) fn connection(&self, integration: &str) -> Result<&Connection, Failure> {
        self.connection.as_ref().ok_or_else(|| none_given(integration))
    }
}

/// What a look found.
#[derive(Debug, PartialEq)]
pub(crate) enum Finding {
    /// It is there; the outputs.
    Passed(Map<String, Value>),
    /// It is not; what was seen instead.
    Pending(String),
}

/// Something that looks. See the module's documentation for the contract.
#[async_trait]
pub(crate) trait SensorCheck: std::fmt::Debug + Send + Sync {
    /// Integration and sensor type that it serves.
    fn kind(&self) -> (&'static str, &'static str);

    /// The fields of its connection.
    fn fields(&self) -> Fields;

    /// Whether it cannot look at anything without a connection.
    fn needs_connection(&self) -> bool {
        true
    }

    /// Looks once.
    async fn look(&self, asked: &Asked) -> Result<Finding, Failure>;
}

/// All checks of this worker.
#[derive(Debug)]
pub(crate) struct Checks {
    connections: Connections,
    all: Vec<Arc<dyn SensorCheck>>,
    alerts: Alerts,
    /// `None`: not of this worker.
    repositories: Option<Repositories>,
}

impl Checks {
    pub(crate) fn new(connections: Connections) -> Self {
        let query =
            |sensor_type, sql: Arc<dyn Sql>| -> Arc<dyn SensorCheck> { Arc::new(sql::SqlQuery { sensor_type, sql }) };
        Self {
            connections,
            all: vec![
                Arc::new(http::HttpRequest),
                query("POSTGRES_QUERY", Arc::new(Postgres)),
                query("MYSQL_QUERY", Arc::new(MySql { integration: "MYSQL" })),
                query("MARIADB_QUERY", Arc::new(MySql { integration: "MARIADB" })),
                query("CLICKHOUSE_QUERY", Arc::new(ClickHouse)),
                query("SQL_SERVER_QUERY", Arc::new(SqlServer)),
                Arc::new(mongodb::MongoDbQuery),
                Arc::new(s3::S3File),
                Arc::new(adls::AdlsFile::default()),
                Arc::new(sftp::SftpFile),
            ],
            alerts: Alerts::new(),
            repositories: None,
        }
    }

    /// The same, and what is done for pipelines in repositories.
    pub(crate) fn with_repositories(self, repositories: Repositories) -> Self {
        Self { repositories: Some(repositories), ..self }
    }

    /// What the worker tells the coordinator it can look at, where it can send alerts to, and which connections it can try: without a
    /// folder of connections what needs one only where a sealed one is given, so that otherwise a worker that has one is asked.
    pub(crate) fn kinds(&self) -> Vec<CheckKind> {
        let without = !self.connections.has_folder();
        let checks = self.all.iter().map(|check| (check.kind(), without && check.needs_connection()));
        let alerts = self.alerts.integrations().map(|integration| ((integration, alerts::KIND), without));
        let trials = trial::integrations().map(|integration| ((integration, trial::KIND), without));
        let repositories = self.repositories.iter().flat_map(|repositories| repositories.kinds().iter().copied());
        let repositories = repositories.map(|kind| (kind, false));
        let kinds = checks.chain(alerts).chain(trials).chain(repositories);
        kinds
            .map(|((integration, kind), sealed_only)| CheckKind {
                integration: integration.to_owned(),
                sensor_type: kind.to_owned(),
                sealed_only,
            })
            .collect()
    }

    /// Makes one check. Its time is kept by the caller, who drops this.
    pub(crate) async fn make(&self, check: &Check) -> Verdict {
        let verdict = self.look(check).await.unwrap_or_else(Verdict::from);
        let (integration, kind) = (&check.integration, &check.sensor_type);
        match &verdict {
            Verdict::Passed { .. } => debug!(integration, kind, "a check passed"),
            Verdict::Pending { message } => debug!(integration, kind, message, "a check is pending"),
            Verdict::Failed(failure) => {
                info!(integration, kind, class = ?failure.class, message = failure.message, "a check could not be made");
            }
        }
        verdict
    }

    async fn look(&self, check: &Check) -> Result<Verdict, Failure> {
        let seconds = check.timeout_seconds.clamp(1, CHECK_SECONDS_MAX);
        let time = Duration::from_secs(seconds.into()) * 19 / 20;
        if check.sensor_type == alerts::KIND {
            let (integration, parameters) = (&check.integration, read_parameters(&check.parameters)?);
            self.alerts.send(integration, &parameters, &self.connections, &check.connection, time).await?;
            return Ok(Verdict::Passed { outputs: "{}".to_owned() });
        }
        let known = self.repositories.as_ref().filter(|it| it.knows(&check.integration, &check.sensor_type));
        if let Some(repositories) = known {
            let parameters = read_up_to(&check.parameters, REPOSITORY_PARAMETERS_BYTES_MAX)?;
            let done = repositories.carry_out(&check.sensor_type, &parameters, time).await?;
            return Ok(Verdict::Passed { outputs: done.to_string() });
        }
        if check.sensor_type == trial::KIND {
            return self.attempt(check, time).await;
        }
        let sensor = self.find(&check.integration, &check.sensor_type)?;
        let connection = self.connections.open(&check.connection, sensor.kind().0, sensor.fields()).await?;
        let asked = Asked {
            parameters: read_parameters(&check.parameters)?,
            connection,
            since: Timestamp::from_microsecond(check.since)
                .map_err(|_| Failure::misconfigured("the instant since when things are new is none"))?,
            time,
        };
        let finding = sensor.look(&asked).await;
        verdict(finding, asked.connection.as_ref())
    }

    fn find(&self, integration: &str, kind: &str) -> Result<Arc<dyn SensorCheck>, Failure> {
        let found = self.all.iter().find(|check| check.kind() == (integration, kind));
        found.cloned().ok_or_else(|| {
            let kinds = self.all.iter().map(|check| check.kind());
            let known: Vec<_> = kinds.map(|(integration, kind)| format!("{integration}/{kind}")).collect();
            Failure::misconfigured(format!(
                "this worker cannot check {integration}/{kind}; it checks {}",
                known.join(", ")
            ))
        })
    }
}

/// What is said of a finding: whatever another side repeated of the credentials is taken out.
fn verdict(finding: Result<Finding, Failure>, connection: Option<&Connection>) -> Result<Verdict, Failure> {
    let hide = |text: String| match connection {
        Some(connection) => connection.hide(text),
        None => text,
    };
    match finding {
        Ok(Finding::Passed(outputs)) => {
            let mut outputs = Value::Object(outputs);
            if let Some(connection) = connection {
                connection.hide_in_value(&mut outputs);
            }
            let outputs = outputs.to_string();
            if outputs.len() > CHECK_OUTPUTS_BYTES_MAX {
                let bytes = outputs.len();
                return Err(Failure::misconfigured(format!(
                    "the outputs take {bytes} bytes as JSON; at most {CHECK_OUTPUTS_BYTES_MAX} are allowed"
                )));
            }
            Ok(Verdict::Passed { outputs })
        }
        Ok(Finding::Pending(message)) => Ok(Verdict::Pending { message: cut(hide(message)) }),
        Err(failure) => Err(Failure { message: hide(failure.message), ..failure }),
    }
}

fn read_parameters(text: &str) -> Result<Map<String, Value>, Failure> {
    read_up_to(text, CHECK_PARAMETERS_BYTES_MAX)
}

fn read_up_to(text: &str, most: usize) -> Result<Map<String, Value>, Failure> {
    if text.len() > most {
        return Err(Failure::misconfigured(format!(
            "the check's parameters take {} bytes; at most {most} are allowed",
            text.len()
        )));
    }
    if text.is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(parameters)) => Ok(parameters),
        Ok(_) => Err(Failure::misconfigured("the check's parameters are no JSON object")),
        Err(error) => Err(Failure::misconfigured(format!("the check's parameters are no JSON: {error}"))),
    }
}
