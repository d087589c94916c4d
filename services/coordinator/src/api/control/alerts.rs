//! Alerts that were given up are tried once more.

use downbeat_domain::{AlertId, Command};
use downbeat_proto::control::v1 as wire;
use tonic::Status;

use super::{Control, asker::Asker, request::command_id};
use crate::api::rejected;

impl Control {
    pub(super) async fn try_alert_again(
        &self,
        request: wire::RetryAlertRequest,
        asker: &Asker,
    ) -> Result<wire::RetryAlertResponse, Status> {
        let alert: AlertId =
            request.alert_id.parse().map_err(|error| Status::invalid_argument(format!("alert_id: {error}")))?;
        let key = command_id(&["retry alert", &request.alert_id], &request.idempotency_key)?;
        asker.person()?;
        let outcome = self.decide(asker, Command::RetryAlert { alert }, key).await?;
        let (_, tail) = outcome.map_err(|rejection| rejected(&rejection))?;
        Ok(wire::RetryAlertResponse { position: self.position(tail) })
    }
}
