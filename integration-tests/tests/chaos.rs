//! Everything that we run is killed again and again under a load of mixed runs over a real NATS server; then the log has to show that
//! nothing was lost, nothing happened twice and everything ended.
//!
//! `DOWNBEAT_CHAOS_KILLS=50 cargo test -p downbeat-integration-tests --test chaos` for the long form; `DOWNBEAT_CHAOS_SEED` picks the order.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use downbeat_integration_tests::{
    aftermath::{Started, apply_all, approve_what_waits, await_ends, bill, check_log, check_rows, insist},
    cluster::Cluster,
    pipelines,
    sim::dice::Dice,
};

const RUNS: usize = 50;
const WORKER_SLOTS: u32 = 6;

fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(usual)
}

fn kill_one(cluster: &mut Cluster, dice: &mut Dice) -> &'static str {
    match dice.below(4) {
        0 => {
            cluster.coordinator.kill9();
            cluster.restart_coordinator();
            "coordinator"
        }
        1 => {
            cluster.worker.kill9();
            cluster.restart_worker();
            "worker"
        }
        2 => {
            cluster.projector.kill9();
            cluster.restart_projector();
            "projector"
        }
        _ => {
            cluster.scheduler.kill9();
            cluster.restart_scheduler();
            "scheduler"
        }
    }
}

#[test]
fn whatever_is_killed_every_run_ends_as_it_should_and_the_log_is_whole() {
    let (kills, seed) = (setting("DOWNBEAT_CHAOS_KILLS", 10), setting("DOWNBEAT_CHAOS_SEED", 1));
    let mut dice = Dice::new(seed);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut cluster = Cluster::start(folder.path(), WORKER_SLOTS);
    let addresses = cluster.addresses.clone();
    apply_all(&addresses, folder.path());

    let kinds = pipelines::mixed();
    let mut started: Vec<Started> = Vec::new();
    let (mut killed, mut last_kill) = (BTreeMap::new(), Instant::now());
    let mut pause = Duration::from_millis(300);
    let mut kills_left = kills;
    while started.len() < RUNS || kills_left > 0 {
        // The load lasts as long as the killing.
        let due = (kills - kills_left + 1) * RUNS as u64 / kills.max(1);
        if started.len() < RUNS && started.len() as u64 <= due {
            let (alias, _, ends) = &kinds[started.len() % kinds.len()];
            let key = format!("chaos-{}", started.len());
            let id = insist(&addresses, &["run", alias, "--key", &key]);
            bill(&addresses, folder.path(), started.len());
            started.push(Started { alias, id, ends });
        }
        approve_what_waits(&addresses, &started);
        if kills_left > 0 && last_kill.elapsed() >= pause {
            *killed.entry(kill_one(&mut cluster, &mut dice)).or_insert(0) += 1;
            kills_left -= 1;
            last_kill = Instant::now();
            pause = Duration::from_millis(200 + dice.below(1_300));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    println!("killed {killed:?} with seed {seed}");

    let began = Instant::now();
    await_ends(&addresses, &started);
    println!("{RUNS} runs ended {:?} after the last kill", began.elapsed());
    assert!(addresses.downbeat_ok(&["log", "verify"]).contains("log verify: ok"));
    check_log(&addresses, &started);
    check_rows(&addresses, folder.path());
}
