//! Jobs that may outlive the worker that began them.

use downbeat_domain::{Command, Mark, Report};
use serde_json::Map;

use crate::{
    recorder::{Recorder, run},
    scenarios::with,
};

/// Attempts with jobs in another system are lost, carried on with, marked and cancelled.
pub(crate) fn remote() -> Vec<Vec<u8>> {
    let demo = with("pipeline: {a: {JOB, configuration: {timeout: 100}}, b: {JOB}, c: {JOB}, d: {JOB}}\n").start(1);
    let lost = |demo: Recorder, task: &str| {
        let attempt = demo.attempt(1, task);
        demo.run(Command::LoseAttempt { attempt, reason: "gone".to_owned() })
    };
    let demo = lost(demo.work_remotely(1, "a"), "a").after(1).wake(1).work_remotely(1, "a");
    let demo = lost(demo.work_remotely(1, "b"), "b");
    let (run, by) = (run(1), "ada".to_owned());
    let marked = |task| Command::MarkTask {
        run,
        task,
        mark: Mark::Succeeded,
        outputs: Map::new(),
        reason: "known".to_owned(),
        by: by.clone(),
    };
    let demo = demo.run(marked(1)).after(1).wake(1).work_remotely(1, "c").work(1, "d");
    let demo = lost(lost(demo, "c"), "d");
    let demo = demo.run(Command::CancelRun { run, reason: "enough".to_owned() });
    demo.report(1, "a", Report::Stopped { unconfirmed: "it answers 500".to_owned() }).into_records()
}
