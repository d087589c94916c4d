//! `meta.downbeat.triggers`: events that start a run. What could never start one, or would fail with every event, is refused:
//! nobody else looks at these, so there is nobody to agree with.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use super::{Checker, additions, inputs::Declared, triggers::given};
use crate::{
    Code, Diagnostic, EventPart, EventTrigger,
    expression::{Expression, ExpressionErrorKind},
    limits::WITHIN_MS,
    yaml::{Entry, Node},
};

/// The triggers; the checks have passed.
pub(super) fn of(ours: &Node) -> Option<Vec<EventTrigger>> {
    let triggers = ours.get("triggers").map_or(&[][..], Node::items);
    let build = |(at, node): (usize, &Node)| {
        let parts = match node.get("all_of") {
            Some(parts) => parts.items().iter().map(part).collect::<Option<_>>()?,
            None => vec![part(node)?],
        };
        let within_ms = match node.get("within") {
            Some(within) => Some(additions::milliseconds(within)?),
            None => None,
        };
        Some(EventTrigger { name: name(at, node), parts, within_ms, span: node.span })
    };
    // Asset triggers are read beside these.
    triggers.iter().enumerate().filter(|(_, node)| node.get("asset").is_none()).map(build).collect()
}

fn part(node: &Node) -> Option<EventPart> {
    Some(EventPart {
        subject: node.get_text("nats")?.to_owned(),
        when: node.get_text("when").map(str::to_owned),
        run_inputs: inputs_of(node)?,
    })
}

/// Expressions by input.
pub(super) fn inputs_of(node: &Node) -> Option<IndexMap<String, String>> {
    let inputs = node.get("run_inputs").map_or(&[][..], Node::entries).iter();
    inputs.map(|entry| Some((entry.key.clone(), entry.value.text()?.to_owned()))).collect()
}

pub(super) fn name(at: usize, node: &Node) -> String {
    node.get_text("name").map_or_else(|| format!("trigger-{}", at + 1), str::to_owned)
}

impl Checker<'_> {
    pub(super) fn event_triggers(&mut self, root: &Node, declared: &Declared<'_>) {
        let triggers = additions::ours(root).and_then(|ours| ours.get("triggers")).map_or(&[][..], Node::items);
        let mut names = BTreeSet::new();
        for (at, trigger) in triggers.iter().enumerate() {
            let name = name(at, trigger);
            if names.contains(&name) {
                let span = trigger.get("name").map_or(trigger.span, |name| name.span);
                let message = format!("a second trigger with the name `{name}`");
                self.report(Diagnostic::error(Code::RepeatedName, span, message));
            }
            names.insert(name);
            self.event_trigger(trigger, declared);
        }
    }

    fn event_trigger(&mut self, trigger: &Node, declared: &Declared<'_>) {
        if let Some(asset) = trigger.entry("asset") {
            return self.asset_trigger(trigger, asset, declared);
        }
        if let Some(debounce) = trigger.entry("debounce") {
            self.form_of(debounce, "`debounce` has no assets to wait for", "it belongs to `asset`");
        }
        match (trigger.entry("nats"), trigger.entry("all_of")) {
            (None, None) => self.form(trigger, "this trigger does not say what starts a run", NEITHER),
            (Some(_), Some(all_of)) => self.form_of(all_of, "`all_of` stands beside `nats`", BOTH),
            (Some(_), None) => {
                if let Some(within) = trigger.entry("within") {
                    self.form_of(within, "`within` has nothing to wait for", "it belongs to `all_of`");
                }
                self.event_part(trigger, declared);
                self.required_inputs(trigger, trigger.span, &given(trigger), declared, "trigger");
            }
            (None, Some(all_of)) => self.all_of(trigger, all_of, declared),
        }
    }

    fn all_of(&mut self, trigger: &Node, all_of: &Entry, declared: &Declared<'_>) {
        for key in ["when", "run_inputs"] {
            if let Some(entry) = trigger.entry(key) {
                let message = format!("`{key}` beside `all_of` would not know which of the events is meant");
                self.form_of(entry, &message, "put it into the item of `all_of` whose event it reads");
            }
        }
        match trigger.entry("within") {
            None => {
                let help = "say how long an event waits for the others: `within: PT1H`";
                self.form_of(all_of, "`all_of` needs `within`", help);
            }
            Some(within) => {
                let milliseconds = additions::milliseconds(&within.value);
                if milliseconds.is_some_and(|given| given == 0 || given > WITHIN_MS) {
                    let message = "`within` is more than nothing and at most 31 days";
                    self.report(Diagnostic::error(Code::OutOfRange, within.value.span, message));
                }
            }
        }
        let mut all = BTreeSet::new();
        for part in all_of.value.items() {
            self.event_part(part, declared);
            for entry in part.get("run_inputs").map_or(&[][..], Node::entries) {
                if !all.insert(entry.key.to_lowercase()) {
                    let message = format!("the input `{}` is given by two events", entry.key);
                    self.form_of(entry, &message, "one of them can give it");
                }
            }
        }
        self.required_inputs(trigger, trigger.span, &all, declared, "trigger");
    }

    pub(super) fn event_part(&mut self, part: &Node, declared: &Declared<'_>) {
        if let Some(when) = part.get("when") {
            self.over_event(when);
        }
        for entry in part.get("run_inputs").map_or(&[][..], Node::entries) {
            self.over_event(&entry.value);
            if !declared.names.values().any(|name| *name == entry.key) {
                let message = format!("the input `{}` is not declared", entry.key);
                let help = self.suggest(&entry.key, declared.names.values().copied());
                let help = help.unwrap_or_else(|| format!("declare `{}` under `inputs`", entry.key));
                self.report(Diagnostic::error(Code::UndeclaredRunInput, entry.key_span, message).with_help(help));
            }
        }
    }

    fn over_event(&mut self, node: &Node) {
        let Some(text) = node.text() else { return };
        if !self.afford(node, text.len()) {
            return;
        }
        if let Err(error) = Expression::parse_over_event(text) {
            let code = match error.kind {
                ExpressionErrorKind::Syntax => Code::ExpressionSyntax,
                ExpressionErrorKind::UnknownName => Code::UnknownName,
            };
            let span = self.span_in(node, error.span);
            self.report(Diagnostic::error(code, span, error.message).with_help(error.help));
        }
    }

    fn form(&mut self, trigger: &Node, message: &str, help: &str) {
        self.report(Diagnostic::error(Code::TriggerForm, trigger.span, message).with_help(help.to_owned()));
    }

    pub(super) fn form_of(&mut self, entry: &Entry, message: &str, help: &str) {
        self.report(Diagnostic::error(Code::TriggerForm, entry.key_span, message).with_help(help.to_owned()));
    }
}

const NEITHER: &str = "give it `nats: SUBJECT`, `asset: KEY`, or `all_of` with several";
const BOTH: &str = "take one of them; a run that starts on either event has two triggers";
