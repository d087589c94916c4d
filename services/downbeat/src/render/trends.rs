//! Durations, schedules and integrations as tables.

use downbeat_proto::metadata::v1::{Baseline, DurationTrend, IntegrationHealth, ScheduleTrend};

use super::{clean, duration, instant, short, table};

/// Microseconds that cannot be negative.
fn took(micros: u64) -> String {
    duration(i64::try_from(micros).unwrap_or(i64::MAX))
}

fn of(baseline: &Option<Baseline>, part: fn(&Baseline) -> u64) -> String {
    baseline.as_ref().map(|baseline| took(part(baseline))).unwrap_or_default()
}

fn some(micros: u64) -> String {
    if micros == 0 { String::new() } else { took(micros) }
}

/// A pipeline by what people call it.
fn named<'a>(alias: &'a str, id: &'a str) -> &'a str {
    if alias.is_empty() { id } else { alias }
}

/// Durations, as they came.
pub fn duration_table(trends: &[DurationTrend], columns: Option<usize>) -> String {
    let header = ["PIPELINE", "TASK", "TREND", "MEDIAN", "P95", "BEFORE", "GOOD", "RAN", "WAITED", "FAILED", "WASTED"];
    let row = |trend: &DurationTrend| {
        let sums = trend.sums.unwrap_or_default();
        vec![
            clean(named(&trend.pipeline, &trend.pipeline_id)).to_string(),
            clean(&trend.task).to_string(),
            trend.trend.to_lowercase(),
            of(&trend.recent, |it| it.median),
            of(&trend.recent, |it| it.p95),
            of(&trend.older, |it| it.median),
            sums.good.to_string(),
            some(sums.ran),
            some(sums.waited),
            if sums.failed == 0 { String::new() } else { sums.failed.to_string() },
            some(sums.wasted),
        ]
    };
    let rows: Vec<_> = trends.iter().map(row).collect();
    table::lines(&header, &rows, columns, &["P95", "RAN", "GOOD"]).join("\n")
}

/// Schedules, as they came.
pub fn lateness_table(trends: &[ScheduleTrend], columns: Option<usize>) -> String {
    let header =
        ["PIPELINE", "SCHEDULE", "LAST", "RUN", "STATUS", "FIRED", "LATE", "P95", "MAX", "UNCHANGED", "PASSED"];
    let row = |trend: &ScheduleTrend| {
        let passed = trend.passed.iter().map(|it| format!("{} {}", it.count, it.reason.to_lowercase()));
        vec![
            clean(named(&trend.pipeline, &trend.pipeline_id)).to_string(),
            clean(&trend.schedule).to_string(),
            instant(trend.last_instant),
            short(&trend.last_run_id).to_owned(),
            clean(&trend.last_status).to_string(),
            trend.fired.to_string(),
            of(&trend.started_late, |it| it.median),
            of(&trend.started_late, |it| it.p95),
            of(&trend.started_late, |it| it.max),
            if trend.unchanged_in_a_row == 0 { String::new() } else { trend.unchanged_in_a_row.to_string() },
            passed.collect::<Vec<_>>().join(", "),
        ]
    };
    let rows: Vec<_> = trends.iter().map(row).collect();
    table::lines(&header, &rows, columns, &["RUN", "P95", "FIRED"]).join("\n")
}

/// Integrations, as they came.
pub fn integration_health_table(all: &[IntegrationHealth], columns: Option<usize>) -> String {
    let header =
        ["INTEGRATION", "CONNECTION", "STATE", "ATTEMPTS", "FAILED", "MEDIAN", "LAST SUCCESS", "LAST FAILURE", "WHY"];
    let row = |health: &IntegrationHealth| {
        let failed = health.failed.iter().map(|(class, count)| format!("{count} {}", class.to_lowercase()));
        let failure = health.last_failure.as_ref();
        let why = failure.map(|it| format!("{}: {}", it.class, it.message)).unwrap_or_default();
        vec![
            clean(&health.integration).to_string(),
            clean(&health.connection).to_string(),
            health.state.to_lowercase(),
            health.attempts.to_string(),
            clean(&failed.collect::<Vec<_>>().join(", ")).to_string(),
            of(&health.durations, |it| it.median),
            instant(health.last_success.as_ref().map_or(0, |it| it.at)),
            instant(failure.map_or(0, |it| it.at)),
            clean(&match health.state.as_str() {
                "HEALTHY" | "UNKNOWN" => health.reason.clone(),
                _ => format!("{}; {why}", health.reason),
            })
            .to_string(),
        ]
    };
    let rows: Vec<_> = all.iter().map(row).collect();
    table::lines(&header, &rows, columns, &["MEDIAN", "ATTEMPTS"]).join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_left_out_and_hostile_names_stay_harmless() {
        let trend = DurationTrend {
            pipeline_id: "id".into(),
            task: "\u{1b}[2Jx".into(),
            trend: "UNKNOWN".into(),
            ..Default::default()
        };
        let text = duration_table(&[trend], None);
        assert!(text.contains("unknown") && !text.contains("WASTED") && !text.contains('\u{1b}'), "{text}");
        let health = IntegrationHealth {
            integration: "DBT_CORE".into(),
            state: "FAILING".into(),
            reason: "the last 3 failed".into(),
            failed: [("TRANSIENT".to_owned(), 3)].into(),
            ..Default::default()
        };
        let text = integration_health_table(&[health], None);
        assert!(
            text.contains("failing") && text.contains("3 transient") && text.contains("the last 3 failed"),
            "{text}"
        );
        assert!(lateness_table(&[ScheduleTrend::default()], None).contains("FIRED"));
    }
}
