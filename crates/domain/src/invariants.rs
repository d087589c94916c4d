//! The invariants of DESIGN section 6 that one partition's state can show, checked by tests after every step.

use crate::state::{GroupPhase, Partition, Phase, RunState};

/// Every violated invariant, in words; empty = all hold.
pub fn violations(partition: &Partition) -> Vec<String> {
    let mut found = Vec::new();
    for (id, run) in &partition.runs {
        if partition.finished.contains_key(id) {
            found.push(format!("INV-02: run {id} is live and finished"));
        }
        check_indexes(run, &mut found);
        check_progress(run, &mut found);
    }
    found
}

/// The small indexes say what the tasks say; a slot is held if and only if a live holder is (INV-04 by construction).
fn check_indexes(run: &RunState, found: &mut Vec<String>) {
    let mut unfinished = 0;
    for (place, task) in (0u32..).zip(&run.tasks) {
        let ended = matches!(task.phase, Phase::Ended(_));
        unfinished += u32::from(!ended);
        let ready = task.phase == Phase::Ready;
        if run.ready.contains(&place) != ready || run.held.contains(&place) != task.holder().is_some() {
            found.push(format!("INV-09: indexes of task {place} of run {} do not say what it says", run.id));
        }
        if task.due().is_some_and(|due| !run.deadlines.contains(&(due, place))) {
            found.push(format!("INV-09: task {place} of run {} has a deadline that nobody watches", run.id));
        }
        if task.waiting_on > 0 && !matches!(task.phase, Phase::Waiting | Phase::Ended(_)) {
            found.push(format!("INV-03: task {place} of run {} began before what it depends on ended", run.id));
        }
    }
    if unfinished != run.unfinished {
        found
            .push(format!("INV-03: run {} counts {} unfinished tasks, there are {unfinished}", run.id, run.unfinished));
    }
    let scheduled = run.tasks.iter().filter(|task| task.due().is_some()).count();
    if scheduled != run.deadlines.len() {
        found.push(format!("INV-09: run {} watches {} deadlines, there are {scheduled}", run.id, run.deadlines.len()));
    }
}

/// A run that is not complete has something that moves it: a node to consider, a ready or held task, or a deadline (INV-03).
fn check_progress(run: &RunState, found: &mut Vec<String>) {
    let moves =
        !run.to_consider.is_empty() || !run.ready.is_empty() || !run.held.is_empty() || !run.deadlines.is_empty();
    let open = run.groups.iter().any(|group| !matches!(group.phase, GroupPhase::Ended(_)));
    if !moves && (run.unfinished > 0 || open) {
        found.push(format!("INV-03: run {} is stuck with {} unfinished tasks", run.id, run.unfinished));
    }
}
