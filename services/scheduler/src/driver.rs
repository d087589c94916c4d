//! Follows the log for schedules, watches the clock, and asks the coordinator for runs.

use std::{sync::Arc, time::Duration};

use downbeat_event_log::{ErrorKind, EventLog, Tail};
use downbeat_proto::{
    control::v1::{
        self as wire, FireSchedulesRequest, FiringDecided, control_service_client::ControlServiceClient,
        firing_outcome::Outcome,
    },
    convert,
    event::encode_passed,
};
use downbeat_runtime::{
    clock::wall_now,
    grpc::Target,
    retry,
    shutdown::{self, ShutdownSignal},
    zones::zones as rules_now,
};
use futures::StreamExt;
use tokio::sync::{Semaphore, mpsc};
use tonic::{Code, Status, transport::Channel};

use crate::{
    asking::{Next, after_answer, after_failure},
    batching::Batcher,
    engine::{Engine, Firing, Input, Output},
    error::Error,
    limits,
    metrics::Metrics,
    reading::take_in,
    traces, zones,
};

/// Answers of the coordinator that wait for the engine.
const ANSWERS: usize = limits::FIRINGS_IN_FLIGHT_MAX;

/// Runs until the signal, or until the log fails for good.
pub async fn run(
    log: Arc<dyn EventLog>,
    coordinator: &Target,
    metrics: &Metrics,
    mut signal: ShutdownSignal,
) -> Result<(), Error> {
    let (tell, mut answers) = mpsc::channel(ANSWERS);
    let client = ControlServiceClient::new(coordinator.connect_lazy());
    let call = move |firings| fire(client.clone(), firings);
    let firer = Firer {
        batcher: Batcher::start(limits::FIRING_CALLS, |_| 1, call),
        in_flight: Arc::new(Semaphore::new(limits::FIRINGS_IN_FLIGHT_MAX)),
        metrics: metrics.clone(),
        tell,
    };
    tracing::info!(release = rules_now().version(), origin = rules_now().origin(), "time zone rules");
    let noted = tokio::spawn(zones::note(ControlServiceClient::new(coordinator.connect_lazy())));
    let outcome = run_engine(&log, &firer, &mut signal, &mut answers).await;
    noted.abort();
    outcome
}

async fn run_engine(
    log: &Arc<dyn EventLog>,
    firer: &Firer,
    signal: &mut ShutdownSignal,
    answers: &mut mpsc::Receiver<Input>,
) -> Result<(), Error> {
    let mut engine = Engine::default();
    let mut position = Tail::start(log.id());
    for attempt in 1.. {
        let outcome = tokio::select! {
            outcome = follow(log, &mut engine, firer, &mut position, answers) => outcome,
            () = shutdown::wait(signal) => return Ok(()),
        };
        match outcome {
            Err(Error::Log(error)) if error.kind() == ErrorKind::Unavailable => {
                tracing::warn!(%error, "waiting for the log");
                tokio::time::sleep(retry::pause(attempt)).await;
            }
            other => return other,
        }
    }
    Ok(())
}

async fn follow(
    log: &Arc<dyn EventLog>,
    engine: &mut Engine,
    firer: &Firer,
    position: &mut Tail,
    answers: &mut mpsc::Receiver<Input>,
) -> Result<(), Error> {
    // What the log holds already is read before anything is asked: most of it was decided long ago.
    let begun = log.tail().await?.sequence;
    let mut entries = log.follow(*position).await?;
    let mut rules = downbeat_runtime::zones::follow();
    loop {
        let mut outputs = tokio::select! {
            entry = entries.next() => match entry {
                Some(entry) => {
                    let entry = entry?;
                    let outputs = take_in(engine, &entry, wall_now())?;
                    *position = entry.tail();
                    outputs
                }
                None => return Ok(()),
            },
            Some(answer) = answers.recv() => engine.handle(wall_now(), answer),
            Ok(()) = rules.changed() => {
                let now = wall_now();
                let input = zones::changed(engine, now);
                engine.handle(now, input)
            }
            () = tokio::time::sleep(until_next(engine)), if position.sequence >= begun => Vec::new(),
        };
        if position.sequence >= begun {
            outputs.extend(engine.handle(wall_now(), Input::Tick));
        }
        firer.metrics.watches(engine.schedules());
        for output in outputs {
            match output {
                Output::Ask(firing) => firer.ask(firing),
                Output::Unusable { pipeline, schedule, reason } => {
                    tracing::error!(%pipeline, schedule, reason, "schedule cannot fire");
                }
            }
        }
    }
}

fn until_next(engine: &Engine) -> Duration {
    let left = engine.next_deadline().map(|due| due.duration_since(wall_now()));
    let left = left.map_or(limits::WALL_CHECK_INTERVAL, |left| Duration::try_from(left).unwrap_or_default());
    left.min(limits::WALL_CHECK_INTERVAL)
}

/// What the coordinator said of one firing.
type Said = Result<FiringDecided, Status>;

struct Firer {
    batcher: Batcher<wire::Firing, Said>,
    in_flight: Arc<Semaphore>,
    tell: mpsc::Sender<Input>,
    metrics: Metrics,
}

impl Firer {
    /// Asks until the coordinator answers. Asking twice is harmless: an instant is decided once.
    fn ask(&self, firing: Firing) {
        let (batcher, in_flight, tell) = (self.batcher.clone(), Arc::clone(&self.in_flight), self.tell.clone());
        let metrics = self.metrics.clone();
        tokio::spawn(async move {
            // The semaphore is never closed.
            let Ok(_permit) = in_flight.acquire().await else { return };
            let answer = asked(&batcher, firing, &metrics).await;
            // Nobody listens any more: the scheduler ends.
            let _ = tell.send(answer).await;
        });
    }
}

/// Asks for several firings in one call.
async fn fire(mut client: ControlServiceClient<Channel>, firings: Vec<wire::Firing>) -> Vec<Said> {
    let asked = firings.len();
    match client.fire_schedules(FireSchedulesRequest { firings }).await {
        Err(status) => vec![Err(status); asked],
        Ok(answer) => answer.into_inner().outcomes.into_iter().map(said).collect(),
    }
}

fn said(outcome: wire::FiringOutcome) -> Said {
    match outcome.outcome {
        Some(Outcome::Decided(decided)) => Ok(decided),
        Some(Outcome::Refused(refused)) => Err(Status::new(Code::from_i32(refused.status), refused.message)),
        None => Err(Status::internal("an outcome that this version cannot read")),
    }
}

async fn asked(batcher: &Batcher<wire::Firing, Said>, firing: Firing, metrics: &Metrics) -> Input {
    let (pipeline, schedule, instant) = (firing.pipeline, firing.schedule.clone(), firing.instant);
    let (asked, began) = (tokio::time::Instant::now(), traces::begin());
    let mut attempt = 1;
    loop {
        let silent = || Err(Status::unavailable("the coordinator's answer leaves this firing out"));
        match batcher.ask(request(&firing)).await.unwrap_or_else(silent) {
            Ok(answer) => {
                told(&firing, &answer, metrics);
                if answer.started {
                    traces::fired(began, &firing, &answer.run_id);
                }
                return after_answer(&firing, convert::instant(answer.decided_up_to).unwrap_or(instant));
            }
            Err(status) => match after_failure(status.code(), attempt, asked.elapsed()) {
                Next::Again(pause) => {
                    if attempt == 1 {
                        tracing::warn!(%status, "waiting for the coordinator");
                    }
                    attempt += 1;
                    tokio::time::sleep(pause).await;
                }
                Next::GiveUp => {
                    tracing::error!(%status, schedule, %instant, "gave up firing");
                    return Input::Refused { pipeline, schedule, instant };
                }
                Next::Refused => {
                    tracing::warn!(%status, schedule, %instant, "the coordinator refused a firing");
                    return Input::Refused { pipeline, schedule, instant };
                }
            },
        }
    }
}

fn request(firing: &Firing) -> wire::Firing {
    wire::Firing {
        pipeline_id: firing.pipeline.to_string(),
        pipeline_version: firing.version,
        schedule: firing.schedule.clone(),
        instant: convert::micros(firing.instant),
        after: firing.after.map(convert::micros),
        passed: firing.passed.iter().map(encode_passed).collect(),
        passes: !firing.fires,
    }
}

/// A line for people, and a measure.
fn told(firing: &Firing, answer: &FiringDecided, metrics: &Metrics) {
    let (schedule, instant) = (&firing.schedule, firing.instant);
    if answer.decided_before {
        tracing::debug!(schedule, %instant, "decided by another scheduler");
        return;
    }
    for passed in &firing.passed {
        let (reason, count) = (passed.reason.as_str(), passed.count);
        metrics.passed(reason, count);
        tracing::warn!(schedule, reason, count, first = %passed.first, last = %passed.last, "passed without a run");
    }
    if firing.fires {
        metrics.fired(instant, wall_now());
        tracing::info!(run = answer.run_id, started = answer.started, schedule, %instant, "fired");
    }
}
