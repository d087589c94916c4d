//! The level of the log: told, and raised.

use downbeat_domain::{Command, Level};
use downbeat_proto::control::v1 as wire;
use tonic::Status;

use super::{Control, asker::Asker, request::command_id};
use crate::api::refused;

impl Control {
    pub(super) async fn level(&self) -> Result<wire::GetLogLevelResponse, Status> {
        Ok(wire::GetLogLevelResponse {
            level: self.level_now().await?.0,
            newest: Level::NEWEST.0,
            software_version: env!("CARGO_PKG_VERSION").to_owned(),
        })
    }

    pub(super) async fn raise_level(
        &self,
        request: wire::RaiseLogLevelRequest,
        asker: &Asker,
    ) -> Result<wire::RaiseLogLevelResponse, Status> {
        let key = command_id(&["level"], &request.idempotency_key)?;
        let (changed, tail) = self.change(asker, Command::RaiseLevel, key, "").await?;
        let level = self.level_now().await?.0;
        Ok(wire::RaiseLogLevelResponse { changed, level, position: self.position(tail) })
    }

    async fn level_now(&self) -> Result<Level, Status> {
        self.handle.ask(|engine, _| engine.partition().level).await.map_err(|error| refused(&error))
    }
}
