//! Every template and condition of the document: can it be read, and do its names exist where it stands?

use std::{collections::BTreeMap, ops::Range};

use super::{
    Checker, condition,
    outline::{Outline, OutlineEntry},
    upstream::{Read, Reader},
};
use crate::{
    Code, Diagnostic,
    expression::{
        Expression, ExpressionError, ExpressionErrorKind, MATRIX_INDEX, Namespace, Reference, Scope, Template,
    },
    limits::EXPRESSION_BYTES_PER_DOCUMENT,
    yaml::{Kind, Node},
};

/// Statuses of a task, and the word that the console of the reference writes for any finished one.
const STATUSES: [&str; 10] = [
    "CREATED",
    "QUEUED",
    "RUNNING",
    "SUCCEEDED",
    "WARNING",
    "FAILED",
    "SKIPPED",
    "CANCELLING",
    "CANCELLED",
    "COMPLETED",
];

/// What an expression may name at its place.
#[derive(Clone, Copy)]
struct Place<'a> {
    /// Why tasks cannot be named here, if they cannot.
    tasks: Result<(), &'static str>,
    matrix: Option<&'a [&'a str]>,
    outputs: Outputs,
    /// Which node of the graph reads, if one does.
    reader: Option<Reader>,
}

#[derive(Clone, Copy, PartialEq)]
enum Outputs {
    None,
    Any,
    /// Of a finished run: one per task, with its id in brackets.
    OfTasks,
    /// Of a webhook: the posted body.
    Payload,
}

/// Everything that is declared, by lower-case name, with its spelling.
struct Declared<'a> {
    tasks: BTreeMap<String, &'a str>,
    groups: BTreeMap<String, &'a str>,
    inputs: BTreeMap<String, &'a str>,
}

impl<'t> Checker<'t> {
    pub(super) fn expressions(&mut self, root: &'t Node, outline: &Outline<'t>) {
        let folded = |entry: &OutlineEntry<'t>| entry.id.to_lowercase();
        let declared = Declared {
            tasks: outline.tasks().map(|entry| (folded(entry), entry.id)).collect(),
            groups: outline.groups().map(|entry| (folded(entry), entry.id)).collect(),
            inputs: root
                .get("inputs")
                .map_or(&[][..], Node::entries)
                .iter()
                .map(|entry| (entry.key.to_lowercase(), &*entry.key))
                .collect(),
        };
        let plain = Place { tasks: Ok(()), matrix: None, outputs: Outputs::None, reader: None };
        for entry in root.entries() {
            match entry.key.as_str() {
                "pipeline" => {}
                "sensors" => self.sensors(&entry.value, &declared),
                "trigger_events" => {
                    let place = Place { tasks: Err("in trigger events"), ..plain };
                    self.trigger_inputs(&entry.value, place, Outputs::OfTasks, &declared);
                }
                "webhook" => {
                    let place = Place { tasks: Err("in the webhook"), ..plain };
                    self.trigger_inputs(&entry.value, place, Outputs::Payload, &declared);
                }
                _ => self.walk(&entry.value, plain, &declared),
            }
        }
        for (top, entry) in outline.entries.iter().enumerate() {
            self.graph_node(entry, Place { reader: Some(Reader { top, inner: None }), ..plain }, &declared);
            let Some(tasks) = &entry.tasks else { continue };
            let names = entry.node.get("matrix").and_then(|matrix| matrix.get("inputs"));
            let names: Option<Vec<&str>> =
                names.map(|inputs| inputs.entries().iter().map(|entry| entry.key.as_str()).collect());
            for (inner, task) in tasks.entries.iter().enumerate() {
                let reader = Some(Reader { top, inner: Some(inner) });
                self.graph_node(task, Place { matrix: names.as_deref(), reader, ..plain }, &declared);
            }
        }
    }

    /// A task or group: its condition and every other text but those of its tasks.
    fn graph_node(&mut self, entry: &OutlineEntry<'t>, place: Place<'_>, declared: &Declared<'_>) {
        for field in entry.node.entries() {
            match field.key.as_str() {
                "condition" => self.condition(&field.value, condition::parse, place, declared),
                "tasks" if entry.tasks.is_some() => {}
                _ => self.walk(&field.value, place, declared),
            }
        }
    }

    fn sensors(&mut self, sensors: &'t Node, declared: &Declared<'_>) {
        let place = Place { tasks: Err("in sensors"), matrix: None, outputs: Outputs::None, reader: None };
        for sensor in sensors.entries() {
            for field in sensor.value.entries() {
                match field.key.as_str() {
                    "condition" => self.condition(&field.value, condition::parse_of_sensor, place, declared),
                    "checks" => {
                        for check in field.value.entries().iter().flat_map(|check| check.value.entries()) {
                            let outputs = if check.key == "map_outputs" { Outputs::Any } else { Outputs::None };
                            self.walk(&check.value, Place { outputs, ..place }, declared);
                        }
                    }
                    _ => self.walk(&field.value, place, declared),
                }
            }
        }
    }

    /// Triggers: their `run_inputs` see `outputs`.
    fn trigger_inputs(&mut self, node: &'t Node, place: Place<'_>, outputs: Outputs, declared: &Declared<'_>) {
        match &node.kind {
            Kind::List(items) => items.iter().for_each(|item| self.trigger_inputs(item, place, outputs, declared)),
            Kind::Map(entries) => {
                for entry in entries {
                    let outputs = if entry.key == "run_inputs" { outputs } else { Outputs::None };
                    self.walk(&entry.value, Place { outputs, ..place }, declared);
                }
            }
            _ => self.walk(node, place, declared),
        }
    }

    fn walk(&mut self, node: &'t Node, place: Place<'_>, declared: &Declared<'_>) {
        match &node.kind {
            Kind::Text(text) if text.contains("${{") => self.template(node, text, place, declared),
            Kind::List(items) => items.iter().for_each(|item| self.walk(item, place, declared)),
            Kind::Map(entries) => entries.iter().for_each(|entry| self.walk(&entry.value, place, declared)),
            _ => {}
        }
    }

    fn template(&mut self, node: &'t Node, text: &str, place: Place<'_>, declared: &Declared<'_>) {
        match Template::parse(text) {
            Ok(template) => {
                if !self.afford(node, template.expressions().map(Expression::length).sum()) {
                    return;
                }
                for (expression, checked) in template.checked_expressions() {
                    self.names(node, expression, place, declared, checked);
                }
                if let Some(error) = template.unread() {
                    let message = format!("this is plain text, not a template: {}", error.message);
                    let span = self.span_in(node, error.span.clone());
                    let advice = Diagnostic::warning(Code::UnclosedTemplate, span, message);
                    self.report(advice.with_help(error.help.clone()));
                }
                if let Some(at) = template.unclosed() {
                    let span = self.span_in(node, at..at + 3);
                    let message = "`${{` is never closed, so this is plain text";
                    let advice = Diagnostic::warning(Code::UnclosedTemplate, span, message);
                    self.report(advice.with_help("close it with `}}`; a quote inside must be closed too".to_owned()));
                }
            }
            Err(error) => self.expression_error(node, error),
        }
    }

    fn condition(&mut self, node: &'t Node, parse: ParseCondition, place: Place<'_>, declared: &Declared<'_>) {
        let Some(text) = node.text() else { return };
        match parse(text) {
            Ok(None) => {}
            Ok(Some(expression)) => {
                if self.afford(node, expression.length()) {
                    self.names(node, &expression, place, declared, true);
                }
            }
            Err(error) => self.expression_error(node, error),
        }
    }

    fn expression_error(&mut self, node: &'t Node, error: ExpressionError) {
        let code = code_of(&error);
        let span = self.span_in(node, error.span);
        self.report(Diagnostic::error(code, span, error.message).with_help(error.help));
    }

    /// Spends the bytes of an expression; false, with one fault, when the document has used up what it may.
    pub(super) fn afford(&mut self, node: &Node, bytes: usize) -> bool {
        if self.expression_bytes == 0 {
            return false;
        }
        self.expression_bytes = self.expression_bytes.saturating_sub(bytes);
        if self.expression_bytes == 0 {
            let message =
                format!("the expressions of the document are longer than {EXPRESSION_BYTES_PER_DOCUMENT} bytes");
            self.report(Diagnostic::error(Code::TooLarge, node.span, message));
        }
        self.expression_bytes > 0
    }

    /// Faults of names. The language refuses an expression only where a reading with samples comes across one; elsewhere
    /// (`False and nowhere`, or where it does not check at all) they are advice.
    fn names(
        &mut self,
        node: &'t Node,
        expression: &Expression,
        place: Place<'_>,
        declared: &Declared<'_>,
        checked: bool,
    ) {
        let refusal = expression.refusal(&PlaceScope { place, declared }).filter(|_| checked);
        let mut found: Vec<(Code, Range<usize>, String, Option<String>)> = Vec::new();
        for (reference, range) in expression.located_references() {
            match self.fault(&reference, place, declared) {
                Some((code, message, help)) => found.push((code, range, message, help)),
                None => self.reads.extend(place.reader.and_then(|reader| Read::of(reader, &reference, node, &range))),
            }
        }
        for error in expression.faults() {
            found.push((code_of(&error), error.span, error.message, error.help));
        }
        if place.outputs == Outputs::Payload {
            for (field, range) in expression.fields_of_outputs() {
                if !field.eq_ignore_ascii_case("payload") {
                    let help = Some("write `outputs.payload` for the posted body".to_owned());
                    found.push((Code::UnknownName, range, format!("`outputs` of a webhook has no `{field}`"), help));
                }
            }
        }
        let may_refuse = |code: &Code| !matches!(code, Code::UndeclaredInput | Code::ConstantFault);
        if let Some(refusal) = &refusal
            && !found.iter().any(|(code, ..)| may_refuse(code))
        {
            let code = Code::ExpressionSyntax;
            found.push((code, refusal.span.clone(), refusal.message.clone(), refusal.help.clone()));
        }
        // Nothing in it depends on a run, and still it has no value.
        let constant = found.is_empty() && expression.references().is_empty();
        if let Some(fault) = constant.then(|| expression.evaluate(&())).and_then(Result::err) {
            found.push((Code::ConstantFault, fault.span, format!("this always fails: {}", fault.message), None));
        }
        found.sort_by_key(|(_, range, ..)| range.start);
        for (code, range, message, help) in found {
            let refused = refusal.is_some() && may_refuse(&code);
            let make = if refused { Diagnostic::error } else { Diagnostic::warning };
            let span = self.span_in(node, range);
            self.report(make(code, span, message).with_help(help));
        }
        for (word, range) in expression.compared_statuses() {
            if !STATUSES.contains(&word.as_str()) {
                let message = format!("`{}` is no status of a task", shorten(&word));
                let advice = Diagnostic::warning(Code::UnknownStatus, self.span_in(node, range), message);
                let help =
                    self.suggest(&word, STATUSES).unwrap_or_else(|| format!("statuses are {}", STATUSES.join(", ")));
                self.report(advice.with_help(help));
            }
        }
    }
}

type ParseCondition = fn(&str) -> Result<Option<Expression>, ExpressionError>;

fn code_of(error: &ExpressionError) -> Code {
    match error.kind {
        ExpressionErrorKind::Syntax => Code::ExpressionSyntax,
        ExpressionErrorKind::UnknownName => Code::UnknownName,
    }
}

/// What exists at a place.
struct PlaceScope<'a> {
    place: Place<'a>,
    declared: &'a Declared<'a>,
}

impl Scope for PlaceScope<'_> {
    fn has(&self, namespace: Namespace) -> bool {
        match namespace {
            Namespace::Tasks | Namespace::TaskGroups | Namespace::OrchestraTasks | Namespace::OrchestraTaskGroups => {
                self.place.tasks.is_ok()
            }
            Namespace::Matrix => self.place.matrix.is_some(),
            Namespace::Outputs => self.place.outputs != Outputs::None,
            _ => true,
        }
    }

    fn has_task(&self, id: &str) -> bool {
        self.place.tasks.is_ok() && self.declared.tasks.contains_key(&id.to_lowercase())
    }

    fn has_task_group(&self, id: &str) -> bool {
        self.place.tasks.is_ok() && self.declared.groups.contains_key(&id.to_lowercase())
    }

    fn has_output(&self, name: &str, dotted: bool) -> bool {
        match self.place.outputs {
            Outputs::None => false,
            Outputs::Any => true,
            Outputs::OfTasks => !dotted,
            Outputs::Payload => name.eq_ignore_ascii_case("payload"),
        }
    }
}

fn shorten(word: &str) -> String {
    word.chars().take(40).collect()
}

type Fault = (Code, String, Option<String>);

impl Checker<'_> {
    /// What is wrong with a reference at its place.
    fn fault(&mut self, reference: &Reference, place: Place<'_>, declared: &Declared<'_>) -> Option<Fault> {
        match reference {
            Reference::Task { id, .. } => {
                self.graph_fault("task", "tasks", id, place, (&declared.tasks, &declared.groups))
            }
            Reference::TaskGroup(id) => {
                self.graph_fault("task group", "task_groups", id, place, (&declared.groups, &declared.tasks))
            }
            Reference::Matrix(name) => match place.matrix {
                None => {
                    let message = "`matrix` exists only in the tasks of a group that has a matrix".to_owned();
                    Some((Code::NameOutOfPlace, message, None))
                }
                Some(names) if names.iter().any(|known| known.eq_ignore_ascii_case(name)) => None,
                Some(_) if name.eq_ignore_ascii_case(MATRIX_INDEX) => None,
                Some(names) => {
                    let help = self.suggest(name, names.iter().copied().chain([MATRIX_INDEX]));
                    Some((Code::UnknownName, format!("the matrix of this group has no `{name}`"), help))
                }
            },
            Reference::Outputs if place.outputs == Outputs::None => {
                let message = "`outputs` exists only in what triggers hand to a run".to_owned();
                Some((
                    Code::NameOutOfPlace,
                    message,
                    Some("write `tasks['id'].outputs` for a task's outputs".to_owned()),
                ))
            }
            Reference::Input(name) if !declared.inputs.contains_key(&name.to_lowercase()) => {
                let help = self.suggest(name, declared.inputs.values().copied());
                let help = help.or_else(|| Some(format!("declare `{name}` under `inputs`")));
                Some((Code::UndeclaredInput, format!("the input `{name}` is not declared"), help))
            }
            _ => None,
        }
    }

    fn graph_fault(
        &mut self,
        kind: &str,
        namespace: &str,
        id: &str,
        place: Place<'_>,
        (known, others): (&BTreeMap<String, &str>, &BTreeMap<String, &str>),
    ) -> Option<Fault> {
        if let Err(whereabouts) = place.tasks {
            return Some((Code::NameOutOfPlace, format!("`{namespace}` does not exist {whereabouts}"), None));
        }
        let folded = id.to_lowercase();
        if known.contains_key(&folded) {
            return None;
        }
        let other = if namespace == "tasks" { "task_groups" } else { "tasks" };
        let help = match others.get(&folded) {
            Some(spelled) => Some(format!("write `{other}['{spelled}']`")),
            None => self.suggest(id, known.values().copied()),
        };
        Some((Code::UnknownName, format!("there is no {kind} `{id}`"), help))
    }
}
