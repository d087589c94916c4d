//! What is told of logins: that one opens something now, and that it does not any more. That somebody showed who they are is the first half of
//! the former, and that a program refreshes a login is no command of anybody; neither has a row.

use downbeat_domain::{CommandKind, Target, TargetKind, event::AccessEvent};
use serde_json::json;

use super::{Told, target, tell::about};

/// `None` = nothing.
pub(super) fn told(fact: &AccessEvent) -> Option<Told> {
    Some(match fact {
        AccessEvent::LoginCompleted { renewed, .. } => {
            let targets = vec![target(&Target::new(TargetKind::Login, renewed.login))];
            let after = json!({"until": renewed.refresh_expires_at.to_string()});
            Told { after, ..about(CommandKind::LogIn, targets, "logged in".to_owned()) }
        }
        AccessEvent::LoginEnded { login, subject, end, .. } => {
            let named = Target { name: subject.clone(), ..Target::new(TargetKind::Login, login) };
            let summary = format!("ended a login of {subject}");
            Told { after: json!({"end": end.as_str()}), ..about(CommandKind::LogOut, vec![target(&named)], summary) }
        }
        _ => return None,
    })
}
