//! Who did what: entries of the audit, newest first by the index that narrows most, or in the order of the log.

use downbeat_domain::CommandKind;
use downbeat_proto::metadata::v1::{AuditEntry, AuditFilter};
use prost::Message;

use super::{
    Refusal,
    page::{self, Page, Paged},
};
use crate::{
    engine::{
        audit::{ACCEPTED, ACTOR_KINDS, REJECTED, indexed},
        batch::ReadRows,
        keys::audit::{self as keys, Index},
        rows,
    },
    limits,
    served::Served,
};

/// Which entries are wanted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter(AuditFilter);

impl Filter {
    /// What a caller asked for.
    ///
    /// # Errors
    /// `Invalid` for a word that is none, and for texts that are too long.
    pub fn of(asked: AuditFilter) -> Result<Self, Refusal> {
        let known = |field: &str, word: &str, words: &[&str]| match word.is_empty() || words.contains(&word) {
            true => Ok(()),
            false => Err(Refusal::Invalid(format!("{field}: use one of {}", words.join(", ")))),
        };
        known("actor_kind", &asked.actor_kind, &ACTOR_KINDS)?;
        known("outcome", &asked.outcome, &[ACCEPTED, REJECTED])?;
        let commands: Vec<&str> = CommandKind::ALL.iter().map(|kind| kind.as_str()).collect();
        known("command", &asked.command, &commands)?;
        for (field, text) in [("actor", &asked.actor), ("target", &asked.target)] {
            if text.len() > limits::AUDIT_FILTER_BYTES_MAX {
                let most = limits::AUDIT_FILTER_BYTES_MAX;
                return Err(Refusal::Invalid(format!("{field}: at most {most} bytes are allowed")));
            }
        }
        if asked.from != 0 && asked.to != 0 && asked.from >= asked.to {
            return Err(Refusal::Invalid("from, to: the first must lie before the second".to_owned()));
        }
        Ok(Self(asked))
    }

    /// As it was asked for.
    pub fn asked(&self) -> &AuditFilter {
        &self.0
    }

    /// The index that narrows most.
    fn prefix(&self) -> Vec<u8> {
        let AuditFilter { actor, actor_kind, target, .. } = &self.0;
        match [(Index::Target, target), (Index::Actor, actor), (Index::ActorKind, actor_kind)]
            .into_iter()
            .find(|(_, value)| !value.is_empty())
        {
            Some((index, value)) => keys::indexed(index, value),
            None => keys::BY_AGE.to_vec(),
        }
    }

    /// Is it one of those?
    pub fn fits(&self, entry: &AuditEntry) -> bool {
        let AuditFilter { actor, actor_kind, target, command, outcome, from, to } = &self.0;
        let values = indexed(entry);
        let has = |index: Index, wanted: &str| wanted.is_empty() || values.contains(&(index, wanted));
        let is = |found: &str, wanted: &str| wanted.is_empty() || found == wanted;
        has(Index::Actor, actor)
            && has(Index::Target, target)
            && is(&entry.actor_kind, actor_kind)
            && is(&entry.command, command)
            && is(&entry.outcome, outcome)
            && (*from == 0 || entry.at >= *from)
            && (*to == 0 || entry.at < *to)
    }
}

/// A page of entries, newest first. It ends early where too many do not fit in between.
///
/// # Errors
/// `Invalid` for a bad size or token; `Store`.
pub fn list(store: &Served, filter: &Filter, page: Page<'_>) -> Result<Paged<AuditEntry>, Refusal> {
    let size = page.size()?;
    let prefix = filter.prefix();
    let begin = (filter.0.to != 0).then(|| keys::before(&prefix, filter.0.to));
    let after = page.after(&prefix)?.or(begin);
    let mut paged = Paged { rows: Vec::new(), next: String::new() };
    let (mut bytes, mut last) = (0, None::<sled::IVec>);
    for (looked_at, found) in store.scan(&prefix, after.as_deref()).enumerate() {
        let (key, _) = found?;
        if paged.rows.len() >= size || bytes >= limits::PAGE_BYTES_MAX || looked_at >= limits::AUDIT_LOOKED_AT_MAX {
            paged.next = last.map(|last| page::token(&last)).unwrap_or_default();
            break;
        }
        if let Some(entry) = entry_at(store, &key)? {
            if filter.0.from != 0 && entry.at < filter.0.from {
                // All that follow are older.
                break;
            }
            if filter.fits(&entry) {
                bytes += entry.encoded_len();
                paged.rows.push(entry);
            }
        }
        last = Some(key);
    }
    Ok(paged)
}

fn entry_at(store: &Served, indexed: &[u8]) -> Result<Option<AuditEntry>, Refusal> {
    let Some(key) = keys::entry_of(indexed) else { return Ok(None) };
    let row = store.get(&key)?;
    Ok(row.map(|bytes| rows::read(&key, &bytes)).transpose()?)
}

/// A part of the entries in the order of the log, after this key and up to this record; with the key to go on after.
///
/// # Errors
/// `Store`.
pub fn in_order(
    store: &Served,
    filter: &Filter,
    after: Option<&[u8]>,
    up_to: u64,
) -> Result<(Vec<AuditEntry>, Option<Vec<u8>>), Refusal> {
    let (mut entries, mut bytes) = (Vec::new(), 0);
    for (looked_at, found) in store.scan(keys::ENTRIES, after).enumerate() {
        let (key, row) = found?;
        let entry: AuditEntry = rows::read(&key, &row)?;
        if entry.sequence > up_to {
            return Ok((entries, None));
        }
        if filter.fits(&entry) {
            bytes += row.len();
            entries.push(entry);
        }
        if bytes >= limits::EXPORT_PART_BYTES || looked_at >= limits::AUDIT_LOOKED_AT_MAX {
            return Ok((entries, Some(key.to_vec())));
        }
    }
    Ok((entries, None))
}
