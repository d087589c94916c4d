//! What a statement for a server says of assets: where its tables lie, and which columns the server says that they have.
//!
//! The server is asked only where the answer says more (`select *`, names that several tables may have), once, and for a few seconds. Nothing
//! of it fails a task.

use std::collections::BTreeMap;

use downbeat_lineage::naming::System;
use downbeat_lineage::sql::{Defaults, TableName};
use serde_json::Value;
use tokio::time::timeout;

use super::Wanted;
use crate::connections::Connection;
use crate::connectors::Task;
use crate::limits::{LINEAGE_COLUMNS_MAX, LINEAGE_COLUMNS_WAIT};
use crate::lineage::{self, Columns, Database, Lineage, Located};
use crate::sql::{Session, Taker};

/// The server that a connection names. `None`: nobody can say.
pub(super) fn located(integration: &str, connection: &Connection) -> Option<Located> {
    let system = match integration {
        "POSTGRES" => System::Postgres,
        "MYSQL" | "MARIADB" => System::MySql,
        "CLICKHOUSE" => System::ClickHouse,
        "SQL_SERVER" => System::SqlServer,
        _ => return None,
    };
    let at = connection.required("host").ok()?.to_owned();
    Some(Located { system, at, port: connection.port(0).ok().filter(|port| *port > 0) })
}

/// Where the tables lie that a statement does not say it of. `None`: nobody can say.
pub(super) fn database(integration: &str, wanted: &Wanted) -> Option<Database> {
    let Located { system, at, port } = located(integration, &wanted.connection)?;
    let (database, schema) = match system {
        System::Postgres => ("", "public"),
        System::ClickHouse => ("default", ""),
        System::SqlServer => ("", "dbo"),
        _ => ("", ""),
    };
    let own = wanted.connection.text("database").ok().flatten();
    let database = wanted.database.as_deref().or(own).unwrap_or(database);
    Some(Database {
        system,
        at,
        port,
        defaults: Defaults { database: database.to_owned(), schema: schema.to_owned() },
        integration: integration.to_owned(),
    })
}

/// What the statement did, for its operation.
pub(super) async fn read(
    task: &Task,
    wanted: &Wanted,
    database: Database,
    columns: Columns,
    operation: &str,
) -> Lineage {
    let lineage = lineage::read(&wanted.statement, database, columns, operation).await;
    for note in &lineage.notes {
        task.log.line(&wanted.connection.hide(note.clone())).await;
    }
    lineage
}

/// Columns of the tables of which the statement does not say enough, as the server names them.
pub(super) async fn columns(task: &Task, wanted: &Wanted, database: &Database, session: &mut dyn Session) -> Columns {
    // Servers that the tests have met as they are.
    if !matches!(database.system, System::Postgres | System::MySql) {
        return Columns::new();
    }
    let tables = lineage::unknown(&wanted.statement, database).await;
    let Some(question) = question(database, &tables) else { return Columns::new() };
    let mut answer = Answer { database, columns: BTreeMap::new(), count: 0 };
    let asked = timeout(LINEAGE_COLUMNS_WAIT, session.look(&question, &mut answer, false)).await;
    let why = match asked {
        Ok(Ok(_)) => return answer.columns,
        Ok(Err(failure)) => wanted.connection.hide(failure.message),
        Err(_) => format!("it took more than {} s", LINEAGE_COLUMNS_WAIT.as_secs()),
    };
    task.log.line(&format!("lineage goes without the columns of tables: {why}")).await;
    Columns::new()
}

/// One question for all tables. `None`: there are none that may be asked for.
fn question(database: &Database, tables: &[TableName]) -> Option<String> {
    let has_schemas = database.system == System::Postgres;
    let plain = |name: &str| !name.is_empty() && !name.contains(['\'', '\\', '\0']);
    let here = |table: &&TableName| !has_schemas || table.database == database.defaults.database;
    let names: Vec<_> = tables
        .iter()
        .filter(here)
        .map(|table| (if has_schemas { &table.schema } else { &table.database }, &table.name))
        .filter(|(schema, name)| plain(schema) && plain(name))
        .map(|(schema, name)| format!("('{schema}', '{name}')"))
        .collect();
    if names.is_empty() {
        return None;
    }
    let names = names.join(", ");
    Some(format!(
        "select table_schema, table_name, column_name from information_schema.columns where (table_schema, table_name) in ({names}) \
         order by table_schema, table_name, ordinal_position limit {LINEAGE_COLUMNS_MAX}"
    ))
}

/// Takes rows of schema, table, column.
struct Answer<'a> {
    database: &'a Database,
    columns: Columns,
    count: usize,
}

impl Taker for Answer<'_> {
    fn columns(&mut self, _names: Vec<String>) {}

    fn row(&mut self, values: Vec<Value>) -> bool {
        if let [Value::String(schema), Value::String(name), Value::String(column)] = values.as_slice() {
            let table = match self.database.system {
                System::MySql => TableName { database: schema.clone(), schema: String::new(), name: name.clone() },
                _ => TableName {
                    database: self.database.defaults.database.clone(),
                    schema: schema.clone(),
                    name: name.clone(),
                },
            };
            self.columns.entry(table).or_default().push(column.clone());
        }
        self.count += 1;
        self.count < LINEAGE_COLUMNS_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_question_asks_for_all_tables_that_have_plain_names() {
        let defaults = Defaults { database: "shop".to_owned(), schema: "public".to_owned() };
        let table = |database: &str, schema: &str, name: &str| TableName {
            database: database.to_owned(),
            schema: schema.to_owned(),
            name: name.to_owned(),
        };
        let database = Database {
            system: System::Postgres,
            at: "db".to_owned(),
            port: None,
            defaults,
            integration: "POSTGRES".to_owned(),
        };
        let tables = [
            table("shop", "public", "a"),
            table("other", "public", "b"),
            table("shop", "public", "it's"),
            table("shop", "x", "c"),
        ];
        let asked = question(&database, &tables).unwrap();
        assert!(asked.contains("in (('public', 'a'), ('x', 'c'))"), "{asked}");
        assert_eq!(question(&database, &tables[1..3]), None);
    }
}
