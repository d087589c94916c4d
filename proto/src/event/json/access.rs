//! Keys. A hash is no secret, but nobody reads one: it is left out.

use downbeat_domain::{Event, event::AccessEvent};
use serde_json::{Value, json};

use super::{at, audit, login};

pub(super) fn to_json(event: &Event) -> Option<Value> {
    let Event::Access(fact) = event else { return None };
    Some(match fact.as_ref() {
        AccessEvent::KeyCreated(created) => {
            let grants = created.grants.iter().map(|it| json!({"role": it.role.as_str(), "labels": it.labels}));
            json!({
                "key_id": created.key.to_string(), "name": created.name, "grants": grants.collect::<Vec<_>>(),
                "by": created.by, "expires_at": at(created.expires_at), "at": at(created.at),
            })
        }
        AccessEvent::KeyRevoked { key, name, at: when } => {
            json!({"key_id": key.to_string(), "name": name, "at": at(*when)})
        }
        AccessEvent::KeysUsed { keys, hour } => {
            json!({"keys": keys.iter().map(ToString::to_string).collect::<Vec<_>>(), "hour": at(*hour)})
        }
        AccessEvent::ToolsCalled(called) => audit::tools_called(called),
        _ => return login::to_json(fact),
    })
}
