//! Advice that no other rule gives: constructs that are taken but seldom meant.

use std::collections::BTreeSet;

use super::{Checker, is_open, outline::Outline};
use crate::{
    Code, Diagnostic,
    yaml::{Kind, Node},
};

impl Checker<'_> {
    pub(super) fn advice(&mut self, root: &Node, outline: &Outline<'_>) {
        self.alerts(root);
        for sensor in root.get("sensors").map_or(&[][..], Node::entries) {
            self.alerts(&sensor.value);
        }
        for task in outline.tasks() {
            self.alerts(task.node);
        }
        for group in outline.groups() {
            if let Some(inputs) = group.node.get("matrix").and_then(|matrix| matrix.entry("inputs")) {
                self.matrix(&inputs.value);
            }
        }
    }

    /// Names of alerts are unique in their list.
    fn alerts(&mut self, owner: &Node) {
        let mut seen = BTreeSet::new();
        for name in owner.get("alerts").map_or(&[][..], Node::items).iter().filter_map(|alert| alert.get("name")) {
            if let Some(text) = name.text().filter(|text| !seen.insert(*text)) {
                let message = format!("a second alert with the name `{text}`");
                self.report(Diagnostic::warning(Code::RepeatedName, name.span, message));
            }
        }
    }

    fn matrix(&mut self, inputs: &Node) {
        let entries = inputs.entries();
        if entries.is_empty() && matches!(inputs.kind, Kind::Map(_)) {
            let message = "a matrix without an input repeats nothing";
            self.report(Diagnostic::warning(Code::UnusualMatrix, inputs.span, message));
        }
        if let Some(second) = entries.get(1) {
            let message = "a matrix of several inputs is documented for no other system";
            let advice = Diagnostic::warning(Code::UnusualMatrix, second.key_span, message);
            self.report(advice.with_help("use one input with a list of maps, and `matrix.name.field`".to_owned()));
        }
        for entry in entries {
            match &entry.value.kind {
                Kind::Text(text) if !is_open(text) => {
                    let message = format!("`{}` is a plain text, and a matrix needs a list", entry.key);
                    self.report(Diagnostic::warning(Code::UnusualMatrix, entry.value.span, message));
                }
                Kind::List(items) if items.is_empty() => {
                    let message = format!("`{}` has no values, so the group never runs", entry.key);
                    self.report(Diagnostic::warning(Code::UnusualMatrix, entry.value.span, message));
                }
                _ => {}
            }
        }
    }
}
