//! Workers that die over and over at any moment while the cluster misbehaves (INV-06), by seed.

use std::time::Duration;

use super::*;

fn number(seed: u64, what: &str, bound: u64) -> u64 {
    let hash = blake3::hash(format!("{seed} {what}").as_bytes());
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hash.as_bytes()[..8]);
    u64::from_le_bytes(bytes) % bound
}

async fn round(seed: u64) -> u64 {
    let fails = number(seed, "fails", 4) == 0;
    let stage = Stage::set(Plan { seed, fails, cancel_looks: 2, ..Plan::default() }).await;
    let cancelled = number(seed, "cancelled", 3) == 0;
    let planned = number(seed, "kills", 9);
    let (mut known, mut kills) = (None, 0);
    let (ended, last) = loop {
        let count = kills as u32 + 1;
        let after = Duration::from_micros(number(seed, &format!("after {count}"), 25_000));
        let wish = match (kills < planned, cancelled) {
            (true, _) => Some((StopLevel::Kill, after)),
            (false, true) => Some((StopLevel::Gentle, after)),
            (false, false) => None,
        };
        let resume = (count > 1).then(|| known.clone().unwrap_or_default());
        let (ended, job) = stage.attempt(count, resume, wish).await;
        if ended.ending != Ending::Abandoned {
            break (ended, count);
        }
        kills += 1;
        // Now and then what it reported is lost with it.
        if number(seed, &format!("mute {count}"), 3) != 0 {
            known = job.or(known);
        }
    };
    let created: u32 = stage.created().iter().sum();
    let log = stage.log(last).await;
    let what = format!("seed {seed}: {ended:?}\n{log}");
    assert!(created <= 1, "{what}");
    match &ended.ending {
        Ending::Succeeded { .. } => {
            assert!(created == 1 && !fails, "{what}");
            whole(&log);
        }
        Ending::Failed(failure) => {
            assert!(failure.class == FailureClass::JobFailed && fails, "{what}");
            whole(&log);
        }
        Ending::Stopped => assert!(cancelled && stage.cluster.goes_on() == 0, "{what}"),
        Ending::Unconfirmed(_) | Ending::Abandoned => panic!("{what}"),
    }
    if !cancelled {
        assert_eq!(stage.cluster.state().deleted, 0, "{what}");
    }
    kills
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_dies_when_one_job_is_created_and_its_log_is_whole() {
    let wanted = std::env::var("DOWNBEAT_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(100);
    let mut kills = 0;
    for seed in 1.. {
        kills += round(seed).await;
        if kills >= wanted {
            break;
        }
    }
    println!("{kills} workers died");
}
