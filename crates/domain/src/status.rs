//! Statuses and their public spelling.

use std::fmt;

macro_rules! spelled {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant),+ }

        impl $name {
            /// Every value, in the order of declaration.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The spelling of the public API.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// From the spelling of the public API.
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == word)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

spelled!(
    /// Status of a pipeline run.
    RunStatus {
        /// Nothing has been given to a worker yet.
        Created = "CREATED",
        /// Waits until `concurrency` lets it go.
        Queued = "QUEUED",
        /// At least one task began.
        Running = "RUNNING",
        /// Ended; no task failed.
        Succeeded = "SUCCEEDED",
        /// Ended; a task warned, none failed.
        Warning = "WARNING",
        /// Ended; a task failed.
        Failed = "FAILED",
        /// Did not run: `concurrency` refused it.
        Skipped = "SKIPPED",
        /// Somebody cancelled it; workers have not confirmed yet.
        Cancelling = "CANCELLING",
        /// Ended by a cancel.
        Cancelled = "CANCELLED",
    }
);

spelled!(
    /// How far a check of a sensor is.
    CheckState {
        /// What it looks for is there.
        Passed = "PASSED",
        /// Not yet.
        Pending = "PENDING",
        /// It could not be made.
        Failed = "FAILED",
    }
);

spelled!(
    /// Why a window closed without a run.
    WindowEnd {
        /// Its time was over before all checks had passed.
        TimedOut = "TIMED_OUT",
        /// All checks had passed, but no run could be made of it.
        Refused = "REFUSED",
        /// The next window of the sensor opened.
        Followed = "FOLLOWED",
        /// A new version of the pipeline has another sensor, or none, of this id.
        Replaced = "REPLACED",
        /// The pipeline was deleted.
        Deleted = "DELETED",
    }
);

spelled!(
    /// Status of a task run.
    TaskStatus {
        /// Waits for what it depends on.
        Created = "CREATED",
        /// Waits for a worker, or for its next attempt.
        Queued = "QUEUED",
        /// A worker is at it.
        Running = "RUNNING",
        /// Ended well.
        Succeeded = "SUCCEEDED",
        /// Ended with a warning, or failed where a failure counts as one.
        Warning = "WARNING",
        /// Failed.
        Failed = "FAILED",
        /// Did not run.
        Skipped = "SKIPPED",
        /// Is being stopped.
        Cancelling = "CANCELLING",
        /// Stopped by a cancel.
        Cancelled = "CANCELLED",
    }
);

spelled!(
    /// How a job ended well.
    Outcome {
        /// Without remarks.
        Succeeded = "SUCCEEDED",
        /// With a warning.
        Warning = "WARNING",
    }
);

spelled!(
    /// What a person decides about a task instead of its job.
    Mark {
        /// Taken for done.
        Succeeded = "SUCCEEDED",
        /// Taken for done, with a warning.
        Warning = "WARNING",
        /// Taken for failed.
        Failed = "FAILED",
        /// Does not run; what follows by the default rule is skipped too.
        Skipped = "SKIPPED",
    }
);

spelled!(
    /// Which part of a run is run again by its restart; the spelling is that of the trigger type.
    RestartMode {
        /// Everything.
        All = "RESTART_ALL",
        /// What did not end well.
        FromFailed = "RESTART_FROM_FAILED",
        /// The named tasks and everything that follows from them.
        FromTasks = "RESTART_FROM_TASKS",
        /// The named tasks alone.
        FromSelected = "RESTART_FROM_SELECTED",
    }
);

spelled!(
    /// What happens to a run that finds no free slot.
    OnLimit {
        /// It is recorded SKIPPED.
        Skip = "SKIP",
        /// It waits in order.
        Queue = "QUEUE",
        /// Only the newest waits; what waited before is SKIPPED.
        QueueLatest = "QUEUE_LATEST",
        /// The oldest live runs are cancelled, and it waits until they have ended. Ours, not part of the published language.
        CancelRunning = "CANCEL_RUNNING",
    }
);

spelled!(
    /// Why an attempt failed, as far as it matters for another one.
    FailureClass {
        /// The job ran and failed.
        JobFailed = "JOB_FAILED",
        /// It cannot work as it is written; another attempt would fail the same way.
        Misconfigured = "MISCONFIGURED",
        /// It ran longer than its `timeout`.
        TimedOut = "TIMED_OUT",
        /// Something was unreachable or short for a moment.
        Transient = "TRANSIENT",
        /// Nobody knows whether the job in the other system was begun, or how it ended; another attempt might run it twice.
        UnknownOutcome = "UNKNOWN_OUTCOME",
    }
);

spelled!(
    /// Why a worker is asked to stop an attempt.
    StopReason {
        /// Its run was cancelled.
        Cancelled = "CANCELLED",
        /// Its deadline passed.
        TimedOut = "TIMED_OUT",
        /// A person decided the outcome of the task.
        Marked = "MARKED",
    }
);

impl RunStatus {
    /// Nothing happens any more in a run with this status (INV-02).
    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Warning | Self::Failed | Self::Skipped | Self::Cancelled)
    }
}

impl TaskStatus {
    /// Nothing happens any more in a task run with this status.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Warning | Self::Failed | Self::Skipped | Self::Cancelled)
    }
}

impl From<Mark> for TaskStatus {
    fn from(mark: Mark) -> Self {
        match mark {
            Mark::Succeeded => Self::Succeeded,
            Mark::Warning => Self::Warning,
            Mark::Failed => Self::Failed,
            Mark::Skipped => Self::Skipped,
        }
    }
}
