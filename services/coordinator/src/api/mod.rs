//! gRPC: convert, call, convert.

mod control;
mod worker;

pub use control::Control;
pub(crate) use control::REPOSITORIES;
pub use worker::Workers;

use downbeat_domain::Rejection;
use downbeat_proto::control::v1::Refusal;
use tonic::{Code, Status};

use crate::driver::Refused;

/// A refusal of the core as a gRPC status.
fn rejected(rejection: &Rejection) -> Status {
    let code = match rejection {
        Rejection::UnknownPipeline(_)
        | Rejection::UnknownSchedule { .. }
        | Rejection::UnknownTask { .. }
        | Rejection::UnknownBackfill(_)
        | Rejection::UnknownAlert(_)
        | Rejection::UnknownKey(_)
        | Rejection::UnknownEndpoint(_)
        | Rejection::UnknownLogin(_)
        | Rejection::UnknownVersion { .. }
        | Rejection::UnknownEnvironment { .. }
        | Rejection::UnknownConnection(_)
        | Rejection::UnknownRun(_) => Code::NotFound,
        Rejection::InvalidInputs(_)
        | Rejection::InvalidPool(_)
        | Rejection::InvalidEnvironment(_)
        | Rejection::InvalidAsset(_)
        | Rejection::InvalidConnection(_)
        | Rejection::InvalidToolState(_)
        | Rejection::InvalidCost(_)
        | Rejection::InvalidKey(_)
        | Rejection::InvalidEndpoint(_)
        | Rejection::InvalidLogin(_)
        | Rejection::InvalidBackfill(_)
        | Rejection::EventRefused { .. }
        | Rejection::InvalidSensorEvent(_)
        | Rejection::InvalidStorage(_)
        | Rejection::InvalidRelease(_) => Code::InvalidArgument,
        Rejection::NotAnApprover { .. } | Rejection::LoginRefused(_) => Code::PermissionDenied,
        Rejection::RunExists(_)
        | Rejection::KeyExists(_)
        | Rejection::EndpointExists { .. }
        | Rejection::AssetExists { .. }
        | Rejection::PipelineExists { .. } => Code::AlreadyExists,
        Rejection::ChangedMeanwhile { .. } => Code::Aborted,
        Rejection::VersionUnread { .. } | Rejection::StorageMoved { .. } => Code::Unavailable,
        Rejection::RunFinished { .. }
        | Rejection::RunLive { .. }
        | Rejection::BackfillEnded(_)
        | Rejection::EnvironmentIsDefault { .. }
        | Rejection::ConnectionUsed { .. }
        | Rejection::ConnectionUntried { .. }
        | Rejection::ConnectionChanged { .. }
        | Rejection::PipelinePaused { .. }
        | Rejection::FileOfAnother { .. }
        | Rejection::OnlyDrafts { .. }
        | Rejection::TriggerCircle(_)
        | Rejection::TooManyFollowers(_)
        | Rejection::TooManyKeys(_)
        | Rejection::TooManyEndpoints { .. }
        | Rejection::NoWebhook { .. }
        | Rejection::TaskEnded { .. }
        | Rejection::TaskUnfit { .. }
        | Rejection::PoolFull { .. }
        | Rejection::LevelTooLow { .. }
        | Rejection::AlreadyFired { .. }
        | Rejection::NotDue { .. }
        | Rejection::UnfitFiring { .. }
        | Rejection::StaleAttempt(_)
        | Rejection::NotReady { .. } => Code::FailedPrecondition,
    };
    let mut status = Status::new(code, rejection.to_string());
    // The stable code, for programs.
    if let Ok(code) = rejection.code().parse() {
        status.metadata_mut().insert("downbeat-code", code);
    }
    status
}

/// The refusal of one of several things that were asked for together.
fn refusal(status: &Status) -> Refusal {
    let code = status.metadata().get("downbeat-code").and_then(|code| code.to_str().ok());
    Refusal {
        status: status.code() as i32,
        code: code.unwrap_or_default().to_owned(),
        message: status.message().to_owned(),
    }
}

fn refused(refused: &Refused) -> Status {
    match refused {
        Refused::Stopping => Status::unavailable(refused.to_string()),
        // Not "unavailable": others do answer. Who asked may ask again, and later rather than at once.
        Refused::Pressure(_) => Status::resource_exhausted(refused.to_string()),
    }
}
