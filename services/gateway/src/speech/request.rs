//! A request's query or body as a message.

use jiff::Timestamp;
use prost_reflect::{Cardinality, DeserializeOptions, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value, json};

use super::is_instant;
use crate::http::{Fault, Place, Query, Violation, camel};

/// What a caller never says of themselves: it follows from who they are, or from what they did.
const OURS: [&str; 2] = ["actor", "at_least"];
/// Messages inside of a request whose fields stand beside the others in a query.
const INLINED: [&str; 2] = ["filter", "span"];

/// The body, an object whose names are spelled in either way.
///
/// # Errors
/// 422: a name or a type that the message does not have.
pub(crate) fn of_body(descriptor: &MessageDescriptor, body: &[u8]) -> Result<DynamicMessage, Fault> {
    let read = if body.iter().all(u8::is_ascii_whitespace) { Value::Null } else { crate::http::Json::value(body)? };
    let fields = match read {
        Value::Null => Map::new(),
        Value::Object(fields) => fields,
        _ => {
            let said = "expected an object";
            return Err(Fault::Violations(vec![Violation::new(vec!["body".into()], "model_attributes_type", said)]));
        }
    };
    let converted = converted(descriptor, Value::Object(fields), &mut vec!["body".into()])?;
    message(descriptor, converted, "body")
}

/// The query. Lists are separated by commas; what is not a field is ignored, as the published API does.
///
/// # Errors
/// 422: a value of another type.
pub(crate) fn of_query(descriptor: &MessageDescriptor, query: &Query) -> Result<DynamicMessage, Fault> {
    let fields = from_query(descriptor, query)?;
    message(descriptor, Value::Object(fields), "query")
}

/// The fields of a message that a query can give, with their shapes as JSON Schema.
pub(crate) fn query_shapes(descriptor: &MessageDescriptor) -> Vec<(String, Value)> {
    let named = descriptor.fields().filter(may_be_asked).flat_map(|field| match field.kind() {
        Kind::Message(inner) if INLINED.contains(&field.name()) => query_shapes(&inner),
        Kind::Message(_) => Vec::new(),
        _ => vec![(field.name().to_owned(), shape(&field))],
    });
    named.collect()
}

/// Whether a query may name it. The actor of a filter is not who asks, but whom they ask about.
fn may_be_asked(field: &FieldDescriptor) -> bool {
    !OURS.contains(&field.name()) || field.parent_message().name().ends_with("Filter")
}

/// Lists come in one text, words of an enum in any case and without what stands before all of them.
fn shape(field: &FieldDescriptor) -> Value {
    match field.kind() {
        _ if field.is_list() => json!({ "type": "string" }),
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Int64 if is_instant(field) => json!({ "type": "string", "format": "date-time" }),
        Kind::Uint32 => json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX }),
        Kind::Uint64 => json!({ "type": "integer", "minimum": 0 }),
        _ => json!({ "type": "string" }),
    }
}

fn from_query(descriptor: &MessageDescriptor, query: &Query) -> Result<Map<String, Value>, Fault> {
    let mut fields = Map::new();
    for field in descriptor.fields().filter(may_be_asked) {
        if let Kind::Message(inner) = field.kind() {
            if INLINED.contains(&field.name()) {
                let inner = from_query(&inner, query)?;
                fields.insert(field.json_name().to_owned(), Value::Object(inner));
            }
            continue;
        }
        let name = [field.name(), field.json_name()].into_iter().find(|name| query.text(name).is_some());
        let Some(name) = name else { continue };
        let value = if field.cardinality() == Cardinality::Repeated {
            let items = query.list(name)?;
            let read = items.iter().map(|item| scalar(&field, name, item)).collect::<Result<Vec<_>, _>>()?;
            Value::Array(read)
        } else {
            scalar(&field, name, query.text(name).unwrap_or_default())?
        };
        fields.insert(field.json_name().to_owned(), value);
    }
    Ok(fields)
}

/// One value of a query.
fn scalar(field: &FieldDescriptor, name: &str, given: &str) -> Result<Value, Fault> {
    let wrong = |kind: &str, said: &str| Fault::invalid("query", name, kind, said);
    match field.kind() {
        Kind::String => Ok(Value::String(given.to_owned())),
        Kind::Bool => match given.to_ascii_lowercase().as_str() {
            "true" | "1" => Ok(Value::Bool(true)),
            "false" | "0" => Ok(Value::Bool(false)),
            _ => Err(wrong("bool_parsing", "expected true or false")),
        },
        Kind::Int64 if is_instant(field) => micros(given)
            .map(Value::from)
            .ok_or_else(|| wrong("datetime_parsing", "no instant: write it as 2026-11-28T09:30:00Z")),
        Kind::Uint32 => {
            given.parse::<u32>().map(Value::from).map_err(|_| wrong("int_parsing", "expected a whole number"))
        }
        Kind::Uint64 => {
            given.parse::<u64>().map(Value::from).map_err(|_| wrong("int_parsing", "expected a whole number"))
        }
        Kind::Enum(of) => {
            // The short word: what stands before it is the same in all of them.
            let word = given.to_ascii_uppercase();
            let known = of.values().find(|known| known.name() == word || known.name().ends_with(&format!("_{word}")));
            known.map(|known| Value::String(known.name().to_owned())).ok_or_else(|| {
                let words: Vec<String> = of.values().map(|known| known.name().to_owned()).collect();
                wrong("enum", &format!("expected one of {}", words.join(", ")))
            })
        }
        _ => Err(wrong("value_error", "cannot be given in a query")),
    }
}

fn micros(given: &str) -> Option<i64> {
    given.replace(' ', "+").parse::<Timestamp>().ok().map(Timestamp::as_microsecond)
}

/// The JSON of a body as the message takes it: instants in numbers, what is ours left out.
fn converted(descriptor: &MessageDescriptor, value: Value, at: &mut Vec<Place>) -> Result<Value, Fault> {
    let Value::Object(fields) = value else { return Ok(value) };
    let mut written = Map::new();
    for (name, value) in fields {
        let field = descriptor.fields().find(|field| field.name() == name || field.json_name() == camel(&name));
        let Some(field) = field.filter(|field| !OURS.contains(&field.name())) else {
            at.push(Place::Key(name));
            return Err(Fault::Violations(vec![Violation::new(
                at.clone(),
                "extra_forbidden",
                "Extra inputs are not permitted",
            )]));
        };
        at.push(Place::Key(name));
        let value = match (field.kind(), value) {
            (Kind::Int64, Value::String(text)) if is_instant(&field) => {
                micros(&text).map(Value::from).ok_or_else(|| {
                    let said = "no instant: write it as 2026-11-28T09:30:00Z";
                    Fault::Violations(vec![Violation::new(at.clone(), "datetime_parsing", said)])
                })?
            }
            (Kind::Message(_), value) if field.is_map() => value,
            (Kind::Message(inner), Value::Array(items)) => {
                let mut read = Vec::with_capacity(items.len());
                for (index, item) in items.into_iter().enumerate() {
                    at.push(Place::Index(index));
                    read.push(converted(&inner, item, at)?);
                    at.pop();
                }
                Value::Array(read)
            }
            (Kind::Message(inner), value) => converted(&inner, value, at)?,
            (_, value) => value,
        };
        at.pop();
        written.insert(field.json_name().to_owned(), value);
    }
    Ok(Value::Object(written))
}

fn message(descriptor: &MessageDescriptor, fields: Value, part: &str) -> Result<DynamicMessage, Fault> {
    let options = DeserializeOptions::new().deny_unknown_fields(true);
    DynamicMessage::deserialize_with_options(descriptor.clone(), fields, &options)
        .map_err(|error| Fault::Violations(vec![Violation::new(vec![part.into()], "value_error", error.to_string())]))
}

#[cfg(test)]
mod tests {
    use super::{super::Method, *};

    fn input(method: &str) -> MessageDescriptor {
        Method::named(method).unwrap().descriptor.input()
    }

    #[test]
    fn a_query_becomes_the_message_with_its_filter() {
        let descriptor = input("downbeat.metadata.v1.CostService/GetCost");
        let query = "by=pipeline,MONTH&from=2026-11-01T00:00:00Z&owner=finance&at_least=x&unknown=1";
        let message = of_query(&descriptor, &Query::read(Some(query)).unwrap()).unwrap();
        let written = super::super::written(&message);
        assert_eq!(written["by"], json!(["COST_GROUP_PIPELINE", "COST_GROUP_MONTH"]));
        assert_eq!(written["filter"]["owner"], "finance");
        assert_eq!(written["filter"]["from"], "2026-11-01T00:00:00Z");
        for (query, place) in [("by=colour", "by"), ("from=yesterday", "from")] {
            let Err(Fault::Violations(found)) = of_query(&descriptor, &Query::read(Some(query)).unwrap()) else {
                panic!("{query}")
            };
            assert_eq!(found[0].loc[1], Place::from(place));
        }
    }

    #[test]
    fn whom_somebody_asks_about_is_not_who_asks() {
        let descriptor = input("downbeat.metadata.v1.MetadataService/ListAudit");
        let query = Query::read(Some("actor=key:ci&actor_kind=KEY&at_least=1")).unwrap();
        let written = super::super::written(&of_query(&descriptor, &query).unwrap());
        assert_eq!((&written["filter"]["actor"], &written["filter"]["actorKind"]), (&json!("key:ci"), &json!("KEY")));
        assert!(query_shapes(&descriptor).iter().any(|(name, _)| name == "actor"));
        let descriptor = input("downbeat.control.v1.ControlService/RetryAlert");
        let written = super::super::written(&of_query(&descriptor, &query).unwrap());
        assert_eq!(written["actor"], "", "who asks is nobody's to say");
        assert!(!query_shapes(&descriptor).iter().any(|(name, _)| name == "actor"));
    }

    #[test]
    fn a_body_has_no_other_names_and_nobody_else_s() {
        let descriptor = input("downbeat.control.v1.ControlService/CreateBackfill");
        let body = br#"{"span": {"pipeline": "orders", "from": "2026-11-01", "to": "2026-11-02"}, "max_active": 2}"#;
        let message = of_body(&descriptor, body).unwrap();
        let written = super::super::written(&message);
        assert_eq!((&written["span"]["pipeline"], &written["maxActive"]), (&Value::from("orders"), &Value::from(2)));
        for (body, loc) in [
            (r#"{"actor": "root"}"#, vec!["body", "actor"]),
            (r#"{"span": {"pipline": "x"}}"#, vec!["body", "span", "pipline"]),
            (r#"{"maxActive": "many"}"#, vec!["body"]),
            ("[]", vec!["body"]),
        ] {
            let Err(Fault::Violations(found)) = of_body(&descriptor, body.as_bytes()) else {
                panic!("{body} is taken")
            };
            assert_eq!(found[0].loc, loc.into_iter().map(Place::from).collect::<Vec<_>>(), "{body}");
        }
    }
}
