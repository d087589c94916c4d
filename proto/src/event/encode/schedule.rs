//! What became of instants of schedules.

use downbeat_domain::{PassedInstants, ScheduleDecided};

use crate::{
    convert::{id_bytes, micros},
    event::{event, words},
    events::v1::{self as wire, EventKind},
};

pub(super) fn decided(decided: &ScheduleDecided) -> wire::Event {
    let decided = wire::ScheduleDecided {
        pipeline_id: id_bytes(&decided.pipeline.0),
        schedule: decided.schedule.clone(),
        passed: decided.passed.iter().map(passed).collect(),
        up_to: micros(decided.up_to),
        at: micros(decided.at),
    };
    event(EventKind::ScheduleDecided, &decided)
}

/// The wire form of instants that get no run of their own.
pub fn passed(passed: &PassedInstants) -> wire::PassedInstants {
    wire::PassedInstants {
        reason: words::pass_reason(passed.reason) as i32,
        count: passed.count,
        first: micros(passed.first),
        last: micros(passed.last),
        listed: passed.listed.iter().map(|instant| micros(*instant)).collect(),
        message: passed.message.clone(),
    }
}
