//! A log that is lost, shortened, or full, with real processes: nobody goes on as if nothing had been, everybody says what is to be done, and
//! what docs/backup.md says of a restore is what is done here.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use downbeat_event_log::archive;
use downbeat_integration_tests::{
    cluster::{Cluster, text},
    http::Client,
    pipelines,
    process::{Process, eventually},
};
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(90);

/// The folder of the one archive in the blob store that reaches furthest.
fn archived(folder: &Path) -> Option<(PathBuf, u64)> {
    let folders = std::fs::read_dir(folder.join("blobs/log")).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    let reach = folders.filter_map(|folder| Some((folder.clone(), archive::spans(&folder).ok()?.last()?.last)));
    reach.max_by_key(|(_, last)| *last)
}

/// How far any log is noted to reach.
fn noted(folder: &Path) -> u64 {
    let folders = std::fs::read_dir(folder.join("blobs/log")).expect("there are logs");
    let marks = folders.filter_map(|entry| std::fs::read_to_string(entry.ok()?.path().join("mark.json")).ok());
    let sequences = marks.filter_map(|text| serde_json::from_str::<Value>(&text).ok()?["sequence"].as_u64());
    sequences.max().unwrap_or(0)
}

/// The position that `log verify` found.
fn verified(cluster: &Cluster) -> u64 {
    let said = cluster.addresses.downbeat_ok(&["log", "verify"]);
    assert!(said.contains("log verify: ok"), "{said}");
    let position = said.split("position ").nth(1).and_then(|rest| rest.split_whitespace().next());
    position.and_then(|position| position.parse().ok()).unwrap_or_else(|| panic!("no position: {said}"))
}

/// Waits until the archive has everything, and the log has come to rest.
fn wait_archived(cluster: &Cluster, folder: &Path) -> u64 {
    eventually("everything is archived", SOON, || {
        let position = verified(cluster);
        (archived(folder).is_some_and(|(_, last)| last == position) && verified(cluster) == position)
            .then_some(position)
    })
}

fn run(cluster: &Cluster, pipeline: &str) {
    cluster.addresses.downbeat_ok(&["run", pipeline, "--wait"]);
}

/// Applies two pipelines, runs them, sets something, says something of tables.
fn act(cluster: &Cluster, folder: &Path) {
    for (name, source) in [("fan_out", pipelines::fan_out(12)), ("chain", pipelines::chain(6))] {
        let file = folder.join(format!("{name}.yml"));
        std::fs::write(&file, source).expect("a file");
        cluster.addresses.downbeat_ok(&["apply", file.to_str().expect("text")]);
    }
    for pipeline in ["fan_out", "chain", "fan_out"] {
        run(cluster, pipeline);
    }
    cluster.addresses.downbeat_ok(&["env", "set", "Live", "--var", "REGION=eu"]);
    cluster.addresses.downbeat_ok(&["pipeline", "pause", "chain", "--reason", "enough"]);
    for asset in ["warehouse/orders", "warehouse/customers"] {
        cluster.addresses.downbeat_ok(&["asset", "declare", asset, "--name", "A table", "--owner", "ada"]);
    }
    cluster.addresses.downbeat_ok(&["asset", "depend", "warehouse/orders", "--on", "warehouse/customers"]);
}

/// What people see, as they see it.
fn answers(cluster: &Cluster) -> Vec<(String, String)> {
    let asked: [&[&str]; 7] = [
        &["runs", "-n", "100"],
        &["tasks", "-n", "100"],
        &["pipeline", "list"],
        &["env", "list"],
        &["asset", "list"],
        &["asset", "lineage", "warehouse/orders"],
        &["audit", "-n", "100", "--json", "--by", "user"],
    ];
    asked.iter().map(|question| (question.join(" "), cluster.addresses.downbeat_ok(question))).collect()
}

fn stop_services(cluster: &mut Cluster) {
    for service in [&mut cluster.worker, &mut cluster.scheduler, &mut cluster.projector, &mut cluster.coordinator] {
        service.kill9();
    }
}

fn start_services(cluster: &mut Cluster) {
    cluster.restart_coordinator();
    cluster.restart_projector();
    cluster.restart_scheduler();
    cluster.restart_worker();
    cluster.wait_ready();
}

/// The server's disk is gone.
fn lose_disk(cluster: &mut Cluster) {
    cluster.nats.kill9().expect("it dies");
    std::fs::remove_dir_all(cluster.nats.store()).expect("its folder goes");
    cluster.nats.restart().expect("an empty one starts");
}

fn ended(service: &mut Process, parts: &[&str]) {
    let status = service.wait(SOON).unwrap_or_else(|| panic!("it does not end:\n{}", service.printed()));
    assert!(!status.success(), "{status}");
    let printed = service.printed();
    for part in parts {
        assert!(printed.contains(part), "{part}:\n{printed}");
    }
}

#[test]
fn a_log_that_is_lost_is_restored_from_its_archive_and_everything_answers_as_before() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut cluster = Cluster::start_archiving(folder.path(), 4);
    act(&cluster, folder.path());
    let reached = wait_archived(&cluster, folder.path());
    let before = answers(&cluster);
    let blobs = folder.path().join("blobs");
    let blobs = blobs.to_str().expect("text");
    let archive = cluster.addresses.downbeat_ok(&["log", "verify", "--archive", blobs]);
    assert!(archive.contains(&format!("records 1 to {reached}")), "{archive}");

    stop_services(&mut cluster);
    lose_disk(&mut cluster);
    // Nobody makes a new log of it.
    cluster.restart_coordinator();
    ended(&mut cluster.coordinator, &["begins anew", "downbeat log import", "docs/runbooks.md#the-log-is-another-one"]);
    let there = cluster.addresses.downbeat(&["log", "import", "--from-archive", blobs]);
    assert!(text(&there).contains("there is a log already"), "that coordinator made one: {}", text(&there));
    lose_disk(&mut cluster);

    let imported = cluster.addresses.downbeat_ok(&["log", "import", "--from-archive", blobs]);
    assert!(imported.contains(&format!("log import: ok, {reached} records, 0 of them were there")), "{imported}");
    let again = cluster.addresses.downbeat_ok(&["log", "import", "--from-archive", blobs]);
    assert!(again.contains(&format!("{reached} records, {reached} of them were there")), "{again}");
    let marker = cluster.projector.printed().len();
    start_services(&mut cluster);
    eventually("the projector has caught up", SOON, || (answers(&cluster) == before).then_some(()));
    let printed = cluster.projector.printed()[marker..].to_owned();
    assert!(!printed.contains("is rebuilt"), "the hash said that its rows are of this log:\n{printed}");
    assert!(verified(&cluster) > reached, "whoever took it over said so");

    // It goes on, and is archived anew as the log that it is now.
    run(&cluster, "fan_out");
    let reached = wait_archived(&cluster, folder.path());

    // Once more, and the archive has not got the last records: they are lost, and everybody knows.
    eventually("the coordinator has noted how far it is", SOON, || (noted(folder.path()) >= reached).then_some(()));
    stop_services(&mut cluster);
    lose_disk(&mut cluster);
    let (second, _) = archived(folder.path()).expect("an archive");
    let spans = archive::spans(&second).expect("ranges");
    let last = spans.last().expect("one");
    std::fs::remove_file(second.join(archive::name(*last))).expect("it goes");
    let up_to = last.first - 1;
    assert!(up_to > 0 && up_to < reached, "{spans:?}");
    let which = cluster.addresses.downbeat(&["log", "import", "--from-archive", blobs]);
    assert!(text(&which).contains("say with --of which"), "{}", text(&which));
    let restored = text(&which);
    let of = restored.lines().find(|line| line.contains("restored from")).expect("the second one").trim();
    let of = of.split("  (").next().expect("its id");
    let imported = cluster.addresses.downbeat_ok(&["log", "import", "--from-archive", blobs, "--of", of]);
    assert!(imported.contains(&format!("log import: ok, {up_to} records")), "{imported}");
    let marker = cluster.projector.printed().len();
    start_services(&mut cluster);
    let printed = cluster.projector.printed()[marker..].to_owned();
    assert!(printed.contains("is rebuilt"), "it had rows of what is lost:\n{printed}");
    assert!(
        cluster.coordinator.printed().contains("restored without its last records"),
        "{}",
        cluster.coordinator.printed()
    );
    run(&cluster, "fan_out");
    verified(&cluster);
}

#[test]
fn an_exported_log_is_verified_and_imported_into_an_embedded_one() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cluster = Cluster::start(folder.path(), 2);
    act(&cluster, folder.path());
    let at = |name: &str| folder.path().join(name).to_str().expect("text").to_owned();
    let (file, ranges) = (at("log.export"), at("ranges/"));
    for to in [&file, &ranges] {
        let said = cluster.addresses.downbeat_ok(&["log", "export", to]);
        let verified = cluster.addresses.downbeat_ok(&["log", "verify", to]);
        assert_eq!(said.lines().nth(1), verified.lines().nth(1), "the same end");
    }
    let log = format!("embedded:{}", at("embedded"));
    cluster.addresses.downbeat_ok(&["log", "import", &file, "--log", &log]);
    let (one, other) = (cluster.addresses.downbeat_ok(&["log", "cat"]), ["log", "cat", "--log", &log]);
    let other = cluster.addresses.downbeat_ok(&other);
    assert!(one.starts_with(&other) && other.lines().count() > 50, "every event is there");
    let mut bytes = std::fs::read(&file).expect("it is there");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).expect("it is changed");
    for command in [&["log", "verify", &file][..], &["log", "import", &file, "--log", &format!("{log}-2")]] {
        let refused = cluster.addresses.downbeat(command);
        assert!(text(&refused).contains("checksum does not fit"), "{}", text(&refused));
    }
    assert!(!Path::new(&at("embedded-2")).exists(), "nothing is begun with a file that is not whole");
}

#[test]
fn a_stream_from_an_older_backup_ends_who_has_it_open_and_whoever_comes_later() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut cluster = Cluster::start(folder.path(), 2);
    act(&cluster, folder.path());
    let saved = folder.path().join("saved");
    cluster.nats.stop().expect("it stops");
    copy_all(&cluster.nats.store(), &saved);
    cluster.nats.restart().expect("it starts");
    run(&cluster, "fan_out");
    cluster.nats.kill9().expect("it dies");
    std::fs::remove_dir_all(cluster.nats.store()).expect("its folder goes");
    copy_all(&saved, &cluster.nats.store());
    cluster.nats.restart().expect("the older one starts");

    ended(&mut cluster.coordinator, &["it lost its tail", "docs/runbooks.md#the-log-lost-its-end"]);
    ended(&mut cluster.projector, &["which is no place in log", "docs/runbooks.md#the-log-lost-its-end"]);
    cluster.restart_coordinator();
    ended(&mut cluster.coordinator, &["the log is not whole: a coordinator knows record"]);
}

#[test]
fn a_log_whose_beginning_is_purged_ends_its_owner_and_whoever_follows_it_anew() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut cluster = Cluster::start(folder.path(), 2);
    act(&cluster, folder.path());
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let purged = runtime.block_on(ask(&cluster.addresses.log, "STREAM.PURGE", json!({"seq": 3})));
    assert_eq!(purged["purged"], 2, "{purged}");
    let parts = ["its beginning was purged", "docs/runbooks.md#the-log-is-damaged"];
    ended(&mut cluster.coordinator, &parts);
    cluster.restart_coordinator();
    ended(&mut cluster.coordinator, &parts);
    cluster.projector.kill9();
    cluster.restart_projector();
    ended(&mut cluster.projector, &parts);
    assert!(!cluster.addresses.downbeat(&["log", "verify"]).status.success());
}

#[test]
fn a_full_log_refuses_new_work_with_429_and_goes_on_once_there_is_room() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cluster = Cluster::start_coordinated(folder.path(), 2, &["--log-max-bytes", "1048576"]);
    let file = folder.path().join("fan_out.yml");
    std::fs::write(&file, pipelines::fan_out(1)).expect("a file");
    cluster.addresses.downbeat_ok(&["apply", file.to_str().expect("text")]);
    let (_gateway, api) = cluster.gateway(&[]);
    let key = cluster.addresses.downbeat_ok(&["key", "create", "all", "--role", "admin"]);
    let client = Client::with_key(&api, key.trim());
    let start = |client: &Client| client.ask("POST", "/api/engine/public/pipelines/fan_out/start", Some(&json!({})));
    eventually("the gateway knows the key", SOON, || (start(&client).status < 300).then_some(()));

    // Up to the bound in large steps, then in small ones, so that it is noticed in between.
    let set = |number: usize, bytes: usize| {
        let value: String = (0..bytes / 8).map(|at| format!("{:08x}", at * 2_654_435_761 + number)).collect();
        cluster.addresses.downbeat(&["env", "set", "Large", "--var", &format!("V={}", &value[..bytes])])
    };
    for number in 0..90 {
        let done = set(number, 8_000);
        assert!(done.status.success(), "{}", text(&done));
    }
    let refused = (0..400).find_map(|number| {
        std::thread::sleep(Duration::from_millis(150));
        let answer = set(1_000 + number, 4_000);
        (!answer.status.success()).then(|| text(&answer))
    });
    let refused = refused.expect("it is refused before the log is full");
    for part in
        ["the stream DOWNBEAT_LOG_0 is full to ", "somebody has to make room", "docs/runbooks.md#new-work-is-refused"]
    {
        assert!(refused.contains(part), "{part}: {refused}");
    }
    let percent = refused.split_once("is full to ").and_then(|(_, rest)| rest.split_once(" %")?.0.parse::<u8>().ok());
    assert!(percent.is_some_and(|percent| (80..100).contains(&percent)), "{refused}");
    let answer = start(&client);
    assert_eq!(answer.status, 429, "{}", answer.text());
    assert!(answer.header("retry-after").is_some() && answer.text().contains("is full to"), "{}", answer.text());
    // What ends work is taken all the same.
    cluster.addresses.downbeat_ok(&["pipeline", "pause", "fan_out", "--reason", "no room"]);

    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(make_room(&cluster.addresses.log));
    eventually("work is taken again", SOON, || {
        cluster.addresses.downbeat(&["pipeline", "resume", "fan_out"]).status.success().then_some(())
    });
    run(&cluster, "fan_out");
    verified(&cluster);
}

async fn make_room(url: &str) {
    let mut config = ask(url, "STREAM.INFO", json!({})).await["config"].clone();
    config["max_bytes"] = json!(64 * 1024 * 1024);
    let updated = ask(url, "STREAM.UPDATE", config).await;
    assert!(updated["error"].is_null(), "{updated}");
}

/// What an administrator asks of the log's stream.
async fn ask(url: &str, what: &str, body: Value) -> Value {
    let client = async_nats::connect(url).await.expect("the server is there");
    let answer = client.request(format!("$JS.API.{what}.DOWNBEAT_LOG_0"), body.to_string().into()).await;
    serde_json::from_slice(&answer.expect("an answer").payload).expect("JSON")
}

fn copy_all(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder").map(|entry| entry.expect("an entry")) {
        let target = to.join(entry.file_name());
        match entry.file_type().expect("a type").is_dir() {
            true => copy_all(&entry.path(), &target),
            false => drop(std::fs::copy(entry.path(), target).expect("a copy")),
        }
    }
}
