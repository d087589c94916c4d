//! Labels of a pipeline (`labels` under `meta.downbeat`): by what grants reach it.
//!
//! Promises: each fault stands at the label that has it. Knows nothing about grants, or who has them.

use std::collections::BTreeSet;

use super::{Checker, additions};
use crate::{Code, Diagnostic, yaml::Node};

/// The labels; the checks have passed.
pub(super) fn labels_of(ours: &Node) -> Option<Vec<String>> {
    ours.get("labels").map_or(&[][..], Node::items).iter().map(|label| label.text().map(str::to_owned)).collect()
}

impl Checker<'_> {
    /// That each is one, and how many there may be, the catalogue says.
    pub(super) fn access_labels(&mut self, root: &Node) {
        let Some(labels) = additions::ours(root).and_then(|ours| ours.get("labels")) else { return };
        let mut seen = BTreeSet::new();
        for label in labels.items() {
            let Some(text) = label.text() else { continue };
            if !seen.insert(text) {
                let message = format!("the label `{}` stands twice", text.chars().take(63).collect::<String>());
                self.report(Diagnostic::error(Code::RepeatedName, label.span, message));
            }
        }
    }
}
