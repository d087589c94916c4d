//! Logs that were restored: a new log that continues the chain of an older one, whose records it was given.
//!
//! Promises: such a log says by its id from which chain it is and up to which record it was given that chain, so whoever holds a position of
//! the older log can tell by the hash whether it is a place of this one. Knows nothing about how records are brought over.

use std::fmt;

use crate::types::LogId;

/// Between the identity of a restored log and that of the log whose chain it has. No name of a new log may hold it.
const FROM: &str = " restored from ";
/// Before the last sequence that was brought over.
const UP_TO: &str = " up to ";

/// What a log was restored from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Restored {
    /// The log that began the chain.
    pub origin: LogId,
    /// Sequence of the last record that was brought over; what stands behind it was written after that.
    pub up_to: u64,
}

impl fmt::Display for Restored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{UP_TO}{}", self.origin, self.up_to)
    }
}

impl LogId {
    /// The id of a log with an identity of its own that holds what `from` names.
    pub fn restored(own: &str, from: &Restored) -> Self {
        Self(format!("{own}{FROM}{from}"))
    }

    /// What this log was restored from; `None` for a log that began its chain itself.
    pub fn restored_from(&self) -> Option<Restored> {
        let (_, from) = self.0.split_once(FROM)?;
        let (origin, up_to) = from.rsplit_once(UP_TO)?;
        Some(Restored { origin: Self(origin.to_owned()), up_to: up_to.parse().ok()? })
    }

    /// The log that began the chain of this one: itself, unless it was restored.
    pub fn origin(&self) -> Self {
        self.restored_from().map_or_else(|| self.clone(), |from| from.origin)
    }

    /// The name of the stream or folder, without what tells it from others of that name.
    pub fn name(&self) -> &str {
        let own = self.0.split_once(FROM).map_or(self.0.as_str(), |(own, _)| own);
        own.rsplit_once('@').map_or(own, |(name, _)| name)
    }
}

/// A name that cannot be taken for an id of a restored log.
pub(crate) fn plain_name(name: &str) -> String {
    name.replace(FROM, " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Hash, Tail};

    #[test]
    fn a_restored_log_says_where_its_chain_began_and_begins_it_with_the_same_hash() {
        let first = LogId("DOWNBEAT_LOG_0@2026-11-01T00:00:00Z".to_owned());
        let second =
            LogId::restored("DOWNBEAT_LOG_0@2026-11-28T00:00:00Z", &Restored { origin: first.origin(), up_to: 70 });
        // Restored once more: the chain is still that of the first.
        let third = LogId::restored("other@1", &Restored { origin: second.origin(), up_to: 90 });
        for (log, name, from) in [
            (&first, "DOWNBEAT_LOG_0", None),
            (&second, "DOWNBEAT_LOG_0", Some(Restored { origin: first.clone(), up_to: 70 })),
            (&third, "other", Some(Restored { origin: first.clone(), up_to: 90 })),
        ] {
            assert_eq!((log.name(), log.restored_from()), (name, from), "{log}");
            assert_eq!(log.origin(), first, "{log}");
            assert_eq!(Tail::start(log), Tail::start(&first), "{log}");
        }
        assert_ne!(Hash::genesis(&LogId("other@1".to_owned())), Hash::genesis(&first));
    }

    #[test]
    fn what_only_looks_like_it_is_a_name() {
        for text in ["log@1", "a@b@1", "log restored from tape", "x restored from y up to never@1"] {
            assert_eq!(LogId(text.to_owned()).restored_from(), None, "{text}");
        }
        assert_eq!(LogId("a@b@1".to_owned()).name(), "a@b");
        assert_eq!(plain_name("log restored from b up to 3"), "log b up to 3");
    }
}
