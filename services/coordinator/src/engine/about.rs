//! What a command is about, as far as its answer tells of it.

use downbeat_domain::{Command, Partition, RunId};

/// The run that a command is about.
pub(super) fn run(command: &Command) -> Option<RunId> {
    match command {
        Command::StartRun(start) => Some(start.run),
        Command::RestartRun(restart) => Some(restart.run),
        Command::FireSchedule(fire) => Some(RunId::of_schedule(fire.pipeline, &fire.schedule, fire.instant)),
        // The run that it starts where the trigger asks for one event only.
        Command::TakeEvent(take) => Some(RunId::of_events(take.pipeline, &take.trigger, &[take.event.key()])),
        Command::TakeWebhook(take) => Some(RunId::of_webhook(take.pipeline, &take.delivery)),
        Command::CancelRun { run, .. }
        | Command::WakeRun { run }
        | Command::LeaseTask { run, .. }
        | Command::MarkTask { run, .. }
        | Command::DecideApproval { run, .. }
        | Command::CarryOver { run, .. } => Some(*run),
        Command::Report { attempt, .. } | Command::LoseAttempt { attempt, .. } => Some(attempt.run),
        Command::ApplyPipeline(_)
        | Command::RecallVersion(_)
        | Command::SetPipelineStorage { .. }
        | Command::PausePipeline { .. }
        | Command::ResumePipeline { .. }
        | Command::DeletePipeline { .. }
        | Command::CreateBackfill(_)
        | Command::CancelBackfill { .. }
        | Command::PollSensor(_)
        | Command::TakeSensorEvent { .. }
        | Command::NoteTimeZones { .. }
        | Command::RaiseLevel
        | Command::WakePipeline { .. }
        | Command::SettleAlert { .. }
        | Command::RetryAlert { .. }
        | Command::Cost(_)
        | Command::Access(_)
        | Command::Endpoint(_)
        | Command::Connection(_)
        | Command::FileCommit(_)
        | Command::SetEnvironment(_)
        | Command::RemoveEnvironment { .. }
        | Command::Inventory(_)
        | Command::KeepToolState(_)
        | Command::ReportLineage(_)
        | Command::SetPool { .. } => None,
    }
}

/// The task of a run that a command is about.
pub(super) fn task(command: &Command) -> Option<(RunId, u32)> {
    match command {
        Command::MarkTask { run, task, .. } | Command::DecideApproval { run, task, .. } => Some((*run, *task)),
        _ => None,
    }
}

/// The version that has the text of a command which stores one, as the state knows it; 0 = of any other command.
pub(super) fn version(partition: &Partition, command: &Command) -> u32 {
    let Command::ApplyPipeline(apply) = command else { return 0 };
    let state = partition.pipelines.get(&apply.applied.pipeline);
    state.and_then(|state| state.with_digest(&apply.applied.digest)).unwrap_or(0)
}
