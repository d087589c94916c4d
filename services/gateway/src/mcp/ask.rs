//! A tool is asked: its arguments become a request to its route, with the rights of whoever asks.

use std::sync::LazyLock;

use axum::http::{HeaderValue, StatusCode, header};
use bytes::Bytes;
use downbeat_domain::access::Role;
use rmcp::{
    ErrorData,
    model::{CallToolResult, ContentBlock, Tool as Offered, ToolAnnotations},
};
use serde_json::{Map, Value, json};

use super::{
    calls::Asked,
    table::{Argument, Kind, Part, TOOLS, Tool},
    whole,
};
use crate::{
    http::{Call, Fault, Need, Query, Route},
    rest,
};

/// Of a file, as much as the published tool asks for; bytes.
const PART_BYTES: u64 = 262_144;

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
    let asked = Asked::of(call, found.map(|(tool, _)| tool.name), &arguments);
    let Some((tool, route)) = found.filter(|(_, route)| may(call, route.need)) else {
        call.edge.tools.note(call, asked.denied());
        return Err(ErrorData::invalid_params(format!("there is no tool `{name}` for this key"), None));
    };
    tracing::info!(tool = tool.name, actor = call.principal.as_ref().map(|who| who.actor.as_str()), "a tool is asked");
    let answer = match request(call, tool, arguments) {
        Ok(request) => answer(tool, route, request).await,
        Err(fault) => Err(fault),
    };
    let asked = match &answer {
        Ok(_) => asked,
        Err(fault) => asked.refused(fault),
    };
    call.edge.tools.note(call, asked);
    Ok(match answer {
        Ok(Answer::Value(value @ Value::Object(_))) => CallToolResult::structured(value),
        Ok(Answer::Value(value)) => CallToolResult::success(vec![ContentBlock::text(value.to_string())]),
        Ok(Answer::Text(text, None)) => CallToolResult::success(vec![ContentBlock::text(text)]),
        Ok(Answer::Text(text, Some(rest))) => {
            CallToolResult::success(vec![ContentBlock::text(text), ContentBlock::text(rest)])
        }
        Err(fault) => CallToolResult::error(vec![ContentBlock::text(said(&fault))]),
    })
}

/// What a route answered.
#[derive(Debug, PartialEq)]
enum Answer {
    Value(Value),
    /// A text, and which part of a file it is where it is not all of it.
    Text(String, Option<String>),
}

fn said(fault: &Fault) -> String {
    match fault {
        Fault::Text(_, text) | Fault::TooEarly(_, text) => text.clone(),
        Fault::Violations(found) => json!(found).to_string(),
    }
}

async fn answer(tool: &Tool, route: &Route, request: Call) -> Result<Answer, Fault> {
    let response = route.answer(request).await?;
    let status = response.status();
    let is_json = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    let range = response.headers().get(header::CONTENT_RANGE).and_then(|range| range.to_str().ok()).map(str::to_owned);
    let body = whole(response).await?;
    if status == StatusCode::NO_CONTENT {
        return Ok(Answer::Value(json!({ "status": "done" })));
    }
    if tool.part == Some(Part::FromOffset) {
        let range = range.as_deref().and_then(range_of);
        return Ok(Answer::Text(text_of(&body)?, range.and_then(|range| rest_of(&range))));
    }
    // Of a log: nothing was written yet.
    if body.is_empty() {
        return Ok(Answer::Text(String::new(), None));
    }
    if is_json {
        return Ok(Answer::Value(serde_json::from_slice(&body).unwrap_or_default()));
    }
    Ok(Answer::Text(String::from_utf8_lossy(&body).into_owned(), None))
}

/// First and last byte, and how many there are in all.
fn range_of(header: &str) -> Option<(u64, u64, u64)> {
    let (range, total) = header.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()?, total.parse().ok()?))
}

/// What an assistant is told of a file that it has not seen as a whole.
fn rest_of((first, last, total): &(u64, u64, u64)) -> Option<String> {
    let next = last + 1;
    if next < *total {
        return Some(format!("These are bytes {first} to {last} of {total}; the next ones begin at offset {next}."));
    }
    (*first > 0).then(|| format!("These are bytes {first} to {last}, the last of {total}."))
}

/// A part of a file as text, which may begin and end inside of a character.
fn text_of(body: &[u8]) -> Result<String, Fault> {
    let is_inside = |byte: &&u8| **byte & 0b1100_0000 == 0b1000_0000;
    let inside = body.iter().take(3).take_while(is_inside).count();
    let body = &body[inside..];
    let text = match std::str::from_utf8(body) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_none() => std::str::from_utf8(&body[..error.valid_up_to()]).ok(),
        Err(_) => None,
    };
    match text.filter(|text| !text.contains('\0')) {
        Some(text) => Ok(text.to_owned()),
        None => Err(Fault::bad("this file is no text: download it with the API or with `downbeat artifacts`")),
    }
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
    let range = range(tool, &arguments)?;
    let (mut params, mut query, mut fields, mut whole_body) = (Vec::new(), Query::default(), Map::new(), None);
    for (name, value) in arguments.into_iter().filter(|(_, value)| !value.is_null()) {
        let named = tool.renamed.iter().find(|(from, _)| *from == name).map_or(name.as_str(), |(_, to)| to).to_owned();
        let text = || match &value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        if tool.part == Some(Part::FromOffset) && name == "offset" {
            continue;
        }
        if tool.body == Some(name.as_str()) {
            whole_body = Some(value);
        } else if tool.path.contains(&format!("{{{named}}}")) {
            params.push((named, text()));
        } else if matches!(tool.method, "GET" | "DELETE") || tool.queried.contains(&name.as_str()) {
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
    if let Some(range) = range {
        headers.insert(header::RANGE, range);
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

/// The part of a file that is asked for.
fn range(tool: &Tool, arguments: &Map<String, Value>) -> Result<Option<HeaderValue>, Fault> {
    let text = match tool.part {
        None => return Ok(None),
        Some(Part::End) => format!("bytes=-{PART_BYTES}"),
        Some(Part::FromOffset) => {
            let offset = match arguments.get("offset") {
                None | Some(Value::Null) => Some(0),
                Some(Value::String(text)) => text.parse().ok(),
                Some(value) => value.as_u64(),
            };
            let wrong = || Fault::invalid("arguments", "offset", "int_parsing", "expected a whole number from 0 on");
            let offset: u64 = offset.ok_or_else(wrong)?;
            format!("bytes={offset}-{}", offset.saturating_add(PART_BYTES - 1))
        }
    };
    HeaderValue::try_from(text).map(Some).map_err(|_| Fault::bad("no range"))
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
            "import_pipeline",
            "migrate_pipeline",
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
            "list_task_run_artifacts",
            "download_task_run_artifact",
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

    #[test]
    fn of_a_file_that_is_text_whole_characters_are_shown_and_what_is_left() {
        for (bytes, expected) in [
            (&b"{\"a\": 1}"[..], Some("{\"a\": 1}")),
            (b"", Some("")),
            ("März".as_bytes(), Some("März")),
            // Cut inside of a character, at either end.
            (&"äb".as_bytes()[1..], Some("b")),
            (&"bä".as_bytes()[..2], Some("b")),
            (b"PK\x03\x04\x00\x00", None),
            (b"a\xffb", None),
        ] {
            assert_eq!(text_of(bytes).ok().as_deref(), expected, "{bytes:?}");
        }
        for (range, expected) in [
            ("bytes 0-9/10", None),
            ("bytes 0-9/20", Some("These are bytes 0 to 9 of 20; the next ones begin at offset 10.")),
            ("bytes 10-19/20", Some("These are bytes 10 to 19, the last of 20.")),
            ("bytes */20", None),
        ] {
            assert_eq!(range_of(range).and_then(|range| rest_of(&range)).as_deref(), expected, "{range}");
        }
    }

    #[test]
    fn a_tool_asks_for_the_part_of_a_file_that_fits() {
        let named = |name: &str| TOOLS.iter().find(|tool| tool.name == name).unwrap();
        let with = |offset: Value| Map::from_iter([("offset".to_owned(), offset)]);
        for (tool, arguments, expected) in [
            ("list_pipelines", Map::new(), Ok(None)),
            ("download_task_run_log", Map::new(), Ok(Some("bytes=-262144"))),
            ("download_task_run_artifact", Map::new(), Ok(Some("bytes=0-262143"))),
            ("download_task_run_artifact", with(json!(262_144)), Ok(Some("bytes=262144-524287"))),
            ("download_task_run_artifact", with(json!("7")), Ok(Some("bytes=7-262150"))),
            ("download_task_run_artifact", with(json!(-1)), Err(())),
            ("download_task_run_artifact", with(json!({})), Err(())),
        ] {
            let found = range(named(tool), &arguments).map_err(|_| ());
            assert_eq!(found, expected.map(|range| range.map(HeaderValue::from_static)), "{tool} {arguments:?}");
        }
    }
}
