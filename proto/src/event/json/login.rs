//! Logins. Hashes are left out, as those of keys are.

use downbeat_domain::event::{AccessEvent, LoginRenewed};
use serde_json::{Value, json};

use super::at;

/// `None` = it is about something else.
pub(super) fn to_json(fact: &AccessEvent) -> Option<Value> {
    Some(match fact {
        AccessEvent::LoginBegun(begun) => {
            let grants = begun.grants.iter().map(|it| json!({"role": it.role.as_str(), "labels": it.labels}));
            json!({
                "login_id": begun.login.to_string(), "subject": begun.subject,
                "key_id": begun.key.map(|key| key.to_string()), "grants": grants.collect::<Vec<_>>(),
                "read_only": begun.read_only, "client": begun.client,
                "code_expires_at": at(begun.code_expires_at), "ends_at": at(begun.ends_at), "at": at(begun.at),
            })
        }
        AccessEvent::LoginCompleted { renewed, .. } => tokens(renewed),
        AccessEvent::LoginRefreshed { renewed, again } => {
            let mut told = tokens(renewed);
            told["again"] = json!(again);
            told
        }
        AccessEvent::LoginEnded { login, subject, end, at: when } => {
            json!({"login_id": login.to_string(), "subject": subject, "end": end.as_str(), "at": at(*when)})
        }
        AccessEvent::KeyCreated(_)
        | AccessEvent::KeyRevoked { .. }
        | AccessEvent::KeysUsed { .. }
        | AccessEvent::ToolsCalled(_) => return None,
    })
}

fn tokens(renewed: &LoginRenewed) -> Value {
    json!({
        "login_id": renewed.login.to_string(), "access_expires_at": at(renewed.access_expires_at),
        "refresh_expires_at": at(renewed.refresh_expires_at), "at": at(renewed.at),
    })
}
