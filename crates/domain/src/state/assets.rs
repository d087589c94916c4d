//! What pipelines wait for of assets, and what they promise about time. And an index: who asks for which assets.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};

use crate::{
    event::{AssetsMaterialised, AttemptRef},
    id::{PipelineId, RunId},
    limits,
    plan::{Plan, PlanAssetTrigger, PlanFreshness},
};

/// Of one pipeline.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AssetState {
    /// Per asset trigger what it has gathered and a run has not come of yet.
    pub gathered: BTreeMap<String, Gathered>,
    /// Per rule about the age of an asset, where there is something to say.
    pub fresh: BTreeMap<String, Freshness>,
    /// Per deadline how its last instant was decided.
    pub deadlines: BTreeMap<String, DeadlineOutcome>,
    /// The latest runs that ended well, oldest first; only of pipelines with deadlines.
    pub good_ends: VecDeque<(Timestamp, RunId)>,
}

/// Materialisations that wait until their assets are quiet.
#[derive(Clone, Debug, PartialEq)]
pub struct Gathered {
    /// The attempt and chunk of the first: what the run is called follows from it.
    pub first: (AttemptRef, u32),
    /// When that was.
    pub since: Timestamp,
    /// When the latest was.
    pub latest: Timestamp,
    /// The last asset.
    pub asset: String,
    /// The run that materialised it.
    pub run: RunId,
    /// The pipeline of that run.
    pub pipeline: PipelineId,
    /// All of them, each once, in the order in which they came.
    pub assets: Vec<String>,
    /// The runs that did it, each once.
    pub runs: Vec<RunId>,
    /// Pipelines of the runs that led here.
    pub chain: Vec<PipelineId>,
    /// Runs in the longest chain of causes.
    pub depth: u32,
}

/// How old an asset is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Freshness {
    /// The run that materialised it last, and when.
    pub last: Option<(RunId, Timestamp)>,
    /// Since when it is too old, as far as that was said.
    pub breached: Option<Timestamp>,
}

/// How an instant of a deadline was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeadlineOutcome {
    /// The instant.
    pub instant: Timestamp,
    /// A run had ended well.
    pub met: bool,
    /// That run, or the one that was live instead.
    pub run: Option<RunId>,
}

impl Gathered {
    /// When the run starts: once the assets were quiet for so long, or after some such times in any case.
    pub fn due(&self, trigger: &PlanAssetTrigger) -> Timestamp {
        let quiet = after(self.latest, trigger.debounce_ms);
        quiet.min(after(self.since, trigger.debounce_ms.saturating_mul(limits::DEBOUNCES_MAX)))
    }

    fn of(done: &AssetsMaterialised, own: PipelineId) -> Self {
        Self {
            first: (done.attempt, done.chunk),
            since: done.at,
            latest: done.at,
            asset: String::new(),
            run: done.attempt.run,
            pipeline: own,
            assets: Vec::new(),
            runs: Vec::new(),
            chain: Vec::new(),
            depth: 0,
        }
    }

    fn take(&mut self, asset: &str, done: &AssetsMaterialised, own: PipelineId) {
        self.latest = self.latest.max(done.at);
        asset.clone_into(&mut self.asset);
        (self.run, self.pipeline) = (done.attempt.run, own);
        let bytes: usize = self.assets.iter().map(String::len).sum();
        let room =
            self.assets.len() < limits::ASSETS_GATHERED_MAX && bytes + asset.len() <= limits::ASSETS_GATHERED_BYTES_MAX;
        if room && !self.assets.iter().any(|known| known == asset) {
            self.assets.push(asset.to_owned());
        }
        if self.runs.len() < limits::GATHERED_RUNS_MAX && !self.runs.contains(&done.attempt.run) {
            self.runs.push(done.attempt.run);
        }
        for pipeline in &done.chain {
            if self.chain.len() < limits::CHAIN_MAX && !self.chain.contains(pipeline) {
                self.chain.push(*pipeline);
            }
        }
        self.depth = self.depth.max(done.depth);
    }
}

impl Freshness {
    /// When time changes what is said of it: it becomes too old, or a breach is over.
    pub fn due(&self, rule: &PlanFreshness) -> Option<Timestamp> {
        let last = self.last.map(|(_, at)| at);
        match self.breached {
            Some(breached) => last.filter(|last| *last >= breached),
            None => last.or(rule.since).map(|from| after(from, rule.max_age_ms)),
        }
    }
}

impl AssetState {
    /// When time alone changes something next.
    pub fn next_deadline(&self, plan: &Plan) -> Option<Timestamp> {
        let gathered = self
            .gathered
            .iter()
            .filter_map(|(name, gathered)| plan.asset_trigger(name).map(|trigger| gathered.due(trigger)));
        let fresh = plan.freshness.iter().filter_map(|rule| self.freshness(&rule.name).due(rule));
        gathered.chain(fresh).min()
    }

    /// What is known of a rule.
    pub fn freshness(&self, rule: &str) -> Freshness {
        self.fresh.get(rule).copied().unwrap_or_default()
    }

    pub(crate) fn take(&mut self, id: PipelineId, plan: &Plan, done: &AssetsMaterialised) {
        let own = done.chain.last().copied().unwrap_or(id);
        for asset in &done.assets {
            for rule in plan.freshness.iter().filter(|rule| rule.asset == *asset) {
                let fresh = self.fresh.entry(rule.name.clone()).or_default();
                // Clocks of successive owners may differ: what came later is not older.
                let at = fresh.last.map(|(_, at)| at).max(fresh.breached).map_or(done.at, |before| before.max(done.at));
                fresh.last = Some((done.attempt.run, at));
            }
            if done.chain.contains(&id) {
                continue;
            }
            for trigger in plan.asset_triggers.iter().filter(|trigger| trigger.asks_for(asset)) {
                let gathered = self.gathered.entry(trigger.name.clone()).or_insert_with(|| Gathered::of(done, own));
                gathered.take(asset, done, own);
            }
        }
    }

    /// A run ended well.
    pub(crate) fn note_good_end(&mut self, run: RunId, at: Timestamp) {
        self.good_ends.push_back((at, run));
        if self.good_ends.len() > limits::GOOD_ENDS_MAX {
            self.good_ends.pop_front();
        }
    }

    /// What stays when the pipeline gets a new version: that of triggers and rules that are as they were.
    pub(crate) fn carry(&mut self, old: &Plan, new: &Plan) {
        self.gathered
            .retain(|name, _| new.asset_trigger(name).is_some_and(|next| Some(next) == old.asset_trigger(name)));
        self.fresh.retain(|name, _| goes_on(old, new, name));
        self.deadlines.retain(|name, _| new.deadline(name).is_some());
        if new.deadlines.is_empty() {
            self.good_ends.clear();
        }
    }

    /// Does all of it belong to the plan?
    pub(crate) fn fits(&self, plan: &Plan) -> bool {
        self.gathered.keys().all(|name| plan.asset_trigger(name).is_some())
            && self.fresh.keys().all(|name| plan.freshness_rule(name).is_some())
            && self.deadlines.keys().all(|name| plan.deadline(name).is_some())
            && self.good_ends.len() <= limits::GOOD_ENDS_MAX
            && (self.good_ends.is_empty() || !plan.deadlines.is_empty())
    }
}

/// Is a rule still about the same asset?
pub(crate) fn goes_on(old: &Plan, new: &Plan, rule: &str) -> bool {
    let next = new.freshness_rule(rule);
    next.zip(old.freshness_rule(rule)).is_some_and(|(next, before)| before.goes_on_as(next))
}

fn after(from: Timestamp, milliseconds: u64) -> Timestamp {
    let milliseconds = i64::try_from(milliseconds).unwrap_or(i64::MAX);
    from.checked_add(SignedDuration::from_millis(milliseconds)).unwrap_or(Timestamp::MAX)
}

/// Pipelines by what stands before the first `*` of the keys that they ask for: a key is found under one of its beginnings. An index
/// over the plans of pipelines that are not deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AssetListeners {
    by_beginning: BTreeMap<String, BTreeSet<PipelineId>>,
}

impl AssetListeners {
    /// The pipeline has this plan from now on; `None` = it is gone.
    pub(crate) fn replace(&mut self, pipeline: PipelineId, before: Option<&Plan>, plan: Option<&Plan>) {
        for pattern in before.into_iter().flat_map(Plan::asset_patterns) {
            if let Some(listening) = self.by_beginning.get_mut(beginning(pattern)) {
                listening.remove(&pipeline);
                if listening.is_empty() {
                    self.by_beginning.remove(beginning(pattern));
                }
            }
        }
        for pattern in plan.into_iter().flat_map(Plan::asset_patterns) {
            self.by_beginning.entry(beginning(pattern).to_owned()).or_default().insert(pipeline);
        }
    }

    /// Pipelines that may ask for this asset: their plans say whether they do.
    pub(crate) fn candidates(&self, key: &str) -> BTreeSet<PipelineId> {
        if self.by_beginning.is_empty() || key.len() > limits::ASSET_KEY_BYTES_MAX {
            return BTreeSet::new();
        }
        let beginnings = (0..=key.len()).filter_map(|end| key.get(..end));
        beginnings.filter_map(|beginning| self.by_beginning.get(beginning)).flatten().copied().collect()
    }
}

fn beginning(pattern: &str) -> &str {
    pattern.split('*').next().unwrap_or(pattern)
}
