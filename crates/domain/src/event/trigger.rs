//! What starts runs, and what becomes of that which starts none.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::AttemptRef;
use crate::{
    id::{BackfillId, PipelineId, RunId},
    status::{RestartMode, RunStatus},
};

/// What started a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    /// A person or a program asked.
    Manual {
        /// Who.
        user: String,
    },
    /// A schedule was due.
    Scheduled {
        /// Its name in the pipeline.
        schedule: String,
        /// The instant that the schedule names, not the moment it was served.
        instant: Timestamp,
        /// Earlier instants that were missed and that this run stands for as well; the latest of them, in order.
        coalesced: Vec<Timestamp>,
        /// How many these are, those that are not listed included.
        coalesced_count: u64,
    },
    /// An `ORCHESTRA/TRIGGER_PIPELINE` of another run.
    Parent {
        /// The attempt that started it.
        attempt: AttemptRef,
        /// The pipeline of that attempt's run.
        pipeline: PipelineId,
        /// How many runs stand above this one.
        depth: u32,
    },
    /// A trigger took an event from outside, or one of each of its parts.
    Event {
        /// The trigger's name in the pipeline.
        trigger: String,
        /// The events, in the order of its parts.
        events: Vec<EventOrigin>,
        /// Runs in the chain of causes that led to them.
        depth: u32,
    },
    /// All checks of a sensor passed in one of its windows.
    Sensor {
        /// Id of the sensor in the pipeline.
        sensor: String,
        /// The instant of its schedule that opened the window.
        instant: Timestamp,
    },
    /// A call from outside.
    Webhook {
        /// Id of the delivery: the same one again is the same run.
        delivery: String,
        /// By which scheme its signature was verified; empty = it was not signed.
        signature: String,
    },
    /// A run that has ended is run again, wholly or in part.
    Restart {
        /// Who asked.
        user: String,
        /// The run that this one continues.
        run: RunId,
        /// Which part of it.
        mode: RestartMode,
    },
    /// Assets were materialised.
    Asset {
        /// The trigger's name in the pipeline.
        trigger: String,
        /// Keys of the assets that were gathered, in the order in which they came.
        assets: Vec<String>,
        /// The runs that materialised them.
        runs: Vec<RunId>,
        /// Pipelines of the runs that led here; none of them is started by this one again.
        chain: Vec<PipelineId>,
        /// Runs in the longest chain of causes that led here.
        depth: u32,
    },
    /// A run of another pipeline ended.
    PipelineEnded {
        /// That run.
        run: RunId,
        /// How it ended.
        status: RunStatus,
        /// Place of the trigger among the pipeline's `trigger_events`.
        trigger: u32,
        /// Pipelines of the runs that led here, that run's last; none of them is started by this one again.
        chain: Vec<PipelineId>,
    },
    /// A backfill came to an instant of a schedule.
    Backfill {
        /// The backfill.
        backfill: BackfillId,
        /// Name of the schedule in the pipeline.
        schedule: String,
        /// The instant that the schedule names.
        instant: Timestamp,
        /// Who asked for the backfill.
        user: String,
    },
}

/// A pipeline that the end of a run starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Follower {
    /// The pipeline.
    pub pipeline: PipelineId,
    /// Place of the trigger among its `trigger_events`.
    pub trigger: u32,
}

/// Where an event comes from; what it carried is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventOrigin {
    /// Unique in its source.
    pub id: String,
    /// Who made it.
    pub source: String,
    /// NATS subject that it was published to, below `downbeat.trigger.`.
    pub address: String,
    /// When it says that it happened.
    pub time: Option<Timestamp>,
}

/// See [`super::Event::ScheduleDecided`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleDecided {
    /// The pipeline.
    pub pipeline: PipelineId,
    /// Name of the schedule.
    pub schedule: String,
    /// What became of which instants, one entry per reason.
    pub passed: Vec<PassedInstants>,
    /// Every instant up to this one is decided.
    pub up_to: Timestamp,
    /// When.
    pub at: Timestamp,
}

/// Instants of a schedule that have no run of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassedInstants {
    /// Why.
    pub reason: PassReason,
    /// How many.
    pub count: u64,
    /// The first of them.
    pub first: Timestamp,
    /// The last of them.
    pub last: Timestamp,
    /// The latest of them, in order; at most [`crate::limits::PASSED_LISTED_MAX`] in one event.
    pub listed: Vec<Timestamp>,
    /// More about why, for people; mostly empty.
    pub message: String,
}

/// Why an instant of a schedule has no run of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PassReason {
    /// It was missed, and the schedule does not catch up.
    Missed,
    /// It was missed, and of missed instants only the latest fires.
    NotLatest,
    /// It was missed, and is older than the schedule catches up.
    TooOld,
    /// It was missed, and more than the schedule catches up follow it.
    TooMany,
    /// It was missed, and the run of a later instant stands for it.
    Coalesced,
    /// The pipeline or the schedule was paused.
    Paused,
    /// A new version of the pipeline has another schedule of this name.
    Replaced,
    /// No run could be made of it, or a backfill has run it already.
    Refused,
}

impl PassReason {
    /// Every reason.
    pub const ALL: [PassReason; 8] = [
        PassReason::Missed,
        PassReason::NotLatest,
        PassReason::TooOld,
        PassReason::TooMany,
        PassReason::Coalesced,
        PassReason::Paused,
        PassReason::Replaced,
        PassReason::Refused,
    ];

    /// The word of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missed => "MISSED",
            Self::NotLatest => "NOT_LATEST",
            Self::TooOld => "TOO_OLD",
            Self::TooMany => "TOO_MANY",
            Self::Coalesced => "COALESCED",
            Self::Paused => "PAUSED",
            Self::Replaced => "REPLACED",
            Self::Refused => "REFUSED",
        }
    }
}

/// See [`super::Event::EventTaken`].
#[derive(Clone, Debug, PartialEq)]
pub struct EventTaken {
    /// The pipeline.
    pub pipeline: PipelineId,
    /// Name of the trigger.
    pub trigger: String,
    /// Place of the part that it is for.
    pub part: u32,
    /// The event.
    pub origin: EventOrigin,
    /// Runs in the chain of causes that led to it.
    pub depth: u32,
    /// What it gives to the run: values of the part's expressions.
    pub inputs: Map<String, Value>,
    /// When it was taken: from here it waits.
    pub at: Timestamp,
}
