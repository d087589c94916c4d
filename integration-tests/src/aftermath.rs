//! What has to be true after everything was killed: of the runs that somebody was told about, of the log and of the rows.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::Duration,
};

use downbeat_domain::{Event, Partition, RunId, RunStatus, evolve, invariants, limits, settle};
use downbeat_event_log::{Access, LogAddress, Nats};

use crate::{cluster::Addresses, pipelines, process::eventually, sim::checks};

const PRICES: &str = "prices:\n  - {unit: worker_seconds, amount: 0.01, currency: EUR}\n";
/// Losing a worker costs a lease, and every kill may cost one.
const END_AT_MOST: Duration = Duration::from_secs(400);

/// A run that somebody was told about.
pub struct Started {
    /// Its pipeline.
    pub alias: &'static str,
    /// Its id.
    pub id: String,
    /// How it has to end.
    pub ends: &'static str,
}

/// Tries again until it is accepted: what is killed meanwhile comes back, and a key makes it one run.
pub fn insist(addresses: &Addresses, arguments: &[&str]) -> String {
    eventually("the command is accepted", Duration::from_secs(120), || {
        let output = addresses.downbeat(arguments);
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    })
}

/// Applies one pipeline of each kind, with what they need.
pub fn apply_all(addresses: &Addresses, folder: &Path) {
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
pub fn bill(addresses: &Addresses, folder: &Path, number: usize) {
    let (id, amount) = (number % 5, number + 1);
    let bill =
        format!("bills:\n  - {{source: meter, id: {id}, amount: '{amount}.25', currency: EUR, owner: nobody}}\n");
    let file = folder.join("bills.yaml");
    std::fs::write(&file, bill).expect("a file");
    insist(addresses, &["cost", "record", file.to_str().expect("text")]);
}

/// Waits until all of them have ended.
pub fn await_ends(addresses: &Addresses, started: &[Started]) {
    for run in started {
        let shown = eventually(&format!("run {} of {} ends", run.id, run.alias), END_AT_MOST, || {
            approve_what_waits(addresses, started);
            let output = addresses.downbeat(&["run", "show", &run.id]);
            let shown = String::from_utf8_lossy(&output.stdout).into_owned();
            let ended = ["SUCCEEDED", "WARNING", "FAILED", "CANCELLED", "SKIPPED"];
            let head = shown.lines().next().unwrap_or_default().to_owned();
            (output.status.success() && ended.iter().any(|status| head.contains(status))).then_some(shown)
        });
        println!("{} {}", run.alias, shown.lines().next().unwrap_or_default());
    }
}

/// Approvals that wait are approved; what is not there yet, or has ended, is left alone.
pub fn approve_what_waits(addresses: &Addresses, started: &[Started]) {
    for run in started.iter().filter(|run| run.alias == "chaos_approval") {
        // Refused once it is decided, and while a service is away: the next round asks again.
        let _ = addresses.downbeat(&["run", "approve", &run.id, "ok", "--as", "ada", "--key", "ok"]);
    }
}

/// Every record of the log.
fn records(addresses: &Addresses) -> Vec<checks::Record> {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let entries = runtime.block_on(async {
        let address: LogAddress = addresses.log.parse().expect("an address");
        let log = address.open(Access::Read, "aftermath", &Nats::default()).await.expect("the log opens");
        let (mut entries, mut after) = (Vec::new(), 0);
        loop {
            let more = log.read(after, 1_000).await.expect("the log is read");
            let Some(last) = more.last() else { break entries };
            after = last.sequence;
            entries.extend(more);
        }
    });
    entries.iter().map(|entry| checks::Record::read(entry).expect("a record of ours")).collect()
}

/// Every event of the log.
pub fn events(addresses: &Addresses) -> Vec<Event> {
    records(addresses).iter().flat_map(checks::Record::events).cloned().collect()
}

/// INV-01 to INV-05 and INV-10 from the records alone; INV-08 for every run that was acknowledged; the state that they add up to.
pub fn check_log(addresses: &Addresses, started: &[Started]) {
    let records = records(addresses);
    let count = records.len();
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
    println!("{count} records, {owners} owners, {} runs lost a task with its worker too often", unlucky.len());
}

/// INV-13 and INV-14 as people check them: the ledger adds up, and an export of the audit says what the log says.
pub fn check_rows(addresses: &Addresses, folder: &Path) {
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
