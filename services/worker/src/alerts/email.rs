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
