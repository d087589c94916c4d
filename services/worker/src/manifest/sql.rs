//! Jobs that run SQL: the statement says which tables it reads and writes, and the manifest where they lie.

use downbeat_lineage::{naming::System, sql::Defaults};
use serde::Deserialize;

use super::fill::Scope;
use super::template::Template;
use crate::attempt::{Collection, cut};
use crate::lineage::{self, Columns, Database, Located};
use crate::remote::{Observation, State};

/// Where a statement of SQL stands, and where its tables lie. What has no value is not known.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SqlRule {
    pub(crate) statement: Template,
    /// Scheme of OpenLineage's names: `snowflake`, `bigquery`, ...; it says the dialect, too.
    pub(crate) system: String,
    /// Host or account.
    pub(crate) at: Option<Template>,
    pub(crate) database: Option<Template>,
    pub(crate) schema: Option<Template>,
}

impl SqlRule {
    /// All that is filled in.
    pub(crate) fn templates(&self) -> impl Iterator<Item = &Template> {
        std::iter::once(&self.statement).chain([&self.at, &self.database, &self.schema].into_iter().flatten())
    }

    /// What is wrong with it.
    pub(crate) fn fault(&self) -> Option<String> {
        let system = System::of_scheme(&self.system);
        system
            .is_none()
            .then(|| format!("there is no system {}; it is the scheme of its names, like snowflake", self.system))
    }

    /// Where its tables lie. `None`: that is not known.
    pub(super) fn located(&self, scope: &Scope) -> Option<Located> {
        let at = match &self.at {
            Some(template) => scope.text(template).ok().flatten()?,
            None => String::new(),
        };
        Some(Located { system: System::of_scheme(&self.system)?, at, port: None })
    }

    /// The statement, and where its tables lie. `None`: one of them is not known.
    fn wanted(&self, scope: &Scope, integration: &str) -> Option<(String, Database)> {
        let filled =
            |template: &Option<Template>| template.as_ref().and_then(|template| scope.text(template).ok().flatten());
        let Located { system, at, port } = self.located(scope)?;
        let named = |template| filled(template).unwrap_or_default();
        let defaults = Defaults { database: named(&self.database), schema: named(&self.schema) };
        let database = Database { system, at, port, defaults, integration: integration.to_owned() };
        Some((scope.text(&self.statement).ok().flatten()?, database))
    }
}

/// Adds what the statement says to what a job did that carried it out.
pub(super) async fn add(
    rule: &SqlRule,
    scope: &Scope,
    integration: &str,
    last: &Observation,
    collection: &mut Collection,
) {
    if !matches!(last.state, State::Succeeded { .. }) {
        return;
    }
    let (Some(mut operation), Some((text, database))) =
        (collection.operations.first().cloned(), rule.wanted(scope, integration))
    else {
        return;
    };
    let found = lineage::read(&text, database, Columns::new(), &operation.external_id).await;
    // There is no log here; the operation says it.
    if let Some(note) = found.notes.first() {
        let said = [operation.message.as_str(), note]
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>()
            .join("; ");
        operation.message = cut(said);
    }
    found.put(&mut operation, collection);
    collection.operations[0] = operation;
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;

    fn succeeded() -> Observation {
        let state = State::Succeeded { warning: false, outputs: String::new() };
        Observation { state, word: String::new(), message: String::new(), after: None }
    }

    #[tokio::test]
    async fn a_statement_says_what_its_job_read_and_wrote() {
        let rule: SqlRule = serde_json::from_value(json!({
            "statement": "{parameters.statement}", "system": "snowflake", "at": "{connection.account}",
            "database": "{parameters.database|connection.database?}", "schema": "{connection.schema?}",
        }))
        .unwrap();
        let map = |value: serde_json::Value| value.as_object().cloned().unwrap_or_else(Map::new);
        let scope = Scope {
            parameters: map(json!({ "statement": "create table b as select Id from a", "database": "SHOP" })),
            connection: map(json!({ "account": "ORG-ACC", "schema": "public" })),
            ..Scope::default()
        };
        let operation = || downbeat_proto::events::v1::Operation { external_id: "q".to_owned(), ..Default::default() };
        let mut collection = Collection { operations: vec![operation()], ..Collection::default() };
        add(&rule, &scope, "SNOWFLAKE", &succeeded(), &mut collection).await;
        let place = "snowflake://org-acc/shop.public";
        let keys: Vec<_> = collection.assets.iter().map(|asset| asset.key.clone()).collect();
        assert_eq!(keys, [format!("{place}.a"), format!("{place}.b")]);
        let edge = &collection.edges[0];
        assert_eq!((edge.from.as_str(), edge.to.as_str(), edge.operation.as_str()), (&*keys[0], &*keys[1], "q"));
        assert_eq!((edge.columns[0].from.as_str(), edge.columns[0].to.as_str()), ("id", "id"));
        assert_eq!(collection.operations[0].asset, keys[1]);
        let failed = Observation { state: State::Failed, ..succeeded() };
        let mut collection = Collection { operations: vec![operation()], ..Collection::default() };
        add(&rule, &scope, "SNOWFLAKE", &failed, &mut collection).await;
        assert!(collection.edges.is_empty() && collection.assets.is_empty());
    }
}
