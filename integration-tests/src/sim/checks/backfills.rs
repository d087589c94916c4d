//! INV-04 and INV-05 for backfills: every instant of one gets one outcome, a run under a derived id or a reason why not; no more of its
//! runs are live than may be; and it starts nothing once it is cancelled.

use std::collections::{BTreeMap, BTreeSet};

use downbeat_domain::{BackfillId, Event, PipelineId, RunCreated, RunId, Trigger, limits};
use jiff::Timestamp;

use super::{Check, Record, Violation};

#[derive(Debug)]
struct Backfill {
    pipeline: PipelineId,
    schedule: String,
    max_active: usize,
    left: BTreeSet<Timestamp>,
    live: BTreeSet<RunId>,
    cancelled: bool,
}

/// The rule.
#[derive(Debug, Default)]
pub struct Backfills {
    all: BTreeMap<BackfillId, Backfill>,
    of_run: BTreeMap<RunId, BackfillId>,
}

type Wrong = (&'static str, String);

impl Backfills {
    /// Backfills of which something is left, or live.
    pub fn open(&self) -> usize {
        self.all.values().filter(|backfill| !backfill.left.is_empty() || !backfill.live.is_empty()).count()
    }

    fn started(&mut self, created: &RunCreated) -> Option<Wrong> {
        let Trigger::Backfill { backfill, schedule, instant, .. } = &created.trigger else { return None };
        let Some(state) = self.all.get_mut(backfill) else {
            return Some(("INV-05", format!("run {} is of backfill {backfill}, which nobody asked for", created.run)));
        };
        self.of_run.insert(created.run, *backfill);
        state.live.insert(created.run);
        if state.cancelled {
            return Some(("INV-05", format!("backfill {backfill} was cancelled, and starts run {}", created.run)));
        }
        if (&created.pipeline, schedule) != (&state.pipeline, &state.schedule) || !state.left.remove(instant) {
            return Some(("INV-05", format!("{instant} of backfill {backfill} has an outcome already, or is not its")));
        }
        let of = |number| RunId::of_backfill(created.pipeline, schedule, *instant, number);
        if !(0..limits::BACKFILL_RUNS_PER_INSTANT_MAX).any(|number| of(number) == created.run) {
            return Some(("INV-05", format!("run {} of backfill {backfill} has no derived id", created.run)));
        }
        let (live, most) = (state.live.len(), state.max_active);
        (live > most).then(|| ("INV-04", format!("{live} of {most} runs of backfill {backfill} are live")))
    }

    fn declined(&mut self, backfill: BackfillId, instants: &[Timestamp]) -> Option<Wrong> {
        let left = self.all.get_mut(&backfill).map(|state| &mut state.left);
        let fits = left.is_some_and(|left| instants.iter().all(|instant| left.remove(instant)));
        (!fits).then(|| ("INV-05", format!("backfill {backfill} declines what has an outcome already, or is not its")))
    }
}

impl Check for Backfills {
    fn record(&mut self, record: &Record, found: &mut Vec<Violation>) {
        for event in record.events() {
            let wrong = match event {
                Event::BackfillCreated(created) => {
                    let state = Backfill {
                        pipeline: created.pipeline,
                        schedule: created.schedule.clone(),
                        max_active: created.max_active as usize,
                        left: created.instants.iter().copied().collect(),
                        live: BTreeSet::new(),
                        cancelled: false,
                    };
                    let again = self.all.insert(created.backfill, state);
                    again.map(|_| ("INV-05", format!("backfill {} begins twice", created.backfill)))
                }
                Event::BackfillDeclined { backfill, instants, .. } => self.declined(*backfill, instants),
                Event::BackfillCancelled { backfill, .. } => {
                    if let Some(state) = self.all.get_mut(backfill) {
                        state.cancelled = true;
                        state.left.clear();
                    }
                    None
                }
                Event::RunCreated(created) => self.started(created),
                Event::RunFinished { run, .. } => {
                    if let Some(state) = self.of_run.get(run).and_then(|backfill| self.all.get_mut(backfill)) {
                        state.live.remove(run);
                    }
                    None
                }
                _ => None,
            };
            found.extend(wrong.map(|(invariant, what)| Violation { invariant, sequence: record.sequence, what }));
        }
    }
}
