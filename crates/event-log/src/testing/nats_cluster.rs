//! Several real nats-servers as one cluster, for tests: started on free ports, each killed, paused and started again for itself.

use std::io;
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::ports::free_port;

/// How long the cluster may take until it has a leader.
const START_TIMEOUT: Duration = Duration::from_secs(40);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A server of the cluster.
#[derive(Debug)]
struct Member {
    folder: PathBuf,
    port: u16,
    monitor_port: u16,
    child: Option<Child>,
}

/// Running servers with JetStream and `sync_interval: always`. All are killed when this value is dropped.
#[derive(Debug)]
pub struct NatsCluster {
    program: PathBuf,
    members: Vec<Member>,
}

impl NatsCluster {
    /// Starts `servers` of them, with their stores below `folder`, and waits until they have a leader. Clients are told of no other server
    /// than those whose addresses they are given, so that a test knows which way they go.
    ///
    /// # Errors
    /// When they cannot be started or find no leader.
    pub fn start(program: &Path, folder: &Path, servers: usize) -> io::Result<Self> {
        let ports = (0..3 * servers).map(|_| free_port()).collect::<io::Result<Vec<u16>>>()?;
        let (clients, rest) = ports.split_at(servers);
        let (monitors, routes) = rest.split_at(servers);
        let routed = routes.iter().map(|port| format!("nats-route://127.0.0.1:{port}")).collect::<Vec<_>>().join(", ");
        let mut members = Vec::new();
        for at in 0..servers {
            let folder = folder.join(format!("nats-{at}"));
            std::fs::create_dir_all(&folder)?;
            let text = format!(
                "server_name: \"n{at}\"\nhost: \"127.0.0.1\"\nport: {}\nhttp: \"127.0.0.1:{}\"\n\
                 jetstream {{ store_dir: \"{}\", sync_interval: always }}\n\
                 cluster {{ name: \"test\", host: \"127.0.0.1\", port: {}, routes: [{routed}], no_advertise: true }}\n",
                clients[at],
                monitors[at],
                folder.join("store").display(),
                routes[at],
            );
            std::fs::write(folder.join("nats.conf"), text)?;
            members.push(Member { folder, port: clients[at], monitor_port: monitors[at], child: None });
        }
        let mut cluster = Self { program: program.to_path_buf(), members };
        for at in 0..servers {
            cluster.restart(at)?;
        }
        cluster.wait_for_leader()?;
        Ok(cluster)
    }

    /// Port for clients of each server.
    pub fn ports(&self) -> Vec<u16> {
        self.members.iter().map(|member| member.port).collect()
    }

    /// Addresses of all of them for clients, with commas between them.
    pub fn url(&self) -> String {
        self.members.iter().map(|member| format!("nats://127.0.0.1:{}", member.port)).collect::<Vec<_>>().join(",")
    }

    /// Addresses of their monitoring ports.
    pub fn monitor_urls(&self) -> Vec<String> {
        self.members.iter().map(|member| format!("http://127.0.0.1:{}", member.monitor_port)).collect()
    }

    /// The process of this server; `None` while it does not run.
    pub fn pid(&self, at: usize) -> Option<u32> {
        self.members[at].child.as_ref().map(Child::id)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Never.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Starts this server, or starts it again with its port and store. Does nothing while it runs.
    ///
    /// # Errors
    /// Those of the system.
    pub fn restart(&mut self, at: usize) -> io::Result<()> {
        let member = &mut self.members[at];
        if member.child.is_some() {
            return Ok(());
        }
        let log = std::fs::File::options().create(true).append(true).open(member.folder.join("nats.log"))?;
        let mut command = Command::new(&self.program);
        command.arg("-c").arg(member.folder.join("nats.conf")).stdin(Stdio::null());
        member.child = Some(command.stdout(log.try_clone()?).stderr(log).spawn()?);
        Ok(())
    }

    /// Kills this server as a crash would (SIGKILL) and waits until it is gone.
    ///
    /// # Errors
    /// Those of the system.
    pub fn kill9(&mut self, at: usize) -> io::Result<()> {
        let Some(mut child) = self.members[at].child.take() else { return Ok(()) };
        child.kill()?;
        child.wait().map(drop)
    }

    /// The server that leads this stream, by its number; `None` while there is no leader or nobody says so.
    pub fn leader_of(&self, stream: &str) -> Option<usize> {
        (0..self.members.len()).find_map(|at| {
            let told = self.ask(at, "/jsz?streams=1&leader-only=0").ok()?;
            let streams =
                told["account_details"].as_array()?.iter().filter_map(|account| account["stream_detail"].as_array());
            let found = streams.flatten().find(|detail| detail["name"] == stream)?;
            found["cluster"]["leader"].as_str()?.strip_prefix('n')?.parse().ok()
        })
    }

    /// Whether all of them run and have caught up with each other.
    pub fn is_settled(&self) -> bool {
        (0..self.members.len()).all(|at| self.ask(at, "/healthz").is_ok_and(|told| told["status"] == "ok"))
    }

    fn ask(&self, at: usize, path: &str) -> io::Result<serde_json::Value> {
        use std::io::{Read as _, Write as _};
        let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, self.members[at].monitor_port))?;
        connection.set_read_timeout(Some(Duration::from_secs(2)))?;
        write!(connection, "GET {path} HTTP/1.0\r\nConnection: close\r\n\r\n")?;
        let mut text = String::new();
        connection.read_to_string(&mut text)?;
        let (_, body) = text.split_once("\r\n\r\n").ok_or_else(|| io::Error::other("no HTTP"))?;
        serde_json::from_str(body).map_err(io::Error::other)
    }

    fn wait_for_leader(&mut self) -> io::Result<()> {
        let deadline = Instant::now() + START_TIMEOUT;
        loop {
            for member in &mut self.members {
                if let Some(child) = &mut member.child
                    && let Some(status) = child.try_wait()?
                {
                    return Err(io::Error::other(format!("nats-server ended at its start: {status}")));
                }
            }
            // A server says so once it can take part.
            let ready = (0..self.members.len())
                .all(|at| self.ask(at, "/healthz?js-server-only=true").is_ok_and(|told| told["status"] == "ok"));
            let leads = self.ask(0, "/jsz").is_ok_and(|told| told["meta_cluster"]["leader"].as_str().is_some());
            if ready && leads {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(io::Error::other("the servers found no leader in time"));
            }
            std::thread::sleep(LOOK_AGAIN);
        }
    }
}

impl Drop for NatsCluster {
    fn drop(&mut self) {
        for at in 0..self.members.len() {
            if let Err(error) = self.kill9(at) {
                eprintln!("nats-server could not be killed: {error}");
            }
        }
    }
}
