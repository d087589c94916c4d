//! Texts that may hold `${{ ... }}`, and values made of such texts.

use std::{ops::Range, sync::Arc};

use serde_json::Value;

use super::{EvalError, Expression, ExpressionError, Names, lexer, text};
use crate::limits::{EXPRESSION_BYTES, OUTPUT_BYTES, TEMPLATES};

/// A text with expressions in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    text: Arc<str>,
    parts: Vec<Part>,
    unclosed: Option<usize>,
    unread: Option<ExpressionError>,
}

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Literal(String),
    /// Places inside the expression count in the whole text.
    Expression {
        expression: Expression,
        strict: bool,
    },
}

impl Template {
    /// Reads a text. What only looks like a template is plain text, as the language has it: an opening `${{` that is never
    /// closed, or a template with a `}` inside that is no expression.
    pub fn parse(text: &str) -> Result<Template, ExpressionError> {
        let whole: Arc<str> = Arc::from(text);
        let mut parts = Vec::new();
        let mut unread = None;
        let mut literal_start = 0;
        let mut left = EXPRESSION_BYTES;
        for (count, found) in templates(text).into_iter().enumerate() {
            let range = found.inside;
            let outer = range.start - OPENING.len()..range.end + CLOSING.len();
            if count == TEMPLATES {
                return Err(ExpressionError::new(outer, format!("a text takes at most {TEMPLATES} templates")));
            }
            let too_long = || format!("the templates of a text take at most {EXPRESSION_BYTES} bytes");
            left = left.checked_sub(range.len()).ok_or_else(|| ExpressionError::new(outer.clone(), too_long()))?;
            let inner = &text[range.clone()];
            let parsed = match Expression::parse(inner) {
                Ok(parsed) => parsed.inside(&whole, range.start),
                Err(_) if inner.trim().is_empty() => return Err(ExpressionError::new(outer, "the template is empty")),
                Err(error) if found.strict => return Err(cut_short(error.shifted(range.start), text)),
                Err(error) => {
                    unread.get_or_insert(error.shifted(range.start));
                    continue;
                }
            };
            if outer.start > literal_start {
                parts.push(Part::Literal(text[literal_start..outer.start].to_owned()));
            }
            parts.push(Part::Expression { expression: parsed, strict: found.strict });
            literal_start = outer.end;
        }
        let unclosed = text[literal_start..].find(OPENING).map(|at| literal_start + at).filter(|_| unread.is_none());
        if literal_start < text.len() {
            parts.push(Part::Literal(text[literal_start..].to_owned()));
        }
        Ok(Template { text: whole, parts, unclosed, unread })
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

    /// Why something that looks like a template is plain text, if there is such a thing.
    pub(crate) fn unread(&self) -> Option<&ExpressionError> {
        self.unread.as_ref()
    }

    /// The expressions, and whether the language checks them before a run: it does not where a `}` is inside.
    pub(crate) fn checked_expressions(&self) -> impl Iterator<Item = (&Expression, bool)> {
        self.parts.iter().filter_map(|part| match part {
            Part::Expression { expression, strict } => Some((expression, *strict)),
            Part::Literal(_) => None,
        })
    }

    /// The expressions in the order of the text; their places count in the whole text.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.parts.iter().filter_map(|part| match part {
            Part::Expression { expression, .. } => Some(expression),
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
                Part::Expression { expression, .. } => rendered.push_str(&text::of(&expression.evaluate(names)?)),
            }
            if rendered.len() > OUTPUT_BYTES {
                return Err(EvalError::new(&self.text, 0..0, format!("the text grows beyond {OUTPUT_BYTES} bytes")));
            }
        }
        Ok(Value::String(rendered))
    }
}

/// Says so where a `}}` in a string literal has ended the template.
fn cut_short(error: ExpressionError, text: &str) -> ExpressionError {
    let behind = text.get(error.span.end + CLOSING.len()..).unwrap_or_default();
    if error.message == lexer::UNCLOSED_TEXT && error.help.is_none() && behind.contains(CLOSING) {
        return error.with_help("`}}` ends the template even inside quotes: write `'}' + '}'`".to_owned());
    }
    error
}

const OPENING: &str = "${{";
const CLOSING: &str = "}}";

/// A template in a text.
struct Found {
    /// What is between the braces.
    inside: Range<usize>,
    /// Whether the language is sure that it is one: no `}` is inside.
    strict: bool,
}

/// All templates of a text: from `${{` to the first `}}`, even one inside a string literal; nothing at all inside is plain text.
fn templates(text: &str) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    let mut at = 0;
    // Found once for all openings before it: looking again and again would take quadratic time on hostile texts.
    let mut brace = 0;
    while let Some(opening) = text[at..].find(OPENING) {
        let start = at + opening + OPENING.len();
        at = start;
        if brace < start {
            let Some(length) = text[start..].find('}') else { break };
            brace = start + length;
        }
        let strict = text[brace..].starts_with(CLOSING);
        let next_opening = text[start..].find(OPENING).map_or(text.len(), |length| start + length);
        let end = match strict {
            true => Some(brace),
            false => text.get(brace..next_opening).and_then(|rest| rest.find(CLOSING)).map(|length| brace + length),
        };
        if let Some(end) = end {
            if end > start {
                found.push(Found { inside: start..end, strict });
            }
            at = end + CLOSING.len();
        }
    }
    found
}

/// Whether a value, or anything inside it, is a text with a template. Keys do not count.
pub fn has_template(value: &Value) -> bool {
    match value {
        Value::String(text) => {
            text.contains(OPENING) && Template::parse(text).map_or(true, |template| !template.is_literal())
        }
        Value::Array(items) => items.iter().any(has_template),
        Value::Object(fields) => fields.values().any(has_template),
        _ => false,
    }
}

/// The value with every text in it rendered; see [`Template::render`].
///
/// The error's place counts in the text at fault, which it names by path.
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
            let located = |error: EvalError| EvalError { path: (!path.is_empty()).then(|| path.clone()), ..error };
            let template =
                Template::parse(text).map_err(|error| located(EvalError::new(text, error.span, error.message)))?;
            let rendered = template.render(names).map_err(located)?;
            let size = text::size(&rendered);
            let too_large =
                || EvalError::new(text, 0..text.len(), format!("the values grow beyond {OUTPUT_BYTES} bytes"));
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
