//! Follows the log for schedules, watches the clock, and asks the coordinator for runs.

use std::{sync::Arc, time::Duration};

use downbeat_event_log::{ErrorKind, EventLog, Tail};
use downbeat_proto::{
    control::v1::{FireScheduleRequest, control_service_client::ControlServiceClient},
    convert,
};
use downbeat_runtime::{
    clock::wall_now,
    grpc, retry,
    shutdown::{self, ShutdownSignal},
};
use futures::StreamExt;
use tokio::sync::Semaphore;
use tonic::transport::Channel;

use crate::{
    asking::{Next, after_failure},
    engine::{Engine, Firing, Input, Output},
    error::Error,
    limits,
    reading::take_in,
};

/// Runs until the signal, or until the log fails for good.
pub async fn run(log: Arc<dyn EventLog>, coordinator: &str, mut signal: ShutdownSignal) -> Result<(), Error> {
    let firer = Firer {
        client: ControlServiceClient::new(grpc::endpoint(coordinator)?.connect_lazy()),
        in_flight: Arc::new(Semaphore::new(limits::FIRINGS_IN_FLIGHT_MAX)),
    };
    let mut engine = Engine::default();
    let mut position = Tail::start(log.id());
    for attempt in 1.. {
        let outcome = tokio::select! {
            outcome = follow(&log, &mut engine, &firer, &mut position) => outcome,
            () = shutdown::wait(&mut signal) => return Ok(()),
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

async fn follow(log: &Arc<dyn EventLog>, engine: &mut Engine, firer: &Firer, position: &mut Tail) -> Result<(), Error> {
    let mut entries = log.follow(*position).await?;
    loop {
        let outputs = tokio::select! {
            entry = entries.next() => match entry {
                Some(entry) => {
                    let entry = entry?;
                    let outputs = take_in(engine, &entry, wall_now())?;
                    *position = entry.tail();
                    outputs
                }
                None => return Ok(()),
            },
            () = tokio::time::sleep(until_next(engine)) => engine.handle(wall_now(), Input::Tick),
        };
        for output in outputs {
            match output {
                Output::Fire(firing) => firer.fire(firing),
                Output::Missed(firing) => {
                    tracing::warn!(pipeline = %firing.pipeline, schedule = firing.schedule, instant = %firing.instant, "missed and not caught up")
                }
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

struct Firer {
    client: ControlServiceClient<Channel>,
    in_flight: Arc<Semaphore>,
}

impl Firer {
    /// Asks until the coordinator answers. Asking twice is harmless: the run of an instant has one id.
    fn fire(&self, firing: Firing) {
        let (mut client, in_flight) = (self.client.clone(), Arc::clone(&self.in_flight));
        tokio::spawn(async move {
            // The semaphore is never closed.
            let Ok(_permit) = in_flight.acquire().await else { return };
            let asked = tokio::time::Instant::now();
            for attempt in 1.. {
                let request = FireScheduleRequest {
                    pipeline_id: firing.pipeline.to_string(),
                    pipeline_version: firing.version,
                    schedule: firing.schedule.clone(),
                    instant: convert::micros(firing.instant),
                };
                match client.fire_schedule(request).await {
                    Ok(answer) => {
                        let answer = answer.into_inner();
                        tracing::info!(run = answer.run_id, started = answer.started, schedule = firing.schedule, instant = %firing.instant, "fired");
                        return;
                    }
                    Err(status) => match after_failure(status.code(), attempt, asked.elapsed()) {
                        Next::Again(pause) => {
                            if attempt == 1 {
                                tracing::warn!(%status, "waiting for the coordinator");
                            }
                            tokio::time::sleep(pause).await;
                        }
                        Next::GiveUp => {
                            tracing::error!(%status, schedule = firing.schedule, instant = %firing.instant, "gave up firing");
                            return;
                        }
                        Next::Refused => {
                            tracing::error!(%status, schedule = firing.schedule, instant = %firing.instant, "the coordinator refused a firing");
                            return;
                        }
                    },
                }
            }
        });
    }
}
