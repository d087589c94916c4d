//! Timers of pipelines that assets concern: whoever asks for one is woken when its time has come, also under the next owner.

use downbeat_domain::{
    Command, Event, PipelineApplied, PipelineId, Trigger,
    plan::{Plan, PlanAssetTrigger, PlanFreshness},
};
use downbeat_proto::{events::v1 as events, worker::v1 as wire};

use crate::bench::{ADA, Bench, attempt, report, started, task};

const READS: PipelineId = PipelineId([20; 16]);
const WATCHES: PipelineId = PipelineId([21; 16]);

fn apply(bench: &mut Bench, pipeline: PipelineId, plan: Plan) {
    let applied = PipelineApplied {
        pipeline,
        alias: format!("p{}", pipeline.0[0]),
        version: 0,
        name: String::new(),
        source: String::new(),
        source_root: String::new(),
        digest: [pipeline.0[0]; 32],
        plan,
        origin: None,
        storage: None,
    };
    bench.call(90, Command::apply(applied));
    bench.settle();
}

/// A task runs at worker ADA; one pipeline gathers for ten seconds, another watches for twenty.
fn writing() -> Bench {
    let mut bench = Bench::running(vec![task("a")]);
    let trigger = PlanAssetTrigger {
        name: "t".to_owned(),
        assets: vec!["db/*".to_owned()],
        debounce_ms: 10_000,
        ..PlanAssetTrigger::default()
    };
    apply(&mut bench, READS, Plan { tasks: vec![task("b")], asset_triggers: vec![trigger], ..Plan::default() });
    let rule = PlanFreshness {
        name: "r".to_owned(),
        asset: "db/orders".to_owned(),
        max_age_ms: 20_000,
        ..PlanFreshness::default()
    };
    apply(&mut bench, WATCHES, Plan { tasks: vec![task("c")], freshness: vec![rule], ..Plan::default() });
    bench.attach(5, ADA, 1, &[]);
    bench.settle();
    bench.say(5, vec![report(1, attempt(0, 1), started())]);
    bench.settle();
    bench
}

fn wrote(number: u64, chunk: u32) -> wire::Report {
    let operation = events::Operation {
        external_id: "model.orders".to_owned(),
        r#type: "MATERIALISATION".to_owned(),
        status: "SUCCEEDED".to_owned(),
        asset: "db/orders".to_owned(),
        ..events::Operation::default()
    };
    let collected = wire::Collected { chunk, operations: vec![operation], ..wire::Collected::default() };
    report(number, attempt(0, 1), wire::report::Report::Collected(collected))
}

/// Beats, so that no lease ends meanwhile.
fn wait(bench: &mut Bench, seconds: u64) {
    for _ in 0..seconds {
        bench.pass(1);
        bench.handle(downbeat_coordinator::engine::Input::WorkerHeartbeat { session: 5 });
        bench.settle();
    }
}

fn started_by_assets(bench: &Bench) -> usize {
    let by_assets =
        |event: &&Event| matches!(event, Event::RunCreated(run) if matches!(run.trigger, Trigger::Asset { .. }));
    bench.log.iter().filter(by_assets).count()
}

#[test]
fn whoever_asks_for_an_asset_is_woken_in_its_own_time() {
    let mut bench = writing();
    bench.say(5, vec![wrote(2, 0)]);
    bench.settle();
    wait(&mut bench, 6);
    bench.say(5, vec![wrote(3, 1)]);
    bench.settle();
    wait(&mut bench, 9);
    assert_eq!(started_by_assets(&bench), 0, "it was not quiet for ten seconds yet");
    let before = bench.log.len();
    wait(&mut bench, 1);
    assert_eq!((started_by_assets(&bench), bench.kinds_since(before)[0].as_str()), (1, "RUN_CREATED"));
    // The age counts from the second time, twenty seconds.
    let before = bench.log.len();
    wait(&mut bench, 9);
    assert_eq!(bench.kinds_since(before), Vec::<String>::new());
    wait(&mut bench, 1);
    assert_eq!(bench.kinds_since(before), ["FRESHNESS_BREACHED"]);
    let before = bench.log.len();
    bench.say(5, vec![wrote(4, 2)]);
    bench.settle();
    // Nobody has to wait for that.
    assert_eq!(bench.kinds_since(before), ["OPERATIONS_COLLECTED", "ASSETS_MATERIALISED", "FRESHNESS_RESTORED"]);
}

#[test]
fn the_next_owner_goes_on_with_what_was_gathered() {
    for lands in [false, true] {
        let mut bench = writing();
        bench.say(5, vec![wrote(2, 0)]);
        bench.settle();
        bench.pass(4);
        let mut bench = bench.crash(lands);
        bench.settle();
        bench.pass(5);
        bench.settle();
        assert_eq!(started_by_assets(&bench), 0);
        bench.pass(1);
        bench.turn();
        // Dies with the run in flight: it is in the log, or comes again under the same id.
        let mut bench = bench.crash(lands);
        bench.settle();
        bench.pass(1);
        bench.settle();
        assert_eq!(started_by_assets(&bench), 1, "lands: {lands}");
        bench.pass(60);
        bench.settle();
        assert_eq!(started_by_assets(&bench), 1, "lands: {lands}");
    }
}
