//! Values against the shapes of the catalogue: types, words, limits, forms.

use super::{Checker, label::Label, structure::Keys};
use crate::{
    Code, Diagnostic,
    catalogue::{self, Shape, ShapeKind},
    expression::Template,
    yaml::{Entry, Kind, Node},
};

/// Words that a message lists in full.
const LISTED_WORDS: usize = 20;
/// Characters of a value that a message repeats.
const SHOWN_CHARACTERS: usize = 60;

impl Checker<'_> {
    /// A value against a shape.
    pub(super) fn shape(&mut self, node: &Node, shape: &Shape, label: Label<'_>) {
        match (shape.kind, &node.kind) {
            (_, Kind::Null) if shape.nullable => {}
            (ShapeKind::Any, _) => {}
            (ShapeKind::String, Kind::Text(text)) => self.text(node, text, shape, label),
            (ShapeKind::Enum, Kind::Text(text)) => self.word(node, text, shape, label),
            (_, Kind::Text(_)) if shape.or_text => {}
            (_, Kind::Text(text)) if shape.templated => self.text_for_other(node, text, shape, label),
            (ShapeKind::Integer | ShapeKind::Number, Kind::Integer(number)) => {
                #[expect(clippy::cast_precision_loss, reason = "limits are small, and so is what is near them")]
                let number = *number as f64;
                self.range(node, number, shape, label);
            }
            (ShapeKind::Number, Kind::Decimal(number)) => self.range(node, *number, shape, label),
            (ShapeKind::Integer, Kind::Decimal(number)) if number.fract() == 0.0 => {
                self.range(node, *number, shape, label);
            }
            (ShapeKind::Boolean, Kind::Bool(_)) => {}
            (ShapeKind::Array, Kind::List(items)) => self.list(node, items, shape, label),
            (ShapeKind::Object, Kind::Map(entries)) => self.object(node, entries, shape, label),
            _ if shape.any_type => self.as_advice(|checker| checker.wrong_type(node, label, expected(shape))),
            _ => self.wrong_type(node, label, expected(shape)),
        }
    }

    fn list(&mut self, node: &Node, items: &[Node], shape: &Shape, label: Label<'_>) {
        self.count(node, items.len(), shape, label);
        if let Some(item) = &shape.items {
            items.iter().for_each(|node| self.shape(node, item, Label::ItemOf(&label)));
        }
    }

    fn object(&mut self, node: &Node, entries: &[Entry], shape: &Shape, label: Label<'_>) {
        self.count(node, entries.len(), shape, label);
        if let Some(name) = chosen_model(node, &shape.models) {
            self.named_model(node, name, label);
        }
        if !shape.fields.is_empty() {
            self.model(node, Keys { fields: &shape.fields, open: shape.open }, label);
        }
        if let Some(chosen) = chosen_shape(node, &shape.one_of) {
            self.shape(node, chosen, label);
        }
        if let Some(names) = shape.names() {
            for entry in entries.iter().filter(|entry| !names.fits(&entry.key)) {
                let shown: String = entry.key.chars().take(SHOWN_CHARACTERS).collect();
                let message = format!("`{shown}` is no name that {label} takes");
                let help = format!("a name has {}", names.constraint);
                self.report(Diagnostic::error(Code::BadFormat, entry.key_span, message).with_help(help));
            }
        }
        if let Some(values) = &shape.values {
            for entry in entries {
                self.shape(&entry.value, values, Label::KeyOf(&entry.key, &label));
            }
        }
    }

    fn text(&mut self, node: &Node, text: &str, shape: &Shape, label: Label<'_>) {
        let length = text.chars().count();
        if let Some(min) = shape.min_length.filter(|min| length < *min) {
            self.out_of_range(node, shape, format!("{label} has {length} characters: at least {min} are needed"));
        }
        if let Some(max) = shape.max_length.filter(|max| length > *max) {
            self.out_of_range(node, shape, format!("{label} has {length} characters: at most {max} are allowed"));
        }
        if let Some(pattern) = shape.pattern().filter(|pattern| !pattern.fits(text)) {
            let make = if shape.advice { Diagnostic::warning } else { Diagnostic::error };
            let message = format!("{label} does not have the form that it needs");
            let help = format!("it takes {}", pattern.constraint);
            self.report(make(Code::BadFormat, node.span, message).with_help(help));
        }
    }

    /// A text where another type is wanted, at a place that takes texts because they may hold a template.
    fn text_for_other(&mut self, node: &Node, text: &str, shape: &Shape, label: Label<'_>) {
        if is_one_template(text) || reads_as(text, shape.kind) {
            return;
        }
        let message = format!("{label} will not be {}: it is a text", expected(shape));
        let advice = Diagnostic::warning(Code::WrongType, node.span, message);
        self.report(advice.with_help(format!("write {}, or one template that yields it", expected(shape))));
    }

    fn word(&mut self, node: &Node, text: &str, shape: &Shape, label: Label<'_>) {
        let allowed = shape.allowed();
        if allowed.iter().any(|word| word == text) {
            return;
        }
        if text.contains("${{") {
            if !shape.templated {
                let message = format!("{label} takes no template");
                self.report(Diagnostic::error(Code::TemplateOutOfPlace, node.span, message));
            }
            return;
        }
        let listed = || (allowed.len() <= LISTED_WORDS).then(|| format!("it takes {}", allowed.join(", ")));
        let help = self.suggest(text, allowed.iter().map(String::as_str)).or_else(listed);
        let message = format!("`{}` is no value of {label}", text.chars().take(SHOWN_CHARACTERS).collect::<String>());
        self.report(Diagnostic::error(Code::NotInEnum, node.span, message).with_help(help));
    }

    fn range(&mut self, node: &Node, number: f64, shape: &Shape, label: Label<'_>) {
        #[expect(clippy::cast_precision_loss, reason = "the limits of the catalogue are small")]
        let as_decimal = |limit: i64| limit as f64;
        let below = shape.min.is_some_and(|min| number < as_decimal(min));
        let above = shape.max.is_some_and(|max| number > as_decimal(max));
        if !below && !above {
            return;
        }
        let allowed = match (shape.min, shape.max) {
            (Some(min), Some(max)) => format!("{min} to {max}"),
            (Some(min), None) => format!("at least {min}"),
            (_, max) => format!("at most {}", max.unwrap_or_default()),
        };
        self.out_of_range(node, shape, format!("{label} is {number}: allowed is {allowed}"));
    }

    fn count(&mut self, node: &Node, count: usize, shape: &Shape, label: Label<'_>) {
        if let Some(min) = shape.min_items.filter(|min| count < *min) {
            self.out_of_range(node, shape, format!("{label} needs at least {min} item(s)"));
        }
        if let Some(max) = shape.max_items.filter(|max| count > *max) {
            self.out_of_range(node, shape, format!("{label} has {count} items: at most {max} are documented"));
        }
    }

    fn out_of_range(&mut self, node: &Node, shape: &Shape, message: String) {
        let make = if shape.advice { Diagnostic::warning } else { Diagnostic::error };
        self.report(make(Code::OutOfRange, node.span, message));
    }

    pub(super) fn wrong_type(&mut self, node: &Node, label: Label<'_>, expected: &str) {
        if node.text().is_some_and(|text| text.contains("${{")) {
            let message = format!("{label} must be {expected} and takes no template");
            self.report(Diagnostic::error(Code::TemplateOutOfPlace, node.span, message));
            return;
        }
        let written = self.source.get(node.span.start..node.span.end).unwrap_or("");
        let scalar = matches!(node.kind, Kind::Bool(_) | Kind::Integer(_) | Kind::Decimal(_)) && written.len() < 60;
        let help = (scalar && expected == A_TEXT).then(|| format!("put it in quotes: \"{written}\""));
        let message = format!("{label} must be {expected}, found {}", node.description());
        self.report(Diagnostic::error(Code::WrongType, node.span, message).with_help(help));
    }
}

const A_TEXT: &str = "a text";

fn expected(shape: &Shape) -> &'static str {
    match (shape.kind, shape.or_text) {
        (ShapeKind::Any, _) => "anything",
        (ShapeKind::String | ShapeKind::Enum, _) => A_TEXT,
        (ShapeKind::Integer, _) => "an integer",
        (ShapeKind::Number, _) => "a number",
        (ShapeKind::Boolean, _) => "a boolean",
        (ShapeKind::Array, false) => "a list",
        (ShapeKind::Array, true) => "a list or a text",
        (ShapeKind::Object, false) => "a map",
        (ShapeKind::Object, true) => "a map or a text",
    }
}

/// Whether a text is exactly one template. One with a fault counts: the fault is reported elsewhere.
fn is_one_template(text: &str) -> bool {
    let text = text.trim();
    text.starts_with("${{") && Template::parse(text).map_or(true, |template| template.sole_expression().is_some())
}

/// Whether a text is another type, only in quotes.
fn reads_as(text: &str, kind: ShapeKind) -> bool {
    let text = text.trim();
    match kind {
        ShapeKind::Integer => text.parse::<i64>().is_ok(),
        ShapeKind::Number => text.parse::<f64>().is_ok_and(f64::is_finite),
        ShapeKind::Boolean => text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false"),
        ShapeKind::Array => text.starts_with('['),
        ShapeKind::Object => text.starts_with('{'),
        ShapeKind::Any | ShapeKind::String | ShapeKind::Enum => true,
    }
}

/// Which of several models a map is: the one its `type` names, or the one that knows its first key, or the first.
fn chosen_model<'a>(node: &Node, models: &'a [String]) -> Option<&'a str> {
    if let Some(kind) = node.get_text("type")
        && let Some(model) = models.iter().find(|model| *model == kind)
    {
        return Some(model);
    }
    let knows = |model: &&String, key: &str| {
        catalogue::core().models.get(*model).is_some_and(|model| model.fields.iter().any(|field| field.name == key))
    };
    let first_key = node.entries().first().map(|entry| entry.key.as_str());
    let by_key = first_key.filter(|key| *key != "type").and_then(|key| models.iter().find(|model| knows(model, key)));
    by_key.or(models.first()).map(String::as_str)
}

/// Which of several shapes a map is: the one whose enum `type` has its word, or the first.
fn chosen_shape<'a>(node: &Node, shapes: &'a [Shape]) -> Option<&'a Shape> {
    let word = node.get_text("type").unwrap_or_default();
    let named = |shape: &&Shape| {
        let kind = shape.fields.iter().find(|field| field.name == "type");
        kind.is_some_and(|field| field.shape.allowed().iter().any(|allowed| allowed == word))
    };
    shapes.iter().find(named).or(shapes.first())
}
