//! Reports from the moment they are made until the coordinator acknowledged them.

use std::collections::VecDeque;

use downbeat_proto::worker::v1::{
    Report, Reports, WorkerMessage, report::Report as ReportKind, worker_message::Message as ToCoordinator,
};
use prost::Message as _;

use crate::attempt::AttemptId;
use crate::limits::REPORTS_BYTES_MAX;

#[derive(Debug, Default)]
pub(super) struct Outbox {
    /// Ascending by number.
    waiting: VecDeque<(AttemptId, Report)>,
    last_number: u64,
    sent: u64,
}

impl Outbox {
    pub(super) fn report(&mut self, attempt: AttemptId, report: ReportKind) {
        self.last_number += 1;
        let report = Report { number: self.last_number, attempt: Some(attempt.to_wire()), report: Some(report) };
        self.waiting.push_back((attempt, report));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Reports that are not acknowledged.
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Everything that was not yet said on this connection.
    pub(super) fn unsent_messages(&mut self) -> Vec<WorkerMessage> {
        let mut messages = Vec::new();
        let first = self.waiting.partition_point(|(_, report)| report.number <= self.sent);
        let mut reports = Vec::new();
        let mut bytes = 0;
        for (_, report) in self.waiting.range(first..) {
            let size = report.encoded_len();
            if !reports.is_empty() && bytes + size > REPORTS_BYTES_MAX {
                messages.push(message(std::mem::take(&mut reports)));
                bytes = 0;
            }
            bytes += size;
            reports.push(report.clone());
        }
        if !reports.is_empty() {
            messages.push(message(reports));
        }
        self.sent = self.last_number;
        messages
    }

    /// A new connection: whatever was not acknowledged is said again, under its old number.
    pub(super) fn send_again(&mut self) {
        self.sent = 0;
    }

    /// Drops what is acknowledged; calls `outcome_known` for each attempt whose outcome is among it.
    pub(super) fn acknowledged(&mut self, up_to: u64, mut outcome_known: impl FnMut(AttemptId)) {
        // Nothing that was never said on this connection can have been acknowledged on it.
        let up_to = up_to.min(self.sent);
        while let Some((attempt, report)) = self.waiting.pop_front_if(|(_, report)| report.number <= up_to) {
            if super::is_final(&report) {
                outcome_known(attempt);
            }
        }
    }

    /// Drops everything; returns how many reports that were.
    pub(super) fn forget(&mut self) -> usize {
        let forgotten = self.waiting.len();
        self.waiting.clear();
        forgotten
    }
}

fn message(reports: Vec<Report>) -> WorkerMessage {
    WorkerMessage { message: Some(ToCoordinator::Reports(Reports { reports })) }
}
