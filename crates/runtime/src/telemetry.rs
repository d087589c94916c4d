//! Log lines: one line an event on standard error, so that standard output stays for what a command answers.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Starts logging. `DOWNBEAT_LOG_FILTER` filters as `RUST_LOG` does elsewhere (`info`, `downbeat_coordinator=debug`, ...).
pub fn init(default: &str) {
    let filter = EnvFilter::try_from_env("DOWNBEAT_LOG_FILTER").unwrap_or_else(|_| EnvFilter::new(default));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    // A second call in one process (tests) keeps the first.
    let _ = lines.try_init();
}

/// How a service's process ends: an error is printed with all its causes, and the status says so.
pub fn exit_code(service: &str, outcome: Result<(), Box<dyn std::error::Error>>) -> std::process::ExitCode {
    match outcome {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{service}: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}
