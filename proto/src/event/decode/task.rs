//! Events of tasks outside of an attempt.

use downbeat_domain::{Event, TaskCarriedOver};

use super::fields::Fields;
use crate::{
    event::{DecodeError, words},
    events::v1::{self as wire, EventKind},
};

pub(super) fn decode(kind: EventKind, fields: Fields, payload: &[u8]) -> Result<Event, DecodeError> {
    Ok(match kind {
        EventKind::TaskReady => {
            let event: wire::TaskReady = fields.parse(payload)?;
            let condition = fields.condition(event.condition)?;
            Event::TaskReady { run: fields.run(&event.run_id)?, task: event.task, condition, at: fields.at(event.at)? }
        }
        EventKind::TaskSkipped => {
            let event: wire::TaskSkipped = fields.parse(payload)?;
            let seen_as = match event.seen_as {
                0 => None,
                number => Some(words::task_status_of(number).ok_or(fields.missing("seen_as"))?),
            };
            Event::TaskSkipped {
                run: fields.run(&event.run_id)?,
                task: event.task,
                reason: event.reason,
                condition: fields.condition(event.condition)?,
                seen_as,
                at: fields.at(event.at)?,
            }
        }
        EventKind::TaskFailed => {
            let event: wire::TaskFailed = fields.parse(payload)?;
            Event::TaskFailed {
                run: fields.run(&event.run_id)?,
                task: event.task,
                message: event.message,
                as_warning: event.as_warning,
                at: fields.at(event.at)?,
            }
        }
        EventKind::TaskCarriedOver => {
            let event: wire::TaskCarriedOver = fields.parse(payload)?;
            Event::TaskCarriedOver(Box::new(TaskCarriedOver {
                run: fields.run(&event.run_id)?,
                task: event.task,
                iteration: event.iteration,
                status: fields.task_status(event.status)?,
                outputs: fields.object(&event.outputs, "outputs")?,
                at: fields.at(event.at)?,
            }))
        }
        EventKind::TaskResumes => {
            let event: wire::TaskResumes = fields.parse(payload)?;
            Event::TaskResumes {
                run: fields.run(&event.run_id)?,
                task: event.task,
                iteration: event.iteration,
                operations: event.operations,
            }
        }
        EventKind::TaskMarked => {
            let event: wire::TaskMarked = fields.parse(payload)?;
            Event::TaskMarked {
                run: fields.run(&event.run_id)?,
                task: event.task,
                mark: words::mark_of(event.mark).ok_or(fields.missing("mark"))?,
                outputs: fields.object(&event.outputs, "outputs")?,
                reason: event.reason,
                by: event.by,
                at: fields.at(event.at)?,
            }
        }
        _ => return Err(fields.missing("kind")),
    })
}
