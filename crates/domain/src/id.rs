//! Ids: 16 bytes each, shown as UUIDs whose version bits say 4, because the official clients refuse others.
//!
//! Ids that must come out the same whoever computes them (a run of a schedule's instant, a task run) are derived with BLAKE3.

use std::{fmt, str::FromStr};

use jiff::Timestamp;

use crate::cost::BudgetOf;
use crate::event::{AlertSubject, AttemptRef, WindowRef};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 16]);

        impl $name {
            /// From bytes of any origin; `None` unless there are 16.
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_uuid(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_uuid(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                parse_uuid(text).map(Self).ok_or_else(|| InvalidId(text.chars().take(64).collect()))
            }
        }
    };
}

id!(
    /// An account: derived from its name.
    AccountId
);
id!(
    /// A pipeline: derived from its alias, so that every installation gives the same file the same id.
    PipelineId
);
id!(
    /// A pipeline run.
    RunId
);
id!(
    /// A task run: derived from its run and the place of the task in the plan.
    TaskRunId
);
id!(
    /// A worker, for as long as its folder lives.
    WorkerId
);
id!(
    /// An event from outside: derived from its source and its id.
    EventKey
);
id!(
    /// A backfill.
    BackfillId
);
id!(
    /// An environment.
    EnvironmentId
);
id!(
    /// A connection: drawn by chance.
    ConnectionId
);
id!(
    /// One thing to tell one destination: derived from its cause.
    AlertId
);
id!(
    /// An entry of the ledger of costs: derived from what it is for.
    CostId
);
id!(
    /// A key that opens something: drawn by chance.
    KeyId
);
id!(
    /// An endpoint: drawn by chance.
    EndpointId
);
id!(
    /// A login of a person: drawn by chance.
    LoginId
);
id!(
    /// A commit that somebody asked for: drawn by chance.
    FileCommitId
);
id!(
    /// A command, given by the caller; a repeated one is answered from state.
    CommandId
);

/// The text is not a UUID.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a UUID such as 3f1c9a52-7d0e-4b6a-9f57-0c2d8e4b1a90")]
pub struct InvalidId(String);

impl AccountId {
    /// The id of the account of this name.
    pub fn derive(name: &str) -> Self {
        Self(derive("downbeat account v1", &[name.as_bytes()]))
    }
}

impl PipelineId {
    /// The id of the pipeline with this alias in this account.
    pub fn derive(account: &str, alias: &str) -> Self {
        Self(derive("downbeat pipeline v1", &[account.as_bytes(), alias.as_bytes()]))
    }
}

impl RunId {
    /// The one run of this instant of this schedule (INV-05).
    pub fn of_schedule(pipeline: PipelineId, schedule: &str, instant: Timestamp) -> Self {
        let instant = instant.as_microsecond().to_be_bytes();
        Self(derive("downbeat scheduled run v1", &[&pipeline.0, schedule.as_bytes(), &instant]))
    }

    /// The one run that these events start by this trigger (INV-05): one event, or one per part of the trigger in their order.
    pub fn of_events(pipeline: PipelineId, trigger: &str, events: &[EventKey]) -> Self {
        let mut parts: Vec<&[u8]> = vec![&pipeline.0, trigger.as_bytes()];
        parts.extend(events.iter().map(|event| event.0.as_slice()));
        Self(derive("downbeat event run v1", &parts))
    }

    /// The one run that this attempt of an `ORCHESTRA/TRIGGER_PIPELINE` starts.
    pub fn of_child(parent: RunId, task: u32, attempt: u32) -> Self {
        Self(derive("downbeat child run v1", &[&parent.0, &task.to_be_bytes(), &attempt.to_be_bytes()]))
    }

    /// The one run of this pipeline that the end of another run starts.
    pub fn of_follower(ended: RunId, pipeline: PipelineId) -> Self {
        Self(derive("downbeat following run v1", &[&ended.0, &pipeline.0]))
    }

    /// The run of this instant of this schedule that backfills start: the first one, and, where that has ended badly or another one is
    /// forced, those that follow. The number counts from 0.
    pub fn of_backfill(pipeline: PipelineId, schedule: &str, instant: Timestamp, number: u32) -> Self {
        let (instant, number) = (instant.as_microsecond().to_be_bytes(), number.to_be_bytes());
        Self(derive("downbeat backfill run v1", &[&pipeline.0, schedule.as_bytes(), &instant, &number]))
    }

    /// The one run of this window of a sensor (INV-05).
    pub fn of_sensor(window: &WindowRef) -> Self {
        let instant = window.instant.as_microsecond().to_be_bytes();
        Self(derive("downbeat sensor run v1", &[&window.pipeline.0, window.sensor.as_bytes(), &instant]))
    }

    /// The one run of this delivery to the webhook of a pipeline (INV-05).
    pub fn of_webhook(pipeline: PipelineId, delivery: &str) -> Self {
        Self(derive("downbeat webhook run v1", &[&pipeline.0, delivery.as_bytes()]))
    }

    /// The one run of what an asset trigger gathers from this chunk of this attempt on (INV-05).
    pub fn of_assets(pipeline: PipelineId, trigger: &str, first: AttemptRef, chunk: u32) -> Self {
        let (run, task) = (&first.run.0, first.task.to_be_bytes());
        let (number, chunk) = (first.number.to_be_bytes(), chunk.to_be_bytes());
        Self(derive("downbeat asset run v1", &[&pipeline.0, trigger.as_bytes(), run, &task, &number, &chunk]))
    }

    /// The one run that this idempotency key stands for.
    pub fn of_key(pipeline: PipelineId, key: &str) -> Self {
        Self(derive("downbeat keyed run v1", &[&pipeline.0, key.as_bytes()]))
    }
}

impl BackfillId {
    /// The one backfill that this idempotency key stands for.
    pub fn of_key(pipeline: PipelineId, key: &str) -> Self {
        Self(derive("downbeat keyed backfill v1", &[&pipeline.0, key.as_bytes()]))
    }
}

impl EnvironmentId {
    /// The one environment that this idempotency key stands for.
    pub fn of_key(key: &str) -> Self {
        Self(derive("downbeat keyed environment v1", &[key.as_bytes()]))
    }
}

impl AlertId {
    /// The one alert of this name that this end gives to the destination at this place.
    pub fn derive(subject: &AlertSubject, name: &str, event_type: &str, destination: u32) -> Self {
        let told = [name.as_bytes(), event_type.as_bytes(), &destination.to_be_bytes()];
        let of = |subject: &[&[u8]]| Self(derive("downbeat alert v1", &[subject, told.as_slice()].concat()));
        match subject {
            AlertSubject::Run(run) => of(&[b"run", &run.0]),
            AlertSubject::Task(run, task) => of(&[b"task", &run.0, &task.to_be_bytes()]),
            AlertSubject::Window(window) => {
                let instant = window.instant.as_microsecond().to_be_bytes();
                of(&[b"window", &window.pipeline.0, window.sensor.as_bytes(), &instant])
            }
            AlertSubject::Budget { of: whose, percent, at } => {
                let (percent, at) = (percent.to_be_bytes(), at.as_microsecond().to_be_bytes());
                let (kind, whose): (&[u8], &[u8]) = match whose {
                    BudgetOf::Pipeline(pipeline) => (b"pipeline", &pipeline.0),
                    BudgetOf::Owner(owner) => (b"owner", owner.as_bytes()),
                };
                of(&[b"budget", kind, whose, &percent, &at])
            }
        }
    }
}

impl CostId {
    /// The entry for this quantity of this report.
    pub fn of_operation(attempt: AttemptRef, chunk: u32, ordinal: u32) -> Self {
        Self::of_attempt(attempt, b"operation", chunk, ordinal)
    }

    /// The entry for all quantities of this report that have this price and no entry of their own.
    pub fn of_rest(attempt: AttemptRef, chunk: u32, price: u32) -> Self {
        Self::of_attempt(attempt, b"rest", chunk, price)
    }

    /// The entry for the time that the attempt took of a worker.
    pub fn of_worker(attempt: AttemptRef) -> Self {
        Self::of_attempt(attempt, b"worker", 0, 0)
    }

    fn of_attempt(attempt: AttemptRef, what: &[u8], chunk: u32, ordinal: u32) -> Self {
        let numbers = [attempt.task, attempt.number, chunk, ordinal].map(u32::to_be_bytes);
        Self(derive("downbeat cost entry v1", &[what, &attempt.run.0, numbers.as_flattened()]))
    }

    /// Something that was billed, told by who says so and their id of it.
    pub fn of_bill(source: &str, external_id: &str) -> Self {
        Self(derive("downbeat bill v1", &[source.as_bytes(), external_id.as_bytes()]))
    }

    /// The entry with this number among those that correct another one, or that a bill has.
    pub fn of_entry(of: CostId, number: u32) -> Self {
        Self(derive("downbeat further cost entry v1", &[&of.0, &number.to_be_bytes()]))
    }
}

impl EventKey {
    /// An event is told by its source and its id, as CloudEvents say.
    pub fn of(source: &str, id: &str) -> Self {
        Self(derive("downbeat event v1", &[source.as_bytes(), id.as_bytes()]))
    }
}

impl CommandId {
    /// The command that this idempotency key stands for; `what` names the kind of command and what it is about.
    pub fn of_key(what: &[&str], key: &str) -> Self {
        let parts: Vec<&[u8]> = what.iter().chain([&key]).map(|part| part.as_bytes()).collect();
        Self(derive("downbeat command v1", &parts))
    }

    /// The one command that records this part of what another system said.
    pub fn of_part(identity: &[u8; 16], part: u32) -> Self {
        Self(derive("downbeat lineage part v1", &[identity, &part.to_be_bytes()]))
    }
}

impl TaskRunId {
    /// The task run at this place of this run.
    pub fn derive(run: RunId, task: u32) -> Self {
        Self(derive("downbeat task run v1", &[&run.0, &task.to_be_bytes()]))
    }
}

/// A number that this instant of this schedule always has, the same for everybody: its jitter comes of it.
pub(crate) fn number_of_instant(pipeline: PipelineId, schedule: &str, instant: Timestamp) -> u64 {
    let instant = instant.as_microsecond().to_be_bytes();
    let bytes = derive("downbeat schedule jitter v1", &[&pipeline.0, schedule.as_bytes(), &instant]);
    // The last eight bytes: the version bits stand in the first nine, the variant in the ninth.
    bytes[9..].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn derive(context: &str, parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new_derive_key(context);
    for part in parts {
        // Lengths keep ("ab", "c") and ("a", "bc") apart.
        hasher.update(&(part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    let mut bytes = [0; 16];
    hasher.finalize_xof().fill(&mut bytes);
    with_version_4(bytes)
}

/// Sets the bits that make 16 bytes a version 4 UUID.
pub fn with_version_4(mut bytes: [u8; 16]) -> [u8; 16] {
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    bytes
}

fn write_uuid(bytes: &[u8; 16], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    // Written often (each row of a projection has several): in one piece, not byte by byte through the formatter.
    let mut text = [b'-'; 36];
    let mut at = 0;
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            at += 1;
        }
        text[at] = DIGITS[usize::from(byte >> 4)];
        text[at + 1] = DIGITS[usize::from(byte & 15)];
        at += 2;
    }
    f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
}

fn parse_uuid(text: &str) -> Option<[u8; 16]> {
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b'-').collect();
    if digits.len() != 32 || (text.len() != 36 && text.len() != 32) {
        return None;
    }
    let mut bytes = [0; 16];
    // Digit by digit: numbers are read with a sign before them, too.
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_version_4_uuids_that_read_back() {
        let id = PipelineId::derive("default", "weather");
        let text = id.to_string();
        assert_eq!(text.len(), 36);
        assert_eq!(&text[14..15], "4");
        assert!(matches!(&text[19..20], "8" | "9" | "a" | "b"));
        assert_eq!(text.parse::<PipelineId>().unwrap(), id);
        assert_eq!(text.to_uppercase().replace('-', "").parse::<PipelineId>().unwrap(), id);
        for none in ["weather", "", &text[1..], &text.replacen(&text[..2], "+a", 1), &text.replacen(&text[..1], "é", 1)]
        {
            assert!(none.parse::<PipelineId>().is_err(), "{none}");
        }
    }

    #[test]
    fn every_digit_of_an_id_stands_in_its_place() {
        let id =
            RunId([0x3f, 0x1c, 0x9a, 0x52, 0x7d, 0x0e, 0x4b, 0x6a, 0x9f, 0x57, 0x0c, 0x2d, 0x8e, 0x4b, 0x1a, 0x90]);
        assert_eq!(id.to_string(), "3f1c9a52-7d0e-4b6a-9f57-0c2d8e4b1a90");
        assert_eq!(format!("{id:?}"), id.to_string());
    }

    #[test]
    fn derived_ids_depend_on_every_part() {
        let pipeline = PipelineId::derive("default", "a");
        let instant = Timestamp::from_second(1_000).unwrap();
        let run = RunId::of_schedule(pipeline, "daily", instant);
        assert_eq!(run, RunId::of_schedule(pipeline, "daily", instant));
        assert_ne!(run, RunId::of_schedule(pipeline, "hourly", instant));
        assert_ne!(run, RunId::of_schedule(PipelineId::derive("default", "b"), "daily", instant));
        assert_ne!(run, RunId::of_schedule(pipeline, "daily", Timestamp::from_second(1_001).unwrap()));
        assert_ne!(TaskRunId::derive(run, 0), TaskRunId::derive(run, 1));
        let backfilled = RunId::of_backfill(pipeline, "daily", instant, 0);
        assert_ne!(backfilled, run);
        assert_ne!(backfilled, RunId::of_backfill(pipeline, "daily", instant, 1));
        assert_ne!(backfilled, RunId::of_backfill(pipeline, "hourly", instant, 0));
        assert_ne!(BackfillId::of_key(pipeline, "k").0, RunId::of_key(pipeline, "k").0);
        let (one, other) = (EventKey::of("shop", "7"), EventKey::of("sho", "p7"));
        assert_ne!(one, other);
        assert_ne!(RunId::of_events(pipeline, "t", &[one, other]), RunId::of_events(pipeline, "t", &[other, one]));
        assert_ne!(RunId::of_events(pipeline, "t", &[one]), RunId::of_events(pipeline, "u", &[one]));
    }
}
