//! What a coordinator's answer about a firing means, and how long one that does not answer is asked. Knows neither clock nor network.

use std::time::Duration;

use downbeat_runtime::retry;
use jiff::Timestamp;
use tonic::Code;

use crate::{
    engine::{Firing, Input},
    limits,
};

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
        // Also a coordinator whose log does not keep up has decided nothing.
        Code::Unavailable | Code::ResourceExhausted | Code::Unknown | Code::Cancelled => match asked {
            _ if asked > limits::FIRING_PATIENCE => Next::GiveUp,
            _ => Next::Again(retry::pause(attempt)),
        },
        _ => Next::Refused,
    }
}

/// The coordinator says that everything up to here is decided. One that was fenced and has not noticed knows less than whoever asks: then
/// nothing is decided about the instant, and it is asked for again later.
pub fn after_answer(firing: &Firing, up_to: Timestamp) -> Input {
    let (pipeline, schedule, instant) = (firing.pipeline, firing.schedule.clone(), firing.instant);
    if up_to < instant && firing.after.is_some_and(|after| up_to <= after) {
        return Input::Refused { pipeline, schedule, instant };
    }
    Input::Decided { pipeline, schedule, up_to }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_a_coordinator_that_knows_less_than_the_log_decides_nothing() {
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        let firing = |after| Firing {
            pipeline: downbeat_domain::PipelineId([1; 16]),
            version: 1,
            schedule: "often".to_owned(),
            after,
            instant: at(360),
            fires: true,
            passed: Vec::new(),
        };
        for (after, up_to, decides) in [
            (Some(at(300)), at(360), true),
            (Some(at(300)), at(420), true),
            (Some(at(300)), at(330), true),
            (None, at(240), true),
            (Some(at(300)), at(300), false),
            (Some(at(300)), at(240), false),
        ] {
            let decided = matches!(after_answer(&firing(after), up_to), Input::Decided { .. });
            assert_eq!(decided, decides, "{after:?} {up_to}");
        }
    }

    #[test]
    fn only_silence_is_asked_again_and_not_for_ever() {
        let (soon, late) = (Duration::from_secs(1), limits::FIRING_PATIENCE + Duration::from_secs(1));
        assert_eq!(after_failure(Code::Unavailable, 1, soon), Next::Again(retry::pause(1)));
        assert_eq!(after_failure(Code::Unavailable, 9, late), Next::GiveUp);
        assert_eq!(after_failure(Code::ResourceExhausted, 1, soon), Next::Again(retry::pause(1)));
        assert_eq!(after_failure(Code::FailedPrecondition, 1, soon), Next::Refused);
    }
}
