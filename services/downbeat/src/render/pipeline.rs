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
                version(pipeline),
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

/// The current version, and the newest draft behind it: `3`, `3 (draft 5)`, `draft 1`.
fn version(pipeline: &Pipeline) -> String {
    match (pipeline.version, pipeline.latest_version) {
        (0, 0) => String::new(),
        (0, draft) => format!("draft {draft}"),
        (current, latest) if latest > current => format!("{current} (draft {latest})"),
        (current, _) => current.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drafts_are_told_from_the_current_version() {
        for (version, latest_version, shown) in [(3, 3, "3"), (3, 5, "3 (draft 5)"), (0, 1, "draft 1")] {
            let pipeline = Pipeline { version, latest_version, ..Pipeline::default() };
            assert_eq!(super::version(&pipeline), shown);
        }
    }

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
