//! Where the worker can send alerts to: one channel per integration, and the registry of all of them.
//!
//! The contract of a channel, held by the conformance suite for every one of them:
//! - it sends one message and knows that the other side took it, or fails; an alert may come again (the answer was lost, somebody
//!   crashed), with the same id, so wherever the other side can tell that from another alert, it is told how;
//! - bad parameters or a bad connection give MISCONFIGURED and name the parameter or the field; nothing was reached for;
//! - what another try may mend is TRANSIENT (not reached, no answer in time, too many requests, 5xx, an answer that cannot be
//!   read), all else MISCONFIGURED;
//! - no redirect is followed: whoever is meant stands in the connection;
//! - texts of an alert come from anywhere (names, error messages of jobs): they arrive as text, with no markup, link or mention in
//!   them coming to life, and cut to what the other side takes;
//! - nothing is left of it when its future is dropped, and the other side is told no more than `time` to answer;
//! - what it says names what, where and what to do, and never a credential, an address that is one included;
//! - nothing outside makes it panic.
//!
//! It knows nothing of which alerts are due, of tries and of dead letters: that is the coordinator's.

mod address;
mod alert;
#[cfg(test)]
mod conformance;
mod datadog;
mod email;
mod hidden;
mod microsoft_teams;
mod pager_duty;
mod post;
#[cfg(test)]
mod server;
mod signature;
mod slack;
#[cfg(test)]
mod tests;
mod text;
mod webhook;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use serde_json::{Map, Value};

use crate::attempt::{Failure, cut};
use crate::connections::{Connection, Connections, Fields, none_given};
use crate::process::mask::Mask;
use alert::Alert;

/// The type of check as which alerts are asked for.
pub(crate) const KIND: &str = "ALERT";

/// What a channel sends with.
#[derive(Debug)]
pub(crate) struct Means {
    pub(crate) connection: Connection,
    /// Takes the connection's credentials out of what another side said.
    pub(crate) mask: Mask,
    /// How long it may take; a little less than whoever asks waits, so that a reason of its own comes first.
    pub(crate) time: Duration,
}

/// Something that sends alerts. See the module's documentation for the contract.
#[async_trait]
pub(crate) trait Channel: std::fmt::Debug + Send + Sync {
    /// The integration of its connections.
    fn integration(&self) -> &'static str;

    /// The fields of its connection.
    fn fields(&self) -> Fields;

    /// Sends an alert once.
    async fn send(&self, alert: &Alert, means: &Means) -> Result<(), Failure>;
}

/// All channels of this worker.
#[derive(Debug)]
pub(crate) struct Alerts {
    all: Vec<Arc<dyn Channel>>,
}

impl Alerts {
    pub(crate) fn new() -> Self {
        Self {
            all: vec![
                Arc::new(slack::Slack),
                Arc::new(microsoft_teams::MicrosoftTeams),
                Arc::new(pager_duty::PagerDuty),
                Arc::new(datadog::Datadog),
                Arc::new(webhook::Webhook),
                Arc::new(email::Email),
            ],
        }
    }

    /// The integrations that it has a channel of; each needs a connection.
    pub(crate) fn integrations(&self) -> impl Iterator<Item = &'static str> {
        self.all.iter().map(|channel| channel.integration())
    }

    /// Sends an alert. `parameters`: as the coordinator sends them; `name`: of the connection, empty = the default one.
    pub(crate) async fn send(
        &self,
        integration: &str,
        parameters: &Map<String, Value>,
        connections: &Connections,
        name: &str,
        time: Duration,
    ) -> Result<(), Failure> {
        let channel = self.find(integration)?;
        let integration = channel.integration();
        let alert = Alert::read(parameters)?;
        let connection = connections.open(name, integration, channel.fields()).await?;
        let connection = connection.ok_or_else(|| none_given(integration))?;
        let means = Means { mask: hidden::mask(&connection), connection, time };
        let sent = channel.send(&alert, &means).await;
        sent.map_err(|failure| Failure { message: cut(means.mask.hide(failure.message)), ..failure })
    }

    fn find(&self, integration: &str) -> Result<&Arc<dyn Channel>, Failure> {
        self.all.iter().find(|channel| channel.integration() == integration).ok_or_else(|| {
            let known: Vec<_> = self.integrations().collect();
            Failure::misconfigured(format!(
                "this worker cannot send alerts to {integration}; it sends them to {}",
                known.join(", ")
            ))
        })
    }
}
