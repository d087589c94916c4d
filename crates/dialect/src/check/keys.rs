//! Texts whose key gives them a form, wherever they stand, as the official validator has it: `cron`, and the thresholds of tests.

use super::Checker;
use crate::{
    Code, Diagnostic,
    catalogue::{self, KeyPattern},
    cron::Cron,
    yaml::{Kind, Node},
};

impl Checker<'_> {
    /// Every text under a key that asks for a form.
    pub(super) fn keys(&mut self, root: &Node) {
        self.keys_below(root, &catalogue::core().key_patterns);
    }

    fn keys_below(&mut self, node: &Node, patterns: &[KeyPattern]) {
        match &node.kind {
            Kind::List(items) => items.iter().for_each(|item| self.keys_below(item, patterns)),
            Kind::Map(entries) => {
                for entry in entries {
                    let Some(text) = entry.value.text() else {
                        self.keys_below(&entry.value, patterns);
                        continue;
                    };
                    if entry.key == "cron" {
                        self.cron(&entry.value, text);
                    } else if let Some(pattern) = patterns.iter().find(|pattern| entry.key.ends_with(&pattern.suffix)) {
                        self.threshold(&entry.key, &entry.value, text, pattern);
                    }
                }
            }
            _ => {}
        }
    }

    fn cron(&mut self, node: &Node, text: &str) {
        match Cron::parse(text) {
            Ok(cron) => self.fires(node, &cron),
            Err(error) => {
                let span = self.span_in(node, error.span);
                self.report(Diagnostic::error(Code::Cron, span, error.message).with_help(error.help));
            }
        }
    }

    pub(super) fn fires(&mut self, node: &Node, cron: &Cron) {
        if !cron.can_fire() {
            let message = format!("`{cron}` never fires: no date matches");
            self.report(Diagnostic::warning(Code::NeverFires, node.span, message));
        }
    }

    fn threshold(&mut self, key: &str, node: &Node, text: &str, KeyPattern { pattern, .. }: &KeyPattern) {
        if !pattern.fits(text) {
            let fault = Diagnostic::error(Code::Threshold, node.span, format!("`{key}` cannot be read as a threshold"));
            self.report(fault.with_help(format!("it takes {}", pattern.constraint)));
        }
    }
}
