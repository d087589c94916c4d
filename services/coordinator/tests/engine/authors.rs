//! Who is named beside a decision: whoever asked for it, and for what follows from somebody else's command nobody but the coordinator.

use downbeat_coordinator::engine::Input;
use downbeat_domain::{Caller, Command, limits};
use downbeat_proto::event::{self, Decoded};

use crate::bench::{Bench, PIPELINE, RUN, applied, start, task};

fn ask(bench: &mut Bench, call: u64, who: &str, command: Command) {
    let caller = Box::new(Caller::named(who));
    bench.handle(Input::Call { call, caller, command_id: None, command });
}

#[test]
fn what_follows_from_a_command_is_not_put_down_to_whoever_asks_next() {
    let mut bench = Bench::new();
    // More tasks than become ready in one decision.
    let tasks = (0..limits::EVENTS_PER_ADVANCE_MAX * 2 + 50).map(|place| task(&format!("t{place}"))).collect();
    bench.call(1, applied(tasks));
    bench.settle();
    let before = bench.records.len();
    ask(&mut bench, 2, "user:ada", start(RUN));
    ask(&mut bench, 3, "user:eve", Command::PausePipeline { pipeline: PIPELINE, reason: String::new() });
    bench.settle();

    let decisions = bench.records[before..].iter().flat_map(|record| &record.decisions);
    let told: Vec<(&str, usize, String)> = decisions
        .map(|decision| {
            let Ok(Decoded::Known(first)) = event::decode(&decision.events[0]) else { panic!("an event of ours") };
            let name: String = format!("{first:?}").chars().take_while(|letter| letter.is_alphanumeric()).collect();
            (decision.actor.as_str(), decision.events.len(), name)
        })
        .collect();
    let actors: Vec<&str> = told.iter().map(|(actor, ..)| *actor).collect();
    assert_eq!(actors, ["user:ada", "coordinator", "coordinator", "user:eve"], "{told:?}");
    let (_, events, name) = &told[3];
    assert_eq!((*events, name.as_str()), (1, "PipelinePaused"));
}
