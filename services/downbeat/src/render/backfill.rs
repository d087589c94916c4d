//! Backfills: how far they are, and what becomes of their instants.

use downbeat_domain::plan::PlanSchedule;
use downbeat_proto::{
    control::v1::{PreviewBackfillResponse, PreviewedInstant},
    metadata::v1::{Backfill, BackfillInstant},
};
use jiff::{Timestamp, tz::Offset};

use super::{clean, duration_between, instant, mark, short, table, words};

/// How far a backfill is: one line about it, its message if it has one, and what has become of its instants.
pub fn backfill_header(row: &Backfill) -> String {
    let took = duration_between(row.created_at, row.completed_at, None);
    let took = if took.is_empty() { took } else { format!("  {took}") };
    let (pipeline, schedule) = (clean(&row.pipeline_alias), clean(&row.schedule));
    let mut text = format!("backfill {}  {pipeline} {schedule}  {}{took}", row.id, row.status);
    if !row.message.is_empty() {
        text.push_str(&format!("\n{}", words(&row.message)));
    }
    let force = if row.force { ", those too that had succeeded" } else { "" };
    text.push_str(&format!("\nfrom {} to {}, at most {} at once{force}", utc(row.from), utc(row.to), row.max_active));
    let instants = if row.total == 1 { "1 instant".to_owned() } else { format!("{} instants", row.total) };
    format!("{text}\n{instants}: {}", progress(row))
}

/// What has become of the instants, in the order in which it happens; what none has met is left out.
fn progress(row: &Backfill) -> String {
    let counts = [
        (row.left, "left"),
        (row.live, "live"),
        (row.succeeded, "succeeded"),
        (row.failed, "failed"),
        (row.cancelled, "cancelled"),
        (row.declined, "declined"),
        (row.skipped, "skipped"),
        (row.dropped, "dropped"),
    ];
    let told = counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
    told.collect::<Vec<_>>().join(", ")
}

/// Backfills, one a line. Ids are whole where there is room for them.
pub fn backfill_table(rows: &[Backfill], columns: Option<usize>) -> String {
    let header = ["", "BACKFILL", "PIPELINE", "SCHEDULE", "STATUS", "CREATED", "INSTANTS", "PROGRESS"];
    let cells = |id: &dyn Fn(&str) -> String| -> Vec<Vec<String>> {
        let row = |row: &Backfill| {
            vec![
                mark(&row.status).to_owned(),
                id(&row.id),
                clean(&row.pipeline_alias),
                clean(&row.schedule),
                row.status.clone(),
                instant(row.created_at),
                row.total.to_string(),
                progress(row),
            ]
        };
        rows.iter().map(row).collect()
    };
    let whole = table::lines(&header, &cells(&str::to_owned), None, &[]);
    let fits = columns.is_none_or(|columns| whole.iter().all(|line| table::fits(line, columns)));
    let lines = if fits { whole } else { table::lines(&header, &cells(&short), columns, &["CREATED"]) };
    lines.join("\n")
}

/// Instants of a backfill with what has become of them.
pub fn instant_table(instants: &[BackfillInstant]) -> String {
    let row = |row: &BackfillInstant| {
        vec![
            mark(&row.outcome).to_owned(),
            utc(row.instant),
            row.outcome.clone(),
            row.run_id.clone(),
            words(&row.reason),
        ]
    };
    let rows: Vec<Vec<String>> = instants.iter().map(row).collect();
    table::lines(&["", "INSTANT", "OUTCOME", "RUN", "REASON"], &rows, None, &[]).join("\n")
}

/// The instants that a backfill would have, in the schedule's zone and in UTC; `None` = one of them is none.
pub fn preview_table(schedule: &PlanSchedule, preview: &PreviewBackfillResponse) -> Option<String> {
    let rows: Vec<Vec<String>> = preview.instants.iter().map(previewed).collect::<Option<_>>()?;
    let count = |outcome: &str| preview.instants.iter().filter(|instant| instant.outcome == outcome).count();
    let paused = if preview.paused { "  (the pipeline is paused: it would wait)" } else { "" };
    let (name, cron, zone) = (clean(&schedule.name), clean(&schedule.cron), clean(&schedule.timezone));
    let lines = table::lines(&["LOCAL", "OFFSET", "UTC", "WOULD"], &rows, None, &[]);
    Some(format!(
        "{name}  {cron}  {zone}{paused}\n{}\n{} would run, {} would be skipped; nothing was started",
        lines.join("\n"),
        count("RUN") + count("LIVE"),
        count("SKIPPED"),
    ))
}

fn previewed(row: &PreviewedInstant) -> Option<Vec<String>> {
    let at = Timestamp::from_microsecond(row.instant).ok()?;
    let offset = Offset::from_seconds(row.offset_seconds).ok()?;
    let outcome = match row.outcome.as_str() {
        "RUN" => "run".to_owned(),
        "SKIPPED" => format!("be skipped: run {} has succeeded", row.run_id),
        "LIVE" => format!("run, unless run {} succeeds or is still under way", row.run_id),
        other => other.to_owned(),
    };
    let local = offset.to_datetime(at).strftime("%a %Y-%m-%d %H:%M").to_string();
    Some(vec![local, offset.to_string(), utc(row.instant), outcome])
}

fn utc(micros: i64) -> String {
    let at = Timestamp::from_microsecond(micros).ok();
    at.map(|at| at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Backfill {
        Backfill {
            id: "0123456789abcdef0123456789abcdef0123".to_owned(),
            pipeline_alias: "shop".to_owned(),
            schedule: "nightly".to_owned(),
            status: "RUNNING".to_owned(),
            from: 1_772_323_200_000_000,
            to: 1_772_409_600_000_000,
            max_active: 3,
            created_at: 1,
            total: 10,
            left: 4,
            live: 3,
            succeeded: 2,
            skipped: 1,
            ..Backfill::default()
        }
    }

    #[test]
    fn progress_is_told_in_one_line_and_without_what_did_not_happen() {
        assert_eq!(
            backfill_header(&row()),
            "backfill 0123456789abcdef0123456789abcdef0123  shop nightly  RUNNING\n\
             from 2026-03-01 00:00:00Z to 2026-03-02 00:00:00Z, at most 3 at once\n\
             10 instants: 4 left, 3 live, 2 succeeded, 1 skipped"
        );
        let held = Backfill { message: "its pipeline is paused".to_owned(), force: true, ..row() };
        let shown = backfill_header(&held);
        assert!(shown.contains("\nits pipeline is paused\n") && shown.contains("at once, those too that"), "{shown}");
    }

    #[test]
    fn what_a_backfill_would_do_is_shown_in_its_zone_and_in_utc() {
        let schedule = PlanSchedule {
            name: "nightly".to_owned(),
            cron: "30 1 ? * * *".to_owned(),
            timezone: "Europe/London".to_owned(),
            ..PlanSchedule::default()
        };
        let of = |outcome: &str, run: &str| PreviewedInstant {
            instant: 1_774_746_000_000_000,
            offset_seconds: 3_600,
            outcome: outcome.to_owned(),
            run_id: run.to_owned(),
        };
        let instants = vec![of("RUN", ""), of("SKIPPED", "a"), of("LIVE", "b")];
        let preview = PreviewBackfillResponse { instants, paused: true, ..PreviewBackfillResponse::default() };
        assert_eq!(
            preview_table(&schedule, &preview).unwrap(),
            "nightly  30 1 ? * * *  Europe/London  (the pipeline is paused: it would wait)\n\
             LOCAL                 OFFSET  UTC                   WOULD\n\
             Sun 2026-03-29 02:00  +01     2026-03-29 01:00:00Z  run\n\
             Sun 2026-03-29 02:00  +01     2026-03-29 01:00:00Z  be skipped: run a has succeeded\n\
             Sun 2026-03-29 02:00  +01     2026-03-29 01:00:00Z  run, unless run b succeeds or is still under way\n\
             2 would run, 1 would be skipped; nothing was started"
        );
    }
}
