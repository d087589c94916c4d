//! A scripted job: how long it takes, how it ends, and how it takes being stopped or killed is drawn when it begins.

use downbeat_proto::events::v1::{Asset, Operation};
use downbeat_worker::attempt::{Collection, Ended, Ending, Failure};

use crate::sim::{
    dice::Dice,
    time::{At, MILLISECOND, SECOND},
    workloads::Behaviour,
};

/// Grace between being asked to stop and being killed, as the worker's process layer has it.
const STOP_GRACE: At = 10 * SECOND;

/// A job that runs.
#[derive(Debug)]
pub struct Job {
    /// Names this very process.
    pub token: u64,
    /// When it is over, as far as is known now.
    pub ends: At,
    /// It was asked to end.
    pub ending: bool,
    ended: Ended,
    to_stop: At,
    to_die: At,
}

impl Job {
    /// A job that begins now.
    pub fn begin(token: u64, now: At, behaviour: &Behaviour, dice: &mut Dice) -> Self {
        let takes = takes(behaviour, dice);
        let to_stop = match dice.below(10) {
            0..=6 => dice.below(SECOND),
            7..=8 => dice.below(STOP_GRACE),
            _ => STOP_GRACE + dice.below(SECOND),
        };
        let to_die = if dice.per_mille(100) { dice.below(2 * SECOND) } else { dice.below(50 * MILLISECOND) };
        Self { token, ends: now + takes, ending: false, ended: ending(behaviour, dice), to_stop, to_die }
    }

    /// It is asked to stop, and killed when it does not.
    pub fn stop(&mut self, now: At) {
        self.end_by(now + self.to_stop);
    }

    /// It is killed.
    pub fn kill(&mut self, now: At) {
        self.end_by(now + self.to_die);
    }

    /// What its connector hands back.
    pub fn into_ended(self) -> Ended {
        self.ended
    }

    fn end_by(&mut self, at: At) {
        self.ending = true;
        if at < self.ends {
            self.ends = at;
            self.ended = Ending::Stopped.into();
        }
    }
}

/// How long a job takes.
pub fn takes(behaviour: &Behaviour, dice: &mut Dice) -> At {
    let (shortest, longest) = behaviour.takes;
    if dice.per_mille(behaviour.hang_per_mille) {
        Behaviour::HANG
    } else if dice.per_mille(300) {
        shortest
    } else {
        dice.between(shortest, longest)
    }
}

/// How a job ends.
pub fn ending(behaviour: &Behaviour, dice: &mut Dice) -> Ended {
    let ending = if dice.per_mille(behaviour.fail_per_mille) {
        let failure = match dice.below(3) {
            0 => Failure::job("simulated"),
            1 => Failure::transient("simulated"),
            _ => Failure::misconfigured(""),
        };
        Ending::Failed(failure)
    } else {
        let outputs = if dice.per_mille(300) { format!("{{\"n\":{}}}", dice.below(100)) } else { String::new() };
        Ending::Succeeded { warning: dice.per_mille(50), outputs, message: String::new() }
    };
    let mut collection = Collection::default();
    if dice.per_mille(behaviour.collect_per_mille) {
        for at in 0..dice.between(1, 3) {
            let name = format!("table-{}", dice.below(8));
            collection.operations.push(Operation {
                name: format!("operation-{at}"),
                r#type: "MATERIALISATION".to_owned(),
                status: "SUCCEEDED".to_owned(),
                asset: format!("sim/{name}"),
                ..Operation::default()
            });
            collection.assets.push(Asset { name, ..Asset::default() });
        }
    }
    Ended { ending, collection }
}
