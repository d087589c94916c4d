//! Measures the budgets that this version has: no-op tasks through the whole path, over both logs. Prints a table.
//!
//! Usage: `make bench`, which builds in the release profile first. Never a test: figures have no verdict here.

mod events;
mod measure;
mod report;

use std::process::ExitCode;

use downbeat_integration_tests::cluster::{Addresses, Cluster, Dev};

use measure::Figures;

/// Attempts that the worker may hold at once.
const SLOTS: u32 = 256;
/// Rounds of each figure; the median is quoted.
const ROUNDS: usize = 5;

#[tokio::main]
async fn main() -> ExitCode {
    let folder = tempfile::tempdir().expect("a temporary folder");
    println!("{}", report::head());
    {
        let dev = Dev::start(folder.path(), SLOTS);
        print("embedded, fsync", &dev.addresses, dev.process.pid()).await;
    }
    let nats = folder.path().join("cluster");
    std::fs::create_dir_all(&nats).expect("a temporary folder");
    let cluster = Cluster::start(&nats, SLOTS);
    print("NATS, sync always", &cluster.addresses, cluster.coordinator.pid()).await;
    match events::per_second(&cluster.addresses, ROUNDS).await {
        Ok(figures) => println!("{}", report::row("NATS, sync always", events::FIGURE, &figures, 1.0)),
        Err(error) => println!("| NATS, sync always | {} | failed | {error} |", events::FIGURE),
    }
    ExitCode::SUCCESS
}

async fn print(log: &str, addresses: &Addresses, pid: u32) {
    match Figures::measure(addresses, ROUNDS).await {
        Ok(figures) => println!("{}", report::rows(log, &figures, pid)),
        Err(error) => println!("| {log} | failed | {error} |"),
    }
}
