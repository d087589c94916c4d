//! Events in which no task takes part: whatever its phase, it stays there.

use downbeat_domain::{
    AlertId, AttemptRef, BackfillCreated, BackfillId, CommandKind, Event, EventOrigin, EventTaken, PassReason,
    PassedInstants, PipelineApplied, PipelineStorage, RunStatus, ScheduleDecided, Target, TargetKind, WindowRef,
    cost::{CostEvent, CostRecorded, Origin, PricesSet},
    event::{
        AlertSubject, AlertsRaised, AssetTriggerDeclined, AssetsMaterialised, CommandRejected, DeadlineBreached,
        DeadlineMet, Follower, FreshnessBreached, FreshnessRestored, SensorChecked, SensorClosed, SensorEventTaken,
        SensorOpened,
    },
    foreign::{LineageReported, Said},
    plan::Plan,
    status::WindowEnd,
};
use serde_json::{Map, Value};

use crate::{PIPELINE, RUN, at};

fn version(version: u32) -> PipelineApplied {
    PipelineApplied {
        pipeline: PIPELINE,
        alias: String::new(),
        version,
        name: String::new(),
        source: String::new(),
        source_root: String::new(),
        digest: [2; 32],
        plan: Plan::default(),
        origin: None,
        storage: None,
    }
}

pub(crate) fn events() -> Vec<Event> {
    let text = String::new;
    let passed = PassedInstants {
        reason: PassReason::Missed,
        count: 1,
        first: at(0),
        last: at(0),
        listed: vec![at(0)],
        message: text(),
    };
    let window = || WindowRef { pipeline: PIPELINE, sensor: text(), instant: at(0) };
    let origin = EventOrigin { id: "1".to_owned(), source: text(), address: "a".to_owned(), time: None };
    vec![
        Event::PipelineDrafted(Box::new(version(2))),
        Event::PipelineRecalled(Box::new(version(2))),
        Event::PipelineStorageSet { pipeline: PIPELINE, storage: PipelineStorage::ours(), at: at(1) },
        Event::PipelinePaused { pipeline: PIPELINE, reason: text(), at: at(1) },
        Event::PipelineResumed { pipeline: PIPELINE, at: at(1) },
        Event::PipelineDeleted { pipeline: PIPELINE, at: at(1) },
        Event::Cost(Box::new(CostEvent::PricesSet(PricesSet { version: 1, prices: Vec::new(), at: at(1) }))),
        Event::Cost(Box::new(CostEvent::CostRecorded(CostRecorded {
            origin: Origin { pipeline: Some(PIPELINE), ..Origin::default() },
            prices: 1,
            entries: Vec::new(),
            unpriced: Vec::new(),
            at: at(1),
        }))),
        Event::PoolSet { name: "p".to_owned(), slots: Some(0), at: at(1) },
        Event::TimeZonesChanged { before: text(), release: "2026f".to_owned(), at: at(1) },
        Event::ScheduleDecided(Box::new(ScheduleDecided {
            pipeline: PIPELINE,
            schedule: "s".to_owned(),
            passed: vec![passed],
            up_to: at(0),
            at: at(1),
        })),
        Event::EventTaken(Box::new(EventTaken {
            pipeline: PIPELINE,
            trigger: "t".to_owned(),
            part: 0,
            origin,
            depth: 0,
            inputs: Map::new(),
            at: at(1),
        })),
        Event::FollowersDue {
            run: RUN,
            status: RunStatus::Succeeded,
            chain: vec![PIPELINE],
            followers: vec![Follower { pipeline: PIPELINE, trigger: 0 }],
            at: at(1),
        },
        Event::FollowerDeclined { ended: RUN, pipeline: PIPELINE, reason: text(), at: at(1) },
        Event::BackfillCreated(Box::new(BackfillCreated {
            backfill: BackfillId([4; 16]),
            pipeline: PIPELINE,
            schedule: "s".to_owned(),
            from: at(0),
            to: at(1),
            instants: vec![at(0)],
            skipped: Vec::new(),
            max_active: 1,
            force: false,
            user: text(),
            at: at(1),
        })),
        Event::BackfillDeclined { backfill: BackfillId([4; 16]), instants: vec![at(0)], reason: text(), at: at(1) },
        Event::BackfillCancelled { backfill: BackfillId([4; 16]), reason: text(), at: at(1) },
        Event::SensorOpened(Box::new(SensorOpened { window: window(), closes: at(9), at: at(1) })),
        Event::SensorChecked(Box::new(SensorChecked { window: window(), findings: Vec::new(), at: at(1) })),
        Event::SensorClosed(Box::new(SensorClosed {
            window: window(),
            end: WindowEnd::TimedOut,
            message: text(),
            at: at(1),
        })),
        Event::SensorEventTaken(Box::new(SensorEventTaken { event_type: text(), data: Value::Null, at: at(1) })),
        Event::AssetsMaterialised(Box::new(AssetsMaterialised {
            attempt: AttemptRef { run: RUN, task: 0, number: 1 },
            chunk: 0,
            assets: vec!["db/a".to_owned()],
            chain: vec![PIPELINE],
            depth: 1,
            at: at(1),
        })),
        Event::AssetTriggerDeclined(Box::new(AssetTriggerDeclined {
            pipeline: PIPELINE,
            trigger: text(),
            reason: text(),
            at: at(1),
        })),
        Event::FreshnessBreached(Box::new(FreshnessBreached {
            pipeline: PIPELINE,
            rule: text(),
            asset: text(),
            last: None,
            at: at(1),
        })),
        Event::FreshnessRestored(Box::new(FreshnessRestored {
            pipeline: PIPELINE,
            rule: text(),
            asset: text(),
            run: None,
            at: at(1),
        })),
        Event::DeadlineMet(Box::new(DeadlineMet {
            pipeline: PIPELINE,
            deadline: text(),
            instant: at(0),
            run: Some(RUN),
            at: at(1),
        })),
        Event::DeadlineBreached(Box::new(DeadlineBreached {
            pipeline: PIPELINE,
            deadline: text(),
            instant: at(0),
            live: None,
            at: at(1),
        })),
        Event::AlertsRaised(Box::new(AlertsRaised {
            pipeline: PIPELINE,
            subject: AlertSubject::Run(RUN),
            scope: String::new(),
            status: RunStatus::Failed,
            took_ms: Some(1),
            alerts: Vec::new(),
            held: vec![text()],
            anomalies: Vec::new(),
            at: at(1),
        })),
        Event::AlertDelivered { alert: AlertId([7; 16]), at: at(1) },
        Event::AlertFailed { alert: AlertId([7; 16]), failures: 1, message: text(), retry_at: None, at: at(1) },
        Event::AlertRetried { alert: AlertId([7; 16]), failures: 1, at: at(1) },
        Event::LineageReported(Box::new(LineageReported {
            said: Said { identity: [1; 16], ..Said::default() },
            part: 0,
            collected: std::sync::Arc::default(),
            at: at(1),
        })),
        Event::CommandRejected(Box::new(CommandRejected {
            command: CommandKind::CancelRun,
            actor: text(),
            targets: vec![Target::new(TargetKind::Run, RUN)],
            code: text(),
            message: text(),
            more: 0,
            since: at(1),
            at: at(1),
        })),
        Event::RunQueued { run: RUN, reason: text(), at: at(1) },
        Event::RunAdmitted { run: RUN, deadline: Some(at(90)), at: at(1) },
        Event::CarryCompleted { run: RUN, at: at(1) },
        Event::IterationOpened { run: RUN, group: 0, iteration: 0 },
        Event::TaskResumes { run: RUN, task: 0, iteration: None, operations: vec!["model.x".to_owned()] },
    ]
}
