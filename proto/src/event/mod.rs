//! Events between domain and wire. The kind numbers stand in `events.proto` and are never reused.

mod decode;
mod encode;
mod json;
mod kind;
mod metadata;
pub(crate) mod plan;
pub(crate) mod words;

use bytes::Bytes;
use downbeat_domain::Event;

use crate::events::v1 as wire;

pub(crate) use decode::{
    alert_of, axes_of, budget_whose_of, chain_of, connection_saved_of, cost_basis_kind_of, cost_origin_of,
    endpoint_opened_of, finding_of, follower_of, key_created_of, login_begun_of, login_completed_of, origin_of,
    prices_of, runs_of, sensor_event_of, subject_of, trigger_of,
};
pub use decode::{
    asset_dependency_of, asset_details_of, attempt_of, budget_of, cost_entry_of, decode, environment_set_of,
    git_origin_of, lineage_part_of, passed_of, pipeline_storage_of, price_of,
};
pub(crate) use encode::{
    alert, axes, budget_whose, chain, connection_saved, cost_basis_kind, endpoint_opened, finding, follower,
    key_created, login_begun, login_completed, origin, prices, runs, sensor_event, subject, trigger,
};
pub use encode::{
    asset_dependency, asset_details, attempt_ref, budget, cost_entry, cost_origin, encode, environment_set,
    passed as encode_passed, price,
};
pub use encode::{git_origin, lineage_part_to_wire, pipeline_storage, prices as prices_to_wire};
pub use json::{asset_details_to_json, to_json};
pub use kind::{ALL_KINDS, name_of};
pub use metadata::{
    collected_of, column as column_to_wire, cost_basis_read, edge as edge_to_wire, operation as operation_to_wire,
    quantity_text,
};
pub use plan::{decode_schedule, encode_schedule};
pub use words::{failure_class, outcome, stop_reason};

/// What an event from the log turned out to be.
#[derive(Clone, Debug, PartialEq)]
pub enum Decoded {
    /// A kind that this version knows.
    Known(Event),
    /// A kind of a newer version. The coordinator stops, projections skip and count.
    Unknown {
        /// Its number.
        kind: i32,
        /// Its bytes, untouched.
        payload: Bytes,
    },
}

/// The bytes are no event of their kind.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The payload is not a message of its kind.
    #[error("event kind {kind}: {source}")]
    Payload {
        /// Kind number.
        kind: i32,
        /// What prost said.
        source: prost::DecodeError,
    },
    /// A field that must be there is not, or has an impossible value.
    #[error("event kind {kind}: field `{field}` is missing or impossible")]
    Field {
        /// Kind number.
        kind: i32,
        /// Its name.
        field: &'static str,
    },
    /// The record itself is not a Record message.
    #[error("not a record: {0}")]
    Record(prost::DecodeError),
    /// The writer of the record says that this version would misunderstand it.
    #[error(
        "the record needs reader version {needed}, this is version {}: {reason}; run a newer version",
        crate::record::READER_VERSION
    )]
    Newer {
        /// The lowest version that understands it.
        needed: u32,
        /// Why, in the writer's words.
        reason: String,
    },
}

fn event(kind: wire::EventKind, payload: &impl prost::Message) -> wire::Event {
    wire::Event { kind: kind as i32, payload: Bytes::from(payload.encode_to_vec()) }
}
