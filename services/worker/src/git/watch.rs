//! Runs git within bounds: a time, and what it may put on disk, looked at while it runs and when it is done.

use std::{fs, path::PathBuf, time::Duration};

use tokio::time::{Instant, sleep};

use super::ground::Ground;
use crate::attempt::{Ending, Failure};
use crate::connectors::Step;
use crate::limits::{GIT_BYTES_MAX, GIT_FILES_MAX, GIT_LOOK_AGAIN, GIT_WAIT};
use crate::process::run::{self, Exit, Program, Ran};
use crate::stop::{StopLevel, stop_channel};

/// How much one checkout may be.
#[derive(Debug, Clone)]
pub(super) struct Bounds {
    pub(super) wait: Duration,
    pub(super) bytes: u64,
    /// Files and folders.
    pub(super) files: u64,
    /// What to do where it is more.
    pub(super) advice: &'static str,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            wait: GIT_WAIT,
            bytes: GIT_BYTES_MAX,
            files: GIT_FILES_MAX,
            advice: "name the folders that are needed in shallow_clone_dirs",
        }
    }
}

impl Bounds {
    /// The time begins; `folder` is what is looked at.
    pub(super) fn begin(&self, folder: PathBuf) -> Watch {
        Watch { bounds: self.clone(), ends: Instant::now() + self.wait, folder }
    }
}

/// One checkout that is under way.
#[derive(Debug)]
pub(super) struct Watch {
    bounds: Bounds,
    ends: Instant,
    folder: PathBuf,
}

/// Runs git to its end, or to the end of what it may.
pub(super) async fn run(ground: Ground<'_>, program: Program, watch: &Watch) -> Step<Ran> {
    let (asks, stop) = stop_channel();
    let running = run::run(program, ground.log, ground.page, &stop);
    tokio::pin!(running);
    let mut asked = ground.stop.clone();
    let (mut passed_on, mut next) = (StopLevel::No, StopLevel::Gentle);
    let mut beyond = None;
    let ran = loop {
        tokio::select! {
            biased;
            ran = &mut running => break ran,
            () = asked.wait_for(next), if passed_on < StopLevel::Kill => {
                passed_on = asked.level();
                next = StopLevel::Kill;
                asks.ask(passed_on);
            }
            // The disk does not tell when something is written.
            () = sleep(GIT_LOOK_AGAIN), if beyond.is_none() => {
                beyond = watch.beyond().await;
                if beyond.is_some() {
                    asks.ask(StopLevel::Kill);
                }
            }
        }
    };
    let ran = ran.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            Failure::misconfigured("the program git is not on the PATH of this worker: install it there")
        }
        _ => Failure::transient(format!("git cannot be started: {error}")),
    })?;
    if passed_on > StopLevel::No && ran.exit == Exit::Stopped {
        return Err(Ending::Stopped);
    }
    match beyond {
        Some(failure) => Err(failure.into()),
        None if ran.exit == Exit::Code(0) => match watch.beyond().await {
            Some(failure) => Err(failure.into()),
            None => Ok(ran),
        },
        None => Ok(ran),
    }
}

impl Watch {
    async fn beyond(&self) -> Option<Failure> {
        if Instant::now() >= self.ends {
            return Some(Failure::timed_out(format!(
                "git was not done after {} s and was ended: is the repository too large? {}",
                self.bounds.wait.as_secs_f32(),
                self.bounds.advice
            )));
        }
        let (folder, bounds) = (self.folder.clone(), self.bounds.clone());
        let (bytes, files) = tokio::task::spawn_blocking(move || size(folder, &bounds)).await.unwrap_or_default();
        let what = if bytes > self.bounds.bytes {
            format!("{} MiB", self.bounds.bytes / (1024 * 1024))
        } else if files > self.bounds.files {
            format!("{} files and folders", self.bounds.files)
        } else {
            return None;
        };
        Some(Failure::misconfigured(format!("git: the checkout is larger than {what}: {}", self.bounds.advice)))
    }
}

/// Bytes and entries below a folder, counted until one is beyond its bound. What goes away meanwhile counts as nothing.
fn size(folder: PathBuf, bounds: &Bounds) -> (u64, u64) {
    let (mut bytes, mut files) = (0_u64, 0_u64);
    let mut left = vec![folder];
    while let Some(folder) = left.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            files += 1;
            // Of a link itself, not of what it leads to.
            let Ok(found) = entry.metadata() else { continue };
            if found.is_dir() {
                left.push(entry.path());
            } else {
                bytes = bytes.saturating_add(found.len());
            }
            if bytes > bounds.bytes || files > bounds.files {
                return (bytes, files);
            }
        }
    }
    (bytes, files)
}
