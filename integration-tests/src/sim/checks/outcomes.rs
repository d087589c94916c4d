//! INV-01: attempts of a task are numbered without gaps, one after the other, and each has at most one outcome.

use std::collections::BTreeMap;

use downbeat_domain::{AttemptRef, Event, RunId};

use super::{Check, Record, Violation};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    Open(u32),
    Ended(u32),
}

/// The rule.
#[derive(Debug, Default)]
pub struct Outcomes {
    last: BTreeMap<(RunId, u32), Last>,
}

impl Check for Outcomes {
    fn record(&mut self, record: &Record, found: &mut Vec<Violation>) {
        for event in record.events() {
            if let Some(what) = self.event(event) {
                found.push(Violation { invariant: "INV-01", sequence: record.sequence, what });
            }
            if let Event::RunFinished { run, .. } = event {
                // Nothing follows (INV-02): forget.
                let places: Vec<_> = self.last.range((*run, 0)..=(*run, u32::MAX)).map(|(key, _)| *key).collect();
                for place in places {
                    self.last.remove(&place);
                }
            }
        }
    }
}

impl Outcomes {
    fn event(&mut self, event: &Event) -> Option<String> {
        match event {
            Event::AttemptLeased { attempt, .. }
            | Event::WaitStarted { attempt, .. }
            | Event::ApprovalRequested { attempt, .. }
            | Event::ChildStarted { attempt, .. } => self.begun(*attempt),
            Event::AttemptSucceeded { attempt, .. }
            | Event::AttemptFailed { attempt, .. }
            | Event::AttemptLost { attempt, .. }
            | Event::AttemptStopped { attempt, .. }
            | Event::ApprovalDecided { attempt, .. }
            | Event::ChildEnded { attempt, .. } => self.ended(*attempt),
            Event::AttemptStarted { attempt, .. }
            | Event::AttemptStopRequested { attempt, .. }
            | Event::OperationsCollected { attempt, .. } => {
                let open = self.last.get(&place(*attempt)) == Some(&Last::Open(attempt.number));
                (!open).then(|| format!("{} is no open attempt: {event:?}", name(*attempt)))
            }
            _ => None,
        }
    }

    fn begun(&mut self, attempt: AttemptRef) -> Option<String> {
        let before = self.last.insert(place(attempt), Last::Open(attempt.number));
        match before {
            None if attempt.number == 1 => None,
            Some(Last::Ended(number)) if number + 1 == attempt.number => None,
            before => Some(format!("{} begins after {before:?}", name(attempt))),
        }
    }

    fn ended(&mut self, attempt: AttemptRef) -> Option<String> {
        let before = self.last.insert(place(attempt), Last::Ended(attempt.number));
        (before != Some(Last::Open(attempt.number)))
            .then(|| format!("a second outcome, or one of no attempt: {} after {before:?}", name(attempt)))
    }
}

fn place(attempt: AttemptRef) -> (RunId, u32) {
    (attempt.run, attempt.task)
}

fn name(attempt: AttemptRef) -> String {
    format!("attempt {} of task {} of run {}", attempt.number, attempt.task, attempt.run)
}
