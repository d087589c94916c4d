//! Jobs and what is known of them.

use super::table;
use crate::commands::IntegrationRow;

/// One line per job; what can be spared goes first where it is narrow.
pub fn integration_table(rows: &[IntegrationRow], columns: Option<usize>) -> String {
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let texts = [row.job.as_str(), row.runs, row.tested, row.after_a_loss, row.collects.as_str()];
            texts.map(str::to_owned).to_vec()
        })
        .collect();
    let header = ["JOB", "RUNS", "MET IN TESTS", "AFTER ITS WORKER WAS LOST", "COLLECTS"];
    table::lines(&header, &cells, columns, &["MET IN TESTS", "AFTER ITS WORKER WAS LOST"]).join("\n") + "\n"
}
