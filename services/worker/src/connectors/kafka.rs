//! `KAFKA_CHECK_TOPIC`: whether a topic is there and can be used. How clusters are asked stands in `kafka/`.
//!
//! It FAILS when there is no such topic or when a partition has no leader; it is a WARNING when replicas are behind or when a leader cannot be
//! reached from here. It only looks: the topic is not made by asking for it, and whoever comes after a loss looks again.

use async_trait::async_trait;
use downbeat_proto::events::v1::{Asset, Operation};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Connector, Step, Task, parameters, unless_stopped};
use crate::about::{About, Tested};
use crate::attempt::{Collection, Ended, Ending, Failure};
use crate::connections::{Connection, Connections, none_given};
use crate::kafka::{
    Cluster, FIELDS, INTEGRATION,
    topic::{Partition, Topic, is_name},
};

/// Partitions that are named in a message.
const NAMED_MAX: usize = 10;
/// Partitions whose offsets become outputs.
const LISTED_MAX: usize = 10_000;

#[derive(Debug)]
pub(super) struct CheckTopic {
    pub(super) connections: Connections,
}

#[async_trait]
impl Connector for CheckTopic {
    fn job(&self) -> (&str, &str) {
        (INTEGRATION, "KAFKA_CHECK_TOPIC")
    }

    fn about(&self) -> About {
        About {
            by_manifest: false,
            tested: Tested::Real("Apache Kafka 4.1"),
            after_a_loss: "looks again",
            collects: "TEST, the topic".to_owned(),
        }
    }

    fn needs_connection(&self) -> bool {
        true
    }

    async fn run(&self, task: &Task) -> Ended {
        match self.prepare(task).await {
            Ok(wanted) => wanted.look(task).await,
            Err(ending) => ending.into(),
        }
    }
}

/// What a task asks.
struct Wanted {
    name: String,
    connection: Connection,
    cluster: Cluster,
}

impl CheckTopic {
    async fn prepare(&self, task: &Task) -> Step<Wanted> {
        let name = parameters::required(&task.parameters, "topic_id")?;
        if !is_name(&name) {
            let message =
                "the parameter topic_id is no name of a topic: letters, digits, `.`, `_` and `-`, at most 249";
            return Err(Failure::misconfigured(message).into());
        }
        let connection = task.open(&self.connections, INTEGRATION, FIELDS).await?;
        let connection = connection.ok_or_else(|| none_given(INTEGRATION))?;
        let cluster = Cluster::read(&connection)?;
        if task.stop.asked() {
            return Err(Ending::Stopped);
        }
        Ok(Wanted { name, connection, cluster })
    }
}

impl Wanted {
    async fn look(&self, task: &Task) -> Ended {
        let begun = Timestamp::now();
        task.log.line(&format!("looking at the topic {}", self.name)).await;
        // Nothing is left of a look that is dropped.
        let (ending, topic) = match unless_stopped(&task.stop, self.cluster.topic(&self.name)).await {
            Ok(Ok(topic)) => (self.judge(&topic), Some(topic)),
            Ok(Err(failure)) => (Ending::Failed(self.hide(failure)), None),
            Err(stopped) => (stopped, None),
        };
        Ended { collection: self.collection(begun, &ending, topic.is_some()), ending }
    }

    fn judge(&self, topic: &Topic) -> Ending {
        let outputs = outputs(&self.name, topic).to_string();
        let leaderless = named(topic, |partition| partition.leader.is_none());
        if let Some(which) = leaderless {
            let message = format!("the topic {} has partitions without a leader: {which}", self.name);
            return Failure::transient(message).with_outputs(outputs).into();
        }
        let mut message = match topic.records() {
            Some(records) => format!("{} partitions, {records} records", topic.partitions.len()),
            None => format!("{} partitions", topic.partitions.len()),
        };
        let behind = named(topic, |partition| partition.behind > 0);
        let warning = behind.is_some() || topic.unreached.is_some();
        if let Some(which) = behind {
            message = format!("{message}; replicas are behind of {which}");
        }
        if let Some(why) = &topic.unreached {
            message = self.connection.hide(format!("{message}; not all offsets are known: {why}"));
        }
        Ending::Succeeded { warning, outputs, message }
    }

    fn hide(&self, failure: Failure) -> Failure {
        Failure { message: self.connection.hide(failure.message), ..failure }
    }

    fn collection(&self, begun: Timestamp, ending: &Ending, found: bool) -> Collection {
        let (status, message) = match ending {
            Ending::Succeeded { warning: false, message, .. } => ("SUCCEEDED", message.clone()),
            Ending::Succeeded { message, .. } => ("WARNING", message.clone()),
            Ending::Failed(failure) => ("FAILED", failure.message.clone()),
            Ending::Stopped => ("CANCELLED", String::new()),
            Ending::Unconfirmed(_) | Ending::Abandoned => ("UNKNOWN", String::new()),
        };
        let namespace = format!("kafka://{}", self.cluster.name());
        let key = format!("{namespace}/{}", self.name);
        let operation = Operation {
            external_id: key.clone(),
            name: format!("check {}", self.name),
            r#type: "TEST".to_owned(),
            status: status.to_owned(),
            message,
            started_at: begun.as_microsecond(),
            completed_at: Timestamp::now().as_microsecond(),
            rows_affected: -1,
            failures: -1,
            asset: if found { key.clone() } else { String::new() },
            ..Operation::default()
        };
        let asset = Asset {
            key,
            name: self.name.clone(),
            r#type: "TOPIC".to_owned(),
            namespace,
            row_count: -1,
            integration: INTEGRATION.to_owned(),
            ..Asset::default()
        };
        let assets = if found { vec![asset] } else { Vec::new() };
        Collection { operations: vec![operation], assets, ..Collection::default() }
    }
}

/// The numbers of some partitions; `None`: there are none.
fn named(topic: &Topic, which: impl Fn(&Partition) -> bool) -> Option<String> {
    let numbers: Vec<String> =
        topic.partitions.iter().filter(|one| which(one)).map(|one| one.number.to_string()).collect();
    let shown = numbers.iter().take(NAMED_MAX).cloned().collect::<Vec<_>>().join(", ");
    match numbers.len() {
        0 => None,
        all if all > NAMED_MAX => Some(format!("{shown} and {} more", all - NAMED_MAX)),
        _ => Some(shown),
    }
}

fn outputs(name: &str, topic: &Topic) -> Value {
    let offsets: Vec<Value> = topic
        .partitions
        .iter()
        .take(LISTED_MAX)
        .map(|partition| {
            let (first, next) = partition.offsets.unzip();
            json!({ "partition": partition.number, "earliest": first, "latest": next })
        })
        .collect();
    json!({
        "topic_id": name, "partitions": topic.partitions.len(), "records": topic.records(), "offsets": offsets,
        "under_replicated": topic.partitions.iter().filter(|partition| partition.behind > 0).count(),
    })
}
