//! The table of routes. What a route needs stands beside it and nowhere else: the router, the document and the matrix of the tests come of it.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use axum::{http::Method, response::Response};
use downbeat_domain::access::Role;
use prost_reflect::MessageDescriptor;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Value, json};

use super::{Call, Fault};
use crate::{limits, speech};

type Answering = Pin<Box<dyn Future<Output = Result<Response, Fault>> + Send>>;
type Handler = Arc<dyn Fn(Call) -> Answering + Send + Sync>;
type Describe = fn(&mut SchemaGenerator) -> Schema;

/// Who may come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Everybody.
    Nothing,
    /// Any key: what it may see, it is told.
    Key,
    /// Whoever has this role for the whole account.
    Account(Role),
    /// Whoever has this role for something: the route asks for the very thing.
    Something(Role),
}

/// A parameter of the query, for the document.
#[derive(Clone, Debug)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) says: String,
    /// Its shape, as JSON Schema.
    pub(crate) shape: Value,
}

/// What a route answers when all goes well.
#[derive(Clone)]
pub(crate) enum Gives {
    Nothing,
    Text(&'static str),
    Json(Describe),
    Message(MessageDescriptor),
}

/// The shape of a body.
#[derive(Clone)]
pub(crate) enum Takes {
    Json(Describe),
    Message(MessageDescriptor),
}

/// One route.
#[derive(Clone)]
pub(crate) struct Route {
    pub(crate) method: Method,
    /// As axum spells it.
    pub(crate) path: &'static str,
    pub(crate) need: Need,
    pub(crate) says: &'static str,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) takes: Option<Takes>,
    pub(crate) status: u16,
    pub(crate) gives: Gives,
    pub(crate) body_bytes_max: usize,
    pub(crate) answer_wait: Duration,
    handler: Handler,
}

impl Route {
    pub(crate) fn new<F, A>(method: Method, path: &'static str, need: Need, says: &'static str, handler: F) -> Self
    where
        F: Fn(Call) -> A + Send + Sync + 'static,
        A: Future<Output = Result<Response, Fault>> + Send + 'static,
    {
        Self {
            method,
            path,
            need,
            says,
            parameters: Vec::new(),
            takes: None,
            status: 200,
            gives: Gives::Nothing,
            body_bytes_max: limits::BODY_BYTES_MAX,
            answer_wait: limits::ANSWER_WAIT,
            handler: Arc::new(move |call| Box::pin(handler(call))),
        }
    }

    /// It may take so long.
    pub(crate) fn takes_long(mut self, wait: Duration) -> Self {
        self.answer_wait = wait;
        self
    }

    /// Parameters of the query.
    pub(crate) fn query(mut self, parameters: &[(&'static str, &'static str)]) -> Self {
        let written = parameters.iter().map(|(name, says)| Parameter {
            name: (*name).to_owned(),
            says: (*says).to_owned(),
            shape: shape_of(name),
        });
        self.parameters.extend(written);
        self
    }

    /// The shape of its body.
    pub(crate) fn takes<T: JsonSchema>(mut self) -> Self {
        self.takes = Some(Takes::Json(|generator| generator.subschema_for::<T>()));
        self
    }

    /// It is a method of a service: its messages are the shapes. Without a body, fields of the request are parameters of the query.
    pub(crate) fn speaks(mut self, method: &str, with_body: bool) -> Self {
        let Some(method) = speech::Method::named(method) else { return self };
        let (input, output) = (method.descriptor.input(), method.descriptor.output());
        self.gives = Gives::Message(output);
        if with_body {
            self.takes = Some(Takes::Message(input));
        } else {
            let written = speech::query_shapes(&input).into_iter().map(|(name, shape)| Parameter {
                says: format!("See {} of {}", name, input.full_name()),
                name,
                shape,
            });
            self.parameters.extend(written);
        }
        self
    }

    /// Its bodies may be larger than others.
    pub(crate) fn takes_much(mut self) -> Self {
        self.body_bytes_max = limits::LARGE_BODY_BYTES_MAX;
        self
    }

    /// Its bodies may have so many bytes.
    pub(crate) fn takes_at_most(mut self, bytes: usize) -> Self {
        self.body_bytes_max = bytes;
        self
    }

    /// The shape of its answer.
    pub(crate) fn gives<T: JsonSchema>(mut self, status: u16) -> Self {
        (self.status, self.gives) = (status, Gives::Json(|generator| generator.subschema_for::<T>()));
        self
    }

    /// It answers with something that is no JSON.
    pub(crate) fn gives_text(mut self, kind: &'static str) -> Self {
        self.gives = Gives::Text(kind);
        self
    }

    /// It answers 204.
    pub(crate) fn gives_nothing(mut self) -> Self {
        self.status = 204;
        self
    }

    pub(crate) async fn answer(&self, call: Call) -> Result<Response, Fault> {
        (self.handler)(call).await
    }
}

/// What a parameter of this name takes: a name means the same on every route.
fn shape_of(name: &str) -> Value {
    match name {
        "page" | "version" | "version_number" => json!({ "type": "integer", "minimum": 1, "maximum": u32::MAX }),
        "page_size" => json!({ "type": "integer", "minimum": 1, "maximum": limits::PAGE_SIZE_MAX }),
        "canonicalize" | "force" => json!({ "type": "boolean" }),
        _ => json!({ "type": "string" }),
    }
}

/// All routes of a base.
#[derive(Clone, Default)]
pub(crate) struct Routes(pub(crate) Vec<Route>);

impl Routes {
    pub(crate) fn add(&mut self, route: Route) {
        self.0.push(route);
    }
}
