//! What the runs of a pipeline may cost.

use downbeat_dialect::BudgetRule;

use crate::cost::{Budget, Period, read_amount};

/// `None` = it makes no sense; the checks of the language let none through.
pub(super) fn budget(rule: &BudgetRule) -> Option<Budget> {
    Some(Budget {
        micros: read_amount(&rule.amount).ok().filter(|micros| *micros > 0)?,
        currency: rule.currency.parse().ok()?,
        period: Period::from_word(&rule.period)?,
        timezone: rule.timezone.clone(),
        alert_at: rule.alert_at.clone(),
        enforce: rule.enforce,
    })
}
