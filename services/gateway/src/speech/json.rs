//! A message as JSON.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use prost_reflect::{DynamicMessage, FieldDescriptor, ReflectMessage as _, Value as Field};
use serde_json::{Map, Value};

use super::is_instant;
use crate::http::instant;

/// Every field of a message, those that are empty too: who reads it finds what the document says. Where the answer stands in the log is left
/// out: readers of HTTP have no use for it.
pub(crate) fn written(message: &DynamicMessage) -> Value {
    let mut fields = Map::new();
    for field in message.descriptor().fields() {
        if left_out(&field) {
            continue;
        }
        let has = message.has_field(&field);
        // Of several that exclude each other only the one that is there; the same of what may be absent.
        if !has && field.supports_presence() {
            if field.containing_oneof().is_none_or(|oneof| oneof.is_synthetic()) {
                fields.insert(field.json_name().to_owned(), Value::Null);
            }
            continue;
        }
        fields.insert(field.json_name().to_owned(), value(&field, &message.get_field(&field)));
    }
    Value::Object(fields)
}

pub(super) fn left_out(field: &FieldDescriptor) -> bool {
    matches!(field.kind(), prost_reflect::Kind::Message(of) if of.full_name() == "downbeat.metadata.v1.Position")
}

fn value(field: &FieldDescriptor, given: &Field) -> Value {
    match given {
        Field::List(items) => Value::Array(items.iter().map(|item| value(field, item)).collect()),
        Field::Map(entries) => {
            let of = match field.kind() {
                prost_reflect::Kind::Message(entry) => entry.get_field_by_name("value"),
                _ => None,
            };
            let mut written: Vec<(String, Value)> = entries
                .iter()
                .map(|(key, entry)| {
                    let key = match key {
                        prost_reflect::MapKey::String(text) => text.clone(),
                        other => format!("{other:?}"),
                    };
                    let entry = of.as_ref().map_or(Value::Null, |of| value(of, entry));
                    (key, entry)
                })
                .collect();
            written.sort_by(|one, other| one.0.cmp(&other.0));
            Value::Object(written.into_iter().collect())
        }
        Field::Message(message) => super::written(message),
        Field::I64(micros) if is_instant(field) => instant(*micros).map_or(Value::Null, Value::String),
        Field::I64(number) => Value::from(*number),
        Field::I32(number) => Value::from(*number),
        Field::U64(number) => Value::from(*number),
        Field::U32(number) => Value::from(*number),
        Field::F64(number) => Value::from(*number),
        Field::F32(number) => Value::from(*number),
        Field::Bool(flag) => Value::Bool(*flag),
        Field::String(text) => Value::String(text.clone()),
        Field::Bytes(bytes) => Value::String(STANDARD.encode(bytes)),
        Field::EnumNumber(number) => match field.kind() {
            prost_reflect::Kind::Enum(of) => {
                of.get_value(*number).map_or(Value::from(*number), |known| Value::String(known.name().to_owned()))
            }
            _ => Value::from(*number),
        },
    }
}
