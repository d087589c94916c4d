//! Log lines: one line an event on standard error, so that standard output stays for what a command answers.

use tracing_subscriber::EnvFilter;

/// Starts logging. `DOWNBEAT_LOG` filters as `RUST_LOG` does elsewhere (`info`, `downbeat_coordinator=debug`, ...).
pub fn init(default: &str) {
    let filter = EnvFilter::try_from_env("DOWNBEAT_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(true);
    // A second call in one process (tests) keeps the first.
    let _ = lines.try_init();
}
