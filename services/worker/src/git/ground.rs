//! Where git runs, and who may stop it: in the folder of an attempt, or in one of its own where a single file is read.
//!
//! Promises that what runs on either is found and ended by the next worker, should this one be killed ([`Page`]), and that of a camp nothing
//! is left when it is dropped. Knows nothing of what git is asked for.

use std::{
    io,
    path::{Path, PathBuf},
};

use uuid::Uuid;

use crate::attempt::Failure;
use crate::connectors::Task;
use crate::home::Home;
use crate::process::{book::Page, confine::Confinement, log::TaskLog};
use crate::stop::StopSignal;

/// What git is started with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ground<'a> {
    pub(super) log: &'a TaskLog,
    pub(super) page: &'a Page,
    pub(super) stop: &'a StopSignal,
    pub(super) folder: &'a Path,
}

impl<'a> From<&'a Task> for Ground<'a> {
    fn from(task: &'a Task) -> Self {
        Self { log: &task.log, page: &task.page, stop: &task.stop, folder: &task.folder }
    }
}

/// Where camps are: in the worker's own folder, beside attempts.
#[derive(Debug, Clone)]
pub(crate) struct Camp {
    attempts: PathBuf,
    processes: PathBuf,
    confinement: Confinement,
}

impl Camp {
    pub(crate) fn of(home: &Home) -> Self {
        Self { attempts: home.attempts(), processes: home.processes(), confinement: home.confinement().clone() }
    }

    #[cfg(test)]
    pub(super) fn below(folder: &Path) -> Self {
        let at = |name: &str| {
            std::fs::create_dir_all(folder.join(name)).unwrap();
            folder.join(name)
        };
        Self { attempts: at("attempts"), processes: at("processes"), confinement: Confinement::default() }
    }

    /// A folder for one piece of work.
    pub(super) fn pitch(&self) -> Result<Tent, Failure> {
        let marker = Uuid::new_v4().to_string();
        let folder = self.attempts.join(&marker);
        let failed = |error: io::Error| {
            Failure::transient(format!("cannot make a folder below {}: {error}", self.attempts.display()))
        };
        std::fs::create_dir(&folder).map_err(failed)?;
        let tent = |page| Tent { folder: folder.clone(), page, log: TaskLog::nowhere() };
        Page::confined(&self.processes, &marker, &self.confinement).map(tent).map_err(|error| {
            remove(&folder);
            failed(error)
        })
    }
}

/// See [`Camp::pitch`]; removed when it is dropped.
#[derive(Debug)]
pub(super) struct Tent {
    folder: PathBuf,
    page: Page,
    pub(super) log: TaskLog,
}

impl Tent {
    pub(super) fn ground<'a>(&'a self, stop: &'a StopSignal) -> Ground<'a> {
        Ground { log: &self.log, page: &self.page, stop, folder: &self.folder }
    }
}

impl Drop for Tent {
    fn drop(&mut self) {
        remove(&self.folder);
    }
}

fn remove(folder: &Path) {
    if let Err(error) = std::fs::remove_dir_all(folder) {
        tracing::warn!(folder = %folder.display(), %error, "cannot remove a folder of git; the next start of the worker does");
    }
}
