//! Expressions of event triggers: bare, over `event` and nothing else, so that a filter gives the same answer whoever asks it and when.

use std::ops::Range;

use serde_json::Value;

use super::{
    EVENT_FIELDS, Expression, ExpressionError,
    ast::{Kind, Namespace, Node, Root},
    parser, rules,
};
use crate::suggest::did_you_mean;

impl Expression {
    /// Reads one expression, without braces around it, in which `event` is a name.
    ///
    /// # Errors
    /// What cannot be read, the first name that is not `event`, a field that no event has.
    pub fn parse_over_event(text: &str) -> Result<Expression, ExpressionError> {
        if let Some(at) = text.find("${{") {
            let error = ExpressionError::new(at..at + 3, "expressions over an event take no braces");
            return Err(error.with_help("write the expression alone, such as `event.data.rows > 0`".to_owned()));
        }
        let mut root = parser::parse(text)?;
        root.name_event();
        if let Some(error) = foreign_name(&root).or_else(|| rules::faults(&root).into_iter().next()) {
            return Err(error);
        }
        match unknown_field(&root) {
            Some(error) => Err(error),
            None => Ok(Expression { root, text: text.into() }),
        }
    }
}

/// A name of runs: none exists yet when an event is looked at.
fn foreign_name(node: &Node) -> Option<ExpressionError> {
    match &node.kind {
        Kind::Root(Root::Whole(Namespace::Event) | Root::Unknown(_)) => None,
        Kind::Root(_) => {
            let error = ExpressionError::unknown_name(node.span.clone(), "only `event` can be read here");
            Some(error.with_help("the run does not exist yet when its event is looked at".to_owned()))
        }
        _ => node.children().into_iter().find_map(foreign_name),
    }
}

fn unknown_field(node: &Node) -> Option<ExpressionError> {
    if let Kind::Member { base, index, .. } = &node.kind
        && matches!(base.kind, Kind::Root(Root::Whole(Namespace::Event)))
        && let Kind::Literal(Value::String(name)) = &index.kind
        && !EVENT_FIELDS.iter().any(|field| field.eq_ignore_ascii_case(name))
    {
        return Some(no_such_field(name, index.span.clone()));
    }
    node.children().into_iter().find_map(unknown_field)
}

fn no_such_field(name: &str, span: Range<usize>) -> ExpressionError {
    let help = did_you_mean(name, EVENT_FIELDS);
    let help = help.unwrap_or_else(|| format!("it has {}; what was sent is `event.data`", EVENT_FIELDS.join(", ")));
    ExpressionError::unknown_name(span, format!("an event has no `{name}`")).with_help(help)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::expression::Names;

    struct Sent(Value);

    impl Names for Sent {
        fn event(&self) -> Option<Value> {
            Some(self.0.clone())
        }
    }

    #[test]
    fn an_event_is_read_like_any_value() {
        let event = Sent(json!({"id": "7", "type": null, "data": {"rows": 3, "tables": ["a", "b"]}}));
        for (text, value) in [
            ("event.data.rows > 0", json!(true)),
            ("event.data['tables'][1]", json!("b")),
            ("event.id + '-x'", json!("7-x")),
            ("len(event.data.tables) == 2 and event.type is None", json!(true)),
            ("EVENT.id", json!("7")),
            ("'rows' in event.data", json!(true)),
        ] {
            let expression = Expression::parse_over_event(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(expression.evaluate(&event).unwrap(), value, "{text}");
        }
        let missing = Expression::parse_over_event("event.data.gone").unwrap().evaluate(&event).unwrap_err();
        assert_eq!(missing.message, "there is no `gone` in the dict {'rows': 3, 'tables': ['a', 'b']}");
    }

    #[test]
    fn names_of_runs_and_fields_that_no_event_has_are_refused_with_their_place() {
        for (text, place, message) in [
            ("event.data.rows > inputs.least", 18..30, "only `event` can be read here"),
            ("event.dat.rows", 6..9, "an event has no `dat`"),
            ("evnt.id", 0..4, "there is no name `evnt`"),
            ("${{ event.id }}", 0..3, "expressions over an event take no braces"),
            ("event.data.rows >", 17..17, "expected a value, found the end"),
        ] {
            let error = Expression::parse_over_event(text).unwrap_err();
            assert_eq!((error.span, error.message.as_str()), (place, message), "{text}");
        }
    }

    #[test]
    fn elsewhere_event_is_no_name() {
        let faults = Expression::parse("event.id").unwrap().faults();
        assert_eq!(faults[0].message, "there is no name `event`");
    }
}
