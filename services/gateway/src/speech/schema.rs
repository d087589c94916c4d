//! Messages in the document: their shape as JSON, by their descriptors.

use prost_reflect::{Kind, MessageDescriptor};
use serde_json::{Map, Value, json};

use super::{is_instant, json::left_out};

/// Where the document keeps shapes.
const SHAPES: &str = "#/components/schemas/";

/// Who writes a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// A caller: every field may be null, and there are no others.
    Caller,
    /// We.
    Us,
}

/// A reference to the shape of a message, which is entered with all that it consists of.
pub(crate) fn schema_of(message: &MessageDescriptor, by: By, shapes: &mut Map<String, Value>) -> Value {
    let name = match by {
        By::Caller => format!("{}.Given", message.full_name()),
        By::Us => message.full_name().to_owned(),
    };
    if !shapes.contains_key(&name) {
        // Messages may hold themselves: the name stands first.
        shapes.insert(name.clone(), Value::Null);
        let mut fields = Map::new();
        for field in message.fields().filter(|field| !left_out(field) && field.name() != "actor") {
            let kind = field.kind();
            let single = if field.is_map() {
                let of = kind.as_message().and_then(|entry| entry.get_field_by_name("value")).map(|value| value.kind());
                json!({ "type": "object", "additionalProperties": of.map_or(Value::Bool(true), |of| plain(&of, by, shapes)) })
            } else if is_instant(&field) {
                json!({ "type": ["string", "null"], "format": "date-time" })
            } else {
                plain(&kind, by, shapes)
            };
            let written = if field.is_list() { json!({ "type": "array", "items": single }) } else { single };
            let optional = by == By::Caller || field.supports_presence() && !field.is_list();
            let written = if optional { json!({ "anyOf": [written, { "type": "null" }] }) } else { written };
            fields.insert(field.json_name().to_owned(), written);
        }
        let mut shape = json!({ "type": "object", "properties": fields });
        if by == By::Caller {
            shape["additionalProperties"] = Value::Bool(false);
        }
        shapes.insert(name.clone(), shape);
    }
    json!({ "$ref": format!("{SHAPES}{name}") })
}

fn plain(kind: &Kind, by: By, shapes: &mut Map<String, Value>) -> Value {
    match kind {
        Kind::Message(message) => schema_of(message, by, shapes),
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
