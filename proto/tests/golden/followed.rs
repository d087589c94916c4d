//! What the end of a run starts.

use downbeat_domain::{
    Event, PipelineApplied, RunStatus, Trigger,
    event::Follower,
    plan::{Plan, PlanPipelineTrigger},
};
use serde_json::json;

use crate::{
    added::{OTHER_PIPELINE, OTHER_RUN, created, text},
    samples::{PIPELINE, RUN, at, object},
};

fn follows() -> Event {
    let trigger = |pipeline, statuses: &[RunStatus]| PlanPipelineTrigger {
        pipeline,
        statuses: statuses.to_vec(),
        run_inputs: object(json!({"rows": "${{ outputs['a']['rows'] }}"})),
    };
    let pipeline_triggers = vec![
        trigger(Some(OTHER_PIPELINE), &[RunStatus::Succeeded, RunStatus::Warning]),
        trigger(None, &[RunStatus::Skipped]),
    ];
    Event::PipelineApplied(Box::new(PipelineApplied {
        pipeline: PIPELINE,
        alias: text("report"),
        version: 1,
        name: text("Report"),
        source: text("version: v1\n"),
        source_root: String::new(),
        digest: *blake3::hash(b"report").as_bytes(),
        plan: Plan { pipeline_triggers, ..Plan::default() },
        origin: None,
        storage: None,
    }))
}

/// File name and event.
pub(crate) fn events() -> Vec<(&'static str, Event)> {
    let (chain, followers) = (vec![OTHER_PIPELINE, PIPELINE], vec![Follower { pipeline: OTHER_PIPELINE, trigger: 3 }]);
    let caused =
        Trigger::PipelineEnded { run: OTHER_RUN, status: RunStatus::Warning, trigger: 3, chain: chain.clone() };
    vec![
        ("PIPELINE_APPLIED.follows", follows()),
        ("RUN_CREATED.pipeline-ended", created(caused, None)),
        ("FOLLOWERS_DUE", Event::FollowersDue { run: RUN, status: RunStatus::Failed, chain, followers, at: at(43) }),
        (
            "FOLLOWER_DECLINED",
            Event::FollowerDeclined { ended: RUN, pipeline: OTHER_PIPELINE, reason: text("it is paused"), at: at(44) },
        ),
    ]
}
