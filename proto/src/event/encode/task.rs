//! Events of tasks outside of an attempt.

use downbeat_domain::{Event, TaskCarriedOver};

use super::condition;
use crate::{
    convert::{id_bytes, micros, object_text},
    event::{event, words},
    events::v1::{self as wire, EventKind},
};

pub(super) fn encode(fact: &Event) -> wire::Event {
    match fact {
        Event::TaskCarriedOver(carried) => event(EventKind::TaskCarriedOver, &carried_over(carried)),
        Event::TaskResumes { run, task, iteration, operations } => event(
            EventKind::TaskResumes,
            &wire::TaskResumes {
                run_id: id_bytes(&run.0),
                task: *task,
                iteration: iteration.clone(),
                operations: operations.clone(),
            },
        ),
        Event::TaskMarked { run, task, mark, outputs, reason, by, at } => event(
            EventKind::TaskMarked,
            &wire::TaskMarked {
                run_id: id_bytes(&run.0),
                task: *task,
                mark: words::mark(*mark) as i32,
                outputs: object_text(outputs),
                reason: reason.clone(),
                by: by.clone(),
                at: micros(*at),
            },
        ),
        Event::TaskReady { run, task, condition: result, at } => event(
            EventKind::TaskReady,
            &wire::TaskReady { run_id: id_bytes(&run.0), task: *task, condition: condition(result), at: micros(*at) },
        ),
        Event::TaskSkipped { run, task, reason, condition: result, seen_as, at } => event(
            EventKind::TaskSkipped,
            &wire::TaskSkipped {
                run_id: id_bytes(&run.0),
                task: *task,
                reason: reason.clone(),
                condition: condition(result),
                at: micros(*at),
                seen_as: seen_as.map_or(0, |status| words::task_status(status) as i32),
            },
        ),
        Event::TaskFailed { run, task, message, as_warning, at } => event(
            EventKind::TaskFailed,
            &wire::TaskFailed {
                run_id: id_bytes(&run.0),
                task: *task,
                message: message.clone(),
                at: micros(*at),
                as_warning: *as_warning,
            },
        ),
        // The caller hands on the kinds above and no others.
        _ => wire::Event::default(),
    }
}

fn carried_over(carried: &TaskCarriedOver) -> wire::TaskCarriedOver {
    wire::TaskCarriedOver {
        run_id: id_bytes(&carried.run.0),
        task: carried.task,
        iteration: carried.iteration.clone(),
        status: words::task_status(carried.status) as i32,
        outputs: object_text(&carried.outputs),
        at: micros(carried.at),
    }
}
