//! Several coordinators, workers, schedulers and projectors over three NATS servers that copy the log: whichever is asked answers; all of them
//! can be restarted one after the other under load without anybody noticing; when the owner dies, another one goes on within the budget.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use downbeat_domain::Event;
use downbeat_integration_tests::{
    aftermath::{Started, await_ends, check_log, events, insist},
    cluster::Addresses,
    fleet::{Fleet, Member, Sizes},
    pipelines,
    process::eventually,
};

const SIZES: Sizes = Sizes { servers: 3, coordinators: 3, workers: 3, schedulers: 2, projectors: 2, slots: 4 };
/// Budget of a take-over after kill -9 (DESIGN.md, section 7).
const TAKE_OVER_AT_MOST: Duration = Duration::from_secs(5);
const WORKS_AGAIN: Duration = Duration::from_secs(30);

/// A run that does nothing, to see that everything works.
fn beat(addresses: &Addresses, key: &str) -> String {
    addresses.downbeat_ok(&["run", "quick", "--key", key]).trim().to_owned()
}

fn apply(addresses: &Addresses, folder: &Path, alias: &str, text: &str) {
    let file = folder.join(format!("{alias}.yml"));
    std::fs::write(&file, text).expect("a file");
    insist(addresses, &["apply", file.to_str().expect("text"), "--alias", alias]);
}

/// Starts runs, one after the other, until it is told to stop; none of the commands may fail.
fn load(addresses: Addresses, stop: Arc<AtomicBool>) -> std::thread::JoinHandle<Vec<Started>> {
    std::thread::spawn(move || {
        let mut started = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            let alias = if started.len() % 3 == 0 { "work" } else { "quick" };
            let output = addresses.downbeat(&["run", alias, "--key", &format!("load-{}", started.len())]);
            let id = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            assert!(output.status.success(), "a command failed: {}", String::from_utf8_lossy(&output.stderr));
            started.push(Started { alias, id, ends: "SUCCEEDED" });
            std::thread::sleep(Duration::from_millis(150));
        }
        started
    })
}

#[test]
fn one_of_several_goes_on_where_another_ends() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut fleet = Fleet::start(folder.path(), SIZES);
    let addresses = fleet.addresses.clone();
    apply(&addresses, folder.path(), "quick", &pipelines::fan_out(3));
    apply(&addresses, folder.path(), "work", &pipelines::scripts(2, 2, 0.3));

    whoever_is_asked_answers(&fleet);
    let mut started = restarted_one_after_the_other(&mut fleet);
    started.extend(owners_die(&mut fleet));
    servers_die(&mut fleet);

    await_ends(&addresses, &started);
    assert!(addresses.downbeat_ok(&["log", "verify"]).contains("log verify: ok"));
    check_log(&addresses, &started);
}

fn whoever_is_asked_answers(fleet: &Fleet) {
    for (at, server) in fleet.each_coordinator.iter().enumerate() {
        for metadata in &fleet.each_projector {
            let one = Addresses { server: server.clone(), metadata: metadata.clone(), ..fleet.addresses.clone() };
            let run = beat(&one, &format!("each-{at}"));
            eventually(&format!("run {run} is shown by {metadata}"), WORKS_AGAIN, || {
                let shown = one.downbeat(&["run", "show", &run]);
                String::from_utf8_lossy(&shown.stdout).contains("SUCCEEDED").then_some(())
            });
        }
    }
    let owners = fleet.coordinators.iter().filter(|one| one.printed().contains("took the partition over")).count();
    assert_eq!(owners, 1, "one owns the partition, the others hand on");
}

/// Rolling restart of everything under load: no command fails, no task is lost with a coordinator, every run ends well.
fn restarted_one_after_the_other(fleet: &mut Fleet) -> Vec<Started> {
    let (addresses, stop) = (fleet.addresses.clone(), Arc::new(AtomicBool::new(false)));
    let loading = load(addresses.clone(), Arc::clone(&stop));
    let before = events(&addresses).len();
    for at in 0..fleet.coordinators.len() {
        restart(&mut fleet.coordinators[at], &addresses);
    }
    for at in 0..fleet.schedulers.len() {
        restart(&mut fleet.schedulers[at], &addresses);
    }
    for at in 0..fleet.projectors.len() {
        restart(&mut fleet.projectors[at], &addresses);
    }
    let lost = events(&addresses)[before..].iter().filter(|event| matches!(event, Event::AttemptLost { .. })).count();
    assert_eq!(lost, 0, "no task was lost with a service that only decides or tells");
    for at in 0..fleet.workers.len() {
        restart(&mut fleet.workers[at], &addresses);
    }
    stop.store(true, Ordering::Relaxed);
    loading.join().expect("no command failed")
}

/// One NATS server of three is always away, and everything goes on.
fn servers_die(fleet: &mut Fleet) {
    for at in 0..fleet.nats.len() {
        fleet.nats.kill9(at).expect("the server is ours");
        // The lease may have been led by that one: whoever asks is told to try again, and is answered soon.
        let key = format!("without-server-{at}");
        eventually("a run without one of the servers", WORKS_AGAIN, || {
            fleet.addresses.downbeat(&["run", "quick", "--key", &key]).status.success().then_some(())
        });
        fleet.nats.restart(at).expect("it starts");
        beat(&fleet.addresses, &format!("server-{at}"));
        eventually("the servers have caught up", WORKS_AGAIN, || fleet.nats.is_settled().then_some(()));
    }
}

fn restart(member: &mut Member, addresses: &Addresses) {
    member.end();
    member.start();
    beat(addresses, &format!("{}-{}", member.name, member.printed().len()));
}

/// kill -9 of the owner, again and again; the time until the next command is accepted stays within the budget.
fn owners_die(fleet: &mut Fleet) -> Vec<Started> {
    let (addresses, mut started) = (fleet.addresses.clone(), Vec::new());
    for round in 0..5 {
        let owner = fleet.owner().expect("somebody owns it");
        let id = insist(&addresses, &["run", "work", "--key", &format!("before-{round}")]);
        started.push(Started { alias: "work", id, ends: "SUCCEEDED" });
        fleet.coordinators[owner].kill9();
        let began = Instant::now();
        let id = insist(&addresses, &["run", "quick", "--key", &format!("after-{round}")]);
        let took = began.elapsed();
        println!("coordinator {owner} was killed; the next command was accepted after {took:?}");
        assert!(took <= TAKE_OVER_AT_MOST, "a take-over took {took:?}");
        started.push(Started { alias: "quick", id, ends: "SUCCEEDED" });
        assert_ne!(fleet.owner(), Some(owner));
        fleet.coordinators[owner].start();
    }
    started
}
