//! When a simulation is done, and what is held against it then: everything has ended, everybody agrees, and it did not cost more
//! than it should.

use downbeat_dialect::cron::Cron;
use downbeat_domain::{Context, Partition, Phase, evolve, settle};
use downbeat_event_log::verify;
use downbeat_runtime::zones::zones;
use jiff::Timestamp;

use super::{
    checks::{Record, Violation, projection},
    log::ready,
    time::{At, SECOND, true_wall},
    world::{Happening, World},
};

/// Virtual time after the last fault within which everything must have ended.
const PATIENCE: At = 4 * 3_600 * SECOND;
/// Virtual time after the last fault from which on nothing of the faults is left: connections, leases, restarts.
pub(super) const SETTLED: At = 270 * SECOND;
/// Schedules are watched for so long after that.
const WATCHED: At = 130 * SECOND;

impl World {
    /// Is everything done? Asked every second.
    pub(super) fn look(&mut self) {
        let next = self.now + SECOND;
        self.queue.push(next, Happening::Look);
        if self.dice.per_mille(4) {
            let at = self.dice.below(self.projectors.len() as u64) as usize;
            self.compare_projection(at);
            self.compare_state();
            self.judge_windows();
        }
        let Some(healed) = self.healed else { return };
        if self.now > healed + PATIENCE {
            return self.stuck();
        }
        let scheduled = self.scenario.workloads.iter().any(|workload| workload.scheduled);
        let watched = if scheduled { healed + SETTLED + WATCHED } else { healed };
        if self.now >= watched && self.all_ended(watched) {
            self.done = true;
            self.judge(healed + SETTLED, scheduled.then_some((healed + SETTLED, watched)));
        }
    }

    fn all_ended(&self, watched: At) -> bool {
        let end = self.log.entries.len() as u64;
        let at_rest = |one: &super::nodes::coordinator::Coordinator| {
            one.at_rest().is_some_and(|(engine, tail)| {
                let gathers = engine.partition().pipelines.values().any(|state| !state.assets.gathered.is_empty());
                tail.sequence == end && engine.backlog_bytes() == 0 && !gathers
            })
        };
        self.client.open == 0
            && self.checks.open_backfills() == 0
            && self.census.living_since_before(watched.saturating_sub(60 * SECOND)) == 0
            && self.projectors.iter().all(|one| one.position() == end)
            && self.coordinators.iter().any(at_rest)
    }

    fn stuck(&mut self) {
        let end = self.log.entries.len() as u64;
        let positions: Vec<u64> = self.projectors.iter().map(super::nodes::projector::Projector::position).collect();
        let living: Vec<_> = self.census.living().collect();
        let owners = self.coordinators.iter().filter(|one| one.owns()).count();
        let what = format!(
            "long after the last fault, {} commands are open, {} backfills and runs {living:?} have not ended, projectors are at \
             {positions:?} of {end}, {owners} coordinators believe that they own the partition",
            self.client.open,
            self.checks.open_backfills()
        );
        self.violated("liveness (INV-03, INV-09)", what);
        for one in &self.coordinators {
            let Some((engine, _)) = one.at_rest() else { continue };
            for run in engine.partition().runs.values() {
                let open = run.tasks.iter().enumerate().filter(|(_, task)| !matches!(task.phase, Phase::Ended(_)));
                let open: Vec<String> =
                    open.take(5).map(|(place, task)| format!("{place}#{}: {:?}", task.attempt, task.phase)).collect();
                let what = format!("run {}: {}", run.id, open.join(", "));
                self.found.push(Violation { invariant: "liveness", sequence: end, what });
            }
        }
    }

    fn judge(&mut self, settled: At, watched: Option<(At, At)>) {
        for at in 0..self.projectors.len() {
            self.compare_projection(at);
        }
        self.compare_state();
        if let Some(what) = self.checks.left() {
            self.violated("INV-09", what);
        }
        if let Err(error) = ready(verify(&self.log.handle(), |_| {})) {
            self.violated("INV-10", error.to_string());
        }
        for what in self.cost.excesses(&self.census, self.scenario.is_calm(), settled) {
            self.violated("cost", what);
        }
        if let Some((from, to)) = watched {
            self.judge_schedules(from, to);
        }
        self.trace.mix(&[
            self.events,
            self.census.leases,
            self.jobs.started,
            self.elsewhere.begun,
            self.elsewhere.cancelled,
        ]);
    }

    /// Every instant of every schedule after the faults has its run, unless a clock that was ahead had gone past it.
    fn judge_schedules(&mut self, from: At, to: At) {
        // What a clock that was ahead had decided before the faults ended is decided; jitter takes some seconds more.
        let begun = from;
        let (from, to) = (true_wall(from), true_wall(to - 30 * SECOND));
        let mut missed: Vec<String> = Vec::new();
        for (pipeline, schedules) in &self.census.schedules {
            for schedule in schedules {
                let read = if schedule.unix { Cron::parse_unix } else { Cron::parse };
                let Some(cron) = read(&schedule.cron).ok().filter(|_| !schedule.paused) else { continue };
                let zone = zones().get(&schedule.timezone).unwrap_or(jiff::tz::TimeZone::UTC);
                let mut instant: Option<Timestamp> = cron.next_after(from, &zone, schedule.dst);
                while let Some(at) = instant.filter(|at| *at <= to) {
                    let key = (*pipeline, schedule.name.clone(), at);
                    let overtaken = self
                        .census
                        .fired
                        .range(key.clone()..)
                        .next()
                        .is_some_and(|(other, name, _)| (other, name) == (pipeline, &schedule.name));
                    let passed = self.census.passed.get(&(*pipeline, schedule.name.clone()));
                    let passed =
                        passed.is_some_and(|passed| passed.iter().any(|(when, up_to)| *when < begun && *up_to >= at));
                    if !self.census.fired.contains(&key) && !overtaken && !passed {
                        missed.push(format!("`{}` did not fire at {at}", schedule.name));
                    }
                    instant = cron.next_after(at, &zone, schedule.dst);
                }
            }
        }
        missed.into_iter().for_each(|what| self.violated("schedules", what));
    }

    fn compare_projection(&mut self, at: usize) {
        let projector = &self.projectors[at];
        let found = projection::check(self.log.id(), &self.log.entries, projector.position(), &projector.rows);
        self.found.extend(found);
    }

    /// No window of a sensor is open long after its time, as the owner's clock has it.
    fn judge_windows(&mut self) {
        // A clock that was set forward is noticed at the next look at it.
        let patience = ((60 * SECOND + self.scenario.jump) / SECOND) as i64;
        let mut late = Vec::new();
        for one in &self.coordinators {
            let Some((engine, _)) = one.at_rest() else { continue };
            let wall = one.clocks.wall(self.now);
            let windows = engine.partition().pipelines.values().flat_map(|state| &state.windows);
            let over = windows.filter(|(_, window)| wall.duration_since(window.closes).as_secs() > patience);
            late.extend(over.map(|(sensor, window)| format!("a window of `{sensor}` is open: {window:?}")));
        }
        late.into_iter().for_each(|what| self.violated("INV-09", what));
    }

    /// The state of an owner at rest is the fold of the log.
    fn compare_state(&mut self) {
        let mut found = Vec::new();
        for (place, one) in self.coordinators.iter().enumerate() {
            let Some((engine, tail)) = one.at_rest().filter(|(engine, _)| engine.backlog_bytes() == 0) else {
                continue;
            };
            let mut folded = Partition::default();
            for entry in self.log.entries.iter().take(tail.sequence as usize) {
                if let Ok(record) = Record::read(entry) {
                    record.events().for_each(|event| evolve(&mut folded, event));
                }
            }
            // What was looked at without any consequence is no part of the history.
            let context = Context { now: Timestamp::UNIX_EPOCH, random: 0 };
            if !settle(&mut folded, &context).is_empty() {
                let what = format!("coordinator {place} has left something to do up to {}", tail.sequence);
                found.push(Violation { invariant: "INV-09", sequence: tail.sequence, what });
            }
            if format!("{folded:?}") != format!("{:?}", engine.partition()) {
                let what =
                    format!("the state of coordinator {place} is not the fold of the log up to {}", tail.sequence);
                found.push(Violation { invariant: "INV-09", sequence: tail.sequence, what });
            }
        }
        self.found.extend(found);
    }
}
