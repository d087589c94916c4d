//! All rules of the language on the tree of a document. Every rule reports and goes on, so that one pass finds every fault.

mod access;
mod additions;
mod advice;
mod assets;
mod build;
mod condition;
mod declared;
mod event_triggers;
mod expressions;
mod graph;
mod idle;
mod inputs;
mod keys;
mod label;
mod options;
mod outline;
mod shape;
mod structure;
mod triggers;
mod upstream;

use std::ops::Range;

use crate::{
    Code, Diagnostic, Parsed, Severity, Span,
    expression::Template,
    limits::{DIAGNOSTICS, DIAGNOSTICS_KEPT, EXPRESSION_BYTES_PER_DOCUMENT, SUGGESTIONS},
    span::LineIndex,
    suggest::did_you_mean,
    yaml,
};

/// What every rule works with.
struct Checker<'a> {
    source: &'a str,
    lines: LineIndex<'a>,
    diagnostics: Vec<Diagnostic>,
    /// Diagnostics that were not kept.
    left_out: [usize; 2],
    /// What expressions of the graph look at, for the rule that asks whether they wait for it.
    reads: Vec<upstream::Read<'a>>,
    /// Bytes of expressions that may still be read.
    expression_bytes: usize,
    /// Similar names that may still be looked for.
    suggestions: usize,
    /// The scalar in which a place was looked for last: faults come in crowds.
    places: Option<yaml::Places>,
}

impl<'a> Checker<'a> {
    fn new(source: &'a str, lines: LineIndex<'a>, diagnostics: Vec<Diagnostic>) -> Self {
        Self {
            source,
            lines,
            diagnostics,
            left_out: [0, 0],
            reads: Vec::new(),
            expression_bytes: EXPRESSION_BYTES_PER_DOCUMENT,
            suggestions: SUGGESTIONS,
            places: None,
        }
    }

    /// Keeps a diagnostic, or only counts it where there are already far more than anybody is shown.
    fn report(&mut self, diagnostic: Diagnostic) {
        if self.diagnostics.len() < DIAGNOSTICS_KEPT {
            self.diagnostics.push(diagnostic);
        } else {
            self.left_out[usize::from(diagnostic.severity == Severity::Warning)] += 1;
        }
    }

    /// "did you mean `name`?", as long as the document has not asked too often.
    fn suggest<'n>(&mut self, word: &str, candidates: impl IntoIterator<Item = &'n str>) -> Option<String> {
        self.suggestions = self.suggestions.checked_sub(1)?;
        did_you_mean(word, candidates)
    }

    /// The place in the document of bytes of a text node's value.
    fn span_in(&mut self, node: &yaml::Node, range: Range<usize>) -> Span {
        let places = match self.places.take().filter(|places| places.are_of(node)) {
            Some(places) => places,
            None => yaml::Places::of(self.source, node),
        };
        let span = self.lines.span(places.range(range));
        self.places = Some(places);
        span
    }
}

pub(crate) fn check(source: &str) -> Parsed {
    let mut diagnostics = Vec::new();
    let root = yaml::read(source, &mut diagnostics);
    let lines = LineIndex::new(source);
    let mut left_out = [0, 0];
    if root.is_none() && diagnostics.is_empty() {
        diagnostics.push(Diagnostic::error(Code::Syntax, lines.span(0..0), "the document is empty"));
    }
    if let Some(root) = &root {
        let mut checker = Checker::new(source, lines, diagnostics);
        checker.document(root);
        (diagnostics, left_out) = (checker.diagnostics, checker.left_out);
    }
    let accepted = left_out[0] == 0 && diagnostics.iter().all(|diagnostic| diagnostic.severity != Severity::Error);
    let pipeline = root.filter(|_| accepted).and_then(|root| build::pipeline(&root));
    Parsed { pipeline, diagnostics: in_order(diagnostics, left_out) }
}

/// In the order of the text and within the limit: advice goes before faults do, and what goes is said.
fn in_order(mut diagnostics: Vec<Diagnostic>, [errors_left_out, warnings_left_out]: [usize; 2]) -> Vec<Diagnostic> {
    let by_place = |found: &Diagnostic| (found.span.start, found.severity, found.code);
    diagnostics.sort_by_key(by_place);
    // Repeated nodes (aliases) repeat their faults.
    diagnostics.dedup();
    diagnostics.sort_by_key(|found| found.severity);
    let rest = diagnostics.split_off(diagnostics.len().min(DIAGNOSTICS));
    let first = rest.first().map(|found| (found.severity, found.span));
    diagnostics.sort_by_key(by_place);
    if let Some((severity, span)) = first {
        let severity = if errors_left_out > 0 { Severity::Error } else { severity };
        let count = rest.len() + errors_left_out + warnings_left_out;
        let message = format!("{count} more faults or pieces of advice are not shown");
        let rest = Diagnostic { severity, ..Diagnostic::warning(Code::MoreFaults, span, message) };
        diagnostics.push(rest.with_help("repair the first ones and look again".to_owned()));
    }
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
        self.declared_assets(&outline);
        self.access_labels(root);
        self.idle_additions(root, &outline);
    }
}

/// Whether a text has templates, so that its value is not known yet.
fn is_open(text: &str) -> bool {
    text.contains("${{") && Template::parse(text).map_or(true, |template| !template.is_literal())
}
