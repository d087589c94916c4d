//! What a gateway tells: each request that it answers, and of a request that started a run its part in that run.
//!
//! A request is part of what its caller said (`traceparent`), else of a trace of its own. A run has a trace of its own as well: the call that
//! started it is told in both, each linked to the other. Attributes are methods, routes and ids: no path, no query and no header, in which
//! there may be keys and addresses that open something. Nothing is done of it where no spans are told.

use axum::http::{HeaderMap, StatusCode};
use downbeat_domain::RunId;
use downbeat_proto::traces;
use downbeat_runtime::otlp::{self, Context, Kind, Span};
use prost_reflect::DynamicMessage;

use crate::http::Route;

/// A request that is being answered.
#[derive(Debug)]
pub(crate) struct Answering {
    context: Context,
    span: Span,
}

impl Answering {
    /// `None`: no spans are told.
    pub(crate) fn begin(headers: &HeaderMap, route: &Route) -> Option<Self> {
        let said = headers.get("traceparent").and_then(|said| said.to_str().ok());
        let (context, caller) = otlp::answering(said)?;
        let (method, is_grpc) = (route.path.trim_start_matches('/'), route.path.starts_with("/downbeat."));
        let name = if is_grpc { method.to_owned() } else { format!("{} {}", route.method, route.path) };
        let span = Span::begun(context, Kind::Server, &name, otlp::now());
        let span = match is_grpc {
            true => span.with("rpc.system.name", "grpc").with("rpc.method", method),
            false => span.with("http.request.method", route.method.as_str()).with("http.route", route.path),
        };
        let span = match caller {
            Some(caller) => span.below(caller),
            None => span,
        };
        Some(Self { context, span })
    }

    /// What is done meanwhile is part of this.
    pub(crate) fn context(&self) -> Context {
        self.context
    }

    /// It was answered like this.
    pub(crate) fn end(self, status: StatusCode) {
        let span = self.span.with_number("http.response.status_code", status.as_u16().into());
        if status.is_server_error() { span.failed(status.as_str()).end() } else { span.end() }
    }
}

/// When something began. `None`: no spans are told.
pub(crate) fn begin() -> Option<u64> {
    otlp::traces().then(otlp::now)
}

/// The request that is being answered started this run, by this method of the coordinator.
pub(crate) fn started(began: Option<u64>, method: &'static str, run: &str) {
    let (Some(began), Some(request), Ok(id)) = (began, otlp::current(), run.parse::<RunId>()) else { return };
    let Some(run_of) = otlp::place(traces::of_run(id)) else { return };
    let (asking, part) = (request.child(method), run_of.child(method));
    let span = |context: Context, name: &str| {
        Span::begun(context, Kind::Client, name, began)
            .with("rpc.system.name", "grpc")
            .with("rpc.method", method)
            .with("rpc.response.status_code", "OK")
            .with("cicd.pipeline.run.id", run)
    };
    span(asking, method).below(request).linked(run_of, "started").end();
    span(part, &format!("start by {method}")).below(run_of).linked(asking, "asked by").end();
}

/// Methods whose answer names the run that they started.
const STARTS: [&str; 2] =
    ["downbeat.control.v1.ControlService/StartRun", "downbeat.control.v1.ControlService/RestartRun"];

/// The same of any method: nothing, if it started no run.
pub(crate) fn answered(began: Option<u64>, method: &'static str, answer: impl FnOnce() -> Option<DynamicMessage>) {
    if began.is_none() || !STARTS.contains(&method) {
        return;
    }
    let Some(answer) = answer() else { return };
    let existed = answer.get_field_by_name("existed").and_then(|existed| existed.as_bool()).unwrap_or_default();
    let run = answer.get_field_by_name("run_id");
    if let Some(run) = run.as_ref().and_then(|run| run.as_str()).filter(|_| !existed) {
        started(began, method, run);
    }
}
