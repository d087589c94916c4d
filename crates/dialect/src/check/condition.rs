//! Conditions: exactly one `${{ }}`, or a bare expression.

use std::{ops::Range, sync::Arc};

use crate::{
    Condition,
    expression::{Expression, ExpressionError},
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
    let start = text.len() - text.trim_start().len();
    let whole = text.trim();
    let inside =
        if whole.contains(OPENING) { inside(whole).map_err(|error| error.shifted(start))? } else { 0..whole.len() };
    let offset = start + inside.start;
    let parsed = Expression::parse(&whole[inside]).map_err(|error| error.shifted(offset))?;
    Ok(Some(parsed.inside(&Arc::from(text), offset)))
}

/// The same for a sensor, whose condition cannot do without the braces.
pub(super) fn parse_of_sensor(text: &str) -> Result<Option<Expression>, ExpressionError> {
    if text.is_empty() || text.contains(OPENING) {
        return parse(text);
    }
    let error = ExpressionError::new(0..text.len(), "the condition of a sensor stands in `${{ }}`");
    Err(error.with_help(format!("write `${{{{ {} }}}}`", text.trim())))
}

/// What is between the braces, which must be around everything. Unlike in other texts, a `}}` inside ends nothing.
fn inside(whole: &str) -> Result<Range<usize>, ExpressionError> {
    let error = |message: &str, help: Option<&str>| {
        ExpressionError::new(0..whole.len(), message).with_help(help.map(str::to_owned))
    };
    if whole.matches(OPENING).count() > 1 {
        let help = "combine conditions with `and` or `or` inside one `${{ }}`";
        return Err(error("a condition takes one template", Some(help)));
    }
    match whole.strip_prefix(OPENING).map(|rest| rest.strip_suffix(CLOSING)) {
        Some(Some(inner)) => Ok(OPENING.len()..OPENING.len() + inner.len()),
        Some(None) if !whole.contains(CLOSING) => Err(error("the template is not closed with `}}`", None)),
        _ => Err(error("a condition takes no text around its template", Some("put everything inside the `${{ }}`"))),
    }
}

const OPENING: &str = "${{";
const CLOSING: &str = "}}";
