//! How long a firing is offered to a coordinator that does not answer. Knows neither clock nor network.

use std::time::Duration;

use downbeat_runtime::retry;
use tonic::Code;

use crate::limits;

/// What follows from a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nobody answered: ask again after this pause. Asking twice is harmless, the run of an instant has one id.
    Again(Duration),
    /// Nobody answered for too long.
    GiveUp,
    /// The coordinator said no.
    Refused,
}

/// Attempt number `attempt` (from 1) failed with `code`, `asked` after the first one.
pub fn after_failure(code: Code, attempt: u32, asked: Duration) -> Next {
    match code {
        Code::Unavailable | Code::Unknown | Code::Cancelled if asked > limits::FIRING_PATIENCE => Next::GiveUp,
        Code::Unavailable | Code::Unknown | Code::Cancelled => Next::Again(retry::pause(attempt)),
        _ => Next::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_silence_is_asked_again_and_not_for_ever() {
        let (soon, late) = (Duration::from_secs(1), limits::FIRING_PATIENCE + Duration::from_secs(1));
        assert_eq!(after_failure(Code::Unavailable, 1, soon), Next::Again(retry::pause(1)));
        assert_eq!(after_failure(Code::Unavailable, 9, late), Next::GiveUp);
        assert_eq!(after_failure(Code::FailedPrecondition, 1, soon), Next::Refused);
    }
}
