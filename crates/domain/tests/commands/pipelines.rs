//! ApplyPipeline.

use crate::{
    chain,
    world::{apply, given, lease, start, succeeded},
};

#[test]
fn the_same_text_again_is_the_same_version() {
    given(&chain("")).when(apply(&chain(""))).then([]);
}

#[test]
fn another_text_is_the_next_version() {
    given(&chain("")).when(apply(&chain("    depends_on: []\n"))).then(["PipelineApplied version 2"]);
}

#[test]
fn a_live_run_keeps_the_version_that_it_started_with() {
    let alone = "pipeline:\n  a:\n    integration: X\n    integration_job: Y\n    parameters: {}\n";
    given(&chain(""))
        .after([start(), apply(alone), apply(&chain("")), lease("a")])
        .when(succeeded("a", 1))
        .then(["AttemptSucceeded a#1 SUCCEEDED", "TaskReady b"]);
}
