//! Versions side by side: the one before beside this one, service by service, and back, under load; then the level of the log is raised, and
//! the version before refuses in words and damages nothing.
//!
//! It needs the programs of the version before: `make upgrade` builds them from git (the commit before the newest level came) and runs this;
//! DOWNBEAT_PREVIOUS_PROGRAMS says where they are. Without, also in CI, it says "skipped": it would be a second whole build.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use downbeat_domain::{Event, Level};
use downbeat_integration_tests::{
    aftermath::{Started, await_ends, check_log, check_rows, events, insist},
    answers::{self, Answers},
    arms::Arms,
    cluster::{Addresses, Cluster, text},
    pipelines,
    process::eventually,
};

const SOON: Duration = Duration::from_secs(60);
const NEWEST: u32 = Level::NEWEST.0;
const SERVICES: [&str; 4] = ["coordinator", "projector", "scheduler", "worker"];

/// Where the programs of the version before are, if anybody built them.
fn previous() -> Option<PathBuf> {
    let folder = std::env::var_os("DOWNBEAT_PREVIOUS_PROGRAMS").map(PathBuf::from)?;
    assert!(folder.join("downbeat-coordinator").is_file(), "no programs in {}", folder.display());
    Some(folder)
}

/// Goes off every minute.
const TICKING: &str = "version: v1
name: Ticking
schedule: [{name: often, cron: '* * * * ? *', timezone: UTC}]
meta:
  downbeat:
    schedule_options:
      often: {catchup: all, catchup_window: PT5M}
pipeline: {a: {integration: DOWNBEAT, integration_job: NOOP, parameters: {}}}
";

fn apply(addresses: &Addresses, folder: &Path, alias: &str, text: &str) {
    let file = folder.join(format!("{alias}.yml"));
    std::fs::write(&file, text).expect("a file");
    insist(addresses, &["apply", file.to_str().expect("text"), "--alias", alias]);
}

/// Starts runs until it is told to stop. While no coordinator is there a command is refused, and made again with its key.
fn load(addresses: Addresses, name: &'static str, stop: Arc<AtomicBool>) -> std::thread::JoinHandle<Vec<Started>> {
    std::thread::spawn(move || {
        let mut started = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            let alias = if started.len() % 2 == 0 { "work" } else { "quick" };
            let id = insist(&addresses, &["run", alias, "--key", &format!("{name}-{}", started.len())]);
            started.push(Started { alias, id, ends: "SUCCEEDED" });
            std::thread::sleep(Duration::from_millis(150));
        }
        started
    })
}

/// A run goes through all services, and everything that was done before is shown.
fn works(addresses: &Addresses, key: &str) -> Started {
    let id = insist(addresses, &["run", "quick", "--key", key]);
    eventually(&format!("run {id} ({key}) is shown"), SOON, || {
        let shown = addresses.downbeat(&["run", "show", &id]);
        String::from_utf8_lossy(&shown.stdout).contains("SUCCEEDED").then_some(())
    });
    Started { alias: "quick", id, ends: "SUCCEEDED" }
}

/// Ends a service in order, and starts it as the version that it is to be.
fn replace(cluster: &mut Cluster, service: &'static str, programs: Option<&Path>) {
    let process = match service {
        "coordinator" => &mut cluster.coordinator,
        "projector" => &mut cluster.projector,
        "scheduler" => &mut cluster.scheduler,
        _ => &mut cluster.worker,
    };
    let status = process.terminate();
    assert!(status.success(), "{service} ended with {status}:\n{}", process.printed());
    cluster.exchange(service, programs);
    match service {
        "coordinator" => cluster.restart_coordinator(),
        "projector" => cluster.restart_projector(),
        "scheduler" => cluster.restart_scheduler(),
        _ => cluster.restart_worker(),
    }
}

/// A gateway of this version over the cluster as it is, which somebody comes in through.
fn comes_in(cluster: &mut Cluster, programs: Option<&Path>, key: &str) {
    cluster.exchange("gateway", programs);
    let (_gateway, url) = cluster.gateway(&[]);
    eventually("somebody comes in through the gateway", SOON, || {
        let mut command = cluster.addresses.command(&["runs", "-n", "1"]);
        command.env("DOWNBEAT_URL", &url).env("DOWNBEAT_KEY", key);
        command.output().expect("downbeat starts").status.success().then_some(())
    });
}

/// Service by service to another version, under load; each step works with those that are of the other one.
fn roll(cluster: &mut Cluster, programs: Option<&Path>, name: &'static str, key: &str) -> Vec<Started> {
    let (addresses, stop) = (cluster.addresses.clone(), Arc::new(AtomicBool::new(false)));
    let loading = load(addresses.clone(), name, Arc::clone(&stop));
    let mut started = Vec::new();
    for service in SERVICES {
        replace(cluster, service, programs);
        started.push(works(&addresses, &format!("{name}-{service}")));
        println!("{name}: {service} is replaced");
    }
    comes_in(cluster, programs, key);
    stop.store(true, Ordering::Relaxed);
    started.extend(loading.join().expect("the load goes on"));
    await_ends(&addresses, &started);
    started
}

/// What a projector answers once it has the whole log, at its end and twice the same.
fn at_rest(addresses: &Addresses) -> Answers {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut before = None;
    eventually("the projector is at rest", SOON, || {
        let now = runtime.block_on(answers::all(&addresses.metadata)).ok();
        let same = now.is_some() && now == before;
        before = now;
        same.then(|| before.take()).flatten()
    })
}

/// Both versions of the projector say the same of one log. The scheduler is away meanwhile, so that nothing comes between.
fn answer_alike(cluster: &mut Cluster, other: Option<&Path>) {
    cluster.scheduler.terminate();
    let before = at_rest(&cluster.addresses);
    replace(cluster, "projector", other);
    let position = |answers: &Answers| {
        answers.iter().find(|(question, _)| question.starts_with("GetPosition")).map(|(_, answer)| answer.clone())
    };
    let after = eventually("the other projector has got as far", SOON, || {
        Some(at_rest(&cluster.addresses)).filter(|after| position(after) == position(&before))
    });
    assert_eq!(answers::differences(&before, &after), Vec::<String>::new(), "one version, and the other");
    println!("{} answers are the same", before.len());
    cluster.restart_scheduler();
}

fn verified(addresses: &Addresses) {
    assert!(addresses.downbeat_ok(&["log", "verify"]).contains("log verify: ok"));
}

fn is_of_level(addresses: &Addresses, level: u32) {
    let told = addresses.downbeat_ok(&["log", "level"]);
    assert!(told.starts_with(&format!("level of the log: {level}\n")), "{told}");
    assert_eq!(told.contains("nothing is left to be raised"), level == NEWEST, "{told}");
}

#[test]
fn the_version_before_goes_beside_this_one_and_back_until_the_level_is_raised() {
    let Some(previous) = previous() else {
        println!(
            "skipped: DOWNBEAT_PREVIOUS_PROGRAMS names no programs of the version before; `make upgrade` builds them"
        );
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let arms = Arms { programs: SERVICES.map(|service| (service, previous.clone())).into(), ..Arms::default() };
    let mut cluster = Cluster::start_armed(folder.path(), 4, arms);
    let addresses = cluster.addresses.clone();
    apply(&addresses, folder.path(), "quick", &pipelines::fan_out(3));
    apply(&addresses, folder.path(), "work", &pipelines::scripts(2, 2, 0.3));
    apply(&addresses, folder.path(), "ticking", TICKING);
    let key = addresses.downbeat_ok(&["key", "create", "upgrade", "--role", "admin"]).trim().to_owned();
    let mut started = vec![works(&addresses, "at-first")];

    started.extend(roll(&mut cluster, None, "up", &key));
    // An upgrade raises nothing by itself.
    is_of_level(&addresses, NEWEST - 1);
    verified(&addresses);
    answer_alike(&mut cluster, Some(&previous));

    started.extend(roll(&mut cluster, Some(&previous), "back", &key));
    verified(&addresses);
    answer_alike(&mut cluster, None);

    started.extend(roll(&mut cluster, None, "up-again", &key));
    replace(&mut cluster, "projector", Some(&previous));
    started.push(works(&addresses, "before-raised"));
    raised(&mut cluster, &previous, &mut started);

    // No instant of the schedule may be decided after this.
    cluster.scheduler.terminate();
    await_ends(&addresses, &started);
    verified(&addresses);
    check_log(&addresses, &started);
    check_rows(&addresses, folder.path());
}

/// From here on there is no way back, and whoever tries is told so.
fn raised(cluster: &mut Cluster, previous: &Path, started: &mut Vec<Started>) {
    let addresses = cluster.addresses.clone();
    let raise = ["log", "level", "--raise", "--as", "ada", "--because", "nobody goes back", "--key", "raise"];
    let told = format!("the log is of level {NEWEST}");
    assert!(addresses.downbeat_ok(&raise).starts_with(&format!("raised: {told}")));
    assert!(addresses.downbeat_ok(&["log", "level", "--raise"]).starts_with(&format!("unchanged: {told}")));
    // Enough for a snapshot of a raised log.
    started.extend((0..25).map(|at| works(&addresses, &format!("raised-{at}"))));

    let told = format!("raised the level of the log to {NEWEST}");
    // While rows are made anew it is not answered.
    let audited = || text(&addresses.downbeat(&["audit", "--actor", "ada"]));
    let skipped = addresses.downbeat_ok(&["audit", "--actor", "ada"]);
    assert!(!skipped.contains(&told), "the projector before skips what it does not know:\n{skipped}");
    replace(cluster, "projector", None);
    eventually("what was skipped is shown", SOON, || audited().contains(&told).then_some(()));

    let status = cluster.coordinator.terminate();
    assert!(status.success(), "the coordinator ended with {status}");
    let before = (events(&addresses).len(), cluster.coordinator.printed().len());
    cluster.exchange("coordinator", Some(previous));
    cluster.restart_coordinator();
    let refused = cluster.coordinator.wait(SOON).expect("it does not go on with the log");
    let printed = cluster.coordinator.printed()[before.1..].to_owned();
    assert!(!refused.success(), "{printed}");
    // The first version with levels was the second one: the one before knows only that there is something that it does not know.
    let refuses = ["UNKNOWN_176, which this version does not know", "knows levels up to"];
    assert!(refuses.iter().any(|words| printed.contains(words)), "{printed}");
    for words in ["run the version that wrote it".to_owned(), format!("has format {NEWEST}")] {
        assert!(printed.contains(&words), "{words}:\n{printed}");
    }
    let log = events(&addresses);
    assert_eq!(log.len(), before.0, "it wrote nothing");
    let raised = log.iter().filter(|event| matches!(event, Event::LevelRaised { level, .. } if *level == NEWEST));
    assert_eq!(raised.count(), 1);
    verified(&addresses);

    cluster.exchange("coordinator", None);
    cluster.restart_coordinator();
    started.push(works(&addresses, "after-all"));
    is_of_level(&addresses, NEWEST);
}

#[test]
fn a_new_log_begins_at_the_newest_level() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cluster = Cluster::start(folder.path(), 1);
    is_of_level(&cluster.addresses, NEWEST);
    let unaudited = cluster.addresses.downbeat(&["audit", "--kind", "RAISE_LOG_LEVEL"]);
    assert!(unaudited.status.success() && !text(&unaudited).contains("raised the level"), "{}", text(&unaudited));
}
