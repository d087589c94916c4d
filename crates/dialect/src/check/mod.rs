//! All rules of the language on the tree of a document. Every rule reports and goes on, so that one pass finds every fault.

mod advice;
mod build;
mod condition;
mod expressions;
mod graph;
mod inputs;
mod keys;
mod label;
mod outline;
mod shape;
mod structure;
mod triggers;
mod upstream;

use crate::{Code, Diagnostic, Parsed, Severity, expression::Template, limits::DIAGNOSTICS, span::LineIndex, yaml};

/// What every rule works with.
struct Checker<'a> {
    source: &'a str,
    lines: LineIndex<'a>,
    diagnostics: Vec<Diagnostic>,
    /// What expressions of the graph look at, for the rule that asks whether they wait for it.
    reads: Vec<upstream::Read<'a>>,
}

impl Checker<'_> {
    fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }
}

pub(crate) fn check(source: &str) -> Parsed {
    let mut diagnostics = Vec::new();
    let root = yaml::read(source, &mut diagnostics);
    let lines = LineIndex::new(source);
    if root.is_none() && diagnostics.is_empty() {
        diagnostics.push(Diagnostic::error(Code::Syntax, lines.span(0..0), "the document is empty"));
    }
    if let Some(root) = &root {
        let mut checker = Checker { source, lines, diagnostics, reads: Vec::new() };
        checker.document(root);
        diagnostics = checker.diagnostics;
    }
    let accepted = diagnostics.iter().all(|diagnostic| diagnostic.severity != Severity::Error);
    let pipeline = root.filter(|_| accepted).and_then(|root| build::pipeline(&root));
    Parsed { pipeline, diagnostics: in_order(diagnostics) }
}

/// In the order of the text and within the limit: advice goes before faults do, and what goes is said.
fn in_order(mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    diagnostics.sort_by_key(|diagnostic| (diagnostic.span.start, diagnostic.severity, diagnostic.code));
    // Repeated nodes (aliases) repeat their faults.
    diagnostics.dedup();
    if diagnostics.len() <= DIAGNOSTICS {
        return diagnostics;
    }
    let all = diagnostics.len();
    diagnostics.sort_by_key(|diagnostic| diagnostic.severity);
    let (severity, span) = diagnostics
        .get(DIAGNOSTICS)
        .map_or((Severity::Warning, crate::Span::default()), |first| (first.severity, first.span));
    diagnostics.truncate(DIAGNOSTICS);
    diagnostics.sort_by_key(|diagnostic| (diagnostic.span.start, diagnostic.severity, diagnostic.code));
    let message = format!("{} more faults or pieces of advice are not shown", all - DIAGNOSTICS);
    let rest = Diagnostic { severity, ..Diagnostic::warning(Code::MoreFaults, span, message) };
    diagnostics.push(rest.with_help("repair the first ones and look again".to_owned()));
    diagnostics
}

impl<'a> Checker<'a> {
    fn document(&mut self, root: &'a yaml::Node) {
        self.structure(root);
        if !matches!(root.kind, yaml::Kind::Map(_)) {
            return;
        }
        let outline = outline::Outline::of(root);
        self.graph(&outline);
        self.inputs(root);
        self.triggers(root);
        self.keys(root);
        self.expressions(root, &outline);
        self.upstream(&outline);
        self.advice(root, &outline);
    }
}

/// Whether a text has templates, so that its value is not known yet.
fn is_open(text: &str) -> bool {
    text.contains("${{") && Template::parse(text).map_or(true, |template| !template.is_literal())
}
