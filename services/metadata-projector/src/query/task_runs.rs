//! Task runs over all runs, filtered: runs newest first, in a run by place.
//!
//! Statuses stand by the hundred in one row, integrations with the plan: rows of task runs are read for the page alone.

use std::{
    collections::{BTreeMap, BTreeSet},
    iter::Peekable,
    sync::Arc,
};

use downbeat_domain::{PipelineId, RunId, TaskRunId, TaskStatus};
use downbeat_proto::metadata::v1 as wire;
use prost::Message;

use super::{
    Refusal,
    by_age::{self, Place, Which, run_at},
    filters::{self, Window, Words, is_one},
    page::Page,
    runs,
    shape::head_of,
    shapes::Shapes,
    sought::{Gathering, Listed, Sought},
    tasks,
};
use crate::{
    engine::{
        batch::ReadRows,
        keys::{
            self,
            lists::{RUN_BYTES, TASK_STATUSES},
        },
        marks::{PlanIntegrations, RunMark, STATUSES_PER_ROW, status_code},
        rows,
    },
    limits,
    published::View,
    store::Scanned,
};

/// A page of them.
///
/// # Errors
/// `NotFound` for a run that does not exist; `Invalid`, `TooLarge`, `Store`.
pub fn list(view: &View<'_>, asked: &wire::ListTaskRunsRequest) -> Result<Listed<wire::TaskRun>, Refusal> {
    Words::Task.check("statuses", &asked.statuses)?;
    filters::texts("integrations", &asked.integrations)?;
    let ids = filters::ids::<TaskRunId>("task_run_ids", &asked.task_run_ids)?;
    let pipelines = filters::pipelines(view, "", &asked.pipeline_ids)?;
    let window = Window::new(asked.from, asked.to)?;
    let page = Page { size: asked.page_size, token: &asked.page_token };
    let sought = Sought { page, number: asked.page, count: asked.count };
    let mut page = Gathering::new(sought, TASK_STATUSES)?;

    let run = if asked.run_id.is_empty() { None } else { Some(runs::find(view, &asked.run_id)?.0) };
    let places = if ids.is_empty() { None } else { Some(places_of(view, ids, run)?) };
    let only = match (&run, &places) {
        (Some(run), _) => Some(vec![*run]),
        (None, Some(places)) => Some(places.keys().copied().collect()),
        (None, None) => None,
    };
    let which = Which::new(pipelines, only, window);
    let after = page.begin_after();
    // The run in which the page before ended may have more; its last byte is left out, since what is asked for stands behind what is given.
    let after = after.as_deref().and_then(|after| after.get(TASK_STATUSES.len()..)).unwrap_or_default();
    let after = &after[..after.len().min(RUN_BYTES - 1)];
    let mut fitting = Fitting::new(view, asked, places);
    let mut shapes = Shapes::new(view);
    for found in which.runs(view, Some(after).filter(|after| !after.is_empty()))? {
        let (place, mark) = found?;
        let rows = fitting.rows(&mark);
        if !page.goes_on(rows)? {
            break;
        }
        fitting.look_at(&place, &mark)?;
        take(&place, &mark, &fitting, &mut shapes, &mut page)?;
        if page.is_done() {
            break;
        }
        page.passed(&at(&place, u32::MAX));
    }
    page.end()
}

fn at(run: &Place, place: u32) -> Vec<u8> {
    [TASK_STATUSES, run, &place.to_be_bytes()].concat()
}

/// Gives those of a run that fit to the page.
fn take(
    run: &Place,
    mark: &RunMark,
    fitting: &Fitting<'_>,
    shapes: &mut Shapes<'_>,
    page: &mut Gathering<wire::TaskRun>,
) -> Result<(), Refusal> {
    let (count, last) = match fitting.is_all() {
        true => (mark.tasks as usize, mark.tasks.checked_sub(1)),
        false => (fitting.fits.len(), fitting.fits.last().copied()),
    };
    let Some(last) = last else { return Ok(()) };
    if page.passes(count, &at(run, last)) {
        return Ok(());
    }
    let Some(of) = shapes.of(run_at(run))? else { return Ok(()) };
    let (row, shape) = of.as_ref();
    let all: Vec<u32> = if fitting.is_all() { (0..mark.tasks).collect() } else { Vec::new() };
    for place in all.iter().chain(&fitting.fits) {
        if page.takes(&at(run, *place)) {
            let task = tasks::one(shapes.rows(), *place, row, shape)?;
            let length = task.encoded_len();
            page.put(task, length)?;
        }
        if page.is_done() {
            break;
        }
    }
    Ok(())
}

/// Which task runs of a run fit.
struct Fitting<'a> {
    view: &'a View<'a>,
    statuses: Option<[bool; 256]>,
    integrations: &'a [String],
    places: Option<BTreeMap<RunId, BTreeSet<u32>>>,
    along: Along<'a>,
    plans: BTreeMap<(Vec<u8>, u32), Arc<Vec<bool>>>,
    status_of: Vec<u8>,
    // Of the run that was looked at last: the places of those that fit; none where all do.
    fits: Vec<u32>,
}

impl<'a> Fitting<'a> {
    fn new(
        view: &'a View<'a>,
        asked: &'a wire::ListTaskRunsRequest,
        places: Option<BTreeMap<RunId, BTreeSet<u32>>>,
    ) -> Self {
        let mut statuses = None;
        for status in asked.statuses.iter().filter_map(|status| TaskStatus::from_word(status)) {
            statuses.get_or_insert([false; 256])[usize::from(status_code(status))] = true;
        }
        Self {
            view,
            statuses,
            integrations: &asked.integrations,
            places,
            along: Along::new(view),
            plans: BTreeMap::new(),
            status_of: Vec::new(),
            fits: Vec::new(),
        }
    }

    /// Does every task run of every run fit?
    fn is_all(&self) -> bool {
        self.statuses.is_none() && self.integrations.is_empty() && self.places.is_none()
    }

    /// Rows that are looked at for a run.
    fn rows(&self, mark: &RunMark) -> usize {
        let statuses = self.statuses.map_or(0, |_| mark.tasks.div_ceil(STATUSES_PER_ROW));
        1 + statuses as usize
    }

    fn look_at(&mut self, run: &Place, mark: &RunMark) -> Result<(), Refusal> {
        self.fits.clear();
        if self.is_all() {
            return Ok(());
        }
        match &self.places {
            Some(places) => {
                let places = places.get(&run_at(run)).into_iter().flatten();
                self.fits.extend(places.copied().filter(|place| *place < mark.tasks));
            }
            None => self.fits.extend(0..mark.tasks),
        }
        if let Some(wanted) = &self.statuses {
            self.status_of.clear();
            self.status_of.resize(mark.tasks as usize, 0);
            self.along.read(run, &mut self.status_of)?;
            let status_of = &self.status_of;
            self.fits.retain(|place| wanted[usize::from(status_of[*place as usize])]);
        }
        if !self.integrations.is_empty() && !self.fits.is_empty() {
            let integrated = self.integrated(run, mark)?;
            self.fits.retain(|place| integrated.get(*place as usize).copied().unwrap_or_default());
        }
        Ok(())
    }

    /// By place: whether its integration is one of those that are asked for.
    fn integrated(&mut self, run: &Place, mark: &RunMark) -> Result<Arc<Vec<bool>>, Refusal> {
        let version = (mark.pipeline.clone(), mark.version);
        let planned = match self.plans.get(&version) {
            Some(known) => Arc::clone(known),
            None => {
                let planned = Arc::new(self.planned(mark)?);
                if self.plans.len() >= limits::SHAPES_PER_ANSWER_MAX {
                    self.plans.clear();
                }
                self.plans.insert(version, Arc::clone(&planned));
                planned
            }
        };
        if mark.tasks as usize <= planned.len() {
            return Ok(planned);
        }
        // Iterations have the integration of the task that stands for them.
        let head = head_of(self.view.store, run_at(run))?;
        let pipeline = PipelineId::from_slice(&mark.pipeline).unwrap_or(PipelineId([0; 16]));
        let plan = match self.view.store.get(&keys::plan(pipeline, mark.version))? {
            Some(bytes) => rows::unpack_plan(&bytes)?,
            None => rows::Plan::default(),
        };
        let mut all = planned.as_ref().clone();
        all.resize(mark.tasks as usize, false);
        for fan in &head.fans {
            let members = plan.members(fan.group);
            for (place, member) in (fan.first..fan.first + fan.size()).zip(members.iter().cycle()) {
                let fits = planned.get(*member as usize).copied().unwrap_or_default();
                if let Some(place) = all.get_mut(place as usize) {
                    *place = fits;
                }
            }
        }
        Ok(Arc::new(all))
    }

    fn planned(&self, mark: &RunMark) -> Result<Vec<bool>, Refusal> {
        let pipeline = PipelineId::from_slice(&mark.pipeline).unwrap_or(PipelineId([0; 16]));
        let known: PlanIntegrations =
            self.view.get(&keys::lists::integrations(pipeline, mark.version))?.unwrap_or_default();
        let size: usize = known.integrations.iter().map(|one| one.tasks.len()).sum();
        let mut fits = vec![false; size];
        for one in known.integrations.iter().filter(|one| is_one(self.integrations, &one.name)) {
            for place in &one.tasks {
                if let Some(place) = fits.get_mut(*place as usize) {
                    *place = true;
                }
            }
        }
        Ok(fits)
    }
}

/// Statuses of runs, in the order in which lists go through runs: a step to the next one is shorter than to look for it.
struct Along<'a> {
    view: &'a View<'a>,
    rows: Peekable<Scanned<'a>>,
}

impl<'a> Along<'a> {
    fn new(view: &'a View<'a>) -> Self {
        let none: Scanned<'a> = Box::new(std::iter::empty());
        Self { view, rows: none.peekable() }
    }

    /// Reads the statuses of the run at this place into `into`, by place; what has none is left as it is.
    fn read(&mut self, run: &Place, into: &mut [u8]) -> Result<(), Refusal> {
        let of = [TASK_STATUSES, run].concat();
        if !self.step_to(&of) {
            let rows: Scanned<'a> = Box::new(self.view.store.scan(TASK_STATUSES, Some(&of)));
            self.rows = rows.peekable();
        }
        while let Some(row) = self.rows.next_if(|row| row.as_ref().map_or(true, |(key, _)| key.starts_with(&of))) {
            let (key, statuses) = row?;
            let number = key.get(of.len()..).and_then(|number| number.try_into().ok()).map_or(0, u32::from_be_bytes);
            let first = number as usize * STATUSES_PER_ROW as usize;
            let room = into.get_mut(first..).unwrap_or_default();
            let count = room.len().min(statuses.len());
            room[..count].copy_from_slice(&statuses[..count]);
        }
        Ok(())
    }

    /// Steps to the first row at or behind a key; says whether that took few steps.
    fn step_to(&mut self, to: &[u8]) -> bool {
        for _ in 0..limits::STEPS_BEFORE_SEEK {
            match self.rows.peek() {
                Some(Ok((key, _))) if key.as_ref() < to => self.rows.next(),
                Some(_) => return true,
                None => return false,
            };
        }
        false
    }
}

/// Where the task runs of these ids are. Those to which nothing has happened stand in no index: they are looked for in the runs that go on or did not run.
fn places_of(
    view: &View<'_>,
    ids: Vec<TaskRunId>,
    of: Option<RunId>,
) -> Result<BTreeMap<RunId, BTreeSet<u32>>, Refusal> {
    let mut found: BTreeMap<RunId, BTreeSet<u32>> = BTreeMap::new();
    let mut open = BTreeSet::new();
    for id in ids {
        match by_age::told_of(view, id)? {
            Some((run, place)) => {
                found.entry(run).or_default().insert(place);
            }
            None => {
                open.insert(id);
            }
        }
    }
    let mut derived = 0;
    let mut look_in = |run: RunId, tasks: u32| {
        for place in 0..tasks {
            if open.is_empty() || derived >= limits::UNTOLD_LOOKED_AT_MAX {
                return false;
            }
            derived += 1;
            if open.remove(&TaskRunId::derive(run, place)) {
                found.entry(run).or_default().insert(place);
            }
        }
        true
    };
    match of {
        Some(run) => {
            let head = head_of(view.store, run)?;
            look_in(run, head.total());
        }
        None => by_age::each_open(view, limits::LOOKED_AT_PER_PAGE_MAX, look_in)?,
    }
    Ok(found)
}
