//! Assets: gathered and started, gathered still, declined; ages that were breached and restored; deadlines met and missed.

use downbeat_domain::{
    Command, FireSchedule, Outcome, Report,
    metadata::{Collected, Operation},
};
use jiff::Timestamp;

use serde_json::Map;

use crate::recorder::{Recorder, pipeline};

const BODY: &str = "meta:
  downbeat:
    freshness: [{asset: db/orders, max_age: PT10S}, {asset: db/lines, max_age: PT10S}]
    deadlines: [{name: morning, unix_cron: 0 7 * * *, within: PT1H}]
pipeline: {a: {integration: HTTP, integration_job: HTTP_REQUEST, parameters: {method: GET, path: x}}}
";

const LISTENS: &str = "inputs: {n: {type: number, optional: true}, all: {type: list, optional: true}}
meta:
  downbeat:
    triggers:
      - {name: rows, asset: 'db/*', debounce: PT5S, run_inputs: {all: event.data.assets}}
      - {name: wrong, asset: db/lines, run_inputs: {n: event.data.asset}}
      - {name: waits, asset: db/orders, debounce: PT1H}
pipeline: {b: {integration: HTTP, integration_job: HTTP_REQUEST, parameters: {method: GET, path: x}}}
";

fn wrote(chunk: u32, asset: &str) -> Report {
    let operation = Operation {
        external_id: "model.x".to_owned(),
        kind: "MATERIALISATION".to_owned(),
        status: "SUCCEEDED".to_owned(),
        asset: asset.to_owned(),
        ..Operation::default()
    };
    let collected = Collected { operations: vec![operation], ..Collected::default() };
    Report::Collected { chunk, collected }
}

fn look(after: Option<i64>, second: i64) -> Command {
    let at = |second| Timestamp::from_second(second).expect("an instant");
    Command::FireSchedule(FireSchedule {
        version: 0,
        pipeline: pipeline("demo"),
        schedule: "deadline:morning".to_owned(),
        instant: at(second),
        after: after.map(at),
        passed: Vec::new(),
        fires: true,
    })
}

fn wake(alias: &str) -> Command {
    Command::WakePipeline { pipeline: pipeline(alias) }
}

pub(crate) fn assets() -> Vec<Vec<u8>> {
    let demo = Recorder::new(BODY).apply("next", LISTENS);
    let demo = demo.run(look(None, 1_789_999_000)).start(1).work(1, "a");
    // One of two becomes too old and comes back; the other stays too old.
    let demo = demo.report(1, "a", wrote(0, "db/orders")).after(5).run(wake("next"));
    let demo = demo.after(5).run(wake("demo")).report(1, "a", wrote(1, "db/orders")).run(wake("demo"));
    // The run of `rows` starts, that of `wrong` cannot.
    let demo = demo.report(1, "a", wrote(2, "db/lines")).run(wake("next")).after(5).run(wake("next"));
    let demo = demo.after(20).run(wake("demo"));
    let demo = demo.report(1, "a", succeeded());
    // Met by that run, and not by any.
    demo.run(look(Some(1_789_999_000), 1_790_000_040))
        .after(3_700)
        .run(look(Some(1_790_000_040), 1_790_003_700))
        .into_records()
}

fn succeeded() -> Report {
    Report::Succeeded { outcome: Outcome::Succeeded, outputs: Map::new(), message: String::new() }
}

/// A task says what it reads and writes: in the decision that ends it, and beside what it reported itself.
pub(crate) fn declared() -> Vec<Vec<u8>> {
    const SAYS: &str = "pipeline:
  a: {integration: HTTP, integration_job: HTTP_REQUEST, parameters: {method: GET, path: x}, meta: {downbeat: {reads: [db/raw], writes: [db/orders, db/lines]}}}
  b: {integration: ORCHESTRA, integration_job: APPROVAL, parameters: {}, depends_on: [a], meta: {downbeat: {reads: [db/orders]}}}
";
    let demo = Recorder::new(SAYS).apply("next", LISTENS).start(1);
    demo.work(1, "a").report(1, "a", wrote(0, "db/orders")).report(1, "a", succeeded()).into_records()
}
