//! What is to be said of a pipeline's text, with its places: the language's verdict, and what this version runs of it.
//!
//! Promises: what it calls an error is refused when the text is stored, with the same words. Knows nothing about what is stored already.

use downbeat_dialect::{Parsed, Pipeline, Severity, Span, paths_at, report};
use downbeat_domain::{compile, jobs};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    http::{Fault, Place, Violation},
    limits,
};

/// What is to be said of a text, in its order.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Judged {
    /// At most 100.
    pub(super) diagnostics: Vec<Found>,
}

/// A fault, or a piece of advice. Lines and columns count from 1, columns in characters; the end is the place after the last one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Found {
    /// The rule of the language: `downbeat explain` says more. Empty = it is none, but what this version runs.
    pub(super) code: String,
    /// ERROR: it is refused. WARNING: it may not do what was meant. NOTE: good to know.
    pub(super) severity: &'static str,
    pub(super) message: String,
    /// What to do.
    pub(super) help: Option<String>,
    /// The way to the value in the document, like `pipeline.load.tasks.copy.parameters`; empty = all of it.
    pub(super) path: String,
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) end_line: u32,
    pub(super) end_column: u32,
}

/// A text that was looked at.
#[derive(Debug)]
pub(super) struct Verdict {
    /// What it calls itself; none = it is no pipeline.
    pub(super) name: Option<String>,
    pub(super) diagnostics: Vec<Found>,
}

impl Verdict {
    /// Looks at a text, beside what else is going on: large ones take a while.
    pub(super) async fn of(source: &str) -> Result<Self, Fault> {
        let source = source.to_owned();
        let looked = tokio::task::spawn_blocking(move || judge(&source)).await;
        looked.map_err(|_| Fault::bad("the pipeline cannot be read"))
    }

    pub(super) fn is_refused(&self) -> bool {
        self.name.is_none() || self.diagnostics.iter().any(|found| found.severity == ERROR)
    }

    /// The faults, as all routes tell what is wrong with a body.
    pub(super) fn violations(&self) -> Vec<Violation> {
        let faults = self.diagnostics.iter().filter(|found| found.severity == ERROR);
        let violation = |found: &Found| {
            let loc = vec![Place::from("body"), Place::from("yaml")];
            let help = found.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
            let said = format!("{}:{}: {}{help}", found.line, found.column, found.message);
            Violation::new(loc, "value_error", said)
        };
        faults.map(violation).collect()
    }
}

const ERROR: &str = "ERROR";
const WARNING: &str = "WARNING";
const NOTE: &str = "NOTE";

fn judge(source: &str) -> Verdict {
    let parsed = downbeat_dialect::parse(source);
    let name = parsed.pipeline.as_ref().map(|pipeline| pipeline.name.clone());
    let mut said = of_language(&parsed);
    said.extend(parsed.pipeline.as_ref().into_iter().flat_map(of_this_version));
    // Faults first where not everything fits, and all in the order of the text.
    said.sort_by_key(|one| one.severity != ERROR);
    said.truncate(limits::VIOLATIONS_MAX);
    said.sort_by_key(|one| one.span.start);
    Verdict { name, diagnostics: placed(source, said) }
}

/// Something that is to be said, before its place is written out.
struct Said {
    code: String,
    severity: &'static str,
    message: String,
    help: Option<String>,
    span: Span,
}

fn of_language(parsed: &Parsed) -> Vec<Said> {
    let said = parsed.diagnostics.iter().map(|found| Said {
        code: found.code.to_string(),
        severity: if found.severity == Severity::Error { ERROR } else { WARNING },
        message: found.message.clone(),
        help: found.help.clone(),
        span: found.span,
    });
    said.collect()
}

/// What is a pipeline by the language, and is not run as it stands there.
fn of_this_version(pipeline: &Pipeline) -> Vec<Said> {
    let said = |severity, message: String, span: Option<Span>| Said {
        code: String::new(),
        severity,
        message,
        help: None,
        // The beginning of the text, where it has no place of its own.
        span: span.unwrap_or(Span { line: 1, column: 1, ..Span::default() }),
    };
    let mut all: Vec<Said> = match compile::compile(pipeline) {
        Ok(compiled) => compiled.warnings.into_iter().map(|text| said(NOTE, text, None)).collect(),
        Err(faults) => faults.into_iter().map(|fault| said(ERROR, fault.message, fault.span)).collect(),
    };
    // A worker with a manifest of its own may run them: which do, only the coordinator knows.
    all.extend(jobs::not_yet(pipeline).into_iter().map(|job| said(WARNING, job.fault.message, job.fault.span)));
    all
}

fn placed(source: &str, said: Vec<Said>) -> Vec<Found> {
    let ends = report::ends(source, said.iter().map(|one| &one.span));
    let paths = paths_at(source, &said.iter().map(|one| one.span.start).collect::<Vec<_>>());
    let found = said.into_iter().zip(ends).zip(paths).map(|((one, (end_line, end_column)), path)| Found {
        code: one.code,
        severity: one.severity,
        message: one.message,
        help: one.help,
        path: path.to_string(),
        line: one.span.line,
        column: one.span.column,
        end_line,
        end_column,
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pipeline(task: &str) -> String {
        format!("version: v1\nname: n\npipeline:\n  g:\n    tasks:\n      t:\n{task}")
    }

    #[test]
    fn faults_and_advice_have_their_places() {
        let wait = "        integration: ORCHESTRA\n        integration_job: WAIT\n        parameters:\n          wait_minutes: 1\n";
        let good = judge(&pipeline(wait));
        assert_eq!(
            (good.name.as_deref(), good.diagnostics.len(), good.is_refused()),
            (Some("n"), 0, false),
            "{good:?}"
        );

        let typo = judge(&pipeline(&format!("{wait}        nmae: x\n")));
        let found = typo.diagnostics.first().expect("a fault");
        assert_eq!((found.severity, found.path.as_str()), ("ERROR", "pipeline.g.tasks.t.nmae"), "{found:?}");
        assert_eq!((found.line, found.column, found.end_line, found.end_column), (11, 9, 11, 13), "{found:?}");
        assert!(found.code.starts_with("DB") && typo.is_refused() && typo.name.is_none());
        let violations = typo.violations();
        assert!(violations[0].msg.starts_with("11:9: "), "{violations:?}");

        for broken in ["", "a: [", "just a text", "\u{0}"] {
            let verdict = judge(broken);
            assert!(verdict.is_refused() && !verdict.diagnostics.is_empty(), "{broken:?}");
        }
    }

    #[test]
    fn faults_go_before_advice_where_not_everything_fits() {
        let many: String = (0..300).map(|number| format!("        wrong_{number}: x\n")).collect();
        let verdict = judge(&pipeline(&many));
        assert_eq!(verdict.diagnostics.len(), limits::VIOLATIONS_MAX);
        assert!(verdict.diagnostics.iter().all(|found| found.severity == ERROR));
        assert!(verdict.diagnostics.is_sorted_by_key(|found| (found.line, found.column)));
    }
}
