//! Texts that may hold `${{ ... }}`, and values made of such texts.

use std::ops::Range;

use serde_json::Value;

use super::{EvalError, Expression, ExpressionError, Names, lexer, text};
use crate::limits::OUTPUT_BYTES;

/// A text with expressions in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    text: String,
    parts: Vec<Part>,
    unclosed: Option<usize>,
}

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Literal(String),
    /// Places inside the expression count in the whole text.
    Expression(Expression),
}

impl Template {
    /// Reads a text. An opening `${{` that is never closed is plain text, as the language has it.
    pub fn parse(text: &str) -> Result<Template, ExpressionError> {
        let mut parts = Vec::new();
        let mut literal_start = 0;
        for range in expression_ranges(text) {
            let outer = range.start - OPENING.len()..range.end + CLOSING.len();
            if outer.start > literal_start {
                parts.push(Part::Literal(text[literal_start..outer.start].to_owned()));
            }
            let inner = &text[range.clone()];
            if inner.trim().is_empty() {
                return Err(ExpressionError::new(outer, "the template is empty"));
            }
            let parsed = Expression::parse(inner).map_err(|error| error.shifted(range.start))?;
            parts.push(Part::Expression(parsed.shifted(range.start)));
            literal_start = outer.end;
        }
        let unclosed = text[literal_start..].find(OPENING).map(|at| literal_start + at);
        if literal_start < text.len() {
            parts.push(Part::Literal(text[literal_start..].to_owned()));
        }
        Ok(Template { text: text.to_owned(), parts, unclosed })
    }

    /// As written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether there is no expression in it: rendering yields the text itself.
    pub fn is_literal(&self) -> bool {
        self.expressions().next().is_none()
    }

    /// The expression, if the whole text is one template (white space around it does not count).
    pub fn sole_expression(&self) -> Option<&Expression> {
        let mut expressions = self.expressions();
        let first = expressions.next()?;
        let alone = expressions.next().is_none()
            && self.parts.iter().all(|part| !matches!(part, Part::Literal(text) if !text.trim().is_empty()));
        alone.then_some(first)
    }

    /// Where an opening `${{` stands that is never closed.
    pub(crate) fn unclosed(&self) -> Option<usize> {
        self.unclosed
    }

    /// The expressions in the order of the text; their places count in the whole text.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.parts.iter().filter_map(|part| match part {
            Part::Expression(expression) => Some(expression),
            Part::Literal(_) => None,
        })
    }

    /// The value: that of the expression, with its type, if the whole text is one template; otherwise text.
    pub fn render(&self, names: &dyn Names) -> Result<Value, EvalError> {
        if let Some(expression) = self.sole_expression() {
            return expression.evaluate(names);
        }
        let mut rendered = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(literal) => rendered.push_str(literal),
                Part::Expression(expression) => rendered.push_str(&text::of(&expression.evaluate(names)?)),
            }
            if rendered.len() > OUTPUT_BYTES {
                return Err(EvalError::new(0..0, format!("the text grows beyond {OUTPUT_BYTES} bytes")));
            }
        }
        Ok(Value::String(rendered))
    }
}

const OPENING: &str = "${{";
const CLOSING: &str = "}}";

/// The insides of all templates of a text: a template ends at the first `}}` outside a string literal.
pub(crate) fn expression_ranges(text: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find(OPENING) {
        let start = at + found + OPENING.len();
        match lexer::find_closing(&text[start..]) {
            Some(length) => {
                ranges.push(start..start + length);
                at = start + length + CLOSING.len();
            }
            // Trying every later opening as well would take quadratic time on hostile texts.
            None => break,
        }
    }
    ranges
}

/// Whether a value, or anything inside it, is a text with a template. Keys do not count.
pub fn has_template(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(OPENING) && !expression_ranges(text).is_empty(),
        Value::Array(items) => items.iter().any(has_template),
        Value::Object(fields) => fields.values().any(has_template),
        _ => false,
    }
}

/// The value with every text in it rendered; see [`Template::render`].
///
/// The error's place counts in the text at fault, which its message names by path.
pub fn render_value(value: &Value, names: &dyn Names) -> Result<Value, EvalError> {
    let mut budget = OUTPUT_BYTES;
    render_at(value, names, &mut String::new(), &mut budget)
}

fn render_at(value: &Value, names: &dyn Names, path: &mut String, budget: &mut usize) -> Result<Value, EvalError> {
    let child = |segment: &str, item: &Value, path: &mut String, budget: &mut usize| {
        let length = path.len();
        path.push_str(segment);
        let rendered = render_at(item, names, path, budget);
        path.truncate(length);
        rendered
    };
    match value {
        Value::String(text) if text.contains(OPENING) => {
            let located = |error: EvalError| match path.is_empty() {
                true => error,
                false => EvalError { message: format!("{} (in `{path}`)", error.message), ..error },
            };
            let template = Template::parse(text)
                .map_err(|error| located(EvalError { span: error.span, message: error.message }))?;
            let rendered = template.render(names).map_err(located)?;
            let size = text::size(&rendered);
            let too_large = || EvalError::new(0..text.len(), format!("the values grow beyond {OUTPUT_BYTES} bytes"));
            *budget = budget.checked_sub(size).ok_or_else(too_large).map_err(located)?;
            Ok(rendered)
        }
        Value::Array(items) => {
            let rendered = items.iter().enumerate();
            rendered.map(|(at, item)| child(&format!("[{at}]"), item, path, budget)).collect()
        }
        Value::Object(fields) => {
            let mut rendered = serde_json::Map::new();
            for (name, item) in fields {
                let segment = if path.is_empty() { name.clone() } else { format!(".{name}") };
                rendered.insert(name.clone(), child(&segment, item, path, budget)?);
            }
            Ok(Value::Object(rendered))
        }
        other => Ok(other.clone()),
    }
}
