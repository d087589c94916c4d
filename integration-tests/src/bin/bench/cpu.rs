//! Which process took how much of the processors.

use std::fmt::Write as _;

use downbeat_integration_tests::cluster::Cluster;

/// Ticks of a second, as Linux counts them for programs.
const TICKS: f64 = 100.0;

/// Processor time of each process so far, seconds.
pub struct Cpu(Vec<(&'static str, f64)>);

impl Cpu {
    /// Of all processes of a cluster, and of this one, which publishes.
    pub fn of(cluster: &Cluster) -> Self {
        let processes = [
            ("nats-server", cluster.nats.pid().unwrap_or(0)),
            ("coordinator", cluster.coordinator.pid()),
            ("scheduler", cluster.scheduler.pid()),
            ("worker", cluster.worker.pid()),
            ("projector", cluster.projector.pid()),
            ("publisher", std::process::id()),
        ];
        Self(processes.into_iter().map(|(name, pid)| (name, seconds(pid).unwrap_or(f64::NAN))).collect())
    }

    /// What was used since then, in words.
    pub fn since(&self, before: &Self) -> String {
        let mut text = String::new();
        for ((name, now), (_, then)) in self.0.iter().zip(&before.0) {
            let _ = write!(text, "{}{name} {:.1}", if text.is_empty() { "" } else { ", " }, now - then);
        }
        text
    }
}

/// Own and system time: the 14th and 15th field, of which the second, a name in brackets, may hold spaces.
fn seconds(pid: u32) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / TICKS)
}
