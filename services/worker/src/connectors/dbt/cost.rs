//! What a node processed and used, as its adapter says it. Only what the adapter itself counts is taken.
//!
//! Facts: `BigQueryAdapterResponse` of dbt-bigquery (`bytes_processed`, `bytes_billed`, `slot_ms`), `AthenaAdapterResponse` of
//! dbt-athena (`data_scanned_in_bytes`). Snowflake, Databricks, Redshift, PostgreSQL and DuckDB say nothing of the kind.

use std::collections::BTreeMap;

use downbeat_proto::event::cost_basis_read;
use downbeat_proto::events::v1::CostBasis;
use serde_json::Value;

use super::artifacts::NodeResult;

const SCANNED: &str = "data_scanned_in_bytes";
/// Entries of an adapter's response, and the units in which they are kept. Athena bills what it scans.
const BASES: [(&str, &str); 3] = [("bytes_billed", "bytes_billed"), ("slot_ms", "slot_ms"), (SCANNED, "bytes_scanned")];

fn number<'a>(result: &'a NodeResult, name: &str) -> Option<&'a Value> {
    result.adapter_response.get(name).filter(|value| value.is_number())
}

/// Bytes that it read.
pub(super) fn bytes(result: &NodeResult) -> Option<u64> {
    ["bytes_processed", SCANNED].into_iter().find_map(|name| number(result, name)?.as_u64())
}

/// What of it costs something.
pub(super) fn basis(result: &NodeResult) -> Vec<CostBasis> {
    let one = |(name, unit): (&str, &str)| cost_basis_read(&number(result, name)?.to_string(), unit, BTreeMap::new());
    BASES.into_iter().filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    use downbeat_proto::event::quantity_text;
    use serde_json::json;

    use super::*;

    #[test]
    fn adapters_that_count_are_believed_and_others_say_nothing() {
        let cases = [
            (
                json!({ "bytes_processed": 10, "bytes_billed": 10_485_760, "slot_ms": 120 }),
                Some(10),
                "10485760 bytes_billed, 120 slot_ms",
            ),
            (json!({ "data_scanned_in_bytes": 7, "rows_affected": 1 }), Some(7), "7 bytes_scanned"),
            (json!({ "rows_affected": 3, "_message": "INSERT 0 3" }), None, ""),
            (json!({ "bytes_processed": "many", "bytes_billed": null, "slot_ms": -1 }), None, ""),
        ];
        for (response, expected, costs) in cases {
            let result: NodeResult = serde_json::from_value(json!({
                "status": "success", "timing": [], "unique_id": "model.a.b", "adapter_response": response,
            }))
            .unwrap();
            let said: Vec<_> =
                basis(&result).iter().map(|basis| format!("{} {}", quantity_text(basis), basis.unit)).collect();
            assert_eq!((bytes(&result), said.join(", ").as_str()), (expected, costs));
        }
    }
}
