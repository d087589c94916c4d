//! Durable appends per second of the embedded log: one writer that awaits each, and one that predicts its positions.
//!
//! `cargo bench -p downbeat-event-log`, on the disk of the temporary folder (`TMPDIR`).

use std::time::{Duration, Instant};

use bytes::Bytes;
use downbeat_event_log::embedded::{EmbeddedLog, OpenOptions};
use downbeat_event_log::{Error, EventLog, Record, RecordId, Tail};
use futures::future::join_all;

const PAYLOAD_BYTES: usize = 300;
const TIME: Duration = Duration::from_secs(3);

fn record(number: u64) -> Record {
    let mut id = [0; 16];
    id[8..].copy_from_slice(&number.to_be_bytes());
    Record { id: RecordId(id), payload: Bytes::from(vec![7; PAYLOAD_BYTES]) }
}

async fn measure(in_flight: usize) -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let opened = Instant::now();
    let log = EmbeddedLog::open(folder.path(), OpenOptions::default()).await?;
    let opened = opened.elapsed();
    let mut after = log.tail().await?;
    let mut latencies = Vec::new();
    let start = Instant::now();
    while start.elapsed() < TIME {
        let begin = Instant::now();
        let records: Vec<Record> = (1..=in_flight as u64).map(|n| record(after.sequence + n)).collect();
        let mut places = Vec::new();
        for record in &records {
            places.push((after, record));
            after = after.next(record);
        }
        let answers = join_all(places.into_iter().map(|(at, record)| log.append(at, record))).await;
        answers.into_iter().collect::<Result<Vec<Tail>, Error>>()?;
        latencies.push(begin.elapsed());
    }
    let rate = after.sequence as f64 / start.elapsed().as_secs_f64();
    latencies.sort();
    let (p50, p99) = (latencies[latencies.len() / 2], latencies[latencies.len() * 99 / 100]);
    println!("{in_flight:>4} in flight: {rate:>9.0} durable appends/s  p50 {p50:?}  p99 {p99:?}  (open {opened:?})");
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Runtime::new()?;
    for in_flight in [1, 16, 64, 256] {
        runtime.block_on(measure(in_flight))?;
    }
    Ok(())
}
