//! SLACK: `chat.postMessage` with a bot's token, or an incoming web hook, whose channel is its own.
//!
//! Facts: docs.slack.dev, "chat.postMessage", "Formatting message text", "Sending messages using incoming webhooks". Slack takes no key
//! by which it would know an alert again.

use async_trait::async_trait;
use reqwest::header::AUTHORIZATION;
use serde_json::{Value, json};

use super::alert::Alert;
use super::post::{Message, Taken, post};
use super::{Channel, Means, address, text};
use crate::attempt::Failure;
use crate::connections::Fields;

const INTEGRATION: &str = "SLACK";
/// Characters of the text of a header block, and of a section.
const HEADER_CHARS_MAX: usize = 150;
const SECTION_CHARS_MAX: usize = 3_000;

#[derive(Debug)]
pub(super) struct Slack;

#[async_trait]
impl Channel for Slack {
    fn integration(&self) -> &'static str {
        INTEGRATION
    }

    fn fields(&self) -> Fields {
        Fields { open: &[address::ENDPOINT], secret: &["bot_token", "webhook_url"] }
    }

    async fn send(&self, alert: &Alert, means: &Means) -> Result<(), Failure> {
        let connection = &means.connection;
        match (connection.secret("bot_token")?, connection.text("webhook_url")?) {
            (Some(_), Some(_)) => Err(connection.wrong("webhook_url", "stands beside a bot_token: keep one of them")),
            (None, None) => {
                Err(connection.wrong("bot_token", "is missing or empty, and webhook_url too: write one of them"))
            }
            (None, Some(_)) => {
                let message = Message::json(address::hook(connection)?, &content(alert));
                hook_took(&post(INTEGRATION, message, means).await?)
            }
            (Some(token), None) => {
                let url = address::at(connection, "https://slack.com", "/api/chat.postMessage")?;
                let mut message = Message::json(url, &content_for(channel(alert)?, alert));
                message.secret(AUTHORIZATION, &format!("Bearer {}", token.reveal()), means, "bot_token")?;
                api_took(&post(INTEGRATION, message, means).await?)
            }
        }
    }
}

fn channel(alert: &Alert) -> Result<&str, Failure> {
    if alert.destination.is_empty() || alert.destination.chars().any(char::is_control) {
        return Err(Failure::misconfigured(format!(
            "the destination of the alert {:?} must be a channel of Slack, like #data-alerts or C0123456789",
            text::name(&alert.name)
        )));
    }
    Ok(&alert.destination)
}

fn content_for(channel: &str, alert: &Alert) -> Value {
    let mut content = content(alert);
    content["channel"] = channel.into();
    content
}

/// `text` is what notifications show; the blocks what stands in the channel.
fn content(alert: &Alert) -> Value {
    let title = text::title(alert);
    let block = |kind: &str, text: &str, limit: usize| json!({ "type": kind, "text": { "type": "plain_text", "emoji": false, "text": escaped(text, limit) } });
    json!({
        "text": escaped(&title, SECTION_CHARS_MAX),
        "blocks": [
            block("header", &title, HEADER_CHARS_MAX),
            block("section", &text::lines(alert).join("\n"), SECTION_CHARS_MAX),
        ],
        "parse": "none",
        "link_names": false,
        "unfurl_links": false,
        "unfurl_media": false,
    })
}

/// Slack's three control characters, and with them mentions (`<!here>`) and links, become text. At most so many characters, and none
/// of their names is cut.
fn escaped(text: &str, limit: usize) -> String {
    let mut escaped = String::new();
    let mut left = limit.saturating_sub(1);
    for letter in text.chars() {
        let mut own = [0; 4];
        let piece = match letter {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            other => other.encode_utf8(&mut own),
        };
        let size = piece.chars().count();
        if size > left {
            escaped.push('…');
            break;
        }
        left -= size;
        escaped.push_str(piece);
    }
    escaped
}

/// The API answers 200 to what it refuses, too.
fn api_took(taken: &Taken) -> Result<(), Failure> {
    let said = &taken.said;
    let answer: Value = match serde_json::from_str(&taken.body) {
        Ok(answer) if !taken.cut => answer,
        _ => return Err(Failure::transient(format!("{said}: no answer of Slack's API"))),
    };
    match (answer["ok"].as_bool(), answer["error"].as_str().unwrap_or_default()) {
        (Some(true), _) => Ok(()),
        (
            _,
            "ratelimited"
            | "rate_limited"
            | "service_unavailable"
            | "internal_error"
            | "fatal_error"
            | "request_timeout"
            | "team_added_to_org",
        ) => Err(Failure::transient(said)),
        (Some(false), error) => Err(Failure::misconfigured(match advice(error) {
            Some(advice) => format!("{said}: {advice}"),
            None => said.clone(),
        })),
        (None, _) => Err(Failure::transient(format!("{said}: no answer of Slack's API"))),
    }
}

fn advice(error: &str) -> Option<&'static str> {
    match error {
        "not_in_channel" => Some("invite the bot into the channel (/invite)"),
        "channel_not_found" => Some("there is no such channel, or it is a private one that the bot is not in"),
        "is_archived" => Some("the channel is archived"),
        "invalid_auth" | "not_authed" | "account_inactive" | "token_revoked" | "token_expired" | "missing_scope"
        | "no_permission" | "access_denied" => {
            Some("the credentials of the connection are wrong, expired, or lack a right (chat:write)")
        }
        _ => None,
    }
}

fn hook_took(taken: &Taken) -> Result<(), Failure> {
    match taken.body.trim() {
        "ok" => Ok(()),
        _ => Err(Failure::misconfigured(format!("{}: a web hook of Slack says ok; this one is none", taken.said))),
    }
}

#[cfg(test)]
mod tests {
    use downbeat_proto::events::v1::FailureClass;

    use super::*;

    #[test]
    fn control_characters_become_text_and_no_name_of_one_is_cut() {
        let cases = [
            ("a <!here> & <@U1|x>", 100, "a &lt;!here&gt; &amp; &lt;@U1|x&gt;"),
            ("abcdef", 4, "abc…"),
            ("ab<cd", 5, "ab…"),
            ("", 5, ""),
        ];
        for (text, limit, expected) in cases {
            let escaped = escaped(text, limit);
            assert_eq!(escaped, expected);
            assert!(escaped.chars().count() <= limit);
        }
        assert!(escaped(&"<".repeat(10_000), SECTION_CHARS_MAX).chars().count() <= SECTION_CHARS_MAX);
    }

    #[test]
    fn answers_with_200_are_read() {
        let cases = [
            (r#"{"ok": true, "ts": "1.2"}"#, None),
            (r#"{"ok": false, "error": "ratelimited"}"#, Some((FailureClass::Transient, "ratelimited"))),
            (r#"{"ok": false, "error": "fatal_error"}"#, Some((FailureClass::Transient, "fatal_error"))),
            (r#"{"ok": false, "error": "not_in_channel"}"#, Some((FailureClass::Misconfigured, "invite the bot"))),
            (r#"{"ok": false, "error": "channel_not_found"}"#, Some((FailureClass::Misconfigured, "no such channel"))),
            (r#"{"ok": false, "error": "invalid_auth"}"#, Some((FailureClass::Misconfigured, "credentials"))),
            (r#"{"ok": false, "error": "msg_too_long"}"#, Some((FailureClass::Misconfigured, "msg_too_long"))),
            (r#"{"ok": fal"#, Some((FailureClass::Transient, "no answer of Slack's API"))),
            ("<html>sign in</html>", Some((FailureClass::Transient, "no answer of Slack's API"))),
            ("[]", Some((FailureClass::Transient, "no answer of Slack's API"))),
        ];
        for (body, expected) in cases {
            let said = format!("SLACK answered 200 OK: {body}");
            let told = api_took(&Taken { status: 200, body: body.to_owned(), cut: false, said });
            match (told, expected) {
                (Ok(()), None) => {}
                (Err(failure), Some((class, text))) => {
                    assert_eq!(failure.class, class, "{body}");
                    assert!(failure.message.contains(text), "{}", failure.message);
                }
                (told, _) => panic!("{body}: {told:?}"),
            }
        }
    }
}
