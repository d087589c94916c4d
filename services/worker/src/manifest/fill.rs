//! Fills templates: into JSON, into a path, a query, a header, a host. A value never becomes more than a value there.
//!
//! In JSON a hole that stands alone keeps its type, so that quotes in a value cannot end a text; in a path everything but letters,
//! digits and `-._~` is percent-encoded, and what a path resolves (`.`, `..`, nothing) is refused; in a host only what a name of a host
//! may hold is taken. Every error names the hole and where its value comes from, never the value.

use downbeat_lineage::openlineage::jobs::NAMESPACE;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::path::plain;
use super::template::{Body, Hole, Name, Object, Parent, Piece, Shape, Template};
use crate::attempt::Failure;
use crate::parents::Parents;

const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Where holes get their values.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scope {
    pub(crate) parameters: Map<String, Value>,
    pub(crate) connection: Map<String, Value>,
    pub(crate) maps: Map<String, Value>,
    pub(crate) job: Map<String, Value>,
    pub(crate) token: String,
    /// `None`: nobody said which run the task is of.
    pub(crate) parents: Option<Parents>,
}

impl Scope {
    /// The value of a name; `None`: absent, null or blank.
    pub(crate) fn get(&self, name: &Name) -> Option<Value> {
        let found = match name {
            Name::Parameter(name) => self.parameters.get(name).cloned(),
            Name::Connection(name) => self.connection.get(name).cloned(),
            Name::Job(name) => self.job.get(name).cloned(),
            Name::Map(name) => self.maps.get(name).cloned(),
            Name::Token => Some(Value::String(self.token.clone())),
            Name::TokenUuid => Some(Value::String(uuid_of(&self.token))),
            Name::Parent(part) => self.parents.as_ref().map(|parents| Value::String(named(parents, *part).to_owned())),
            Name::Literal(text) => Some(Value::String(text.clone())),
        };
        found.filter(|value| !value.is_null() && value.as_str().is_none_or(|text| !text.trim().is_empty()))
    }

    fn fill(&self, hole: &Hole) -> Result<Option<Value>, Failure> {
        let found = hole.names.iter().find_map(|name| Some((name, self.get(name)?)));
        let Some((name, value)) = found else {
            let first = hole.names.first().map(Name::said).unwrap_or_default();
            return if hole.optional { Ok(None) } else { Err(wrong(hole, format!("{first} is missing or empty"))) };
        };
        let shaped = match hole.shape {
            None | Some(Shape::Path) => Ok(value),
            Some(shape) => reshape(shape, value),
        };
        shaped.map(Some).map_err(|what| wrong(hole, format!("{} {what}", name.said())))
    }

    /// A text, each hole in it made fit by `fit`. `None`: an optional hole had no value.
    fn text_with(
        &self,
        template: &Template,
        fit: impl Fn(&Hole, &str) -> Result<String, Failure>,
    ) -> Result<Option<String>, Failure> {
        let mut text = String::new();
        for piece in &template.pieces {
            match piece {
                Piece::Text(plain) => text.push_str(plain),
                Piece::Hole(hole) => {
                    let Some(value) = self.fill(hole)? else { return Ok(None) };
                    text.push_str(&fit(hole, &plain(&value))?);
                }
            }
        }
        Ok(Some(text))
    }

    /// A text as it is: for headers, queries and forms, which encode it themselves.
    pub(crate) fn text(&self, template: &Template) -> Result<Option<String>, Failure> {
        self.text_with(template, |_, text| Ok(text.to_owned()))
    }

    /// A text that must be there.
    pub(crate) fn required(&self, template: &Template) -> Result<String, Failure> {
        self.text(template)?.ok_or_else(|| {
            let hole = template.holes().map(|hole| hole.written.as_str()).collect::<Vec<_>>().join(" ");
            Failure::misconfigured(format!("{hole} has no value"))
        })
    }

    /// A path of a URL.
    pub(crate) fn path(&self, template: &Template) -> Result<String, Failure> {
        let filled = self.text_with(template, |hole, text| {
            let parts: Vec<&str> = if hole.shape == Some(Shape::Path) { text.split('/').collect() } else { vec![text] };
            if parts.iter().any(|part| matches!(*part, "" | "." | "..")) {
                return Err(wrong(hole, "has a value that cannot stand in an address (empty, `.` or `..`)"));
            }
            let encoded = parts.into_iter().map(|part| utf8_percent_encode(part, IN_PATH).to_string());
            Ok(encoded.collect::<Vec<_>>().join("/"))
        });
        Ok(filled?.unwrap_or_default())
    }

    /// A base URL: a lone hole is one as the operator wrote it; in a host only what a name may hold is taken.
    pub(crate) fn base(&self, template: &Template) -> Result<String, Failure> {
        if template.lone_hole().is_some() {
            return self.required(template);
        }
        let filled = self.text_with(template, |hole, text| {
            let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'));
            if plain { Ok(text.to_owned()) } else { Err(wrong(hole, "has a value that is no part of a host's name")) }
        });
        Ok(filled?.unwrap_or_default())
    }

    /// JSON. What is optional and has no value is left out; a list or object of which nothing is left, too.
    pub(crate) fn body(&self, body: &Body) -> Result<Option<Value>, Failure> {
        match body {
            Body::Fixed(value) => Ok(Some(value.clone())),
            Body::Text(template) => match template.lone_hole() {
                Some(hole) => self.fill(hole),
                None => Ok(self.text(template)?.map(Value::String)),
            },
            Body::List(items) => {
                let mut filled = Vec::new();
                for item in items {
                    match self.spread_list(item)? {
                        Some(more) => filled.extend(more),
                        None => filled.extend(self.body(item)?),
                    }
                }
                Ok((items.is_empty() || !filled.is_empty()).then_some(Value::Array(filled)))
            }
            Body::Object(object) => self.object(object),
        }
    }

    fn object(&self, object: &Object) -> Result<Option<Value>, Failure> {
        if let Some(when) = &object.when
            && self.text(when)?.is_none()
        {
            return Ok(None);
        }
        let mut filled = Map::new();
        let spreads = match object.spread.as_deref() {
            Some(Body::List(several)) => several.as_slice(),
            Some(one) => std::slice::from_ref(one),
            None => &[],
        };
        for spread in spreads {
            match self.body(spread)? {
                Some(Value::Object(more)) => filled.extend(more),
                Some(_) => return Err(misplaced(spread, "an object of names with values")),
                None => {}
            }
        }
        for (key, entry) in &object.entries {
            if let Some(value) = self.body(entry)? {
                filled.insert(key.clone(), value);
            }
        }
        let blank = object.entries.is_empty() && object.spread.is_none();
        Ok((blank || !filled.is_empty()).then_some(Value::Object(filled)))
    }

    /// The items of an object that is nothing but `$spread`, which in a list stands for a list.
    fn spread_list(&self, item: &Body) -> Result<Option<Vec<Value>>, Failure> {
        let Body::Object(Object { when: None, spread: Some(spread), entries }) = item else { return Ok(None) };
        if !entries.is_empty() {
            return Ok(None);
        }
        match self.body(spread)? {
            Some(Value::Array(items)) => Ok(Some(items)),
            Some(_) => Err(misplaced(spread, "a list")),
            None => Ok(Some(Vec::new())),
        }
    }
}

fn misplaced(body: &Body, wanted: &str) -> Failure {
    let holes: Vec<_> =
        body.templates().iter().flat_map(|template| template.holes()).map(|hole| &hole.written[..]).collect();
    Failure::misconfigured(format!("{}: must be {wanted}", holes.join(" ")))
}

fn wrong(hole: &Hole, what: impl std::fmt::Display) -> Failure {
    Failure::misconfigured(format!("{}: {what}", hole.written))
}

fn reshape(shape: Shape, value: Value) -> Result<Value, String> {
    match (shape, value) {
        (Shape::Json, Value::String(text)) => {
            serde_json::from_str(&text).map_err(|_| "must hold JSON, and does not".to_owned())
        }
        (Shape::Text, value) => Ok(Value::String(plain(&value))),
        (Shape::List, Value::String(text)) => match serde_json::from_str(&text) {
            Ok(Value::Array(items)) => Ok(Value::Array(items)),
            _ => Ok(text.split(',').map(|item| json!(item.trim())).filter(|item| item != "").collect()),
        },
        (Shape::List, Value::Array(items)) => Ok(Value::Array(items)),
        (Shape::List, _) => Err("must be a list, or a text with commas".to_owned()),
        (Shape::One, Value::Array(items)) => match <[Value; 1]>::try_from(items) {
            Ok([item]) => Ok(item),
            Err(items) => Err(format!("must be a list of one, and has {}: make a task of each", items.len())),
        },
        (Shape::One, value) => Ok(value),
        (Shape::Number, Value::String(text)) => {
            let number = text.trim().parse::<serde_json::Number>();
            number.map(Value::Number).map_err(|_| "must be a number".to_owned())
        }
        (Shape::Number, Value::Number(number)) => Ok(Value::Number(number)),
        (Shape::Number, _) => Err("must be a number".to_owned()),
        (Shape::Pairs, Value::String(text)) => match serde_json::from_str(&text) {
            Ok(value @ (Value::Object(_) | Value::Array(_))) => reshape(Shape::Pairs, value),
            _ => Err("must be a JSON object of names with values".to_owned()),
        },
        (Shape::Pairs, Value::Object(entries)) => {
            Ok(entries.iter().map(|(name, value)| json!({ "name": name, "value": plain(value) })).collect())
        }
        (Shape::Pairs, Value::Array(pairs)) => Ok(Value::Array(pairs)),
        (Shape::Pairs, _) => Err("must be names with values".to_owned()),
        (Shape::Json | Shape::Path, value) => Ok(value),
    }
}

fn named(parents: &Parents, part: Parent) -> &str {
    match part {
        Parent::Namespace => NAMESPACE,
        Parent::Job => &parents.job,
        Parent::Run => &parents.run,
        Parent::RootJob => &parents.root_job,
        Parent::RootRun => &parents.root_run,
    }
}

/// A UUID that is the same for the same token and differs for others.
pub(crate) fn uuid_of(token: &str) -> String {
    let hash = blake3::derive_key("downbeat 2026 token of an attempt as a UUID", token.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    // Version 8: a UUID of one's own making.
    bytes[6] = (bytes[6] & 0x0f) | 0x80;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    uuid::Uuid::from_bytes(bytes).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope() -> Scope {
        Scope {
            parameters: json!({
                "quote": "a\", \"admin\": true, \"b\": \"", "up": "..", "path": "a/../b", "name": "a/b c?d#e",
                "resource": "projects/p/x y", "json": "{\"a\": [1]}", "object": { "a": 1, "b": "c" }, "list": "a, b,,c",
                "number": "12", "empty": " ", "null": null, "one": ["a"], "two": [1, 2],
            })
            .as_object()
            .unwrap()
            .clone(),
            token: "t-1".to_owned(),
            ..Scope::default()
        }
    }

    #[test]
    fn a_value_never_becomes_more_than_a_value_in_json() {
        let cases = [
            (json!({ "x": "{parameters.quote}" }), json!({ "x": "a\", \"admin\": true, \"b\": \"" })),
            (json!({ "x": "<{parameters.quote}>" }), json!({ "x": "<a\", \"admin\": true, \"b\": \">" })),
            (json!("{json parameters.json}"), json!({ "a": [1] })),
            (json!("{text parameters.object}"), json!("{\"a\":1,\"b\":\"c\"}")),
            (json!("{list parameters.list}"), json!(["a", "b", "c"])),
            (json!("{number parameters.number}"), json!(12)),
            (json!("{one parameters.one}"), json!("a")),
            (json!("{pairs parameters.object}"), json!([{ "name": "a", "value": "1" }, { "name": "b", "value": "c" }])),
            (json!({ "a": "{parameters.none|parameters.null|parameters.number}" }), json!({ "a": "12" })),
            (
                json!({ "a": "{parameters.none?}", "b": { "c": ["{parameters.empty?}"] }, "d": {}, "e": 1 }),
                json!({ "d": {}, "e": 1 }),
            ),
            (json!("{parameters.none|'x y'}-{token}"), json!("x y-t-1")),
            (json!({ "$spread": "{parameters.object}", "a": "{token}" }), json!({ "a": "t-1", "b": "c" })),
            (json!({ "$spread": "{parameters.none?}", "a": 1 }), json!({ "a": 1 })),
            (
                json!({ "$spread": [{ "a": 1, "b": 1, "x": 1 }, "{parameters.none?}", "{parameters.object}"], "a": "{token}" }),
                json!({ "a": "t-1", "b": "c", "x": 1 }),
            ),
            (json!([{ "$spread": "{list parameters.list}" }, "{token}"]), json!(["a", "b", "c", "t-1"])),
            (json!([{ "$when": "{parameters.none?}", "a": 1 }, { "$when": "{token}", "a": 2 }]), json!([{ "a": 2 }])),
        ];
        for (template, expected) in cases {
            let body: Body = serde_json::from_value(template.clone()).unwrap();
            assert_eq!(scope().body(&body).unwrap(), Some(expected), "{template}");
        }
    }

    #[test]
    fn a_value_never_leads_out_of_its_place_in_a_path() {
        let cases = [
            ("/v1/{parameters.name}/runs", Some("/v1/a%2Fb%20c%3Fd%23e/runs")),
            ("/v1/{path parameters.resource}", Some("/v1/projects/p/x%20y")),
            ("/v1/{parameters.path}", Some("/v1/a%2F..%2Fb")),
            ("/v1/{parameters.up}/x", None),
            ("/v1/{path parameters.path}", None),
            ("/v1/{parameters.empty}", None),
        ];
        for (template, expected) in cases {
            let read = Template::read(template).unwrap();
            assert_eq!(scope().path(&read).ok().as_deref(), expected, "{template}");
        }
    }

    #[test]
    fn only_names_of_hosts_become_parts_of_one() {
        for (template, fits) in
            [("https://{parameters.number}.x.com", true), ("https://{parameters.name}.x.com", false)]
        {
            assert_eq!(scope().base(&Template::read(template).unwrap()).is_ok(), fits, "{template}");
        }
    }

    #[test]
    fn errors_name_the_hole_and_not_the_value() {
        let cases = [
            ("{parameters.none}", "the parameter none is missing"),
            ("{connection.token}", "the field token of the connection is missing"),
            ("{json parameters.quote}", "the parameter quote must hold JSON"),
            ("{number parameters.quote}", "the parameter quote must be a number"),
            ("{pairs parameters.list}", "the parameter list must be a JSON object"),
            ("{one parameters.two}", "must be a list of one, and has 2"),
        ];
        for (template, says) in cases {
            let body: Body = serde_json::from_value(json!(template)).unwrap();
            let failure = scope().body(&body).unwrap_err();
            assert!(failure.message.contains(says) && failure.message.contains(template), "{}", failure.message);
            assert!(!failure.message.contains("admin"), "{}", failure.message);
        }
    }

    #[test]
    fn a_token_is_always_the_same_uuid() {
        assert_eq!(uuid_of("a"), uuid_of("a"));
        assert_ne!(uuid_of("a"), uuid_of("b"));
        assert_eq!(uuid_of("a").len(), 36);
    }
}
