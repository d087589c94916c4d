//! `ToolStateService`: what tools remember from one run to the next.

use downbeat_domain::{
    Caller, Command, CommandId, limits,
    tool_state::{Entries, KeepToolState, pieces, unfit_entry, unfit_integration},
};
use downbeat_event_log::Tail;
use downbeat_proto::control::v1::{self as wire, tool_state_service_server::ToolStateService};
use futures::future;
use tonic::{Request, Response, Status};

use super::{
    Control,
    asker::Who,
    request::{at_most, command_id},
};
use crate::api::rejected;

#[tonic::async_trait]
impl ToolStateService for Control {
    /// Everything is looked at before anything is recorded. Each piece is then decided by itself: what was recorded before a fault stays,
    /// and whoever asks again with the same key records only the rest.
    async fn keep_tool_state(
        &self,
        request: Request<wire::KeepToolStateRequest>,
    ) -> Result<Response<wire::KeepToolStateResponse>, Status> {
        let who = Who::of(request.metadata(), &request.get_ref().actor)?;
        let wire::KeepToolStateRequest { integration, entries, idempotency_key, .. } = request.into_inner();
        check(&integration, &entries).map_err(Status::invalid_argument)?;
        at_most("entries", entries.len(), limits::TOOL_STATE_ENTRIES_MAX)?;
        let mut decided = Vec::new();
        for (place, entries) in pieces(entries).into_iter().enumerate() {
            let place = place.to_string();
            let id = command_id(&["tool state", integration.as_str(), place.as_str()], &idempotency_key)?;
            let keep = KeepToolState { integration: integration.clone(), entries };
            decided.push(self.keep(keep, who.actor.clone(), id));
        }
        // All at once, so that they share records of the log.
        let tails = future::try_join_all(decided).await?;
        let tail = tails.into_iter().max_by_key(|tail| tail.sequence);
        Ok(Response::new(wire::KeepToolStateResponse { position: tail.and_then(|tail| self.position(tail)) }))
    }
}

impl Control {
    async fn keep(&self, keep: KeepToolState, actor: String, id: Option<CommandId>) -> Result<Tail, Status> {
        let outcome = self.command(Command::KeepToolState(Box::new(keep)), Caller::named(actor), id).await?;
        outcome.map(|(_, tail)| tail).map_err(|rejection| rejected(&rejection))
    }
}

fn check(integration: &str, entries: &Entries) -> Result<(), String> {
    let bytes: usize = entries.iter().map(|(key, value)| key.len() + value.len()).sum();
    let most = limits::TOOL_STATE_CALL_BYTES_MAX;
    let wrong = unfit_integration(integration)
        .or_else(|| entries.is_empty().then(|| "entries: there are none".to_owned()))
        .or_else(|| (bytes > most).then(|| format!("entries: {bytes} bytes; at most {most} are allowed in one call")))
        .or_else(|| entries.iter().find_map(|(key, value)| unfit_entry(key, value)));
    wrong.map_or(Ok(()), Err)
}
