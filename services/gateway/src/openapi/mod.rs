//! The OpenAPI 3.1 document, made of the table of routes.

use std::{collections::BTreeSet, sync::LazyLock};

use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::{
    http::{Gives, Need, Route, Takes},
    rest,
    speech::{self, By},
};

/// Where the public API lies.
const BASE: &str = "/api/engine/public";

/// The document as text.
pub(crate) fn text() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| format!("{:#}\n", document()));
    &TEXT
}

fn document() -> Value {
    let mut shapes = Shapes::default();
    let mut paths: Map<String, Value> = Map::new();
    for route in rest::public().0 {
        let operation = operation(&route, &mut shapes);
        let path = paths.entry(route.path.to_owned()).or_insert_with(|| json!({}));
        if let Value::Object(methods) = path {
            methods.insert(route.method.as_str().to_ascii_lowercase(), operation);
        }
    }
    let mut schemas = shapes.all();
    schemas.insert("Fault".to_owned(), fault());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Downbeat",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Runs pipelines across the tools of a data team, and knows what they did. The paths that Orchestra publishes are served as its clients use them.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": BASE }],
        "security": [{ "key": [] }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "key": { "type": "http", "scheme": "bearer", "description": "A key (`downbeat key create`), or the access token of a login (docs/login.md)" } },
        },
    })
}

/// The shapes that routes name. What is given and what is answered are written apart: an answer has every field that is not left out.
struct Shapes {
    given: SchemaGenerator,
    answered: SchemaGenerator,
    messages: Map<String, Value>,
}

impl Default for Shapes {
    fn default() -> Self {
        let settings =
            || SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = "/components/schemas".into());
        Self {
            given: settings().into_generator(),
            answered: settings().for_serialize().into_generator(),
            messages: Map::new(),
        }
    }
}

impl Shapes {
    fn all(mut self) -> Map<String, Value> {
        let mut all: Map<String, Value> = self.given.take_definitions(true).into_iter().collect();
        for (name, shape) in self.answered.take_definitions(true) {
            let before = all.insert(name.clone(), shape.clone());
            debug_assert!(
                before.is_none_or(|before| before == shape),
                "{name} is given in one shape and answered in another"
            );
        }
        all.extend(self.messages);
        all
    }
}

fn fault() -> Value {
    json!({
        "type": "object",
        "required": ["detail"],
        "properties": { "detail": { "anyOf": [
            { "type": "string" },
            { "type": "array", "items": {
                "type": "object",
                "required": ["loc", "msg", "type"],
                "properties": {
                    "loc": { "type": "array", "items": { "type": ["string", "integer"] } },
                    "msg": { "type": "string" },
                    "type": { "type": "string" },
                    "ctx": {},
                },
            } },
        ] } },
    })
}

fn operation(route: &Route, shapes: &mut Shapes) -> Value {
    let in_path = route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let mut parameters: Vec<Value> = in_path
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string", "minLength": 1 } }))
        .collect();
    let mut named = BTreeSet::new();
    for parameter in &route.parameters {
        if named.insert(parameter.name.clone()) {
            parameters.push(json!({
                "name": parameter.name, "in": "query", "required": false, "description": parameter.says, "allowEmptyValue": true,
                "schema": parameter.shape,
            }));
        }
    }
    let mut operation = json!({
        "operationId": id(route),
        "summary": route.says,
        "parameters": parameters,
        "responses": responses(route, shapes),
    });
    if let Some(takes) = &route.takes {
        let shape = match takes {
            Takes::Json(describe) => json!(describe(&mut shapes.given)),
            Takes::Message(message) => speech::schema_of(message, By::Caller, &mut shapes.messages),
        };
        // A body that is null is none.
        let schema = json!({ "anyOf": [shape, { "type": "null" }] });
        operation["requestBody"] =
            json!({ "required": false, "content": { "application/json": { "schema": schema } } });
    }
    match route.need {
        Need::Nothing => operation["security"] = json!([]),
        Need::Account(role) | Need::Something(role) => operation["x-downbeat-role"] = json!(role.as_str()),
        Need::Key => {}
    }
    operation
}

/// `get_pipeline_runs_id_status`.
fn id(route: &Route) -> String {
    let mut id = route.method.as_str().to_ascii_lowercase();
    for part in route.path.split('/').filter(|part| !part.is_empty()) {
        id.push('_');
        id.extend(part.chars().filter_map(|letter| match letter {
            '{' | '}' => None,
            '-' | '.' => Some('_'),
            letter => Some(letter),
        }));
    }
    id
}

fn responses(route: &Route, shapes: &mut Shapes) -> Value {
    let content = match &route.gives {
        Gives::Nothing => None,
        Gives::Text(kind) => {
            let shape = match *kind {
                "application/json" | "application/yaml" => json!({ "type": "object" }),
                // Each event, as a client takes it apart.
                "text/event-stream" => json!({ "type": "object", "properties": {
                    "event": { "type": "string" }, "id": { "type": "string" }, "data": { "type": "string" },
                } }),
                _ => json!({ "type": "string" }),
            };
            Some(json!({ *kind: { "schema": shape } }))
        }
        Gives::Json(describe) => Some(json!({ "application/json": { "schema": describe(&mut shapes.answered) } })),
        Gives::Message(message) => {
            Some(json!({ "application/json": { "schema": speech::schema_of(message, By::Us, &mut shapes.messages) } }))
        }
    };
    let mut good = json!({ "description": route.says });
    if let Some(content) = content {
        good["content"] = content;
    }
    let fault = |says: &str| json!({ "description": says, "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Fault" } } } });
    let mut responses = json!({
        "400": fault("What is asked for cannot be done"),
        "404": fault("It is not there, or not to be seen"),
        "409": fault("It is there already, or has changed meanwhile"),
        "408": fault("The body did not come in time"),
        "413": fault("The body is too large"),
        "414": fault("The path is too long"),
        "422": fault("Something in the request is not as it should be"),
        "429": fault("Too many requests"),
        "503": fault("Not available now"),
        "504": fault("No answer in time"),
    });
    responses[route.status.to_string()] = good;
    if route.need != Need::Nothing {
        responses["401"] = fault("No key, or one that opens nothing");
        responses["403"] = fault("The key does not open this");
    }
    if matches!(&route.gives, Gives::Text("text/plain")) {
        responses["206"] =
            json!({ "description": "The range", "content": { "text/plain": { "schema": { "type": "string" } } } });
        responses["416"] = json!({ "description": "Nothing is there from that byte on" });
    }
    responses
}
