//! A backfill over real processes: its coordinator is killed in the middle, and every instant gets its run, once.

use std::{collections::BTreeSet, time::Duration};

use downbeat_integration_tests::{
    cluster::{Addresses, Cluster, text},
    process::eventually,
};
use serde_json::Value;

const SOON: Duration = Duration::from_secs(60);
const INSTANTS: usize = 10;
const AT_ONCE: usize = 3;
/// Ten days, at eight in the morning; nothing is in the way of summer time.
const SPAN: [&str; 6] = ["backfill", "daily", "--from", "2026-02-01", "--to", "2026-02-11"];

/// Its runs are live until somebody approves.
const PIPELINE: &str = "version: v1
name: Daily
inputs:
  day: {type: string}
schedule:
  - name: morning
    cron: 0 8 * * ? *
    timezone: America/New_York
    run_inputs: {day: \"${{ format_date(ORCHESTRA.CURRENT_TIME, '%Y-%m-%d %H:%M') }}\"}
pipeline:
  ask: {integration: ORCHESTRA, integration_job: APPROVAL, parameters: {message: go}}
";

/// Tries again until it is accepted: what is killed meanwhile comes back.
fn insist(addresses: &Addresses, arguments: &[&str]) -> String {
    eventually("the command is accepted", SOON, || {
        let output = addresses.downbeat(arguments);
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    })
}

fn backfill(addresses: &Addresses, more: &[&str]) -> String {
    addresses.downbeat_ok(&[&SPAN, more].concat())
}

/// The id behind the first word of what `downbeat backfill` prints.
fn id_of(printed: &str) -> String {
    printed.split_whitespace().nth(1).expect("an id").to_owned()
}

/// Runs of a backfill that are live.
fn live(addresses: &Addresses, backfill: &str) -> Vec<String> {
    let shown = insist(addresses, &["backfill", "show", backfill]);
    let of = |line: &str| line.contains(" RUNNING ").then(|| line.split_whitespace().last().map(str::to_owned));
    shown.lines().skip(4).filter_map(of).flatten().collect()
}

/// Instant and input of every run that was created.
fn created(addresses: &Addresses) -> Vec<(String, String)> {
    let printed = addresses.downbeat_ok(&["log", "cat"]);
    let runs = printed.lines().filter(|line| line.contains("\"RUN_CREATED\""));
    let runs = runs.map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    runs.map(|run| (text(&run["trigger"]["instant"]), text(&run["inputs"]["day"]))).collect()
}

#[test]
fn every_instant_gets_one_run_although_the_coordinator_is_killed_in_the_middle() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut cluster = Cluster::start(folder.path(), 2);
    let addresses = cluster.addresses.clone();
    let file = folder.path().join("daily.yml");
    std::fs::write(&file, PIPELINE).expect("a file");
    addresses.downbeat_ok(&["apply", file.to_str().expect("text")]);

    let planned = backfill(&addresses, &["--dry-run"]);
    assert!(planned.contains("Sun 2026-02-01 08:00  -05     2026-02-01 13:00:00Z  run"), "{planned}");
    assert!(planned.contains("10 would run, 0 would be skipped; nothing was started"), "{planned}");
    assert_eq!(created(&addresses), []);

    let asked = ["--max-active", "3", "--key", "february", "--as", "ada"];
    let begun = backfill(&addresses, &asked);
    let id = id_of(&begun);
    assert!(begun.contains("10 instants: 7 left, 3 live"), "{begun}");
    let mut approved = BTreeSet::new();
    eventually("all runs are approved", SOON, || {
        let live = live(&addresses, &id);
        assert!(live.len() <= AT_ONCE, "{live:#?}");
        for run in live {
            if approved.insert(run.clone()) {
                insist(&addresses, &["run", "approve", &run, "ask", "--key", &run]);
                if approved.len() == 4 {
                    cluster.coordinator.kill9();
                    cluster.restart_coordinator();
                }
            }
        }
        (approved.len() == INSTANTS).then_some(())
    });
    eventually("the backfill has ended", SOON, || {
        let shown = insist(&addresses, &["backfill", "show", &id[..8]]);
        shown.contains("10 instants: 10 succeeded").then_some(())
    });
    let runs = created(&addresses);
    let expected: Vec<(String, String)> =
        (1..=INSTANTS).map(|day| (format!("2026-02-{day:02}T13:00:00Z"), format!("2026-02-{day:02} 13:00"))).collect();
    assert_eq!(runs, expected, "one run per instant, in order, with the time that the schedule names");
    let shown = addresses.downbeat_ok(&["run", "show", "last"]);
    assert!(shown.contains(&format!("backfill {id}: schedule morning of ")), "{shown}");

    // The same key is the same backfill; a second one finds everything done; one that is forced does not.
    let again = addresses.downbeat(&[&SPAN, &asked[..]].concat());
    assert!(text(&again).contains(&format!("backfill {id} was asked for before with this key")), "{}", text(&again));
    let planned = backfill(&addresses, &["--dry-run"]);
    assert!(planned.contains("0 would run, 10 would be skipped"), "{planned}");
    let second = backfill(&addresses, &[]);
    assert!(second.contains("SUCCEEDED") && second.contains("10 instants: 10 skipped"), "{second}");
    assert_eq!(created(&addresses).len(), INSTANTS);
    let forced = backfill(&addresses, &["--force", "--max-active", "2", "--schedule", "morning"]);
    assert!(forced.contains("10 instants: 8 left, 2 live"), "{forced}");
    let cancelled = addresses.downbeat_ok(&["backfill", "cancel", &id_of(&forced), "--reason", "enough"]);
    assert!(cancelled.contains("CANCELLED") && cancelled.contains("enough"), "{cancelled}");
    assert!(cancelled.contains("10 instants: 2 cancelled, 8 dropped"), "{cancelled}");
    assert_eq!(created(&addresses).len(), INSTANTS + 2);

    let listed = addresses.downbeat_ok(&["backfill", "list", "daily"]);
    let statuses: Vec<&str> = listed.lines().skip(1).filter_map(|line| line.split_whitespace().nth(4)).collect();
    assert_eq!(statuses, ["CANCELLED", "SUCCEEDED", "SUCCEEDED"], "{listed}");
    let refused = addresses.downbeat(&["backfill", "daily", "--from", "today", "--to", "2026-02-11"]);
    assert!(!refused.status.success() && text(&refused).contains("from: `today` is neither a date"));
    assert!(addresses.downbeat_ok(&["log", "verify"]).contains("log verify: ok"));
}
