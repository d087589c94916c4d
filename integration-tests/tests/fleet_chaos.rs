//! Three NATS servers, three coordinators, three workers, and everything happens to them: kill -9, SIGSTOP, networks that are cut, leaders of
//! NATS that die. Then the log has to show that nothing was lost, nothing happened twice and everything ended.
//!
//! `DOWNBEAT_CHAOS_SECONDS=600 cargo test -p downbeat-integration-tests --test fleet_chaos` for the long form; `DOWNBEAT_CHAOS_SEED` picks what
//! happens.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use downbeat_integration_tests::{
    aftermath::{Started, apply_all, approve_what_waits, await_ends, bill, check_log, check_rows, insist},
    fleet::{Fleet, Sizes},
    pipelines,
    sim::dice::Dice,
};

const SIZES: Sizes = Sizes { servers: 3, coordinators: 3, workers: 3, schedulers: 2, projectors: 2, slots: 4 };
/// A run is started this often.
const EVERY: Duration = Duration::from_millis(1_200);
/// Budget of a take-over (DESIGN.md, section 7), of 99 in 100.
const TAKE_OVER_AT_MOST: Duration = Duration::from_secs(5);

fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(usual)
}

/// What goes on now, and has to be undone.
enum Trouble {
    None,
    Member(usize),
    Server(usize),
}

/// One thing happens. Returns what it is called and what has to be undone.
fn happen(fleet: &mut Fleet, dice: &mut Dice) -> (&'static str, Trouble) {
    let members = fleet.members().count() as u64;
    let at = usize::try_from(dice.below(members)).expect("few");
    let what = dice.below(10);
    if what == 0 {
        // The leader of the log, if there is one just now.
        let leader = fleet.nats.leader_of("DOWNBEAT_LOG_0").unwrap_or(0);
        fleet.nats.kill9(leader).expect("the server is ours");
        return ("leader of NATS killed", Trouble::Server(leader));
    }
    if what <= 3 {
        return ("owner killed", owner_dies(fleet));
    }
    let member = fleet.members().nth(at).expect("there are so many");
    match what {
        4 | 5 => {
            member.kill9();
            ("killed", Trouble::Member(at))
        }
        6 | 7 => {
            member.pause();
            ("paused", Trouble::Member(at))
        }
        8 => {
            member.cut_off();
            ("cut off", Trouble::Member(at))
        }
        _ => {
            member.end();
            ("ended in order", Trouble::Member(at))
        }
    }
}

fn owner_dies(fleet: &mut Fleet) -> Trouble {
    let Some(owner) = fleet.owner() else { return Trouble::None };
    fleet.coordinators[owner].kill9();
    // Coordinators come first.
    Trouble::Member(owner)
}

fn undo(fleet: &mut Fleet, trouble: &Trouble) {
    match trouble {
        Trouble::None => {}
        Trouble::Server(at) => fleet.nats.restart(*at).expect("it starts"),
        Trouble::Member(at) => {
            let member = fleet.members().nth(*at).expect("there are so many");
            member.resume();
            member.reconnect();
            member.start();
        }
    }
}

#[test]
fn whatever_happens_every_run_ends_as_it_should_and_the_log_is_whole() {
    let (seconds, seed) = (setting("DOWNBEAT_CHAOS_SECONDS", 45), setting("DOWNBEAT_CHAOS_SEED", 1));
    let mut dice = Dice::new(seed);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut fleet = Fleet::start(folder.path(), SIZES);
    let addresses = fleet.addresses.clone();
    apply_all(&addresses, folder.path());

    let (kinds, began) = (pipelines::mixed(), Instant::now());
    let mut started: Vec<Started> = Vec::new();
    let (mut happened, mut take_overs) = (BTreeMap::new(), Vec::new());
    let mut last_run = Instant::now();
    while began.elapsed() < Duration::from_secs(seconds) {
        let (what, trouble) = happen(&mut fleet, &mut dice);
        *happened.entry(what).or_insert(0_u32) += 1;
        let since = Instant::now();
        let (alias, _, ends) = &kinds[started.len() % kinds.len()];
        let id = insist(&addresses, &["run", alias, "--key", &format!("chaos-{}", started.len())]);
        if what == "owner killed" {
            take_overs.push(since.elapsed());
        }
        bill(&addresses, folder.path(), started.len());
        started.push(Started { alias, id, ends });
        std::thread::sleep(Duration::from_millis(300 + dice.below(4_000)));
        undo(&mut fleet, &trouble);
        // What ended because the log was away, or lost the partition for good, is started again as a supervisor does it.
        fleet.members().for_each(downbeat_integration_tests::fleet::Member::start);
        approve_what_waits(&addresses, &started);
        std::thread::sleep(EVERY.saturating_sub(last_run.elapsed()));
        last_run = Instant::now();
    }
    println!("{happened:?} with seed {seed}");
    take_overs.sort();
    println!("take-overs: {take_overs:?}");

    let ended = Instant::now();
    await_ends(&addresses, &started);
    println!("{} runs ended {:?} after the last trouble", started.len(), ended.elapsed());
    assert!(addresses.downbeat_ok(&["log", "verify"]).contains("log verify: ok"));
    check_log(&addresses, &started);
    check_rows(&addresses, folder.path());
    if let Some(longest) = take_overs.get((take_overs.len().saturating_sub(1)) * 99 / 100) {
        assert!(*longest <= TAKE_OVER_AT_MOST, "take-overs took too long: {take_overs:?}");
    }
}
