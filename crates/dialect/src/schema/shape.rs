//! Shapes of the catalogue as schemas.

use serde_json::{Map, Value, json};

use super::Draft;
use crate::catalogue::{Field, Model, Pattern, Shape, ShapeKind, core};

/// Exactly one template, with white space around it at most.
const ONE_TEMPLATE: &str = r"^\s*\$\{\{[\s\S]*\}\}\s*$";
/// A text with a template in it.
const SOME_TEMPLATE: &str = r"\$\{\{";
/// Six words: what is in them, the checks know.
const CRON: &str = r"^\s*\S+(\s+\S+){5}\s*$";

/// A map with known keys.
pub(super) fn model(draft: Draft, model: &Model) -> Value {
    fields(draft, &model.fields, model.additional_fields)
}

/// A map with these keys; with `open`, further ones are taken.
pub(super) fn fields(draft: Draft, fields: &[Field], open: bool) -> Value {
    let properties: Map<String, Value> =
        fields.iter().map(|field| (field.name.clone(), self::field(draft, field))).collect();
    let required: Vec<&str> = fields.iter().filter(|field| field.required).map(|field| field.name.as_str()).collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": open})
}

/// The value of a key, with what people should know about it.
pub(super) fn field(draft: Draft, field: &Field) -> Value {
    let form = core().key_patterns.iter().find(|form| field.name.ends_with(&form.suffix)).map(|form| &form.pattern);
    let form = form.filter(|_| field.shape.kind == ShapeKind::String);
    let constraint = form.or(field.shape.pattern()).map(|pattern| pattern.constraint.clone());
    let mut written = shape(draft, &field.shape);
    if let Some(form) = form {
        restrict(&mut written, form.expression());
    } else if field.name == "cron" {
        restrict(&mut written, CRON);
    }
    let words: Vec<String> = field.note.iter().cloned().chain(constraint).collect();
    if let Value::Object(written) = &mut written {
        if !words.is_empty() {
            written.insert("description".to_owned(), Value::from(words.join("; ")));
        }
        if let Some(default) = field.shape.default.as_ref().filter(|default| !default.is_null()) {
            written.insert("default".to_owned(), default.clone());
        }
    }
    written
}

fn restrict(schema: &mut Value, pattern: &str) {
    if let Value::Object(schema) = schema {
        schema.insert("pattern".to_owned(), Value::from(pattern));
    }
}

/// A value. Never a lone reference: draft-07 ignores what stands beside one.
pub(super) fn shape(draft: Draft, shape: &Shape) -> Value {
    let mut choices: Vec<Value> = alternatives(draft, shape);
    if shape.kind == ShapeKind::Any {
        return json!({});
    }
    match texts(shape) {
        Some(text) => choices.push(text),
        None if choices.len() == 1 && choices[0].get("$ref").is_none() => {
            let mut only = choices.swap_remove(0);
            if shape.nullable {
                allow_null(&mut only);
            }
            return only;
        }
        None => {}
    }
    if shape.nullable {
        choices.push(json!({"type": "null"}));
    }
    json!({"anyOf": choices})
}

/// The schemas of the shape's own type.
fn alternatives(draft: Draft, shape: &Shape) -> Vec<Value> {
    match shape.kind {
        ShapeKind::Any => Vec::new(),
        ShapeKind::String => vec![text(shape)],
        ShapeKind::Integer => vec![number(shape, "integer")],
        ShapeKind::Number => vec![number(shape, "number")],
        ShapeKind::Boolean => vec![json!({"type": "boolean"})],
        ShapeKind::Enum => match shape.shared_words() {
            Some(name) => vec![draft.reference(&words_name(name))],
            None => vec![json!({"enum": shape.allowed()})],
        },
        ShapeKind::Array => {
            let mut list = json!({"type": "array"});
            if let Some(item) = &shape.items {
                list["items"] = self::shape(draft, item);
            }
            limit(&mut list, shape, [("minItems", shape.min_items), ("maxItems", shape.max_items)]);
            vec![list]
        }
        ShapeKind::Object if !shape.models.is_empty() => {
            shape.models.iter().map(|name| draft.reference(name)).collect()
        }
        ShapeKind::Object if !shape.one_of.is_empty() => {
            shape.one_of.iter().map(|shape| self::shape(draft, shape)).collect()
        }
        ShapeKind::Object => {
            let mut map = match shape.fields.as_slice() {
                [] => json!({"type": "object"}),
                known => fields(draft, known, shape.open),
            };
            if let Some(values) = &shape.values {
                map["additionalProperties"] = self::shape(draft, values);
            }
            if let Some(names) = shape.names() {
                map["propertyNames"] = json!({"pattern": names.expression()});
            }
            limit(&mut map, shape, [("minProperties", shape.min_items), ("maxProperties", shape.max_items)]);
            vec![map]
        }
    }
}

/// Name of the definition of a shared list of words.
pub(super) fn words_name(name: &str) -> String {
    format!("words.{name}")
}

fn text(shape: &Shape) -> Value {
    let mut text = json!({"type": "string"});
    limit(&mut text, shape, [("minLength", shape.min_length), ("maxLength", shape.max_length)]);
    if let Some(pattern) = shape.pattern().filter(|_| !shape.advice) {
        restrict(&mut text, Pattern::expression(pattern));
    }
    text
}

fn number(shape: &Shape, kind: &str) -> Value {
    let mut number = json!({"type": kind});
    limit(&mut number, shape, [("minimum", shape.min), ("maximum", shape.max)]);
    number
}

/// The limits that are no mere advice.
fn limit<T: Into<Value>>(schema: &mut Value, shape: &Shape, limits: [(&str, Option<T>); 2]) {
    for (keyword, limit) in limits {
        if let Some(limit) = limit.filter(|_| !shape.advice) {
            schema[keyword] = limit.into();
        }
    }
}

/// The texts that are taken where the shape wants another type.
fn texts(shape: &Shape) -> Option<Value> {
    if shape.or_text {
        return Some(json!({"type": "string"}));
    }
    if !shape.templated {
        return None;
    }
    let also = match shape.kind {
        ShapeKind::Any | ShapeKind::String => return None,
        ShapeKind::Enum => return Some(json!({"type": "string", "pattern": SOME_TEMPLATE})),
        ShapeKind::Integer => r"|^\s*[+-]?[0-9]+\s*$",
        ShapeKind::Number => r"|^\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*$",
        ShapeKind::Boolean => r"|^\s*([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])\s*$",
        ShapeKind::Array => r"|^\s*\[",
        ShapeKind::Object => r"|^\s*\{",
    };
    Some(json!({"type": "string", "pattern": format!("{ONE_TEMPLATE}{also}")}))
}

fn allow_null(schema: &mut Value) {
    if let Some(kind) = schema.get_mut("type") {
        *kind = json!([kind.take(), "null"]);
    }
    if let Some(Value::Array(words)) = schema.get_mut("enum") {
        words.push(Value::Null);
    }
}
