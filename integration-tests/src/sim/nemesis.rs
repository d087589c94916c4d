//! What goes wrong, and the moment from which nothing does any more.

use super::{
    scenario::Fault,
    time::{At, SECOND},
    world::{Happening, World},
};

/// A worker that stands still for at most so long still keeps its lease's promise.
const HARMLESS_FREEZE: At = 2 * SECOND;

impl World {
    /// One fault, and the next one later.
    pub(super) fn nemesis(&mut self) {
        if self.healed.is_some() || self.scenario.faults.is_empty() {
            return;
        }
        let fault = *self.dice.pick(&self.scenario.faults);
        self.say(|| format!("fault: {fault:?}"));
        self.strike(fault);
        let pause = self.scenario.pause;
        let next = self.now + self.dice.between(pause / 4, 2 * pause);
        self.queue.push(next, Happening::Nemesis);
    }

    fn strike(&mut self, fault: Fault) {
        match fault {
            Fault::KillCoordinator => {
                if let Some(at) = self.some_coordinator() {
                    self.end_coordinator(at, "killed");
                }
            }
            Fault::StartRival => {
                let living = self.coordinators.iter().filter(|one| one.lives()).count();
                if living < self.scenario.coordinators_max {
                    self.start_coordinator();
                }
            }
            Fault::FreezeCoordinator => {
                if let Some(at) = self.some_coordinator() {
                    let time = self.dice.below(60 * SECOND);
                    freeze(self.now, &mut self.coordinators[at].frozen_until, time);
                }
            }
            Fault::LoseWorkerMachine | Fault::KillWorker => {
                let at = self.some_worker();
                if self.workers[at].lives() {
                    let machine = fault == Fault::LoseWorkerMachine;
                    let new_id = machine && self.dice.per_mille(300);
                    self.end_worker(at, machine, machine, new_id);
                    let pause = self.dice.between(SECOND / 10, 60 * SECOND);
                    self.start_worker(at, pause);
                }
            }
            Fault::ShutDownWorker => {
                let at = self.some_worker();
                let life = self.workers[at].life;
                self.queue.push(self.now, Happening::Worker(at, life, super::nodes::worker::WorkerEvent::ShutDown));
            }
            Fault::FreezeWorker => {
                let at = self.some_worker();
                let long = self.dice.per_mille(300);
                let time = self.dice.below(if long { 60 * SECOND } else { HARMLESS_FREEZE });
                freeze(self.now, &mut self.workers[at].frozen_until, time);
                if time > HARMLESS_FREEZE {
                    self.workers[at].jobs().into_iter().for_each(|token| self.jobs.excuse(token));
                }
            }
            Fault::BreakConnection | Fault::IsolateWorker => {
                let at = self.some_worker();
                if fault == Fault::IsolateWorker {
                    self.workers[at].isolated_until = self.now + self.dice.below(90 * SECOND);
                }
                if let Some(connection) = self.workers[at].connection() {
                    let quietly = fault == Fault::IsolateWorker || self.dice.per_mille(500);
                    self.cut(connection, quietly);
                }
            }
            Fault::LogOutage => {
                let until = self.now + self.dice.below(60 * SECOND);
                if self.dice.per_mille(500) {
                    self.log.full_until = until;
                } else {
                    self.log.away_until = until;
                }
            }
            Fault::CutCoordinatorOff => {
                if let Some(at) = self.some_coordinator() {
                    self.coordinators[at].cut_off_until = self.now + self.dice.below(300 * SECOND);
                }
            }
            Fault::KillProjector | Fault::LoseProjector => {
                let (at, pause) = (self.some(self.projectors.len()), self.dice.below(20 * SECOND));
                self.restart_projector(at, pause, fault == Fault::LoseProjector);
            }
            Fault::KillScheduler => {
                let (at, pause) = (self.some(self.schedulers.len()), self.dice.below(20 * SECOND));
                self.restart_scheduler(at, pause);
            }
            Fault::JumpClock => self.jump(),
        }
    }

    fn jump(&mut self) {
        let span = self.scenario.jump;
        let offset = self.dice.below(2 * span) as i64 - span as i64;
        match self.dice.below(3) {
            0 => {
                if let Some(at) = self.some_coordinator() {
                    self.coordinators[at].clocks.wall_offset = offset;
                }
            }
            1 => {
                let at = self.some(self.schedulers.len());
                self.schedulers[at].clocks.wall_offset = offset;
            }
            _ => {
                let at = self.some_worker();
                self.workers[at].clocks.wall_offset = offset;
            }
        }
    }

    /// Nothing goes wrong any more, and everybody who is gone comes back.
    pub(super) fn heal(&mut self) {
        self.say(|| "healed".to_owned());
        self.healed = Some(self.now);
        self.appends = super::scenario::AppendFaults::default();
        (self.network.slow, self.network.lost_request, self.network.lost_answer) = (0, 0, 0);
        (self.log.full_until, self.log.away_until) = (0, 0);
        // Who stands still goes on when its time has come.
        self.coordinators.iter_mut().for_each(|one| (one.clocks.wall_offset, one.cut_off_until) = (0, 0));
        self.schedulers.iter_mut().for_each(|one| one.clocks.wall_offset = 0);
        self.workers.iter_mut().for_each(|one| {
            one.clocks.wall_offset = 0;
            one.isolated_until = 0;
        });
    }

    fn some(&mut self, count: usize) -> usize {
        self.dice.below(count as u64) as usize
    }

    fn some_worker(&mut self) -> usize {
        self.some(self.workers.len())
    }

    fn some_coordinator(&mut self) -> Option<usize> {
        let living: Vec<usize> = (0..self.coordinators.len()).filter(|at| self.coordinators[*at].lives()).collect();
        (!living.is_empty()).then(|| *self.dice.pick(&living))
    }
}

/// One freeze ends before the next one begins, and it ends at an odd instant, when no message arrives: so what waits for the thaw
/// keeps its order.
fn freeze(now: At, frozen_until: &mut At, time: At) {
    if now >= *frozen_until {
        *frozen_until = (now + time) | 1;
    }
}
