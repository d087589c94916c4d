//! Tasks of a live run: outcomes and approvals decided by people.

use downbeat_domain::{Command, Mark, Rejection, RunId, RunState};
use downbeat_proto::control::v1 as wire;
use tonic::Status;

use super::{
    Control,
    asker::Asker,
    request::{command_id, object, run_of},
};
use crate::api::{refused, rejected};

impl Control {
    pub(super) async fn mark(
        &self,
        request: wire::MarkTaskRequest,
        asker: &Asker,
    ) -> Result<wire::MarkTaskResponse, Status> {
        let run = run_of(&request.run_id)?;
        let Some(mark) = Mark::from_word(&request.mark) else {
            let words: Vec<&str> = Mark::ALL.iter().map(|mark| mark.as_str()).collect();
            return Err(Status::invalid_argument(format!("mark: use one of {}", words.join(", "))));
        };
        let by = asker.person()?;
        let outputs = object(&request.outputs, "outputs")?;
        let key = command_id(&["mark", &request.run_id, &request.task], &request.idempotency_key)?;
        let task = self.task(run, &request.task).await?;
        let command = Command::MarkTask { run, task, mark, outputs, reason: request.reason, by };
        let (answer, tail) = self.decide(asker, command, key).await?.map_err(|rejection| rejected(&rejection))?;
        let status = answer.task_status.map_or(mark.as_str(), |status| status.as_str()).to_owned();
        Ok(wire::MarkTaskResponse { status, position: self.position(tail) })
    }

    pub(super) async fn approve(
        &self,
        request: wire::DecideApprovalRequest,
        asker: &Asker,
    ) -> Result<wire::DecideApprovalResponse, Status> {
        let run = run_of(&request.run_id)?;
        let by = asker.person()?;
        let key = command_id(&["approval", &request.run_id, &request.task], &request.idempotency_key)?;
        let task = self.task(run, &request.task).await?;
        let approved = request.approved;
        let command = Command::DecideApproval { run, task, approved, by, comment: request.comment };
        let (answer, tail) = self.decide(asker, command, key).await?.map_err(|rejection| rejected(&rejection))?;
        let ended = if approved { "SUCCEEDED" } else { "FAILED" };
        let status = answer.task_status.map_or(ended, |status| status.as_str()).to_owned();
        Ok(wire::DecideApprovalResponse { status, position: self.position(tail) })
    }

    /// The place of the task of this name in a live run.
    async fn task(&self, run: RunId, name: &str) -> Result<u32, Status> {
        let wanted = name.to_owned();
        let asked = self.handle.ask(move |engine, _| {
            let partition = engine.partition();
            match partition.runs.get(&run) {
                Some(state) => Ok(state.find_task(&wanted).ok_or_else(|| some_ids(state))),
                None => Err(match partition.finished.get(&run) {
                    Some((_, status)) => Rejection::RunFinished { run, status: *status },
                    None => Rejection::UnknownRun(run),
                }),
            }
        });
        let found = asked.await.map_err(|error| refused(&error))?.map_err(|rejection| rejected(&rejection))?;
        found.map_err(|known| Status::not_found(format!("run {run} has no task `{name}`; it has: {known}")))
    }
}

fn some_ids(run: &RunState) -> String {
    let ids: Vec<&str> = run.plan.plan.tasks.iter().take(10).map(|task| task.id.as_str()).collect();
    ids.join(", ")
}
