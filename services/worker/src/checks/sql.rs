//! `*_QUERY`: passes when a query brings at least one row. How servers are asked stands in `sql/`.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Map, Value};

use super::{Asked, Finding, SensorCheck, outputs::Items};
use crate::attempt::Failure;
use crate::connections::Fields;
use crate::connectors::parameters;
use crate::limits::CHECK_ANSWER_BYTES_MAX;
use crate::sql::{Sql, Taker, Visit};

/// A check of one kind of server.
#[derive(Debug)]
pub(super) struct SqlQuery {
    pub(super) sensor_type: &'static str,
    pub(super) sql: Arc<dyn Sql>,
}

#[async_trait]
impl SensorCheck for SqlQuery {
    fn kind(&self) -> (&'static str, &'static str) {
        (self.sql.integration(), self.sensor_type)
    }

    fn fields(&self) -> Fields {
        self.sql.fields()
    }

    async fn look(&self, asked: &Asked) -> Result<Finding, Failure> {
        let query = parameters::required(&asked.parameters, "query")?;
        let connection = asked.connection(self.sql.integration())?;
        let visit = Visit {
            database: None,
            token: "",
            who: "check",
            time: Some(asked.time),
            answer_bytes: CHECK_ANSWER_BYTES_MAX,
        };
        let mut session = self.sql.connect(connection, &visit).await?;
        let mut found = Found::default();
        let looked = session.look(&query, &mut found, false).await;
        session.close().await;
        looked?;
        Ok(if found.any {
            Finding::Passed(found.items.named("results"))
        } else {
            Finding::Pending("the query brought no row".to_owned())
        })
    }
}

/// Rows as objects.
#[derive(Default)]
struct Found {
    columns: Vec<String>,
    items: Items,
    any: bool,
}

impl Taker for Found {
    fn columns(&mut self, names: Vec<String>) {
        *self = Self { columns: names, ..Self::default() };
    }

    fn row(&mut self, values: Vec<Value>) -> bool {
        self.any = true;
        let entries = self.columns.iter().cloned().zip(values);
        self.items.push(Value::Object(entries.collect::<Map<_, _>>()))
    }
}
