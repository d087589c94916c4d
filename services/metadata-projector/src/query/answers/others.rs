//! What is broken besides tasks of runs: tests of assets, promises about time, alerts, budgets, events that cannot be read.

use downbeat_domain::PipelineId;
use downbeat_proto::metadata::v1 as wire;

use super::{commands, counted, evidence, instant, known, left_out, reach, say};
use crate::{
    engine::{
        keys::{self, answers::Kept, cost},
        rows::{self, OpenBreaches, Quarantined},
    },
    limits,
    published::View,
    query::Refusal,
};

/// What was found, and how much was not looked at.
pub(super) struct Found<T> {
    pub(super) found: Vec<T>,
    pub(super) left_out: u32,
}

/// Breaches that go on, the oldest first.
pub(super) fn breaches(view: &View<'_>) -> Result<Found<wire::Breach>, Refusal> {
    let pipelines = known::set(view, Kept::Breached)?;
    let looked_at = pipelines.len().min(limits::BROKEN_LOOKED_AT_MAX);
    let mut found = Vec::new();
    for entry in &pipelines[..looked_at] {
        let Some(id) = PipelineId::from_slice(&entry.id) else { continue };
        let open: OpenBreaches = view.get(&keys::open_breaches(id))?.unwrap_or_default();
        for (name, began) in &open.began {
            found.extend(view.get::<wire::Breach>(&keys::breach(id, *began, name))?);
        }
    }
    found.sort_by(|a, b| (a.started_at, &a.pipeline_id, &a.name).cmp(&(b.started_at, &b.pipeline_id, &b.name)));
    Ok(Found { found, left_out: left_out(pipelines.len(), looked_at) })
}

/// A breach in words.
pub(super) fn breach(breach: &wire::Breach) -> wire::Statement {
    let alias = &breach.pipeline_alias;
    let (rule, text) = match breach.kind.as_str() {
        "FRESHNESS" => {
            let last = match breach.last_at {
                0 => "it was never written".to_owned(),
                last => format!("it was written last at {}", instant(last)),
            };
            ("ASSET_TOO_OLD", format!("{} is older than rule {} of {alias} allows: {last}", breach.asset, breach.name))
        }
        _ => {
            let times = counted(breach.times.into(), "time");
            let at = instant(breach.last_at);
            (
                "DEADLINE_MISSED",
                format!("deadline {} of {alias} was missed {times}, the last time at {at}", breach.name),
            )
        }
    };
    let mut rests_on = vec![evidence("BREACH", &breach.name, 0, breach.started_at)];
    rests_on.extend((!breach.run_id.is_empty()).then(|| evidence("RUN", &breach.run_id, 0, breach.last_at)));
    say(rule, text, rests_on)
}

/// A breach that no failure explains.
pub(super) fn of_breach(view: &View<'_>, row: &wire::Breach) -> Result<wire::BrokenGroup, Refusal> {
    let id: Option<PipelineId> = row.pipeline_id.parse().ok();
    let pipeline = match id {
        Some(id) => known::pipeline(view, &id.0)?,
        None => wire::Pipeline::default(),
    };
    let (remedy, mut commands) = match pipeline.paused {
        true => (
            "Its pipeline is paused, so nothing of it runs. Resume it, or take the promise out of the pipeline.",
            vec![commands::resume(&pipeline.alias)],
        ),
        false => (
            "Nothing of it fails, so it was not started in time, or takes too long. Look at how it stands, and start it if it is due.",
            vec![commands::health(&pipeline.alias), commands::start(&pipeline.alias)],
        ),
    };
    commands.dedup();
    Ok(wire::BrokenGroup {
        kind: "BREACH".to_owned(),
        class: row.kind.clone(),
        what: Some(breach(row)),
        remedy: remedy.to_owned(),
        commands,
        since: row.started_at,
        history: Some(say(
            "SINCE",
            format!("since {}", instant(row.started_at)),
            vec![evidence("BREACH", &row.name, 0, row.started_at)],
        )),
        pipeline_alias: row.pipeline_alias.clone(),
        reach: Some(wire::Reach::default()),
        ..wire::BrokenGroup::default()
    })
}

/// Assets whose latest tests fail or warn, the oldest first.
pub(super) fn unhealthy(view: &View<'_>) -> Result<Found<wire::Asset>, Refusal> {
    let all = known::set(view, Kept::Unhealthy)?;
    let looked_at = all.len().min(limits::BROKEN_LOOKED_AT_MAX);
    let mut found = Vec::new();
    for entry in &all[..looked_at] {
        found.extend(reach::asset(view, &entry.name)?);
    }
    Ok(Found { found, left_out: left_out(all.len(), looked_at) })
}

/// Tests of an asset that do not pass, the worst and oldest first.
pub(super) fn bad_tests(asset: &wire::Asset) -> Vec<&wire::AssetTest> {
    let mut bad: Vec<&wire::AssetTest> =
        asset.tests.iter().filter(|test| matches!(test.status.as_str(), "FAILED" | "WARNING")).collect();
    bad.sort_by_key(|test| (test.status != "FAILED", test.since, test.name.clone(), test.column.clone()));
    bad
}

/// The key of an asset.
pub(super) fn key_of(asset: &wire::Asset) -> &str {
    asset.asset.as_ref().map(|asset| asset.key.as_str()).unwrap_or_default()
}

/// The tests of an asset in words.
pub(super) fn check(asset: &wire::Asset) -> wire::Statement {
    let bad = bad_tests(asset);
    let key = key_of(asset);
    let failed = bad.iter().filter(|test| test.status == "FAILED").count();
    let names: Vec<String> = bad.iter().map(|test| test_name(test)).collect();
    let verb = if failed > 0 { "fail" } else { "warn" };
    let text = format!("tests of {key} {verb}: {}", super::now::list(&names));
    let rests_on = bad.iter().take(3).map(|test| evidence("TEST", &test.name, 0, test.at)).collect();
    say(if failed > 0 { "TESTS_FAIL" } else { "TESTS_WARN" }, text, rests_on)
}

fn test_name(test: &wire::AssetTest) -> String {
    let column = if test.column.is_empty() { String::new() } else { format!(" on {}", test.column) };
    let failures = if test.failures > 0 { format!(" ({} rows)", test.failures) } else { String::new() };
    format!("{}{column}{failures}", test.name)
}

/// An asset whose tests fail although no task does.
pub(super) fn of_check(asset: &wire::Asset) -> wire::BrokenGroup {
    let bad = bad_tests(asset);
    let since = bad.iter().map(|test| test.since).min().unwrap_or_default();
    let run = bad.first().map(|test| test.run_id.clone()).unwrap_or_default();
    let history = format!("since {}", instant(since));
    let mut rests_on: Vec<_> = bad.iter().take(1).map(|test| evidence("TEST", &test.name, 0, test.since)).collect();
    rests_on.push(evidence("ASSET", key_of(asset), 0, asset.updated_at));
    wire::BrokenGroup {
        kind: "CHECK".to_owned(),
        class: "TEST_FAILED".to_owned(),
        what: Some(check(asset)),
        remedy: crate::engine::failing::classes::named("TEST_FAILED").remedy.to_owned(),
        commands: vec![commands::tests(key_of(asset))],
        since,
        history: Some(say("SINCE", history, rests_on)),
        run_id: run,
        ..wire::BrokenGroup::default()
    }
}

/// Alerts that were given up, one group for each destination.
pub(super) fn dead_alerts(view: &View<'_>) -> Result<Vec<wire::BrokenGroup>, Refusal> {
    /// Integration, connection, destination.
    type To = (String, String, String);
    let all = known::set(view, Kept::DeadAlerts)?;
    let mut groups = std::collections::BTreeMap::<To, Vec<wire::Alert>>::new();
    for entry in all.iter().take(limits::BROKEN_LOOKED_AT_MAX) {
        let Some(id) = downbeat_domain::AlertId::from_slice(&entry.id) else { continue };
        let Some(row) = view.get::<wire::Alert>(&keys::alert(id))? else { continue };
        let to = (row.integration.clone(), row.connection.clone(), row.destination.clone());
        groups.entry(to).or_default().push(row);
    }
    let group = |((integration, _, destination), alerts): (To, Vec<wire::Alert>)| {
        let since = alerts.iter().map(|alert| alert.raised_at).min().unwrap_or_default();
        let said = alerts.last().map(|alert| alert.message.clone()).unwrap_or_default();
        let to = if destination.is_empty() { String::new() } else { format!(" to {destination}") };
        let told = counted(alerts.len() as u64, "alert");
        let rests_on = || alerts.iter().take(3).map(|it| evidence("ALERT", &it.alert_id, 0, it.raised_at)).collect();
        wire::BrokenGroup {
            kind: "ALERT".to_owned(),
            class: "UNDELIVERED".to_owned(),
            what: Some(say(
                "ALERTS_DEAD",
                format!("{told} by {integration}{to} could not be delivered: {said}"),
                rests_on(),
            )),
            remedy: "Nobody was told. Put right what the destination says, and try them again.".to_owned(),
            commands: alerts.iter().take(limits::COMMANDS_MAX).map(|it| commands::retry_alert(&it.alert_id)).collect(),
            since,
            history: Some(say("SINCE", format!("since {}", instant(since)), rests_on())),
            failures: u32::try_from(alerts.len()).unwrap_or(u32::MAX),
            reach: Some(wire::Reach::default()),
            ..wire::BrokenGroup::default()
        }
    };
    Ok(groups.into_iter().map(group).collect())
}

/// Budgets of which all is spent in their current period.
pub(super) fn budgets(view: &View<'_>, now: i64) -> Result<Vec<wire::BrokenGroup>, Refusal> {
    let mut groups = Vec::new();
    for row in view.store.scan(cost::BUDGETS, None).take(limits::SCHEDULED_LOOKED_AT_MAX) {
        let (key, bytes) = row?;
        let row: wire::BudgetStatus = rows::read(&key, &bytes)?;
        let Some(budget) = &row.budget else { continue };
        let goes_on = row.from <= now && now < row.to;
        if !goes_on || row.crossed.iter().all(|percent| *percent < 100) || groups.len() >= limits::BROKEN_LOOKED_AT_MAX
        {
            continue;
        }
        let id: Option<PipelineId> = row.pipeline_id.parse().ok();
        let alias = match id {
            Some(id) => known::pipeline(view, &id.0)?.alias,
            None => String::new(),
        };
        let of = if row.owner.is_empty() { format!("pipeline {alias}") } else { format!("owner {}", row.owner) };
        let spent = downbeat_domain::cost::amount_text(row.spent.parse().unwrap_or_default());
        let all = downbeat_domain::cost::amount_text(budget.micros.into());
        let held = if budget.enforce { "; new runs wait until the period ends" } else { "" };
        let named = if row.owner.is_empty() { row.pipeline_id.clone() } else { row.owner.clone() };
        let rests_on = || vec![evidence("BUDGET", &named, 0, row.from)];
        groups.push(wire::BrokenGroup {
            kind: "BUDGET".to_owned(),
            class: "BUDGET_SPENT".to_owned(),
            what: Some(say(
                "BUDGET_SPENT",
                format!("the budget of {of} is spent: {spent} of {all} {}{held}", budget.currency),
                rests_on(),
            )),
            remedy: "Look at what costs so much. Raise the budget if that is as it should be, or release single runs."
                .to_owned(),
            commands: vec!["downbeat cost --by task".to_owned(), "downbeat budget list".to_owned()],
            since: row.from,
            history: Some(say(
                "SINCE",
                format!("in the period from {} to {}", instant(row.from), instant(row.to)),
                rests_on(),
            )),
            pipeline_alias: alias,
            reach: Some(wire::Reach::default()),
            ..wire::BrokenGroup::default()
        });
    }
    Ok(groups)
}

/// Events that projections could not apply.
pub(super) fn quarantine(view: &View<'_>) -> Result<Option<wire::BrokenGroup>, Refusal> {
    let mut rows = Vec::new();
    for row in view.store.scan(keys::QUARANTINE, None).take(limits::BROKEN_LOOKED_AT_MAX) {
        let (key, bytes) = row?;
        rows.push(rows::read::<Quarantined>(&key, &bytes)?);
    }
    let Some(first) = rows.first() else { return Ok(None) };
    let rests_on =
        || rows.iter().take(3).map(|row| evidence("RECORD", row.sequence.to_string(), row.sequence, 0)).collect();
    let by = if first.projection.is_empty() { String::new() } else { format!(" by {}", first.projection) };
    let text = format!(
        "{} could not be applied, the first{by}: {}",
        counted(view.head.quarantined_events, "event"),
        first.reason
    );
    Ok(Some(wire::BrokenGroup {
        kind: "QUARANTINE".to_owned(),
        class: "QUARANTINED".to_owned(),
        what: Some(say("EVENTS_QUARANTINED", text, rests_on())),
        remedy: "Rows do not say what these events say; the log has them. It is a fault of this program: report it with the record, \
                 and a version that knows better rebuilds the rows."
            .to_owned(),
        commands: vec![commands::record(first.sequence)],
        history: Some(say("SINCE", format!("since record {}", first.sequence), rests_on())),
        failures: u32::try_from(view.head.quarantined_events).unwrap_or(u32::MAX),
        reach: Some(wire::Reach::default()),
        ..wire::BrokenGroup::default()
    }))
}
