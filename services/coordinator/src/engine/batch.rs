//! Group commit: decisions gather in the open batch while the batch before it is being appended; what a batch tells the world
//! waits until its record is in the log.

use std::collections::VecDeque;

use downbeat_proto::{events::v1 as wire, record, snapshot, worker::v1::coordinator_message::Message};
use jiff::Timestamp;
use prost::Message as _;

use super::{Output, SessionId};
use crate::limits;

/// How far back a message looks for one that it can join. Joining past others is safe: offers of different attempts and
/// acknowledgements do not depend on each other, and stops are never joined.
const MERGE_WINDOW: usize = 8;

#[derive(Debug, Default)]
struct Batch {
    decisions: Vec<wire::Decision>,
    bytes: usize,
    outputs: Vec<Output>,
}

/// Batches in the order of their records.
#[derive(Debug, Default)]
pub(super) struct Batches {
    /// Being appended; its decisions are on their way.
    in_flight: Option<Vec<Output>>,
    waiting: VecDeque<Batch>,
    open: Batch,
    /// Outputs of batches that are in the log.
    released: Vec<Output>,
    /// Records given out for appending so far.
    records: u64,
    /// The state that the record in flight leads to, on its way to the world once that record is in the log.
    snapshot: Option<Vec<u8>>,
    /// The record after which the last snapshot was taken.
    snapshot_at: u64,
    /// Records between two snapshots, where that is not the usual number.
    snapshot_every: Option<u64>,
    backlog_bytes: usize,
}

impl Batches {
    /// Adds a decision to the open batch; decisions are never split.
    pub(super) fn push(&mut self, decision: wire::Decision) {
        let bytes = decision.encoded_len() + 8;
        if self.open.bytes > 0 && self.open.bytes + bytes > limits::RECORD_BYTES_TARGET {
            self.seal();
        }
        self.open.bytes += bytes;
        self.backlog_bytes += bytes;
        self.open.decisions.push(decision);
    }

    /// Adds something that the world hears once everything decided so far is in the log.
    pub(super) fn push_output(&mut self, output: Output) {
        self.open.outputs.push(output);
    }

    /// A message for a worker. Offers, checks and acknowledgements for one connection travel together.
    pub(super) fn push_send(&mut self, session: SessionId, message: Message) {
        // A large offer begins a message, so that one message never outgrows what a worker takes.
        let small = match &message {
            Message::Offers(more) => {
                let mut bytes = more.offers.iter().map(|it| it.parameters.len() + it.operation_metadata.len());
                bytes.all(|bytes| bytes <= limits::JOINED_PARAMETERS_BYTES_MAX)
            }
            Message::Checks(more) => {
                more.checks.iter().all(|check| check.parameters.len() <= limits::JOINED_PARAMETERS_BYTES_MAX)
            }
            _ => true,
        };
        for output in self.open.outputs.iter_mut().rev().take(MERGE_WINDOW) {
            let Output::Send { session: to, message: earlier } = output else { continue };
            if *to != session {
                continue;
            }
            match (earlier, &message) {
                (Message::Offers(earlier), Message::Offers(more))
                    if earlier.offers.len() < limits::ITEMS_PER_MESSAGE_MAX && small =>
                {
                    earlier.offers.extend(more.offers.iter().cloned());
                    return;
                }
                (Message::Checks(earlier), Message::Checks(more))
                    if earlier.checks.len() < limits::ITEMS_PER_MESSAGE_MAX && small =>
                {
                    earlier.checks.extend(more.checks.iter().cloned());
                    return;
                }
                (Message::Acknowledged(earlier), Message::Acknowledged(more)) => {
                    earlier.up_to = earlier.up_to.max(more.up_to);
                    return;
                }
                _ => {}
            }
        }
        self.open.outputs.push(Output::Send { session, message });
    }

    /// Number of the record that holds what was decided last: records of this process count from 1.
    pub(super) fn open_record(&self) -> u64 {
        let waiting = self.waiting.iter().filter(|batch| !batch.decisions.is_empty()).count() as u64;
        self.records + waiting + u64::from(!self.open.decisions.is_empty())
    }

    pub(super) fn backlog_bytes(&self) -> usize {
        self.backlog_bytes
    }

    /// The record in flight is in the log.
    pub(super) fn committed(&mut self) {
        if let Some(outputs) = self.in_flight.take() {
            self.released.extend(outputs);
        }
        self.released.extend(self.snapshot.take().map(Output::Snapshot));
    }

    /// A snapshot is due, and the state is exactly what the record in flight leads to: nothing was decided since it was closed.
    pub(super) fn wants_snapshot(&self) -> bool {
        let aligned = self.in_flight.is_some() && self.waiting.is_empty() && self.open.decisions.is_empty();
        let every = self.snapshot_every.unwrap_or(limits::RECORDS_PER_SNAPSHOT);
        aligned && self.snapshot.is_none() && self.records >= self.snapshot_at + every
    }

    /// Everything that was decided is in the log.
    pub(super) fn is_clear(&self) -> bool {
        self.in_flight.is_none() && self.waiting.is_empty() && self.open.decisions.is_empty()
    }

    /// Records given out after the last snapshot.
    pub(super) fn unsaved(&self) -> u64 {
        self.records - self.snapshot_at
    }

    pub(super) fn snapshot_every(&mut self, records: u64) {
        self.snapshot_every = Some(records.max(1));
    }

    /// Keeps the state until the record in flight is in the log: a snapshot of what is not there would be a lie after a crash.
    pub(super) fn keep_snapshot(&mut self, state: Vec<u8>) {
        self.snapshot = Some(state);
        self.snapshot_at = self.records;
    }

    /// Everything that may go out now: outputs of committed batches and, if none is in flight, the next record.
    pub(super) fn take_outputs(&mut self, epoch: u64, now: Timestamp) -> Vec<Output> {
        let mut outputs = std::mem::take(&mut self.released);
        while self.in_flight.is_none() {
            if self.waiting.is_empty() && !(self.open.decisions.is_empty() && self.open.outputs.is_empty()) {
                self.seal();
            }
            let Some(batch) = self.waiting.pop_front() else { break };
            if batch.decisions.is_empty() {
                outputs.extend(batch.outputs);
                continue;
            }
            self.backlog_bytes = self.backlog_bytes.saturating_sub(batch.bytes);
            self.records += 1;
            outputs.push(Output::Append(record::encode(epoch, now, batch.decisions)));
            self.in_flight = Some(batch.outputs);
        }
        outputs
    }

    fn seal(&mut self) {
        self.waiting.push_back(std::mem::take(&mut self.open));
    }
}

impl super::Engine {
    /// The folded state as a snapshot; `None` while something of it is not in the log.
    pub fn state_in_log(&self) -> Option<Vec<u8>> {
        self.batches.is_clear().then(|| snapshot::encode_state(&self.partition))
    }
}

#[cfg(test)]
mod tests {
    use downbeat_proto::worker::v1 as wire_worker;

    use super::*;

    fn offers(parameters: usize) -> Message {
        let offer = wire_worker::Offer { parameters: "x".repeat(parameters), ..Default::default() };
        Message::Offers(wire_worker::Offers { offers: vec![offer] })
    }

    #[test]
    fn large_offers_never_pile_up_in_one_message() {
        let (large, small) = (limits::JOINED_PARAMETERS_BYTES_MAX + 1, limits::JOINED_PARAMETERS_BYTES_MAX);
        for (sizes, messages) in [(vec![small, small], 1), (vec![large, small], 1), (vec![small, large, large], 3)] {
            let mut batches = Batches::default();
            sizes.iter().for_each(|size| batches.push_send(1, offers(*size)));
            assert_eq!(batches.take_outputs(1, Timestamp::UNIX_EPOCH).len(), messages, "{sizes:?}");
        }
    }
}
