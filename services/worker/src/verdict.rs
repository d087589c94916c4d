//! How one check of a sensor ended: the words that engine, driver and checks share.

use downbeat_proto::worker::v1::{
    CheckAnswer, CheckFailed, CheckPassed, CheckPending, check_answer::Answer as AnswerKind,
};

use crate::attempt::Failure;

/// What came of a look.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// What was looked for is there.
    Passed {
        /// JSON object, at most 64 KiB.
        outputs: String,
    },
    /// It is not there yet.
    Pending {
        /// What was seen instead, for people.
        message: String,
    },
    /// Nobody could look.
    Failed(Failure),
}

impl Verdict {
    /// As it is said to the coordinator.
    pub(crate) fn into_wire(self, id: bytes::Bytes) -> CheckAnswer {
        let answer = match self {
            Self::Passed { outputs } => AnswerKind::Passed(CheckPassed { outputs }),
            Self::Pending { message } => AnswerKind::Pending(CheckPending { message }),
            Self::Failed(failure) => AnswerKind::Failed(CheckFailed {
                failure_class: failure.class.into(),
                message: failure.message,
                pause_seconds: failure.pause.map_or(0, |pause| u32::try_from(pause.as_secs()).unwrap_or(u32::MAX)),
            }),
        };
        CheckAnswer { id, answer: Some(answer) }
    }
}

impl From<Failure> for Verdict {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}
