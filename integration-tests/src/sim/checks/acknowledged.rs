//! INV-08: what a client was told is in the log: the run it started, the cancel, the version of the pipeline, and that it was refused.

use std::collections::{BTreeMap, BTreeSet};

use downbeat_domain::{CommandKind, Event, PipelineId, RunId, Target};

use super::{Check, Record, Violation};

/// What a client was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acknowledged {
    /// The run exists.
    Started(RunId),
    /// The run has ended or is being cancelled.
    Cancelled(RunId),
    /// The pipeline has this version, with a text of this digest.
    Applied {
        /// Which.
        pipeline: PipelineId,
        /// Its version.
        version: u32,
        /// BLAKE3 of its text and root.
        digest: [u8; 32],
    },
    /// It was not done. Of many that are alike only the first have events of their own.
    Refused(CommandKind, Vec<Target>),
}

/// What the log says of commands so far.
#[derive(Debug, Default)]
pub struct Commands {
    runs: BTreeSet<RunId>,
    cancelled: BTreeSet<RunId>,
    versions: BTreeMap<(PipelineId, u32), [u8; 32]>,
    refused: BTreeSet<(CommandKind, Vec<Target>)>,
}

impl Check for Commands {
    fn record(&mut self, record: &Record, _found: &mut Vec<Violation>) {
        for event in record.events() {
            match event {
                Event::RunCreated(created) => drop(self.runs.insert(created.run)),
                // What is stopped by its timeout needs no cancel any more.
                Event::RunCancelRequested { run, .. }
                | Event::RunTimedOut { run, .. }
                | Event::RunFinished { run, .. } => {
                    self.cancelled.insert(*run);
                }
                Event::PipelineApplied(applied) => {
                    self.versions.insert((applied.pipeline, applied.version), applied.digest);
                }
                Event::CommandRejected(rejected) => {
                    self.refused.insert((rejected.command, rejected.targets.clone()));
                }
                _ => {}
            }
        }
    }
}

impl Commands {
    /// Is what the client was told in the log?
    pub fn check(&self, told: &Acknowledged) -> Option<Violation> {
        let kept = match told {
            Acknowledged::Started(run) => self.runs.contains(run),
            Acknowledged::Cancelled(run) => self.cancelled.contains(run),
            Acknowledged::Applied { pipeline, version, digest } => {
                self.versions.get(&(*pipeline, *version)) == Some(digest)
            }
            Acknowledged::Refused(command, targets) => self.refused.contains(&(*command, targets.clone())),
        };
        let what = format!("{told:?} was acknowledged and is not in the log");
        (!kept).then_some(Violation { invariant: "INV-08", sequence: 0, what })
    }
}
