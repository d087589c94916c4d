//! Rows as the answers need them.

use downbeat_domain::{PipelineId, RunId};
use downbeat_proto::metadata::v1 as wire;

use crate::{
    engine::{
        failing::rows::{FailingEntry, FailingRow},
        kept::{KeptEntry, KeptRow},
        keys::{
            self,
            answers::{Kept, kept},
        },
        rows::{self, RunHead},
    },
    published::View,
    query::Refusal,
};

/// All of a set, those that came first before the others.
pub(super) fn set(view: &View<'_>, kind: Kept) -> Result<Vec<KeptEntry>, Refusal> {
    let mut all = Vec::new();
    for row in view.store.scan(&kept(kind), None) {
        let (key, bytes) = row?;
        all.extend(rows::read::<KeptRow>(&key, &bytes)?.entries);
    }
    all.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
    Ok(all)
}

/// All that fails.
pub(super) fn failing(view: &View<'_>) -> Result<Vec<FailingEntry>, Refusal> {
    let mut all = Vec::new();
    for row in view.store.scan(&kept(Kept::Failing), None) {
        let (key, bytes) = row?;
        all.extend(rows::read::<FailingRow>(&key, &bytes)?.entries);
    }
    Ok(all)
}

/// The row of a pipeline; an empty one where there is none.
pub(super) fn pipeline(view: &View<'_>, id: &[u8]) -> Result<wire::Pipeline, Refusal> {
    match PipelineId::from_slice(id) {
        Some(id) => Ok(view.get(&keys::pipeline(id))?.unwrap_or_default()),
        None => Ok(wire::Pipeline::default()),
    }
}

/// The row of a run; `None` = there is none.
pub(super) fn run(view: &View<'_>, id: &[u8]) -> Result<Option<wire::Run>, Refusal> {
    let Some(id) = RunId::from_slice(id) else { return Ok(None) };
    Ok(view.get(&keys::run(id))?)
}

/// What the task runs of a run have in common.
pub(super) fn head(view: &View<'_>, id: &[u8]) -> Result<RunHead, Refusal> {
    let Some(id) = RunId::from_slice(id) else { return Ok(RunHead::default()) };
    Ok(view.get(&keys::run_head(id))?.unwrap_or_default())
}

/// An id as people see it.
pub(super) fn shown(id: &[u8]) -> String {
    RunId::from_slice(id).map(|id| id.to_string()).unwrap_or_default()
}
