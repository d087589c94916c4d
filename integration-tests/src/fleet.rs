//! Several of everything, as in production: NATS servers that copy the log, coordinators of which one owns it, workers, schedulers and
//! projectors; each process can be killed, paused, ended in order and started again, and cut off from the others.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use downbeat_event_log::testing::nats_cluster::NatsCluster;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::{
    cluster::{Addresses, environments, nats_program, text},
    process::{Process, free_port},
    programs,
    proxy::Proxy,
};

/// How long the services may take until they answer.
const READY_AT_MOST: Duration = Duration::from_secs(60);

/// How many there are of each.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// NATS servers.
    pub servers: usize,
    /// Coordinators.
    pub coordinators: usize,
    /// Workers.
    pub workers: usize,
    /// Schedulers.
    pub schedulers: usize,
    /// Projectors.
    pub projectors: usize,
    /// Slots of each worker.
    pub slots: u32,
}

/// A process that can be started again as it was.
#[derive(Debug)]
pub struct Member {
    /// What it is, with a number: `coordinator-0`.
    pub name: String,
    program: &'static str,
    arguments: Vec<String>,
    folder: PathBuf,
    process: Option<Process>,
    is_paused: bool,
    /// Its ways to others.
    ways: Vec<Proxy>,
}

impl Member {
    fn new(folder: &Path, name: String, program: &'static str, arguments: Vec<String>, ways: Vec<Proxy>) -> Self {
        Self { name, program, arguments, folder: folder.to_owned(), process: None, is_paused: false, ways }
    }

    /// Starts it, or starts it again. Does nothing while it runs.
    pub fn start(&mut self) {
        if self.process.as_mut().is_some_and(|process| process.ended().is_none()) {
            return;
        }
        let mut command = Command::new(programs().join(self.program));
        command.args(&self.arguments);
        let started = Process::start_with(&mut command, &self.folder.join(format!("{}.txt", self.name)));
        self.process = Some(started.unwrap_or_else(|error| panic!("{} does not start: {error}", self.program)));
        self.is_paused = false;
    }

    /// kill -9.
    pub fn kill9(&mut self) {
        self.is_paused = false;
        if let Some(mut process) = self.process.take() {
            process.kill9();
        }
    }

    /// SIGTERM, and waits for its end, which has to be one in order.
    pub fn end(&mut self) {
        self.resume();
        if let Some(mut process) = self.process.take() {
            let status = process.terminate();
            assert!(status.success(), "{} ended with {status}:\n{}", self.name, process.printed());
        }
    }

    /// SIGSTOP.
    pub fn pause(&mut self) {
        self.is_paused = self.signal(Signal::SIGSTOP);
    }

    /// SIGCONT, if it is paused.
    pub fn resume(&mut self) {
        if std::mem::take(&mut self.is_paused) {
            self.signal(Signal::SIGCONT);
        }
    }

    /// Cuts it off from those that it calls.
    pub fn cut_off(&self) {
        self.ways.iter().for_each(Proxy::cut);
    }

    /// Lets it call them again.
    pub fn reconnect(&self) {
        self.ways.iter().for_each(Proxy::mend);
    }

    /// Whether it runs; what ended by itself does not.
    pub fn runs(&mut self) -> bool {
        self.process.as_mut().is_some_and(|process| process.ended().is_none())
    }

    /// What it has printed, of all its starts.
    pub fn printed(&self) -> String {
        let printed = std::fs::read(self.folder.join(format!("{}.txt", self.name))).unwrap_or_default();
        String::from_utf8_lossy(&printed).into_owned()
    }

    fn signal(&self, signal: Signal) -> bool {
        let Some(process) = &self.process else { return false };
        kill(Pid::from_raw(i32::try_from(process.pid()).expect("pids are small")), signal).is_ok()
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        // What is paused could not be waited for.
        self.resume();
    }
}

/// See the module.
#[derive(Debug)]
pub struct Fleet {
    /// The log's servers.
    pub nats: NatsCluster,
    /// Coordinators.
    pub coordinators: Vec<Member>,
    /// Workers.
    pub workers: Vec<Member>,
    /// Schedulers.
    pub schedulers: Vec<Member>,
    /// Projectors.
    pub projectors: Vec<Member>,
    /// Commands: all coordinators, all projectors.
    pub addresses: Addresses,
    /// Each coordinator by itself.
    pub each_coordinator: Vec<String>,
    /// Each projector by itself.
    pub each_projector: Vec<String>,
}

fn urls(ports: &[u16]) -> Vec<String> {
    ports.iter().map(|port| format!("http://{}", SocketAddr::from(([127, 0, 0, 1], *port)))).collect()
}

fn ways(ports: &[u16]) -> Vec<Proxy> {
    ports.iter().map(|port| Proxy::to(*port).expect("a free port")).collect()
}

impl Fleet {
    /// Starts all of it with its data in `folder`, and waits until it works.
    pub fn start(folder: &Path, sizes: Sizes) -> Self {
        Self::start_over(folder, sizes, &["--snapshot-records", "50"], ways)
    }

    /// The same as people install it, to be measured: nobody can be cut off.
    pub fn start_to_measure(folder: &Path, sizes: Sizes) -> Self {
        Self::start_over(folder, sizes, &[], |_| Vec::new())
    }

    fn start_over(folder: &Path, sizes: Sizes, snapshots: &[&str], ways: fn(&[u16]) -> Vec<Proxy>) -> Self {
        let nats = NatsCluster::start(&nats_program(), folder, sizes.servers).expect("a cluster of nats-servers");
        let ports = |count: usize| (0..count).map(|_| free_port()).collect::<Vec<u16>>();
        let (coordinator_ports, projector_ports) = (ports(sizes.coordinators), ports(sizes.projectors));
        let (coordinators, projectors) = (urls(&coordinator_ports), urls(&projector_ports));
        let in_folder = |name: &str| folder.join(name).to_str().expect("test folders are text").to_owned();
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<String>>();
        let behind = |ways: &[Proxy], ports: &[u16], scheme: &str| {
            let direct = ports.iter().map(|port| SocketAddr::from(([127, 0, 0, 1], *port))).skip(ways.len());
            let addresses = ways.iter().map(Proxy::address).chain(direct);
            addresses.map(|address| format!("{scheme}://{address}")).collect::<Vec<_>>().join(",")
        };
        let (servers, blobs) = (nats.ports(), in_folder("blobs"));
        let coordinator = |at: usize| {
            let (ways, listen) = (ways(&servers), format!("127.0.0.1:{}", coordinator_ports[at]));
            let arguments = words(&["--log", &behind(&ways, &servers, "nats"), "--listen", &listen, "--blobs", &blobs]);
            let replicas = sizes.servers.to_string();
            let more = [words(&["--log-replicas", &replicas]), words(snapshots)].concat();
            let name = format!("coordinator-{at}");
            let named = words(&["--name", &name]);
            Member::new(folder, name, "downbeat-coordinator", [arguments, more, named].concat(), ways)
        };
        let worker = |at: usize| {
            let (ways, name) = (ways(&coordinator_ports), format!("worker-{at}"));
            let slots = sizes.slots.to_string();
            let arguments =
                words(&["--coordinator", &behind(&ways, &coordinator_ports, "http"), "--data", &in_folder(&name)]);
            let more = words(&["--blobs", &blobs, "--slots", &slots, "--environments", &environments()]);
            Member::new(folder, name, "downbeat-worker", [arguments, more].concat(), ways)
        };
        let scheduler = |at: usize| {
            let (log, to) = (ways(&servers), ways(&coordinator_ports));
            let arguments = words(&[
                "--log",
                &behind(&log, &servers, "nats"),
                "--coordinator",
                &behind(&to, &coordinator_ports, "http"),
            ]);
            let ways = log.into_iter().chain(to).collect();
            Member::new(folder, format!("scheduler-{at}"), "downbeat-scheduler", arguments, ways)
        };
        let projector = |at: usize| {
            let (ways, name) = (ways(&servers), format!("projector-{at}"));
            let (data, outgoing) = (in_folder(&format!("{name}-data")), in_folder(&format!("{name}-outgoing")));
            let listen = format!("127.0.0.1:{}", projector_ports[at]);
            let arguments =
                words(&["--log", &behind(&ways, &servers, "nats"), "--listen", &listen, "--data-dir", &data]);
            let more = words(&["--blobs", &blobs, "--outgoing-data", &outgoing]);
            Member::new(folder, name, "downbeat-metadata-projector", [arguments, more].concat(), ways)
        };
        let mut fleet = Self {
            coordinators: (0..sizes.coordinators).map(coordinator).collect(),
            workers: (0..sizes.workers).map(worker).collect(),
            schedulers: (0..sizes.schedulers).map(scheduler).collect(),
            projectors: (0..sizes.projectors).map(projector).collect(),
            addresses: Addresses {
                server: coordinators.join(","),
                metadata: projectors.join(","),
                log: nats.url(),
                variables: Vec::new(),
            },
            each_coordinator: coordinators,
            each_projector: projectors,
            nats,
        };
        fleet.members().for_each(Member::start);
        fleet.wait_ready(sizes.workers);
        fleet
    }

    /// All processes but the NATS servers.
    pub fn members(&mut self) -> impl Iterator<Item = &mut Member> {
        let services = self.coordinators.iter_mut().chain(&mut self.workers);
        services.chain(&mut self.schedulers).chain(&mut self.projectors)
    }

    /// The coordinator that took the partition over last, by its number.
    pub fn owner(&self) -> Option<usize> {
        let taken = self.coordinators.iter().enumerate().filter_map(|(at, coordinator)| {
            let printed = coordinator.printed();
            let line = printed.lines().rev().find(|line| line.contains("took the partition over"))?;
            // Lines begin with their instant, all in the same form.
            Some((line.split_whitespace().next()?.to_owned(), at))
        });
        taken.max().map(|(_, at)| at)
    }

    fn wait_ready(&mut self, workers: usize) {
        let started = Instant::now();
        loop {
            let runs = self.addresses.downbeat(&["runs"]);
            let attached: usize = self
                .coordinators
                .iter()
                .map(|coordinator| coordinator.printed().matches("worker attached").count())
                .sum();
            if runs.status.success() && attached >= workers {
                return;
            }
            let printed: String =
                self.members().map(|member| format!("{}:\n{}\n", member.name, member.printed())).collect();
            assert!(started.elapsed() < READY_AT_MOST, "the services are not ready: {}\n{printed}", text(&runs));
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}
