//! gRPC: convert, call, convert.

mod control;
mod worker;

pub use control::Control;
pub use worker::Workers;

use downbeat_domain::Rejection;
use tonic::{Code, Status};

use crate::driver::Refused;

/// A refusal of the core as a gRPC status.
fn rejected(rejection: &Rejection) -> Status {
    let code = match rejection {
        Rejection::UnknownPipeline(_) | Rejection::UnknownSchedule { .. } | Rejection::UnknownRun(_) => Code::NotFound,
        Rejection::InvalidInputs(_) => Code::InvalidArgument,
        Rejection::RunExists(_) => Code::AlreadyExists,
        Rejection::RunFinished { .. }
        | Rejection::AlreadyFired { .. }
        | Rejection::NotDue { .. }
        | Rejection::StaleAttempt(_)
        | Rejection::NotReady { .. } => Code::FailedPrecondition,
    };
    Status::new(code, rejection.to_string())
}

fn refused(refused: &Refused) -> Status {
    Status::unavailable(refused.to_string())
}
