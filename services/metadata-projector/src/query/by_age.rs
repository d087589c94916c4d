//! Runs, newest first, as lists go through them: with what they are filtered by, and without a look at their rows.

use std::{cmp::Reverse, collections::BinaryHeap};

use downbeat_domain::{PipelineId, RunId};
use downbeat_proto::metadata::v1 as wire;

use super::{Refusal, filters::Window};
use crate::{
    engine::{
        batch::ReadRows,
        keys::{
            self,
            lists::{RUN_BYTES, instant, run_place},
        },
        marks::RunMark,
        rows,
    },
    error::Error,
    published::View,
    store::Scanned,
};

/// Where a run stands among all, newest first: its age and its id.
pub(super) type Place = [u8; RUN_BYTES];

/// The run at a place.
pub(super) fn run_at(place: &Place) -> RunId {
    let mut id = [0; 16];
    id.copy_from_slice(&place[8..]);
    RunId(id)
}

/// Which runs are gone through.
pub(super) struct Which {
    prefixes: Vec<Vec<u8>>,
    only: Option<Vec<RunId>>,
    pipelines: Option<Vec<PipelineId>>,
    window: Window,
}

impl Which {
    /// Those of these pipelines (`None` = of all), and if `only` is given, no others than these.
    pub(super) fn new(pipelines: Option<Vec<PipelineId>>, only: Option<Vec<RunId>>, window: Window) -> Self {
        let prefixes = match &pipelines {
            Some(pipelines) => pipelines.iter().map(|pipeline| keys::runs_of(*pipeline)).collect(),
            None => vec![keys::RUNS_BY_AGE.to_vec()],
        };
        Self { prefixes, only, pipelines, window }
    }

    /// Goes through them, after this place or the beginning of one.
    ///
    /// # Errors
    /// `Store`.
    pub(super) fn runs<'a>(&'a self, view: &'a View<'_>, after: Option<&[u8]>) -> Result<Runs<'a>, Refusal> {
        if let Some(only) = &self.only {
            let mut found = Vec::new();
            for run in only {
                let Some(row) = view.get::<wire::Run>(&keys::run(*run))? else { continue };
                let mark = RunMark::of(&row);
                let of = self.pipelines.as_ref().is_none_or(|of| of.iter().any(|id| id.0[..] == mark.pipeline[..]));
                if of && self.window.holds(row.created_at) {
                    found.push((run_place(row.created_at, *run), mark));
                }
            }
            found.sort_unstable_by_key(|(place, _)| *place);
            return Ok(Runs::Named(found.into_iter()));
        }
        // Everything that was created in the last moment of the window stands behind this.
        let begin = (self.window.to != 0).then(|| instant(self.window.to.saturating_sub(1)));
        let begin = begin.as_ref().map(<[u8; 8]>::as_slice).max(after).unwrap_or_default();
        let mut merged = Merged { streams: Vec::new(), next: BinaryHeap::new(), until: None };
        if self.window.from != 0 {
            merged.until = Some(instant(self.window.from));
        }
        for prefix in &self.prefixes {
            let from = [prefix.as_slice(), begin].concat();
            merged.streams.push(Box::new(view.store.scan(prefix, Some(&from))));
            merged.advance(merged.streams.len() - 1)?;
        }
        Ok(Runs::All(merged))
    }
}

/// See [`Which::runs`].
pub(super) enum Runs<'a> {
    /// Some that were named.
    Named(std::vec::IntoIter<(Place, RunMark)>),
    /// As the indexes have them.
    All(Merged<'a>),
}

impl Iterator for Runs<'_> {
    type Item = Result<(Place, RunMark), Refusal>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Named(found) => found.next().map(Ok),
            Self::All(merged) => merged.next().map_err(Refusal::from).transpose(),
        }
    }
}

/// Several indexes as one.
pub(super) struct Merged<'a> {
    streams: Vec<Scanned<'a>>,
    next: BinaryHeap<Reverse<(Place, usize, sled::IVec)>>,
    until: Option<[u8; 8]>,
}

impl Merged<'_> {
    fn advance(&mut self, stream: usize) -> Result<(), Error> {
        let Some(row) = self.streams.get_mut(stream).and_then(Iterator::next) else { return Ok(()) };
        let (key, row) = row?;
        let place = key.len().checked_sub(RUN_BYTES).and_then(|at| key.get(at..)?.try_into().ok());
        let place: Place = place.ok_or_else(|| Error::Damaged("a run stands at no place in its index".to_owned()))?;
        if self.until.is_none_or(|until| place[..8] <= until[..]) {
            self.next.push(Reverse((place, stream, row)));
        }
        Ok(())
    }

    fn next(&mut self) -> Result<Option<(Place, RunMark)>, Error> {
        let Some(Reverse((place, stream, row))) = self.next.pop() else { return Ok(None) };
        self.advance(stream)?;
        Ok(Some((place, rows::read(keys::RUNS_BY_AGE, &row)?)))
    }
}

/// The newest runs of which some task runs may have no row, as long as `wanted` says: those that go on, and those that did not run.
///
/// # Errors
/// `Store`.
pub(super) fn each_open(
    view: &View<'_>,
    looked_at: usize,
    mut wanted: impl FnMut(RunId, u32) -> bool,
) -> Result<(), Refusal> {
    let all = Which::new(None, None, Window { from: 0, to: 0 });
    for found in all.runs(view, None)?.take(looked_at) {
        let (place, mark) = found?;
        let ended = ["SUCCEEDED", "WARNING", "FAILED", "CANCELLED"].contains(&mark.status.as_str());
        if !ended && !wanted(run_at(&place), mark.tasks) {
            break;
        }
    }
    Ok(())
}

/// The run and the place of a task run of which something was told.
///
/// # Errors
/// `Store`.
pub(super) fn told_of(view: &View<'_>, id: downbeat_domain::TaskRunId) -> Result<Option<(RunId, u32)>, Error> {
    let Some(row) = view.store.get(&keys::lists::task_run(id))? else { return Ok(None) };
    let found = row
        .split_at_checked(16)
        .and_then(|(run, place)| Some((RunId::from_slice(run)?, u32::from_be_bytes(place.try_into().ok()?))));
    found.map(Some).ok_or_else(|| Error::Damaged("the index of task runs has a row that does not read".to_owned()))
}
