//! Messages of our own services as JSON, by their descriptors: what has no published shape has that of `proto/`.
//!
//! Promises: names are written likeThis; instants are ISO 8601 and not microseconds; what a service does not know is refused with its name.
//! Knows nothing about routes and rights.

mod call;
mod json;
mod request;
mod schema;

pub(crate) use call::{Method, Raw, call};
pub(crate) use json::written;
pub(crate) use request::{of_body, of_query, query_shapes};
pub(crate) use schema::{By, schema_of};

use std::sync::LazyLock;

use prost_reflect::{DescriptorPool, FieldDescriptor, Kind};

/// Every message and service.
static POOL: LazyLock<DescriptorPool> =
    LazyLock::new(|| DescriptorPool::decode(downbeat_proto::DESCRIPTORS).unwrap_or_default());

/// Whether a field holds an instant, in microseconds since the epoch: its name says so.
fn is_instant(field: &FieldDescriptor) -> bool {
    let named = |name: &str| {
        name.ends_with("_at")
            || name.ends_with("_instant")
            || name.ends_with("_up_to")
            || matches!(
                name,
                "at" | "now"
                    | "since"
                    | "until"
                    | "from"
                    | "to"
                    | "instant"
                    | "due"
                    | "at_time"
                    | "after"
                    | "counted_from"
                    | "approval_until"
                    | "time"
            )
    };
    matches!(field.kind(), Kind::Int64) && named(field.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_that_are_no_instants_are_known_by_name() {
        let messages = POOL
            .all_messages()
            .filter(|message| ["downbeat.metadata.v1", "downbeat.control.v1"].contains(&message.package_name()));
        let fields = messages.flat_map(|message| {
            let name = message.name().to_owned();
            message.fields().map(move |field| (format!("{name}.{}", field.name()), field)).collect::<Vec<_>>()
        });
        let others = fields.filter(|(_, field)| matches!(field.kind(), Kind::Int64) && !is_instant(field));
        let others: Vec<String> = others.map(|(name, _)| name).collect();
        assert_eq!(
            others,
            Vec::<String>::new(),
            "a new field of int64: name it as an instant, or make it sint64 or uint64"
        );
    }
}
