//! Pulls messages, carries out what the engine says of each, and starts over when NATS was away.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_nats::jetstream::{self, AckKind, Context, consumer::pull};
use downbeat_event_log::{LogAddress, Nats};
use downbeat_proto::control::v1::{self as wire, control_service_client::ControlServiceClient};
use downbeat_runtime::{
    clock::Clock,
    grpc::Target,
    shutdown::{self, ShutdownSignal},
};
use futures::{FutureExt, StreamExt};
use jiff::Timestamp;
use tokio::sync::Semaphore;

use super::{
    TRIGGER_PREFIX, dead,
    engine::{Answer, Counts, Engine, Settled, Step},
    message::Message,
    nats::{self, Streams},
    room,
    taking::{self, Taken},
};
use crate::{batching::Batcher, config::SchedulerConfig, error::Error, limits, metrics::Metrics, traces};

/// Takes events from the NATS of the log, as this client, until the signal. An embedded log has none: then it says so and is done.
///
/// # Errors
/// None: a NATS that is away is waited for.
pub async fn run(
    (log, client): (&LogAddress, &Nats),
    coordinator: &Target,
    config: &SchedulerConfig,
    metrics: &Metrics,
    mut signal: ShutdownSignal,
) -> Result<(), Error> {
    let LogAddress::Nats(servers) = log else {
        tracing::info!(
            "the log is embedded, so there is no NATS to take events from: `downbeat trigger publish` brings them"
        );
        return Ok(());
    };
    let nats = (client, servers.as_str());
    let client = ControlServiceClient::new(coordinator.connect_lazy());
    let taker = Arc::new(Taker {
        batcher: Batcher::start(
            limits::EVENT_CALLS,
            |event| event.data.len(),
            move |events| taking::take(client.clone(), events),
        ),
        engine: Mutex::new(Engine::new(config.trigger_rate)),
        clock: Clock::start(),
        metrics: metrics.clone(),
    });
    let mut told = false;
    loop {
        // Ends by itself with the signal, so that what is under way is settled.
        match serve(nats, config, &taker, signal.clone()).await {
            Ok(()) => return Ok(()),
            Err(error) if told => tracing::debug!(%error, "waiting for NATS"),
            Err(error) => tracing::warn!(%error, "waiting for NATS to take events from"),
        }
        told = true;
        tokio::select! {
            () = tokio::time::sleep(limits::NATS_PAUSE) => {}
            () = shutdown::wait(&mut signal) => return Ok(()),
        }
    }
}

/// Until the signal, or until NATS fails.
async fn serve(
    nats: (&Nats, &str),
    config: &SchedulerConfig,
    taker: &Arc<Taker>,
    mut signal: ShutdownSignal,
) -> Result<(), Error> {
    let opened = tokio::select! {
        opened = open(nats, config) => opened?,
        () = shutdown::wait(&mut signal) => return Ok(()),
    };
    let (streams, mut messages) = (Arc::new(opened.0), opened.1);
    tracing::info!("takes events published below {TRIGGER_PREFIX}");
    let watching = room::watch(&streams.stream, &taker.metrics);
    tokio::pin!(watching);
    let in_flight = Arc::new(Semaphore::new(limits::MESSAGES_IN_FLIGHT_MAX));
    let mut counts = tokio::time::interval(limits::COUNTS_INTERVAL.min(limits::FLOOD_REPORT_INTERVAL));
    let mut reported = Reported { counts: taker.engine().counts(), at: Duration::ZERO };
    loop {
        let message = tokio::select! {
            biased;
            () = shutdown::wait(&mut signal) => break,
            _ = counts.tick() => {
                taker.report(&mut reported);
                continue;
            }
            never = &mut watching => match never {},
            message = messages.next() => match message {
                Some(message) => message.map_err(|error| Error::nats("reading messages", error))?,
                None => return Err(Error::nats("reading messages", "the consumer ended")),
            },
        };
        // The semaphore is never closed.
        let Ok(permit) = Arc::clone(&in_flight).acquire_owned().await else { break };
        let (taker, streams) = (Arc::clone(taker), Arc::clone(&streams));
        tokio::spawn(async move {
            taker.handle(&streams, message).await;
            drop(permit);
        });
    }
    // What was pulled and not begun goes back at once; the rest has a little time.
    while let Some(Some(Ok(message))) = messages.next().now_or_never() {
        acknowledge(&message, AckKind::Nak(None)).await;
    }
    let all = u32::try_from(limits::MESSAGES_IN_FLIGHT_MAX).unwrap_or(u32::MAX);
    let _ = tokio::time::timeout(limits::DRAIN, in_flight.acquire_many(all)).await;
    let _ = streams.context.client().flush().await;
    taker.report(&mut reported);
    Ok(())
}

async fn open((client, servers): (&Nats, &str), config: &SchedulerConfig) -> Result<(Streams, pull::Stream), Error> {
    let client = nats::connect(client, servers, "downbeat-scheduler-triggers").await?;
    let streams = nats::open(client, config.trigger_replicas).await?;
    let pull = streams.consumer.stream();
    let pull = pull.max_messages_per_batch(limits::MESSAGES_PER_PULL).max_bytes_per_batch(limits::PULL_BYTES_MAX);
    let pull = pull.expires(limits::PULL_EXPIRES).heartbeat(limits::PULL_HEARTBEAT);
    let messages = pull.messages().await.map_err(|error| Error::nats("asking for messages", error))?;
    Ok((streams, messages))
}

struct Reported {
    counts: Counts,
    at: Duration,
}

struct Taker {
    batcher: Batcher<wire::IncomingEvent, Taken>,
    engine: Mutex<Engine>,
    clock: Clock,
    metrics: Metrics,
}

impl Taker {
    fn engine(&self) -> std::sync::MutexGuard<'_, Engine> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything that becomes of one delivery.
    async fn handle(&self, streams: &Streams, delivery: jetstream::Message) {
        let Some(delivered) = Delivered::of(&delivery, streams) else {
            tracing::error!(subject = %delivery.subject, "a message without a place in its stream cannot be settled");
            return;
        };
        let step = self.engine().delivered(self.clock.now().monotonic, &delivered.message);
        let settled = match step {
            Step::Take(event) => {
                let began = traces::begin();
                let away = || (Answer::Away, Vec::new());
                let (answer, runs) = self.batcher.ask(taking::request_of(&event)).await.unwrap_or_else(away);
                traces::took(began, &delivered.message, &event, &runs);
                self.engine().answered(answer, delivered.deliveries)
            }
            Step::Later(pause) => Settled::Later(pause),
            Step::Dead(reason) => Settled::Dead(reason),
        };
        self.metrics.events(self.engine().counts());
        self.settle(&streams.context, &delivery, &delivered, settled).await;
    }

    async fn settle(&self, context: &Context, delivery: &jetstream::Message, delivered: &Delivered, settled: Settled) {
        match settled {
            Settled::Acknowledge => acknowledge(delivery, AckKind::Ack).await,
            Settled::Later(pause) => acknowledge(delivery, AckKind::Nak(Some(pause))).await,
            Settled::Dead(reason) => {
                let Delivered { message, published, deliveries } = delivered;
                match dead::bury(context, message, &reason, *published, *deliveries).await {
                    Ok(()) => {
                        tracing::warn!(
                            subject = message.address,
                            sequence = message.sequence,
                            reason,
                            "a message became a dead letter"
                        );
                        acknowledge(delivery, AckKind::Term).await;
                    }
                    Err(error) => {
                        tracing::warn!(%error, subject = message.address, "a dead letter could not be set aside yet");
                        acknowledge(delivery, AckKind::Nak(Some(limits::COORDINATOR_PAUSE_MAX))).await;
                    }
                }
            }
        }
    }

    /// Floods at once, counts now and then where they changed.
    fn report(&self, reported: &mut Reported) {
        let now = self.clock.now().monotonic;
        let (floods, counts) = {
            let mut engine = self.engine();
            (engine.floods(now), engine.counts())
        };
        for (subject, messages) in floods {
            tracing::warn!(subject, messages, "a subject floods: its messages are slowed down, none is lost");
        }
        if counts != reported.counts && now.saturating_sub(reported.at) >= limits::COUNTS_INTERVAL {
            tracing::info!(
                delivered = counts.delivered,
                taken = counts.taken,
                started = counts.started,
                unheard = counts.unheard,
                dead = counts.dead,
                slowed = counts.slowed,
                away = counts.away,
                "events so far"
            );
            *reported = Reported { counts, at: now };
        }
    }
}

/// A message with what the stream says of its delivery.
struct Delivered {
    message: Message,
    published: Timestamp,
    deliveries: u64,
}

impl Delivered {
    fn of(delivery: &jetstream::Message, streams: &Streams) -> Option<Self> {
        let info = delivery.info().ok()?;
        let message = Message {
            address: delivery.subject.strip_prefix(TRIGGER_PREFIX).unwrap_or_default().to_owned(),
            headers: nats::headers_of(delivery.headers.as_ref()),
            payload: delivery.payload.to_vec(),
            sequence: info.stream_sequence,
            stream: streams.id.clone(),
        };
        let published = nats::instant(info.published.unix_timestamp_nanos());
        Some(Self { message, published, deliveries: u64::try_from(info.delivered).unwrap_or(1) })
    }
}

/// An acknowledgement that is lost leads to another delivery, and the event is known then.
async fn acknowledge(delivery: &jetstream::Message, kind: AckKind) {
    if let Err(error) = delivery.ack_with(kind).await {
        tracing::debug!(%error, "an acknowledgement did not go out");
    }
}
