//! MICROSOFT_TEAMS: an Adaptive Card to the web hook of a channel, one of a workflow or of a connector. Whoever knows its address may
//! post, so the address is a credential.
//!
//! Facts: learn.microsoft.com, "Create Incoming Webhooks" (28 KB for a message), "Send a message in Teams using Power Automate"; Adaptive
//! Cards 1.2, "RichTextBlock", whose runs know no Markdown. A hook takes no key by which it would know an alert again.

use async_trait::async_trait;
use serde_json::{Value, json};

use super::alert::{Alert, Severity};
use super::post::{Message, Taken, post};
use super::{Channel, Means, address, text};
use crate::attempt::Failure;
use crate::connections::Fields;

const INTEGRATION: &str = "MICROSOFT_TEAMS";

#[derive(Debug)]
pub(super) struct MicrosoftTeams;

#[async_trait]
impl Channel for MicrosoftTeams {
    fn integration(&self) -> &'static str {
        INTEGRATION
    }

    fn fields(&self) -> Fields {
        Fields { open: &[address::ENDPOINT], secret: &["webhook_url"] }
    }

    async fn send(&self, alert: &Alert, means: &Means) -> Result<(), Failure> {
        let message = Message::json(address::hook(&means.connection)?, &content(alert));
        took(&post(INTEGRATION, message, means).await?)
    }
}

fn content(alert: &Alert) -> Value {
    let color = match alert.severity() {
        Severity::Error => "attention",
        Severity::Warning => "warning",
        Severity::Info => "default",
        Severity::Success => "good",
    };
    let title = json!({ "type": "TextRun", "text": text::title(alert), "weight": "bolder", "color": color });
    let lines = text::lines(alert);
    let lines = lines.iter().flat_map(|line| line.split('\n')).map(|line| json!({ "type": "TextRun", "text": line }));
    let block = |run: Value| json!({ "type": "RichTextBlock", "inlines": [run] });
    let body: Vec<Value> = std::iter::once(title).chain(lines).map(block).collect();
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.2",
                "body": body,
            },
        }],
    })
}

/// A connector answers 200 to what the channel refuses, too, and says so in words.
fn took(taken: &Taken) -> Result<(), Failure> {
    let words = taken.body.trim();
    if taken.status != 200 || words.is_empty() || words == "1" {
        return Ok(());
    }
    let again = ["HTTP error 429", "HTTP error 5"].iter().any(|word| words.contains(word));
    Err(if again { Failure::transient(&taken.said) } else { Failure::misconfigured(&taken.said) })
}

#[cfg(test)]
mod tests {
    use downbeat_proto::events::v1::FailureClass;

    use super::*;

    #[test]
    fn answers_of_workflows_and_connectors_are_read() {
        let limited = "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429";
        let cases = [
            (202, "", None),
            (202, "anything", None),
            (200, "1", None),
            (200, "", None),
            (200, limited, Some(FailureClass::Transient)),
            (200, "Summary or Text is required.", Some(FailureClass::Misconfigured)),
        ];
        for (status, body, expected) in cases {
            let told = took(&Taken { status, body: body.to_owned(), cut: false, said: body.to_owned() });
            assert_eq!(told.err().map(|failure| failure.class), expected, "{status} {body}");
        }
    }

    #[test]
    fn the_largest_message_fits() {
        let long = "\u{1}\"ä🎼".repeat(5_000);
        let given = json!({
            "alert_id": "a", "alert": long, "event_type": "X", "status": long, "text": long,
            "detail": { "message": long, "pipeline_name": long, "task_name": long, "started_at": long },
        });
        let alert = Alert::read(given.as_object().unwrap()).unwrap();
        let bytes = content(&alert).to_string().len();
        assert!(bytes < 28 * 1024, "{bytes}");
        let lines = "\n".repeat(5_000);
        let given =
            json!({ "alert_id": "a", "alert": "a", "event_type": "X", "status": "s", "text": format!("a{lines}b") });
        let bytes = content(&Alert::read(given.as_object().unwrap()).unwrap()).to_string().len();
        assert!(bytes < 28 * 1024, "{bytes}");
    }
}
