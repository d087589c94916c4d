//! `DATA_RECONCILIATION_*`: whether what is in one system is in another one, too.
//!
//! Both sides are asked at once, and each only looks, so nothing is settled after a loss: it is done again.

mod compare;
mod cursor;
mod side;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;
use downbeat_proto::events::v1::Operation;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{Connector, Step, Task, parameters, sql::statement_id};
use crate::about::{About, Tested};
use crate::attempt::{Collection, Ended, Ending, Failure};
use crate::connections::Connections;
use crate::sql::threshold::Threshold;
use compare::{Difference, Judged, Thresholds};
use cursor::Cursor;
pub(crate) use side::Elsewhere;
use side::Side;

const INTEGRATION: &str = "ORCHESTRA";

/// Both jobs.
pub(crate) fn all(connections: &Connections, elsewhere: &Elsewhere) -> Vec<Arc<dyn Connector>> {
    let job = |job, kind| -> Arc<dyn Connector> {
        Arc::new(Reconcile { job, kind, connections: connections.clone(), elsewhere: elsewhere.clone() })
    };
    vec![job("DATA_RECONCILIATION_MANUAL_QUERY", Kind::Query), job("DATA_RECONCILIATION_CURSOR_FIELD", Kind::Cursor)]
}

#[derive(Debug)]
struct Reconcile {
    job: &'static str,
    kind: Kind,
    connections: Connections,
    elsewhere: Elsewhere,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Query,
    Cursor,
}

/// What is asked, read.
struct Wanted {
    source: Side,
    destination: Side,
    /// One per side.
    queries: [String; 2],
    comparisons: Vec<Comparison>,
}

/// One value of each side's row is held against the other's.
struct Comparison {
    /// In outputs and messages.
    name: &'static str,
    place: usize,
    thresholds: Thresholds,
}

/// What was found.
struct Found {
    judged: Judged,
    outputs: Value,
    /// The number of rows that are missing, or whatever else is a whole number.
    difference: Option<i64>,
}

#[async_trait]
impl Connector for Reconcile {
    fn job(&self) -> (&str, &str) {
        (INTEGRATION, self.job)
    }

    fn about(&self) -> About {
        About {
            by_manifest: false,
            tested: Tested::Real("PostgreSQL 15 and MariaDB 10.11"),
            after_a_loss: "looks again",
            collects: "TEST with the difference".to_owned(),
        }
    }

    fn needs_connection(&self) -> bool {
        true
    }

    async fn run(&self, task: &Task) -> Ended {
        let wanted = match self.read(task) {
            Ok(_) if task.stop.asked() => return Ending::Stopped.into(),
            Ok(wanted) => wanted,
            Err(failure) => return failure.into(),
        };
        for (query, side) in wanted.queries.iter().zip(["source", "destination"]) {
            task.log.line(&format!("{side}: {query}")).await;
        }
        let begun = Timestamp::now();
        let (ending, difference) = match self.compare(task, &wanted).await {
            Ok(found) => found.ending(),
            Err(ending) => (ending, None),
        };
        let operation = operation(&wanted, begun, &ending, difference);
        Ended { ending, collection: Collection { operations: vec![operation], ..Collection::default() } }
    }
}

impl Reconcile {
    fn read(&self, task: &Task) -> Result<Wanted, Failure> {
        let source = Side::read(task, "source", &self.elsewhere)?;
        let destination = Side::read(task, "destination", &self.elsewhere)?;
        let (queries, comparisons) = match self.kind {
            Kind::Query => read_queries(&task.parameters)?,
            Kind::Cursor => read_cursors(&task.parameters, [&source, &destination])?,
        };
        Ok(Wanted { source, destination, queries, comparisons })
    }

    async fn compare(&self, task: &Task, wanted: &Wanted) -> Step<Found> {
        let values = if self.kind == Kind::Query { 1 } else { 2 };
        let [one, other] = &wanted.queries;
        let (source, destination) = tokio::join!(
            wanted.source.row(task, &self.connections, one, values),
            wanted.destination.row(task, &self.connections, other, values),
        );
        // What may still run somewhere matters more than why the other side failed.
        let (source, destination) = match (source, destination) {
            (Ok(source), Ok(destination)) => (source, destination),
            (Err(Ending::Unconfirmed(why)), _) | (_, Err(Ending::Unconfirmed(why))) => {
                return Err(Ending::Unconfirmed(why));
            }
            (Err(ending), _) | (_, Err(ending)) => return Err(ending),
        };
        let found = Found::of(&wanted.comparisons, &source, &destination);
        if self.kind == Kind::Cursor
            && let Value::Object(outputs) = &found.outputs
        {
            task.log.line(&format!("found {}", Value::Object(outputs.clone()))).await;
        }
        Ok(found)
    }
}

type Read = ([String; 2], Vec<Comparison>);

fn read_queries(parameters: &Map<String, Value>) -> Result<Read, Failure> {
    let query = |side: &str| parameters::required(parameters, &format!("{side}_query"));
    let thresholds = thresholds(parameters, "", None)?;
    Ok(([query("source")?, query("destination")?], vec![Comparison { name: "value", place: 0, thresholds }]))
}

fn read_cursors(parameters: &Map<String, Value>, sides: [&Side; 2]) -> Result<Read, Failure> {
    let flag = |name: &str, absent: bool| match parameters.get(name) {
        None | Some(Value::Null) => Ok(absent),
        Some(_) => parameters::flag(parameters, name),
    };
    let (count, latest) = (flag("detect_count_drift", true)?, flag("detect_max_drift", false)?);
    if !count && !latest {
        return Err(Failure::misconfigured(
            "neither of the parameters detect_count_drift and detect_max_drift is true: there is nothing to compare",
        ));
    }
    // Nothing is remembered here from one run to the next: a pipeline that wants to go on gives the value.
    let limited = flag("query_from_cursor_field_cache", true)?;
    let after = parameters::text(parameters, "cursor_field_cache_override").filter(|_| limited);
    let query = |side: &str, asked: &Side| {
        let cursor = Cursor {
            table: parameters::required(parameters, &format!("{side}_table_name"))?,
            column: parameters::required(parameters, &format!("{side}_column_name"))?,
            after: after.clone(),
        };
        let named = |failure: Failure| Failure { message: format!("the {side}: {}", failure.message), ..failure };
        cursor.query(asked.latest(), asked.quotes_escape()).map_err(named)
    };
    let queries = [query("source", sides[0])?, query("destination", sides[1])?];
    let mut comparisons = Vec::new();
    if count {
        let thresholds = thresholds(parameters, "detect_count_drift_", Some("> 0"))?;
        comparisons.push(Comparison { name: "count", place: 0, thresholds });
    }
    if latest {
        comparisons.push(Comparison { name: "max", place: 1, thresholds: Thresholds { error: None, warn: None } });
    }
    Ok((queries, comparisons))
}

fn thresholds(parameters: &Map<String, Value>, of: &str, absent: Option<&str>) -> Result<Thresholds, Failure> {
    let read = |kind: &str| {
        let name = format!("{of}{kind}_threshold_expression");
        let text = parameters::text(parameters, &name).or_else(|| absent.map(str::to_owned));
        text.map(|text| Threshold::read(&name, &text)).transpose()
    };
    Ok(Thresholds { error: read("error")?, warn: read("warn")? })
}

impl Found {
    fn of(comparisons: &[Comparison], source: &[Value], destination: &[Value]) -> Self {
        let mut found = Self { judged: Judged::Same, outputs: json!({}), difference: None };
        for Comparison { name, place, thresholds } in comparisons {
            let (one, other) = (&source[*place], &destination[*place]);
            let difference = Difference::between(one, other);
            let number = match &difference {
                Difference::None => json!(0),
                Difference::Number(number) => json!(number),
                Difference::Other => Value::Null,
            };
            found.difference = found.difference.or_else(|| number.as_i64());
            found.outputs[*name] = json!({ "source": one, "destination": other, "difference": number });
            let judged = thresholds.judge(&difference);
            let said = |why: &str| format!("{name}: the source has {one}, the destination {other}: {why}");
            let judged = match judged {
                Judged::Same => Judged::Same,
                Judged::Warning(why) => Judged::Warning(said(&why)),
                Judged::Error(why) => Judged::Error(said(&why)),
            };
            found.judged = worse(std::mem::replace(&mut found.judged, Judged::Same), judged);
        }
        if source.len() > 1 {
            // What the next run may begin behind.
            found.outputs["cursor_field_value"] = source[1].clone();
        }
        found
    }

    fn ending(self) -> (Ending, Option<i64>) {
        let outputs = self.outputs.to_string();
        let ending = match self.judged {
            Judged::Error(why) => Failure::job(why).with_outputs(outputs).into(),
            Judged::Warning(message) => Ending::Succeeded { warning: true, outputs, message },
            Judged::Same => Ending::Succeeded {
                warning: false,
                outputs,
                message: "the source and the destination agree".to_owned(),
            },
        };
        (ending, self.difference)
    }
}

fn worse(one: Judged, other: Judged) -> Judged {
    match (one, other) {
        (Judged::Error(one), Judged::Error(other)) => Judged::Error(format!("{one}; {other}")),
        (Judged::Error(why), _) | (_, Judged::Error(why)) => Judged::Error(why),
        (Judged::Warning(why), _) | (_, Judged::Warning(why)) => Judged::Warning(why),
        (Judged::Same, Judged::Same) => Judged::Same,
    }
}

fn operation(wanted: &Wanted, begun: Timestamp, ending: &Ending, difference: Option<i64>) -> Operation {
    let (status, message) = match ending {
        Ending::Succeeded { warning: false, message, .. } => ("SUCCEEDED", message.clone()),
        Ending::Succeeded { message, .. } => ("WARNING", message.clone()),
        Ending::Failed(failure) => ("FAILED", failure.message.clone()),
        Ending::Stopped => ("CANCELLED", String::new()),
        Ending::Unconfirmed(_) | Ending::Abandoned => ("UNKNOWN", String::new()),
    };
    Operation {
        external_id: statement_id(&wanted.queries.join("\0")),
        name: format!("{} against {}", wanted.source.integration, wanted.destination.integration),
        r#type: "TEST".to_owned(),
        status: status.to_owned(),
        message,
        started_at: begun.as_microsecond(),
        completed_at: Timestamp::now().as_microsecond(),
        rows_affected: -1,
        failures: difference.unwrap_or(-1),
        ..Operation::default()
    }
}
