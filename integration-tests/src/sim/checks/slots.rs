//! INV-04: when a run is let go, no more runs of its pipeline and environment live than the limit says; when an attempt is given to a
//! worker, its pool has room for it.

use std::collections::{BTreeMap, BTreeSet};

use downbeat_domain::{Event, PipelineId, RunId, plan::Plan};

use super::{Check, Record, Violation};

type Lane = (PipelineId, String);

#[derive(Debug)]
struct Run {
    lane: Lane,
    version: u32,
    /// Per group of a matrix: where its iterations begin, and which planned tasks each has.
    fans: Vec<(u32, u32, Vec<u32>)>,
    total: u32,
}

/// The rule.
#[derive(Debug, Default)]
pub struct Slots {
    plans: BTreeMap<(PipelineId, u32), Plan>,
    current: BTreeMap<PipelineId, u32>,
    runs: BTreeMap<RunId, Run>,
    live: BTreeMap<Lane, BTreeSet<RunId>>,
    pools: BTreeMap<String, u32>,
    held: BTreeMap<(RunId, u32), (String, u32)>,
}

impl Check for Slots {
    fn record(&mut self, record: &Record, found: &mut Vec<Violation>) {
        for event in record.events() {
            if let Some(what) = self.event(event) {
                found.push(Violation { invariant: "INV-04", sequence: record.sequence, what });
            }
        }
    }
}

impl Slots {
    fn event(&mut self, event: &Event) -> Option<String> {
        match event {
            Event::PipelineApplied(applied) => {
                self.plans.insert((applied.pipeline, applied.version), applied.plan.clone());
                self.current.insert(applied.pipeline, applied.version);
            }
            Event::PoolSet { name, slots, .. } => match slots {
                Some(slots) => drop(self.pools.insert(name.clone(), *slots)),
                None => drop(self.pools.remove(name)),
            },
            Event::RunCreated(created) => {
                let lane = (created.pipeline, created.environment_name.clone());
                let total =
                    self.plans.get(&(created.pipeline, created.version)).map_or(0, |plan| plan.tasks.len()) as u32;
                let run = Run { lane: lane.clone(), version: created.version, fans: Vec::new(), total };
                self.runs.insert(created.run, run);
                if !created.gated {
                    self.live.entry(lane).or_default().insert(created.run);
                }
            }
            Event::RunAdmitted { run, .. } => return self.admitted(*run),
            Event::RunFinished { run, .. } => {
                if let Some(state) = self.runs.remove(run) {
                    self.live.entry(state.lane).or_default().remove(run);
                }
                self.held.retain(|(holder, _), _| holder != run);
            }
            Event::MatrixExpanded { run, group, axes, .. } => {
                let state = self.runs.get_mut(run)?;
                let plan = self.plans.get(&(state.lane.0, state.version))?;
                let tasks = (0u32..).zip(&plan.tasks).filter(|(_, task)| task.group == Some(*group));
                let members: Vec<u32> = tasks.map(|(place, _)| place).collect();
                let count = axes.iter().map(|(_, values)| values.len() as u32).product::<u32>();
                let size = count * members.len() as u32;
                state.fans.push((state.total, size, members));
                state.total += size;
            }
            Event::AttemptLeased { attempt, .. } => return self.leased(attempt.run, attempt.task),
            Event::AttemptSucceeded { attempt, .. }
            | Event::AttemptFailed { attempt, .. }
            | Event::AttemptLost { attempt, .. }
            | Event::AttemptStopped { attempt, .. } => drop(self.held.remove(&(attempt.run, attempt.task))),
            _ => {}
        }
        None
    }

    fn admitted(&mut self, run: RunId) -> Option<String> {
        let lane = self.runs.get(&run)?.lane.clone();
        let live = self.live.entry(lane.clone()).or_default();
        live.insert(run);
        let (count, version) = (live.len(), self.current.get(&lane.0)?);
        let limit = self.plans.get(&(lane.0, *version))?.concurrency.as_ref()?.max_active.parse::<usize>().ok()?;
        (limit > 0 && count > limit).then(|| format!("run {run} is the {count}th live one, {limit} are allowed"))
    }

    fn leased(&mut self, run: RunId, task: u32) -> Option<String> {
        let state = self.runs.get(&run)?;
        let plan = self.plans.get(&(state.lane.0, state.version))?;
        let in_fan = |(first, size, members): &(u32, u32, Vec<u32>)| {
            let behind = task.checked_sub(*first).filter(|behind| behind < size)?;
            members.get(behind as usize % members.len()).copied()
        };
        let planned = if (task as usize) < plan.tasks.len() { task } else { state.fans.iter().find_map(in_fan)? };
        let needs = plan.tasks.get(planned as usize)?.pool.clone()?;
        self.held.insert((run, task), (needs.name.clone(), needs.slots));
        let used: u32 = self.held.values().filter(|(name, _)| *name == needs.name).map(|(_, slots)| slots).sum();
        let size = self.pools.get(&needs.name).copied().unwrap_or(0);
        (used > size).then(|| format!("{used} slots of pool `{}` are held, it has {size}", needs.name))
    }
}
