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
    Class { name: "empty cron", has: |case| only(case, Code::Cron, "the cron expression is empty") },
    Class {
        name: "day fields without a meaning",
        has: |case| {
            only(case, Code::Cron, "day-of-")
                || only(case, Code::Cron, "`W` follows")
                || only(case, Code::Cron, "`#` is")
        },
    },
    Class {
        name: "digits of other scripts",
        has: |case| only(case, Code::Cron, "` is no ") && has_foreign_digit(case),
    },
    Class {
        name: "whole number with an exponent",
        has: |case| !case.refused_by_us() && case.document.write().contains(": 1e3"),
    },
    Class { name: "retry delay", has: |case| only(case, Code::OutOfRange, "`retry_delay` is") },
];

/// The class of a disagreement; none if it is unknown.
pub fn class_of(case: &Case) -> Option<&'static Class> {
    CLASSES.iter().find(|class| (class.has)(case))
}

/// Whether we alone refuse, with this code and these words in every error.
fn only(case: &Case, code: Code, words: &str) -> bool {
    !case.refused_by_judge() && case.our_errors().all(|found| found.code == code && found.message.contains(words))
}

fn has_foreign_digit(case: &Case) -> bool {
    case.document.write().chars().any(|character| character.is_numeric() && !character.is_ascii_digit())
}
