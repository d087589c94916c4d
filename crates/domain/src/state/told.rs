//! Which of the outputs that its task declares an attempt has told of by itself: what a tool says of an output is better known than what
//! somebody wrote down.

use crate::{
    metadata::{Collected, EdgeKind},
    plan::PlanDeclared,
};

/// By place among the declared outputs, the lowest bit first; the language takes 100 of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Those that it has written.
    pub written: u128,
    /// Those of which it has said what they were made of.
    pub derived: u128,
}

impl Told {
    /// Takes what an attempt reports.
    pub(crate) fn take(&mut self, declared: &PlanDeclared, collected: &Collected) {
        for (place, output) in declared.writes.iter().enumerate().take(u128::BITS as usize) {
            let here = 1 << place;
            let of = |asset: &str| asset == output.key;
            if collected.operations.iter().any(|done| done.materialises() && of(&done.asset)) {
                self.written |= here;
            }
            for edge in collected.edges.iter().filter(|edge| of(&edge.to)) {
                match edge.kind {
                    EdgeKind::Derives | EdgeKind::Exposes if !edge.from.is_empty() && edge.from != edge.to => {
                        self.derived |= here;
                    }
                    _ => {}
                }
            }
        }
    }

    /// Has the attempt said itself that it wrote this output?
    pub fn wrote(self, place: usize) -> bool {
        has(self.written, place)
    }

    /// Has it said itself what this output was made of?
    pub fn made(self, place: usize) -> bool {
        has(self.derived, place)
    }
}

fn has(bits: u128, place: usize) -> bool {
    u32::try_from(place).ok().and_then(|place| bits.checked_shr(place)).is_some_and(|rest| rest & 1 == 1)
}
