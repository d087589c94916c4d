//! Measures the budgets that this version has: no-op tasks, events, schedules and the API through the whole path, over both logs. Prints a table.
//!
//! Usage: `make bench`, which builds in the release profile first; `downbeat-bench [tasks] [events] [schedules] [front] [fleet]` measures those only.
//! Never a test: figures have no verdict here.

mod cpu;
mod events;
mod fleet;
mod front;
mod measure;
mod report;
mod schedules;

use std::process::ExitCode;

use downbeat_integration_tests::{
    cluster::{Addresses, Cluster, Dev},
    fleet::Fleet,
};

use measure::Figures;

/// Attempts that the worker may hold at once.
const SLOTS: u32 = 256;
/// Rounds of each figure; the median is quoted.
const ROUNDS: usize = 5;
/// The same where a round is a minute.
const ROUNDS_OF_SCHEDULES: usize = 3;

#[tokio::main]
async fn main() -> ExitCode {
    let chosen: Vec<String> = std::env::args().skip(1).collect();
    let wanted = |what: &str| chosen.is_empty() || chosen.iter().any(|name| name == what);
    let folder = tempfile::tempdir().expect("a temporary folder");
    println!("{}", report::head());
    {
        let (name, dev) = ("embedded, fsync", Dev::start(folder.path(), SLOTS));
        if wanted("tasks") {
            print(name, &dev.addresses, dev.process.pid()).await;
        }
        if wanted("schedules") {
            row(name, schedules::FIGURE, schedules::last_after(&dev.addresses, ROUNDS_OF_SCHEDULES).await);
        }
    }
    let nats = folder.path().join("cluster");
    std::fs::create_dir_all(&nats).expect("a temporary folder");
    let (name, mut cluster) = ("NATS, sync always", Cluster::start_to_measure(&nats, SLOTS));
    if wanted("tasks") {
        print(name, &cluster.addresses, cluster.coordinator.pid()).await;
    }
    if wanted("events") {
        for (figure, outcome) in events::FIGURES.into_iter().zip(events::per_second(&mut cluster, ROUNDS).await) {
            row(name, figure, outcome);
        }
    }
    if wanted("schedules") {
        row(name, schedules::FIGURE, schedules::last_after(&cluster.addresses, ROUNDS_OF_SCHEDULES).await);
    }
    // The last one: it leaves the processes on a core each.
    if wanted("front") {
        match front::measure(&cluster, ROUNDS).await {
            Ok(measured) => {
                for (figure, values) in front::FIGURES.into_iter().zip(measured) {
                    println!("{}", report::row(name, figure, &values, 0.99));
                }
            }
            Err(error) => println!("| {name} | front door | failed | {error} |"),
        }
    }
    drop(cluster);
    if wanted("fleet") {
        print_fleet(folder.path()).await;
    }
    ExitCode::SUCCESS
}

async fn print_fleet(folder: &std::path::Path) {
    let folder = folder.join("fleet");
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    let mut fleet = Fleet::start_to_measure(&folder, fleet::SIZES);
    match fleet::figures(&fleet, ROUNDS).await {
        Ok(figures) => println!("{}", report::figures(fleet::NAME, &figures)),
        Err(error) => println!("| {} | failed | {error} |", fleet::NAME),
    }
    row(fleet::NAME, fleet::FIGURE, fleet::take_overs(&mut fleet, ROUNDS).await);
}

fn row(log: &str, figure: &str, outcome: Result<Vec<f64>, String>) {
    match outcome {
        Ok(figures) => println!("{}", report::row(log, figure, &figures, 1.0)),
        Err(error) => println!("| {log} | {figure} | failed | {error} |"),
    }
}

async fn print(log: &str, addresses: &Addresses, pid: u32) {
    match Figures::measure(addresses, ROUNDS).await {
        Ok(figures) => println!("{}", report::rows(log, &figures, pid)),
        Err(error) => println!("| {log} | failed | {error} |"),
    }
}
