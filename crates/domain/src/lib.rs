//! The core: what a run is, which commands it accepts, what follows from what.
//!
//! Promises: [`decide()`] is a pure function of state, command and context; [`evolve`] is total; effects are data that
//! [`effects::outstanding`] can compute again at any time; timers are absolute instants inside the state. Knows nothing about
//! clocks, randomness, files, sockets, storage, threads or the wire.
#![deny(clippy::disallowed_types, clippy::disallowed_methods)]

pub mod access;
pub mod alias;
pub mod audit;
pub mod backfill;
pub mod command;
pub mod compile;
pub mod connection;
pub mod cost;
pub mod decide;
pub mod effects;
pub mod endpoint;
pub mod environment;
pub mod event;
mod evolve;
pub mod file_commit;
pub mod foreign;
pub mod gates;
pub mod id;
pub mod incoming;
pub mod invariants;
pub mod inventory;
pub mod jobs;
pub mod level;
pub mod limits;
pub mod metadata;
pub mod names;
pub mod plan;
pub mod replay;
mod runnable;
pub mod schedule;
pub mod sensors;
pub mod state;
pub mod status;
pub mod storage;
pub mod tool_state;

pub use access::{Grant, Role};
pub use audit::{CallOrigin, Caller, CommandKind, Target, TargetKind};
pub use command::{
    AccessCommand, AlertOutcome, ApplyPipeline, Command, Context, CreateBackfill, CreateKey, FireSchedule, PollSensor,
    Rejection, Report, RestartRun, SelectTasks, StartRun, TakeEvent, TakeWebhook,
};
pub use decide::{decide, execute, settle};
pub use event::{
    AttemptRef, BackfillCreated, ConditionResult, Event, EventOrigin, EventTaken, PassReason, PassedInstants,
    PipelineApplied, RunCreated, ScheduleDecided, Selection, TaskCarriedOver, Trigger, WindowRef,
};
pub use evolve::{evolve, worst};
pub use id::{
    AccountId, AlertId, BackfillId, CommandId, ConnectionId, CostId, EndpointId, EnvironmentId, EventKey, FileCommitId,
    KeyId, LoginId, PipelineId, RunId, TaskRunId, WorkerId,
};
pub use incoming::IncomingEvent;
pub use level::Level;
pub use replay::{PriorRun, PriorTask, Replay};
pub use state::{Agenda, Partition, Phase, RunState, TaskState, Unsettled};
pub use status::{FailureClass, Mark, OnLimit, Outcome, RestartMode, RunStatus, StopReason, TaskStatus};
pub use storage::{GitOrigin, PipelineStorage, StorageProvider};
