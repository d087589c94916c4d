//! A Downbeat to test: everything in one process, or one process per service over a real nats-server.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::{Duration, Instant},
};

use downbeat_event_log::testing::nats_server::NatsServer;

use crate::{
    arms::Arms,
    process::{Process, eventually, free_port},
    programs, repository,
};

/// Virtual environments of tasks, shared with `make demo` and between tests, so that packages are installed once.
pub(crate) fn environments() -> String {
    repository().join(".cache/environments").to_str().expect("the repository's path is text").to_owned()
}

/// How long a service may take until it answers.
const READY_AT_MOST: Duration = Duration::from_secs(30);

/// Where commands go.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// Coordinator.
    pub server: String,
    /// Metadata projector.
    pub metadata: String,
    /// Log.
    pub log: String,
    /// Variables of commands: who types, where somebody asks.
    pub variables: Vec<(String, String)>,
}

impl Addresses {
    /// Runs `downbeat` with these arguments against this Downbeat.
    pub fn downbeat(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("downbeat starts")
    }

    /// The same, prepared.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(programs().join("downbeat"));
        command
            .args(arguments)
            .env("DOWNBEAT_SERVER", &self.server)
            .env("DOWNBEAT_METADATA", &self.metadata)
            .env("DOWNBEAT_LOG", &self.log)
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs `downbeat`; panics with everything it printed if it does not end well. Returns standard output.
    pub fn downbeat_ok(&self, arguments: &[&str]) -> String {
        let output = self.downbeat(arguments);
        assert!(output.status.success(), "downbeat {arguments:?}: {}\n{}", output.status, text(&output));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

/// Everything that a command printed.
pub fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// `downbeat dev`.
#[derive(Debug)]
pub struct Dev {
    /// The process.
    pub process: Process,
    /// Where it is.
    pub addresses: Addresses,
    /// The public API: `http://HOST:PORT`.
    pub api: String,
    /// Its data.
    pub data: PathBuf,
}

impl Dev {
    /// Starts one on a free port with its data in `folder`.
    pub fn start(folder: &Path, slots: u32) -> Self {
        Self::start_with(folder, slots, &[])
    }

    /// The same with these arguments more.
    pub fn start_with(folder: &Path, slots: u32, more: &[&str]) -> Self {
        let data = folder.join("data");
        let ready = folder.join("ready");
        // Of a Dev that was here before.
        let _ = std::fs::remove_file(&ready);
        let slots = slots.to_string();
        let arguments = [
            "dev",
            "--listen",
            "127.0.0.1:0",
            "--api",
            "127.0.0.1:0",
            "--slots",
            &slots,
            "--environments",
            &environments(),
            "--data",
            data.to_str().expect("test folders are text"),
            "--ready-file",
            ready.to_str().expect("test folders are text"),
        ];
        let mut command = command(folder, &programs().join("downbeat"));
        command.args(arguments).args(more);
        let mut process = Process::start_with(&mut command, &folder.join("dev.txt")).expect("downbeat starts");
        let told = eventually("downbeat dev is ready", READY_AT_MOST, || {
            assert!(process.ended().is_none(), "downbeat dev ended:\n{}", process.printed());
            std::fs::read_to_string(&ready).ok()
        });
        let (server, api) = told.trim().split_once('\n').expect("two addresses");
        let (server, api) = (server.to_owned(), api.to_owned());
        let log = format!("embedded:{}", data.join("log").display());
        Self {
            process,
            addresses: Addresses { metadata: server.clone(), server, log, variables: Vec::new() },
            api,
            data,
        }
    }
}

/// One process per service, over a nats-server with `sync_interval: always`.
#[derive(Debug)]
pub struct Cluster {
    /// The log's server.
    pub nats: NatsServer,
    /// Commands.
    pub addresses: Addresses,
    /// Services by name.
    pub coordinator: Process,
    /// See above.
    pub projector: Process,
    /// See above.
    pub scheduler: Process,
    /// See above.
    pub worker: Process,
    folder: PathBuf,
    coordinator_listen: SocketAddr,
    projector_listen: SocketAddr,
    slots: u32,
    snapshots: &'static [&'static str],
    arms: Arms,
}

/// A take-over in a test begins with a snapshot, as it does after days.
const SNAPSHOTS_OFTEN: &[&str] = &["--snapshot-records", "50"];
/// The same, and every second what is in the log is archived.
const ARCHIVING: &[&str] = &["--snapshot-records", "50", "--archive-seconds", "1"];

impl Cluster {
    /// Starts all of it with its data in `folder`.
    pub fn start(folder: &Path, slots: u32) -> Self {
        Self::start_with(folder, slots, SNAPSHOTS_OFTEN, Arms::default())
    }

    /// The same as people install it, to be measured.
    pub fn start_to_measure(folder: &Path, slots: u32) -> Self {
        Self::start_with(folder, slots, &[], Arms::default())
    }

    /// The same with an archive of the log in the blob store.
    pub fn start_archiving(folder: &Path, slots: u32) -> Self {
        Self::start_with(folder, slots, ARCHIVING, Arms::default())
    }

    /// The same with these arguments of the coordinator.
    pub fn start_coordinated(folder: &Path, slots: u32, arguments: &'static [&'static str]) -> Self {
        Self::start_with(folder, slots, arguments, Arms::default())
    }

    /// The same with these arms.
    pub fn start_armed(folder: &Path, slots: u32, arms: Arms) -> Self {
        Self::start_with(folder, slots, SNAPSHOTS_OFTEN, arms)
    }

    fn start_with(folder: &Path, slots: u32, snapshots: &'static [&'static str], arms: Arms) -> Self {
        let nats = arms.nats(folder);
        let arms = &arms;
        let (coordinator_listen, projector_listen) = (local(free_port()), local(free_port()));
        let addresses = Addresses {
            server: format!("{}://{coordinator_listen}", arms.scheme()),
            metadata: format!("{}://{projector_listen}", arms.scheme()),
            log: nats.url(),
            variables: arms.of("operator"),
        };
        let coordinator = start_coordinator(folder, arms, &addresses, coordinator_listen, snapshots);
        let projector = start_projector(folder, arms, &addresses, projector_listen);
        let scheduler = start_scheduler(folder, arms, &addresses, &[]);
        let worker = start_worker(folder, arms, &addresses, slots, "worker", &[]);
        let cluster = Self {
            nats,
            addresses,
            coordinator,
            projector,
            scheduler,
            worker,
            folder: folder.to_owned(),
            coordinator_listen,
            projector_listen,
            slots,
            snapshots,
            arms: arms.clone(),
        };
        cluster.wait_ready();
        cluster
    }

    /// From its next start on, this service is the program in this folder; `None` = that which was built with the test.
    pub fn exchange(&mut self, service: &'static str, programs: Option<&Path>) {
        match programs {
            Some(folder) => drop(self.arms.programs.insert(service, folder.to_owned())),
            None => drop(self.arms.programs.remove(service)),
        }
    }

    /// Starts the coordinator again after it was killed.
    pub fn restart_coordinator(&mut self) {
        self.coordinator =
            start_coordinator(&self.folder, &self.arms, &self.addresses, self.coordinator_listen, self.snapshots);
    }

    /// Starts the scheduler again after it was killed.
    pub fn restart_scheduler(&mut self) {
        self.restart_scheduler_with(&[]);
    }

    /// The same with these arguments more.
    pub fn restart_scheduler_with(&mut self, more: &[&str]) {
        self.scheduler = start_scheduler(&self.folder, &self.arms, &self.addresses, more);
    }

    /// One more scheduler beside the first.
    pub fn another_scheduler(&self) -> Process {
        start_scheduler(&self.folder, &self.arms, &self.addresses, &[])
    }

    /// Starts the projector again, over the same folder, after it ended.
    pub fn restart_projector(&mut self) {
        self.projector = start_projector(&self.folder, &self.arms, &self.addresses, self.projector_listen);
    }

    /// Starts the worker again, over the same folder, after it was killed.
    pub fn restart_worker(&mut self) {
        self.restart_worker_with(&[]);
    }

    /// The same with these arguments more.
    pub fn restart_worker_with(&mut self, more: &[&str]) {
        self.worker = start_worker(&self.folder, &self.arms, &self.addresses, self.slots, "worker", more);
    }

    /// One more worker beside the first, with a folder of this name of its own; started again with the same name it is the same worker.
    pub fn another_worker(&self, name: &str) -> Process {
        start_worker(&self.folder, &self.arms, &self.addresses, self.slots, name, &[])
    }

    /// A gateway over this cluster, and the address of its API.
    pub fn gateway(&self, more: &[&str]) -> (Process, String) {
        let listen = local(free_port()).to_string();
        let (server, metadata) = (&self.addresses.server, &self.addresses.metadata);
        let arguments = ["--listen", &listen, "--coordinator", server, "--metadata", metadata];
        let gateway = start(&self.folder, &self.arms, "gateway", "downbeat-gateway", &[&arguments, more].concat());
        let started = Instant::now();
        while std::net::TcpStream::connect(&listen).is_err() {
            assert!(started.elapsed() < READY_AT_MOST, "the gateway does not listen: {}", gateway.printed());
            std::thread::sleep(Duration::from_millis(20));
        }
        (gateway, format!("http://{listen}"))
    }

    /// Waits until commands and queries are answered and the worker is attached.
    pub fn wait_ready(&self) {
        let started = Instant::now();
        loop {
            let runs = self.addresses.downbeat(&["runs"]);
            if runs.status.success() && self.coordinator.printed().contains("worker attached") {
                return;
            }
            let services = [&self.coordinator, &self.projector, &self.scheduler, &self.worker];
            let printed: String = services.iter().map(|service| service.printed() + "\n").collect();
            assert!(started.elapsed() < READY_AT_MOST, "the services are not ready: {}\n{printed}", text(&runs));
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The nats-server to test with. Tests need it: a missing one fails.
pub fn nats_program() -> PathBuf {
    downbeat_event_log::testing::nats_server::find_program()
        .expect("no nats-server: run the tests with `make test`, which installs one, or set DOWNBEAT_NATS_SERVER")
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

fn start_coordinator(folder: &Path, arms: &Arms, addresses: &Addresses, listen: SocketAddr, more: &[&str]) -> Process {
    let (blobs, listen) = (folder.join("blobs"), listen.to_string());
    let blobs = blobs.to_str().expect("test folders are text");
    let arguments = ["--log", &addresses.log, "--listen", &listen, "--blobs", blobs];
    start(folder, arms, "coordinator", "downbeat-coordinator", &[&arguments, more].concat())
}

fn start_scheduler(folder: &Path, arms: &Arms, addresses: &Addresses, more: &[&str]) -> Process {
    let arguments = ["--log", &addresses.log, "--coordinator", &addresses.server];
    start(folder, arms, "scheduler", "downbeat-scheduler", &[&arguments, more].concat())
}

fn start_projector(folder: &Path, arms: &Arms, addresses: &Addresses, listen: SocketAddr) -> Process {
    let in_folder = |name: &str| folder.join(name).to_str().expect("test folders are text").to_owned();
    let (data, blobs, listen) = (in_folder("metadata"), in_folder("blobs"), listen.to_string());
    let outgoing = in_folder("outgoing");
    let arguments = ["--log", &addresses.log, "--listen", &listen, "--data-dir", &data, "--blobs", &blobs];
    start(
        folder,
        arms,
        "projector",
        "downbeat-metadata-projector",
        &[&arguments[..], &["--outgoing-data", &outgoing]].concat(),
    )
}

fn start_worker(folder: &Path, arms: &Arms, addresses: &Addresses, slots: u32, name: &str, more: &[&str]) -> Process {
    let in_folder = |name: &str| folder.join(name).to_str().expect("test folders are text").to_owned();
    let (data, blobs, slots, environments) = (in_folder(name), in_folder("blobs"), slots.to_string(), environments());
    let arguments = ["--coordinator", &addresses.server, "--data", &data, "--blobs", &blobs, "--slots", &slots];
    let mut arguments = [&arguments[..], &["--environments", &environments]].concat();
    // Of tests that have put connections there.
    let connections = in_folder("connections");
    if Path::new(&connections).is_dir() {
        arguments.extend(["--connections", &connections]);
    }
    arguments.extend(more);
    start(folder, arms, "worker", "downbeat-worker", &arguments)
}

fn start(folder: &Path, arms: &Arms, service: &str, name: &str, arguments: &[&str]) -> Process {
    let output = folder.join(format!("{name}.txt"));
    let other = arms.programs.get(service);
    let mut command = command(folder, &other.cloned().unwrap_or_else(programs).join(name));
    command.args(arguments).envs(arms.of(service));
    Process::start_with(&mut command, &output).unwrap_or_else(|error| {
        panic!("{name} does not start ({error}): run the tests with `make test`, which builds it")
    })
}

/// One of our programs. It says as much as the file `log-filter` asks for, and has the variables of the file `variables` (`NAME=VALUE`, one a
/// line), of tests that have put them there.
fn command(folder: &Path, program: &Path) -> Command {
    let mut command = Command::new(program);
    let variables = std::fs::read_to_string(folder.join("variables")).unwrap_or_default();
    command.envs(variables.lines().filter_map(|line| line.split_once('=')));
    if let Ok(filter) = std::fs::read_to_string(folder.join("log-filter")) {
        command.env("DOWNBEAT_LOG_FILTER", filter);
    }
    command
}
