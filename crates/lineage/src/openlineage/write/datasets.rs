//! Assets as datasets, with what is known of them.

use std::collections::BTreeMap;

use downbeat_domain::metadata::{Asset, ColumnEdge, ColumnUse, Operation};
use serde_json::{Map, Value, json};

use super::facet;
use crate::naming;

/// What is known of assets, by key.
pub(super) type Known<'a> = BTreeMap<&'a str, &'a Asset>;

/// Namespace, name, and the facets that inputs and outputs share.
pub(super) fn dataset(key: &str, known: &Known<'_>) -> Value {
    let (namespace, name) = naming::split(key);
    let mut facets = Map::new();
    if let Some(asset) = known.get(key) {
        if !asset.columns.is_empty() {
            let fields = asset.columns.iter().map(|column| {
                let mut field = json!({"name": column.name});
                for (name, value) in [("type", &column.kind), ("description", &column.description)] {
                    if !value.is_empty() {
                        field[name] = json!(value);
                    }
                }
                field
            });
            let fields = json!({"fields": fields.collect::<Vec<_>>()});
            facets.insert("schema".to_owned(), facet("1-2-0/SchemaDatasetFacet", fields));
        }
        if !asset.description.is_empty() {
            let fields = json!({"description": asset.description});
            facets.insert("documentation".to_owned(), facet("1-1-0/DocumentationDatasetFacet", fields));
        }
        if !asset.owners.is_empty() {
            let owners: Vec<Value> = asset.owners.iter().map(|owner| json!({"name": owner})).collect();
            facets.insert("ownership".to_owned(), facet("1-0-1/OwnershipDatasetFacet", json!({"owners": owners})));
        }
        let kind = match asset.kind.as_str() {
            "TABLE" | "VIEW" | "FILE" => asset.kind.as_str(),
            _ => "",
        };
        if !kind.is_empty() {
            facets
                .insert("datasetType".to_owned(), facet("1-0-1/DatasetTypeDatasetFacet", json!({"datasetType": kind})));
        }
    }
    json!({"namespace": namespace, "name": name, "facets": facets})
}

/// What was written of it.
pub(super) fn with_statistics(mut dataset: Value, done: Option<&Operation>) -> Value {
    let mut fields = Map::new();
    for (name, count) in
        [("rowCount", done.and_then(|done| done.rows_affected)), ("size", done.and_then(|done| done.bytes))]
    {
        if let Some(count) = count {
            fields.insert(name.to_owned(), json!(count));
        }
    }
    if !fields.is_empty() {
        let statistics = facet("1-0-2/OutputStatisticsOutputDatasetFacet", Value::Object(fields));
        dataset["outputFacets"] = json!({"outputStatistics": statistics});
    }
    dataset
}

/// Which columns of which inputs it came of.
pub(super) fn with_columns(mut dataset: Value, from: &[(&str, &[ColumnEdge])]) -> Value {
    let mut fields = BTreeMap::<&str, BTreeMap<(&str, &str), Vec<ColumnUse>>>::new();
    for (key, columns) in from {
        for column in *columns {
            fields.entry(&column.to).or_default().entry((key, &column.from)).or_default().push(column.kind);
        }
    }
    if fields.is_empty() {
        return dataset;
    }
    let input = |((key, column), uses): (&(&str, &str), &Vec<ColumnUse>)| {
        let (namespace, name) = naming::split(key);
        let mut input = json!({"namespace": namespace, "name": name, "field": column});
        let told: Vec<Value> = uses.iter().filter_map(|kind| transformation(*kind)).collect();
        if !told.is_empty() {
            input["transformations"] = Value::Array(told);
        }
        input
    };
    let of_rows: Vec<Value> = fields.remove("").iter().flatten().map(input).collect();
    let of_columns: Map<String, Value> = fields
        .iter()
        .map(|(to, inputs)| ((*to).to_owned(), json!({"inputFields": inputs.iter().map(input).collect::<Vec<_>>()})))
        .collect();
    let mut lineage = json!({"fields": of_columns});
    if !of_rows.is_empty() {
        lineage["dataset"] = Value::Array(of_rows);
    }
    dataset["facets"]["columnLineage"] = facet("1-2-0/ColumnLineageDatasetFacet", lineage);
    dataset
}

/// `None`: nobody knows, which cannot be told beside something that somebody does.
fn transformation(kind: ColumnUse) -> Option<Value> {
    let of_value = if kind.is_direct() { "DIRECT" } else { "INDIRECT" };
    (kind != ColumnUse::Unknown)
        .then(|| json!({"type": of_value, "subtype": kind.as_str(), "description": "", "masking": false}))
}

/// How good it was found to be.
pub(super) fn with_assertions(mut dataset: Value, tests: &[&Operation]) -> Value {
    let assertions = tests.iter().map(|test| {
        let passed = test.status == "SUCCEEDED";
        let mut assertion = json!({"assertion": test.name, "success": passed});
        let severity = if test.severity.is_empty() && test.status == "WARNING" { "warn" } else { &test.severity };
        for (name, value) in [
            ("column", test.column.as_str()),
            ("severity", &severity.to_lowercase()),
            ("expected", &test.expected),
            ("actual", &test.actual),
        ] {
            if !value.is_empty() {
                assertion[name] = json!(value);
            }
        }
        assertion
    });
    let assertions = json!({"assertions": assertions.collect::<Vec<_>>()});
    let assertions = facet("1-1-0/DataQualityAssertionsDatasetFacet", assertions);
    dataset["inputFacets"] = json!({"dataQualityAssertions": assertions});
    dataset
}
