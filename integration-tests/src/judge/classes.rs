//! Where we and the judge disagree on purpose. `docs/dialect/judge.md` has one row with the reason for each class.

use downbeat_dialect::Code;

use super::Case;

/// A known difference.
pub struct Class {
    /// Its name in the table.
    pub name: &'static str,
    /// Whether a disagreement is of this class.
    pub has: fn(&Case) -> bool,
}

/// All known differences. The first that fits counts.
pub const CLASSES: &[Class] = &[
    Class { name: "empty cron", has: |case| only(case, &[Code::Cron]) && says(case, "the cron expression is empty") },
    Class { name: "digits of other scripts", has: |case| only(case, &[Code::Cron]) && has_foreign_digit(case) },
    Class {
        name: "step after L",
        has: |case| only(case, &[Code::Cron]) && case.document.write().to_uppercase().contains("L/"),
    },
];

/// Whether we alone refuse, with these codes only.
fn only(case: &Case, codes: &[Code]) -> bool {
    !case.refused_by_judge() && case.our_errors().all(|found| codes.contains(&found.code))
}

/// Whether all our errors say this.
fn says(case: &Case, message: &str) -> bool {
    case.our_errors().all(|found| found.message == message)
}

/// The class of a disagreement; none if it is unknown.
pub fn class_of(case: &Case) -> Option<&'static Class> {
    CLASSES.iter().find(|class| (class.has)(case))
}

fn has_foreign_digit(case: &Case) -> bool {
    case.document.write().chars().any(|character| character.is_numeric() && !character.is_ascii_digit())
}
