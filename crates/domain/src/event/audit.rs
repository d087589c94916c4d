//! Refused commands.

use jiff::Timestamp;

use crate::{
    audit::{Caller, CommandKind, Target},
    decide::cut,
    limits,
};

/// See [`super::Event::CommandRejected`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandRejected {
    /// What was asked for.
    pub command: CommandKind,
    /// Who asked; of what is counted empty = several.
    pub actor: String,
    /// What it was about; of what is counted none = several things.
    pub targets: Vec<Target>,
    /// Stable code of the refusal; empty where it has none.
    pub code: String,
    /// Why, in words.
    pub message: String,
    /// 0: this very command. Else so many further ones of the same kind, which are only counted.
    pub more: u64,
    /// The first of those was refused then.
    pub since: Timestamp,
    /// When; of those that are counted, the last.
    pub at: Timestamp,
}

impl CommandRejected {
    /// What this caller asked for was refused now. The caller is to be [bounded](Caller::bounded).
    pub fn of(caller: &Caller, command: CommandKind, code: &str, message: &str, now: Timestamp) -> Self {
        Self {
            command,
            actor: caller.actor.clone(),
            targets: caller.targets.clone(),
            code: cut(code, limits::BRIEF_BYTES_MAX),
            message: cut(message, limits::REJECTION_BYTES_MAX),
            more: 0,
            since: now,
            at: now,
        }
    }
}
