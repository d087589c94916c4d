//! Everything that we run is killed again and again under a load of mixed runs over a real NATS server; then the log has to show that
//! nothing was lost, nothing happened twice and everything ended.
//!
//! `DOWNBEAT_CHAOS_KILLS=50 cargo test -p downbeat-integration-tests --test chaos` for the long form; `DOWNBEAT_CHAOS_SEED` picks the order.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::{Duration, Instant},
};

use downbeat_domain::{Event, Partition, RunId, RunStatus, evolve, invariants, limits, settle};
use downbeat_event_log::{Access, LogAddress, Nats};
use downbeat_integration_tests::{
    cluster::{Addresses, Cluster},
    pipelines,
    process::eventually,
    sim::{checks, dice::Dice},
};

const RUNS: usize = 50;
const PRICES: &str = "prices:\n  - {unit: worker_seconds, amount: 0.01, currency: EUR}\n";
const WORKER_SLOTS: u32 = 6;
/// Losing a worker costs a lease, and every kill may cost one.
const END_AT_MOST: Duration = Duration::from_secs(400);

fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(usual)
}

/// A run that somebody was told about.
struct Started {
    alias: &'static str,
    id: String,
    ends: &'static str,
}

/// Tries again until it is accepted: what is killed meanwhile comes back, and a key makes it one run.
fn insist(addresses: &Addresses, arguments: &[&str]) -> String {
    eventually("the command is accepted", Duration::from_secs(120), || {
        let output = addresses.downbeat(arguments);
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    })
}

fn kill_one(cluster: &mut Cluster, dice: &mut Dice) -> &'static str {
    match dice.below(4) {
        0 => {
            cluster.coordinator.kill9();
            cluster.restart_coordinator();
            "coordinator"
        }
        1 => {
            cluster.worker.kill9();
            cluster.restart_worker();
            "worker"
        }
        2 => {
            cluster.projector.kill9();
            cluster.restart_projector();
            "projector"
        }
        _ => {
            cluster.scheduler.kill9();
            cluster.restart_scheduler();
            "scheduler"
        }
    }
}

fn apply_all(addresses: &Addresses, folder: &Path) {
    for (alias, text, _) in pipelines::mixed() {
        let file = folder.join(format!("{alias}.yml"));
        std::fs::write(&file, text).expect("a file");
        insist(addresses, &["apply", file.to_str().expect("text"), "--alias", alias]);
    }
    insist(addresses, &["pool", "set", "chaos", "2"]);
    let prices = folder.join("prices.yaml");
    std::fs::write(&prices, PRICES).expect("a file");
    insist(addresses, &["cost", "prices", "apply", prices.to_str().expect("text")]);
    insist(addresses, &["budget", "set", "nobody", "0.01", "EUR", "--period", "day", "--alert-at", "50,100"]);
}

/// A bill comes, the same one again and again with what is known of it by then.
fn bill(addresses: &Addresses, folder: &Path, number: usize) {
    let (id, amount) = (number % 5, number + 1);
    let bill =
        format!("bills:\n  - {{source: meter, id: {id}, amount: '{amount}.25', currency: EUR, owner: nobody}}\n");
    let file = folder.join("bills.yaml");
    std::fs::write(&file, bill).expect("a file");
    insist(addresses, &["cost", "record", file.to_str().expect("text")]);
}

#[test]
fn whatever_is_killed_every_run_ends_as_it_should_and_the_log_is_whole() {
    let (kills, seed) = (setting("DOWNBEAT_CHAOS_KILLS", 10), setting("DOWNBEAT_CHAOS_SEED", 1));
    let mut dice = Dice::new(seed);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut cluster = Cluster::start(folder.path(), WORKER_SLOTS);
    let addresses = cluster.addresses.clone();
    apply_all(&addresses, folder.path());

    let kinds = pipelines::mixed();
    let mut started: Vec<Started> = Vec::new();
    let (mut killed, mut last_kill) = (BTreeMap::new(), Instant::now());
    let mut pause = Duration::from_millis(300);
    let mut kills_left = kills;
    while started.len() < RUNS || kills_left > 0 {
        // The load lasts as long as the killing.
        let due = (kills - kills_left + 1) * RUNS as u64 / kills.max(1);
        if started.len() < RUNS && started.len() as u64 <= due {
            let (alias, _, ends) = &kinds[started.len() % kinds.len()];
            let key = format!("chaos-{}", started.len());
            let id = insist(&addresses, &["run", alias, "--key", &key]);
            bill(&addresses, folder.path(), started.len());
            started.push(Started { alias, id, ends });
        }
        approve_what_waits(&addresses, &started);
        if kills_left > 0 && last_kill.elapsed() >= pause {
            *killed.entry(kill_one(&mut cluster, &mut dice)).or_insert(0) += 1;
            kills_left -= 1;
            last_kill = Instant::now();
            pause = Duration::from_millis(200 + dice.below(1_300));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    println!("killed {killed:?} with seed {seed}");

    let began = Instant::now();
    for run in &started {
        let shown = eventually(&format!("run {} of {} ends", run.id, run.alias), END_AT_MOST, || {
            approve_what_waits(&addresses, &started);
            let output = addresses.downbeat(&["run", "show", &run.id]);
            let shown = String::from_utf8_lossy(&output.stdout).into_owned();
            let ended = ["SUCCEEDED", "WARNING", "FAILED", "CANCELLED", "SKIPPED"];
            let head = shown.lines().next().unwrap_or_default().to_owned();
            (output.status.success() && ended.iter().any(|status| head.contains(status))).then_some(shown)
        });
        println!("{} {}", run.alias, shown.lines().next().unwrap_or_default());
    }
    println!("{RUNS} runs ended {:?} after the last kill", began.elapsed());
    assert!(addresses.downbeat_ok(&["log", "verify"]).contains("log verify: ok"));
    check_log(&addresses, &started);
    check_rows(&addresses, folder.path());
}

/// Approvals that wait are approved; what is not there yet, or has ended, is left alone.
fn approve_what_waits(addresses: &Addresses, started: &[Started]) {
    for run in started.iter().filter(|run| run.alias == "chaos_approval") {
        // Refused once it is decided, and while a service is away: the next round asks again.
        let _ = addresses.downbeat(&["run", "approve", &run.id, "ok", "--as", "ada", "--key", "ok"]);
    }
}

/// INV-01 to INV-05 and INV-10 from the records alone; INV-08 for every run that was acknowledged; the state that they add up to.
fn check_log(addresses: &Addresses, started: &[Started]) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let entries = runtime.block_on(async {
        let address: LogAddress = addresses.log.parse().expect("an address");
        let log = address.open(Access::Read, "chaos", &Nats::default()).await.expect("the log opens");
        let (mut entries, mut after) = (Vec::new(), 0);
        loop {
            let more = log.read(after, 1_000).await.expect("the log is read");
            let Some(last) = more.last() else { break entries };
            after = last.sequence;
            entries.extend(more);
        }
    });
    let records: Vec<checks::Record> =
        entries.iter().map(|entry| checks::Record::read(entry).expect("a record of ours")).collect();
    let mut partition = Partition::default();
    for event in records.iter().flat_map(checks::Record::events) {
        evolve(&mut partition, event);
    }
    let unlucky = unlucky(records.iter().flat_map(checks::Record::events));
    let owners = records.iter().filter(|record| record.epoch == 0).count();
    let violations = checks::check(records.into_iter());
    assert!(violations.is_empty(), "{violations:#?}");
    assert_eq!(invariants::violations(&partition), Vec::<String>::new());
    assert!(partition.runs.is_empty(), "INV-09: live runs are left: {:?}", partition.runs.keys());
    let context = downbeat_domain::Context { now: jiff::Timestamp::UNIX_EPOCH, random: 0 };
    assert_eq!(settle(&mut partition, &context), [], "INV-09: something was left to do");
    for run in started {
        let id: RunId = run.id.parse().expect("an id");
        let status = partition.finished.get(&id).map(|(_, status)| *status);
        let expected = RunStatus::from_word(run.ends);
        // A task that is lost with its worker again and again fails: that is the limit, and it was reached.
        let excused = unlucky.contains(&id) && status.is_some();
        assert!(status == expected || excused, "INV-08: run {} of {} ended {status:?}", run.id, run.alias);
    }
    println!(
        "{} records, {owners} owners, {} runs lost a task with its worker too often",
        entries.len(),
        unlucky.len()
    );
}

/// INV-13 and INV-14 as people check them: the ledger adds up, and an export of the audit says what the log says.
fn check_rows(addresses: &Addresses, folder: &Path) {
    let ledger = addresses.downbeat_ok(&["cost", "verify"]);
    assert!(ledger.contains("every sum agrees"), "{ledger}");
    let file = folder.join("audit.jsonl");
    let file = file.to_str().expect("text");
    addresses.downbeat_ok(&["audit", "export", file]);
    println!("{ledger}{}", addresses.downbeat_ok(&["audit", "verify", file, "--log", &addresses.log]));
}

/// Runs of which a task was lost with its worker as often as is allowed, and those that waited for one.
fn unlucky<'a>(events: impl Iterator<Item = &'a Event>) -> BTreeSet<RunId> {
    let (mut losses, mut found, mut parents) = (BTreeMap::new(), BTreeSet::new(), BTreeMap::new());
    for event in events {
        match event {
            Event::ChildStarted { attempt, child, .. } => drop(parents.insert(*child, attempt.run)),
            Event::AttemptLost { attempt, .. } => {
                let count: &mut u32 = losses.entry((attempt.run, attempt.task)).or_default();
                *count += 1;
                if *count >= limits::LOST_ATTEMPTS_MAX {
                    found.insert(attempt.run);
                    found.extend(parents.get(&attempt.run));
                }
            }
            _ => {}
        }
    }
    found
}
