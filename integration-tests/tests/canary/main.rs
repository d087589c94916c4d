//! A thousand planted credentials, which tasks, servers, sensors and channels repeat in every dress: none of them is in the log, in blobs,
//! snapshots and projections, in what services print and answer, whoever was killed meanwhile. What is no credential is in each of these places.
//! Where each service is a process, credentials stand in files of the worker; where all are one, they were given through the API and are sealed.

mod answers;
mod hostile;
mod pipelines;
mod places;
mod planted;
mod sealed;

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use downbeat_event_log::{Access, LogAddress, LogId, Nats};
use downbeat_integration_tests::{
    clockwork::fire_now,
    cluster::{Addresses, Cluster, Dev, text},
    process::eventually,
    repository,
};
use serde_json::{Value, json};

use answers::Asked;
use places::Places;
use planted::{Planted, plant};

const SOON: Duration = Duration::from_secs(120);
/// Whatever anybody says about anything but single frames.
const FILTER: &str =
    "debug,downbeat_worker=trace,downbeat_coordinator=trace,downbeat_metadata_projector=trace,downbeat_scheduler=trace";
const PIPELINES: [&str; 2] = ["leaky", "sensing"];

/// A process that ends when this is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Fails only if it has ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// An SFTP server over that folder: its port and its key.
fn sftp_server(root: &Path, password: &str) -> (Running, u16, Value) {
    let python = std::env::var_os("DOWNBEAT_JUDGE_PYTHON")
        .map_or_else(|| repository().join(".cache/tools/bin/python"), PathBuf::from);
    let mut child = Command::new(python)
        .arg(repository().join("services/worker/tests/support/sftp_server.py"))
        .args([root.as_os_str(), password.as_ref()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("`make tools` installs the interpreter");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("it is piped")).read_line(&mut line).expect("a line");
    let said: Value = serde_json::from_str(&line).expect("the server starts");
    let port = said["port"].as_u64().and_then(|port| u16::try_from(port).ok()).expect("a port");
    (Running(child), port, said["host_key"].clone())
}

/// What happens in a folder.
struct Scene {
    planted: Planted,
    folder: PathBuf,
    _sftp: Option<Running>,
}

impl Scene {
    fn set(folder: &Path) -> Self {
        let files = folder.join("files");
        std::fs::create_dir_all(&files).expect("a folder");
        let mut running = None;
        let planted = plant(folder, |password| {
            let told = downbeat_worker::testing::canary::dresses(password).join("\n");
            std::fs::write(files.join("told.txt"), told).expect("a file");
            let (server, port, key) = sftp_server(&files, password);
            running = Some(server);
            (port, key)
        });
        let connectors = folder.join("connectors");
        std::fs::create_dir_all(&connectors).expect("a folder");
        std::fs::write(connectors.join("acme.yaml"), pipelines::ACME).expect("a file");
        std::fs::write(folder.join("log-filter"), FILTER).expect("a file");
        Self { planted, folder: folder.to_owned(), _sftp: running }
    }

    /// What its worker needs besides connections.
    fn arguments(&self) -> [String; 4] {
        let connectors = self.folder.join("connectors").to_str().expect("text").to_owned();
        ["--connectors".to_owned(), connectors, "--git-protocol".to_owned(), "http".to_owned()]
    }

    fn apply(&self, addresses: &Addresses, name: &str, pipeline: &Value) {
        let file = self.folder.join(format!("{name}.yml"));
        // JSON is YAML.
        std::fs::write(&file, pipeline.to_string()).expect("a file");
        addresses.downbeat_ok(&["apply", file.to_str().expect("text"), "--alias", name]);
    }

    /// Starts the run that tells everything. Returns its id.
    fn begin(&self, addresses: &Addresses) -> String {
        self.apply(addresses, "leaky", &pipelines::leaky(&self.planted.control_file));
        let control = std::fs::read_to_string(&self.planted.control_file).expect("a file");
        let body = json!({ "word": control }).to_string();
        let sent = addresses.downbeat_ok(&["webhook", "send", "leaky", "--data", &body]);
        sent.trim().strip_prefix("started run ").expect("it starts a run").to_owned()
    }

    /// Waits for all that is to happen.
    async fn end(&self, addresses: &Addresses, asked: &mut Asked<'_>, run: &str) {
        self.apply(addresses, "sensing", &pipelines::sensing());
        for sensor in ["sensor:hears", "sensor:fails"] {
            fire_now(addresses, sensor).await;
        }
        let begun = std::time::Instant::now();
        loop {
            let tasks = asked.tasks(run).await;
            let open: Vec<&str> =
                tasks.iter().filter(|task| task.completed_at == 0).map(|task| task.task_id.as_str()).collect();
            if !tasks.is_empty() && open == ["decide"] {
                break;
            }
            assert!(begun.elapsed() < SOON, "{open:?} do not end");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        eventually("the window's run has ended", SOON, || {
            addresses.downbeat_ok(&["runs", "sensing"]).contains("SUCCEEDED").then_some(())
        });
        eventually("all checks were made", SOON, || {
            let shown = addresses.downbeat_ok(&["sensor", "show", "sensing"]);
            (shown.matches("asks again").count() == 1).then_some(())
        });
        eventually("all alerts were tried", SOON, || {
            let shown = addresses.downbeat_ok(&["alert", "list", "leaky"]);
            (shown.matches("DEAD").count() == 6 && !shown.contains("PENDING  0")).then_some(())
        });
    }

    /// Goes on until a snapshot holds what is no credential.
    fn until_snapshot(&self, addresses: &Addresses) {
        eventually("a snapshot is taken", SOON, || {
            addresses.downbeat_ok(&["run", "sensing", "--wait"]);
            let snapshots = self.folder.join("blobs/snapshots");
            let mut places = Places::of(&self.planted);
            if snapshots.is_dir() {
                places.search_files("snapshots", &snapshots);
            }
            places.finds("snapshots").then_some(())
        });
    }
}

/// Where a Downbeat keeps what it keeps.
struct Folders<'a> {
    log: &'a Path,
    blobs: &'a Path,
    metadata: &'a Path,
    worker: &'a Path,
    /// Its processes print into files here.
    printed: &'a Path,
}

impl Folders<'_> {
    /// Searches all of it, once nobody uses it any more.
    fn search(&self, places: &mut Places, log: &LogId) {
        places.search_files("log", self.log);
        places.search_files("blobs", self.blobs);
        places.search_files("task logs", &self.blobs.join("task-logs"));
        places.search_files("outputs", &self.blobs.join("task-outputs"));
        places.search_files("sled", self.metadata);
        places.search_files("worker", self.worker);
        for entry in std::fs::read_dir(self.printed).expect("a folder").flatten() {
            if entry.path().extension().is_some_and(|extension| extension == "txt") {
                let printed = std::fs::read(entry.path()).expect("a file");
                places.search("printed", &entry.path().to_string_lossy(), &printed);
            }
        }
        let opened = downbeat_metadata_projector::store::open(self.metadata, 1 << 20, log).expect("nobody has it");
        assert_eq!(opened.rebuilt, None, "its owner has closed it");
        for row in opened.store.scan(b"", None) {
            let (key, value) = row.expect("a row");
            places.search("rows", "key", &key);
            places.search("rows", &String::from_utf8_lossy(&key), &value);
        }
    }
}

/// What the control is found in, everywhere.
const KINDS: [&str; 9] = ["answers", "commands", "log", "blobs", "task logs", "outputs", "sled", "rows", "printed"];

fn until_told(addresses: &Addresses, run: &str) {
    eventually("it is being told", SOON, || {
        let output = addresses.downbeat(&["logs", run, "tells", "--attempt", "1"]);
        text(&output).contains("begin").then_some(())
    });
}

async fn log_id(addresses: &Addresses) -> LogId {
    let address: LogAddress = addresses.log.parse().expect("an address");
    address.open(Access::Read, "canary", &Nats::default()).await.expect("it is there").id().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_credential_leaves_its_connection_where_each_service_is_a_process() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let scene = Scene::set(folder);
    let mut cluster = Cluster::start(folder, 8);
    cluster.worker.kill9();
    let arguments = scene.arguments();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    cluster.restart_worker_with(&arguments);
    let addresses = cluster.addresses.clone();
    let run = scene.begin(&addresses);
    until_told(&addresses, &run);
    cluster.worker.kill9();
    cluster.restart_worker_with(&arguments);
    let mut asked = Asked::at(&addresses).await;
    scene.end(&addresses, &mut asked, &run).await;
    scene.until_snapshot(&addresses);

    let mut places = Places::of(&scene.planted);
    asked.search(&run, &PIPELINES, &mut places).await;
    asked.search_commands(&run, &PIPELINES, &mut places);
    let log = log_id(&addresses).await;
    cluster.coordinator.kill9();
    cluster.worker.kill9();
    cluster.scheduler.terminate();
    cluster.projector.terminate();
    drop(cluster);
    let in_folder = |name: &str| folder.join(name);
    let (store, blobs, metadata) = (in_folder("nats"), in_folder("blobs"), in_folder("metadata"));
    let worker = in_folder("worker");
    let folders = Folders { log: &store, blobs: &blobs, metadata: &metadata, worker: &worker, printed: folder };
    folders.search(&mut places, &log);
    places.search_files("snapshots", &blobs.join("snapshots"));
    places.check(&KINDS);
    places.check(&["snapshots"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_credential_leaves_its_connection_where_all_services_are_one_process() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let scene = Scene::set(folder);
    let connections = folder.join("connections");
    let arguments = scene.arguments();
    let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    arguments.extend(["--connections", connections.to_str().expect("text")]);
    let mut dev = Dev::start_with(folder, 8, &arguments);
    let mut door = sealed::Door::of(&dev);
    door.seal(&connections);
    let run = scene.begin(&dev.addresses);
    until_told(&dev.addresses, &run);
    dev.process.kill9();
    drop(dev);
    let mut dev = Dev::start_with(folder, 8, &arguments);
    let addresses = dev.addresses.clone();
    let mut asked = Asked::at(&addresses).await;
    scene.end(&addresses, &mut asked, &run).await;

    let mut places = Places::of(&scene.planted);
    door.moved(&dev);
    door.search(&run, &mut places);
    asked.search(&run, &PIPELINES, &mut places).await;
    asked.search_commands(&run, &PIPELINES, &mut places);
    let log = log_id(&addresses).await;
    dev.process.terminate();
    let in_data = |name: &str| dev.data.join(name);
    let (store, blobs, metadata) = (in_data("log"), in_data("blobs"), in_data("metadata"));
    let worker = in_data("worker");
    let folders = Folders { log: &store, blobs: &blobs, metadata: &metadata, worker: &worker, printed: folder };
    folders.search(&mut places, &log);
    places.search_files("blobs", &blobs.join("connections"));
    places.check(&KINDS);
    places.check(&["api"]);
}
