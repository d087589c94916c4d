//! What `meta.downbeat` says of assets and of time.

use indexmap::IndexMap;

use super::Schedule;
use crate::Span;

/// Starts a run once assets that were materialised are quiet.
#[derive(Debug, Clone, PartialEq)]
pub struct AssetTrigger {
    /// As given, or `trigger-N`, counted from 1; different from those of the pipeline's other triggers.
    pub name: String,
    /// Keys `<namespace>/<name>`, in which `*` stands for any characters; at least one.
    pub assets: Vec<String>,
    /// How long they must be quiet, in milliseconds; at most a day.
    pub debounce_ms: u64,
    /// Expressions over `event` by input.
    pub run_inputs: IndexMap<String, String>,
    /// The trigger in the text.
    pub span: Span,
}

/// How old an asset may become.
#[derive(Debug, Clone, PartialEq)]
pub struct FreshnessRule {
    /// As given, or the key of the asset; different from those of the pipeline's other rules.
    pub name: String,
    /// Its key.
    pub asset: String,
    /// In milliseconds; at least 1.
    pub max_age_ms: u64,
    /// The rule in the text.
    pub span: Span,
}

/// By when a run must have ended well.
#[derive(Debug, Clone, PartialEq)]
pub struct Deadline {
    /// As given, or `deadline-N`, counted from 1; different from those of the pipeline's other deadlines.
    pub name: String,
    /// When it is looked at.
    pub schedule: Schedule,
    /// Its expression has the five fields of Unix.
    pub unix: bool,
    /// How long before that instant the run may have ended, in milliseconds; at least 1.
    pub within_ms: u64,
    /// The deadline in the text.
    pub span: Span,
}
