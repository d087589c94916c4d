//! Firings that are to come, one a line.

use downbeat_domain::plan::PlanSchedule;
use jiff::{Timestamp, tz::Offset};

use super::{clean, table};

/// A firing that is to come.
#[derive(Clone, Debug)]
pub struct FiringRow {
    /// The instant that the schedule names.
    pub instant: Timestamp,
    /// The zone's offset then.
    pub offset: Offset,
    /// When it is served.
    pub due: Timestamp,
    /// What a change of the clock does to it, as the API says it; empty = nothing.
    pub effect: String,
}

/// A line about the schedule, then its firings in its zone and in UTC.
pub fn schedule_table(schedule: &PlanSchedule, paused: bool, firings: &[FiringRow]) -> String {
    let mut head = format!("{}  {}  {}", clean(&schedule.name), clean(&schedule.cron), clean(&schedule.timezone));
    if schedule.dst != downbeat_domain::plan::Dst::default() {
        head.push_str(&format!("  dst: {}", schedule.dst.word()));
    }
    if paused {
        head.push_str("  (paused)");
    }
    if firings.is_empty() {
        return format!("{head}\nnever fires again");
    }
    let rows: Vec<Vec<String>> = firings.iter().map(row).collect();
    let lines = table::lines(&["LOCAL", "OFFSET", "UTC", "SERVED", "CLOCK"], &rows, None, &[]);
    format!("{head}\n{}", lines.join("\n"))
}

fn row(firing: &FiringRow) -> Vec<String> {
    let local = firing.offset.to_datetime(firing.instant);
    let served = if firing.due == firing.instant {
        String::new()
    } else {
        format!("+{} s", firing.due.duration_since(firing.instant).as_secs())
    };
    vec![
        local.strftime("%a %Y-%m-%d %H:%M").to_string(),
        firing.offset.to_string(),
        firing.instant.strftime("%Y-%m-%d %H:%M:%SZ").to_string(),
        served,
        effect(&firing.effect).to_owned(),
    ]
}

fn effect(word: &str) -> &str {
    match word {
        "MOVED" => "moved: its time does not exist that day",
        "FIRST_OF_TWO" => "its time comes twice that day: the first",
        "SECOND_OF_TWO" => "its time comes twice that day: the second",
        "CHANGED" => "the clock has changed",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_firing_is_shown_in_its_zone_and_in_utc_with_what_the_clock_does() {
        let schedule = PlanSchedule {
            name: "nightly".to_owned(),
            cron: "30 1 ? * * *".to_owned(),
            timezone: "Europe/London".to_owned(),
            ..PlanSchedule::default()
        };
        let instant: Timestamp = "2026-03-29T01:00:00Z".parse().unwrap();
        let due = instant + jiff::SignedDuration::from_secs(90);
        let firing = FiringRow { instant, offset: jiff::tz::offset(1), due, effect: "MOVED".to_owned() };
        assert_eq!(
            schedule_table(&schedule, false, &[firing]),
            "nightly  30 1 ? * * *  Europe/London\n\
             LOCAL                 OFFSET  UTC                   SERVED  CLOCK\n\
             Sun 2026-03-29 02:00  +01     2026-03-29 01:00:00Z  +90 s   moved: its time does not exist that day"
        );
        assert_eq!(
            schedule_table(&schedule, true, &[]),
            "nightly  30 1 ? * * *  Europe/London  (paused)\nnever fires again"
        );
    }
}
