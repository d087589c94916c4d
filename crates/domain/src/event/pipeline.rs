//! Facts about versions of pipelines.

use crate::{
    id::PipelineId,
    plan::Plan,
    storage::{GitOrigin, PipelineStorage},
};

/// A version of a pipeline: see [`Event::PipelineApplied`](super::Event::PipelineApplied),
/// [`PipelineDrafted`](super::Event::PipelineDrafted) and [`PipelineRecalled`](super::Event::PipelineRecalled).
#[derive(Clone, Debug, PartialEq)]
pub struct PipelineApplied {
    /// The pipeline.
    pub pipeline: PipelineId,
    /// Its name for commands and addresses.
    pub alias: String,
    /// Counts from 1; drafts count as well.
    pub version: u32,
    /// Display name.
    pub name: String,
    /// The file as the user wrote it.
    pub source: String,
    /// Folder or repository that holds the file; empty = none.
    pub source_root: String,
    /// BLAKE3 over text and root. The same text at another commit is the same version, with the origin that it came with first.
    pub digest: [u8; 32],
    /// What runs.
    pub plan: Plan,
    /// The commit that the text was read from.
    pub origin: Option<GitOrigin>,
    /// Where the file is kept from now on; `None` = as before.
    pub storage: Option<PipelineStorage>,
}
