//! Schedules of both spellings under names that are unique in the pipeline, with their options.

use downbeat_dialect::{Pipeline, Schedule};
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::plan::PlanSchedule;

/// The schedules of a pipeline, as its plan has them.
pub fn compile(pipeline: &Pipeline) -> Vec<PlanSchedule> {
    named(pipeline).map(|(name, schedule, unix)| compile_schedule(name, schedule, unix)).collect()
}

/// All schedules with their names; those of Unix are counted on from the published ones.
pub(crate) fn named(pipeline: &Pipeline) -> impl Iterator<Item = (String, &Schedule, bool)> {
    let published = pipeline.schedules.iter().map(|schedule| (schedule, false));
    let ours = pipeline.additions.schedules.iter().map(|schedule| (schedule, true));
    published.chain(ours).enumerate().map(|(place, (schedule, unix))| (schedule.name_at(place), schedule, unix))
}

fn compile_schedule(name: String, schedule: &Schedule, unix: bool) -> PlanSchedule {
    // A zone that does not exist was refused.
    let zone = TimeZoneDatabase::bundled().get(&schedule.timezone).unwrap_or(TimeZone::UTC);
    let options = &schedule.options;
    PlanSchedule {
        name,
        cron: schedule.cron_text.clone(),
        unix,
        timezone: schedule.timezone.clone(),
        run_inputs: schedule.run_inputs.clone(),
        environment: schedule.environment.clone().unwrap_or_default(),
        exclude: schedule.exclude.clone(),
        dst: options.dst,
        catchup: options.catchup,
        max_catchup: options.max_catchup,
        catchup_window_ms: options.catchup_window_ms,
        jitter_ms: options.jitter_ms,
        start: options.start.and_then(|start| start.begins(&zone)),
        end: options.end.and_then(|end| end.ends(&zone)),
        paused: options.paused,
    }
}
