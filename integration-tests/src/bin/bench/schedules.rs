//! Many schedules that are due in the same second: how long until the last of them has its run in the log.

use std::time::Duration;

use downbeat_domain::{Event, Trigger};
use downbeat_event_log::{Access, LogAddress, Nats};
use downbeat_integration_tests::cluster::Addresses;
use downbeat_proto::{event::Decoded, record};
use jiff::{SignedDuration, Timestamp, Unit};

/// Pipelines, and schedules of each.
const PIPELINES: usize = 100;
const SCHEDULES: usize = 100;
/// Entries of the log read at once.
const READ: usize = 1_000;
/// So long after the minute everything is there, or the round has failed.
const ROUND_AT_MOST: Duration = Duration::from_secs(60);

/// What is measured.
pub const FIGURE: &str =
    "10,000 schedules due in one second, each the start of a run of one task: the last run after, ms";

/// Milliseconds from the minute to the last run, one figure per round; a round is a minute.
pub async fn last_after(addresses: &Addresses, rounds: usize) -> Result<Vec<f64>, String> {
    apply(addresses)?;
    let log: LogAddress = addresses.log.parse().map_err(|error| format!("{error}"))?;
    let log = log.open(Access::Read, "downbeat-bench", &Nats::default()).await.map_err(|error| error.to_string())?;
    let mut position = log.tail().await.map_err(|error| error.to_string())?.sequence;
    let mut figures = Vec::new();
    for _ in 0..rounds {
        let minute = next_minute()?;
        let (mut runs, mut last) = (0, minute);
        while runs < PIPELINES * SCHEDULES {
            let entries = log.read(position, READ).await.map_err(|error| error.to_string())?;
            for entry in &entries {
                for created in fired(&entry.payload, minute)? {
                    runs += 1;
                    last = last.max(created);
                }
                position = entry.sequence;
            }
            if Timestamp::now().duration_since(minute) > SignedDuration::try_from(ROUND_AT_MOST).unwrap_or_default() {
                return Err(format!("only {runs} runs after {ROUND_AT_MOST:?}"));
            }
            if entries.is_empty() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        figures.push(last.duration_since(minute).as_secs_f64() * 1_000.0);
    }
    Ok(figures)
}

/// Every minute, all of them; until then nothing.
fn apply(addresses: &Addresses) -> Result<(), String> {
    let schedules: String = (0..SCHEDULES).map(|at| format!("  - {{name: s{at}, cron: '* * ? * * *'}}\n")).collect();
    let source = format!(
        "version: v1\nname: Due\nschedule:\n{schedules}pipeline:\n  a: {{integration: DOWNBEAT, integration_job: NOOP, parameters: {{}}}}\n"
    );
    let file = tempfile::NamedTempFile::with_suffix(".yml").map_err(|error| error.to_string())?;
    std::fs::write(file.path(), source).map_err(|error| error.to_string())?;
    for pipeline in 0..PIPELINES {
        let alias = format!("due_{pipeline}");
        addresses.downbeat_ok(&["apply", "--alias", &alias, file.path().to_str().unwrap_or_default()]);
    }
    Ok(())
}

/// The next one that is not too near to be watched from its beginning.
fn next_minute() -> Result<Timestamp, String> {
    let soon = Timestamp::now().checked_add(SignedDuration::from_secs(62)).map_err(|error| error.to_string())?;
    let rounding = jiff::TimestampRound::new().smallest(Unit::Minute).mode(jiff::RoundMode::Trunc);
    soon.round(rounding).map_err(|error| error.to_string())
}

/// When runs of this instant were created, as the record says it.
fn fired(payload: &[u8], instant: Timestamp) -> Result<Vec<Timestamp>, String> {
    let record = record::decode(payload).map_err(|error| error.to_string())?;
    let mut found = Vec::new();
    for event in record::events(&record) {
        if let Decoded::Known(Event::RunCreated(created)) = event.map_err(|error| error.to_string())?
            && matches!(&created.trigger, Trigger::Scheduled { instant: of, .. } if *of == instant)
        {
            found.push(created.at);
        }
    }
    Ok(found)
}
