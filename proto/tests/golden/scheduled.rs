//! Schedules with options, and instants without a run of their own.

use downbeat_domain::{
    Event, PassReason, PassedInstants, PipelineApplied, ScheduleDecided, Trigger,
    plan::{Catchup, Dst, Plan, PlanSchedule},
};
use serde_json::json;

use crate::{
    added::{created, text},
    samples::{PIPELINE, at, object, plan},
};

/// Every option of a schedule differs from what an absent one means.
fn scheduled_plan() -> Plan {
    let schedule = PlanSchedule {
        name: text("hourly"),
        cron: text("0 * * * 1-5"),
        unix: true,
        timezone: text("Europe/London"),
        environment: String::new(),
        run_inputs: object(json!({"day": "friday"})),
        exclude: vec![text("2026-12-25")],
        dst: Dst::Shift,
        catchup: Catchup::Coalesce,
        max_catchup: 24,
        catchup_window_ms: 0,
        jitter_ms: 90_000,
        start: Some(at(1)),
        end: Some(at(2)),
        paused: true,
    };
    Plan { schedules: vec![schedule], ..plan() }
}

/// File name and event.
pub(crate) fn events() -> Vec<(&'static str, Event)> {
    let late = Trigger::Scheduled {
        schedule: text("hourly"),
        instant: at(7_200),
        coalesced: vec![at(0), at(3_600)],
        coalesced_count: 250,
    };
    let passed = PassReason::ALL.into_iter().enumerate().map(|(place, reason)| {
        let first = at(place as i64 * 100);
        let listed = if place == 0 { vec![first] } else { Vec::new() };
        PassedInstants {
            reason,
            count: place as u64 + 1,
            first,
            last: at(place as i64 * 100 + 50),
            listed,
            message: text(""),
        }
    });
    let refused = PassedInstants {
        reason: PassReason::Refused,
        count: 1,
        first: at(60),
        last: at(60),
        listed: vec![at(60)],
        message: text("pipeline input `day`: there is no `ENV.GONE`"),
    };
    let decided = |passed: Vec<PassedInstants>| {
        let (schedule, up_to) = (text("hourly"), at(900));
        Event::ScheduleDecided(Box::new(ScheduleDecided { pipeline: PIPELINE, schedule, passed, up_to, at: at(901) }))
    };
    vec![
        ("TIME_ZONES_CHANGED", Event::TimeZonesChanged { before: text("2025b"), release: text("2026f"), at: at(12) }),
        (
            "PIPELINE_APPLIED.schedules",
            Event::PipelineApplied(Box::new(PipelineApplied {
                pipeline: PIPELINE,
                alias: text("weather"),
                version: 6,
                name: text("Seattle weather"),
                source: text("version: v1\nname: Seattle weather\n"),
                source_root: String::new(),
                digest: *blake3::hash(b"weather on time").as_bytes(),
                plan: scheduled_plan(),
                origin: None,
                storage: None,
            })),
        ),
        ("SCHEDULE_DECIDED", decided(passed.collect())),
        ("SCHEDULE_DECIDED.refused", decided(vec![refused])),
        ("RUN_CREATED.late", created(late, None)),
    ]
}
