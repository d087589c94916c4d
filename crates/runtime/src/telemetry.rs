//! Log lines: one line an event on standard error, so that standard output stays for what a command answers.

use std::io::IsTerminal;

use tracing::Subscriber;
use tracing_subscriber::{
    EnvFilter, filter::filter_fn, fmt::MakeWriter, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

/// Libraries that print what another side said, as it said it: there may be a credential in it. Those who use them say what matters.
const REPEATERS: [&str; 2] = ["tokio_postgres", "tiberius"];

/// Starts logging. `DOWNBEAT_LOG_FILTER` filters as `RUST_LOG` does elsewhere (`info`, `downbeat_coordinator=debug`, ...).
pub fn init(default: &str) {
    let filter = EnvFilter::try_from_env("DOWNBEAT_LOG_FILTER").unwrap_or_else(|_| EnvFilter::new(default));
    // A second call in one process (tests) keeps the first.
    let _ = lines(filter, std::io::stderr, std::io::stderr().is_terminal()).try_init();
}

fn lines<W>(filter: EnvFilter, writer: W, ansi: bool) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let silenced = |target: &str| REPEATERS.iter().any(|repeater| target.starts_with(repeater));
    tracing_subscriber::registry()
        .with(filter)
        .with(filter_fn(move |metadata| !silenced(metadata.target())))
        .with(tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(ansi))
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

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Seek as _};
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn what_repeats_another_side_is_silent_whatever_is_asked_for() {
        let mut file = tempfile::tempfile().unwrap();
        let filter = EnvFilter::new("trace,tiberius::tds=trace,tokio_postgres=trace");
        let written = Mutex::new(file.try_clone().unwrap());
        tracing::subscriber::with_default(lines(filter, written, false), || {
            tracing::error!(target: "tiberius::tds::stream::token", "login failed for ...");
            tracing::info!(target: "tokio_postgres::connection", "WARNING: ...");
            tracing::debug!(target: "downbeat_worker", "a line of ours");
        });
        let mut text = String::new();
        file.rewind().unwrap();
        file.read_to_string(&mut text).unwrap();
        assert!(text.contains("a line of ours") && text.lines().count() == 1, "{text}");
    }
}
