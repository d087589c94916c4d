//! Ids of traces and spans of what has a name of its own. They are derived and carried nowhere: every service computes the same ones from what it
//! has anyhow, nothing that is recorded grows by them, and after a crash they are what they were.
//!
//! Pure. Knows nothing about what is told of a span.

use downbeat_domain::RunId;

/// Id of a trace, and of a span in it.
pub type Ids = ([u8; 16], [u8; 8]);

/// A run: its trace has the run's id.
pub fn of_run(run: RunId) -> Ids {
    (run.0, derive("downbeat span of a run v1", &[&run.0]))
}

/// The attempt of this number at the task at this place, in the trace of its run.
pub fn of_attempt(run: [u8; 16], task: u32, number: u32) -> Ids {
    let (task, number) = (task.to_be_bytes(), number.to_be_bytes());
    (run, derive("downbeat span of an attempt v1", &[&run, &task, &number]))
}

fn derive(context: &str, parts: &[&[u8]]) -> [u8; 8] {
    let mut hasher = blake3::Hasher::new_derive_key(context);
    parts.iter().for_each(|part| {
        hasher.update(part);
    });
    let mut id = [0; 8];
    id.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever looks at a trace of last year finds the same ids.
    #[test]
    fn ids_are_these_for_good() {
        let hex = |bytes: &[u8]| -> String { bytes.iter().map(|byte| format!("{byte:02x}")).collect() };
        let (trace, run) = of_run(RunId([7; 16]));
        let (same, attempt) = of_attempt([7; 16], 3, 2);
        assert_eq!((hex(&trace), trace), ("07".repeat(16), same));
        assert_eq!((hex(&run).as_str(), hex(&attempt).as_str()), ("771b300bdc759927", "27b3183bb941cb11"));
    }

    #[test]
    fn what_is_not_the_same_has_another_id() {
        let all = [(1, 0, 1), (1, 0, 2), (1, 1, 1), (2, 0, 1)];
        let spans = all.iter().map(|(run, task, number)| of_attempt([*run; 16], *task, *number).1);
        let spans = spans.chain([of_run(RunId([1; 16])).1]);
        let different: std::collections::BTreeSet<[u8; 8]> = spans.collect();
        assert_eq!(different.len(), all.len() + 1);
    }
}
