//! What stands under `meta.downbeat`: ours, and nobody else's.

use std::{collections::BTreeMap, fmt};

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use indexmap::IndexMap;

use super::{AssetTrigger, BudgetRule, Deadline, FreshnessRule, Schedule, Sensor};
use crate::{Span, cron::Dst};

/// Of a pipeline.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PipelineAdditions {
    /// Further cron triggers, written in the five fields of Unix.
    pub schedules: Vec<Schedule>,
    /// Events that start a run.
    pub triggers: Vec<EventTrigger>,
    /// Assets whose materialisation starts a run.
    pub asset_triggers: Vec<AssetTrigger>,
    /// How old assets may become.
    pub freshness: Vec<FreshnessRule>,
    /// By when runs must have ended well.
    pub deadlines: Vec<Deadline>,
    /// Further sensors by id, whose checks may also be of a kind that is ours.
    pub sensors: IndexMap<String, Sensor>,
    /// The longest a run may take, in milliseconds; at least 1.
    pub timeout_ms: Option<u64>,
    /// Which tasks go first where workers are few: -100 to 100, higher first. The default of the pipeline's tasks.
    pub priority: Option<i32>,
    /// Who answers for what its tasks cost.
    pub owner: Option<String>,
    /// Grants for one of these reach it: at most 20, none twice; see [`crate::is_label`].
    pub labels: Vec<String>,
    /// What its runs may cost.
    pub budget: Option<BudgetRule>,
    /// A run that finds no free slot cancels the runs that are live, instead of what `configuration.concurrency.on_limit` says.
    pub cancel_running: bool,
}

/// Starts a run on an event: one, or one of each of several kinds within a time.
#[derive(Debug, Clone, PartialEq)]
pub struct EventTrigger {
    /// As given, or `trigger-N`, counted from 1; different from those of the pipeline's other triggers.
    pub name: String,
    /// At least one.
    pub parts: Vec<EventPart>,
    /// Where there are several: milliseconds that an event waits for the others; at least 1.
    pub within_ms: Option<u64>,
    /// The trigger in the text.
    pub span: Span,
}

/// Which events count, and what a run is given of them.
#[derive(Debug, Clone, PartialEq)]
pub struct EventPart {
    /// NATS subject below `downbeat.trigger.`; see [`crate::subject`].
    pub subject: String,
    /// Expression over `event`; absent means always.
    pub when: Option<String>,
    /// Expressions over `event` by input.
    pub run_inputs: IndexMap<String, String>,
}

/// How a schedule behaves beyond its cron expression.
#[derive(Debug, Clone, PartialEq)]
pub struct ScheduleOptions {
    /// What becomes of a fixed time when the clock changes.
    pub dst: Dst,
    /// What becomes of instants that were missed.
    pub catchup: Catchup,
    /// Missed instants that are caught up at most, the latest ones: 1 to 1,000.
    pub max_catchup: u32,
    /// How old a missed instant may be to be caught up, in milliseconds; at most 366 days.
    pub catchup_window_ms: u64,
    /// Each instant fires up to so much later, in milliseconds; at most a day.
    pub jitter_ms: u64,
    /// It does not fire before.
    pub start: Option<Moment>,
    /// It does not fire from this instant on, or after this day.
    pub end: Option<Moment>,
    /// It does not fire, and what passes meanwhile is not caught up.
    pub paused: bool,
}

impl Default for ScheduleOptions {
    fn default() -> Self {
        Self {
            dst: Dst::default(),
            catchup: Catchup::default(),
            max_catchup: 100,
            catchup_window_ms: 24 * 60 * 60 * 1_000,
            jitter_ms: 0,
            start: None,
            end: None,
            paused: false,
        }
    }
}

/// What becomes of instants that were missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Catchup {
    /// They are skipped, which is recorded.
    #[default]
    None,
    /// The latest one fires, the others are skipped.
    Latest,
    /// All fire, one after the other.
    All,
    /// One run for all of them, which is given the list.
    Coalesce,
}

impl Catchup {
    /// Every policy, the default first.
    pub const ALL: [Catchup; 4] = [Catchup::None, Catchup::Latest, Catchup::All, Catchup::Coalesce];

    /// The word of the language.
    pub fn word(self) -> &'static str {
        match self {
            Catchup::None => "none",
            Catchup::Latest => "latest",
            Catchup::All => "all",
            Catchup::Coalesce => "coalesce",
        }
    }

    /// The policy of a word.
    pub fn from_word(word: &str) -> Option<Catchup> {
        Catchup::ALL.into_iter().find(|policy| policy.word() == word)
    }
}

/// Where the life of a schedule begins or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// An instant.
    Instant(Timestamp),
    /// A day in the schedule's zone.
    Date(Date),
}

impl Moment {
    /// Reads a date, or an instant with its offset.
    pub fn parse(text: &str) -> Option<Moment> {
        match text.len() {
            10 => text.parse().ok().map(Moment::Date),
            _ => text.parse().ok().map(Moment::Instant),
        }
    }

    /// The instant, or the first one of the day.
    pub fn begins(self, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Moment::Instant(instant) => Some(instant),
            Moment::Date(date) => zone.to_timestamp(date.at(0, 0, 0, 0)).ok(),
        }
    }

    /// The instant, or the first one after the day.
    pub fn ends(self, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Moment::Instant(instant) => Some(instant),
            Moment::Date(date) => Moment::Date(date.tomorrow().ok()?).begins(zone),
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Moment::Instant(instant) => instant.fmt(formatter),
            Moment::Date(date) => date.fmt(formatter),
        }
    }
}

/// Of a task group.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GroupAdditions {
    /// As that of the pipeline, which it replaces for the tasks of the group.
    pub priority: Option<i32>,
}

/// Of a task.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TaskAdditions {
    /// How long to wait between attempts, instead of `retry_delay`.
    pub retry: Option<RetryDelay>,
    /// The pool whose slots its attempts take.
    pub pool: Option<PoolUse>,
    /// As that of the group or the pipeline, which it replaces.
    pub priority: Option<i32>,
    /// Only a worker that carries all these labels runs it; empty means any worker.
    pub worker_labels: BTreeMap<String, String>,
    /// Of a task that starts another pipeline's run: whether it waits for the end of that run. Absent means yes.
    pub wait: Option<bool>,
    /// Who answers for what it costs, instead of the owner of the pipeline.
    pub owner: Option<String>,
    /// Keys `<namespace>/<name>` of the assets that it reads, as written; at most 100, none twice.
    pub reads: Vec<String>,
    /// Keys of the assets that it writes, as written; at most 100, none twice.
    pub writes: Vec<String>,
    /// Of an approval: milliseconds after which it has failed if nobody has decided; at least 1. Absent means never.
    pub approval_expires_ms: Option<u64>,
}

/// How long to wait before a further attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct RetryDelay {
    /// Milliseconds before the second attempt.
    pub delay_ms: u64,
    /// The delay doubles with every attempt.
    pub exponential: bool,
    /// The longest delay, in milliseconds.
    pub max_delay_ms: Option<u64>,
    /// Part of the delay, 0 to 1, that is drawn by chance.
    pub jitter: f64,
}

/// What a task takes of a pool. Pools are shared by all pipelines; how many slots one has is said elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolUse {
    /// The pool: 1 to 100 of `A-Z a-z 0-9 _ . -`.
    pub name: String,
    /// Slots that an attempt holds: 1 to 10,000.
    pub slots: u32,
}
