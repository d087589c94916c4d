//! What one attempt is called and how it ended: the words that engine, driver and connectors share.

use std::time::Duration;

use downbeat_proto::events::v1::{Asset, Attempt, FailureClass, LineageEdge, Operation};
use downbeat_proto::worker::v1::Collected;
use prost::Message as _;

use crate::limits::{
    COLLECTED_CHUNK_BYTES, COLLECTED_ITEM_BYTES_MAX, HANDLE_CREDENTIAL_BYTES_MIN, MESSAGE_CHARS_MAX, OUTPUTS_BYTES_MAX,
};
use crate::process::mask::{CUT, Mask};

/// Names one attempt: the run, the task's index in its plan, and the number of the attempt (from 1), which is its fencing token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct AttemptId {
    /// The run's UUID.
    pub run: [u8; 16],
    /// Index of the task in the plan.
    pub task: u32,
    /// Counts from 1.
    pub number: u32,
}

impl AttemptId {
    /// Reads the wire form; `None` when it is absent or the run id has not 16 bytes.
    pub fn from_wire(attempt: Option<&Attempt>) -> Option<Self> {
        let attempt = attempt?;
        let run = attempt.run_id.as_ref().try_into().ok()?;
        Some(Self { run, task: attempt.task, number: attempt.number })
    }

    /// The wire form.
    pub fn to_wire(self) -> Attempt {
        Attempt { run_id: bytes::Bytes::copy_from_slice(&self.run), task: self.task, number: self.number }
    }
}

/// Metadata that a connector collected.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Collection {
    /// What the task did.
    pub operations: Vec<Operation>,
    /// What it read and wrote.
    pub assets: Vec<Asset>,
    /// How the assets hang together.
    pub edges: Vec<LineageEdge>,
    /// Why it is not all that there was, for people; empty = it is.
    pub cut: String,
}

impl Collection {
    /// Cuts the collection into reports of at most 64 KiB encoded each (an item that is larger by
    /// itself goes alone). An empty collection gives no report.
    pub fn into_chunks(self) -> Vec<Collected> {
        let mut cutter = Cutter::default();
        for operation in self.operations {
            cutter.room_for(operation.encoded_len()).operations.push(operation);
        }
        for asset in self.assets {
            cutter.room_for(asset.encoded_len()).assets.push(asset);
        }
        for edge in self.edges {
            cutter.room_for(edge.encoded_len()).edges.push(edge);
        }
        for (chunk, collected) in cutter.chunks.iter_mut().enumerate() {
            collected.chunk = chunk as u32;
        }
        cutter.chunks
    }
}

/// Field tag and length prefix of one repeated item, at most.
const ITEM_OVERHEAD_BYTES: usize = 6;

#[derive(Default)]
struct Cutter {
    chunks: Vec<Collected>,
    used: usize,
}

impl Cutter {
    fn room_for(&mut self, item: usize) -> &mut Collected {
        let size = item + ITEM_OVERHEAD_BYTES;
        // A few bytes are kept for the chunk's own number.
        if self.chunks.is_empty() || self.used + size > COLLECTED_CHUNK_BYTES - ITEM_OVERHEAD_BYTES {
            self.chunks.push(Collected::default());
            self.used = 0;
        }
        self.used += size;
        let last = self.chunks.len() - 1;
        &mut self.chunks[last]
    }
}

/// A job that another system took. Any worker can carry on with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Job {
    /// The connector's own bytes, the first of which is their version; at most 4 KiB.
    pub handle: Vec<u8>,
    /// What the other system calls it.
    pub external_id: String,
    /// Where people see it there; may be empty.
    pub link: String,
}

impl Job {
    /// What may be recorded of it, even where the other system calls its jobs by a credential: such a handle is given up, and whoever carries
    /// on settles the job as if none had been recorded.
    pub(crate) fn without_credentials(self, mask: &Mask) -> Self {
        let Self { handle, external_id, link } = self;
        let handle = if mask.finds(&handle, HANDLE_CREDENTIAL_BYTES_MIN) { Vec::new() } else { handle };
        Self { handle, external_id: mask.hide(external_id), link: mask.hide(link) }
    }
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Ending {
    /// The job did what it should.
    Succeeded {
        /// The job asked to be shown as WARNING.
        warning: bool,
        /// JSON object; empty = {}.
        outputs: String,
        /// For people; may be empty.
        message: String,
    },
    /// The job did not.
    Failed(Failure),
    /// It was stopped because somebody asked for it, and nothing of it is left.
    Stopped,
    /// It was asked to stop and may still run in another system; why.
    Unconfirmed(String),
    /// It was let go of; what it began in another system goes on.
    Abandoned,
}

/// Why an attempt failed.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// Decides whether a retry makes sense.
    pub class: FailureClass,
    /// What, where, and what to do.
    pub message: String,
    /// What the script had set before it failed: JSON object; empty = {}.
    pub outputs: String,
    /// How long the other side asks not to be asked again.
    pub pause: Option<Duration>,
}

impl Failure {
    /// The job cannot run as it is written.
    pub fn misconfigured(message: impl Into<String>) -> Self {
        Self { class: FailureClass::Misconfigured, message: cut(message.into()), outputs: String::new(), pause: None }
    }

    /// Something outside was not reachable or short; worth a retry.
    pub fn transient(message: impl Into<String>) -> Self {
        Self { class: FailureClass::Transient, message: cut(message.into()), outputs: String::new(), pause: None }
    }

    /// It did not end in its time.
    pub fn timed_out(message: impl Into<String>) -> Self {
        Self { class: FailureClass::TimedOut, message: cut(message.into()), outputs: String::new(), pause: None }
    }

    /// Nobody knows whether the job was begun in the other system, or how it ended there. Never tried again by itself.
    pub fn unknown(message: impl Into<String>) -> Self {
        Self { class: FailureClass::UnknownOutcome, message: cut(message.into()), outputs: String::new(), pause: None }
    }

    /// The job ran and failed.
    pub fn job(message: impl Into<String>) -> Self {
        Self { class: FailureClass::JobFailed, message: cut(message.into()), outputs: String::new(), pause: None }
    }

    /// The same failure; the other side asks for this pause.
    #[must_use]
    pub fn with_pause(self, pause: Option<Duration>) -> Self {
        Self { pause, ..self }
    }

    /// The same failure with what the script had set.
    #[must_use]
    pub fn with_outputs(mut self, outputs: String) -> Self {
        self.outputs = outputs;
        self
    }
}

/// Cuts a message for people to [`MESSAGE_CHARS_MAX`] characters.
pub(crate) fn cut(message: String) -> String {
    match message.char_indices().nth(MESSAGE_CHARS_MAX) {
        Some((end, _)) => format!("{}{CUT}", &message[..end]),
        None => message,
    }
}

/// The beginning of a text, marked where it was cut: what is left of a credential there can be told by that.
pub(crate) fn beginning(text: &str, bytes: usize) -> String {
    if text.len() <= bytes { text.to_owned() } else { format!("{}{CUT}", &text[..text.floor_char_boundary(bytes)]) }
}

/// Everything a connector hands back.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// How it ended.
    pub ending: Ending,
    /// What was collected on the way; also after a failure.
    pub collection: Collection,
}

impl Ended {
    /// Fits what a connector hands back into what one report may carry: a report above the size of a message would break every
    /// connection on which it is sent again. Outputs that are too large fail the attempt; items of metadata are left out, and
    /// their number is returned.
    pub(crate) fn within_limits(mut self) -> (Self, usize) {
        let outputs = match &mut self.ending {
            Ending::Succeeded { outputs, .. } => std::mem::take(outputs),
            Ending::Failed(failure) => std::mem::take(&mut failure.outputs),
            Ending::Stopped | Ending::Unconfirmed(_) | Ending::Abandoned => String::new(),
        };
        let fits = outputs.len() <= OUTPUTS_BYTES_MAX;
        match &mut self.ending {
            Ending::Succeeded { outputs: place, .. } if fits => *place = outputs,
            Ending::Failed(failure) if fits => failure.outputs = outputs,
            Ending::Succeeded { .. } => {
                let bytes = outputs.len();
                let reason = format!("the outputs take {bytes} bytes as JSON; at most {OUTPUTS_BYTES_MAX} are allowed");
                self.ending = Failure::misconfigured(reason).into();
            }
            Ending::Failed(_) | Ending::Stopped | Ending::Unconfirmed(_) | Ending::Abandoned => {}
        }
        let collection = &mut self.collection;
        let items =
            |collection: &Collection| collection.operations.len() + collection.assets.len() + collection.edges.len();
        let before = items(collection);
        collection.operations.retain(|item| item.encoded_len() <= COLLECTED_ITEM_BYTES_MAX);
        collection.assets.retain(|item| item.encoded_len() <= COLLECTED_ITEM_BYTES_MAX);
        collection.edges.retain(|item| item.encoded_len() <= COLLECTED_ITEM_BYTES_MAX);
        let left_out = before - items(collection);
        (self, left_out)
    }
}

impl From<Ending> for Ended {
    fn from(ending: Ending) -> Self {
        Self { ending, collection: Collection::default() }
    }
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Self {
        Ending::Failed(failure).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connections::Secret;

    fn asset(bytes: usize) -> Asset {
        Asset { description: "d".repeat(bytes), ..Asset::default() }
    }

    #[test]
    fn collections_are_cut_into_numbered_chunks_below_the_limit() {
        let sizes_and_chunks: [(&[usize], usize); 5] =
            [(&[], 0), (&[10], 1), (&[30_000, 30_000], 1), (&[30_000, 30_000, 30_000], 2), (&[100_000, 10], 2)];
        for (sizes, expected) in sizes_and_chunks {
            let collection =
                Collection { assets: sizes.iter().map(|size| asset(*size)).collect(), ..Default::default() };
            let chunks = collection.into_chunks();
            assert_eq!(chunks.len(), expected, "{sizes:?}");
            assert_eq!(chunks.iter().map(|chunk| chunk.assets.len()).sum::<usize>(), sizes.len());
            for (number, chunk) in chunks.iter().enumerate() {
                assert_eq!(chunk.chunk, number as u32);
                assert!(chunk.encoded_len() <= COLLECTED_CHUNK_BYTES || chunk.assets.len() == 1);
            }
        }
    }

    #[test]
    fn a_job_that_is_called_by_a_credential_is_recorded_without() {
        let mut mask = Mask::default();
        mask.learn(&[Secret::new("s3cret-key"), Secret::new("1234")]);
        let job = |handle: &[u8], word: &str| Job {
            handle: handle.to_vec(),
            external_id: word.to_owned(),
            link: format!("https://example.com/{word}"),
        };
        let cases: [(&[u8], &str, &[u8], &str); 4] = [
            (b"\x01{\"id\":\"7\"}", "7", b"\x01{\"id\":\"7\"}", "7"),
            (b"\x01{\"id\":\"s3cret-key\"}", "s3cret-key", b"", "***"),
            (b"\x01{\"id\":\"czNjcmV0LWtleQ==\"}", "czNjcmV0LWtleQ==", b"", "***"),
            // Four digits are in ids by chance.
            (b"\x01{\"id\":\"991234\"}", "7", b"\x01{\"id\":\"991234\"}", "7"),
        ];
        for (handle, word, kept, said) in cases {
            assert_eq!(job(handle, word).without_credentials(&mask), job(kept, said), "{word}");
        }
    }

    #[test]
    fn a_text_that_was_cut_says_so() {
        for (text, bytes, expected) in [("abc", 3, "abc"), ("abcd", 3, "abc…"), ("aä", 2, "a…")] {
            assert_eq!(beginning(text, bytes), expected);
        }
        assert_eq!(
            cut("x".repeat(MESSAGE_CHARS_MAX + 1)).chars().filter(|letter| *letter == 'x').count(),
            MESSAGE_CHARS_MAX
        );
    }

    #[test]
    fn what_does_not_fit_into_a_report_never_becomes_one() {
        let outputs = |bytes: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(bytes));
        let succeeded = |outputs: String| Ending::Succeeded { warning: false, outputs, message: String::new() };
        let small = Ended::from(succeeded(outputs(10)));
        assert_eq!(small.clone().within_limits(), (small, 0));
        let (ended, _) = Ended::from(succeeded(outputs(OUTPUTS_BYTES_MAX))).within_limits();
        assert!(matches!(ended.ending, Ending::Failed(failure) if failure.message.contains("outputs take")));
        let failed = Failure::job("why").with_outputs(outputs(OUTPUTS_BYTES_MAX));
        assert_eq!(Ended::from(failed).within_limits().0, Failure::job("why").into());

        let collection =
            Collection { assets: vec![asset(10), asset(COLLECTED_ITEM_BYTES_MAX)], ..Collection::default() };
        let (ended, left_out) = Ended { ending: Ending::Stopped, collection }.within_limits();
        assert_eq!((ended.collection.assets, left_out), (vec![asset(10)], 1));
    }

    #[test]
    fn a_run_id_of_the_wrong_length_names_no_attempt() {
        let good = AttemptId { run: [7; 16], task: 3, number: 2 };
        assert_eq!(AttemptId::from_wire(Some(&good.to_wire())), Some(good));
        assert_eq!(AttemptId::from_wire(None), None);
        assert_eq!(AttemptId::from_wire(Some(&Attempt::default())), None);
    }
}
