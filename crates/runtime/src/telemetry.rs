//! What a process tells of itself: one line an event on standard error, so that standard output stays for what a command answers, and all of it
//! to a receiver of OTLP where one is named ([`crate::otlp`]).

use std::{io::IsTerminal, process::ExitCode};

use tracing::Subscriber;
use tracing_subscriber::{
    EnvFilter, filter::filter_fn, fmt::MakeWriter, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

use crate::otlp;

/// Libraries that print what another side said, as it said it: there may be a credential in it. Those who use them say what matters.
const REPEATERS: [&str; 2] = ["tokio_postgres", "tiberius"];

/// Does what a process is for, and tells of it. `service` is what the process is; `default` filters its lines where `DOWNBEAT_LOG_FILTER` does
/// not. An error is printed with all its causes, and the status says so; what is still to be told is told before the end.
pub async fn carry_out(
    service: &'static str,
    default: &str,
    work: impl Future<Output = Result<(), Box<dyn std::error::Error>>>,
) -> ExitCode {
    let outcome = match begin(service, default) {
        Ok(()) => work.await,
        Err(fault) => Err(fault.into()),
    };
    let code = exit_code(service, outcome);
    otlp::flush().await;
    code
}

/// The same for a process that ends in a way of its own, with [`end`].
///
/// # Errors
/// In words: a variable of OpenTelemetry is wrong.
pub fn begin(service: &'static str, default: &str) -> Result<(), String> {
    let told = otlp::start(service);
    init(default);
    told
}

/// Tells what is still to be told.
pub async fn end() {
    otlp::flush().await;
}

/// Starts logging. `DOWNBEAT_LOG_FILTER` filters as `RUST_LOG` does elsewhere (`info`, `downbeat_coordinator=debug`, ...).
fn init(default: &str) {
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
        .with(otlp::lines())
}

fn exit_code(service: &str, outcome: Result<(), Box<dyn std::error::Error>>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{service}: {error}");
            ExitCode::FAILURE
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
