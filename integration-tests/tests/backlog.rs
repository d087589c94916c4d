//! A backlog of hundreds of instants is caught up while two schedulers are killed again and again: one run per instant.
//!
//! `DOWNBEAT_BACKLOG_SEED` picks the order of the kills.

use std::{collections::BTreeSet, path::Path, time::Duration};

use downbeat_domain::{Event, Trigger};
use downbeat_event_log::{Access, LogAddress, Nats};
use downbeat_integration_tests::{
    cluster::{Addresses, Cluster},
    process::{Process, eventually},
    programs,
    sim::{checks, dice::Dice},
};
use jiff::{SignedDuration, Timestamp};

const KILLS: u64 = 20;
/// Instants of the backlog, one a minute.
const BACKLOG: usize = 900;

fn second_scheduler(folder: &Path, addresses: &Addresses) -> Process {
    let program = programs().join("downbeat-scheduler");
    let arguments = ["--log", &addresses.log, "--coordinator", &addresses.server];
    Process::start(&program, &arguments, &folder.join("second.txt")).expect("the scheduler starts")
}

/// Every record of the log.
fn records(addresses: &Addresses) -> Vec<checks::Record> {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let address: LogAddress = addresses.log.parse().expect("an address");
        let log = address.open(Access::Read, "backlog", &Nats::default()).await.expect("the log opens");
        let (mut records, mut after) = (Vec::new(), 0);
        loop {
            let more = log.read(after, 1_000).await.expect("the log is read");
            let Some(last) = more.last() else { break records };
            after = last.sequence;
            records.extend(more.iter().map(|entry| checks::Record::read(entry).expect("a record of ours")));
        }
    })
}

/// Instants of the schedule that have a run, one entry per run.
fn fired(records: &[checks::Record]) -> Vec<Timestamp> {
    let created = records.iter().flat_map(checks::Record::events).filter_map(|event| match event {
        Event::RunCreated(created) => Some(&created.trigger),
        _ => None,
    });
    created
        .filter_map(|trigger| match trigger {
            Trigger::Scheduled { instant, .. } => Some(*instant),
            _ => None,
        })
        .collect()
}

#[test]
fn a_backlog_is_caught_up_once_however_often_schedulers_are_killed() {
    let seed = std::env::var("DOWNBEAT_BACKLOG_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let mut dice = Dice::new(seed);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut cluster = Cluster::start(folder.path(), 2);
    let addresses = cluster.addresses.clone();
    let mut second = second_scheduler(folder.path(), &addresses);
    let minutes = i64::try_from(BACKLOG).expect("a small number");
    let start = Timestamp::now().checked_sub(SignedDuration::from_mins(minutes)).expect("an instant");
    let source = format!(
        "version: v1\nname: backlog\nschedule:\n  - name: minutely\n    cron: '0-59 0-23 ? * * *'\nmeta:\n  downbeat:\n    \
         schedule_options:\n      minutely: {{catchup: all, max_catchup: 1000, start: '{start}'}}\npipeline:\n  a: \
         {{integration: DOWNBEAT, integration_job: NOOP, parameters: {{}}}}\n"
    );
    let file = folder.path().join("backlog.yml");
    std::fs::write(&file, source).expect("a file");
    addresses.downbeat_ok(&["apply", file.to_str().expect("text")]);

    for kill in 0..KILLS {
        let before = fired(&records(&addresses)).len();
        if dice.below(2) == 0 {
            cluster.scheduler.kill9();
            cluster.restart_scheduler();
        } else {
            second.kill9();
            second = second_scheduler(folder.path(), &addresses);
        }
        eventually(&format!("it goes on after kill {kill}"), Duration::from_secs(120), || {
            let now = fired(&records(&addresses)).len();
            (now > before || now >= BACKLOG).then_some(())
        });
    }
    eventually("the backlog is caught up", Duration::from_secs(300), || {
        (fired(&records(&addresses)).len() >= BACKLOG).then_some(())
    });
    let records = records(&addresses);
    let instants = fired(&records);
    assert_eq!(instants.iter().collect::<BTreeSet<_>>().len(), instants.len(), "INV-05: one run per instant");
    let expected = (0..minutes).filter_map(|minute| start.checked_add(SignedDuration::from_mins(minute + 1)).ok());
    let whole =
        |instant: Timestamp| Timestamp::from_second(instant.as_second().div_euclid(60) * 60).expect("an instant");
    let missing: Vec<Timestamp> = expected.map(whole).filter(|instant| !instants.contains(instant)).collect();
    assert_eq!(missing, [], "every instant has its run");
    let violations = checks::check(records.into_iter());
    assert!(violations.is_empty(), "{violations:#?}");
}
