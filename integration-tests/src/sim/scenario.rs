//! What a seed decides before anything happens: who takes part, what users do, and which faults there are. Each fault is on or off
//! per seed, so that some seeds are calm, some know one fault only, and some know all.

use super::{
    dice::Dice,
    time::{At, MILLISECOND, SECOND},
    workloads::{self, Workload},
};

/// Something that goes wrong once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// `kill -9` of a coordinator.
    KillCoordinator,
    /// Another coordinator is started while the first one lives.
    StartRival,
    /// A coordinator stands still for a while.
    FreezeCoordinator,
    /// A worker's machine is gone, with its jobs.
    LoseWorkerMachine,
    /// `kill -9` of a worker; its jobs run on until it starts again.
    KillWorker,
    /// A worker is asked to end, and starts again.
    ShutDownWorker,
    /// A worker stands still for a while.
    FreezeWorker,
    /// A worker's connection breaks.
    BreakConnection,
    /// A worker reaches nobody for a while.
    IsolateWorker,
    /// The log takes nothing for a while: a full disk, or no server.
    LogOutage,
    /// A coordinator does not reach the log for a while; everybody else does.
    CutCoordinatorOff,
    /// `kill -9` of a projector.
    KillProjector,
    /// A projector's machine loses power: its store is not trusted any more.
    LoseProjector,
    /// `kill -9` of a scheduler.
    KillScheduler,
    /// Somebody sets a wall clock.
    JumpClock,
}

const FAULTS: &[Fault] = &[
    Fault::KillCoordinator,
    Fault::StartRival,
    Fault::FreezeCoordinator,
    Fault::LoseWorkerMachine,
    Fault::KillWorker,
    Fault::ShutDownWorker,
    Fault::FreezeWorker,
    Fault::BreakConnection,
    Fault::IsolateWorker,
    Fault::LogOutage,
    Fault::CutCoordinatorOff,
    Fault::KillProjector,
    Fault::LoseProjector,
    Fault::KillScheduler,
    Fault::JumpClock,
];

/// Chances of what may become of an append, of a thousand.
#[derive(Clone, Copy, Debug, Default)]
pub struct AppendFaults {
    /// It lands, nobody hears of it.
    pub lost_answer: u32,
    /// It is lost.
    pub lost: u32,
    /// Nobody hears of it, and it lands much later.
    pub late: u32,
    /// The log refuses for now.
    pub unavailable: u32,
}

/// How the network behaves.
#[derive(Clone, Copy, Debug)]
pub struct Network {
    /// Shortest and longest way of a message.
    pub latency: (At, At),
    /// So many of a thousand messages take up to 50 times as long.
    pub slow: u32,
    /// So many requests of single calls are lost.
    pub lost_request: u32,
    /// So many answers.
    pub lost_answer: u32,
}

/// A worker as it is installed.
#[derive(Clone, Copy, Debug)]
pub struct Installed {
    /// Its slots.
    pub slots: u32,
    /// Runs scripts; every worker answers no-ops.
    pub scripts: bool,
}

/// Everything that is decided beforehand.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Coordinators that may live at one time.
    pub coordinators_max: usize,
    /// Schedulers.
    pub schedulers: usize,
    /// Messages of one subject that a scheduler lets through per second.
    pub trigger_rate: u32,
    /// Workers.
    pub workers: Vec<Installed>,
    /// Projectors.
    pub projectors: usize,
    /// How long things go wrong.
    pub chaos: At,
    /// Mean pause between two faults.
    pub pause: At,
    /// What goes wrong; none = a calm seed.
    pub faults: Vec<Fault>,
    /// What becomes of appends.
    pub appends: AppendFaults,
    /// What becomes of messages.
    pub network: Network,
    /// Longest time that a drawn clock jump spans.
    pub jump: At,
    /// What users do.
    pub workloads: Vec<Workload>,
}

impl Scenario {
    /// What this seed decides.
    pub fn draw(dice: &mut Dice) -> Self {
        let calm = dice.per_mille(100);
        let share = *dice.pick(&[150_u32, 400, 700]);
        let faults: Vec<Fault> = FAULTS.iter().copied().filter(|_| dice.per_mille(share)).filter(|_| !calm).collect();
        let up_to = |dice: &mut Dice, chance: u32| {
            if !calm && dice.per_mille(500) { dice.below(u64::from(chance)) as u32 } else { 0 }
        };
        let appends = AppendFaults {
            lost_answer: up_to(dice, 60),
            lost: up_to(dice, 60),
            late: up_to(dice, 60),
            unavailable: up_to(dice, 60),
        };
        let fast = dice.between(50, 300);
        let network = Network {
            latency: (fast, fast + dice.between(100, 5 * MILLISECOND)),
            slow: up_to(dice, 100),
            lost_request: up_to(dice, 100),
            lost_answer: up_to(dice, 100),
        };
        let mut workers: Vec<Installed> = (0..dice.between(1, 5))
            .map(|_| Installed { slots: dice.between(1, 6) as u32, scripts: dice.per_mille(850) })
            .collect();
        // Somebody must be able to do the work.
        workers[0].scripts = true;
        Self {
            coordinators_max: dice.between(1, 3) as usize,
            schedulers: dice.between(1, 3) as usize,
            trigger_rate: *dice.pick(&[1, 10_000]),
            workers,
            projectors: dice.between(1, 2) as usize,
            // Seldom long enough for an owner to lose its trust in itself, and its workers to their leases.
            chaos: if dice.per_mille(80) { dice.between(250, 500) } else { dice.between(30, 150) } * SECOND,
            pause: dice.between(2, 15) * SECOND,
            faults,
            appends,
            network,
            jump: if dice.per_mille(50) { 3_600 * SECOND } else { 90 * SECOND },
            workloads: (0..dice.between(1, 2)).map(|_| (dice.pick(workloads::ALL).1)(dice)).collect(),
        }
    }

    /// Does nothing ever go wrong?
    pub fn is_calm(&self) -> bool {
        let appends = self.appends;
        self.faults.is_empty()
            && appends.lost_answer + appends.lost + appends.late + appends.unavailable == 0
            && self.network.lost_answer + self.network.lost_request == 0
    }
}
