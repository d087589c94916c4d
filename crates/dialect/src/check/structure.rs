//! Which model stands at which place of the document: keys that are known, missing or ours.

use super::{Checker, label::Label};
use crate::{
    Code, Diagnostic,
    catalogue::{self, Field, Model},
    yaml::{Entry, Kind, Node},
};

/// The version of the additions under `meta.downbeat` that this crate reads.
const ADDITIONS_VERSION: i64 = 1;

/// What a map may hold.
#[derive(Clone, Copy)]
pub(super) struct Keys<'a> {
    pub(super) fields: &'a [Field],
    /// Further keys are taken.
    pub(super) open: bool,
}

impl<'a> Keys<'a> {
    fn of(model: &'a Model) -> Self {
        Self { fields: &model.fields, open: model.additional_fields }
    }
}

impl Checker<'_> {
    /// The whole document.
    pub(super) fn structure(&mut self, root: &Node) {
        self.named_model(root, "pipeline", Label::Plain("the pipeline"));
        self.additions(root, &catalogue::additions().pipeline);
        for sensor in root.get("sensors").map_or(&[][..], Node::entries) {
            for check in sensor.value.get("checks").map_or(&[][..], Node::entries) {
                self.sensor_check(check);
            }
        }
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
        self.named_model(&entry.value, "task_group", Label::Group(&entry.key));
        self.additions(&entry.value, &catalogue::additions().task_group);
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
        self.named_model(&entry.value, "task", Label::Task(&entry.key));
        self.additions(&entry.value, &catalogue::additions().task);
        let Some(job) = entry.value.get("integration_job") else { return };
        let Some(job_name) = job.text() else { return };
        let Some((integration, known)) = catalogue::job(job_name) else {
            self.unlisted_job(job, job_name);
            return;
        };
        if let Some(written) = entry.value.get("integration")
            && written.text().is_some_and(|text| text != integration.name)
        {
            let message = format!("the job `{job_name}` belongs to the integration `{}`", integration.name);
            self.report(Diagnostic::error(Code::WrongIntegration, written.span, message));
        }
        if let Some(parameters) = entry.value.get("parameters") {
            let keys = Keys { fields: &known.parameters, open: false };
            self.model(parameters, keys, Label::ParametersOfTask(&entry.key));
        }
    }

    /// Any job name is taken, but one that is nearly a listed one is a slip.
    fn unlisted_job(&mut self, node: &Node, name: &str) {
        let listed = catalogue::integrations().iter().flat_map(|integration| &integration.jobs);
        if let Some(help) = self.suggest(name, listed.map(|job| job.name.as_str())) {
            let message = format!("`{name}` is no listed job, so its parameters are not checked");
            self.report(Diagnostic::warning(Code::UnlistedJob, node.span, message).with_help(help));
        }
    }

    /// The parameters of a check are open: what is known of them is advice.
    fn sensor_check(&mut self, check: &Entry) {
        let Some(kind) = check.value.get("sensor_type") else { return };
        let Some((integration, sensor)) = kind.text().and_then(catalogue::sensor_type) else { return };
        if let Some(written) = check.value.get("integration")
            && let Some(name) = written.text().filter(|name| *name != integration.name)
        {
            let message = format!("`{}` looks into {}, not into `{name}`", sensor.name, integration.display_name);
            let advice = Diagnostic::warning(Code::SensorPair, written.span, message);
            self.report(advice.with_help(format!("write `integration: {}`", integration.name)));
        }
        let Some(parameters) = check.value.get("parameters") else { return };
        let label = Label::ParametersOfCheck(&check.key);
        self.as_advice(|checker| checker.model(parameters, Keys { fields: &sensor.parameters, open: true }, label));
    }

    /// Ours, under `meta.downbeat`.
    fn additions(&mut self, owner: &Node, model: &Model) {
        let Some(ours) = owner.get("meta").and_then(|meta| meta.entry("downbeat")) else { return };
        if let Some(version) = ours.value.get("version")
            && let Kind::Integer(number) = version.kind
            && number != ADDITIONS_VERSION
        {
            let message = format!("`meta.downbeat` has the version {number}; this Downbeat reads {ADDITIONS_VERSION}");
            let fault = Diagnostic::error(Code::NewerAdditions, version.span, message);
            self.report(fault.with_help("use a newer Downbeat, or leave `version` out".to_owned()));
            return;
        }
        self.model(&ours.value, Keys::of(model), Label::Key("meta.downbeat"));
    }

    pub(super) fn named_model(&mut self, node: &Node, name: &str, label: Label<'_>) {
        if let Some(model) = catalogue::core().models.get(name) {
            self.model(node, Keys::of(model), label);
        }
    }

    /// A map against its known keys.
    pub(super) fn model(&mut self, node: &Node, keys: Keys<'_>, label: Label<'_>) {
        let Kind::Map(entries) = &node.kind else {
            self.wrong_type(node, label, "a map");
            return;
        };
        for entry in entries {
            match keys.fields.iter().find(|field| field.name == entry.key) {
                Some(field) => self.shape(&entry.value, &field.shape, Label::Key(&field.name)),
                None if keys.open => {}
                None => {
                    let known = keys.fields.iter().map(|field| field.name.as_str());
                    let message = format!("unknown key `{}` in {label}", entry.key);
                    let fault = Diagnostic::error(Code::UnknownKey, entry.key_span, message);
                    let help = self.suggest(&entry.key, known).or_else(|| takes(keys.fields));
                    self.report(fault.with_help(help));
                }
            }
        }
        for field in keys.fields.iter().filter(|field| field.required) {
            if !entries.iter().any(|entry| entry.key == field.name) {
                let at = crate::Span { end: node.span.start, ..node.span };
                let message = format!("the key `{}` is missing in {label}", field.name);
                self.report(Diagnostic::error(Code::MissingKey, at, message));
            }
        }
    }

    /// Runs checks whose faults are no reason to refuse the document.
    pub(super) fn as_advice(&mut self, check: impl FnOnce(&mut Self)) {
        let first = self.diagnostics.len();
        check(self);
        for diagnostic in self.diagnostics.iter_mut().skip(first) {
            diagnostic.severity = crate::Severity::Warning;
        }
    }
}

/// The known keys, where they are few enough to read.
fn takes(fields: &[Field]) -> Option<String> {
    let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    match names.as_slice() {
        [] => Some("it takes no keys".to_owned()),
        names if names.len() <= 16 => Some(format!("it takes {}", names.join(", "))),
        _ => None,
    }
}
