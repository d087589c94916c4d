//! How messages repeat what an expression saw: kind and content, cut. What a secret went into is not repeated.

use serde_json::Value;

use super::{
    ast::{Kind, Namespace, Node, Root},
    text,
};
use crate::limits::SHOWN_OPERAND_CHARACTERS;

/// Bytes of a value that is still printed to be cut.
const PRINTED_BYTES: usize = 4096;

/// For messages about values and names that come from one node of the tree, or about what is written as it is.
#[derive(Clone, Copy)]
pub(super) struct Shown<'a>(Option<&'a Node>);

impl<'a> Shown<'a> {
    /// What this node is or is made of.
    pub(super) fn of(node: &'a Node) -> Self {
        Self(Some(node))
    }

    /// What stands in the text of the expression.
    pub(super) fn as_written() -> Self {
        Self(None)
    }

    /// `the text 'a'`, `the list [1, 2]`, `None`; `the text ***` where a secret may be in it.
    pub(super) fn value(self, value: &Value) -> String {
        let kind = match value {
            Value::Null => return "None".to_owned(),
            Value::Bool(_) => "the boolean",
            Value::Number(_) => "the number",
            Value::String(_) => "the text",
            Value::Array(_) => "the list",
            Value::Object(_) => "the dict",
        };
        if self.hides() {
            return format!("{kind} ***");
        }
        let size = text::size(value);
        if size > PRINTED_BYTES {
            return format!("{kind} (of {size} bytes)");
        }
        format!("{kind} {}", cut(&text::literal(value)))
    }

    /// A name that may be computed, without quotes around it.
    pub(super) fn name(self, name: &str) -> String {
        if self.hides() { "***".to_owned() } else { cut(name) }
    }

    fn hides(self) -> bool {
        self.0.is_some_and(reads_secret)
    }
}

/// Whether a part of the node reads a secret.
fn reads_secret(node: &Node) -> bool {
    matches!(node.kind, Kind::Root(Root::Secret(_) | Root::Whole(Namespace::Secrets)))
        || node.children().into_iter().any(reads_secret)
}

/// On one line, with `...` for what is left out.
fn cut(text: &str) -> String {
    let visible = |character: char| if character.is_control() { ' ' } else { character };
    let mut shown: String = text.chars().take(SHOWN_OPERAND_CHARACTERS).map(visible).collect();
    if text.chars().nth(SHOWN_OPERAND_CHARACTERS).is_some() {
        shown.push_str("...");
    }
    shown
}
