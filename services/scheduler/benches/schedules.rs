//! What schedules cost: 100,000 of them loaded (time, and memory each), 10,000 due in the same second, and nothing to do.
//!
//! `cargo bench -p downbeat-scheduler` prints a table. Memory is that of the process, as Linux tells it.
#![allow(missing_docs, reason = "a program, not a library")]

use std::time::Instant;

use downbeat_domain::{PipelineId, plan::PlanSchedule};
use downbeat_scheduler::engine::{Engine, Input, Output};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

const LOADED: usize = 100_000;
const DUE: usize = 10_000;
const IDLE_TICKS: u32 = 1_000_000;

fn main() {
    let begin: Timestamp = "2026-01-01T00:00:30Z".parse().expect("an instant");
    let zones = ["UTC", "Europe/London", "America/New_York", "Asia/Kolkata"].map(|name| TimeZone::get(name).ok());
    let (before, started) = (resident_kib(), Instant::now());
    let mut engine = Engine::default();
    for number in 0..LOADED {
        // The first ones are due at the same time, the others at some time of some day.
        let cron = if number < DUE {
            "0 6 ? * * *".to_owned()
        } else {
            format!("{} {} ? * {} *", number % 60, 7 + number / 60 % 16, number % 7 + 1)
        };
        let zone = if number < DUE { zones[0].clone() } else { zones[number % zones.len()].clone() };
        let name = format!("schedule-{number}");
        let plan = PlanSchedule { name: name.clone(), cron, timezone: "UTC".to_owned(), ..PlanSchedule::default() };
        let pipeline = PipelineId::derive("default", &name);
        let applied = Input::PipelineApplied { pipeline, version: 1, at: begin, schedules: vec![(plan, zone)] };
        assert_eq!(engine.handle(begin, applied), []);
    }
    let loading = started.elapsed();
    let memory = resident_kib().saturating_sub(before);
    println!("{LOADED} schedules loaded in {loading:?}, {:.2} KiB each", memory as f64 / LOADED as f64);

    let started = Instant::now();
    for tick in 0..IDLE_TICKS {
        let now = begin + SignedDuration::from_millis(i64::from(tick) / 100);
        assert_eq!(engine.handle(now, Input::Tick), []);
        assert!(engine.next_deadline().is_some_and(|due| due > now));
    }
    println!("nothing due: {:?} per look", started.elapsed() / IDLE_TICKS);

    let now: Timestamp = "2026-01-01T06:00:00.01Z".parse().expect("an instant");
    let started = Instant::now();
    let asked = engine.handle(now, Input::Tick);
    let asking = started.elapsed();
    assert_eq!(asked.len(), DUE);
    let started = Instant::now();
    for output in asked {
        let Output::Ask(firing) = output else { continue };
        let decided = Input::Decided { pipeline: firing.pipeline, schedule: firing.schedule, up_to: firing.instant };
        engine.handle(now, decided);
    }
    println!("{DUE} due in one second: {asking:?} to ask, {:?} to take the answers in", started.elapsed());
}

/// Memory of this process, KiB; 0 where the system does not say.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()).and_then(|kib| kib.parse().ok()).unwrap_or(0)
}
