//! Operations of a run: what was done inside other systems, how much of it, and what costs are worked out of.

use downbeat_proto::{event::quantity_text, events::v1::CostBasis, metadata::v1::Operation};

use super::{clean, duration_between, mark, short, table};

const HEADER: [&str; 11] =
    ["", "OPERATION", "RUN", "TASK", "TYPE", "STATUS", "TIME", "ROWS", "BYTES", "COST BASIS", "MESSAGE"];
/// What a narrow terminal can do without, first to last.
const SPARED: [&str; 3] = ["TYPE", "TASK", "BYTES"];

/// A line for each operation; of several runs it says of which.
pub fn operation_table(operations: &[Operation], of_several: bool, columns: Option<usize>) -> String {
    let rows: Vec<Vec<String>> = operations.iter().map(|operation| row(operation, of_several)).collect();
    table::lines(&HEADER, &rows, columns, &SPARED).join("\n")
}

fn row(operation: &Operation, of_several: bool) -> Vec<String> {
    let done = operation.operation.clone().unwrap_or_default();
    vec![
        mark(&done.status).to_owned(),
        clean(&done.name),
        if of_several { short(&operation.run_id) } else { String::new() },
        clean(&operation.task_id),
        clean(&done.r#type),
        clean(&done.status),
        duration_between(done.started_at, done.completed_at, None),
        if done.rows_affected < 0 { String::new() } else { done.rows_affected.to_string() },
        done.bytes.map(|bytes| bytes.to_string()).unwrap_or_default(),
        done.cost_basis.iter().map(basis).collect::<Vec<_>>().join(", "),
        clean(&done.message),
    ]
}

/// `12.5 dbu (sku JOBS_COMPUTE)`.
fn basis(basis: &CostBasis) -> String {
    let attributes: Vec<String> = basis.attributes.iter().map(|(name, value)| format!("{name} {value}")).collect();
    let behind = if attributes.is_empty() { String::new() } else { format!(" ({})", attributes.join(", ")) };
    clean(&format!("{} {}{behind}", quantity_text(basis), basis.unit))
}

#[cfg(test)]
mod tests {
    use downbeat_proto::events::v1 as events;

    use super::*;

    #[test]
    fn what_is_known_is_shown_and_what_nobody_knows_is_left_out() {
        let dbu = CostBasis {
            whole: 12,
            micros: 500_000,
            unit: "dbu".to_owned(),
            attributes: [("sku".to_owned(), "JOBS".to_owned())].into(),
        };
        let query = events::Operation {
            name: "SELECT 1".to_owned(),
            r#type: "QUERY".to_owned(),
            status: "SUCCEEDED".to_owned(),
            started_at: 1_000_000,
            completed_at: 3_000_000,
            rows_affected: -1,
            bytes: Some(0),
            cost_basis: vec![CostBasis { whole: 7, unit: "slot_ms".to_owned(), ..CostBasis::default() }, dbu],
            ..events::Operation::default()
        };
        let plain = events::Operation { name: "x".to_owned(), rows_affected: 3, ..events::Operation::default() };
        let rows = [query, plain].map(|operation| Operation {
            run_id: "0123456789abcdef".to_owned(),
            task_id: "load".to_owned(),
            operation: Some(operation),
            ..Operation::default()
        });
        assert!(operation_table(&rows, true, None).contains("01234567  load"));
        let text = operation_table(&rows, false, None);
        for part in ["COST BASIS", "SELECT 1", "QUERY", "2.0 s", "7 slot_ms, 12.5 dbu (sku JOBS)"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("-1") && !text.contains("MESSAGE") && !text.contains("RUN"), "{text}");
    }
}
