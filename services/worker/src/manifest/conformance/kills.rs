//! Workers that die at any moment, over and over, while the server misbehaves too: submitted jobs are the intended ones, and what was
//! cancelled is what was asked for (INV-06). `DOWNBEAT_KILLS=10000` makes more of it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use downbeat_proto::events::v1::FailureClass;

use super::{
    Stage, each, same,
    whole::{attempt_with, runner},
};
use crate::attempt::Ending;
use crate::remote::{Job, Reattach, RemoteJob as _};
use crate::stop::StopLevel;
use crate::testing::recorded::Plan;

/// Kills of one round at most.
const KILLS_PER_ROUND: u64 = 12;
/// A worker dies at the latest so many microseconds after an attempt began, most often while it is at a request.
const DIES_WITHIN_MICROS: u64 = 12_000;

fn number(seed: u64, what: &str, bound: u64) -> u64 {
    let hash = blake3::hash(format!("{seed} {what}").as_bytes());
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hash.as_bytes()[..8]);
    u64::from_le_bytes(bytes) % bound
}

/// One task from its first attempt to its end; how many workers died.
async fn round(name: &(String, String), seed: u64) -> u64 {
    let (foreign, page) = (number(seed, "foreign", 4) as usize, number(seed, "page", 3) as usize);
    let plan = Plan { seed, fails: number(seed, "fails", 4) == 0, foreign, page, ..Plan::default() };
    let stage = Stage::set(name, plan, same).await;
    let runner = runner(&stage);
    let cancelled = number(seed, "cancelled", 3) == 0;
    let planned = number(seed, "kills", KILLS_PER_ROUND + 1);
    let mut known: Option<Job> = None;
    let mut kills = 0;
    let ended = loop {
        let count = kills as u32 + 1;
        let after = Duration::from_micros(number(seed, &format!("after {count}"), DIES_WITHIN_MICROS));
        let wish = match (kills < planned, cancelled) {
            (true, _) => Some((StopLevel::Kill, after)),
            (false, true) => Some((StopLevel::Gentle, after)),
            (false, false) => None,
        };
        let resume = (count > 1).then(|| known.clone().unwrap_or_default());
        let (ended, job) = attempt_with(&runner, name, count, resume, wish).await;
        if ended != Ending::Abandoned {
            break ended;
        }
        kills += 1;
        // Now and then what it reported is lost with it.
        if number(seed, &format!("mute {count}"), 3) != 0 {
            known = job.or(known);
        }
    };
    judge(&stage, &ended, name, seed, cancelled && kills == planned);
    kills
}

fn judge(stage: &Stage, ended: &Ending, name: &(String, String), seed: u64, cancelled: bool) {
    let what = format!("{name:?} seed {seed}: {ended:?}");
    let reattach = stage.job.reattach();
    let submitted: Vec<u32> = stage.server.submitted().into_values().collect();
    if reattach != Reattach::Repeat {
        assert!(submitted.iter().sum::<u32>() <= 1, "{what}: {submitted:?}");
    }
    match ended {
        Ending::Succeeded { .. } => assert_ne!(submitted.len(), 0, "{what}"),
        Ending::Failed(failure) => match failure.class {
            FailureClass::JobFailed | FailureClass::TimedOut => assert_ne!(submitted.len(), 0, "{what}"),
            FailureClass::UnknownOutcome => assert_ne!(reattach, Reattach::Repeat, "{what}"),
            _ => panic!("{what}"),
        },
        // Where there is a way to end it, somebody was asked to, or it had ended by itself.
        Ending::Stopped => assert!(cancelled, "{what}"),
        Ending::Unconfirmed(_) => {
            assert!(cancelled && (stage.job.manifest.cancel.is_none() || reattach == Reattach::Never), "{what}");
        }
        Ending::Abandoned => panic!("{what}"),
    }
    if !cancelled {
        assert_eq!(stage.server.cancels(), 0, "{what}: nobody asked for its end");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_dies_when_submitted_jobs_are_the_intended_ones() {
    let wanted = std::env::var("DOWNBEAT_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(600);
    let each_kills = u64::div_ceil(wanted, super::MANIFESTS.len() as u64);
    let all = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&all);
    each(move |name| {
        let all = Arc::clone(&counted);
        async move {
            let mut kills = 0;
            for seed in 1.. {
                kills += round(&name, seed).await;
                if kills >= each_kills {
                    break;
                }
            }
            all.fetch_add(kills, Ordering::Relaxed);
        }
    })
    .await;
    let all = all.load(Ordering::Relaxed);
    println!("{all} workers died");
    assert!(all >= wanted, "only {all} of {wanted} workers died");
}
