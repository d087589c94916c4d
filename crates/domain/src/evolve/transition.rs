//! One task run changes its phase, and every index follows.

use std::{collections::BTreeSet, sync::Arc};

use jiff::Timestamp;

use super::groups;
use crate::{
    plan::Node,
    state::{GroupPhase, Phase, RunState},
    status::TaskStatus,
};

/// Changes the phase and keeps every index true.
pub(super) fn enter(run: &mut RunState, place: u32, next: Phase, at: Timestamp) {
    let Some(task) = run.tasks.get_mut(place as usize) else { return };
    if let Some(due) = task.due() {
        run.deadlines.remove(&(due, Some(place)));
    }
    task.phase = next;
    if let Phase::Ended(_) = next {
        task.unsettled = None;
    }
    task.since = at;
    match next {
        Phase::Running(_) => task.running_since = Some(at),
        Phase::Stopping(..) => {}
        _ => task.running_since = None,
    }
    let begins = matches!(next, Phase::Running(_) | Phase::Delegated(_) | Phase::Sleeping(_) | Phase::Approving(_));
    let watched = run.plan.plan.tasks.get(task.planned as usize);
    if begins && watched.is_some_and(|plan| !plan.alerts.is_empty() || !plan.anomalies.is_empty()) {
        task.began_at.get_or_insert(at);
    }
    if !matches!(next, Phase::Waiting | Phase::Fanned) {
        task.waiting_on = 0;
    }
    if !matches!(next, Phase::Running(_) | Phase::Delegated(_)) {
        task.deadline = None;
    }
    if let Some(due) = task.due() {
        run.deadlines.insert((due, Some(place)));
    }
    let (held, delegated, marked) = (task.holder().is_some(), task.child().is_some(), task.mark.is_some());
    let stoppable = matches!(next, Phase::Leased(_) | Phase::Running(_) | Phase::Delegated(_));
    // A run that it started may have ended already: being recalled, it still has that to consider.
    if !matches!(next, Phase::Recalling(..)) {
        run.to_consider.remove(&Node::Task(place));
    }
    set_membership(&mut run.ready, place, next == Phase::Ready);
    set_membership(&mut run.held, place, held);
    set_membership(&mut run.delegated, place, delegated);
    set_membership(&mut run.to_stop, place, (run.halt.is_some() || marked) && stoppable);
    if let Phase::Ended(status) = next {
        ended(run, place, status);
        // What was carried over, or is not part of the run, did not end in it; iterations are told of one by one.
        let own = run.tasks.get(place as usize).is_some_and(|task| task.seen_as.is_none());
        let asked = run.planned(place).is_some_and(|plan| !plan.alerts.is_empty() || !plan.anomalies.is_empty());
        if asked && own && !run.stands_for_iterations(place) {
            run.to_alert.insert(place, String::new());
        }
    }
}

fn ended(run: &mut RunState, place: u32, status: TaskStatus) {
    run.unfinished = run.unfinished.saturating_sub(1);
    *run.ended.entry(status).or_insert(0) += 1;
    let plan = Arc::clone(&run.plan);
    let Some((planned, iteration)) = run.tasks.get(place as usize).map(|task| (task.planned, task.iteration)) else {
        return;
    };
    let dependents = plan.task_dependents.get(planned as usize).map_or(&[][..], Vec::as_slice);
    let group = plan.plan.tasks.get(planned as usize).and_then(|task| task.group);
    match (iteration, group) {
        (None, group) => {
            // Iterations wait for their siblings there; those that stand for them wait for iterations only.
            let fans = group.and_then(|group| run.groups.get(group as usize)).is_some_and(|it| it.expansion.is_some());
            if !fans {
                release(run, dependents);
            }
            if let Some(group) = group {
                groups::member_ended(run, group);
            }
        }
        (Some(iteration), group) => {
            let siblings: Vec<Node> = dependents
                .iter()
                .filter_map(|node| match node {
                    Node::Task(planned) => run.place_in(*planned, iteration).map(Node::Task),
                    Node::Group(_) => None,
                })
                .collect();
            release(run, &siblings);
            if let Some(group) = group {
                groups::iteration_task_ended(run, group, iteration, planned, status);
            }
        }
    }
}

fn set_membership(set: &mut BTreeSet<u32>, place: u32, member: bool) {
    if member {
        set.insert(place);
    } else {
        set.remove(&place);
    }
}

/// One dependency less for each of these nodes that still waits; those that wait for nothing more are to be considered.
pub(super) fn release(run: &mut RunState, dependents: &[Node]) {
    for node in dependents {
        let waiting_on = match *node {
            Node::Task(place) => {
                let task = run.tasks.get_mut(place as usize);
                task.filter(|task| matches!(task.phase, Phase::Waiting | Phase::Fanned)).map(|it| &mut it.waiting_on)
            }
            Node::Group(place) => {
                let group = run.groups.get_mut(place as usize);
                group.filter(|group| group.phase == GroupPhase::Waiting).map(|group| &mut group.waiting_on)
            }
        };
        let Some(waiting_on) = waiting_on else { continue };
        *waiting_on = waiting_on.saturating_sub(1);
        if *waiting_on == 0 {
            run.to_consider.insert(*node);
        }
    }
}
