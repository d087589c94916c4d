//! What may be spent.

use crate::Span;

/// What the runs of a pipeline may cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetRule {
    /// Decimal digits, at most six behind the point; more than nothing.
    pub amount: String,
    /// Three capital letters.
    pub currency: String,
    /// `day`, `week` or `month`.
    pub period: String,
    /// IANA name, as written.
    pub timezone: String,
    /// Per cent of the amount, ascending, each once; 1 to 1,000.
    pub alert_at: Vec<u32>,
    /// New runs wait while all of it is spent.
    pub enforce: bool,
    /// The budget in the text.
    pub span: Span,
}
