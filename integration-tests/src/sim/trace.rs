//! What happened, as a hash of everything and as lines where somebody wants to read them. The lines cost nothing until then.

use std::collections::VecDeque;

use super::time::{At, SECOND};

/// What becomes of the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    /// Only the hash is wanted.
    No,
    /// The last so many are kept.
    Last(usize),
    /// All are printed as they come.
    Print,
}

/// The trace of one simulation.
#[derive(Debug)]
pub struct Trace {
    hash: u64,
    lines: Lines,
    kept: VecDeque<String>,
}

impl Trace {
    /// An empty trace.
    pub fn new(lines: Lines) -> Self {
        Self { hash: 0xcbf2_9ce4_8422_2325, lines, kept: VecDeque::new() }
    }

    /// Mixes numbers into the hash.
    pub fn mix(&mut self, numbers: &[u64]) {
        for number in numbers {
            self.hash = (self.hash ^ number).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23);
        }
    }

    /// A line for people.
    pub fn say(&mut self, now: At, line: impl FnOnce() -> String) {
        if self.lines == Lines::No {
            return;
        }
        let line = format!("{:>6}.{:06} {}", now / SECOND, now % SECOND, line());
        match self.lines {
            Lines::Print => println!("{line}"),
            Lines::Last(count) => {
                if self.kept.len() == count {
                    self.kept.pop_front();
                }
                self.kept.push_back(line);
            }
            Lines::No => {}
        }
    }

    /// The hash of everything so far.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// The lines that were kept.
    pub fn kept(&self) -> impl Iterator<Item = &String> {
        self.kept.iter()
    }
}
