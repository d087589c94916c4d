//! A method of a service is asked, once it is clear about what and that the caller may.

use axum::{http::StatusCode, response::Response};
use downbeat_proto::metadata::v1::{GetBackfillRequest, Position};
use prost_reflect::{DynamicMessage, Kind, ReflectMessage as _, Value, prost::Message as _};
use tonic::Code;

use super::{
    super::sought,
    table::{About, Entry},
};
use crate::{
    http::{Call, Fault, json},
    speech,
};

pub(super) async fn ask(call: Call, entry: &'static Entry) -> Result<Response, Fault> {
    let method = speech::Method::named(entry.calls)
        .ok_or_else(|| Fault::Text(StatusCode::INTERNAL_SERVER_ERROR, format!("there is no method {}", entry.calls)))?;
    let input = method.descriptor.input();
    let mut request = match entry.method {
        "GET" => speech::of_query(&input, &call.query)?,
        _ => speech::of_body(&input, &call.body)?,
    };
    for (field, value) in entry.sets {
        set(&mut request, field, value);
    }
    permit(&call, entry, &mut request).await?;
    if let Some(position) = call.edge.upstream.at_least().filter(|_| input.get_field_by_name("at_least").is_some()) {
        let mut at_least = position_message(&request);
        if let Some(at_least) = &mut at_least {
            at_least.merge(position.encode_to_vec().as_slice()).ok();
        }
        if let Some(at_least) = at_least {
            request.set_field_by_name("at_least", Value::Message(at_least));
        }
    }
    let mut answer = speech::call(&call, &method, &request).await?;
    if call.narrowed()?.is_some() {
        hide_others(&mut answer);
    }
    if entry.method != "GET" {
        call.edge.upstream.wrote(position_of(&answer));
    }
    json(200, &speech::written(&answer))
}

/// Who is ahead in a queue may be anybody's: whoever sees only some pipelines is told how many.
fn hide_others(answer: &mut DynamicMessage) {
    let Some(gates) = answer.descriptor().get_field_by_name("gates") else { return };
    for gate in answer.get_field_mut(&gates).as_list_mut().into_iter().flatten() {
        if let Some(gate) = gate.as_message_mut() {
            gate.clear_field_by_name("ahead");
        }
    }
}

fn position_message(request: &DynamicMessage) -> Option<DynamicMessage> {
    match request.descriptor().get_field_by_name("at_least")?.kind() {
        Kind::Message(of) => Some(DynamicMessage::new(of)),
        _ => None,
    }
}

fn position_of(answer: &DynamicMessage) -> Option<Position> {
    let field = answer.get_field_by_name("position")?;
    let message = field.as_message()?;
    Position::decode(message.encode_to_vec().as_slice()).ok().filter(|position| position.sequence > 0)
}

/// The caller may ask this about what the request names. What the path names stands in the request and nothing else: what is asked for is what
/// was permitted.
async fn permit(call: &Call, entry: &Entry, request: &mut DynamicMessage) -> Result<(), Fault> {
    match entry.about {
        About::Everything => call.permit_all(entry.role),
        About::Named(field) => {
            call.permit_all(entry.role)?;
            set(request, field, call.param("id"));
            Ok(())
        }
        About::Pipeline(field) => {
            let in_path = call.param("id");
            let named = if in_path.is_empty() { text(request, field) } else { in_path.to_owned() };
            if named.is_empty() {
                return call.permit_all(entry.role);
            }
            let id = sought::pipeline(call, entry.role, &named).await?.id;
            set(request, field, &id);
            Ok(())
        }
        About::Costs => {
            let named = text(request, "filter.pipeline");
            if named.is_empty() {
                return call.permit_all(entry.role);
            }
            let id = sought::pipeline(call, entry.role, &named).await?.id;
            set(request, "filter.pipeline", &id);
            Ok(())
        }
        About::Run(field) => {
            let run = sought::run(call, entry.role, call.param("id")).await?;
            set(request, field, &run.id);
            Ok(())
        }
        About::Task => {
            let (run, task) = sought::task_run(call, entry.role, call.param("id"), call.param("task_run_id")).await?;
            set(request, "run_id", &run.id);
            set(request, "task", &task.id);
            Ok(())
        }
        About::Backfill => {
            let unknown = || Fault::unknown("Backfill not found");
            let id = uuid::Uuid::try_parse(call.param("id")).map_err(|_| unknown())?.to_string();
            let asked = GetBackfillRequest {
                backfill_id: id.clone(),
                at_least: call.edge.upstream.at_least(),
                page_size: 1,
                ..Default::default()
            };
            let found = call.edge.upstream.metadata().get_backfill(call.ask(asked)).await;
            let found = match found {
                Err(status) if status.code() == Code::NotFound => return Err(unknown()),
                found => found?.into_inner(),
            };
            let backfill = found.backfill.ok_or_else(unknown)?;
            sought::permit(call, entry.role, &backfill.pipeline_id, unknown)?;
            set(request, "backfill_id", &id);
            Ok(())
        }
    }
}

/// A text of the request; `a.b` is the field `b` of the message in `a`.
fn text(request: &DynamicMessage, field: &str) -> String {
    if let Some((outer, inner)) = field.split_once('.') {
        let outer = request.get_field_by_name(outer);
        return outer.as_deref().and_then(Value::as_message).map(|message| text(message, inner)).unwrap_or_default();
    }
    request.get_field_by_name(field).as_deref().and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Sets a text or a flag of the request.
fn set(request: &mut DynamicMessage, field: &str, value: &str) {
    if let Some((outer, inner)) = field.split_once('.') {
        let Some(found) = request.descriptor().get_field_by_name(outer) else { return };
        if let Some(message) = request.get_field_mut(&found).as_message_mut() {
            set(message, inner, value);
        }
        return;
    }
    let Some(found) = request.descriptor().get_field_by_name(field) else { return };
    let value =
        if matches!(found.kind(), Kind::Bool) { Value::Bool(value == "true") } else { Value::String(value.to_owned()) };
    request.set_field(&found, value);
}

#[cfg(test)]
mod tests {
    use super::{super::table::TABLE, *};

    #[test]
    fn every_entry_asks_a_method_that_is_there_about_a_field_that_it_has() {
        for entry in TABLE {
            let method = speech::Method::named(entry.calls).unwrap_or_else(|| panic!("{} is no method", entry.calls));
            let mut request = DynamicMessage::new(method.descriptor.input());
            let fields: &[&str] = match entry.about {
                About::Everything => &[],
                About::Pipeline(field) | About::Run(field) | About::Named(field) => &[field],
                About::Task => &["run_id", "task"],
                About::Backfill => &["backfill_id"],
                About::Costs => &["filter.pipeline"],
            };
            for field in fields {
                set(&mut request, field, "x");
                assert_eq!(text(&request, field), "x", "{} has no {field}", entry.calls);
            }
            for (field, _) in entry.sets {
                assert!(method.descriptor.input().get_field_by_name(field).is_some(), "{} has no {field}", entry.calls);
            }
        }
    }
}
