//! Pipelines, one a line.

use downbeat_proto::metadata::v1::Pipeline;

use super::{clean, instant, table};

/// Alias, name, version, size, what starts them, and which are paused.
pub fn pipeline_table(pipelines: &[Pipeline], columns: Option<usize>) -> String {
    let rows: Vec<Vec<String>> = pipelines
        .iter()
        .map(|pipeline| {
            let schedules: Vec<String> = pipeline.schedules.iter().map(|schedule| clean(&schedule.name)).collect();
            let reason = clean(&pipeline.paused_reason);
            let paused = match (pipeline.paused, reason.is_empty()) {
                (false, _) => String::new(),
                (true, true) => "PAUSED".to_owned(),
                (true, false) => format!("PAUSED: {reason}"),
            };
            vec![
                clean(&pipeline.alias),
                clean(&pipeline.name),
                pipeline.version.to_string(),
                pipeline.tasks.to_string(),
                instant(pipeline.updated_at),
                schedules.join(" "),
                paused,
            ]
        })
        .collect();
    let header = ["PIPELINE", "NAME", "VERSION", "TASKS", "APPLIED", "SCHEDULES", ""];
    table::lines(&header, &rows, columns, &["NAME", "TASKS"]).join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_paused_is_said_with_its_reason() {
        let pipeline = |alias: &str, paused, reason: &str| Pipeline {
            alias: alias.to_owned(),
            version: 2,
            paused,
            paused_reason: reason.to_owned(),
            ..Pipeline::default()
        };
        let all = [pipeline("a", false, ""), pipeline("b", true, "repairs"), pipeline("c", true, "")];
        let table = pipeline_table(&all, None);
        let ends: Vec<&str> = table.lines().skip(1).filter_map(|line| line.split("  ").last()).collect();
        assert_eq!(ends, ["0", "PAUSED: repairs", "PAUSED"]);
    }
}
