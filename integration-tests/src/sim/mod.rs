//! The deterministic simulator: the real engines of coordinator, scheduler, worker and projector, several of each, under virtual
//! time and one seed that draws everything: workload, latencies, crashes, restarts, messages that are lost, repeated, late or out
//! of order, appends whose outcome is unknown, stale owners, clocks that jump, workers that stand still, full disks.
//!
//! Promises: the same seed gives the same trace; the invariants of DESIGN section 6 are checked after every step (safety); when the
//! faults are over everything ends within a bound of virtual time (liveness); and it has not cost more than it should (cost: an
//! effect that is lost and repaired by a lease passes the other two). Knows nothing about sockets, files, threads and real time.
//!
//! | file | what |
//! |---|---|
//! | `scenario.rs`, `workloads/` | what a seed decides beforehand |
//! | `nodes/` | the processes around the engines |
//! | `network.rs`, `log.rs`, `time.rs` | what lies between them |
//! | `nemesis.rs` | what goes wrong |
//! | `checks/`, `cost.rs`, `verdict.rs` | what must hold |
//! | `seeds.txt`, `mutants/` | seeds that failed once; bugs that must be found |

pub mod checks;
pub mod dice;
mod elsewhere;
pub mod log;
pub mod network;
pub mod nodes;
pub mod scenario;
pub mod time;
pub mod trace;
pub mod workloads;
pub mod world;

mod census;
mod cost;
mod nemesis;
mod verdict;

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
};

use trace::Lines;
use world::World;

/// Lines of the trace that a failure shows.
const LINES_SHOWN: usize = 40;

/// Seeds that failed once, each with what it showed.
pub const KEPT_SEEDS: &str = include_str!("seeds.txt");

/// What became of a simulation that went well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Hash of everything that happened.
    pub hash: u64,
    /// Events.
    pub events: u64,
    /// Simulated time, microseconds.
    pub time: u64,
    /// Records in the log.
    pub records: u64,
    /// Runs.
    pub runs: u64,
    /// Attempts that were given to workers.
    pub leases: u64,
}

/// What went wrong, and how to see it again.
#[derive(Debug)]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// What.
    pub what: Vec<String>,
    /// The last lines of the trace.
    pub lines: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {} failed:", self.seed)?;
        self.what.iter().try_for_each(|what| writeln!(f, "  {what}"))?;
        writeln!(f, "its last steps:")?;
        self.lines.iter().try_for_each(|line| writeln!(f, "  {line}"))?;
        let seed = self.seed;
        write!(f, "all of them: cargo run --release -p downbeat-integration-tests --bin downbeat-sim -- --seed {seed}")
    }
}

/// Simulates a seed. One that fails is simulated again for its trace.
///
/// # Errors
/// What went wrong.
pub fn simulate(seed: u64) -> Result<Report, Box<Failure>> {
    attempt(seed, Lines::No).or_else(|_| attempt(seed, Lines::Last(LINES_SHOWN)))
}

/// Simulates a seed with these lines.
///
/// # Errors
/// What went wrong.
pub fn attempt(seed: u64, lines: Lines) -> Result<Report, Box<Failure>> {
    let mut world = World::new(seed, lines);
    // A panic of an engine is a finding, and the trace up to it is wanted.
    let outcome = catch_unwind(AssertUnwindSafe(|| world.run()));
    let mut what: Vec<String> = world.found.iter().map(ToString::to_string).collect();
    if let Err(panic) = outcome {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        what.push(format!("panic: {}", text.unwrap_or_default()));
    }
    if what.is_empty() {
        return Ok(Report {
            hash: world.trace.hash(),
            events: world.events,
            time: world.now,
            records: world.census.records,
            runs: world.census.runs,
            leases: world.census.leases,
        });
    }
    Err(Box::new(Failure { seed, what, lines: world.trace.kept().cloned().collect() }))
}

/// The seeds of [`KEPT_SEEDS`].
pub fn kept_seeds() -> Vec<u64> {
    let first = |line: &str| line.split_whitespace().next().and_then(|word| word.parse().ok());
    KEPT_SEEDS.lines().filter(|line| !line.starts_with('#')).filter_map(first).collect()
}
