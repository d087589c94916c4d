//! Where the operations of a task land (`operation_metadata`): the place of tables that its tool reported without one, and a folder of a bucket.
//!
//! Promises: assets of the same table get the same key as those of tasks that run statements there; what cannot be used is a line in the
//! task's log, and no task fails because of it. Knows nothing about which tool reported what.

use downbeat_lineage::naming::{self, System};
use downbeat_proto::events::v1::Asset;
use serde_json::{Map, Value};

use crate::attempt::{Collection, Ended, Ending, cut};
use crate::connectors::{Registry, Task};
use crate::limits::{LANDING_ENTRIES_MAX, LANDING_TEXT_CHARS_MAX};
use crate::lineage::Located;

/// Completes what an attempt collected with what its file says of the place.
pub(crate) async fn complete(task: &Task, registry: &Registry, mut ended: Ended) -> Ended {
    if task.offer.operation_metadata.is_empty() {
        return ended;
    }
    let entries: Map<String, Value> = serde_json::from_str(&task.offer.operation_metadata).unwrap_or_default();
    for (name, entry) in entries.iter().take(LANDING_ENTRIES_MAX) {
        let said = match Entry::read(entry) {
            Ok(entry) => {
                let mut said = tables(task, registry, &entry, &mut ended.collection).await;
                let succeeded = matches!(ended.ending, Ending::Succeeded { .. });
                said.extend(folder(&entry, succeeded, &mut ended.collection));
                said
            }
            Err(reason) => vec![reason],
        };
        for line in said {
            task.log.line(&format!("operation_metadata {}: {}", shown(name), cut(line))).await;
        }
    }
    if let Some(more) = entries.len().checked_sub(LANDING_ENTRIES_MAX).filter(|more| *more > 0) {
        task.log.line(&format!("operation_metadata: {more} more entries are not used")).await;
    }
    ended
}

/// An entry whose expressions all have values; what is absent is empty.
#[derive(Debug, Default, PartialEq)]
struct Entry {
    integration: String,
    connection: String,
    identifier: String,
    bucket: String,
    prefix: String,
}

impl Entry {
    fn read(entry: &Value) -> Result<Self, String> {
        let text = |name: &str| -> Result<String, String> {
            let text = entry.get(name).and_then(Value::as_str).unwrap_or_default().trim();
            if text.contains("${{") {
                return Err(format!("{name} does not evaluate, so nothing is done with it"));
            }
            if text.chars().count() > LANDING_TEXT_CHARS_MAX {
                return Err(format!("{name} has more than {LANDING_TEXT_CHARS_MAX} characters"));
            }
            Ok(text.to_owned())
        };
        Ok(Self {
            integration: text("integration")?,
            connection: text("connection")?,
            identifier: text("dbt_warehouse_identifier")?,
            bucket: text("s3_bucket_name")?,
            prefix: text("s3_key_prefix")?,
        })
    }
}

/// Names tables without a place by the one that the entry names.
async fn tables(task: &Task, registry: &Registry, entry: &Entry, collection: &mut Collection) -> Vec<String> {
    let place = match place(task, registry, entry).await {
        Ok(Some(place)) => place,
        Ok(None) if entry.bucket.is_empty() => {
            let integration = shown(&entry.integration);
            return vec![format!("where tables of {integration} lie is not known, so none is named by it")];
        }
        Ok(None) => return Vec::new(),
        Err(reason) => return vec![reason],
    };
    let moved = name_by(&place, collection);
    let namespace = place.namespace();
    let scheme = place.system.scheme();
    match moved {
        0 => vec![format!("no table of {scheme} was reported without its place, so none is named by {namespace}")],
        moved => vec![format!("{moved} table(s) that were reported without their place are those of {namespace}")],
    }
}

/// By the connection, by the identifier where there is none, by the default connection where there is neither.
async fn place(task: &Task, registry: &Registry, entry: &Entry) -> Result<Option<Located>, String> {
    if entry.connection.is_empty() && !entry.identifier.is_empty() {
        let of = |system| Located { system, at: entry.identifier.clone(), port: None };
        return Ok(system_of(&entry.integration).map(of));
    }
    let found = registry.place(task, &entry.integration, &entry.connection).await;
    found.map_err(|failure| failure.message)
}

/// The system that an integration is called by: `AWS_REDSHIFT`, `SQL_SERVER`, `SNOWFLAKE`.
fn system_of(integration: &str) -> Option<System> {
    let plain = integration.to_lowercase();
    let plain = plain.strip_prefix("aws_").or_else(|| plain.strip_prefix("gcp_")).unwrap_or(&plain);
    System::of_scheme(&plain.replace('_', ""))
}

/// Gives the tables of this system that have no place this one; how many assets they are.
fn name_by(place: &Located, collection: &mut Collection) -> usize {
    let namespace = place.namespace();
    let moved = |key: &str| -> Option<String> {
        let (of, name) = naming::split(key);
        let bare = !of.contains("://") && of != namespace && System::of_scheme(of) == Some(place.system);
        bare.then(|| naming::key(&namespace, name))?
    };
    let put = |key: &mut String| {
        if let Some(moved) = moved(key) {
            *key = moved;
        }
    };
    let mut count = 0;
    for asset in &mut collection.assets {
        if let Some(key) = moved(&asset.key) {
            asset.key = key;
            asset.namespace.clone_from(&namespace);
            count += 1;
        }
        asset.aliases.iter_mut().for_each(put);
    }
    collection.operations.iter_mut().for_each(|operation| put(&mut operation.asset));
    for edge in &mut collection.edges {
        put(&mut edge.from);
        put(&mut edge.to);
    }
    count
}

/// The folder of a bucket, as an asset of the task. Whether it reads or writes it, nobody says.
fn folder(entry: &Entry, succeeded: bool, collection: &mut Collection) -> Vec<String> {
    if entry.bucket.is_empty() || !succeeded {
        return Vec::new();
    }
    let namespace = naming::namespace(&format!("s3://{}", entry.bucket));
    let Some(key) = naming::key(&namespace, &entry.prefix) else {
        return vec!["s3_key_prefix is empty: a bucket as a whole is no asset".to_owned()];
    };
    if collection.assets.iter().any(|asset| asset.key == key) {
        return Vec::new();
    }
    let (namespace, name) = naming::split(&key);
    let asset = Asset {
        key: key.clone(),
        name: naming::short(name).to_owned(),
        r#type: "FOLDER".to_owned(),
        namespace: namespace.to_owned(),
        row_count: -1,
        integration: entry.integration.clone(),
        ..Asset::default()
    };
    collection.assets.push(asset);
    vec![format!("{key} is an asset of this task")]
}

/// A name of the file, for the log.
fn shown(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use downbeat_proto::events::v1::{LineageEdge, Operation};
    use serde_json::json;

    use super::*;

    fn collected(keys: &[&str]) -> Collection {
        let asset = |key: &&str| Asset { key: (*key).to_owned(), ..Asset::default() };
        let operation = Operation { asset: keys[0].to_owned(), ..Operation::default() };
        let edge =
            LineageEdge { from: keys[0].to_owned(), to: keys[keys.len() - 1].to_owned(), ..LineageEdge::default() };
        Collection {
            operations: vec![operation],
            assets: keys.iter().map(asset).collect(),
            edges: vec![edge],
            ..Collection::default()
        }
    }

    fn located(system: System, at: &str) -> Located {
        Located { system, at: at.to_owned(), port: None }
    }

    #[test]
    fn tables_without_a_place_are_those_of_the_one_that_is_named() {
        let snowflake = located(System::Snowflake, "ORG-ACC");
        let mut collection =
            collected(&["snowflake/shop.public.orders", "postgres/shop.public.orders", "snowflake://other/a.b.c"]);
        assert_eq!(name_by(&snowflake, &mut collection), 1);
        let keys: Vec<&str> = collection.assets.iter().map(|asset| asset.key.as_str()).collect();
        let orders = "snowflake://org-acc/shop.public.orders";
        assert_eq!(
            keys,
            [orders, "postgres/shop.public.orders", "snowflake://other/a.b.c"],
            "what has a place keeps it"
        );
        assert_eq!(collection.assets[0].namespace, "snowflake://org-acc");
        assert_eq!((collection.operations[0].asset.as_str(), collection.edges[0].from.as_str()), (orders, orders));
        // Spellings of one system are one; where there is only one of it there is nothing to say.
        let mut collection = collected(&["sqlserver/shop.dbo.orders"]);
        assert_eq!(name_by(&located(System::SqlServer, "db"), &mut collection), 1);
        assert_eq!(collection.assets[0].key, "mssql://db:1433/shop.dbo.orders");
        let mut collection = collected(&["bigquery/shop.sales.orders"]);
        assert_eq!(name_by(&located(System::BigQuery, ""), &mut collection), 0);
    }

    #[test]
    fn integrations_are_called_like_their_systems() {
        for (integration, expected) in [
            ("SNOWFLAKE", Some(System::Snowflake)),
            ("AWS_REDSHIFT", Some(System::Redshift)),
            ("GCP_BIG_QUERY", Some(System::BigQuery)),
            ("SQL_SERVER", Some(System::SqlServer)),
            ("MARIADB", Some(System::MySql)),
            ("SLACK", None),
        ] {
            assert_eq!(system_of(integration), expected, "{integration}");
        }
    }

    #[test]
    fn a_folder_of_a_bucket_is_an_asset_once_the_task_has_succeeded() {
        let entry =
            |prefix: &str| Entry { bucket: "landing".to_owned(), prefix: prefix.to_owned(), ..Entry::default() };
        let mut found = Collection::default();
        assert_eq!(folder(&entry("/orders//2026/"), false, &mut found).len() + found.assets.len(), 0);
        folder(&entry("/orders//2026/"), true, &mut found);
        folder(&entry("orders/2026"), true, &mut found);
        let [asset] = &found.assets[..] else { panic!("{:?}", found.assets) };
        assert_eq!(
            (asset.key.as_str(), asset.name.as_str(), asset.r#type.as_str()),
            ("s3://landing/orders/2026", "2026", "FOLDER")
        );
        assert!(folder(&entry(""), true, &mut found)[0].contains("no asset"));
    }

    #[test]
    fn an_entry_is_read_and_what_did_not_evaluate_is_said() {
        let read =
            Entry::read(&json!({"integration": "SNOWFLAKE", "connection": null, "s3_key_prefix": 5, "more": [1]}));
        assert_eq!(read, Ok(Entry { integration: "SNOWFLAKE".to_owned(), ..Entry::default() }));
        let open = Entry::read(&json!({"integration": "SNOWFLAKE", "connection": "${{ ENV.NOBODY }}"}));
        assert!(open.unwrap_err().starts_with("connection does not evaluate"));
        assert!(Entry::read(&json!({"s3_bucket_name": "b".repeat(LANDING_TEXT_CHARS_MAX + 1)})).is_err());
        assert_eq!(Entry::read(&json!("text")), Ok(Entry::default()));
    }
}
