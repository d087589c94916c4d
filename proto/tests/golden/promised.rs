//! What asset triggers, ages of assets and deadlines write.

use downbeat_domain::{
    AttemptRef, Event, PipelineApplied, RunStatus, Trigger,
    event::{
        AssetTriggerDeclined, AssetsMaterialised, DeadlineBreached, DeadlineMet, FreshnessBreached, FreshnessRestored,
    },
    plan::{Catchup, Plan, PlanAssetTrigger, PlanDeadline, PlanFreshness, PlanSchedule},
};

use crate::{
    added::{created, text},
    samples::{PIPELINE, RUN, at},
};

fn plan() -> Plan {
    let schedule = PlanSchedule {
        name: text("deadline:morning"),
        cron: text("0 7 ? * MON-FRI *"),
        timezone: text("Europe/London"),
        catchup: Catchup::All,
        catchup_window_ms: 604_800_000,
        ..PlanSchedule::default()
    };
    Plan {
        asset_triggers: vec![PlanAssetTrigger {
            name: text("sales"),
            assets: vec![text("warehouse/sales.*"), text("lake/raw")],
            debounce_ms: 300_000,
            run_inputs: vec![(text("tables"), text("event.data.assets"))],
        }],
        freshness: vec![PlanFreshness {
            name: text("orders"),
            asset: text("warehouse/sales.orders"),
            max_age_ms: 86_400_000,
            since: Some(at(40)),
        }],
        deadlines: vec![PlanDeadline { name: text("morning"), schedule, within_ms: 21_600_000 }],
        ..Plan::default()
    }
}

/// File name and event.
pub(crate) fn events() -> Vec<(&'static str, Event)> {
    let applied = PipelineApplied {
        pipeline: PIPELINE,
        alias: text("weather"),
        version: 8,
        name: text("Weather"),
        source: text("version: v1\n"),
        source_root: String::new(),
        digest: *blake3::hash(b"promises").as_bytes(),
        plan: plan(),
        origin: None,
        storage: None,
    };
    let done = AssetsMaterialised {
        attempt: AttemptRef { run: RUN, task: 1, number: 2 },
        chunk: 3,
        assets: vec![text("lake/raw"), text("warehouse/sales.orders")],
        chain: vec![PIPELINE],
        depth: 2,
        at: at(50),
    };
    let declined =
        AssetTriggerDeclined { pipeline: PIPELINE, trigger: text("sales"), reason: text("it is paused"), at: at(51) };
    let breached = |last| FreshnessBreached {
        pipeline: PIPELINE,
        rule: text("orders"),
        asset: text("warehouse/sales.orders"),
        last,
        at: at(52),
    };
    let restored = |run| FreshnessRestored {
        pipeline: PIPELINE,
        rule: text("orders"),
        asset: text("warehouse/sales.orders"),
        run,
        at: at(53),
    };
    let met =
        DeadlineMet { pipeline: PIPELINE, deadline: text("morning"), instant: at(54), run: Some(RUN), at: at(55) };
    let missed =
        |live| DeadlineBreached { pipeline: PIPELINE, deadline: text("morning"), instant: at(54), live, at: at(55) };
    let trigger = Trigger::Asset {
        trigger: text("sales"),
        assets: vec![text("lake/raw"), text("warehouse/sales.orders")],
        runs: vec![RUN],
        chain: vec![PIPELINE],
        depth: 2,
    };
    vec![
        ("PIPELINE_APPLIED.promises", Event::PipelineApplied(Box::new(applied))),
        ("ASSETS_MATERIALISED", Event::AssetsMaterialised(Box::new(done))),
        ("ASSET_TRIGGER_DECLINED", Event::AssetTriggerDeclined(Box::new(declined))),
        ("FRESHNESS_BREACHED", Event::FreshnessBreached(Box::new(breached(Some((RUN, at(45))))))),
        ("FRESHNESS_BREACHED.never", Event::FreshnessBreached(Box::new(breached(None)))),
        ("FRESHNESS_RESTORED", Event::FreshnessRestored(Box::new(restored(Some(RUN))))),
        ("FRESHNESS_RESTORED.rule_gone", Event::FreshnessRestored(Box::new(restored(None)))),
        ("DEADLINE_MET", Event::DeadlineMet(Box::new(met))),
        ("DEADLINE_BREACHED", Event::DeadlineBreached(Box::new(missed(None)))),
        ("DEADLINE_BREACHED.live", Event::DeadlineBreached(Box::new(missed(Some((RUN, RunStatus::Running)))))),
        ("RUN_CREATED.asset", created(trigger, None)),
    ]
}
