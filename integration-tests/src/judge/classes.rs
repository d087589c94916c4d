//! Where we and the judge disagree on purpose. `docs/dialect/judge.md` has one row with the reason for each class.

use super::Case;

/// A known difference.
pub struct Class {
    /// Its name in the table.
    pub name: &'static str,
    /// Whether a disagreement is of this class.
    pub has: fn(&Case) -> bool,
}

/// All known differences. The first that fits counts.
pub const CLASSES: &[Class] = &[];

/// The class of a disagreement; none if it is unknown.
pub fn class_of(case: &Case) -> Option<&'static Class> {
    CLASSES.iter().find(|class| (class.has)(case))
}
