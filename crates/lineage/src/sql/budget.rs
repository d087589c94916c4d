//! Steps that a text may cost. It stands for a time limit, which a crate without a clock cannot have.

use crate::limits::SQL_STEPS_MAX;

#[derive(Debug)]
pub(super) struct Budget {
    left: u32,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self { left: SQL_STEPS_MAX }
    }

    /// Pays for `steps`; whether there were as many.
    pub(super) fn pay(&mut self, steps: usize) -> bool {
        let steps = u32::try_from(steps).unwrap_or(u32::MAX);
        let enough = self.left >= steps;
        self.left = self.left.saturating_sub(steps);
        enough && self.left > 0
    }

    pub(super) fn spent(&self) -> bool {
        self.left == 0
    }
}
