//! INV-05: one run per instant of a schedule, under the id that everybody derives, and never an instant before the last one.

use std::collections::BTreeMap;

use downbeat_domain::{Event, PipelineId, RunId, Trigger};
use jiff::Timestamp;

use super::{Check, Record, Violation};

/// The rule.
#[derive(Debug, Default)]
pub struct Schedules {
    fired: BTreeMap<(PipelineId, String), Timestamp>,
}

impl Check for Schedules {
    fn record(&mut self, record: &Record, found: &mut Vec<Violation>) {
        for event in record.events() {
            let Event::RunCreated(created) = event else { continue };
            let Trigger::Scheduled { schedule, instant } = &created.trigger else { continue };
            let before = self.fired.insert((created.pipeline, schedule.clone()), *instant);
            let twice = before.is_some_and(|before| before >= *instant);
            if twice || created.run != RunId::of_schedule(created.pipeline, schedule, *instant) {
                let what = format!("run {} of `{schedule}` at {instant} after {before:?}", created.run);
                found.push(Violation { invariant: "INV-05", sequence: record.sequence, what });
            }
        }
    }
}
