//! A tool is asked: its arguments become a request to its route, with the rights of whoever asks.

use std::sync::LazyLock;

use axum::http::{StatusCode, header};
use bytes::Bytes;
use downbeat_domain::access::Role;
use rmcp::{
    ErrorData,
    model::{CallToolResult, ContentBlock, Tool as Offered, ToolAnnotations},
};
use serde_json::{Map, Value, json};

use super::{
    table::{Argument, Kind, TOOLS, Tool},
    whole,
};
use crate::{
    http::{Call, Fault, Need, Query, Route},
    rest,
};

/// Of a log, as much as the published tool asks for.
const LOG_END: &str = "bytes=-262144";

static ROUTES: LazyLock<Vec<Route>> = LazyLock::new(|| rest::public().0);

fn route(tool: &Tool) -> Option<&'static Route> {
    ROUTES.iter().find(|route| route.method == tool.method && route.path == tool.path)
}

/// Whether whoever asks may use it for anything.
fn may(call: &Call, need: Need) -> bool {
    let Some(principal) = &call.principal else { return false };
    match need {
        Need::Nothing | Need::Key => true,
        Need::Account(role) => principal.may_all(role),
        Need::Something(role) => principal.may_some(role),
    }
}

/// The tools that whoever asks may use.
pub(super) fn offered(call: &Call) -> Vec<Offered> {
    let mut offered = Vec::new();
    for tool in TOOLS {
        let Some(route) = route(tool).filter(|route| may(call, route.need)) else { continue };
        let schema = match schema(tool) {
            Value::Object(schema) => schema,
            _ => Map::new(),
        };
        let mut annotations = ToolAnnotations::new().read_only(only_reads(route.need));
        if route.method == axum::http::Method::DELETE {
            annotations = annotations.destructive(true);
        }
        offered.push(Offered::new(tool.name, tool.says, schema).with_annotations(annotations));
    }
    offered
}

fn only_reads(need: Need) -> bool {
    matches!(need, Need::Nothing | Need::Key | Need::Account(Role::Viewer) | Need::Something(Role::Viewer))
}

fn schema(tool: &Tool) -> Value {
    let described = |argument: &Argument| {
        let mut kind = match argument.kind {
            Kind::Text => json!({ "type": "string" }),
            Kind::Number => json!({ "type": "integer" }),
            Kind::Flag => json!({ "type": "boolean" }),
            Kind::Object => json!({ "type": "object" }),
            Kind::Texts => json!({ "type": "array", "items": { "type": "string" } }),
        };
        kind["description"] = json!(argument.says);
        (argument.name.to_owned(), kind)
    };
    let properties: Map<String, Value> = tool.arguments.iter().map(described).collect();
    let required: Vec<&str> = tool.arguments.iter().filter(|argument| argument.required).map(|it| it.name).collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

/// What a tool answers. What goes wrong is its answer, too: the assistant is to read it.
pub(super) async fn ask(call: &Call, name: &str, arguments: Map<String, Value>) -> Result<CallToolResult, ErrorData> {
    let found = TOOLS.iter().find(|tool| tool.name == name).and_then(|tool| Some((tool, route(tool)?)));
    let Some((tool, route)) = found.filter(|(_, route)| may(call, route.need)) else {
        return Err(ErrorData::invalid_params(format!("there is no tool `{name}` for this key"), None));
    };
    tracing::info!(tool = tool.name, actor = call.principal.as_ref().map(|who| who.actor.as_str()), "a tool is asked");
    let answer = match request(call, tool, arguments) {
        Ok(request) => answer(route, request).await,
        Err(fault) => Err(fault),
    };
    Ok(match answer {
        Ok(value @ Value::Object(_)) => CallToolResult::structured(value),
        Ok(Value::String(text)) => CallToolResult::success(vec![ContentBlock::text(text)]),
        Ok(value) => CallToolResult::success(vec![ContentBlock::text(value.to_string())]),
        Err(fault) => CallToolResult::error(vec![ContentBlock::text(said(&fault))]),
    })
}

fn said(fault: &Fault) -> String {
    match fault {
        Fault::Text(_, text) | Fault::TooEarly(_, text) => text.clone(),
        Fault::Violations(found) => json!(found).to_string(),
    }
}

async fn answer(route: &Route, request: Call) -> Result<Value, Fault> {
    let response = route.answer(request).await?;
    let status = response.status();
    let is_json = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    let body = whole(response).await?;
    if status == StatusCode::NO_CONTENT {
        return Ok(json!({ "status": "done" }));
    }
    // Of a log: nothing was written yet.
    if body.is_empty() {
        return Ok(Value::String(String::new()));
    }
    if is_json {
        return Ok(serde_json::from_slice(&body).unwrap_or_default());
    }
    Ok(Value::String(String::from_utf8_lossy(&body).into_owned()))
}

/// The request that these arguments make.
fn request(call: &Call, tool: &Tool, arguments: Map<String, Value>) -> Result<Call, Fault> {
    let unknown = arguments.keys().find(|name| !tool.arguments.iter().any(|known| known.name == name.as_str()));
    if let Some(name) = unknown {
        return Err(Fault::invalid("arguments", name, "extra_forbidden", "there is no such argument"));
    }
    let missing =
        tool.arguments.iter().find(|known| known.required && arguments.get(known.name).is_none_or(Value::is_null));
    if let Some(argument) = missing {
        return Err(Fault::invalid("arguments", argument.name, "missing", "Field required"));
    }
    let (mut params, mut query, mut fields, mut whole_body) = (Vec::new(), Query::default(), Map::new(), None);
    for (name, value) in arguments.into_iter().filter(|(_, value)| !value.is_null()) {
        let named = tool.renamed.iter().find(|(from, _)| *from == name).map_or(name.as_str(), |(_, to)| to).to_owned();
        let text = || match &value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        if tool.body == Some(name.as_str()) {
            whole_body = Some(value);
        } else if tool.path.contains(&format!("{{{named}}}")) {
            params.push((named, text()));
        } else if matches!(tool.method, "GET" | "DELETE") {
            query.set(&named, text());
        } else {
            fields.insert(named, value);
        }
    }
    let body = match (tool.method, whole_body) {
        ("GET" | "DELETE", _) => Bytes::new(),
        (_, Some(body)) => Bytes::from(body.to_string()),
        (_, None) => Bytes::from(Value::Object(fields).to_string()),
    };
    let mut headers = axum::http::HeaderMap::new();
    if let Some(client) = call.headers.get(header::USER_AGENT) {
        headers.insert(header::USER_AGENT, client.clone());
    }
    if tool.path.ends_with("/logs/download") {
        headers.insert(header::RANGE, axum::http::HeaderValue::from_static(LOG_END));
    }
    Ok(Call {
        edge: call.edge.clone(),
        table: call.table.clone(),
        principal: call.principal.clone(),
        params,
        query,
        headers,
        body,
        peer: call.peer,
        now: call.now,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_tool_is_a_route_whose_path_its_arguments_fill() {
        let mut names = BTreeSet::new();
        for tool in TOOLS {
            assert!(route(tool).is_some(), "{} has no route {} {}", tool.name, tool.method, tool.path);
            assert!(names.insert(tool.name), "{} is there twice", tool.name);
            for part in tool.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
                let renamed = tool.renamed.iter().find(|(_, to)| *to == part).map_or(part, |(from, _)| from);
                let argument = tool.arguments.iter().find(|argument| argument.name == renamed);
                assert!(argument.is_some_and(|argument| argument.required), "{}: {part}", tool.name);
            }
        }
    }

    #[test]
    fn the_published_names_are_there() {
        for name in [
            "validate_pipeline",
            "list_pipelines",
            "get_pipeline",
            "create_pipeline",
            "update_pipeline",
            "delete_pipeline",
            "start_pipeline",
            "get_pipeline_run_status",
            "cancel_pipeline_run",
            "list_pipeline_runs",
            "list_task_runs",
            "list_operations",
            "list_assets",
            "list_task_run_logs",
            "download_task_run_log",
            "list_environments",
            "get_environment",
            "create_environment",
            "update_environment",
            "delete_environment",
            "list_integration_connections",
        ] {
            assert!(TOOLS.iter().any(|tool| tool.name == name), "{name}");
        }
    }
}
