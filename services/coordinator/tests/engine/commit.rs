//! Group commit: nothing leaves before its record is in the log, one append at a time, decisions are never split.

use downbeat_coordinator::limits;
use downbeat_domain::{Command, RunId, plan::Node};
use prost::Message;
use serde_json::json;

use crate::bench::{ADA, Bench, RUN, applied, attempt, report, start, started, succeeded, task};

fn run(number: u8) -> RunId {
    RunId([number; 16])
}

#[test]
fn an_answer_waits_for_its_record() {
    let mut bench = Bench::new();
    bench.call(1, applied(vec![task("a")]));
    assert!(bench.turn());
    assert_eq!(bench.read(), Vec::<String>::new());
    bench.appended();
    bench.turn();
    assert_eq!(bench.read(), ["reply 1 1"]);
}

#[test]
fn a_refusal_waits_for_the_state_that_it_speaks_of() {
    let mut bench = Bench::new();
    bench.call(1, applied(vec![task("a")]));
    bench.turn();
    bench.call(2, Command::CancelRun { run: RUN, reason: String::new() });
    bench.turn();
    assert_eq!(bench.read(), Vec::<String>::new());
    bench.appended();
    bench.turn();
    assert_eq!(bench.read(), ["reply 1 1"], "the refusal is recorded itself, in the next record");
    bench.appended();
    bench.turn();
    let read = bench.read();
    assert!(read.len() == 1 && read[0].starts_with("reply 2 there is no run"), "{read:?}");
}

#[test]
fn with_nothing_to_record_an_answer_leaves_at_once() {
    let mut bench = Bench::running(vec![task("a")]);
    bench.call(7, start(RUN));
    assert!(!bench.turn());
    assert_eq!(bench.read(), ["reply 7 0"]);
}

#[test]
fn what_is_decided_during_an_append_goes_into_one_next_record() {
    let mut bench = Bench::new();
    bench.call(1, applied(vec![task("a")]));
    bench.turn();
    for number in 10..30 {
        bench.call(u64::from(number), start(run(number)));
        bench.turn();
    }
    assert_eq!(bench.records.len(), 1);
    bench.appended();
    bench.turn();
    assert_eq!((bench.records.len(), bench.records[1].decisions.len()), (2, 20));
    assert_eq!(bench.read(), ["reply 1 1"], "the others wait for the second record");
}

#[test]
fn an_offer_leaves_after_its_lease_is_in_the_log_and_an_acknowledgement_after_its_report() {
    let mut bench = Bench::running(vec![task("a")]);
    bench.attach(5, ADA, 1, &[]);
    assert!(bench.turn());
    assert_eq!(bench.read(), Vec::<String>::new(), "the lease is not in the log");
    bench.appended();
    bench.turn();
    assert_eq!(bench.read(), ["5 welcome", "5 offer 0#1"]);
    bench.say(5, vec![report(1, attempt(0, 1), started()), report(2, attempt(0, 1), succeeded())]);
    bench.turn();
    assert_eq!(bench.read(), Vec::<String>::new(), "the outcome is not in the log");
    bench.appended();
    bench.turn();
    assert_eq!(bench.read(), ["5 ack 2"]);
}

#[test]
fn large_decisions_fill_several_records_and_none_is_split() {
    let mut bench = Bench::new();
    bench.call(1, applied(vec![task("a")]));
    bench.turn();
    let text = "x".repeat(100 * 1024);
    for number in 10..20 {
        let mut command = start(run(number));
        if let Command::StartRun(start) = &mut command {
            start.environment = json!({"T": text}).as_object().cloned().unwrap();
        }
        bench.call(u64::from(number), command);
    }
    bench.settle();
    assert_eq!(bench.records.len(), 11);
    assert_eq!(bench.records.iter().map(|record| record.decisions.len()).sum::<usize>(), 11);
    assert!(
        bench
            .records
            .iter()
            .all(|record| record.encoded_len() <= limits::RECORD_BYTES_TARGET + limits::DECISION_BYTES_MAX)
    );
    assert_eq!(bench.read().len(), 11);
}

/// Decisions that do not fit into the open record begin the next one, and their effects must move with them.
#[test]
fn an_offer_leaves_with_the_record_of_its_lease_where_leases_fill_several() {
    let mut tasks = ["a", "b", "c", "d", "e", "f"].map(task);
    tasks.iter_mut().for_each(|task| task.parameters.extend([("text".to_owned(), json!("${{ ENV.T }}"))]));
    let mut command = start(RUN);
    if let Command::StartRun(start) = &mut command {
        start.environment = json!({"T": "x".repeat(50 * 1024)}).as_object().cloned().unwrap();
    }
    let mut bench = Bench::new();
    bench.call(1, applied(tasks.into()));
    bench.call(2, command);
    bench.settle();
    bench.heard.clear();
    let before = bench.log.len();
    bench.attach(5, ADA, 6, &[]);
    let (mut records, mut offers) = (0, 0);
    loop {
        let in_flight = bench.turn();
        offers += bench.read().iter().filter(|line| line.starts_with("5 offer")).count();
        let leases = bench.kinds_since(before).iter().filter(|kind| *kind == "ATTEMPT_LEASED").count();
        assert_eq!(offers, leases, "after {records} records");
        if !in_flight {
            break;
        }
        bench.appended();
        records += 1;
    }
    assert_eq!((records, offers), (3, 6));
}

/// The worst that one report can lead to: outputs of the largest size, and a wide fan-out whose conditions and reasons are long.
#[test]
fn no_decision_exceeds_what_the_log_takes() {
    let quotes = "\\\"".repeat(600);
    let mut tasks = vec![task("a")];
    for number in 0..1_000 {
        let mut dependent = task(&format!("t{number}"));
        dependent.depends_on = vec![Node::Task(0)];
        let padding = "a".repeat(300);
        dependent.condition = Some(format!("tasks['a'].outputs.t == '{padding}' and tasks['a'].outputs.t or ''"));
        if number % 2 == 0 {
            dependent.condition = Some("tasks['a'].outputs.q".to_owned());
        }
        tasks.push(dependent);
    }
    let mut bench = Bench::running(tasks);
    bench.attach(5, ADA, 1, &[]);
    bench.settle();
    let outputs = json!({"t": "y".repeat(250 * 1024), "q": quotes});
    let said = downbeat_proto::worker::v1::Succeeded {
        outcome: downbeat_proto::events::v1::Outcome::Succeeded as i32,
        outputs: outputs.to_string(),
        ..Default::default()
    };
    bench.say(5, vec![report(1, attempt(0, 1), downbeat_proto::worker::v1::report::Report::Succeeded(said))]);
    bench.settle();
    let largest = bench.records.iter().flat_map(|record| &record.decisions).map(Message::encoded_len).max().unwrap();
    assert!(largest > 250 * 1024, "the outputs are in one decision: {largest}");
    assert!(largest <= limits::DECISION_BYTES_MAX, "a decision of {largest} bytes");
    assert!(bench.records.iter().all(|record| record.encoded_len() <= downbeat_event_log::limits::RECORD_BYTES_MAX));
}
