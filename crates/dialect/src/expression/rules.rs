//! Faults of a tree that reads well: names, functions and attributes that do not exist, and quantifiers out of place.
//!
//! Knows what the language has, not what a pipeline declares.

use std::ops::Range;

use serde_json::Value;

use super::{
    ExpressionError, OrchestraName,
    ast::{Function, Kind, Namespace, Node, Root, Unknown},
};
use crate::suggest::did_you_mean;

/// What an expression can read of a task run.
pub(super) const TASK_ATTRIBUTES: [&str; 4] = ["status", "outputs", "run_parameters", "task_run_id"];

/// Words of other languages that people try here.
const FOREIGN: [(&str, &str); 4] = [
    ("null", "write `None`"),
    ("nil", "write `None`"),
    ("if", "there is no `if`: use two tasks with opposite conditions"),
    ("lambda", "there are no functions of your own"),
];

/// All faults under a node, in the order of the text.
pub(super) fn faults(node: &Node) -> Vec<ExpressionError> {
    let mut found = Vec::new();
    visit(node, &mut found);
    found
}

fn visit(node: &Node, found: &mut Vec<ExpressionError>) {
    match &node.kind {
        Kind::Compare { first, rest } if first.quantifier().is_some() => {
            visit_quantified(first, rest.len(), found);
            return rest.iter().for_each(|(_, operand)| visit(operand, found));
        }
        Kind::Quantified { all, .. } => found.push(misplaced(node, *all)),
        Kind::Member { base, index, .. } if is_task(base) => found.extend(unknown_attribute(index)),
        Kind::Call { function: Err(word), .. } => found.push(unknown_function(word, node.span.start)),
        Kind::Uncallable { base, .. } => found.push(uncallable(base)),
        Kind::Root(Root::Unknown(unknown)) => found.push(unknown_name(unknown, &node.span)),
        Kind::Root(Root::Whole(namespace)) if !matches!(namespace, Namespace::Outputs | Namespace::Event) => {
            let message = format!("`{}` needs a name", namespace.word());
            let help = format!("write `{}`", example(*namespace));
            found.push(ExpressionError::new(node.span.clone(), message).with_help(help));
        }
        _ => {}
    }
    for child in node.children() {
        // A namespace whose name is computed has a name.
        let computed = matches!(node.kind, Kind::Member { .. }) && matches!(child.kind, Kind::Root(Root::Whole(_)));
        if !computed {
            visit(child, found);
        }
    }
}

fn example(namespace: Namespace) -> String {
    let word = namespace.word();
    match namespace {
        Namespace::Env | Namespace::Inputs | Namespace::Secrets | Namespace::Matrix | Namespace::Orchestra => {
            format!("{word}.name` or `{word}['name']")
        }
        _ => format!("{word}['id']"),
    }
}

/// The left side of a comparison: members on top of `.all()` or `.any()` on top of a group.
fn visit_quantified(node: &Node, comparisons: usize, found: &mut Vec<ExpressionError>) {
    let Some((group, all)) = node.quantifier() else { return };
    visit(group, found);
    let Kind::Member { base, index, .. } = &node.kind else { return found.push(misplaced(node, all)) };
    if comparisons != 1 {
        found.push(misplaced(node, all));
    }
    if !matches!(group.kind, Kind::Root(Root::TaskGroup { .. })) {
        let word = quantifier(all);
        let error = ExpressionError::new(node.span.clone(), format!("`{word}` works on a task group only"));
        found.push(error.with_help(format!("write `task_groups['id']{word}.status == ...`")));
    }
    visit_members(base, index, found);
}

fn visit_members(base: &Node, index: &Node, found: &mut Vec<ExpressionError>) {
    visit(index, found);
    match &base.kind {
        Kind::Member { base, index, .. } => visit_members(base, index, found),
        _ => found.extend(unknown_attribute(index)),
    }
}

fn misplaced(node: &Node, all: bool) -> ExpressionError {
    let word = quantifier(all);
    let message = format!("`{word}` must be followed by an attribute and one comparison");
    let help = format!("write `task_groups['id']{word}.status == 'SUCCEEDED'`");
    ExpressionError::new(node.span.clone(), message).with_help(help)
}

/// How a quantifier is written.
pub(super) fn quantifier(all: bool) -> &'static str {
    if all { ".all()" } else { ".any()" }
}

/// Whether the node is one task run: `tasks['a']` or `task_groups['g'][0]`.
pub(super) fn is_task(node: &Node) -> bool {
    match &node.kind {
        Kind::Root(Root::Task { .. }) => true,
        Kind::Member { base, .. } => matches!(base.kind, Kind::Root(Root::TaskGroup { .. })),
        _ => false,
    }
}

fn unknown_attribute(index: &Node) -> Option<ExpressionError> {
    let Kind::Literal(Value::String(name)) = &index.kind else { return None };
    if TASK_ATTRIBUTES.iter().any(|known| known.eq_ignore_ascii_case(name)) {
        return None;
    }
    let help = did_you_mean(name, TASK_ATTRIBUTES).unwrap_or_else(|| format!("it has {}", TASK_ATTRIBUTES.join(", ")));
    let error = ExpressionError::unknown_name(index.span.clone(), format!("a task run has no `{name}`"));
    Some(error.with_help(help))
}

fn unknown_function(word: &str, start: usize) -> ExpressionError {
    let functions = Function::ALL.map(Function::word);
    let help = foreign(word).or_else(|| did_you_mean(word, functions));
    let help = help.unwrap_or_else(|| format!("the functions are {}", functions.join(", ")));
    ExpressionError::unknown_name(start..start + word.len(), format!("there is no function `{word}`")).with_help(help)
}

fn uncallable(base: &Node) -> ExpressionError {
    if let Kind::Member { index, dotted: true, .. } = &base.kind
        && let Kind::Literal(Value::String(name)) = &index.kind
    {
        let error = ExpressionError::unknown_name(index.span.clone(), format!("there is no method `{name}`"));
        return error.with_help("the methods are `.all()` and `.any()`, on a task group".to_owned());
    }
    ExpressionError::new(base.span.clone(), "this cannot be called")
}

fn unknown_name(unknown: &Unknown, span: &Range<usize>) -> ExpressionError {
    let message = no_such_name(unknown);
    let (span, help) = match unknown {
        Unknown::Namespace(word) => {
            let known = Namespace::WORDS.map(Namespace::word);
            let listed = || format!("names start with {}; a text needs quotes", known.join(", "));
            (span.clone(), foreign(word).or_else(|| did_you_mean(word, known)).unwrap_or_else(listed))
        }
        Unknown::OrchestraName { word, .. } => {
            let names = OrchestraName::ALL.map(OrchestraName::word);
            let help = did_you_mean(word, names).unwrap_or_else(|| format!("the names are {}", names.join(", ")));
            (span.end.saturating_sub(word.len()).max(span.start)..span.end, help)
        }
        Unknown::Bracketless { namespace, id } => {
            let point = span.end.saturating_sub(id.len() + 1).max(span.start);
            (point..point + 1, format!("write `{}['{id}']`", namespace.word()))
        }
    };
    ExpressionError::unknown_name(span, message).with_help(help)
}

/// What is wrong with a name that does not exist.
pub(super) fn no_such_name(unknown: &Unknown) -> String {
    match unknown {
        Unknown::Namespace(word) => format!("there is no name `{word}`"),
        Unknown::OrchestraName { word, .. } => format!("`ORCHESTRA` has no `{word}`"),
        Unknown::Bracketless { namespace, .. } => format!("`{}` needs an id in brackets", namespace.word()),
    }
}

fn foreign(word: &str) -> Option<String> {
    FOREIGN.iter().find(|(foreign, _)| foreign.eq_ignore_ascii_case(word)).map(|(_, help)| (*help).to_owned())
}
