//! The judge: the official offline validator as a second opinion on what a pipeline may be.
//!
//! Promises random cases that a seed and an index make again, verdicts of both sides, and disagreements sorted into the classes
//! that `docs/dialect/judge.md` explains. Knows nothing about the rules themselves: it only compares.

pub mod classes;
pub mod crons;
pub mod documents;
pub mod expressions;
pub mod json;
pub mod mutations;
pub mod process;
pub mod random;
mod shrink;

use std::{
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use downbeat_dialect::{Diagnostic, Severity, parse};

use self::{
    json::Json,
    process::{Judge, Message},
    random::Random,
};

/// Processes of the judge that answer side by side.
const JUDGES: usize = 2;

/// A document with both opinions.
#[derive(Debug, Clone)]
pub struct Case {
    /// Which case of the seed it is.
    pub index: usize,
    /// The document.
    pub document: Json,
    /// What we say; only errors refuse.
    pub ours: Vec<Diagnostic>,
    /// What the judge says; every message refuses.
    pub theirs: Vec<Message>,
}

impl Case {
    /// Asks both.
    pub fn of(index: usize, document: Json, judge: &mut Judge) -> Self {
        let text = document.write();
        Self { index, ours: parse(&text).diagnostics, theirs: judge.messages(&text), document }
    }

    /// Our errors.
    pub fn our_errors(&self) -> impl Iterator<Item = &Diagnostic> {
        self.ours.iter().filter(|found| found.severity == Severity::Error)
    }

    /// Whether we refuse it.
    pub fn refused_by_us(&self) -> bool {
        self.our_errors().next().is_some()
    }

    /// Whether the judge refuses it.
    pub fn refused_by_judge(&self) -> bool {
        !self.theirs.is_empty()
    }

    /// Whether both come to the same verdict.
    pub fn agrees(&self) -> bool {
        self.refused_by_us() == self.refused_by_judge()
    }

    /// What the verdicts rest on, without names and numbers: equal for disagreements of one kind.
    pub fn signature(&self) -> String {
        let codes = self.our_errors().map(|found| {
            let plain: Vec<&str> = found.message.split('`').step_by(2).collect();
            format!("{}: {}", found.code, plain.join("_").chars().take(60).collect::<String>())
        });
        let codes: Vec<String> = codes.collect();
        let texts = self.theirs.iter().map(|found| {
            let plain: Vec<&str> = found.text.split('\'').step_by(2).collect();
            plain.join("_").split(": ").take(2).collect::<Vec<_>>().join(": ").chars().take(60).collect::<String>()
        });
        format!("{} | {}", codes.join(" "), texts.collect::<Vec<_>>().join(" "))
    }

    /// The document and both opinions, to be read by a person.
    pub fn shown(&self) -> String {
        let text = self.document.write();
        let ours: Vec<String> = self.our_errors().map(|found| format!("  {}: {}", found.code, found.message)).collect();
        let theirs: Vec<String> = self
            .theirs
            .iter()
            .map(|found| format!("  {:?} at {}: {}", found.grade, found.column, found.text))
            .collect();
        let or_accepts = |lines: Vec<String>| if lines.is_empty() { "  accepts".to_owned() } else { lines.join("\n") };
        format!("case {}\n{text}\nwe:\n{}\njudge:\n{}", self.index, or_accepts(ours), or_accepts(theirs))
    }
}

/// Makes `count` documents and asks both sides about each; the cases come in the order of their index.
///
/// # Panics
/// When a judge dies.
pub fn compare(python: &Path, seed: u64, count: usize, make: impl Fn(&mut Random) -> Json + Sync) -> Vec<Case> {
    let next = AtomicUsize::new(0);
    let cases = Mutex::new(Vec::with_capacity(count));
    std::thread::scope(|scope| {
        for _ in 0..JUDGES {
            scope.spawn(|| {
                let mut judge = Judge::start(python);
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= count {
                        return;
                    }
                    let case = Case::of(index, make(&mut Random::of_case(seed, index)), &mut judge);
                    cases.lock().expect("no other thread panicked").push(case);
                }
            });
        }
    });
    let mut cases = cases.into_inner().expect("all threads ended well");
    cases.sort_by_key(|case: &Case| case.index);
    cases
}

/// The smallest document we can find that both sides disagree on as they do on `case`, in the same way by `alike`.
pub fn smallest(case: &Case, judge: &mut Judge, alike: impl Fn(&Case) -> bool) -> Case {
    shrink::shrink(case, judge, alike)
}
