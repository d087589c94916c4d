//! Keys of what is spent on what, of what is done twice, and of what is worth a look; see the table of [`super`].

use downbeat_domain::{AttemptRef, PipelineId, RunId};

use super::{graph::Node, key};

/// Bytes of what tells apart what cannot be compared: a currency.
const GROUP_BYTES: usize = 3;

/// What is worth a look by a rule; `magnitude` is the power of two of its size.
pub fn candidate(kind: u8, group: &str, magnitude: u8, subject: &[u8]) -> Vec<u8> {
    key(b'J', &[b"c", &[kind], &padded(group), &[!magnitude], subject])
}

/// Prefix of what is worth a look by a rule, the largest first.
pub fn candidates(kind: u8, group: &str) -> Vec<u8> {
    key(b'J', &[b"c", &[kind], &padded(group)])
}

/// What a candidate is about; `None` for a key that is too short.
pub fn subject(key: &[u8]) -> Option<&[u8]> {
    key.get(2 + 1 + GROUP_BYTES + 1..)
}

fn padded(group: &str) -> [u8; GROUP_BYTES] {
    let mut padded = [0; GROUP_BYTES];
    group.bytes().zip(&mut padded).for_each(|(byte, place)| *place = byte);
    padded
}

/// A pipeline and something of it, as a candidate.
pub fn of_pipeline(pipeline: PipelineId, name: &str) -> Vec<u8> {
    [&pipeline.0[..], name.as_bytes()].concat()
}

/// The two again; `None`: it is none such.
pub fn read_of_pipeline(subject: &[u8]) -> Option<(PipelineId, &str)> {
    let (pipeline, name) = subject.split_at_checked(16)?;
    Some((PipelineId::from_slice(pipeline)?, std::str::from_utf8(name).ok()?))
}

/// Who does the same job, or has the same plan.
pub fn job(job: [u8; 16]) -> Vec<u8> {
    key(b'J', &[b"j", &job])
}

/// Who builds an asset.
pub fn builders(asset: Node) -> Vec<u8> {
    key(b'J', &[b"w", &asset])
}

/// Who copies a source.
pub fn copies(source: Node) -> Vec<u8> {
    key(b'J', &[b"s", &source])
}

/// Prefix of what is spent on an asset.
pub fn spent_on_asset(asset: Node) -> Vec<u8> {
    key(b'K', &[b"a", &asset])
}

/// What one of those who write an asset spends on it, in one currency.
pub fn spent_on_asset_by(asset: Node, pipeline: &[u8], task: &str, currency: &str) -> Vec<u8> {
    let mut hasher = blake3::Hasher::new_derive_key("downbeat spending on an asset v1");
    for part in [pipeline, task.as_bytes(), currency.as_bytes()] {
        hasher.update(&(part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    let mut who = [0; 16];
    hasher.finalize_xof().fill(&mut who);
    key(b'K', &[b"a", &asset, &who])
}

/// Prefix of what is spent on the tasks of a pipeline.
pub fn spent_on_pipeline(pipeline: PipelineId) -> Vec<u8> {
    key(b'K', &[b"s", &pipeline.0])
}

/// Prefix of what is spent on a task, by currency.
pub fn spent_on_task(pipeline: PipelineId, task: &str) -> Vec<u8> {
    let task = blake3::derive_key("downbeat spending on a task v1", task.as_bytes());
    key(b'K', &[b"s", &pipeline.0, &task[..16]])
}

/// The same in one currency.
pub fn spent_on_task_in(pipeline: PipelineId, task: &str, currency: &str) -> Vec<u8> {
    let mut key = spent_on_task(pipeline, task);
    key.extend(currency.as_bytes());
    key
}

/// What is spent on a run.
pub fn spent_on_run(run: RunId) -> Vec<u8> {
    key(b'K', &[b"r", &run.0])
}

/// What is spent on an attempt.
pub fn spent_on_attempt(attempt: AttemptRef) -> Vec<u8> {
    key(b'K', &[b"w", &attempt.run.0, &attempt.task.to_be_bytes(), &attempt.number.to_be_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_of_a_rule_and_currency_come_first_and_read_back() {
        let keys = [40, 9, 0].map(|magnitude| candidate(b'a', "EUR", magnitude, b"subject"));
        assert!(keys.is_sorted() && keys.iter().all(|key| key.starts_with(&candidates(b'a', "EUR"))));
        assert!(keys.iter().all(|key| subject(key) == Some(b"subject".as_slice())));
        assert!(!keys[0].starts_with(&candidates(b'a', "USD")) && !keys[0].starts_with(&candidates(b'w', "EUR")));
        assert_eq!(subject(b"Jc"), None);
        let pipeline = PipelineId([3; 16]);
        assert_eq!(read_of_pipeline(&of_pipeline(pipeline, "load")), Some((pipeline, "load")));
        assert_eq!(read_of_pipeline(b"short"), None);
    }

    #[test]
    fn what_is_spent_on_an_asset_is_told_apart_in_every_part() {
        let by = |pipeline: &[u8], task: &str, currency: &str| spent_on_asset_by([1; 16], pipeline, task, currency);
        let all = [by(b"p", "t", "EUR"), by(b"pt", "", "EUR"), by(b"p", "t", "USD"), by(b"", "pt", "EUR")];
        let apart: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(apart.len(), all.len());
    }
}
