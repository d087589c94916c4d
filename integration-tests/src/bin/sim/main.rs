//! `downbeat-sim`: simulates many seeds on all cores, or one with its whole trace.

use std::{
    process::ExitCode,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use downbeat_integration_tests::sim::{self, trace::Lines};

/// How often progress is shown.
const PROGRESS: Duration = Duration::from_secs(10);

const USAGE: &str =
    "usage: downbeat-sim [--seeds COUNT] [--from SEED] [--threads COUNT] [--failures COUNT] | --seed SEED";

struct Arguments {
    seeds: u64,
    from: u64,
    threads: u64,
    /// Ends after so many failures. With more than one, only what failed is shown.
    failures: u64,
    one: Option<u64>,
}

fn arguments() -> Option<Arguments> {
    let mut arguments = Arguments { seeds: 10_000, from: 0, threads: 2, failures: 1, one: None };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let number = words.next()?.parse().ok()?;
        match word.as_str() {
            "--seeds" => arguments.seeds = number,
            "--from" => arguments.from = number,
            "--threads" => arguments.threads = number,
            "--failures" => arguments.failures = number,
            "--seed" => arguments.one = Some(number),
            _ => return None,
        }
    }
    Some(arguments)
}

fn main() -> ExitCode {
    let Some(arguments) = arguments() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match arguments.one {
        Some(seed) => one(seed),
        None => many(&arguments),
    }
}

fn one(seed: u64) -> ExitCode {
    match sim::attempt(seed, Lines::Print) {
        Ok(report) => {
            println!("seed {seed}: well\n{report:#?}");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            failure.what.iter().for_each(|what| println!("seed {seed}: {what}"));
            ExitCode::FAILURE
        }
    }
}

fn many(arguments: &Arguments) -> ExitCode {
    let (next, done, time) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let failed = AtomicU64::new(0);
    let began = Instant::now();
    let work = || {
        while failed.load(Ordering::Relaxed) < arguments.failures {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= arguments.seeds {
                return;
            }
            match sim::simulate(arguments.from + at) {
                Ok(report) => {
                    time.fetch_add(report.time / 1_000_000, Ordering::Relaxed);
                    done.fetch_add(1, Ordering::Relaxed);
                }
                Err(failure) => {
                    failed.fetch_add(1, Ordering::Relaxed);
                    match arguments.failures {
                        1 => println!("{failure}"),
                        _ => failure.what.iter().for_each(|what| println!("seed {}: {what}", failure.seed)),
                    }
                }
            }
        }
    };
    let tell = || {
        let (done, seconds) = (done.load(Ordering::Relaxed), began.elapsed().as_secs_f64());
        let years = time.load(Ordering::Relaxed) as f64 / (365.25 * 86_400.0);
        println!("{done} seeds, {:.0} seeds/s, {years:.3} simulated years", done as f64 / seconds);
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..arguments.threads.max(1)).map(|_| scope.spawn(work)).collect();
        let mut told = Instant::now();
        while !threads.iter().all(std::thread::ScopedJoinHandle::is_finished) {
            std::thread::sleep(Duration::from_millis(20));
            if told.elapsed() > PROGRESS {
                tell();
                told = Instant::now();
            }
        }
    });
    tell();
    if failed.load(Ordering::Relaxed) > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
