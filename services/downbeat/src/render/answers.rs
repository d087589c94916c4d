//! What is happening, and what is broken, as people read it: nothing that is empty is shown.

use std::collections::BTreeMap;

use downbeat_proto::{
    control::v1::Gate,
    metadata::v1::{BrokenGroup, GetBrokenResponse, GetNowResponse, LiveRun, Reach, Statement, Waiting},
};

use super::{clean, duration_between, instant, mark, short, why, words};

/// What the coordinator says of those that wait.
#[derive(Debug, Default)]
pub struct Held {
    /// By the place in the answer.
    pub gates: BTreeMap<usize, Vec<Gate>>,
    /// Why it could not be asked; empty = it could.
    pub unknown: String,
}

/// What is happening.
pub fn now_lines(answer: &GetNowResponse, held: &Held) -> String {
    let mut parts = Vec::new();
    let runs: Vec<String> = answer.runs.iter().map(|live| live_run(live, answer.now)).collect();
    add(&mut parts, "LIVE", runs, answer.more_runs);
    let waits = answer.waiting.iter().enumerate().map(|(place, it)| waiting(it, held.gates.get(&place), answer.now));
    add(&mut parts, "WAITS", waits.collect(), answer.more_waiting);
    if !held.unknown.is_empty() {
        parts.push(format!("The coordinator could not be asked what holds them: {}", clean(&held.unknown)));
    }
    add(&mut parts, "LATE", sentences(&answer.late), answer.more_late);
    add(&mut parts, "SENSORS", sentences(&answer.windows), answer.more_windows);
    add(&mut parts, "BACKFILLS", sentences(&answer.backfills), answer.more_backfills);
    let next = answer
        .next
        .iter()
        .map(|it| format!("{}  {} (schedule {})", instant(it.at), clean(&it.pipeline_alias), clean(&it.schedule)));
    add(&mut parts, "NEXT, WITHIN 24 HOURS", next.collect(), answer.more_next);
    if answer.schedules_left_out > 0 {
        parts.push(format!("Schedules of {} more pipelines were not looked at.", answer.schedules_left_out));
    }
    let counts: Vec<String> = answer
        .counts
        .iter()
        .map(|count| format!("{} {} {}", mark(&count.status), count.runs, clean(&count.status)))
        .collect();
    parts.push(match counts.is_empty() {
        true => format!("No run has ended since {}.", instant(answer.counted_from)),
        false => format!("Ended since {}: {}", instant(answer.counted_from), counts.join("  ")),
    });
    if answer.runs.is_empty() {
        parts.insert(0, "Nothing is live.".to_owned());
    }
    parts.join("\n\n") + "\n"
}

fn add(parts: &mut Vec<String>, title: &str, lines: Vec<String>, more: u32) {
    if lines.is_empty() && more == 0 {
        return;
    }
    let mut text = vec![title.to_owned()];
    text.extend(lines.into_iter().map(|line| format!("  {}", line.replace('\n', "\n  "))));
    if more > 0 {
        text.push(format!("  and {more} more"));
    }
    parts.push(text.join("\n"));
}

fn sentences(all: &[Statement]) -> Vec<String> {
    all.iter().map(|it| words(&it.text)).collect()
}

fn live_run(live: &LiveRun, now: i64) -> String {
    let run = live.run.clone().unwrap_or_default();
    let began = if run.started_at != 0 { run.started_at } else { run.created_at };
    let environment = match run.environment.as_str() {
        "" => String::new(),
        name => format!(" ({})", clean(name)),
    };
    let progress = match live.counted {
        true => format!(
            "{} of {} tasks done, {} running, {} waiting",
            live.done,
            live.done + live.running + live.waiting,
            live.running,
            live.waiting
        ),
        false => format!("{} tasks", run.tasks),
    };
    let started = live.started.as_ref().map(|it| words(&it.text)).unwrap_or_default();
    format!(
        "{} {}  {}{environment}  {}  for {}  {progress}\n    {started}",
        mark(&run.status),
        short(&run.id),
        clean(&run.pipeline_alias),
        clean(&run.status),
        duration_between(began, 0, Some(now)),
    )
}

fn waiting(it: &Waiting, gates: Option<&Vec<Gate>>, now: i64) -> String {
    let what = match it.task.as_str() {
        "" => format!("{}  {}", short(&it.run_id), clean(&it.pipeline_alias)),
        task => format!("{}  {} {}", short(&it.run_id), clean(&it.pipeline_alias), clean(task)),
    };
    let long = match duration_between(it.since, 0, Some(now)) {
        long if long.is_empty() => String::new(),
        long => format!(" for {long}"),
    };
    match gates.filter(|gates| !gates.is_empty()) {
        Some(gates) => {
            let gates: Vec<String> = gates.iter().map(|gate| why::gate(gate, 2)).collect();
            format!("{what}{long}\n{}", gates.join("\n"))
        }
        None => format!("{what}{long}: {}", it.why.as_ref().map(|it| words(&it.text)).unwrap_or_default()),
    }
}

/// What is broken.
pub fn broken_lines(answer: &GetBrokenResponse) -> String {
    if answer.groups.is_empty() && answer.more_groups == 0 {
        return "Nothing is broken.\n".to_owned();
    }
    let mut parts: Vec<String> =
        answer.groups.iter().enumerate().map(|(place, it)| group(place + 1, it, answer.now)).collect();
    if answer.more_groups > 0 {
        parts.push(format!("and {} more; `-n` shows them", answer.more_groups));
    }
    parts.join("\n\n") + "\n"
}

fn group(number: usize, group: &BrokenGroup, now: i64) -> String {
    let what = group.what.as_ref().map(|it| words(&it.text)).unwrap_or_default();
    let mut lines = vec![format!("{number}. {}  {what}", clean(&group.class))];
    let mut line = |title: &str, text: String| lines.push(format!("   {title:<9} {text}"));
    if let Some(history) = &group.history {
        let long = duration_between(group.since, 0, Some(now));
        let long = if long.is_empty() { String::new() } else { format!(" ({long})") };
        line("since", format!("{}{long}", words(&history.text).trim_start_matches("since ")));
    }
    for change in &group.changes {
        line("before", words(&change.text));
    }
    for it in &group.explains {
        line("explains", words(&it.text));
    }
    if group.more_explained > 0 {
        line("explains", format!("and {} more", group.more_explained));
    }
    for text in reach(&group.reach.clone().unwrap_or_default()) {
        line("reach", text);
    }
    line("remedy", clean(&group.remedy));
    for command in &group.commands {
        line("type", clean(command));
    }
    lines.join("\n")
}

fn reach(reach: &Reach) -> Vec<String> {
    let list = |names: &[String]| names.iter().map(|name| clean(name)).collect::<Vec<_>>().join(", ");
    let some = |count: u32, what: &str, names: &[String]| {
        let more = if count as usize > names.len() { ", ..." } else { "" };
        format!("{count} {what}{}: {}{more}", if count == 1 { "" } else { "s" }, list(names))
    };
    let mut lines = Vec::new();
    if reach.skipped_tasks > 0 {
        lines.push(some(reach.skipped_tasks, "skipped task", &reach.skipped));
    }
    if reach.asset_count > 0 {
        let least = if reach.truncated { "at least " } else { "" };
        lines.push(format!("{least}{}", some(reach.asset_count, "asset", &reach.assets)));
    }
    for (title, names) in [
        ("people see it in", &reach.exposures),
        ("owners:", &reach.owners),
        ("used by", &reach.consumers),
        ("its success starts", &reach.followers),
    ] {
        if !names.is_empty() {
            lines.push(format!("{title} {}", list(names)));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use downbeat_proto::metadata::v1::{Run, StatusCount};

    use super::*;

    fn say(text: &str) -> Option<Statement> {
        Some(Statement { text: text.to_owned(), ..Statement::default() })
    }

    #[test]
    fn a_quiet_moment_is_two_lines() {
        let answer = GetNowResponse { counted_from: 1, ..GetNowResponse::default() };
        let text = now_lines(&answer, &Held::default());
        assert!(text.starts_with("Nothing is live.\n\nNo run has ended since 19"), "{text}");
        assert_eq!(broken_lines(&GetBrokenResponse::default()), "Nothing is broken.\n");
    }

    #[test]
    fn live_runs_say_how_far_they_are_and_what_the_coordinator_says_of_those_that_wait() {
        let run = Run {
            id: "0123456789abcdef".to_owned(),
            pipeline_alias: "shop\u{1b}[2J".to_owned(),
            status: "RUNNING".to_owned(),
            started_at: 1_000_000,
            ..Run::default()
        };
        let live =
            LiveRun { run: Some(run), started: say("ada started it"), done: 2, running: 1, waiting: 3, counted: true };
        let waiting = Waiting {
            kind: "WORKER".to_owned(),
            run_id: "0123456789abcdef".to_owned(),
            task: "load".to_owned(),
            pipeline_alias: "shop".to_owned(),
            since: 1_000_000,
            why: say("no worker has taken it yet"),
            ..Waiting::default()
        };
        let counts = vec![StatusCount { status: "FAILED".to_owned(), runs: 4 }];
        let answer = GetNowResponse {
            now: 61_000_000,
            runs: vec![live],
            more_runs: 7,
            waiting: vec![waiting],
            counts,
            ..GetNowResponse::default()
        };
        let text = now_lines(&answer, &Held::default());
        for part in [
            "▸ 01234567  shop [2J  RUNNING  for 1 min 00 s  2 of 6 tasks done, 1 running, 3 waiting",
            "      ada started it",
            "  and 7 more",
            "  01234567  shop load for 1 min 00 s: no worker has taken it yet",
            "✗ 4 FAILED",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let gate = Gate { kind: "POOL".to_owned(), text: "pool db is full".to_owned(), ..Gate::default() };
        let held = Held { gates: BTreeMap::from([(0, vec![gate])]), unknown: String::new() };
        let text = now_lines(&answer, &held);
        assert!(text.contains("pool db is full") && !text.contains("no worker has taken"), "{text}");
    }

    #[test]
    fn a_cause_is_told_with_all_that_belongs_to_it() {
        let group = BrokenGroup {
            class: "CREDENTIALS_REFUSED".to_owned(),
            what: say("task load of shop fails: answered 401"),
            remedy: "Put it right.".to_owned(),
            commands: vec!["downbeat run restart 1".to_owned()],
            since: 1_000_000,
            history: say("since Monday, in 2 runs"),
            explains: vec![say("task sum of mart fails: it reads db/orders").unwrap()],
            more_explained: 3,
            changes: vec![say("version 2 was applied by user:ada").unwrap()],
            reach: Some(Reach {
                skipped_tasks: 12,
                skipped: vec!["b".to_owned()],
                asset_count: 1,
                assets: vec!["db/mart".to_owned()],
                owners: vec!["finance".to_owned()],
                ..Reach::default()
            }),
            ..BrokenGroup::default()
        };
        let answer =
            GetBrokenResponse { now: 61_000_000, groups: vec![group], more_groups: 2, ..GetBrokenResponse::default() };
        assert_eq!(
            broken_lines(&answer),
            "1. CREDENTIALS_REFUSED  task load of shop fails: answered 401\n   \
             since     Monday, in 2 runs (1 min 00 s)\n   \
             before    version 2 was applied by user:ada\n   \
             explains  task sum of mart fails: it reads db/orders\n   \
             explains  and 3 more\n   \
             reach     12 skipped tasks: b, ...\n   \
             reach     1 asset: db/mart\n   \
             reach     owners: finance\n   \
             remedy    Put it right.\n   \
             type      downbeat run restart 1\n\n\
             and 2 more; `-n` shows them\n"
        );
    }
}
