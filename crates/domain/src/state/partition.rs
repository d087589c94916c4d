//! Everything about the pipelines of one partition.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use jiff::Timestamp;

use crate::{
    cost::Ledger,
    event::AttemptRef,
    id::{BackfillId, CommandId, PipelineId, RunId},
    level::Level,
    limits,
    plan::PreparedPlan,
    state::{
        AlertCounts, Alerts, AssetListeners, AssetState, Backfills, Beside, Connections, Endpoints, Environments,
        Followers, Inventory, Keys, LaneKey, Lanes, Listeners, Pools, RunState, SensorEvents, TriggerState, Window,
        listens,
    },
    status::RunStatus,
    storage::PipelineStorage,
};

/// The folded state of a partition.
#[derive(Debug, Default)]
pub struct Partition {
    /// How new whoever acts on the log has to be.
    pub level: Level,
    /// Every pipeline that was applied, deleted ones too.
    pub pipelines: BTreeMap<PipelineId, PipelineState>,
    /// Runs that have not ended.
    pub runs: BTreeMap<RunId, RunState>,
    /// Runs that have ended, kept small: a repeated start is answered from here, a late report refused.
    pub finished: BTreeMap<RunId, (PipelineId, RunStatus)>,
    /// Runs created so far.
    pub runs_created: u64,
    /// Slots that tasks of different runs share.
    pub pools: Pools,
    /// What runs read as `ENV.NAME`.
    pub environments: Environments,
    /// What people declare of assets.
    pub inventory: Inventory,
    /// Runs by pipeline and environment.
    pub lanes: Lanes,
    /// Triggers by the subjects that they listen to.
    pub listeners: Listeners,
    /// Pipelines by the assets that they ask for.
    pub asset_listeners: AssetListeners,
    /// Runs that others wait for, with the attempt that waits.
    pub children: BTreeMap<RunId, AttemptRef>,
    /// Restarts that wait for what they take over from the run before.
    pub awaiting_carry: BTreeSet<RunId>,
    /// Which pipelines the ends of runs start, and what is left of that.
    pub followers: Followers,
    /// Past instants of schedules that are being run.
    pub backfills: Backfills,
    /// Release of the newest rules of time zones by which schedules are computed; empty = nobody has said.
    pub time_zones: String,
    /// Alerts that were raised and not delivered.
    pub alerts: Alerts,
    /// What runs cost.
    pub ledger: Ledger,
    /// Keys that open something.
    pub keys: Keys,
    /// Endpoints that start pipelines.
    pub endpoints: Endpoints,
    /// Connections that are sealed.
    pub connections: Connections,
    /// What others told sensors.
    pub sensor_events: SensorEvents,
    /// What something follows of by itself: [`crate::settle`] works it off.
    pub agenda: BTreeSet<Agenda>,
    /// Commands that were accepted lately.
    pub commands: RecentCommands,
}

/// Something that is to be settled.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Agenda {
    /// A run that goes on by itself.
    Run(RunId),
    /// A lane in which a run may go, or has to be told to wait.
    Lane(LaneKey),
    /// A run has ended, and pipelines are left that it starts.
    Followers(RunId),
    /// A backfill may start its next run, or has to stop those that it has started.
    Backfill(BackfillId),
}

/// A pipeline.
#[derive(Debug)]
pub struct PipelineState {
    /// Its name for commands.
    pub alias: String,
    /// Display name.
    pub name: Arc<str>,
    /// Current version, from 1; 0 = there are drafts only, and the plan is empty.
    pub version: u32,
    /// The newest version, a draft or the current one.
    pub latest: u32,
    /// Versions that can be started besides.
    pub beside: Beside,
    /// Where its file is kept; `None` = by us.
    pub storage: Option<PipelineStorage>,
    /// BLAKE3 of the current version's text and root.
    pub digest: [u8; 32],
    /// Where its scripts lie.
    pub source_root: Arc<str>,
    /// The current version; live runs share the one they started with.
    pub plan: Arc<PreparedPlan>,
    /// Per schedule: the last instant that was decided (INV-05).
    pub watermarks: BTreeMap<String, Timestamp>,
    /// Per trigger over several events: those that wait for others, and what was taken.
    pub triggers: BTreeMap<String, TriggerState>,
    /// Open windows, by id of the sensor.
    pub windows: BTreeMap<String, Window>,
    /// What it waits for of assets, and what it promises about time.
    pub assets: AssetState,
    /// What it counts to raise alerts.
    pub alerts: AlertCounts,
    /// The last run that ended so, and when.
    pub ends: BTreeMap<RunStatus, (RunId, Timestamp)>,
    /// Why nothing of it starts, since when.
    pub paused: Option<(String, Timestamp)>,
    /// It is gone; its version and watermarks are kept for its return.
    pub deleted: bool,
}

/// The ids of the last accepted commands: a repeated one is answered from state and not decided again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecentCommands {
    order: VecDeque<CommandId>,
    known: BTreeSet<CommandId>,
}

impl RecentCommands {
    /// Was this command accepted lately?
    pub fn contains(&self, command: CommandId) -> bool {
        self.known.contains(&command)
    }

    /// Takes note of an accepted command; the oldest is forgotten when there are [`limits::RECENT_COMMANDS_MAX`].
    pub fn remember(&mut self, command: CommandId) {
        if !self.known.insert(command) {
            return;
        }
        self.order.push_back(command);
        if self.order.len() > limits::RECENT_COMMANDS_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }

    /// Oldest first.
    pub fn iter(&self) -> impl Iterator<Item = CommandId> + '_ {
        self.order.iter().copied()
    }
}

impl Partition {
    /// The run, or why there is none to command.
    pub(crate) fn live_run(&self, run: RunId) -> Result<&RunState, crate::Rejection> {
        match (self.runs.get(&run), self.finished.get(&run)) {
            (Some(state), _) => Ok(state),
            (None, Some((_, status))) => Err(crate::Rejection::RunFinished { run, status: *status }),
            (None, None) => Err(crate::Rejection::UnknownRun(run)),
        }
    }

    /// The pipeline that this text names, deleted or not: by its id or its alias.
    pub(crate) fn pipeline_named(&self, named: &str) -> Option<PipelineId> {
        let by_alias = || self.pipelines.iter().find(|(_, state)| state.alias == named).map(|(id, _)| *id);
        named.parse().ok().filter(|id| self.pipelines.contains_key(id)).or_else(by_alias)
    }

    /// The pipeline, unless it is gone.
    pub(crate) fn live_pipeline(&self, pipeline: PipelineId) -> Result<&PipelineState, crate::Rejection> {
        let found = self.pipelines.get(&pipeline).filter(|state| !state.deleted);
        found.ok_or(crate::Rejection::UnknownPipeline(pipeline))
    }

    /// Triggers of pipelines that are not deleted and listen to this subject: each is to be given the event.
    pub fn listening(&self, address: &str) -> Vec<(PipelineId, String)> {
        let listening = self.listeners.candidates(address).into_iter().filter_map(|(pipeline, place)| {
            let trigger = self.pipelines.get(&pipeline)?.plan.plan.triggers.get(place as usize)?;
            listens(trigger, address).then(|| (pipeline, trigger.name.clone()))
        });
        listening.collect()
    }

    /// Pipelines whose own deadlines may change because these assets were materialised.
    pub fn asking_for<'a>(&'a self, assets: &'a [String]) -> impl Iterator<Item = PipelineId> + 'a {
        assets.iter().flat_map(|asset| self.asset_listeners.candidates(asset))
    }

    /// The status of a run, live or ended.
    pub fn run_status(&self, run: RunId) -> Option<RunStatus> {
        let live = self.runs.get(&run).map(RunState::status);
        live.or_else(|| self.finished.get(&run).map(|(_, status)| *status))
    }
}
