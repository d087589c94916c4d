//! INV-05 for assets: whatever is materialised and asked for is said with the operations that did it, gathered by every trigger that asks for
//! it, and comes into exactly one run of that trigger, or one refusal.

use std::collections::{BTreeMap, BTreeSet};

use downbeat_domain::{AttemptRef, Event, PipelineApplied, PipelineId, RunCreated, RunId, Trigger};

use super::{Check, Record, Violation};

/// Asset triggers of a pipeline: what their assets and their debounce are, by name.
type Triggers = BTreeMap<String, (Vec<String>, u64)>;

#[derive(Debug, Default, PartialEq, Eq)]
struct Gathered {
    assets: BTreeSet<String>,
    runs: BTreeSet<RunId>,
}

/// The rule, and what is still to be decided.
#[derive(Debug, Default)]
pub struct Assets {
    triggers: BTreeMap<PipelineId, Triggers>,
    /// Keys whose age is watched.
    watched: BTreeMap<PipelineId, BTreeSet<String>>,
    gathered: BTreeMap<(PipelineId, String), Gathered>,
    said: BTreeSet<(AttemptRef, u32)>,
    /// What the event after operations has to say.
    owed: Option<(AttemptRef, u32, BTreeSet<String>)>,
}

impl Assets {
    /// Triggers that have gathered something of which nothing has come yet.
    pub fn left(&self) -> usize {
        self.gathered.len()
    }

    fn applied(&mut self, applied: &PipelineApplied) {
        let of = applied.plan.asset_triggers.iter();
        let triggers: Triggers = of.map(|it| (it.name.clone(), (it.assets.clone(), it.debounce_ms))).collect();
        let before = self.triggers.insert(applied.pipeline, triggers.clone()).unwrap_or_default();
        // Inputs may have changed too: the workloads of the simulator do not do that.
        self.gathered
            .retain(|(pipeline, name), _| *pipeline != applied.pipeline || before.get(name) == triggers.get(name));
        let watched = applied.plan.freshness.iter().map(|rule| rule.asset.clone());
        self.watched.insert(applied.pipeline, watched.collect());
    }

    fn is_asked_for(&self, asset: &str) -> bool {
        let listened = self.triggers.values().flat_map(BTreeMap::values).any(|(keys, _)| asks(keys, asset));
        listened || self.watched.values().any(|keys| keys.contains(asset))
    }

    fn materialised(&mut self, of: (AttemptRef, u32), assets: &[String], chain: &[PipelineId]) -> Option<String> {
        let (attempt, chunk) = of;
        let said: BTreeSet<String> = assets.iter().cloned().collect();
        for (pipeline, triggers) in self.triggers.iter().filter(|(pipeline, _)| !chain.contains(pipeline)) {
            for (name, (keys, _)) in triggers {
                let wanted = assets.iter().filter(|asset| asks(keys, asset)).cloned().peekable();
                let wanted: BTreeSet<String> = wanted.collect();
                if !wanted.is_empty() {
                    let gathered = self.gathered.entry((*pipeline, name.clone())).or_default();
                    gathered.assets.extend(wanted);
                    gathered.runs.insert(attempt.run);
                }
            }
        }
        if !self.said.insert(of) {
            return Some(format!("assets of chunk {chunk} of {attempt:?} are said twice"));
        }
        let owed = self.owed.take();
        (owed != Some((attempt, chunk, said)))
            .then(|| format!("assets of chunk {chunk} of {attempt:?} are {assets:?}, and {owed:?} was asked for"))
    }

    fn started(&mut self, created: &RunCreated) -> Option<String> {
        let Trigger::Asset { trigger, assets, runs, .. } = &created.trigger else { return None };
        let taken = Gathered { assets: assets.iter().cloned().collect(), runs: runs.iter().copied().collect() };
        let gathered = self.gathered.remove(&(created.pipeline, trigger.clone()));
        (gathered.as_ref() != Some(&taken))
            .then(|| format!("run {} takes {taken:?} of `{trigger}`, which has gathered {gathered:?}", created.run))
    }
}

impl Check for Assets {
    fn record(&mut self, record: &Record, found: &mut Vec<Violation>) {
        for event in record.events() {
            if let Some(owed) = self.owed.take_if(|_| !matches!(event, Event::AssetsMaterialised(_))) {
                let what = format!("{owed:?} was asked for, and is not said");
                found.push(Violation { invariant: "INV-05", sequence: record.sequence, what });
            }
            let what = match event {
                Event::PipelineApplied(applied) => {
                    self.applied(applied);
                    None
                }
                Event::PipelineDeleted { pipeline, .. } => {
                    self.triggers.remove(pipeline);
                    self.watched.remove(pipeline);
                    self.gathered.retain(|(of, _), _| of != pipeline);
                    None
                }
                Event::OperationsCollected { attempt, chunk, collected } => {
                    let wrote = collected.operations.iter().filter(|it| it.kind == "MATERIALISATION");
                    let wrote = wrote.filter(|it| it.status == "SUCCEEDED" && self.is_asked_for(&it.asset));
                    let assets: BTreeSet<String> = wrote.map(|it| it.asset.clone()).collect();
                    self.owed = (!assets.is_empty()).then_some((*attempt, *chunk, assets));
                    None
                }
                Event::AssetsMaterialised(done) => {
                    self.materialised((done.attempt, done.chunk), &done.assets, &done.chain)
                }
                Event::RunCreated(created) => self.started(created),
                Event::AssetTriggerDeclined(declined) => {
                    let gathered = self.gathered.remove(&(declined.pipeline, declined.trigger.clone()));
                    gathered.is_none().then(|| format!("`{}` declines and has gathered nothing", declined.trigger))
                }
                _ => None,
            };
            found.extend(what.map(|what| Violation { invariant: "INV-05", sequence: record.sequence, what }));
        }
    }
}

fn asks(keys: &[String], asset: &str) -> bool {
    keys.iter().any(|key| fits(key, asset))
}

/// `*` stands for any characters.
fn fits(key: &str, asset: &str) -> bool {
    match key.split_once('*') {
        None => key == asset,
        Some((before, after)) => asset
            .strip_prefix(before)
            .is_some_and(|rest| (0..=rest.len()).any(|at| rest.get(at..).is_some_and(|rest| fits(after, rest)))),
    }
}
