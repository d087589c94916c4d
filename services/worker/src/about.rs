//! What people should know of a job before they use it, and the list of all jobs that this version runs.
//!
//! Promises that the list is made of the very registry that a worker has: nothing is listed that it could not be asked for. Knows nothing of
//! the catalogue, which names more.

use std::{path::PathBuf, sync::Arc};

use downbeat_runtime::blob::BlobStore;

use crate::{
    callbacks::Callbacks, config::WorkerConfig, connections::Connections, connectors::Registry, error::Error, git::Git,
    manifest, script_events::ScriptEvents, toolchain::Toolchain,
};

/// What the job has met in tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tested {
    /// The real thing, by this name.
    Real(&'static str),
    /// A server that behaves as the vendor's documents say, and misbehaves as others do.
    RecordedShape,
    /// Neither.
    No,
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// It is described by a manifest, not by code.
    pub by_manifest: bool,
    /// What it has met.
    pub tested: Tested,
    /// What becomes of a job whose worker was lost, in a few words.
    pub after_a_loss: &'static str,
    /// What of its work becomes metadata, in a few words.
    pub collects: String,
}

/// A job that a worker runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runs {
    /// Its integration.
    pub integration: String,
    /// Its name.
    pub job: String,
    /// More.
    pub about: About,
}

/// Every job that a worker of this version runs, by name; with those of the manifests in `own`, if there is such a folder.
///
/// # Errors
/// A manifest that is wrong, with its place; a loopback port that cannot be had.
pub async fn jobs(own: Option<PathBuf>) -> Result<Vec<Runs>, Error> {
    let here = PathBuf::from(".");
    let config = WorkerConfig::new("http://127.0.0.1:1", &here, &here);
    let toolchain = Arc::new(Toolchain::new(&config, here.clone(), here.clone()));
    // What is listed does not depend on what the connections are.
    let connections = Connections::new(Some(here));
    let blobs = BlobStore::open(&config.data)?;
    let events = Arc::new(ScriptEvents::serve().await?);
    let native = Registry::new(toolchain, events, &connections, Git::default(), &blobs);
    let native = native.with_callbacks(Some(Callbacks::nobody(blobs)), &connections);
    let manifests = manifest::load::load(own.as_deref()).map_err(|faults| Error::Config {
        setting: manifest::load::SETTING,
        reason: format!("there are manifests that cannot be used:\n{faults}"),
    })?;
    let all = native.and(manifest::jobs(&manifests, &connections));
    let all = all.map_err(|reason| Error::Config { setting: manifest::load::SETTING, reason })?.about();
    let runs = all.into_iter().map(|(integration, job, about)| Runs { integration, job, about });
    let mut runs: Vec<Runs> = runs.collect();
    runs.sort_by(|left, right| (&left.integration, &left.job).cmp(&(&right.integration, &right.job)));
    Ok(runs)
}
