//! Events through the whole path: published to NATS, pulled by the scheduler, each the start of a run that is in the log.

use std::time::{Duration, Instant};

use async_nats::jetstream;
use downbeat_integration_tests::cluster::Addresses;
use futures::{StreamExt, stream};

/// Events of one round.
const EVENTS: usize = 20_000;
/// Published and not answered yet.
const PUBLISHING: usize = 512;
/// A round takes no longer.
const ROUND_AT_MOST: Duration = Duration::from_secs(120);

/// What is measured.
pub const FIGURE: &str = "20,000 events that start a run of one task each, events/s";

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

/// Events per second, one figure per round: from the first one published until each is settled, which means that its run is recorded.
pub async fn per_second(addresses: &Addresses, rounds: usize) -> Result<Vec<f64>, String> {
    let file = tempfile::NamedTempFile::with_suffix(".yml").map_err(|error| error.to_string())?;
    std::fs::write(file.path(), PIPELINE).map_err(|error| error.to_string())?;
    addresses.downbeat_ok(&["apply", "--alias", "bench_events", file.path().to_str().unwrap_or_default()]);
    let client = async_nats::connect(&addresses.log).await.map_err(|error| error.to_string())?;
    let context = jetstream::new(client);
    let mut figures = Vec::new();
    // The first warms up and is not counted.
    for round in 0..=rounds {
        let began = Instant::now();
        publish(&context, round).await?;
        until_settled(&context, began).await?;
        if round > 0 {
            figures.push(EVENTS as f64 / began.elapsed().as_secs_f64());
        }
    }
    Ok(figures)
}

async fn publish(context: &jetstream::Context, round: usize) -> Result<(), String> {
    let mut published = stream::iter(0..EVENTS)
        .map(|at| async move {
            let mut headers = async_nats::HeaderMap::new();
            let id = format!("{round}-{at}");
            for (name, value) in
                [("ce-specversion", "1.0"), ("ce-id", id.as_str()), ("ce-source", "/bench"), ("ce-type", "landed")]
            {
                headers.insert(name, value);
            }
            let subject = format!("downbeat.trigger.bench.{}", at % 16);
            let sent = context.publish_with_headers(subject, headers, "{\"rows\": 3}".into()).await;
            sent.map_err(|error| error.to_string())?.await.map_err(|error| error.to_string())
        })
        .buffer_unordered(PUBLISHING);
    while let Some(outcome) = published.next().await {
        outcome?;
    }
    Ok(())
}

async fn until_settled(context: &jetstream::Context, began: Instant) -> Result<(), String> {
    let stream = context.get_stream("DOWNBEAT_TRIGGER").await.map_err(|error| error.to_string())?;
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
