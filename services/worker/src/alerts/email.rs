//! EMAIL: a letter to the addresses that the alert names, through the mail server of the connection.
//!
//! A letter that is sent again has the same Message-ID, by which mail systems know it.

use async_trait::async_trait;

use super::alert::Alert;
use super::{Channel, Means, text};
use crate::attempt::Failure;
use crate::connections::Fields;
use crate::mail::{self, Letter};

#[derive(Debug)]
pub(super) struct Email;

#[async_trait]
impl Channel for Email {
    fn integration(&self) -> &'static str {
        mail::INTEGRATION
    }

    fn fields(&self) -> Fields {
        mail::FIELDS
    }

    async fn send(&self, alert: &Alert, means: &Means) -> Result<(), Failure> {
        let letter = letter(alert)?;
        let sent = mail::deliver(&means.connection, &letter).await;
        sent.map_err(|error| match error.retryable {
            true => Failure::transient(error.message),
            false => Failure::misconfigured(error.message),
        })
    }
}

fn letter(alert: &Alert) -> Result<Letter, Failure> {
    let to: Vec<String> = alert.destination.split([',', ';']).map(str::trim).map(str::to_owned).collect();
    let to: Vec<String> = to.into_iter().filter(|address| !address.is_empty()).collect();
    if to.is_empty() {
        return Err(Failure::misconfigured("the destination of the alert must be an address, or several with commas"));
    }
    Ok(Letter {
        to,
        subject: text::title(alert),
        text: text::lines(alert).join("\n"),
        html: None,
        reference: format!("alert.{}", alert.id),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn alert(destination: &str) -> Alert {
        let given = json!({
            "alert_id": "3f1c9a52-7d0e-4b6a-9f57-0c2d8e4b1a90", "alert": "oops", "event_type": "TASK_RUN_COMPLETED", "status": "FAILED",
            "text": "look\nat it", "destination": destination,
            "detail": {"pipeline_name": "Daily", "task_name": "Load\r\nBcc: eve@example.com", "message": "exit code 1"},
        });
        Alert::read(given.as_object().unwrap()).unwrap()
    }

    #[test]
    fn a_letter_goes_to_everybody_named_and_keeps_its_name() {
        let letter = letter(&alert("ada@example.com, Bob <bob@example.com>;")).unwrap();
        assert_eq!(letter.to, ["ada@example.com", "Bob <bob@example.com>"]);
        assert_eq!(letter.reference, "alert.3f1c9a52-7d0e-4b6a-9f57-0c2d8e4b1a90");
        assert!(letter.subject.starts_with("FAILED: task Load") && letter.subject.lines().count() == 1, "{letter:?}");
        assert!(letter.text.contains("look\nat it") && letter.text.contains("exit code 1"), "{letter:?}");
    }

    #[test]
    fn a_letter_to_nobody_is_refused() {
        for destination in ["", " , ;"] {
            let failure = letter(&alert(destination)).unwrap_err();
            assert!(failure.message.contains("destination"), "{failure:?}");
        }
    }
}
