//! A method of a service is asked, once it is clear about what and that the caller may.

use axum::{http::StatusCode, response::Response};
use downbeat_proto::metadata::v1::Position;
use prost_reflect::{DynamicMessage, Kind, ReflectMessage as _, Value, prost::Message as _};

use super::table::Entry;
use crate::{
    http::{Call, Fault, json},
    rest::about::{hide_others, permit, set},
    speech, traces,
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
    permit(&call, entry.role, entry.about, &mut request).await?;
    if let Some(position) = call.edge.upstream.at_least().filter(|_| input.get_field_by_name("at_least").is_some()) {
        let mut at_least = position_message(&request);
        if let Some(at_least) = &mut at_least {
            at_least.merge(position.encode_to_vec().as_slice()).ok();
        }
        if let Some(at_least) = at_least {
            request.set_field_by_name("at_least", Value::Message(at_least));
        }
    }
    let began = traces::begin();
    let mut answer = speech::call(&call, &method, &request).await?;
    traces::answered(began, entry.calls, || Some(answer.clone()));
    hide_others(&call, entry.about, &mut answer)?;
    if entry.method != "GET" {
        call.edge.upstream.wrote(position_of(&answer));
    }
    json(200, &speech::written(&answer))
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

#[cfg(test)]
mod tests {
    use super::{super::table::TABLE, *};
    use crate::rest::about::{About, text};

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
                About::Applied
                | About::Stored
                | About::Started
                | About::Delivered
                | About::Runs
                | About::RunOrAll
                | About::Pipelines => &[],
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
