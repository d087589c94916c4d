//! The state of a partition as text: what people and programs see of it, and nothing about how it is indexed.

use std::fmt::Write;

use downbeat_domain::{
    Level, Partition, RunState, Trigger,
    cost::Ledger,
    state::{AssetState, Endpoints, GroupPhase, Keys, Owed},
};

fn assets(text: &mut String, alias: &str, state: &AssetState) {
    for (trigger, gathered) in &state.gathered {
        let (assets, since, latest) = (gathered.assets.join(", "), gathered.since, gathered.latest);
        writeln!(text, "trigger {trigger} of {alias} has gathered {assets} since {since}, latest {latest}").unwrap();
    }
    for (rule, fresh) in &state.fresh {
        writeln!(text, "rule {rule} of {alias}: last {:?}, breached {:?}", fresh.last, fresh.breached).unwrap();
    }
    for (deadline, outcome) in &state.deadlines {
        let (met, instant, run) = (outcome.met, outcome.instant, outcome.run);
        writeln!(text, "deadline {deadline} of {alias} at {instant}: met {met} by {run:?}").unwrap();
    }
    for (at, run) in &state.good_ends {
        writeln!(text, "run {run} of {alias} ended well at {at}").unwrap();
    }
}

fn alert(text: &mut String, what: &str, owed: &Owed) {
    let (alert, failures, due) = (&owed.alert, owed.failures, owed.due);
    let content = serde_json::Value::Object(alert.content.clone());
    writeln!(text, "alert {} to {} {what}, failed {failures} times, {due}: {content}", alert.name, alert.integration)
        .unwrap();
}

pub(crate) fn partition(partition: &Partition) -> String {
    let mut text = String::new();
    for state in partition.pipelines.values() {
        let paused =
            state.paused.as_ref().map(|(reason, at)| format!(", paused at {at}: {reason}")).unwrap_or_default();
        let deleted = if state.deleted { ", deleted" } else { "" };
        writeln!(text, "pipeline {} version {}{paused}{deleted}", state.alias, state.version).unwrap();
        for version in state.beside.iter() {
            writeln!(text, "  version {} stands beside it", version.number).unwrap();
        }
        if let Some(storage) = &state.storage {
            writeln!(text, "  kept by {} in {}", storage.provider.as_str(), storage.repository).unwrap();
        }
        for (schedule, instant) in &state.watermarks {
            writeln!(text, "  schedule {schedule} decided up to {instant}").unwrap();
        }
    }
    for (id, state) in &partition.environments.all {
        let default = if partition.environments.default == Some(*id) { ", the default" } else { "" };
        let (name, made, set) = (&state.name, state.created_at, state.updated_at);
        writeln!(text, "environment {id} `{name}`{default}, made {made}, set {set}").unwrap();
        for (name, variable) in &state.variables {
            writeln!(text, "  {} {name} = {}", variable.kind.as_str(), variable.value).unwrap();
        }
    }
    for (id, state) in &partition.connections.all {
        let default = if state.is_default { ", the default" } else { "" };
        let tested = state.tested.as_ref().map_or("not tested", |test| test.health.as_str());
        let (name, of, version) = (&state.name, &state.integration, state.version);
        writeln!(text, "connection {id} `{name}` of {of}, version {version}{default}, {tested}").unwrap();
        for field in &state.fields {
            writeln!(text, "  {} {}", field.name, if field.store.is_empty() { "sealed" } else { &field.store })
                .unwrap();
        }
    }
    for (asset, details) in partition.inventory.assets() {
        let (name, status) = (details.name.as_deref().unwrap_or("-"), details.status.as_deref().unwrap_or("-"));
        writeln!(text, "asset {asset} `{name}`, {status}, {} bytes", details.bytes()).unwrap();
    }
    for one in partition.inventory.dependencies() {
        let (link, from, to) = (&one.link, &one.from, &one.to);
        writeln!(text, "asset {to} is made of {from}, as {} says: {}", link.integration, link.detail).unwrap();
    }
    for state in partition.pipelines.values() {
        for (trigger, events) in &state.triggers {
            writeln!(text, "trigger {trigger} of {} has taken {}", state.alias, events.taken.len()).unwrap();
            for (part, event) in &events.waiting {
                let inputs = serde_json::Value::Object(event.inputs.clone());
                writeln!(text, "  {} waits as part {part} since {} with {inputs}", event.origin.id, event.since)
                    .unwrap();
            }
        }
    }
    for (id, backfill) in &partition.backfills.open {
        let cancelled = if backfill.cancelled { ", cancelled" } else { "" };
        let (schedule, live) = (&backfill.schedule, backfill.live.len());
        writeln!(text, "backfill {id} of {schedule}: {live} of {} live{cancelled}", backfill.max_active).unwrap();
        backfill.left.iter().for_each(|instant| writeln!(text, "  {instant} is left").unwrap());
    }
    for id in &partition.backfills.ended {
        writeln!(text, "backfill {id} has ended").unwrap();
    }
    for state in partition.pipelines.values() {
        for (sensor, window) in &state.windows {
            writeln!(text, "window {} of sensor {sensor} is open until {}", window.instant, window.closes).unwrap();
            for finding in &window.findings {
                writeln!(text, "  {} {}", finding.state, finding.message).unwrap();
            }
        }
    }
    if partition.level > Level::FIRST {
        writeln!(text, "level {}", partition.level).unwrap();
    }
    if !partition.time_zones.is_empty() {
        writeln!(text, "rules of time zones {}", partition.time_zones).unwrap();
    }
    for state in partition.pipelines.values() {
        assets(&mut text, &state.alias, &state.assets);
    }
    for owed in partition.alerts.owed.values() {
        alert(&mut text, "is owed", owed);
    }
    for dead in &partition.alerts.dead {
        alert(&mut text, "was given up", dead);
    }
    for state in partition.pipelines.values() {
        for ((scope, name), live) in &state.alerts.live {
            writeln!(text, "{live} alerts {name} of {} are live for `{scope}`", state.alias).unwrap();
        }
        for (scope, took) in &state.alerts.took_ms {
            writeln!(text, "ends of {} for `{scope}` took {took:?} ms", state.alias).unwrap();
        }
        for (scope, known) in &state.alerts.operations {
            for (key, lasted) in &known.0 {
                let (kind, name, took) = (&key.kind, &key.name, &lasted.took_ms);
                writeln!(text, "{kind} {name} of {} for `{scope}` took {took:?} ms", state.alias).unwrap();
            }
        }
    }
    for (event_type, (at, data)) in &partition.sensor_events.latest {
        writeln!(text, "event {event_type} for sensors came {at} with {data}").unwrap();
    }
    for (name, pool) in &partition.pools.named {
        writeln!(text, "pool {name}: {} of {:?} slots held", pool.used(), pool.slots).unwrap();
    }
    for (run, (_, status)) in &partition.finished {
        writeln!(text, "run {run} ended {status}").unwrap();
    }
    keys(&mut text, &partition.keys);
    endpoints(&mut text, &partition.endpoints);
    costs(&mut text, &partition.ledger);
    let mut live: Vec<&RunState> = partition.runs.values().collect();
    live.sort_by_key(|run| run.order);
    live.into_iter().for_each(|state| run(&mut text, state));
    text
}

fn keys(text: &mut String, keys: &Keys) {
    for (id, key) in &keys.keys {
        let grants: Vec<String> =
            key.grants.iter().map(|it| format!("{} of {:?}", it.role.as_str(), it.labels)).collect();
        let (name, grants, first) = (&key.name, grants.join(", "), key.hash[0]);
        writeln!(text, "key {id} `{name}` by {} of hash {first}.. may {grants}", key.by).unwrap();
        writeln!(text, "  made {}, expires {}, used {:?}", key.created_at, key.expires_at, key.used).unwrap();
    }
    for (id, name) in &keys.revoked {
        writeln!(text, "key {id} `{name}` was revoked").unwrap();
    }
    for (id, login) in &keys.logins {
        let (begun, code) = (&login.begun, login.begun.code[0]);
        writeln!(text, "login {id} of {} for {}, code {code}.. until {}", begun.subject, begun.client, begun.ends_at)
            .unwrap();
        if let Some(tokens) = &login.tokens {
            let (current, previous) = (tokens.current, tokens.previous.map(|(hash, at)| (hash[0], at)));
            writeln!(text, "  access {}.. until {}", current.access[0], current.access_expires_at).unwrap();
            writeln!(
                text,
                "  refresh {}.. until {}, before it {previous:?}",
                current.refresh[0], current.refresh_expires_at
            )
            .unwrap();
        }
    }
}

fn endpoints(text: &mut String, endpoints: &Endpoints) {
    for (id, endpoint) in &endpoints.open {
        let (name, scheme, first) = (&endpoint.name, endpoint.scheme.as_str(), endpoint.hash[0]);
        writeln!(text, "endpoint {id} `{name}` of {} by {}", endpoint.pipeline, endpoint.by).unwrap();
        writeln!(text, "  made {}, {scheme}, of hash {first}..", endpoint.created_at).unwrap();
        for (number, until) in &endpoint.old_secrets {
            writeln!(text, "  secret {number} until {until}").unwrap();
        }
        writeln!(text, "  secret {}", endpoint.secret).unwrap();
    }
}

fn costs(text: &mut String, ledger: &Ledger) {
    for (place, price) in ledger.prices.prices.iter().enumerate() {
        let (version, unit, micros) = (ledger.prices.version, &price.unit, price.micros);
        writeln!(text, "price {place} of version {version}: {micros} {} for {} {unit}", price.currency, price.per)
            .unwrap();
    }
    for (pipeline, sums) in &ledger.by_pipeline {
        for ((currency, basis), micros) in sums {
            writeln!(text, "cost of {pipeline:?}: {} {micros} {currency}", basis.as_str()).unwrap();
        }
    }
    for known in ledger.bills.values() {
        let (entry, count) = (&known.entry, known.entries);
        writeln!(text, "bill {} of {}: {} in {count} entries", entry.external_id, entry.source, entry.micros).unwrap();
    }
    for (origin, entry) in &ledger.estimates {
        writeln!(text, "estimate {}: {} {} for {}", entry.id, entry.micros, entry.unit, origin.task).unwrap();
    }
    for (of, state) in &ledger.budgets {
        let (spent, period, crossed) = (state.spent, state.period, &state.crossed);
        writeln!(text, "budget of {of}: {spent} of {} in {period:?}, crossed {crossed:?}", state.budget.micros)
            .unwrap();
    }
}

/// What was always told of a trigger, and the rest where there is any.
fn trigger(trigger: &Trigger) -> String {
    match trigger {
        Trigger::Scheduled { schedule, instant, coalesced_count: 0, .. } => {
            format!("Scheduled {{ schedule: {schedule:?}, instant: {instant:?} }}")
        }
        other => format!("{other:?}"),
    }
}

fn run(text: &mut String, run: &RunState) {
    writeln!(text, "run {} is {}, started by {}", run.id, run.status(), trigger(&run.trigger)).unwrap();
    if !run.inputs.is_empty() {
        writeln!(text, "  inputs {}", serde_json::Value::Object(run.inputs.clone())).unwrap();
    }
    for (planned, group) in run.plan.plan.groups.iter().zip(&run.groups) {
        let phase = match group.phase {
            GroupPhase::Waiting => "waits".to_owned(),
            GroupPhase::Open => "is open".to_owned(),
            GroupPhase::Ended(status) => format!("ended {status}"),
        };
        writeln!(text, "  group {} {phase}", planned.id).unwrap();
        if let Some(expansion) = &group.expansion {
            let (next, count) = (expansion.next, expansion.count());
            writeln!(
                text,
                "    {next} of {count} iterations began, {} run, failed: {}",
                expansion.live, expansion.failed
            )
            .unwrap();
        }
    }
    for (place, task) in (0u32..).zip(&run.tasks) {
        let iteration = task.iteration.map(|iteration| format!("[{iteration}]")).unwrap_or_default();
        let id = run.planned(place).map_or("?", |plan| plan.id.as_str());
        write!(text, "  task {id}{iteration} {:?} attempt {}", task.phase, task.attempt).unwrap();
        if task.failures + task.losses > 0 {
            write!(text, ", {} failed, {} lost", task.failures, task.losses).unwrap();
        }
        if let Some(seen_as) = task.seen_as {
            write!(text, ", seen as {seen_as}").unwrap();
        }
        if let Some(mark) = task.mark {
            write!(text, ", marked {mark}").unwrap();
        }
        if let Some(deadline) = task.deadline {
            write!(text, ", until {deadline}").unwrap();
        }
        for (name, fields) in [("outputs", &task.outputs), ("parameters", &task.parameters)] {
            if let Some(fields) = fields {
                write!(text, ", {name} {}", serde_json::Value::Object((**fields).clone())).unwrap();
            }
        }
        if let Some(job) = &task.unsettled {
            let until = job.deadline.map(|at| format!(" until {at}")).unwrap_or_default();
            write!(text, ", unsettled #{} {:?} {:?} {:?}{until}", job.token, job.handle, job.external_id, job.link)
                .unwrap();
        }
        if let Some(resumes) = &task.resumes {
            write!(text, ", resumes {}", resumes.join(" ")).unwrap();
        }
        writeln!(text).unwrap();
    }
}
