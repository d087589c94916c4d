//! A record of the log, decoded once for all checks.

use downbeat_domain::Event;
use downbeat_event_log::{Entry, Hash};
use downbeat_proto::{event::Decoded, record};

use super::Violation;

/// A decision.
#[derive(Clone, Debug)]
pub struct Decision {
    /// Who asked for it.
    pub actor: String,
    /// When it was decided, microseconds since the epoch, by the owner's clock.
    pub decided_at: i64,
    /// What became true.
    pub events: Vec<Event>,
}

/// A record of the log.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its place.
    pub sequence: u64,
    /// Hash of the entry before it.
    pub previous: Hash,
    /// Its own.
    pub hash: Hash,
    /// Sequence of its writer's PartitionOwned record; 0 in that record itself.
    pub epoch: u64,
    /// What it carries.
    pub decisions: Vec<Decision>,
}

impl Record {
    /// Decodes an entry of the log.
    ///
    /// # Errors
    /// When the entry is none that this version wrote.
    pub fn read(entry: &Entry) -> Result<Self, Violation> {
        let unreadable = |what: String| Violation { invariant: "readable records", sequence: entry.sequence, what };
        let decoded = record::decode(&entry.payload).map_err(|error| unreadable(error.to_string()))?;
        let decisions = decoded.decisions.iter().map(|decision| {
            let events = decision.events.iter().map(|event| match downbeat_proto::event::decode(event) {
                Ok(Decoded::Known(event)) => Ok(event),
                Ok(Decoded::Unknown { kind, .. }) => Err(unreadable(format!("an event of unknown kind {kind}"))),
                Err(error) => Err(unreadable(error.to_string())),
            });
            let (actor, decided_at) = (decision.actor.clone(), decision.decided_at);
            Ok(Decision { actor, decided_at, events: events.collect::<Result<_, _>>()? })
        });
        Ok(Self {
            sequence: entry.sequence,
            previous: entry.previous,
            hash: entry.hash,
            epoch: decoded.epoch,
            decisions: decisions.collect::<Result<_, _>>()?,
        })
    }

    /// Every event, in order.
    pub fn events(&self) -> impl Iterator<Item = &Event> {
        self.decisions.iter().flat_map(|decision| &decision.events)
    }
}
