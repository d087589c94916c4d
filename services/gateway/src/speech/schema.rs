//! Messages in the document: their shape as JSON, by their descriptors.

use prost_reflect::{Kind, MessageDescriptor};
use serde_json::{Map, Value, json};

use super::{is_instant, json::left_out};

/// Where the document keeps shapes.
const SHAPES: &str = "#/components/schemas/";

/// A reference to the shape of a message, which is entered with all that it consists of.
pub(crate) fn schema_of(message: &MessageDescriptor, shapes: &mut Map<String, Value>) -> Value {
    let name = message.full_name().to_owned();
    if !shapes.contains_key(&name) {
        // Messages may hold themselves: the name stands first.
        shapes.insert(name.clone(), Value::Null);
        let mut fields = Map::new();
        for field in message.fields().filter(|field| !left_out(field) && field.name() != "actor") {
            let kind = field.kind();
            let single = if field.is_map() {
                let of = kind.as_message().and_then(|entry| entry.get_field_by_name("value")).map(|value| value.kind());
                json!({ "type": "object", "additionalProperties": of.map_or(Value::Bool(true), |of| plain(&of, shapes)) })
            } else if is_instant(&field) {
                json!({ "type": ["string", "null"], "format": "date-time" })
            } else {
                plain(&kind, shapes)
            };
            let written = if field.is_list() { json!({ "type": "array", "items": single }) } else { single };
            let optional = field.supports_presence() && !field.is_list();
            let written = if optional { json!({ "anyOf": [written, { "type": "null" }] }) } else { written };
            fields.insert(field.json_name().to_owned(), written);
        }
        shapes.insert(name.clone(), json!({ "type": "object", "properties": fields }));
    }
    json!({ "$ref": format!("{SHAPES}{name}") })
}

fn plain(kind: &Kind, shapes: &mut Map<String, Value>) -> Value {
    match kind {
        Kind::Message(message) => schema_of(message, shapes),
        Kind::Enum(of) => {
            json!({ "type": "string", "enum": of.values().map(|known| known.name().to_owned()).collect::<Vec<_>>() })
        }
        Kind::String => json!({ "type": "string" }),
        Kind::Bytes => json!({ "type": "string", "contentEncoding": "base64" }),
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Double | Kind::Float => json!({ "type": "number" }),
        Kind::Uint32 | Kind::Uint64 => json!({ "type": "integer", "minimum": 0 }),
        _ => json!({ "type": "integer" }),
    }
}
