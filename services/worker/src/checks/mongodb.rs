//! `MONGODB_QUERY`: passes when a command that only looks brings at least one document. How servers are asked stands in `mongo/`.

use async_trait::async_trait;
use serde_json::Value;

use super::{Asked, Finding, SensorCheck, outputs::Items};
use crate::attempt::Failure;
use crate::connections::Fields;
use crate::connectors::parameters;
use crate::limits::CHECK_ANSWER_BYTES_MAX;
use crate::mongo::{self, Command, FIELDS, INTEGRATION, Json, Target};

#[derive(Debug)]
pub(super) struct MongoDbQuery;

#[async_trait]
impl SensorCheck for MongoDbQuery {
    fn kind(&self) -> (&'static str, &'static str) {
        (INTEGRATION, "MONGODB_QUERY")
    }

    fn fields(&self) -> Fields {
        FIELDS
    }

    async fn look(&self, asked: &Asked) -> Result<Finding, Failure> {
        let text = parameters::required(&asked.parameters, "query")?;
        let json = Json { name: "query", text: &text };
        let command = Command::read(&json)?.must_read(&json)?;
        let database = parameters::text(&asked.parameters, "target_database");
        let target = Target::read(asked.connection(INTEGRATION)?, database.as_deref())?;
        let mut session = target.sign_in("", CHECK_ANSWER_BYTES_MAX).await?;
        let (mut items, mut any) = (Items::default(), false);
        let take = &mut |document| {
            any = any || is_something(&command, &document);
            items.push(document)
        };
        session.run(mongo::Asked { command: &command, time: Some(asked.time), take }).await?;
        Ok(if any {
            Finding::Passed(items.named("results"))
        } else {
            Finding::Pending("the query brought no document".to_owned())
        })
    }
}

/// Whether an answer holds something: of commands without a cursor only the answer itself says so.
fn is_something(command: &Command, document: &Value) -> bool {
    match command.name.as_str() {
        "count" => document.get("n").and_then(Value::as_f64).is_some_and(|number| number > 0.0),
        "distinct" => document.get("values").and_then(Value::as_array).is_some_and(|values| !values.is_empty()),
        _ => true,
    }
}
