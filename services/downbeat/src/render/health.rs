//! What pipelines promise about time and money, how that stands, and where it was broken.

use downbeat_proto::{
    control::v1::{AssetTriggerHealth, BudgetHealth, DeadlineHealth, FreshnessHealth, GetPipelineHealthResponse},
    metadata::v1::Breach,
};

use super::{clean, duration_between, instant, short, table, time};

/// A table per kind, an empty line between them; empty = there is nothing.
pub fn health_lines(health: &GetPipelineHealthResponse, columns: Option<usize>) -> Vec<String> {
    let mut lines = Vec::new();
    let mut add = |more: Vec<String>| {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.extend(more);
    };
    if !health.freshness.is_empty() {
        let header = ["FRESHNESS", "ASSET", "STATE", "AGE", "MAX AGE", "LAST", "BY"];
        let rows: Vec<_> = health.freshness.iter().map(|rule| freshness(rule, health.now)).collect();
        add(table::lines(&header, &rows, columns, &["BY", "LAST"]));
    }
    if !health.deadlines.is_empty() {
        let header = ["DEADLINE", "STATE", "AT", "WITHIN", "RUN", "NEXT", "CRON", "ZONE"];
        let rows: Vec<_> = health.deadlines.iter().map(deadline).collect();
        add(table::lines(&header, &rows, columns, &["ZONE", "CRON"]));
    }
    if !health.asset_triggers.is_empty() {
        let header = ["ASSET TRIGGER", "STATE", "STARTS", "ASSETS"];
        let rows: Vec<_> = health.asset_triggers.iter().map(asset_trigger).collect();
        add(table::lines(&header, &rows, columns, &[]));
    }
    if !health.budgets.is_empty() {
        let header = ["BUDGET OF", "STATE", "SPENT", "BUDGET", "PERIOD", "ENDS"];
        let rows: Vec<_> = health.budgets.iter().map(budget).collect();
        add(table::lines(&header, &rows, columns, &["PERIOD"]));
    }
    lines
}

fn budget(budget: &BudgetHealth) -> Vec<String> {
    let whose = if budget.owner.is_empty() { "pipeline".to_owned() } else { format!("owner {}", clean(&budget.owner)) };
    let state = match budget.crossed.last() {
        _ if budget.holds_runs => "SPENT: new runs wait".to_owned(),
        Some(percent) => format!("{percent} % crossed"),
        None => "within".to_owned(),
    };
    let currency = clean(&budget.currency);
    vec![
        whose,
        state,
        format!("{} {currency}", clean(&budget.spent)),
        format!("{} {currency}", clean(&budget.amount)),
        clean(&budget.period).to_string(),
        instant(budget.ends_at),
    ]
}

fn milliseconds(milliseconds: u64) -> String {
    time::duration(i64::try_from(milliseconds).unwrap_or(i64::MAX).saturating_mul(1_000))
}

fn freshness(rule: &FreshnessHealth, now: i64) -> Vec<String> {
    let state = if rule.breached_at == 0 { "fresh" } else { "TOO OLD" };
    let age = match rule.last_at {
        0 => "never materialised".to_owned(),
        last => duration_between(last, now, None),
    };
    vec![
        clean(&rule.name).to_string(),
        clean(&rule.asset).to_string(),
        state.to_owned(),
        age,
        milliseconds(rule.max_age_ms),
        instant(rule.last_at),
        short(&rule.last_run_id).to_owned(),
    ]
}

fn deadline(deadline: &DeadlineHealth) -> Vec<String> {
    let state = match deadline.last_outcome.as_str() {
        "" => "not looked at yet",
        other => other,
    };
    let next = if deadline.paused { "paused".to_owned() } else { instant(deadline.next_instant) };
    vec![
        clean(&deadline.name).to_string(),
        clean(state).to_string(),
        instant(deadline.last_instant),
        milliseconds(deadline.within_ms),
        short(&deadline.last_run_id).to_owned(),
        next,
        clean(&deadline.cron).to_string(),
        clean(&deadline.timezone).to_string(),
    ]
}

fn asset_trigger(trigger: &AssetTriggerHealth) -> Vec<String> {
    let (state, assets) = match trigger.gathered.as_slice() {
        [] => ("waits for", &trigger.assets[..]),
        gathered => ("has gathered", gathered),
    };
    let assets: Vec<String> = assets.iter().map(|asset| clean(asset).to_string()).collect();
    vec![clean(&trigger.name).to_string(), state.to_owned(), instant(trigger.starts_at), assets.join(", ")]
}

/// Breaches, as they came.
pub fn breach_table(breaches: &[Breach], columns: Option<usize>) -> String {
    let header = ["PIPELINE", "KIND", "NAME", "BEGAN", "ENDED", "TIMES", "ASSET", "RUN"];
    let row = |breach: &Breach| {
        let ended = if breach.ended_at == 0 { "goes on".to_owned() } else { instant(breach.ended_at) };
        vec![
            clean(&breach.pipeline_alias).to_string(),
            clean(&breach.kind).to_string(),
            clean(&breach.name).to_string(),
            instant(breach.started_at),
            ended,
            if breach.times > 1 { breach.times.to_string() } else { String::new() },
            clean(&breach.asset).to_string(),
            short(&breach.run_id).to_owned(),
        ]
    };
    let rows: Vec<_> = breaches.iter().map(row).collect();
    table::lines(&header, &rows, columns, &["ASSET", "RUN"]).join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_a_table_and_says_how_it_stands() {
        let rule = FreshnessHealth {
            name: "orders".to_owned(),
            asset: "db/orders".to_owned(),
            max_age_ms: 60_000,
            breached_at: 1,
            ..FreshnessHealth::default()
        };
        let deadline = DeadlineHealth {
            name: "morning".to_owned(),
            within_ms: 3_600_000,
            paused: true,
            cron: "0 7 ? * * *".to_owned(),
            timezone: "UTC".to_owned(),
            ..DeadlineHealth::default()
        };
        let trigger = AssetTriggerHealth {
            name: "t".to_owned(),
            assets: vec!["db/*".to_owned()],
            ..AssetTriggerHealth::default()
        };
        let mut health = GetPipelineHealthResponse { freshness: vec![rule], ..GetPipelineHealthResponse::default() };
        assert_eq!(
            health_lines(&health, None).join("\n"),
            "FRESHNESS  ASSET      STATE    AGE                 MAX AGE\n\
             orders     db/orders  TOO OLD  never materialised  1 min 00 s"
        );
        health.freshness.clear();
        health.deadlines.push(deadline);
        health.asset_triggers.push(trigger);
        assert_eq!(
            health_lines(&health, None).join("\n"),
            "DEADLINE  STATE              WITHIN      NEXT    CRON         ZONE\n\
             morning   not looked at yet  1 h 00 min  paused  0 7 ? * * *  UTC\n\
             \n\
             ASSET TRIGGER  STATE      ASSETS\n\
             t              waits for  db/*"
        );
        let own = BudgetHealth {
            amount: "10.00".to_owned(),
            spent: "8.00".to_owned(),
            currency: "EUR".to_owned(),
            period: "day".to_owned(),
            crossed: vec![50, 80],
            ..BudgetHealth::default()
        };
        let (owner, crossed, spent) = ("data".to_owned(), vec![100], "10.00".to_owned());
        let owners = BudgetHealth { owner, crossed, spent, holds_runs: true, ..own.clone() };
        let within = BudgetHealth { crossed: Vec::new(), ..own.clone() };
        let health = GetPipelineHealthResponse { budgets: vec![own, owners, within], ..Default::default() };
        assert_eq!(
            health_lines(&health, None).join("\n"),
            "BUDGET OF   STATE                 SPENT      BUDGET     PERIOD\n\
             pipeline    80 % crossed          8.00 EUR   10.00 EUR  day\n\
             owner data  SPENT: new runs wait  10.00 EUR  10.00 EUR  day\n\
             pipeline    within                8.00 EUR   10.00 EUR  day"
        );
        assert!(health_lines(&GetPipelineHealthResponse::default(), None).is_empty());
    }

    #[test]
    fn a_breach_that_goes_on_says_so() {
        let breach = Breach {
            pipeline_alias: "revenue".to_owned(),
            kind: "DEADLINE".to_owned(),
            name: "morning".to_owned(),
            times: 3,
            ..Breach::default()
        };
        assert_eq!(
            breach_table(&[breach], None),
            "PIPELINE  KIND      NAME     ENDED    TIMES\nrevenue   DEADLINE  morning  goes on  3"
        );
    }
}
