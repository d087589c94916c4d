//! Runs: the line above their tasks, and tables of them.

use downbeat_proto::metadata::v1::Run;

use super::{clean, duration_between, instant, mark, short, table, time::duration, words};

/// A run of a schedule that began later than this says so, microseconds.
const LATE: i64 = downbeat_domain::limits::SCHEDULE_LATENESS_SECONDS * 1_000_000;
/// Names of tasks or runs that a line shows.
const NAMES_SHOWN: usize = 10;

/// Whether it goes on.
pub fn is_live(run: &Run) -> bool {
    !matches!(run.status.as_str(), "SUCCEEDED" | "WARNING" | "FAILED" | "SKIPPED" | "CANCELLED")
}

/// One line about a run, and its message if it has one. `now` lets a live one show how long it has been at it, or has waited.
pub fn run_header(run: &Run, now: Option<i64>) -> String {
    let waits = run.started_at == 0 && is_live(run);
    let took = duration_between(if waits { run.created_at } else { run.started_at }, run.completed_at, now);
    let (alias, version) = (clean(&run.pipeline_alias), run.pipeline_version);
    let mut line = format!("run {}  {alias} (version {version})  {}", run.id, run.status);
    if !took.is_empty() {
        line.push_str(&format!("  {took}"));
    }
    if !run.message.is_empty() {
        line.push_str(&format!("\n{}", words(&run.message)));
    }
    line
}

/// Where it came from and what came of it, one line each; none for a run that somebody started as it is.
pub fn run_notes(run: &Run) -> Vec<String> {
    let mut notes = Vec::new();
    if !run.backfill_id.is_empty() {
        let (schedule, at) = (clean(&run.schedule), instant(run.schedule_instant));
        notes.push(format!("backfill {}: schedule {schedule} of {at}", run.backfill_id));
    } else if run.schedule_instant != 0 {
        let late = run.created_at.saturating_sub(run.schedule_instant);
        let late = if late > LATE { format!(", {} late", duration(late)) } else { String::new() };
        notes.push(format!("schedule {} of {}{late}", clean(&run.schedule), instant(run.schedule_instant)));
    }
    if !run.restart_of.is_empty() {
        let what = match run.trigger.as_str() {
            "RESTART_FROM_FAILED" => ": what failed and what follows from it",
            "RESTART_FROM_TASKS" => ": from some tasks on",
            "RESTART_FROM_SELECTED" => ": some tasks only",
            _ => "",
        };
        notes.push(format!("restart of {}{what}", run.restart_of));
    }
    if !run.parent_run_id.is_empty() {
        notes.push(format!("started by run {}", run.parent_run_id));
    }
    if !run.follows_run_id.is_empty() {
        notes.push(format!("started by the end of run {}", run.follows_run_id));
    }
    for event in &run.events {
        let (id, source, address) = (clean(&event.id), clean(&event.source), clean(&event.address));
        notes.push(format!("trigger {}: event {id} from {source} on {address}", clean(&run.event_trigger)));
    }
    if let Some(first) = run.materialised_by_run_ids.first() {
        let by = match run.materialised_by_run_ids.len() {
            1 => format!("run {first}"),
            count => format!("{count} runs, the first of them {first}"),
        };
        notes.push(format!("trigger {}: {} materialised by {by}", clean(&run.event_trigger), names(&run.assets)));
    }
    if !run.selected_tasks.is_empty() {
        notes.push(format!("tasks: {}", names(&run.selected_tasks)));
    }
    if !run.environment.is_empty() {
        notes.push(format!("environment: {}", clean(&run.environment)));
    }
    if !run.child_run_ids.is_empty() {
        let children: Vec<String> = run.child_run_ids.iter().map(|id| short(id)).collect();
        notes.push(format!("started runs: {}", names(&children)));
    }
    notes
}

fn names(all: &[String]) -> String {
    let shown: Vec<String> = all.iter().take(NAMES_SHOWN).map(|name| clean(name)).collect();
    match all.len().saturating_sub(NAMES_SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Runs, one a line. Ids are whole where there is room for them.
pub fn run_table(runs: &[Run], columns: Option<usize>) -> String {
    let header = ["", "RUN", "PIPELINE", "STATUS", "TRIGGER", "CREATED", "TIME", "MESSAGE"];
    let rows = |id: &dyn Fn(&str) -> String| -> Vec<Vec<String>> {
        let row = |run: &Run| {
            vec![
                mark(&run.status).to_owned(),
                id(&run.id),
                clean(&run.pipeline_alias),
                run.status.clone(),
                trigger(run),
                instant(run.created_at),
                duration_between(run.started_at, run.completed_at, None),
                words(run.message.lines().next().unwrap_or_default()),
            ]
        };
        runs.iter().map(row).collect()
    };
    let whole = table::lines(&header, &rows(&str::to_owned), None, &[]);
    let fits = columns.is_none_or(|columns| whole.iter().all(|line| table::fits(line, columns)));
    let lines = if fits { whole } else { table::lines(&header, &rows(&short), columns, &["TIME"]) };
    lines.join("\n")
}

/// What started it, in a few words.
fn trigger(run: &Run) -> String {
    if !run.restart_of.is_empty() {
        return format!("restart of {}", short(&run.restart_of));
    }
    if !run.parent_run_id.is_empty() {
        return format!("run {}", short(&run.parent_run_id));
    }
    if !run.follows_run_id.is_empty() {
        return format!("end of run {}", short(&run.follows_run_id));
    }
    if !run.event_trigger.is_empty() {
        return format!("{} {}", run.trigger, clean(&run.event_trigger));
    }
    let detail = match (run.schedule.as_str(), run.user.as_str()) {
        ("", "" | "user") => return run.trigger.clone(),
        ("", user) => user,
        (schedule, _) => schedule,
    };
    format!("{} {}", run.trigger, clean(detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run() -> Run {
        Run {
            id: "0123456789abcdef0123456789abcdef0123".to_owned(),
            pipeline_alias: "shop".to_owned(),
            status: "SKIPPED".to_owned(),
            message: "another run is live".to_owned(),
            trigger: "MANUAL".to_owned(),
            user: "user".to_owned(),
            created_at: 1,
            ..Run::default()
        }
    }

    #[test]
    fn triggers_are_told_in_a_few_words() {
        let of = "fedcba9876543210";
        for (run, expected) in [
            (run(), "MANUAL"),
            (Run { user: "anna".to_owned(), ..run() }, "MANUAL anna"),
            (Run { trigger: "SCHEDULED".to_owned(), schedule: "nightly".to_owned(), ..run() }, "SCHEDULED nightly"),
            (Run { restart_of: of.to_owned(), ..run() }, "restart of fedcba98"),
            (Run { parent_run_id: of.to_owned(), ..run() }, "run fedcba98"),
        ] {
            assert_eq!(trigger(&run), expected);
        }
    }

    #[test]
    fn ids_are_whole_where_they_fit() {
        let wide = run_table(&[run()], Some(200));
        assert!(wide.contains("0123456789abcdef0123456789abcdef0123") && wide.contains("another run is live"));
        let narrow = run_table(&[run()], Some(80));
        assert!(narrow.contains("  01234567  shop") && narrow.contains("SKIPPED"), "{narrow}");
        assert!(narrow.lines().all(|line| table::fits(line, 80)), "{narrow}");
        assert_eq!(run_table(&[run()], None), wide);
    }

    #[test]
    fn notes_say_where_a_run_came_from() {
        let run = Run {
            restart_of: "a".to_owned(),
            trigger: "RESTART_FROM_FAILED".to_owned(),
            environment: "prod".to_owned(),
            selected_tasks: (0..12).map(|number| format!("t{number}")).collect(),
            ..run()
        };
        let notes = run_notes(&run);
        assert_eq!(notes[0], "restart of a: what failed and what follows from it");
        assert!(notes[1].ends_with("t9 and 2 more"));
        assert_eq!(notes[2], "environment: prod");
        assert!(run_notes(&super::tests::run()).is_empty());
    }

    #[test]
    fn a_late_run_of_a_schedule_says_so() {
        let of = |late: i64| {
            let instant = 1_772_366_400_000_000;
            let (schedule, created_at) = ("nightly".to_owned(), instant + late);
            run_notes(&Run { schedule, schedule_instant: instant, created_at, ..run() }).remove(0)
        };
        assert!(of(125_000_000).ends_with(", 2 min 05 s late") && of(125_000_000).starts_with("schedule nightly of "));
        assert!(!of(20_000_000).contains("late"));
    }
}
