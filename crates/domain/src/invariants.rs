//! The invariants of DESIGN section 6 that one partition's state can show, checked by tests after every step.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    limits,
    plan::{Node, PlanDeadline, PlanSensor},
    state::{
        Agenda, AssetListeners, Backfill, Followers, GroupPhase, Lanes, Listeners, Partition, Phase, Pools, RunState,
    },
    status::TaskStatus,
};

/// Every violated invariant, in words; empty = all hold.
pub fn violations(partition: &Partition) -> Vec<String> {
    let mut found = Vec::new();
    for (id, run) in &partition.runs {
        if partition.finished.contains_key(id) {
            found.push(format!("INV-02: run {id} is live and finished"));
        }
        check_indexes(run, &mut found);
        check_progress(partition, run, &mut found);
        if run.is_unsettled() != partition.agenda.contains(&Agenda::Run(*id)) && run.is_unsettled() {
            found.push(format!("INV-09: run {id} has something to settle, and the agenda does not say so"));
        }
    }
    check_slots(partition, &mut found);
    check_lanes(partition, &mut found);
    check_followers(partition, &mut found);
    check_listeners(partition, &mut found);
    check_backfills(partition, &mut found);
    check_versions(partition, &mut found);
    check_windows(partition, &mut found);
    check_assets(partition, &mut found);
    check_alerts(partition, &mut found);
    found.extend(partition.ledger.violations());
    check_keys(partition, &mut found);
    if !partition.environments.is_sound() {
        found.push("two environments have one name, or none of them is the default".to_owned());
    }
    if !partition.inventory.is_sound() {
        found.push("the sums of what is declared of assets do not hold".to_owned());
    }
    if !partition.connections.is_sound() {
        found.push("two connections have one name, or are the default of one integration".to_owned());
    }
    found
}

/// An alert is owed or a dead letter, not both; whoever is told of a task is told of its end (INV-09).
fn check_alerts(partition: &Partition, found: &mut Vec<String>) {
    for (id, owed) in &partition.alerts.owed {
        if owed.alert.id != *id || partition.alerts.dead(*id).is_some() {
            found.push(format!("INV-09: alert {id} is owed under another id, or given up and owed"));
        }
    }
    for run in partition.runs.values() {
        let ended =
            |place: &u32| run.tasks.get(*place as usize).is_some_and(|task| matches!(task.phase, Phase::Ended(_)));
        let watches = |place: &u32| {
            let task = run.tasks.get(*place as usize).and_then(|task| run.plan.plan.tasks.get(task.planned as usize));
            task.is_some_and(|plan| plan.anomalies.iter().any(|watched| watched.operations.is_some()))
        };
        if !run.measured.keys().all(watches) {
            found.push(format!("INV-09: run {} measures operations that nobody watches", run.id));
        }
        if !run.to_alert.keys().all(ended) {
            found.push(format!("INV-09: run {} is to tell of a task that has not ended", run.id));
        }
    }
}

/// Keys have limits (INV-12), and names that name one of them.
fn check_keys(partition: &Partition, found: &mut Vec<String>) {
    let keys = &partition.keys;
    let names: BTreeSet<&str> = keys.keys.values().map(|key| key.name.as_str()).collect();
    if names.len() != keys.keys.len() {
        found.push("INV-12: two keys have one name".to_owned());
    }
    if keys.keys.len() > limits::KEYS_MAX || keys.revoked.len() > limits::REVOKED_KEYS_MAX {
        found.push(format!("INV-12: there are {} keys, and {} revoked ones", keys.keys.len(), keys.revoked.len()));
    }
    if keys.revoked.iter().any(|(revoked, _)| keys.keys.contains_key(revoked)) {
        found.push("INV-12: a revoked key is there".to_owned());
    }
    if keys.logins.len() > limits::LOGINS_MAX {
        found.push(format!("INV-12: there are {} logins", keys.logins.len()));
    }
    for (id, login) in &keys.logins {
        if login.begun.login != *id || login.begun.key.is_some() && keys.key_of(login).is_none() {
            found.push(format!("INV-12: login {id} has another id, or outlives its key"));
        }
    }
}

/// The live runs of a backfill are an index over the runs, and no more than it may have (INV-04); what is left of it is looked at (INV-09).
fn check_backfills(partition: &Partition, found: &mut Vec<String>) {
    for (id, backfill) in &partition.backfills.open {
        let own = partition.runs.values().filter(|run| run.backfill() == Some(*id));
        let fresh = Backfill { live: own.map(|run| run.id).collect(), ..backfill.clone() };
        if fresh != *backfill || backfill.live.len() > backfill.max_active as usize {
            found.push(format!("INV-04: backfill {id} has {} live runs, or does not know them", fresh.live.len()));
        }
        if backfill.left.is_empty() && backfill.live.is_empty() || (backfill.cancelled && !backfill.left.is_empty()) {
            found.push(format!("INV-05: backfill {id} has ended, and is not ended"));
        }
        if backfill.is_unsettled(partition) != partition.agenda.contains(&Agenda::Backfill(*id)) {
            found.push(format!("INV-09: the agenda does not say whether backfill {id} has something to settle"));
        }
    }
}

/// Who follows whom is an index over the pipelines; who is left to be started stands on the agenda (INV-09).
fn check_followers(partition: &Partition, found: &mut Vec<String>) {
    let mut fresh = Followers { due: partition.followers.due.clone(), ..Followers::default() };
    for (id, state) in partition.pipelines.iter().filter(|(_, state)| !state.deleted) {
        fresh.replace(*id, None, Some(&state.plan.plan));
    }
    if fresh != partition.followers {
        found.push("INV-09: the followers do not say what the pipelines say".to_owned());
    }
    for (ended, followed) in &partition.followers.due {
        let known = partition.runs.contains_key(ended) || partition.finished.contains_key(ended);
        if !known || followed.left.is_empty() || !partition.agenda.contains(&Agenda::Followers(*ended)) {
            found.push(format!("INV-09: what the end of run {ended} starts is left, and nobody looks at it"));
        }
    }
}

/// Versions beside the current one are few, each stands there once, and no number is above the newest (INV-12).
fn check_versions(partition: &Partition, found: &mut Vec<String>) {
    for (id, state) in &partition.pipelines {
        if !state.beside.fits(state.version, state.latest) || state.version > state.latest {
            found.push(format!("INV-12: the versions of pipeline {id} do not fit together"));
        }
        if state.version == 0 && !state.plan.plan.tasks.is_empty() {
            found.push(format!("INV-05: pipeline {id} has drafts only, and something of it may start"));
        }
    }
}

/// An open window is of a sensor that is there, and what was decided of its schedule is not older (INV-05, INV-09).
fn check_windows(partition: &Partition, found: &mut Vec<String>) {
    for (id, state) in &partition.pipelines {
        for (sensor, window) in &state.windows {
            let planned = state.plan.plan.sensor(sensor);
            let watermark = state.watermarks.get(&PlanSensor::schedule_name(sensor));
            if state.deleted || planned.is_none() {
                found.push(format!(
                    "INV-09: a window of sensor `{sensor}` of pipeline {id} is open, and nobody looks at it"
                ));
            }
            if watermark.is_none_or(|watermark| *watermark < window.instant) {
                found.push(format!("INV-05: the window {} of sensor `{sensor}` may open again", window.instant));
            }
        }
    }
}

/// Who asks for which assets is an index over the plans. What was gathered is of a trigger that is there, in a pipeline that is there (INV-09).
fn check_assets(partition: &Partition, found: &mut Vec<String>) {
    let mut fresh = AssetListeners::default();
    for (id, state) in &partition.pipelines {
        if !state.deleted {
            fresh.replace(*id, None, Some(&state.plan.plan));
        }
        if !state.assets.fits(&state.plan.plan) || (state.deleted && !state.assets.gathered.is_empty()) {
            found.push(format!("INV-09: pipeline {id} waits for assets that its plan does not name"));
        }
        for (name, outcome) in &state.assets.deadlines {
            let watermark = state.watermarks.get(&PlanDeadline::schedule_name(name));
            if watermark.is_none_or(|watermark| *watermark < outcome.instant) {
                found.push(format!(
                    "INV-05: deadline `{name}` of pipeline {id} may be decided at {} again",
                    outcome.instant
                ));
            }
        }
    }
    if fresh != partition.asset_listeners {
        found.push("INV-05: who asks for assets is not what the plans say".to_owned());
    }
}

/// The violations of one run alone: what can change with one of its events.
pub fn violations_of(partition: &Partition, run: &RunState) -> Vec<String> {
    let mut found = Vec::new();
    check_indexes(run, &mut found);
    check_progress(partition, run, &mut found);
    found
}

/// The small indexes say what the tasks say.
fn check_indexes(run: &RunState, found: &mut Vec<String>) {
    let id = run.id;
    let (mut unfinished, mut due) = (0, usize::from(run.deadline.is_some() && run.admitted));
    let mut ended: BTreeMap<TaskStatus, u32> = BTreeMap::new();
    for (place, task) in (0u32..).zip(&run.tasks) {
        match task.phase {
            Phase::Ended(status) => *ended.entry(status).or_insert(0) += 1,
            _ => unfinished += 1,
        }
        let says = [
            (&run.ready, task.phase == Phase::Ready),
            (&run.held, task.holder().is_some()),
            (&run.delegated, task.child().is_some()),
        ];
        if says.iter().any(|(index, member)| index.contains(&place) != *member) {
            found.push(format!("INV-09: indexes of task {place} of run {id} do not say what it says"));
        }
        due += usize::from(task.due().is_some());
        if task.due().is_some_and(|due| !run.deadlines.contains(&(due, Some(place)))) {
            found.push(format!("INV-09: task {place} of run {id} has a deadline that nobody watches"));
        }
        let may_wait = matches!(task.phase, Phase::Waiting | Phase::Fanned | Phase::Ended(_));
        if task.waiting_on > 0 && !may_wait {
            found.push(format!("INV-03: task {place} of run {id} began before what it depends on ended"));
        }
        let unsettled = task.unsettled.as_deref();
        if unsettled.is_some_and(|job| job.token == 0 || job.token > task.attempt) {
            found.push(format!("INV-06: the job of task {place} of run {id} carries the token of no attempt"));
        }
        let may_be = task.holder().is_some() || matches!(task.phase, Phase::Ready | Phase::Backoff(_));
        if unsettled.is_some() && !may_be {
            found.push(format!("INV-06: nobody looks after the job of task {place} of run {id}"));
        }
        let goes_on = matches!(task.phase, Phase::Ready | Phase::Backoff(_));
        if (run.halt.is_some() || task.mark.is_some()) && goes_on && unsettled.is_none() {
            found.push(format!("INV-03: task {place} of run {id} goes on although that was ended"));
        }
    }
    if unfinished != run.unfinished || ended != run.ended {
        found.push(format!("INV-03: run {id} counts {} unfinished tasks, there are {unfinished}", run.unfinished));
    }
    let open = run.groups.iter().filter(|group| !matches!(group.phase, GroupPhase::Ended(_))).count();
    if open != run.open_groups as usize {
        found.push(format!("INV-03: run {id} counts {} open groups, there are {open}", run.open_groups));
    }
    if due != run.deadlines.len() {
        found.push(format!("INV-09: run {id} watches {} deadlines, there are {due}", run.deadlines.len()));
    }
}

/// A run that is not complete has something that moves it: a node to consider, a ready or held task, a run that it waits for, a person,
/// a deadline, its lane or the run before it (INV-03).
fn check_progress(partition: &Partition, run: &RunState, found: &mut Vec<String>) {
    let waits_outside = !run.admitted || run.awaits_carry;
    let asks = run.tasks.iter().any(|task| matches!(task.phase, Phase::Approving(_)));
    let considers = run.to_consider.iter().any(|node| match node {
        Node::Group(_) => true,
        Node::Task(task) => {
            run.tasks.get(*task as usize).is_some_and(|task| task.phase != Phase::Fanned || task.waiting_on == 0)
        }
    });
    let moves = considers || !run.ready.is_empty() || !run.held.is_empty() || !run.deadlines.is_empty();
    if !(moves || waits_outside || asks || !run.delegated.is_empty() || run.is_complete()) {
        found.push(format!("INV-03: run {} is stuck with {} unfinished tasks", run.id, run.unfinished));
    }
    for place in &run.delegated {
        let child = run.tasks.get(*place as usize).and_then(crate::state::TaskState::child);
        let lives = child.is_some_and(|child| partition.runs.contains_key(&child));
        if !lives && !run.to_consider.contains(&Node::Task(*place)) && run.to_stop.is_empty() {
            found.push(format!("INV-09: task {place} of run {} waits for a run that does not live", run.id));
        }
    }
}

/// A slot is held if and only if the state of a task says so (INV-04).
fn check_slots(partition: &Partition, found: &mut Vec<String>) {
    let mut fresh = Pools::default();
    for (name, pool) in &partition.pools.named {
        fresh.resize(name, pool.slots);
    }
    for run in partition.runs.values() {
        for place in 0..run.tasks.len() as u32 {
            fresh.sync(run, place);
        }
    }
    if fresh != partition.pools {
        found.push(format!("INV-04: slots are {:?}, and the tasks say {fresh:?}", partition.pools));
    }
}

/// Lanes are an index over the runs (INV-04).
fn check_lanes(partition: &Partition, found: &mut Vec<String>) {
    let mut fresh = Lanes::default();
    for run in partition.runs.values() {
        let (key, place) = ((run.pipeline, run.environment_name.clone()), (run.order, run.id));
        if run.admitted {
            fresh.go(&key, place);
        } else {
            fresh.wait(&key, place);
        }
    }
    if fresh != partition.lanes {
        found.push("INV-04: the lanes do not say what the runs say".to_owned());
    }
    let orders: BTreeSet<u64> = partition.runs.values().map(|run| run.order).collect();
    if orders.len() != partition.runs.len() {
        found.push("INV-04: two runs have one place in the order".to_owned());
    }
}

/// Who listens to what is an index over the plans. No event waits where a run should have started (INV-05).
fn check_listeners(partition: &Partition, found: &mut Vec<String>) {
    let mut fresh = Listeners::default();
    for (id, pipeline) in partition.pipelines.iter().filter(|(_, pipeline)| !pipeline.deleted) {
        fresh.add(*id, &pipeline.plan.plan);
        for trigger in &pipeline.plan.plan.triggers {
            let waiting = pipeline.triggers.get(&trigger.name).map_or(0, |state| state.waiting.len());
            if waiting > 0 && waiting >= trigger.parts.len() {
                found.push(format!("INV-05: events of trigger `{}` of pipeline {id} wait for nothing", trigger.name));
            }
        }
    }
    if fresh != partition.listeners {
        found.push("INV-05: the listeners do not say what the plans say".to_owned());
    }
}
