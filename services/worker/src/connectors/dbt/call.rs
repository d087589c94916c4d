//! An extra call of dbt in the task's own environment, whose output is read here instead of going into the log.
//!
//! Promises: it ends within its time, and at once when the task is stopped; that it went wrong is a reason for the log, never a failure of the
//! task.

use std::time::Duration;

use tokio::time::timeout;

use super::Project;
use crate::process::run::{Exit, Ran, run};
use crate::stop::{StopLevel, stop_channel};

/// Options of the user's commands which decide what dbt connects to, each with a value.
const CARRIED: [&str; 7] = ["--target", "-t", "--profile", "--profiles-dir", "--project-dir", "--vars", "--threads"];

/// Runs dbt with these words and gives back what it printed, at most `bytes` of it, and how it ended.
///
/// # Errors
/// It could not be started, took longer than `wait`, or the task is being stopped.
pub(super) async fn call(project: &Project<'_>, words: &[String], bytes: usize, wait: Duration) -> Result<Ran, String> {
    let mut program = project.environment.program(words, &project.folder).map_err(|_| "dbt is gone".to_owned())?;
    program.keep_output = Some(bytes);
    // A signal of its own: this call is killed when it takes too long, and when the task is stopped.
    let (stop, signal) = stop_channel();
    let mut outer = project.task.stop.clone();
    let call = run(program, &project.task.log, &project.task.page, &signal);
    tokio::pin!(call);
    let ran = tokio::select! {
        ran = timeout(wait, &mut call) => ran.ok(),
        () = outer.wait_for(StopLevel::Gentle) => None,
    };
    let ran = match ran {
        Some(ran) => ran.map_err(|error| error.to_string())?,
        None => {
            stop.ask(StopLevel::Kill);
            call.await.map_err(|error| error.to_string())?
        }
    };
    match ran.exit {
        Exit::Stopped => Err("it took too long or the task was stopped".to_owned()),
        _ => Ok(ran),
    }
}

/// Those of the words that a call needs to reach what the command would.
pub(super) fn carried(words: &[String]) -> Vec<String> {
    options(words, &CARRIED)
}

/// Of the words of a command the given options with their values.
pub(super) fn options(words: &[String], wanted: &[&str]) -> Vec<String> {
    let mut kept = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let name = word.split('=').next().unwrap_or_default();
        if wanted.contains(&name) {
            kept.push(word.clone());
            if name == word {
                kept.extend(words.next().cloned());
            }
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_choose_the_connection_are_carried_over() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(
            carried(&words("dbt build --select a --target prod -t=x --full-refresh --vars {a:1}")),
            words("--target prod -t=x --vars {a:1}")
        );
        assert!(carried(&words("dbt build")).is_empty());
    }
}
