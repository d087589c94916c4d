//! Declared inputs: names, options, defaults.

use std::collections::{BTreeMap, BTreeSet};

use super::{Checker, is_open};
use crate::{
    Code, Diagnostic, Input, InputType,
    expression::Template,
    yaml::{Entry, Kind, Node},
};

impl Checker<'_> {
    pub(super) fn inputs(&mut self, root: &Node) {
        for entry in root.get("inputs").map_or(&[][..], Node::entries) {
            self.input_name(entry);
            self.input_options(entry);
        }
    }

    fn input_name(&mut self, entry: &Entry) {
        let mut characters = entry.key.chars();
        let starts = characters.next().is_some_and(|first| first == '_' || first.is_ascii_alphabetic());
        if !starts || !characters.all(|character| character == '_' || character.is_ascii_alphanumeric()) {
            let message = format!("`{}` is no name for an input", entry.key);
            let advice = Diagnostic::warning(Code::BadId, entry.key_span, message);
            self.report(advice.with_help("a letter or `_`, then letters, digits and `_`".to_owned()));
        }
    }

    fn input_options(&mut self, entry: &Entry) {
        let Some(kind) = entry.value.get_text("type").and_then(InputType::from_word) else { return };
        let options = entry.value.get("options");
        if let Some(options) = options.filter(|_| kind != InputType::String) {
            let message = format!("`options` are for inputs of type string, `{}` is a {}", entry.key, kind.word());
            self.report(Diagnostic::error(Code::InputRule, options.span, message));
            return;
        }
        let mut seen = BTreeSet::new();
        for option in options.map_or(&[][..], Node::items) {
            if let Some(text) = option.text().filter(|text| !seen.insert(*text)) {
                let message = format!("the option `{text}` of `{}` is given twice", entry.key);
                self.report(Diagnostic::error(Code::InputRule, option.span, message));
            }
        }
        let Some(default) = entry.value.get("default") else { return };
        let options: Vec<String> =
            options.map_or(&[][..], Node::items).iter().filter_map(|node| node.text().map(str::to_owned)).collect();
        // The official validator takes a text with a `}` inside its braces for plain text, and an option is plain text.
        let template = |text: &str| is_open(text) && (options.is_empty() || !has_brace_inside(text));
        if default.text().is_some_and(template) {
            return;
        }
        let in_options = default.text().is_some_and(|text| options.iter().any(|option| option == text));
        if !options.is_empty() && !in_options {
            let message = format!("the default of `{}` is none of its options", entry.key);
            let fault = Diagnostic::error(Code::InputRule, default.span, message);
            self.report(fault.with_help(format!("it takes {}", options.join(", "))));
            return;
        }
        let input = Input { kind, default: None, optional: true, options };
        // The service is not known to refuse it, but every start would fail.
        if matches!(default.kind, Kind::Bool(_)) && kind == InputType::String {
            return;
        }
        if let Err(reason) = input.coerce(default.to_value()) {
            let message = format!("the default of `{}` does not fit its type: {reason}", entry.key);
            self.report(Diagnostic::warning(Code::InputRule, default.span, message));
        }
    }
}

fn has_brace_inside(text: &str) -> bool {
    Template::parse(text).is_ok_and(|template| template.checked_expressions().all(|(_, checked)| !checked))
}

/// The declared inputs, by lower-case name, with their spelling.
pub(super) struct Declared<'a> {
    pub(super) names: BTreeMap<String, &'a str>,
    /// Those that every trigger must give.
    pub(super) required: Vec<(String, &'a str)>,
}

impl<'a> Declared<'a> {
    pub(super) fn of(root: &'a Node) -> Self {
        let inputs = root.get("inputs").map_or(&[][..], Node::entries);
        let spelled = |entry: &'a Entry| (entry.key.to_lowercase(), entry.key.as_str());
        let required = inputs.iter().filter(|entry| {
            let optional = matches!(entry.value.get("optional").map(|node| &node.kind), Some(Kind::Bool(true)));
            !optional && entry.value.get("default").is_none()
        });
        Self { names: inputs.iter().map(spelled).collect(), required: required.map(spelled).collect() }
    }
}
