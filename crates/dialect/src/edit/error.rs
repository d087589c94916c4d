//! Why a document is not edited. Whatever the reason, nothing of it was changed.

use super::Path;
use crate::Diagnostic;

/// Why a document is not edited.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EditError {
    /// The document cannot be read.
    #[error("the document cannot be read: {}", first(.0))]
    Unreadable(Vec<Diagnostic>),
    /// There is no such task, group, input or field.
    #[error("there is no {what} `{name}`{}", hint(.help))]
    NotFound {
        /// What was looked for.
        what: &'static str,
        /// Its name.
        name: String,
        /// What is there instead.
        help: Option<String>,
    },
    /// The id or name is in use.
    #[error("the {what} `{name}` exists already (case does not count)")]
    Taken {
        /// What is in the way.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// Something else still names it.
    #[error("`{name}` is still named by {}; change that first, or ask to keep it as it is", listed(.places))]
    Referenced {
        /// What should go.
        name: String,
        /// Who names it.
        places: Vec<Path>,
    },
    /// The operation makes no sense for what it is asked of.
    #[error("{0}")]
    Invalid(String),
    /// The value is written in a way that cannot be edited in place.
    #[error("`{path}` cannot be edited in place: {reason}")]
    Unsupported {
        /// Which value.
        path: Path,
        /// Why.
        reason: &'static str,
    },
    /// The pipeline would be refused afterwards.
    #[error("the pipeline would be refused: {}", first(.0))]
    Refused(Vec<Diagnostic>),
}

fn first(diagnostics: &[Diagnostic]) -> String {
    match diagnostics.first() {
        Some(found) => format!("line {}: {}", found.span.line, found.message),
        None => "it is empty".to_owned(),
    }
}

fn hint(help: &Option<String>) -> String {
    help.as_ref().map(|help| format!("; {help}")).unwrap_or_default()
}

fn listed(places: &[Path]) -> String {
    places.iter().map(|place| format!("`{place}`")).collect::<Vec<_>>().join(", ")
}
