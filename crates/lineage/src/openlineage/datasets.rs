//! Datasets of an event as assets.

use std::collections::BTreeMap;

use downbeat_domain::metadata::{Asset, AssetColumn};
use serde_json::Value;

use super::{facets, place, read::text};
use crate::{
    limits::{COLUMN_EDGES_PER_OUTPUT_MAX, COLUMNS_PER_DATASET_MAX, DATASETS_PER_EVENT_MAX, TEXTS_PER_DATASET_MAX},
    naming::{self, System},
};

/// What an event reads and writes, by key, in order. Something that stands there twice is one.
#[derive(Debug, Default)]
pub(super) struct Datasets<'a> {
    pub(super) inputs: BTreeMap<String, &'a Value>,
    pub(super) outputs: BTreeMap<String, &'a Value>,
    assets: BTreeMap<String, Asset>,
}

impl Datasets<'_> {
    /// Is what the column lineage of an output names an asset? dbt-ol leaves seeds out of the inputs, and some clients take a common table
    /// expression for a table, which then has its bare name.
    pub(super) fn is_origin(&self, key: &str, origin: &Value, output: &Value) -> bool {
        self.inputs.is_empty() || self.inputs.contains_key(key) || is_beside(origin, output)
    }

    pub(super) fn assets(&self) -> Vec<Asset> {
        self.assets.values().cloned().collect()
    }
}

/// The datasets of an event.
pub(super) fn of(event: &Value) -> Datasets<'_> {
    let mut datasets = Datasets::default();
    let integration = facets::integration(event);
    let is_test = facets::job_type(event) == "TEST";
    let listed = |name: &str| event.get(name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    for dataset in listed("inputs").iter().take(DATASETS_PER_EVENT_MAX) {
        if let Some(asset) = asset(dataset, &integration) {
            datasets.inputs.insert(asset.key.clone(), dataset);
            note(&mut datasets.assets, asset);
        }
    }
    for dataset in listed("outputs").iter().take(DATASETS_PER_EVENT_MAX) {
        // dbt names the table in which failures would be stored, also where none are.
        let audit = is_test && text(dataset, "name").is_some_and(|name| name.contains("dbt_test__audit"));
        if let Some(asset) = asset(dataset, &integration).filter(|_| !audit) {
            datasets.outputs.insert(asset.key.clone(), dataset);
            note(&mut datasets.assets, asset);
        }
    }
    if let Some(asset) = event.get("dataset").and_then(|dataset| asset(dataset, &integration)) {
        note(&mut datasets.assets, asset);
    }
    let mut beside = BTreeMap::new();
    for output in datasets.outputs.values() {
        for (origin, _) in origins(output).take(COLUMN_EDGES_PER_OUTPUT_MAX) {
            let Some(key) = key(origin).filter(|key| datasets.is_origin(key, origin, output)) else { continue };
            if beside.len() < DATASETS_PER_EVENT_MAX
                && !datasets.assets.contains_key(&key)
                && !beside.contains_key(&key)
            {
                beside.extend(asset(origin, &integration).map(|asset| (key, asset)));
            }
        }
    }
    datasets.assets.extend(beside);
    for dataset in datasets.inputs.values().chain(datasets.outputs.values()) {
        for exposure in exposures(dataset) {
            datasets.assets.entry(exposure.key.clone()).or_insert(exposure);
        }
    }
    datasets
}

/// Whoever tells more of an asset wins.
fn note(assets: &mut BTreeMap<String, Asset>, asset: Asset) {
    let known = assets.entry(asset.key.clone()).or_default();
    if known.key.is_empty() || (known.columns.is_empty() && !asset.columns.is_empty()) {
        *known = asset;
    }
}

/// Key of a dataset. `None`: it has no name.
pub(super) fn key(dataset: &Value) -> Option<String> {
    let (namespace, name) = place::of(dataset)?;
    naming::key(&namespace, &name)
}

/// What the column lineage of an output names, each with the column that came of it; empty = all of them.
pub(super) fn origins(output: &Value) -> impl Iterator<Item = (&Value, &str)> {
    let facet = facets::of(output, "columnLineage");
    let fields = facet.and_then(|facet| facet.get("fields")).and_then(Value::as_object).into_iter().flatten();
    let of_columns = fields.flat_map(|(to, field)| {
        facets::list(Some(field), "inputFields").iter().map(move |origin| (origin, to.as_str()))
    });
    of_columns.chain(facets::list(facet, "dataset").iter().map(|origin| (origin, "")))
}

/// A table beside the output: its name has all the parts that the output's has. Where these are two only, nobody can tell a table from a
/// name that a query gives.
fn is_beside(origin: &Value, output: &Value) -> bool {
    let namespace = |dataset: &Value| naming::namespace(&text(dataset, "namespace").unwrap_or_default());
    let parts = |dataset: &Value| naming::parts(&text(dataset, "name").unwrap_or_default()).len();
    let whole = parts(output);
    whole >= place::WHOLE_NAME_PARTS && parts(origin) == whole && namespace(origin) == namespace(output)
}

fn asset(dataset: &Value, integration: &str) -> Option<Asset> {
    let (namespace, name) = place::of(dataset)?;
    let key = naming::key(&namespace, &name)?;
    let namespace = naming::namespace(&namespace);
    let name = naming::name(&namespace, &name)?;
    let documentation = facets::of(dataset, "documentation").and_then(|facet| text(facet, "description"));
    let owner = |owner: &Value| text(owner, "name").filter(|name| !name.trim().is_empty());
    let owners = facets::list(facets::of(dataset, "ownership"), "owners").iter().filter_map(owner);
    let tag = |tag: &Value| {
        let (key, value) = (text(tag, "key")?, text(tag, "value").unwrap_or_default());
        Some(if value.is_empty() || value == "true" { key } else { format!("{key}={value}") })
    };
    let tags = facets::list(facets::of(dataset, "tags"), "tags").iter().filter_map(tag);
    Some(Asset {
        name: naming::short(&name).to_owned(),
        kind: kind(dataset, &namespace).to_owned(),
        namespace,
        description: documentation.unwrap_or_default(),
        integration: integration.to_owned(),
        columns: columns(dataset),
        owners: owners.take(TEXTS_PER_DATASET_MAX).collect(),
        tags: tags.take(TEXTS_PER_DATASET_MAX).collect(),
        aliases: aliases(dataset, &key),
        key,
        ..Asset::default()
    })
}

fn kind(dataset: &Value, namespace: &str) -> &'static str {
    let config = facets::of(dataset, "dbt_model").and_then(|facet| facet.get("config"));
    let materialized = config.and_then(|config| text(config, "materialized")).unwrap_or_default();
    let told = facets::of(dataset, "datasetType").and_then(|facet| text(facet, "datasetType"));
    match told.unwrap_or_default().to_uppercase().as_str() {
        "VIEW" | "MATERIALIZED_VIEW" => return "VIEW",
        "TABLE" => return "TABLE",
        "FILE" => return "FILE",
        _ => {}
    }
    if matches!(materialized.as_str(), "view" | "materialized_view") {
        return "VIEW";
    }
    let scheme = namespace.split_once("://").map_or(namespace, |(scheme, _)| scheme);
    match System::of_scheme(scheme) {
        Some(System::S3 | System::Gcs | System::Adls | System::File) => "FILE",
        Some(System::Kafka) | None => "DATASET",
        Some(_) => "TABLE",
    }
}

/// Columns of the schema facet; fields inside of fields are columns with a dot.
fn columns(dataset: &Value) -> Vec<AssetColumn> {
    let mut columns = Vec::new();
    flatten(facets::list(facets::of(dataset, "schema"), "fields"), "", 0, &mut columns);
    columns
}

fn flatten(fields: &[Value], before: &str, depth: usize, columns: &mut Vec<AssetColumn>) {
    for field in fields {
        if columns.len() >= COLUMNS_PER_DATASET_MAX {
            return;
        }
        let Some(name) = text(field, "name") else { continue };
        let name = format!("{before}{name}");
        columns.push(AssetColumn {
            kind: text(field, "type").unwrap_or_default(),
            description: text(field, "description").unwrap_or_default(),
            name: name.clone(),
        });
        // Deeper structures are one column for whoever looks at lineage.
        if depth < 3 {
            flatten(facets::list(Some(field), "fields"), &format!("{name}."), depth + 1, columns);
        }
    }
}

fn aliases(dataset: &Value, own: &str) -> Vec<String> {
    let identifiers = facets::list(facets::of(dataset, "symlinks"), "identifiers").iter().filter_map(key);
    let mut aliases: Vec<String> = identifiers.filter(|key| key != own).take(TEXTS_PER_DATASET_MAX).collect();
    aliases.sort_unstable();
    aliases.dedup();
    aliases
}

/// What dbt says is made for people of a dataset, under the keys that our own dbt jobs give.
pub(super) fn exposures(dataset: &Value) -> Vec<Asset> {
    let exposure = |exposure: &Value| {
        let id = text(exposure, "unique_id")?;
        let kind = match text(exposure, "type").unwrap_or_default().as_str() {
            "dashboard" => "DASHBOARD",
            "notebook" => "WORKBOOK",
            "analysis" => "QUERIES",
            "ml" => "DATASET",
            _ => "UNKNOWN",
        };
        let link = text(exposure, "url").filter(|url| url.starts_with("https://") || url.starts_with("http://"));
        Some(Asset {
            key: naming::key("dbt", &id)?,
            name: text(exposure, "name").unwrap_or(id),
            kind: kind.to_owned(),
            namespace: "dbt".to_owned(),
            integration: "DBT".to_owned(),
            link: link.unwrap_or_default(),
            ..Asset::default()
        })
    };
    let listed = facets::list(facets::of(dataset, "dbt_exposures"), "exposures").iter();
    listed.filter_map(exposure).take(TEXTS_PER_DATASET_MAX).collect()
}
