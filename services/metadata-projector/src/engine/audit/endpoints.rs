//! What was done to an endpoint. Of one that gets a further secret the event says its id only, and so does the row.

use downbeat_domain::{
    CommandKind, Target, TargetKind,
    endpoint::{EndpointEvent, SignatureScheme},
};
use downbeat_proto::metadata::v1 as wire;
use serde_json::{Value, json};

use super::{Told, pipeline, target, tell::about};
use crate::{engine::batch::Batch, error::Error};

pub(super) fn told(fact: &EndpointEvent, batch: &Batch<'_>) -> Result<Told, Error> {
    let named = |name: &str, id| target(&Target { name: name.to_owned(), ..Target::new(TargetKind::Endpoint, id) });
    let of = |id| -> Result<wire::AuditTarget, Error> {
        let alias = pipeline(id, batch)?.alias;
        Ok(target(&Target { name: alias, ..Target::new(TargetKind::Pipeline, id) }))
    };
    Ok(match fact {
        EndpointEvent::Opened(opened) => {
            let targets = vec![of(opened.pipeline)?, named(&opened.name, opened.endpoint)];
            let signed = match opened.scheme {
                SignatureScheme::None => Value::Null,
                scheme => json!(scheme.as_str()),
            };
            Told {
                after: json!({"signed": signed}),
                ..about(CommandKind::OpenEndpoint, targets, format!("opened endpoint {}", opened.name))
            }
        }
        EndpointEvent::Rotated { endpoint, secret, old_until, .. } => Told {
            before: json!({"secret": secret.saturating_sub(1)}),
            after: json!({"secret": secret, "old_until": old_until.to_string()}),
            ..about(
                CommandKind::RotateEndpoint,
                vec![named("", *endpoint)],
                format!("secret {secret} of endpoint {endpoint}"),
            )
        },
        EndpointEvent::Closed { endpoint, name, pipeline, .. } => {
            let targets = vec![of(*pipeline)?, named(name, *endpoint)];
            Told {
                after: json!({"closed": true}),
                ..about(CommandKind::CloseEndpoint, targets, format!("closed endpoint {name}"))
            }
        }
    })
}
