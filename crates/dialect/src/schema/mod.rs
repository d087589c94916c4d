//! The language as a JSON Schema, for editors: what they complete, explain and underline while a pipeline is written.
//!
//! Generated from the catalogue, so that it says what the checks say: keys, types, words, limits, forms, and the parameters of every
//! listed job. What a schema cannot say (ids, dependencies, expressions, duplicate keys) is left to [`crate::parse`]; limits that are
//! only advice are left out. At one place it is stricter: where another type is wanted, a text must look like a template or like that type.

mod document;
mod shape;

use serde_json::{Value, json};

/// A version of JSON Schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Draft {
    /// Draft-07, which editors know best.
    Draft7,
    /// 2020-12, the current one.
    Draft202012,
}

impl Draft {
    /// Every version that can be written.
    pub const ALL: [Draft; 2] = [Draft::Draft7, Draft::Draft202012];

    /// The URI under `$schema`.
    pub fn uri(self) -> &'static str {
        match self {
            Draft::Draft7 => "http://json-schema.org/draft-07/schema#",
            Draft::Draft202012 => "https://json-schema.org/draft/2020-12/schema",
        }
    }

    fn definitions(self) -> &'static str {
        match self {
            Draft::Draft7 => "definitions",
            Draft::Draft202012 => "$defs",
        }
    }

    /// A reference to a definition.
    fn reference(self, name: &str) -> Value {
        json!({"$ref": format!("#/{}/{name}", self.definitions())})
    }
}

/// The schema of pipeline documents.
pub fn schema(draft: Draft) -> Value {
    let mut schema = json!({
        "$schema": draft.uri(),
        "title": "Pipeline",
        "description": "A pipeline: what runs, in which order, and what starts it",
    });
    schema["allOf"] = json!([draft.reference("pipeline")]);
    schema[draft.definitions()] = Value::Object(document::definitions(draft));
    schema
}

#[cfg(test)]
mod tests;
