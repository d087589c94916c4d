//! Assets that were materialised start runs: what comes close together is gathered, one run comes of it (INV-05), and no pipeline is
//! started by what its own runs led to.

use downbeat_domain::{
    Command, Event, Report, RunId, Trigger, limits,
    metadata::{Collected, Operation},
};
use serde_json::{Value, json};

use crate::world::*;

/// The first operation of each of these kinds, statuses and assets.
pub(crate) fn operations(of: &[(&str, &str, &str)]) -> Collected {
    let operation = |(kind, status, asset): &(&str, &str, &str)| Operation {
        external_id: format!("model.{asset}"),
        kind: (*kind).to_owned(),
        status: (*status).to_owned(),
        asset: (*asset).to_owned(),
        ..Operation::default()
    };
    Collected { operations: of.iter().map(operation).collect(), ..Collected::default() }
}

/// Task `a` reports in a chunk that it wrote these assets.
pub(crate) fn wrote(chunk: u32, assets: &[&str]) -> Step {
    let of: Vec<(&str, &str, &str)> = assets.iter().map(|asset| ("MATERIALISATION", "SUCCEEDED", *asset)).collect();
    Step::Report("a", 1, Report::Collected { chunk, collected: operations(&of) })
}

fn look_at_the_clock(alias: &str) -> Step {
    Step::Do(Command::WakePipeline { pipeline: pipeline_of(alias) })
}

/// A pipeline with a task `b` and a trigger with these fields.
fn listens(trigger: &str) -> String {
    format!("meta: {{downbeat: {{triggers: [{{{trigger}}}]}}}}\n{}", pipe(&[task("b", "")]))
}

/// `demo` runs, and `next` listens with such a trigger.
fn running(trigger: &str) -> World {
    given(&pipe(&[task("a", "")])).and("next", &listens(trigger)).after([start(), lease("a")])
}

fn trigger_of(world: &World, label: &str) -> Trigger {
    world.partition.runs[&world.run(label)].trigger.clone()
}

#[test]
fn an_asset_that_was_materialised_starts_a_run() {
    let world = running("name: rows, asset: db/orders");
    let world =
        world.when(wrote(0, &["db/orders"])).then(["OperationsCollected a#1 chunk 0", "AssetsMaterialised db/orders"]);
    let world = world.when(look_at_the_clock("next")).then(["~next: RunCreated of version 1", "~next: TaskReady b"]);
    let Trigger::Asset { trigger, assets, runs, chain, depth } = trigger_of(&world, "~next") else { panic!() };
    assert_eq!((trigger.as_str(), assets, depth), ("rows", vec!["db/orders".to_owned()], 1));
    assert_eq!((runs, chain), (vec![RUN], vec![pipeline()]));
    // It is over with that: nothing more comes of it.
    world.when(look_at_the_clock("next")).then([]);
}

#[test]
fn only_what_was_written_well_counts_and_only_where_somebody_asks() {
    let table = [
        ("MATERIALISATION", "SUCCEEDED", "db/orders", true),
        ("SEED", "WARNING", "db/orders", true),
        ("SNAPSHOT", "SUCCEEDED", "db/orders", true),
        ("MATERIALISATION", "FAILED", "db/orders", false),
        ("MATERIALISATION", "SKIPPED", "db/orders", false),
        ("TEST", "SUCCEEDED", "db/orders", false),
        ("QUERY", "SUCCEEDED", "db/orders", false),
        ("MATERIALISATION", "SUCCEEDED", "db/lines", false),
        ("MATERIALISATION", "SUCCEEDED", "", false),
    ];
    for (kind, status, asset, counts) in table {
        let collected = operations(&[(kind, status, asset)]);
        let report = Step::Report("a", 1, Report::Collected { chunk: 0, collected });
        let found = running("asset: db/orders").after([report]).history;
        let counted = found.iter().any(|event| matches!(event, Event::AssetsMaterialised(_)));
        assert_eq!(counted, counts, "{kind} {status} {asset}");
    }
}

#[test]
fn keys_may_hold_stars_and_there_may_be_several() {
    let table: [(&str, &[&str]); 3] = [
        ("asset: 'db/*'", &["db/lines", "db/orders"]),
        ("asset: ['*/orders', 'lake/*.csv']", &["db/orders", "lake/x.csv"]),
        ("asset: ['db/*', db/orders]", &["db/lines", "db/orders"]),
    ];
    for (trigger, expected) in table {
        let world = running(trigger).after([wrote(0, &["db/orders", "lake/x.csv", "db/lines", "lake/raw"])]);
        let world = world.after([look_at_the_clock("next")]);
        let Trigger::Asset { assets, .. } = trigger_of(&world, "~next") else { panic!() };
        assert_eq!(assets, expected, "{trigger}");
    }
}

#[test]
fn the_run_starts_once_the_assets_are_quiet() {
    let world = running("asset: 'db/*', debounce: PT10S").after([wrote(0, &["db/a"])]);
    let world = world.after([after(9)]).when(look_at_the_clock("next")).then([]);
    let world = world.after([wrote(1, &["db/b", "db/a"]), after(9)]).when(look_at_the_clock("next")).then([]);
    let world = world.after([after(1)]);
    assert_eq!(downbeat_domain::effects::next_deadline_of(&world.partition), Some(instant(19)));
    let world = world.when(look_at_the_clock("next")).then(["~next: RunCreated of version 1", "~next: TaskReady b"]);
    let Trigger::Asset { assets, runs, .. } = trigger_of(&world, "~next") else { panic!() };
    assert_eq!((assets, runs.len()), (vec!["db/a".to_owned(), "db/b".to_owned()], 1));
}

#[test]
fn assets_that_are_never_quiet_start_one_after_ten_debounces() {
    let mut world = running("asset: db/a, debounce: PT10S");
    let mut started_at = None;
    for chunk in 0..20 {
        world = world.after([wrote(chunk, &["db/a"]), after(6), look_at_the_clock("next")]);
        if started_at.is_none() && world.knows("~next") {
            started_at = Some(world.now);
        }
    }
    assert_eq!(started_at, Some(instant(102)), "at the first look after 100 seconds");
}

#[test]
fn its_inputs_read_what_was_gathered() {
    let inputs = "inputs: {last: {type: string}, all: {type: list}, by: {type: string}, of: {type: string}, at: {type: string}}\n";
    let given_inputs = "run_inputs: {last: event.data.asset, all: event.data.assets, by: event.data.run_id, \
                        of: event.data.pipeline_id, at: event.time}";
    let world = given(&pipe(&[task("a", "")]));
    let world = world.and("next", &format!("{inputs}{}", listens(&format!("asset: 'db/*', {given_inputs}"))));
    let world = world.after([start(), lease("a"), wrote(0, &["db/b", "db/a"]), look_at_the_clock("next")]);
    let expected = json!({
        "last": "db/b", "all": ["db/a", "db/b"], "by": RUN.to_string(), "of": pipeline().to_string(),
        "at": instant(0).to_string(),
    });
    assert_eq!(Value::Object(world.partition.runs[&world.run("~next")].inputs.clone()), expected);
}

#[test]
fn what_cannot_start_is_said_and_over() {
    let wants = format!(
        "inputs: {{n: {{type: number}}}}\n{}",
        listens("name: rows, asset: db/a, run_inputs: {n: event.data.asset}")
    );
    let world = given(&pipe(&[task("a", "")])).and("next", &wants).after([start(), lease("a"), wrote(0, &["db/a"])]);
    let world = world
        .when(look_at_the_clock("next"))
        .then(["AssetTriggerDeclined rows of next: pipeline input `n`: expected a number, found `\"db/a\"`"]);
    world.when(look_at_the_clock("next")).then([]);
    // Neither does a pipeline that is paused, and what it missed is gone.
    let pause = Step::Do(Command::PausePipeline { pipeline: pipeline_of("next"), reason: "rest".to_owned() });
    let world = running("name: rows, asset: db/a").after([wrote(0, &["db/a"]), pause]);
    let world = world.after([look_at_the_clock("next")]);
    let last = world.history.last().cloned();
    assert!(matches!(last, Some(Event::AssetTriggerDeclined(_))), "{last:?}");
    let resume = Step::Do(Command::ResumePipeline { pipeline: pipeline_of("next") });
    world.after([resume]).when(look_at_the_clock("next")).then([]);
}

#[test]
fn a_pipeline_is_not_started_by_what_its_own_runs_led_to() {
    // Itself.
    let own = format!("meta: {{downbeat: {{triggers: [{{asset: 'db/*'}}]}}}}\n{}", pipe(&[task("a", "")]));
    let world = given(&own).after([start(), lease("a"), wrote(0, &["db/a"])]);
    assert!(world.history.iter().any(|event| matches!(event, Event::AssetsMaterialised(_))));
    world.when(look_at_the_clock("demo")).then([]);
    // In a circle over another one.
    let back = format!("meta: {{downbeat: {{triggers: [{{asset: db/forth}}]}}}}\n{}", pipe(&[task("b", "")]));
    let first = format!("meta: {{downbeat: {{triggers: [{{asset: db/back}}]}}}}\n{}", pipe(&[task("a", "")]));
    let world = given(&first).and("next", &back).after([start(), lease("a"), wrote(0, &["db/forth"])]);
    let world = world.after([look_at_the_clock("next"), lease("b").of("~next")]);
    let collected = operations(&[("MATERIALISATION", "SUCCEEDED", "db/back")]);
    let answer = Step::Report("b", 1, Report::Collected { chunk: 0, collected }).of("~next");
    let world = world.after([answer]);
    let Some(Event::AssetsMaterialised(done)) = world.history.last() else { panic!("{:?}", world.history.last()) };
    assert_eq!((&done.chain, done.depth), (&vec![pipeline(), pipeline_of("next")], 2));
    world.when(look_at_the_clock("demo")).then([]);
}

#[test]
fn a_pipeline_that_an_ending_run_led_to_is_known_as_well() {
    // `demo` writes, `next` is started by that; the end of its run would start `demo` again.
    let follows = format!(
        "trigger_events:\n  - {{type: pipeline, pipeline_id: {}}}\n{}",
        pipeline_of("next"),
        pipe(&[task("a", "")])
    );
    let world = given(&follows).and("next", &listens("asset: db/a")).after([start(), lease("a")]);
    let world = world.after([wrote(0, &["db/a"]), look_at_the_clock("next"), lease("b").of("~next")]);
    let world = world.after([succeeded("b", 1).of("~next")]);
    assert!(!world.history.iter().any(|event| matches!(event, Event::FollowersDue { .. })));
}

#[test]
fn runs_that_led_to_each_other_are_counted() {
    let mut world = given(&pipe(&[task("a", "")]));
    let aliases: Vec<String> = (0..=limits::CHAIN_MAX).map(|place| format!("p{place}")).collect();
    for (place, alias) in aliases.iter().enumerate() {
        world = world.and(alias, &listens(&format!("asset: db/{place}")));
    }
    world = world.after([start(), lease("a"), wrote(0, &["db/0"])]);
    let mut label: Option<&'static str> = None;
    for (place, alias) in aliases.iter().enumerate() {
        world = world.after([look_at_the_clock(alias)]);
        let next: &'static str = Box::leak(format!("~{alias}").into_boxed_str());
        if !world.knows(next) {
            assert_eq!(place, limits::CHAIN_MAX - 1);
            let Some(Event::AssetTriggerDeclined(declined)) = world.history.last() else { panic!() };
            assert_eq!(declined.reason, "20 runs led here one after the other, and that is the most that is allowed");
            return;
        }
        label = Some(next);
        let asset = format!("db/{}", place + 1);
        let collected = operations(&[("SEED", "SUCCEEDED", &asset)]);
        let answer = Step::Report("b", 1, Report::Collected { chunk: 0, collected });
        world = world.after([lease("b").of(next), answer.of(next)]);
    }
    panic!("{label:?} started for ever");
}

#[test]
fn the_run_is_called_after_the_first_that_was_gathered() {
    let id = |world: &World| world.run("~next");
    let first = running("name: rows, asset: 'db/*', debounce: PT10S").after([wrote(0, &["db/a"]), after(3)]);
    let both = first.after([wrote(1, &["db/b"]), after(10), look_at_the_clock("next")]);
    let alone = running("name: rows, asset: 'db/*', debounce: PT10S").after([wrote(0, &["db/a"]), after(10)]);
    let alone = alone.after([look_at_the_clock("next")]);
    assert_eq!(id(&both), id(&alone));
    let attempt = downbeat_domain::AttemptRef { run: RUN, task: 0, number: 1 };
    assert_eq!(id(&both), RunId::of_assets(pipeline_of("next"), "rows", attempt, 0));
    assert_ne!(id(&both), RunId::of_assets(pipeline_of("next"), "rows", attempt, 1));
    assert_ne!(id(&both), RunId::of_assets(pipeline_of("next"), "lines", attempt, 0));
}

#[test]
fn a_chunk_that_is_said_twice_counts_once() {
    let world = running("asset: db/a").after([wrote(0, &["db/a"]), look_at_the_clock("next")]);
    let world = world.when(wrote(0, &["db/a"])).then([]);
    world.when(look_at_the_clock("next")).then([]);
}

#[test]
fn a_new_version_goes_on_gathering_where_its_trigger_is_the_same() {
    let gathered = || running("name: rows, asset: db/a, debounce: PT10S").after([wrote(0, &["db/a"])]);
    let same = gathered().and("next", &format!("# more\n{}", listens("name: rows, asset: db/a, debounce: PT10S")));
    let same = same.after([after(10)]).when(look_at_the_clock("next"));
    same.then(["~next: RunCreated of version 2", "~next: TaskReady b"]);
    for changed in ["name: rows, asset: db/a, debounce: PT20S", "name: lines, asset: db/a, debounce: PT10S"] {
        let other = gathered().and("next", &listens(changed)).after([after(30)]);
        other.when(look_at_the_clock("next")).then([]);
    }
    // What is deleted listens no more, and what comes back begins anew.
    let gone = gathered().after([Step::Do(Command::DeletePipeline { pipeline: pipeline_of("next") })]);
    let gone = gone.when(wrote(1, &["db/a"])).then(["OperationsCollected a#1 chunk 1"]);
    let back = gone.and("next", &listens("name: rows, asset: db/a, debounce: PT10S")).after([after(10)]);
    back.when(look_at_the_clock("next")).then([]);
}

#[test]
fn what_one_trigger_gathers_is_bounded() {
    let mut world = running("asset: '*', debounce: P1D");
    let keys: Vec<String> = (0..limits::ASSETS_GATHERED_MAX + 10).map(|place| format!("db/{place:06}")).collect();
    for (chunk, keys) in (0..).zip(keys.chunks(600)) {
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        world = world.after([wrote(chunk, &keys)]);
    }
    let gathered = &world.partition.pipelines[&pipeline_of("next")].assets.gathered["trigger-1"];
    assert_eq!((gathered.assets.len(), gathered.asset.as_str()), (limits::ASSETS_GATHERED_MAX, "db/001009"));
    let long = format!("db/{}", "x".repeat(limits::ASSET_KEY_BYTES_MAX));
    world.when(wrote(2, &[&long])).then(["OperationsCollected a#1 chunk 2"]);
}
