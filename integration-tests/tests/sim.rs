//! Two thousand seeds of the simulator, those first that failed once; and that a seed says the same twice.

use std::sync::{
    Mutex,
    atomic::{AtomicU64, Ordering},
};

use downbeat_integration_tests::sim::{self, trace::Lines};

const SEEDS: u64 = 2_000;
const THREADS: usize = 2;

#[test]
fn no_seed_shows_a_violation() {
    let mut seeds = sim::kept_seeds();
    seeds.extend(0..SEEDS);
    let (next, failures) = (AtomicU64::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed) as usize) {
                    if let Err(failure) = sim::simulate(*seed) {
                        failures.lock().expect("nobody panics with it").push(failure);
                        return;
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().expect("nobody panics with it");
    assert!(failures.is_empty(), "{}", failures.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    for seed in 0..20 {
        let first = sim::attempt(seed, Lines::No).map_err(|failure| failure.what);
        let again = sim::attempt(seed, Lines::Last(1)).map_err(|failure| failure.what);
        assert_eq!(first, again, "seed {seed}");
    }
}
