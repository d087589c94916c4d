//! What holds a run or a task at this moment.

use downbeat_domain::gates::Gate;
use downbeat_proto::{control::v1 as wire, convert};
use tonic::Status;

use super::{Control, request::run_of};
use crate::{api::refused, engine::NotLive};

impl Control {
    pub(super) async fn explain(
        &self,
        request: wire::ExplainWaitingRequest,
    ) -> Result<wire::ExplainWaitingResponse, Status> {
        let run = run_of(&request.run_id)?;
        let task = request.task.clone();
        let asked = self.handle.ask(move |engine, now| engine.explain(now, run, &task));
        match asked.await.map_err(|error| refused(&error))? {
            Ok(held) => Ok(wire::ExplainWaitingResponse {
                status: held.status.to_owned(),
                gates: held.gates.into_iter().map(gate).collect(),
            }),
            Err(NotLive::UnknownRun) => Err(Status::not_found(format!("there is no run {run}"))),
            Err(NotLive::UnknownTask) => Err(Status::not_found(format!("run {run} has no task `{}`", request.task))),
            // Nothing holds what has ended.
            Err(NotLive::Ended(status)) => {
                Ok(wire::ExplainWaitingResponse { status: status.to_owned(), gates: Vec::new() })
            }
        }
    }
}

fn gate((gate, ahead, count): (Gate, Vec<String>, usize)) -> wire::Gate {
    wire::Gate {
        kind: gate.kind.as_str().to_owned(),
        text: gate.text,
        since: gate.since.map(convert::micros).unwrap_or_default(),
        ahead,
        ahead_count: u32::try_from(count).unwrap_or(u32::MAX),
    }
}
