//! A cluster of real nats-servers for tests: streams with three copies, of which one may be lost.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::time::{Duration, Instant};

use super::nats_server::NatsServer;

/// How long the servers may take until they have found each other.
const MEET_TIMEOUT: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Running servers, each killed when this value is dropped.
#[derive(Debug)]
pub struct NatsCluster {
    /// The servers.
    pub servers: Vec<NatsServer>,
}

impl NatsCluster {
    /// Starts so many servers with JetStream and `sync_interval: always`, each with a folder of its own in `folder`, and waits until they
    /// have a leader.
    ///
    /// # Errors
    /// When one does not start, or they do not find each other.
    pub fn start(program: &Path, folder: &Path, servers: usize) -> io::Result<Self> {
        let taken: io::Result<Vec<TcpListener>> =
            (0..servers).map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).collect();
        let ports: io::Result<Vec<u16>> = taken?.iter().map(|taken| Ok(taken.local_addr()?.port())).collect();
        let ports = ports?;
        let routes: Vec<String> = ports.iter().map(|port| format!("\"nats://127.0.0.1:{port}\"")).collect();
        let mut cluster = Self { servers: Vec::new() };
        for (number, port) in ports.iter().enumerate() {
            let folder = folder.join(format!("server-{number}"));
            std::fs::create_dir_all(&folder)?;
            let config = folder.join("cluster.conf");
            let text = format!(
                "jetstream {{ sync_interval: always }}\n\
                 cluster {{ name: test, listen: \"127.0.0.1:{port}\", routes: [{}] }}\n",
                routes.join(", ")
            );
            std::fs::write(&config, text)?;
            cluster.servers.push(NatsServer::start_configured(program, &folder, &config, &[])?);
        }
        let started = Instant::now();
        while !cluster.servers.iter().all(knows_leader) {
            if started.elapsed() > MEET_TIMEOUT {
                return Err(io::Error::other("the servers have not found each other"));
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        Ok(cluster)
    }

    /// Addresses for clients, separated by commas.
    pub fn url(&self) -> String {
        self.servers.iter().map(NatsServer::url).collect::<Vec<_>>().join(",")
    }
}

fn knows_leader(server: &NatsServer) -> bool {
    server.varz().is_ok_and(|varz| varz["jetstream"]["meta"]["leader"].is_string())
}
