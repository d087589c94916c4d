//! Operations, filtered: of a run or a task run in the order of its plan, over all runs those that were told of last first.

use downbeat_domain::{RunId, TaskRunId};
use downbeat_proto::metadata::v1 as wire;
use prost::Message;

use super::{
    Refusal,
    by_age::told_of,
    filters::{self, Window, Words, is_one},
    page::Page,
    runs,
    shapes::Shapes,
    sought::{Gathering, Listed, Sought},
};
use crate::{
    engine::{
        batch::ReadRows,
        keys::{
            self,
            lists::{REPORTS, instant, operation_of},
        },
        marks::{OperationMark, ReportMark, external_digest},
        rows,
    },
    published::View,
};

/// Bytes of the number of an operation behind the place of its report.
const NUMBER_BYTES: usize = 4;

/// A page of them.
///
/// # Errors
/// `NotFound` for a run that does not exist; `Invalid`, `TooLarge`, `Store`.
pub fn list(view: &View<'_>, asked: &wire::ListOperationsRequest) -> Result<Listed<wire::Operation>, Refusal> {
    let filter = Filter::of(asked)?;
    let page = Page { size: asked.page_size, token: &asked.page_token };
    let sought = Sought { page, number: asked.page, count: asked.count };
    let run = if asked.run_id.is_empty() { None } else { Some(runs::find(view, &asked.run_id)?.0) };
    if asked.task_run_id.is_empty() {
        return match run {
            Some(run) => of_one(view, &keys::operations(run), &filter, sought),
            None => over_all(view, &filter, sought),
        };
    }
    let id = filters::ids::<TaskRunId>("task_run_id", std::slice::from_ref(&asked.task_run_id))?;
    let place = match id.first() {
        Some(id) => told_of(view, *id)?,
        None => None,
    };
    // To which nothing has happened, that has done nothing either.
    match place.filter(|(of, _)| run.is_none_or(|run| run == *of)) {
        Some((run, place)) => of_one(view, &keys::operations_of(run, place), &filter, sought),
        None => Gathering::new(sought, keys::OPERATIONS)?.end(),
    }
}

struct Filter<'a> {
    asked: &'a wire::ListOperationsRequest,
    externals: Vec<[u8; 16]>,
    window: Window,
}

impl<'a> Filter<'a> {
    fn of(asked: &'a wire::ListOperationsRequest) -> Result<Self, Refusal> {
        Words::OperationType.check("types", &asked.types)?;
        Words::Operation.check("statuses", &asked.statuses)?;
        filters::texts("integrations", &asked.integrations)?;
        filters::texts("external_ids", &asked.external_ids)?;
        let externals = asked.external_ids.iter().map(|id| external_digest(id)).collect();
        Ok(Self { asked, externals, window: Window::new(asked.from, asked.to)? })
    }

    fn fits(&self, mark: &OperationMark) -> bool {
        is_one(&self.asked.types, &mark.kind)
            && is_one(&self.asked.statuses, &mark.status)
            && (self.externals.is_empty() || self.externals.iter().any(|id| id[..] == mark.external[..]))
    }
}

/// Those below a prefix of their keys.
fn of_one(
    view: &View<'_>,
    prefix: &[u8],
    filter: &Filter<'_>,
    sought: Sought<'_>,
) -> Result<Listed<wire::Operation>, Refusal> {
    let mut page = Gathering::new(sought, prefix)?;
    let mut shapes = Shapes::new(view);
    for found in view.store.scan(prefix, page.begin_after().as_deref()) {
        if !page.goes_on(1)? {
            break;
        }
        let (key, bytes) = found?;
        let row: wire::Operation = rows::read(&key, &bytes)?;
        let row = named(row, &key, &mut shapes)?;
        let fits = |row: &wire::Operation| {
            row.operation.as_ref().is_some_and(|done| {
                filter.fits(&OperationMark::of(&done.r#type, &done.status, &done.external_id))
                    && is_one(&filter.asked.integrations, &row.integration)
                    && filter.window.holds(row.reported_at)
            })
        };
        match row.filter(fits) {
            Some(row) if page.takes(&key) => page.put(row, bytes.len())?,
            Some(_) => {}
            None => page.passed(&key),
        }
    }
    page.end()
}

/// By their reports.
fn over_all(view: &View<'_>, filter: &Filter<'_>, sought: Sought<'_>) -> Result<Listed<wire::Operation>, Refusal> {
    let mut page = Gathering::new(sought, REPORTS)?;
    let mut shapes = Shapes::new(view);
    let begin = match filter.window.to {
        0 => REPORTS.to_vec(),
        to => [REPORTS, &instant(to.saturating_sub(1))].concat(),
    };
    let until = (filter.window.from != 0).then(|| [REPORTS, &instant(filter.window.from)].concat());
    // The report in which the page before ended may have more; its last byte is left out, since what is read stands behind what is given.
    let after = page.begin_after().map(|mut after| {
        after.truncate(after.len().saturating_sub(NUMBER_BYTES + 1));
        after
    });
    let begin = after.unwrap_or_default().max(begin);
    for found in view.store.scan(REPORTS, Some(&begin)) {
        let (key, bytes) = found?;
        if until.as_ref().is_some_and(|until| key.get(..until.len()).is_some_and(|at| at > until.as_slice())) {
            break;
        }
        if !page.goes_on(1)? {
            break;
        }
        let report: ReportMark = rows::read(&key, &bytes)?;
        let told_by = is_one(&filter.asked.integrations, &report.integration);
        let fitting: Vec<u32> = (0u32..)
            .zip(&report.operations)
            .filter_map(|(number, mark)| (told_by && filter.fits(mark)).then_some(number))
            .collect();
        let at = |number: u32| [key.as_ref(), &number.to_be_bytes()].concat();
        let passes = fitting.last().is_none_or(|last| page.passes(fitting.len(), &at(*last)));
        if !passes {
            for number in fitting {
                if page.takes(&at(number))
                    && let Some((row, length)) = one(view, &key, number, &mut shapes)?
                {
                    page.put(row, length)?;
                }
            }
        }
        if page.is_done() {
            break;
        }
        page.passed(&at(u32::MAX));
    }
    page.end()
}

fn one(
    view: &View<'_>,
    report: &[u8],
    number: u32,
    shapes: &mut Shapes<'_>,
) -> Result<Option<(wire::Operation, usize)>, Refusal> {
    let Some(key) = operation_of(report, number) else { return Ok(None) };
    let Some(bytes) = view.store.get(&key)? else { return Ok(None) };
    let row = named(rows::read(&key, &bytes)?, &key, shapes)?;
    Ok(row.map(|row| {
        let length = row.encoded_len();
        (row, length)
    }))
}

/// The row with what the plan says of its task. `None`: it has gone to its task.
fn named(mut row: wire::Operation, key: &[u8], shapes: &mut Shapes<'_>) -> Result<Option<wire::Operation>, Refusal> {
    if row.operation.is_none() {
        return Ok(None);
    }
    let run = key.get(1..17).and_then(RunId::from_slice);
    let place = key.get(17..21).and_then(|place| place.try_into().ok()).map(u32::from_be_bytes);
    let (Some(run), Some(place)) = (run, place) else { return Ok(Some(row)) };
    if let Some(of) = shapes.of(run)? {
        let shape = &of.1;
        if let Some(task) = shape.plan.tasks.get(shape.planned(place) as usize) {
            row.task_id.clone_from(&task.id);
            row.integration.clone_from(&task.integration);
        }
    }
    Ok(Some(row))
}
