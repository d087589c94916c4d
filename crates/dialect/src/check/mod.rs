//! All rules of the language on the tree of a document. Every rule reports and goes on, so that one pass finds every fault.

mod build;
mod condition;
mod expressions;
mod forms;
mod graph;
mod inputs;
mod outline;
mod structure;
mod triggers;

use crate::{Diagnostic, Parsed, Severity, limits::DIAGNOSTICS, yaml};

/// What every rule works with.
struct Checker<'a> {
    source: &'a str,
    lines: crate::span::LineIndex<'a>,
    diagnostics: Vec<Diagnostic>,
}

impl Checker<'_> {
    fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }
}

pub(crate) fn check(source: &str) -> Parsed {
    let mut diagnostics = Vec::new();
    let root = yaml::read(source, &mut diagnostics);
    let readable = root.is_some() || !diagnostics.is_empty();
    let mut checker = Checker { source, lines: crate::span::LineIndex::new(source), diagnostics };
    if let Some(root) = &root {
        checker.document(root);
    } else if !readable {
        let at = checker.lines.span(0..0);
        checker.report(Diagnostic::error(crate::Code::Syntax, at, "the document is empty"));
    }
    let mut diagnostics = checker.diagnostics;
    let accepted = diagnostics.iter().all(|diagnostic| diagnostic.severity != Severity::Error);
    let pipeline = root.filter(|_| accepted).and_then(|root| build::pipeline(&root));
    diagnostics.sort_by_key(|diagnostic| (diagnostic.span.start, diagnostic.severity, diagnostic.code));
    // Repeated nodes (aliases) repeat their faults.
    diagnostics.dedup();
    // An error is never cut off in favour of advice.
    if diagnostics.len() > DIAGNOSTICS && !accepted {
        diagnostics.retain(|diagnostic| diagnostic.severity == Severity::Error);
    }
    diagnostics.truncate(DIAGNOSTICS);
    Parsed { pipeline, diagnostics }
}

impl Checker<'_> {
    fn document(&mut self, root: &yaml::Node) {
        self.structure(root);
        if !matches!(root.kind, yaml::Kind::Map(_)) {
            return;
        }
        let outline = outline::Outline::of(root);
        self.graph(&outline);
        self.inputs(root);
        self.triggers(root);
        self.expressions(root, &outline);
    }
}
