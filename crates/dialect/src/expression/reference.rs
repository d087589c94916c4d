//! The names an expression reads, without evaluating it: for checks, lineage and renames.

use std::ops::Range;

use super::{
    OrchestraName,
    ast::{Kind, Namespace, Node, Root},
};

/// One name an expression reads. Ids and names are spelled as in the expression.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reference {
    /// `tasks['id']` or `ORCHESTRA.PIPELINE_RUN_TASKS['id']`.
    Task {
        /// The task.
        id: String,
        /// The output, where the expression names one.
        output: Option<String>,
    },
    /// `task_groups['id']` or `ORCHESTRA.PIPELINE_RUN_TASK_GROUPS['id']`.
    TaskGroup(String),
    /// `inputs.name`.
    Input(String),
    /// `ENV.NAME`.
    Env(String),
    /// `ORCHESTRA.NAME`, but for the two maps of tasks.
    Orchestra(OrchestraName),
    /// `matrix.name`.
    Matrix(String),
    /// `secrets.NAME`.
    Secret(String),
    /// `outputs` of a trigger.
    Outputs,
}

/// All references under `node`, in the order of the text.
pub(super) fn collect(node: &Node) -> Vec<(Reference, Range<usize>)> {
    let mut found = Vec::new();
    visit(node, &mut found);
    found
}

fn visit(node: &Node, found: &mut Vec<(Reference, Range<usize>)>) {
    if let Kind::Root(root) = &node.kind {
        found.extend(plain(root).map(|reference| (reference, node.span.clone())));
        return;
    }
    if let Some((id, output, span)) = task_output(node) {
        found.push((Reference::Task { id: id.to_owned(), output: Some(output.to_owned()) }, span));
        return;
    }
    for child in node.children() {
        visit(child, found);
    }
}

/// `tasks['id'].outputs.name` or `tasks['id'].outputs['name']`: the task, the output and the place of the task.
fn task_output(node: &Node) -> Option<(&str, &str, Range<usize>)> {
    let (outputs, name) = literal_member(node)?;
    let (task, attribute) = literal_member(outputs)?;
    match &task.kind {
        Kind::Root(Root::Task { id, .. }) if attribute.eq_ignore_ascii_case("outputs") => {
            Some((id, name, task.span.clone()))
        }
        _ => None,
    }
}

fn literal_member(node: &Node) -> Option<(&Node, &str)> {
    let Kind::Member { base, index, .. } = &node.kind else { return None };
    let Kind::Literal(serde_json::Value::String(name)) = &index.kind else { return None };
    Some((base, name))
}

fn plain(root: &Root) -> Option<Reference> {
    match root {
        Root::Env(name) => Some(Reference::Env(name.clone())),
        Root::Input(name) => Some(Reference::Input(name.clone())),
        Root::Secret(name) => Some(Reference::Secret(name.clone())),
        Root::Matrix(name) => Some(Reference::Matrix(name.clone())),
        Root::Orchestra(name) => Some(Reference::Orchestra(*name)),
        Root::Task { id, .. } => Some(Reference::Task { id: id.clone(), output: None }),
        Root::TaskGroup { id, .. } => Some(Reference::TaskGroup(id.clone())),
        Root::Whole(Namespace::Outputs) => Some(Reference::Outputs),
        // Which name is read is computed, or there is none.
        Root::Whole(_) | Root::Unknown(_) => None,
    }
}

/// `name` in every `outputs.name` or `outputs['name']`.
pub(super) fn fields_of_outputs(node: &Node) -> Vec<(String, Range<usize>)> {
    let mut found = Vec::new();
    if let (Kind::Member { index, .. }, Some((base, name))) = (&node.kind, literal_member(node))
        && matches!(base.kind, Kind::Root(Root::Whole(Namespace::Outputs)))
    {
        found.push((name.to_owned(), index.span.clone()));
    }
    node.children().into_iter().for_each(|child| found.extend(fields_of_outputs(child)));
    found
}
