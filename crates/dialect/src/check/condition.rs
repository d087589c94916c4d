//! Conditions: exactly one `${{ }}`, or a bare expression.

use crate::{
    Condition,
    expression::{Expression, ExpressionError, expression_ranges},
    yaml::Node,
};

/// The condition under `condition`; none if it is absent, null, empty or cannot be read (the checks report that).
pub(super) fn of(node: &Node) -> Option<Condition> {
    let text = node.get_text("condition")?;
    parse(text).ok().flatten().map(|expression| Condition { text: text.to_owned(), expression })
}

/// The expression of a condition, with places in the whole text; none for an empty text.
pub(super) fn parse(text: &str) -> Result<Option<Expression>, ExpressionError> {
    if text.is_empty() {
        return Ok(None);
    }
    if !text.contains("${{") {
        return Expression::parse(text).map(Some);
    }
    let whole = text.len() - text.trim_start().len()..text.trim_end().len();
    let ranges = expression_ranges(text);
    let [inner] = ranges.as_slice() else {
        let message =
            if ranges.is_empty() { "the template is not closed with `}}`" } else { "a condition takes one template" };
        let help = "combine conditions with `and` or `or` inside one `${{ }}`".to_owned();
        return Err(ExpressionError::new(whole, message).with_help((!ranges.is_empty()).then_some(help)));
    };
    if inner.start - 3 != whole.start || inner.end + 2 != whole.end {
        let error = ExpressionError::new(whole, "a condition takes no text around its template");
        return Err(error.with_help("put everything inside the `${{ }}`".to_owned()));
    }
    let parsed = Expression::parse(&text[inner.clone()]).map_err(|error| error.shifted(inner.start))?;
    Ok(Some(parsed.shifted(inner.start)))
}
