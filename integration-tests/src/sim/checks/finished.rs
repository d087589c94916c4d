//! INV-02: a run is created once, ends once, and nothing is said of it before or afterwards.

use std::collections::BTreeMap;

use downbeat_domain::{Event, RunId};

use super::{Check, Record, Violation};

/// The rule. The value says whether the run has ended.
#[derive(Debug, Default)]
pub struct Finished {
    runs: BTreeMap<RunId, bool>,
}

impl Check for Finished {
    fn record(&mut self, record: &Record, found: &mut Vec<Violation>) {
        for event in record.events() {
            let Some(run) = event.run() else { continue };
            let known = self.runs.get(&run).copied();
            let created = matches!(event, Event::RunCreated(_));
            let what = match (created, known) {
                (true, None) | (false, Some(false)) => None,
                (true, Some(_)) => Some(format!("run {run} is created twice")),
                (false, None) => Some(format!("run {run} does not exist: {event:?}")),
                (false, Some(true)) => Some(format!("run {run} has ended: {event:?}")),
            };
            found.extend(what.map(|what| Violation { invariant: "INV-02", sequence: record.sequence, what }));
            self.runs.insert(run, known == Some(true) || matches!(event, Event::RunFinished { .. }));
        }
    }
}
