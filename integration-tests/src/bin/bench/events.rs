//! Events through the whole path: published to NATS, pulled by the scheduler, each the start of a run that is in the log. Every run has a
//! task, which the worker does meanwhile, and the projector follows: all of it on this machine.

use std::time::{Duration, Instant};

use async_nats::jetstream;
use downbeat_integration_tests::{cluster::Cluster, process::eventually};
use futures::{StreamExt, stream};

use crate::cpu::Cpu;

/// Events of one round.
const EVENTS: usize = 20_000;
/// Published and not answered yet.
const PUBLISHING: usize = 512;
/// A round takes no longer.
const ROUND_AT_MOST: Duration = Duration::from_secs(120);

/// What is measured, events per second each.
pub const FIGURES: [&str; 3] = [
    "20,000 events into the stream, no scheduler, 512 unanswered, events/s",
    "20,000 events that wait in the stream, each starts a run of one task, events/s",
    "20,000 events published meanwhile, each starts a run of one task, events/s",
];

/// A pipeline that each event starts once.
const PIPELINE: &str = "version: v1
name: Started by events
inputs:
  rows: {type: number, default: 0}
meta:
  downbeat:
    triggers:
      - {nats: bench.*, when: event.data.rows > 0, run_inputs: {rows: event.data.rows}}
pipeline:
  a: {integration: DOWNBEAT, integration_job: NOOP, parameters: {}}
";

type Rounds = Result<Vec<f64>, String>;

/// One figure per round, of each of [`FIGURES`].
pub async fn per_second(cluster: &mut Cluster, rounds: usize) -> [Rounds; 3] {
    let (mut alone, mut waiting, mut meanwhile) = (Vec::new(), Vec::new(), Vec::new());
    let measured = async {
        let target = Target::prepare(cluster).await?;
        // The first warms up and is not counted.
        for round in 0..=rounds {
            let (published, taken) = target.waiting(cluster, round).await?;
            let both = target.meanwhile(cluster, round).await?;
            if round > 0 {
                alone.push(published);
                waiting.push(taken);
                meanwhile.push(both);
            }
        }
        Ok::<(), String>(())
    };
    let outcome = measured.await;
    [alone, waiting, meanwhile].map(|figures| outcome.clone().map(|()| figures))
}

struct Target {
    context: jetstream::Context,
}

impl Target {
    async fn prepare(cluster: &Cluster) -> Result<Self, String> {
        let file = tempfile::NamedTempFile::with_suffix(".yml").map_err(|error| error.to_string())?;
        std::fs::write(file.path(), PIPELINE).map_err(|error| error.to_string())?;
        let path = file.path().to_str().unwrap_or_default();
        cluster.addresses.downbeat_ok(&["apply", "--alias", "bench_events", path]);
        takes_events(cluster, 1);
        let client = async_nats::connect(&cluster.addresses.log).await.map_err(|error| error.to_string())?;
        Ok(Self { context: jetstream::new(client) })
    }

    /// Publishes while no scheduler is there, then starts one: how fast the stream takes events, and how fast the rest takes them from it.
    async fn waiting(&self, cluster: &mut Cluster, round: usize) -> Result<(f64, f64), String> {
        cluster.scheduler.terminate();
        let began = Instant::now();
        self.publish(&format!("waiting-{round}")).await?;
        let published = rate(began);
        cluster.restart_scheduler();
        takes_events(cluster, round + 2);
        let (began, before) = (Instant::now(), Cpu::of(cluster));
        self.until_settled(began).await?;
        let taken = rate(began);
        eprintln!("{taken:.0} events/s; CPU seconds: {}", Cpu::of(cluster).since(&before));
        Ok((published, taken))
    }

    /// From the first one published until each is settled, which means that its run is recorded.
    async fn meanwhile(&self, cluster: &Cluster, round: usize) -> Result<f64, String> {
        let (began, before) = (Instant::now(), Cpu::of(cluster));
        self.publish(&format!("meanwhile-{round}")).await?;
        let published = began.elapsed();
        self.until_settled(began).await?;
        let rate = rate(began);
        let cpu = Cpu::of(cluster).since(&before);
        eprintln!("{rate:.0} events/s, published in {:.2} s; CPU seconds: {cpu}", published.as_secs_f64());
        Ok(rate)
    }

    async fn publish(&self, name: &str) -> Result<(), String> {
        let mut published = stream::iter(0..EVENTS)
            .map(|at| async move {
                let mut headers = async_nats::HeaderMap::new();
                let id = format!("{name}-{at}");
                for (name, value) in
                    [("ce-specversion", "1.0"), ("ce-id", id.as_str()), ("ce-source", "/bench"), ("ce-type", "landed")]
                {
                    headers.insert(name, value);
                }
                let subject = format!("downbeat.trigger.bench.{}", at % 16);
                let sent = self.context.publish_with_headers(subject, headers, "{\"rows\": 3}".into()).await;
                sent.map_err(|error| error.to_string())?.await.map_err(|error| error.to_string())
            })
            .buffer_unordered(PUBLISHING);
        while let Some(outcome) = published.next().await {
            outcome?;
        }
        Ok(())
    }

    async fn until_settled(&self, began: Instant) -> Result<(), String> {
        let stream = self.context.get_stream("DOWNBEAT_TRIGGER").await.map_err(|error| error.to_string())?;
        loop {
            let left = stream.get_info().await.map_err(|error| error.to_string())?.state.messages;
            if left == 0 {
                return Ok(());
            }
            if began.elapsed() > ROUND_AT_MOST {
                return Err(format!("{left} of {EVENTS} events are not settled after {ROUND_AT_MOST:?}"));
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

fn rate(began: Instant) -> f64 {
    EVENTS as f64 / began.elapsed().as_secs_f64()
}

/// The how-manieth scheduler of this cluster has begun to take events.
fn takes_events(cluster: &Cluster, schedulers: usize) {
    eventually("the scheduler takes events", ROUND_AT_MOST, || {
        (cluster.scheduler.printed().matches("takes events published below").count() >= schedulers).then_some(())
    });
}
