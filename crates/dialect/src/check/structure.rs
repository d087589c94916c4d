//! Keys, types, words and limits: every node against the model that the catalogue gives for its place.

use super::Checker;
use crate::{
    Code, Diagnostic,
    catalogue::{self, Model, Shape, ShapeKind},
    expression::Template,
    suggest::did_you_mean,
    yaml::{Entry, Kind, Node},
};

impl Checker<'_> {
    /// The whole document.
    pub(super) fn structure(&mut self, root: &Node) {
        self.named_model(root, "pipeline", "the pipeline");
        let Some(entries) = root.entry("pipeline").map(|entry| &entry.value) else { return };
        for entry in entries.entries() {
            if entry.value.entry("tasks").is_some() {
                self.group(entry);
            } else {
                self.task(entry);
            }
        }
    }

    fn group(&mut self, entry: &Entry) {
        self.named_model(&entry.value, "task_group", &format!("task group `{}`", entry.key));
        let Some(tasks) = entry.value.entry("tasks").map(|tasks| &tasks.value) else { return };
        for task in tasks.entries() {
            if let Some(nested) = task.value.entry("tasks") {
                let message = format!("`{}` is a task group inside the task group `{}`", task.key, entry.key);
                let fault = Diagnostic::error(Code::NestedGroup, nested.key_span, message);
                self.report(fault.with_help("groups cannot be nested: move it to the top level".to_owned()));
            } else {
                self.task(task);
            }
        }
    }

    fn task(&mut self, entry: &Entry) {
        let label = format!("task `{}`", entry.key);
        self.named_model(&entry.value, "task", &label);
        let Some(job_name) = entry.value.get_text("integration_job") else { return };
        let Some(job) = catalogue::jobs().get(job_name) else { return };
        if let Some(integration) = entry.value.get("integration")
            && integration.text().is_some_and(|text| text != job.integration)
        {
            let message = format!("the job `{job_name}` belongs to the integration `{}`", job.integration);
            self.report(Diagnostic::error(Code::WrongIntegration, integration.span, message));
        }
        if let Some(parameters) = entry.value.get("parameters") {
            self.model(parameters, &job.parameters, &format!("the parameters of {label}"));
        }
    }

    fn named_model(&mut self, node: &Node, name: &str, label: &str) {
        if let Some(model) = catalogue::core().models.get(name) {
            self.model(node, model, label);
        }
    }

    /// A map against a model.
    fn model(&mut self, node: &Node, model: &Model, label: &str) {
        let Kind::Map(entries) = &node.kind else {
            self.wrong_type(node, label, "a map");
            return;
        };
        for entry in entries {
            match model.fields.iter().find(|field| field.name == entry.key) {
                Some(field) => self.shape(&entry.value, &field.shape, &format!("`{}`", field.name)),
                None if model.additional_fields => {}
                None => {
                    let known = model.fields.iter().map(|field| field.name.as_str());
                    let message = format!("unknown key `{}` in {label}", entry.key);
                    let fault = Diagnostic::error(Code::UnknownKey, entry.key_span, message);
                    self.report(fault.with_help(did_you_mean(&entry.key, known)));
                }
            }
        }
        for field in model.fields.iter().filter(|field| field.required) {
            if !entries.iter().any(|entry| entry.key == field.name) {
                let at = crate::Span { end: node.span.start, ..node.span };
                self.report(Diagnostic::error(
                    Code::MissingKey,
                    at,
                    format!("the key `{}` is missing in {label}", field.name),
                ));
            }
        }
    }

    /// A value against a shape.
    fn shape(&mut self, node: &Node, shape: &Shape, label: &str) {
        if node.kind == Kind::Null && shape.nullable {
            return;
        }
        if shape.templated && shape.kind != ShapeKind::String && is_template(node) {
            return;
        }
        match (shape.kind, &node.kind) {
            (ShapeKind::Any | ShapeKind::Entries, _)
                if shape.kind == ShapeKind::Any || matches!(node.kind, Kind::Map(_)) => {}
            (ShapeKind::String, Kind::Text(text)) => self.text(node, text, shape, label),
            (ShapeKind::Integer | ShapeKind::Number | ShapeKind::IntegerOrString, Kind::Integer(number)) => {
                self.range(node, *number, shape, label);
            }
            (ShapeKind::Number, Kind::Decimal(_)) | (ShapeKind::Boolean, Kind::Bool(_)) => {}
            (ShapeKind::IntegerOrString, Kind::Text(_)) => {}
            (ShapeKind::Enum, Kind::Text(text)) => self.word(node, text, shape, label),
            (ShapeKind::Array | ShapeKind::StringOrList | ShapeKind::ListOrTemplate, Kind::List(items)) => {
                self.count(node, items.len(), shape, label);
                if let Some(item) = &shape.items {
                    items.iter().for_each(|node| self.shape(node, item, &format!("an item of {label}")));
                }
            }
            (ShapeKind::StringOrList | ShapeKind::ObjectOrString, Kind::Text(_)) => {}
            (ShapeKind::ListOrTemplate, Kind::Text(_)) if is_template(node) => {}
            (ShapeKind::Object | ShapeKind::ObjectOrString, Kind::Map(entries)) => {
                self.object(node, entries, shape, label)
            }
            _ => self.wrong_type(node, label, expected(shape.kind)),
        }
    }

    fn object(&mut self, node: &Node, entries: &[Entry], shape: &Shape, label: &str) {
        self.count(node, entries.len(), shape, label);
        if let Some(name) = chosen_model(node, &shape.models) {
            self.named_model(node, name, label);
        }
        if let Some(values) = &shape.values {
            for entry in entries {
                self.shape(&entry.value, values, &format!("`{}` in {label}", entry.key));
            }
        }
    }

    fn text(&mut self, node: &Node, text: &str, shape: &Shape, label: &str) {
        let length = text.chars().count();
        if let Some(max) = shape.max_length.filter(|max| length > *max) {
            let message = format!("{label} has {length} characters: at most {max} are allowed");
            self.report(Diagnostic::error(Code::OutOfRange, node.span, message));
        }
        let whole_template = shape.templated && is_template(node);
        if let Some(form) = shape.check.filter(|form| !whole_template && !super::forms::fits(*form, text)) {
            let message = format!("{label} does not have the form that it needs");
            let help = shape.constraint.clone().or_else(|| super::forms::description(form));
            self.report(Diagnostic::error(Code::BadFormat, node.span, message).with_help(help));
        }
    }

    fn word(&mut self, node: &Node, text: &str, shape: &Shape, label: &str) {
        let allowed = shape.allowed();
        if allowed.iter().any(|word| word == text) {
            return;
        }
        if text.contains("${{") {
            let message = format!("{label} takes no template");
            self.report(Diagnostic::error(Code::TemplateOutOfPlace, node.span, message));
            return;
        }
        let help = did_you_mean(text, allowed.iter().map(String::as_str));
        let help = help.or_else(|| (allowed.len() <= 20).then(|| format!("it takes {}", allowed.join(", "))));
        let message = format!("`{}` is no value of {label}", text.chars().take(60).collect::<String>());
        self.report(Diagnostic::error(Code::NotInEnum, node.span, message).with_help(help));
    }

    fn range(&mut self, node: &Node, number: i64, shape: &Shape, label: &str) {
        let below = shape.min.is_some_and(|min| number < min);
        let above = shape.max.is_some_and(|max| number > max);
        if !below && !above {
            return;
        }
        let allowed = match (shape.min, shape.max) {
            (Some(min), Some(max)) => format!("{min} to {max}"),
            (Some(min), None) => format!("at least {min}"),
            (_, max) => format!("at most {}", max.unwrap_or_default()),
        };
        let message = format!("{label} is {number}: allowed is {allowed}");
        self.out_of_range(node, shape, message);
    }

    fn count(&mut self, node: &Node, count: usize, shape: &Shape, label: &str) {
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

    fn wrong_type(&mut self, node: &Node, label: &str, expected: &str) {
        let message = format!("{label} must be {expected}, found {}", node.description());
        let fault = if node.text().is_some_and(|text| text.contains("${{")) {
            Diagnostic::error(
                Code::TemplateOutOfPlace,
                node.span,
                format!("{label} must be {expected} and takes no template"),
            )
        } else {
            Diagnostic::error(Code::WrongType, node.span, message)
        };
        let written = self.source.get(node.span.start..node.span.end).unwrap_or("");
        let scalar = matches!(node.kind, Kind::Bool(_) | Kind::Integer(_) | Kind::Decimal(_)) && written.len() < 60;
        let help = (scalar && expected == expected_text()).then(|| format!("put it in quotes: \"{written}\""));
        self.report(fault.with_help(help));
    }
}

fn expected_text() -> &'static str {
    expected(ShapeKind::String)
}

fn expected(kind: ShapeKind) -> &'static str {
    match kind {
        ShapeKind::Any => "anything",
        ShapeKind::String | ShapeKind::Enum => "a text",
        ShapeKind::Integer => "an integer",
        ShapeKind::Number => "a number",
        ShapeKind::Boolean => "a boolean",
        ShapeKind::Array => "a list",
        ShapeKind::Object | ShapeKind::Entries => "a map",
        ShapeKind::StringOrList => "a list or a text",
        ShapeKind::ListOrTemplate => "a list or one template that yields a list",
        ShapeKind::ObjectOrString => "a map or a text",
        ShapeKind::IntegerOrString => "an integer or a template",
    }
}

/// Whether the node is exactly one template. One with a fault counts: the fault is reported elsewhere.
fn is_template(node: &Node) -> bool {
    let Some(text) = node.text().map(str::trim).filter(|text| text.starts_with("${{")) else { return false };
    Template::parse(text).map_or(true, |template| template.sole_expression().is_some())
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
