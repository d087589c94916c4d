//! Pipelines, one a line.

use downbeat_proto::{control::v1::GetPipelineSyncResponse, events::v1::GitOrigin, metadata::v1::Pipeline};

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

/// One pipeline: its versions, where its file is kept, and how it stands to what is there.
pub fn pipeline_lines(
    pipeline: &Pipeline,
    origin: Option<&GitOrigin>,
    sync: Option<&GetPipelineSyncResponse>,
) -> Vec<String> {
    let mut rows = vec![
        ("pipeline", clean(&pipeline.alias)),
        ("id", pipeline.id.clone()),
        ("name", clean(&pipeline.name)),
        ("version", version(pipeline)),
        ("tasks", pipeline.tasks.to_string()),
        ("applied", instant(pipeline.updated_at)),
    ];
    if pipeline.paused {
        rows.push(("paused", format!("yes {}", clean(&pipeline.paused_reason)).trim_end().to_owned()));
    }
    if let Some(origin) = origin.filter(|origin| !origin.commit.is_empty()) {
        rows.push(("commit", format!("{} {}", origin.commit, clean(&origin.branch)).trim_end().to_owned()));
    }
    let storage = pipeline.storage.clone().unwrap_or_default();
    match storage.repository.as_str() {
        "" => rows.push(("kept", "here".to_owned())),
        repository => {
            let branch =
                if storage.working_branch.is_empty() { &storage.default_branch } else { &storage.working_branch };
            let kept = format!("{} {repository}, branch {branch}: {}", storage.provider, storage.yaml_path);
            rows.push(("kept", clean(&kept)));
        }
    }
    if let Some(sync) = sync {
        let looked = if sync.looked_at == 0 { "not yet".to_owned() } else { instant(sync.looked_at) };
        rows.push(("looked at", format!("{looked} {}", sync.commit).trim_end().to_owned()));
        if !sync.failure.is_empty() {
            rows.push(("not synced", String::new()));
        }
    }
    let mut lines: Vec<String> =
        rows.into_iter().map(|(name, value)| format!("{name:<12}{value}").trim_end().to_owned()).collect();
    let failure = sync.map(|sync| sync.failure.as_str()).unwrap_or_default();
    lines.extend(failure.lines().map(|line| format!("  {}", clean(line)).trim_end().to_owned()));
    lines
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
    fn a_pipeline_that_is_not_what_stands_in_its_repository_says_why() {
        let storage = downbeat_proto::events::v1::PipelineStorage {
            provider: "GITHUB".to_owned(),
            repository: "acme/etl".to_owned(),
            default_branch: "main".to_owned(),
            working_branch: String::new(),
            yaml_path: "p.yml".to_owned(),
        };
        let pipeline = Pipeline { alias: "etl".to_owned(), version: 2, storage: Some(storage), ..Pipeline::default() };
        let sync = GetPipelineSyncResponse {
            looked_at: 1_000_000,
            commit: "0f".to_owned(),
            failure: "p.yml:1:1: error: x".to_owned(),
            ..Default::default()
        };
        let lines = pipeline_lines(&pipeline, None, Some(&sync)).join("\n");
        for part in ["kept        GITHUB acme/etl, branch main: p.yml", "1970-01-01", "  p.yml:1:1: error: x"] {
            assert!(lines.contains(part), "{lines}");
        }
        assert!(pipeline_lines(&Pipeline::default(), None, None).join("\n").contains("kept        here"));
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
