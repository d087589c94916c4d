//! Attempts of a worker whose jobs run elsewhere: begun by token, looked at now and then, ended on request. What is in flight when the
//! worker dies arrives all the same.

use downbeat_domain::RunId;
use downbeat_proto::worker::v1 as wire;
use downbeat_worker::{
    attempt::{AttemptId, Ended, Ending, Job},
    engine::Input,
};

use super::worker::WorkerEvent;
use crate::sim::{
    elsewhere::Key,
    time::{At, MILLISECOND, SECOND},
    world::{Happening, World},
};

/// The integration and job of the simulation that run elsewhere.
pub const REMOTE: (&str, &str) = ("FIVETRAN", "FIVETRAN_SYNC_ALL");

/// An attempt at a job elsewhere.
#[derive(Debug)]
pub struct Carried {
    /// Names this very attempt of this very process.
    pub token: u64,
    key: Key,
    /// The other system took the job.
    known: bool,
    /// It shall end.
    stopping: bool,
    /// What is told of it is void.
    let_go: bool,
}

/// What happens to it.
#[derive(Clone, Copy, Debug)]
pub enum CarriedEvent {
    /// The other system answers that it has the job.
    Taken,
    /// It is looked at.
    Look,
    /// Its end was asked for as often as that is done.
    GivenUp,
    /// It was let go of.
    Gone,
}

impl World {
    /// Begins the job, or carries on with it.
    pub(super) fn carry(&mut self, at: usize, attempt: AttemptId, resume: Option<&wire::Resume>) {
        self.job_tokens += 1;
        let token = self.job_tokens;
        let key = (RunId(attempt.run), attempt.task, resume.map_or(attempt.number, |resume| resume.token_attempt));
        let known = resume.is_some_and(|resume| !resume.handle.is_empty());
        let carried = Carried { token, key, known, stopping: false, let_go: false };
        self.workers[at].carry(attempt, carried);
        if known {
            return self.tell_carried(at, MILLISECOND, attempt, token, CarriedEvent::Taken);
        }
        let (way, back) = (self.latency_elsewhere(), self.latency_elsewhere());
        self.queue.push(self.now + way, Happening::JobArrives(key));
        self.tell_carried(at, way + back, attempt, token, CarriedEvent::Taken);
    }

    /// The worker's engine wants the attempt to end.
    pub(super) fn stop_carried(&mut self, at: usize, attempt: AttemptId) {
        let Some(carried) = self.workers[at].carried(attempt).filter(|carried| !carried.let_go) else { return };
        carried.stopping = true;
        if carried.known {
            self.ask_for_end(at, attempt);
        }
    }

    /// The worker's engine wants to be rid of it at once.
    pub(super) fn let_go(&mut self, at: usize, attempt: AttemptId) {
        let Some(carried) = self.workers[at].carried(attempt) else { return };
        carried.let_go = true;
        let token = carried.token;
        let after = self.dice.below(50 * MILLISECOND);
        self.tell_carried(at, after, attempt, token, CarriedEvent::Gone);
    }

    pub(super) fn carried_event(&mut self, at: usize, attempt: AttemptId, token: u64, event: CarriedEvent) {
        let now = self.now;
        let Some(carried) = self.workers[at].carried(attempt).filter(|carried| carried.token == token) else { return };
        let (key, stopping) = (carried.key, carried.stopping);
        match event {
            CarriedEvent::Gone => self.carried_ends(at, attempt, Ending::Abandoned.into()),
            _ if carried.let_go => {}
            CarriedEvent::Taken => {
                carried.known = true;
                let (number, external_id) = (key.2, format!("job-{}", key.2));
                let handle = vec![1, number.to_be_bytes()[3]];
                self.step(at, vec![Input::Submitted(attempt, Job { handle, external_id, link: String::new() })]);
                if stopping {
                    self.ask_for_end(at, attempt);
                }
                self.look_later(at, attempt, token);
            }
            CarriedEvent::GivenUp => {
                self.carried_ends(at, attempt, Ending::Unconfirmed("nobody answers".to_owned()).into())
            }
            CarriedEvent::Look => match self.elsewhere.seen(key, now) {
                Ok(Some(ended)) => self.carried_ends(at, attempt, ended),
                Ok(None) => self.look_later(at, attempt, token),
                Err(()) => self.violated("INV-06", format!("{key:?} was taken and is not known elsewhere")),
            },
        }
    }

    fn carried_ends(&mut self, at: usize, attempt: AttemptId, ended: Ended) {
        self.workers[at].uncarry(attempt);
        self.step(at, vec![Input::Finished(attempt, Box::new(ended))]);
    }

    /// Most often the other system hears of it; now and then nobody gets through to it until one gives up.
    fn ask_for_end(&mut self, at: usize, attempt: AttemptId) {
        let Some((key, token)) = self.workers[at].carried(attempt).map(|carried| (carried.key, carried.token)) else {
            return;
        };
        if self.dice.per_mille(50) {
            return self.tell_carried(at, 30 * SECOND, attempt, token, CarriedEvent::GivenUp);
        }
        let way = self.latency_elsewhere();
        self.queue.push(self.now + way, Happening::CancelArrives(key));
    }

    fn look_later(&mut self, at: usize, attempt: AttemptId, token: u64) {
        let pause = self.dice.between(SECOND / 10, 5 * SECOND);
        self.tell_carried(at, pause, attempt, token, CarriedEvent::Look);
    }

    fn latency_elsewhere(&mut self) -> At {
        let longest = if self.dice.per_mille(100) { 20 * SECOND } else { SECOND / 2 };
        self.dice.between(MILLISECOND, longest)
    }

    fn tell_carried(&mut self, at: usize, after: At, attempt: AttemptId, token: u64, event: CarriedEvent) {
        self.tell_worker(at, after, WorkerEvent::Carried(attempt, token, event));
    }
}
