//! What users do: pipelines as they would write them, and who asks for what when. One file per kind.
//!
//! A workload knows nothing about faults; it says what is asked for and how its jobs behave. To add one: a file with a function
//! `fn(&mut Dice) -> Workload`, and a line in [`ALL`].

mod approvals;
mod assets;
mod backfills;
mod cancels;
mod children;
pub mod costs;
mod deep;
mod edits;
mod events;
mod followers;
mod graph;
mod lanes;
mod matrix;
mod noops;
mod pools;
mod remote;
mod restarts;
mod retries;
mod schedules;
mod sensors;
mod waits;
mod wide;
mod yaml;

use super::{dice::Dice, nodes::carrying::REMOTE, time::At};

/// Something that a user asks for.
#[derive(Clone, Debug)]
pub enum Action {
    /// Applies a version of a pipeline: places in [`Workload::pipelines`].
    Apply {
        /// Which pipeline.
        pipeline: usize,
        /// Which of its texts.
        version: usize,
    },
    /// Starts a run of a pipeline under an idempotency key.
    Start {
        /// Which pipeline.
        pipeline: usize,
        /// The key, one per run.
        key: u64,
    },
    /// Cancels the run of this key.
    Cancel {
        /// Its pipeline.
        pipeline: usize,
        /// Its key.
        key: u64,
    },
    /// Cancels some run that lives then, in whatever state it is.
    CancelSome,
    /// Decides the outcome of some task of some run that lives then.
    MarkSome,
    /// Runs some run again that has ended by then.
    RestartSome,
    /// Pauses a pipeline.
    Pause {
        /// Which.
        pipeline: usize,
    },
    /// Resumes it.
    Resume {
        /// Which.
        pipeline: usize,
    },
    /// Asks for a backfill of the schedule `hourly` of a pipeline, of hours of the year 2020.
    Backfill {
        /// Which pipeline.
        pipeline: usize,
        /// The key, one per backfill.
        key: u64,
        /// The first hour, counted from the year's beginning.
        first: u64,
        /// How many.
        hours: u64,
        /// How many of its runs may be live at once.
        max_active: u32,
        /// Also what has succeeded.
        force: bool,
    },
    /// Cancels the backfill of this key.
    CancelBackfill {
        /// Its pipeline.
        pipeline: usize,
        /// Its key.
        key: u64,
    },
    /// Publishes an event.
    Publish(Publication),
    /// Gives seconds on workers a price.
    SetPrices,
    /// Tells of a bill: a new one, one that is known with another amount, or one of something that was estimated.
    BillSome {
        /// Whose.
        pipeline: usize,
    },
    /// Gives the owner of everything a budget that holds runs back, or takes it away.
    SetBudget {
        /// Millionths.
        micros: Option<i64>,
    },
    /// Lets some run go that has not been let go.
    ReleaseSome,
    /// Gives the pool `shared` so many slots.
    SetPool {
        /// How many.
        slots: u32,
    },
}

/// An event that somebody publishes.
#[derive(Clone, Debug)]
pub struct Publication {
    /// Its id.
    pub id: u64,
    /// Its subject, below `downbeat.trigger.`.
    pub address: String,
    /// What it says; `None` = nothing, and a filter that asks for it fails.
    pub rows: Option<u64>,
    /// Who must take it, and nobody else may: pipelines of the workload, each with its trigger.
    pub takers: Vec<(usize, &'static str)>,
    /// Does a filter fail?
    pub is_poison: bool,
}

/// How the jobs of a workload behave.
#[derive(Clone, Debug)]
pub struct Behaviour {
    /// Shortest and longest time that a job takes.
    pub takes: (At, At),
    /// So many of a thousand jobs fail.
    pub fail_per_mille: u32,
    /// So many take [`Behaviour::HANG`].
    pub hang_per_mille: u32,
    /// So many report operations and assets.
    pub collect_per_mille: u32,
}

impl Behaviour {
    /// How long a job takes that does not end by itself in time.
    pub const HANG: At = 200 * super::time::SECOND;
}

/// A workload.
#[derive(Clone, Debug)]
pub struct Workload {
    /// Its name, for the trace.
    pub name: &'static str,
    /// Per pipeline: its versions, as text.
    pub pipelines: Vec<Vec<String>>,
    /// Who asks for what, and when.
    pub actions: Vec<(At, Action)>,
    /// How jobs behave.
    pub behaviour: Behaviour,
    /// Does it fire schedules for ever?
    pub scheduled: bool,
}

/// What stands in a text for the id of a pipeline of the same workload, which is known only when the world is made.
pub fn id_of(pipeline: usize) -> String {
    format!("PIPELINE-{pipeline}-ID")
}

/// Makes a workload.
pub type Make = fn(&mut Dice) -> Workload;

/// Every kind of workload.
pub const ALL: &[(&str, Make)] = &[
    ("wide", wide::make),
    ("deep", deep::make),
    ("graph", graph::make),
    ("retries", retries::make),
    ("waits", waits::make),
    ("schedules", schedules::make),
    ("cancels", cancels::make),
    ("edits", edits::make),
    ("noops", noops::make),
    ("matrix", matrix::make),
    ("approvals", approvals::make),
    ("children", children::make),
    ("lanes", lanes::make),
    ("pools", pools::make),
    ("remote", remote::make),
    ("restarts", restarts::make),
    ("followers", followers::make),
    ("sensors", sensors::make),
    ("backfills", backfills::make),
    ("assets", assets::make),
    ("events", events::make),
    ("costs", costs::make),
];
