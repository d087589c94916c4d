//! Refused commands: recorded before they are answered, however many there are.

use downbeat_coordinator::{
    engine::{Input, Refusal},
    limits,
};
use downbeat_domain::{
    CallOrigin, Caller, Command, CommandKind, Event, RunId, Target, TargetKind, event::CommandRejected,
};
use downbeat_proto::{
    event::{self, Decoded},
    events::v1 as wire,
};

use crate::bench::{ADA, Bench, RUN, attempt, report, started, task};

/// Refusals in the records so far, each with who is named beside the decision.
fn rejected(records: &[wire::Record]) -> Vec<(String, CommandRejected)> {
    let decisions = records.iter().flat_map(|record| &record.decisions);
    let events = decisions.flat_map(|decision| decision.events.iter().map(|event| (decision.actor.clone(), event)));
    let rejected = |(actor, event): (String, &wire::Event)| match event::decode(event) {
        Ok(Decoded::Known(Event::CommandRejected(rejected))) => Some((actor, *rejected)),
        _ => None,
    };
    events.filter_map(rejected).collect()
}

#[test]
fn a_flood_is_answered_call_by_call_and_told_in_a_few_events() {
    let mut bench = Bench::running(vec![task("a")]);
    let before = bench.records.len();
    let unknown = RunId([9; 16]);
    for call in 100..1_100 {
        bench.call(call, Command::CancelRun { run: unknown, reason: String::new() });
    }
    bench.settle();
    let answers = bench.read().iter().filter(|said| said.contains("there is no run")).count();
    assert_eq!(answers, 1_000, "each is answered");
    let told = rejected(&bench.records[before..]);
    assert_eq!(told.len(), limits::REJECTIONS_OF_ONE_MAX as usize);
    let (actor, first) = &told[0];
    assert_eq!((actor.as_str(), first.command, first.code.as_str()), ("user", CommandKind::CancelRun, "UNKNOWN_RUN"));
    assert_eq!((first.targets.clone(), first.more), (vec![Target::new(TargetKind::Run, unknown)], 0));

    bench.pass(limits::REJECTIONS_WINDOW.as_secs());
    bench.settle();
    let told = rejected(&bench.records[before..]);
    let (actor, last) = told.last().expect("the rest is told");
    assert_eq!((actor.as_str(), last.actor.as_str(), last.more), ("coordinator", "user", 990));
}

#[test]
fn what_was_refused_before_it_became_a_command_is_recorded_before_it_is_answered() {
    let mut bench = Bench::running(vec![task("a")]);
    let before = bench.records.len();
    let caller = Caller {
        origin: CallOrigin { address: "10.0.0.7:1".to_owned(), client: "curl/8".to_owned() },
        reason: "just so".to_owned(),
        targets: vec![Target::new(TargetKind::Pool, "d b")],
        ..Caller::named("user:eve")
    };
    let refusal =
        Refusal { command: CommandKind::SetPool, code: "INVALID_ARGUMENT".to_owned(), message: "x".repeat(100_000) };
    bench.handle(Input::Refused { call: 7, caller: Box::new(caller), refusal });
    assert!(bench.turn());
    assert_eq!(bench.read(), Vec::<String>::new(), "it is not in the log yet");
    bench.appended();
    bench.turn();
    assert_eq!(bench.read(), ["noted 7"]);
    let record = &bench.records[before];
    let decision = &record.decisions[0];
    let origin = decision.origin.as_ref().expect("it says from where");
    assert_eq!((origin.address.as_str(), origin.client.as_str()), ("10.0.0.7:1", "curl/8"));
    assert_eq!((decision.actor.as_str(), decision.reason.as_str()), ("user:eve", "just so"));
    let told = rejected(std::slice::from_ref(record));
    assert!(told[0].1.message.len() < 2_000 && told[0].1.targets[0].id == "d b");
}

#[test]
fn late_reports_of_workers_leave_nothing() {
    let mut bench = Bench::running(vec![task("a")]);
    bench.attach(5, ADA, 1, &[]);
    bench.settle();
    let before = bench.records.len();
    bench.say(5, vec![report(1, attempt(0, 9), started())]);
    bench.call(8, Command::WakeRun { run: RunId([9; 16]) });
    bench.call(9, Command::CancelRun { run: RUN, reason: String::new() });
    bench.settle();
    assert_eq!(rejected(&bench.records[before..]), []);
}
