//! Records: what one append carries.

use bytes::Bytes;
use downbeat_domain::{CallOrigin, CommandId, Event};
use jiff::Timestamp;
use prost::Message;

use crate::{
    convert,
    event::{self, DecodeError, Decoded},
    events::v1 as wire,
};

/// The version of the record format that this code writes, and the newest that it reads.
pub const READER_VERSION: u32 = 1;

/// All events of one accepted command.
#[derive(Clone, Debug, Default)]
pub struct Decision {
    /// The command's id, if it had one.
    pub command: Option<CommandId>,
    /// Who asked.
    pub actor: String,
    /// From where.
    pub origin: CallOrigin,
    /// Why, where no event says it.
    pub reason: String,
    /// When it was decided.
    pub decided_at: Timestamp,
    /// What became true.
    pub events: Vec<Event>,
}

/// The wire form of a decision; its `encoded_len` is what it adds to a record.
pub fn encode_decision(decision: &Decision) -> wire::Decision {
    wire::Decision {
        command_id: decision.command.map(|id| convert::id_bytes(&id.0)).unwrap_or_default(),
        actor: decision.actor.clone(),
        decided_at: convert::micros(decision.decided_at),
        events: decision.events.iter().map(event::encode).collect(),
        origin: (!decision.origin.is_empty()).then(|| wire::CallOrigin {
            address: decision.origin.address.clone(),
            client: decision.origin.client.clone(),
        }),
        reason: decision.reason.clone(),
    }
}

/// The bytes of a record.
pub fn encode(epoch: u64, written_at: Timestamp, decisions: Vec<wire::Decision>) -> Bytes {
    let record = wire::Record {
        epoch,
        written_at: convert::micros(written_at),
        minimum_reader: READER_VERSION,
        minimum_reader_reason: String::new(),
        decisions,
    };
    Bytes::from(record.encode_to_vec())
}

/// A record from the log. Events are decoded one by one with [`event::decode`].
pub fn decode(bytes: &[u8]) -> Result<wire::Record, DecodeError> {
    wire::Record::decode(bytes).map_err(DecodeError::Record)
}

/// Whether this version understands every event of the record. Whoever acts on events asks this first and stops on an error;
/// whoever only shows them need not.
pub fn check_reader(record: &wire::Record) -> Result<(), DecodeError> {
    if record.minimum_reader <= READER_VERSION {
        return Ok(());
    }
    Err(DecodeError::Newer { needed: record.minimum_reader, reason: record.minimum_reader_reason.clone() })
}

/// The ids of the commands that a record holds decisions of, in order.
pub fn commands(record: &wire::Record) -> impl Iterator<Item = CommandId> + '_ {
    record.decisions.iter().filter_map(|decision| CommandId::from_slice(&decision.command_id))
}

/// Every event of a record, in order.
pub fn events(record: &wire::Record) -> impl Iterator<Item = Result<Decoded, DecodeError>> + '_ {
    record.decisions.iter().flat_map(|decision| &decision.events).map(event::decode)
}
