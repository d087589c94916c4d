//! `MONGODB_RUN_TEST`: documents of a collection that a filter and a pipeline leave, and what thresholds make of their number.
//!
//! The number is the one that a pipeline's only document holds (`{"$count": "n"}`, `{"$group": ...}` with one sum), its `_id` left aside, and the
//! number of documents otherwise. Documents are counted on the server.

use async_trait::async_trait;
use bson::{Document, doc};
use jiff::Timestamp;
use serde_json::{Number, Value};
use tokio::time::timeout;

use super::{Place, TESTED, operation, show, time};
use crate::about::About;
use crate::attempt::{Collection, Ended, Ending, Failure};
use crate::connections::Connections;
use crate::connectors::{Connector, Step, Task, parameters, sql::Thresholds, unless_stopped};
use crate::limits::{SQL_ANSWER_BYTES_MAX, SQL_CANCEL_WAIT};
use crate::mongo::{Asked, Command, INTEGRATION, Json, NotRun, Session, pipeline};
use crate::sql::Cancel as _;

#[derive(Debug)]
pub(super) struct RunTest {
    pub(super) connections: Connections,
}

#[async_trait]
impl Connector for RunTest {
    fn job(&self) -> (&str, &str) {
        (INTEGRATION, "MONGODB_RUN_TEST")
    }

    fn about(&self) -> About {
        About {
            by_manifest: false,
            tested: TESTED,
            after_a_loss: "looks again",
            collects: "TEST with the number found".to_owned(),
        }
    }

    fn needs_connection(&self) -> bool {
        true
    }

    async fn run(&self, task: &Task) -> Ended {
        let (thresholds, wanted) = match self.prepare(task).await {
            Ok(prepared) => prepared,
            Err(ending) => return ending.into(),
        };
        show(task, &wanted.text).await;
        let begun = Timestamp::now();
        let (ending, found) = match wanted.look(task).await {
            Ok(found) => (thresholds.judge(&found.number, &found.words()), Some(found)),
            Err(ending) => (ending, None),
        };
        let name = format!("test {}", wanted.collection);
        let mut operation = operation(&wanted.text, name, "TEST", begun, &ending);
        operation.failures = found.and_then(|found| found.number.as_i64()).unwrap_or(-1);
        Ended { ending, collection: Collection { operations: vec![operation], ..Collection::default() } }
    }
}

/// What a task asks.
struct Wanted {
    /// All of it, for people.
    text: String,
    collection: String,
    stages: Vec<Document>,
    /// Whether there is nothing but a filter, whose documents are counted.
    counts: bool,
    place: Place,
}

/// What a test found.
struct Found {
    number: Number,
    /// It is a number of documents.
    counted: bool,
}

impl RunTest {
    async fn prepare(&self, task: &Task) -> Step<(Thresholds, Wanted)> {
        let thresholds = Thresholds::read(task)?;
        let given = |name, absent: &str| parameters::text(&task.parameters, name).unwrap_or_else(|| absent.to_owned());
        let collection = parameters::required(&task.parameters, "collection")?;
        let (filter, stages) = (given("filter", "{}"), given("pipeline", "[]"));
        let matching = Json { name: "filter", text: &filter }.document()?;
        let following = pipeline(&Json { name: "pipeline", text: &stages })?;
        let counts = following.is_empty();
        let first = (!matching.is_empty()).then(|| doc! { "$match": matching });
        let text = format!("{collection}: filter {filter}, pipeline {stages}");
        let stages = first.into_iter().chain(following).collect();
        let place = Place::read(task, &self.connections).await?;
        if task.stop.asked() {
            return Err(Ending::Stopped);
        }
        Ok((thresholds, Wanted { text, collection, stages, counts, place }))
    }
}

impl Wanted {
    async fn look(&self, task: &Task) -> Step<Found> {
        let signed_in = unless_stopped(&task.stop, self.place.target.sign_in("", SQL_ANSWER_BYTES_MAX)).await?;
        let mut session = signed_in.map_err(|failure| self.place.hide(failure))?;
        let canceller = session.canceller();
        match unless_stopped(&task.stop, self.find(task, &mut session)).await {
            Ok(Ok(found)) => Ok(found),
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

    async fn find(&self, task: &Task, session: &mut Session) -> Result<Found, NotRun> {
        if !self.counts {
            // Two are enough to know that it is not one.
            let first = self.ask(task, session, doc! { "$limit": 2 }).await?;
            match first.as_slice() {
                [] => return Ok(Found { number: 0.into(), counted: true }),
                [one] => return Ok(only_number(one).unwrap_or(Found { number: 1.into(), counted: true })),
                _ => {}
            }
        }
        let counted = self.ask(task, session, doc! { "$count": "n" }).await?;
        // Of no documents there is no count.
        let number = counted.first().and_then(|count| count.get("n")?.as_u64()).unwrap_or_default();
        Ok(Found { number: number.into(), counted: true })
    }

    async fn ask(&self, task: &Task, session: &mut Session, last: Document) -> Result<Vec<Value>, NotRun> {
        let stages: Vec<Document> = self.stages.iter().cloned().chain([last]).collect();
        let command = doc! { "aggregate": &self.collection, "pipeline": stages, "cursor": {} };
        let command = Command::looking(command);
        let mut documents = Vec::new();
        let take = &mut |document| {
            documents.push(document);
            documents.len() < 2
        };
        session.run(Asked { command: &command, time: time(task), take }).await?;
        Ok(documents)
    }
}

/// The number of a document that holds nothing else but its `_id`.
fn only_number(document: &Value) -> Option<Found> {
    let mut entries = document.as_object()?.iter().filter(|(name, _)| *name != "_id");
    match (entries.next(), entries.next()) {
        (Some((_, Value::Number(number))), None) => Some(Found { number: number.clone(), counted: false }),
        _ => None,
    }
}

impl Found {
    fn words(&self) -> String {
        if self.counted {
            format!("there are {} documents", self.number)
        } else {
            format!("the pipeline says {}", self.number)
        }
    }
}

impl From<NotRun> for Failure {
    fn from(not: NotRun) -> Self {
        match not {
            NotRun::Failed(failure) | NotRun::InDoubt(failure) => failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_with_one_number_says_it() {
        for (document, number) in [
            (json!({ "n": 7 }), Some("7")),
            (json!({ "_id": null, "total": -1.5 }), Some("-1.5")),
            (json!({ "_id": 7 }), None),
            (json!({ "n": "7" }), None),
            (json!({ "n": 7, "m": 8 }), None),
            (json!({}), None),
        ] {
            let found = only_number(&document).map(|found| found.number.to_string());
            assert_eq!(found.as_deref(), number, "{document}");
        }
    }
}
