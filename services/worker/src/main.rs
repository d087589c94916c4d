//! The worker as a process of its own.

use clap::Parser;
use downbeat_runtime::{allocator::Allocator, shutdown::Shutdown, telemetry};
use downbeat_worker::WorkerConfig;

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

fn main() -> std::process::ExitCode {
    // Before there are threads: the process may become another program.
    match downbeat_worker::launch::if_asked() {
        Some(code) => code,
        None => serve(),
    }
}

#[tokio::main]
async fn serve() -> std::process::ExitCode {
    telemetry::carry_out("worker", "info", Box::pin(run(WorkerConfig::parse()))).await
}

async fn run(config: WorkerConfig) -> Result<(), Box<dyn std::error::Error>> {
    let shutdown = Shutdown::on_signals()?;
    Ok(downbeat_worker::run(config, shutdown.signal()).await?)
}
