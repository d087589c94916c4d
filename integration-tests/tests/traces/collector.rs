//! The real collector of OpenTelemetry, and a server that it hands everything on to as JSON.
//!
//! Promises that both listen on free ports of 127.0.0.1, that the collector ends with its handle, and that what the server was given is kept in
//! the order in which it came. Knows nothing about what is told.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
    time::Duration,
};

use downbeat_integration_tests::{
    process::{Process, eventually, free_port},
    repository,
};
use serde_json::Value;

/// What came: the path, the headers in small letters, the body.
#[derive(Clone, Debug)]
pub struct Request {
    /// Where it was sent.
    pub path: String,
    /// One `name: value` each.
    pub headers: Vec<String>,
    /// JSON; null if it is none.
    pub body: Value,
    /// The same as text.
    pub text: String,
}

/// A server that keeps what it is sent and answers `{}`.
#[derive(Clone, Debug)]
pub struct Keeper {
    /// `http://HOST:PORT`.
    pub url: String,
    kept: Arc<Mutex<Vec<Request>>>,
}

impl Keeper {
    /// Listens on a free port, for as long as the process lives.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("it listens"));
        let kept = Arc::default();
        let keeper = Self { url, kept: Arc::clone(&kept) };
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let kept = Arc::clone(&kept);
                std::thread::spawn(move || while take(&stream, &kept).is_some() {});
            }
        });
        keeper
    }

    /// What came so far.
    pub fn all(&self) -> Vec<Request> {
        self.kept.lock().expect("nobody panicked").clone()
    }
}

/// One request of a connection. `None`: there is no other.
fn take(stream: &TcpStream, kept: &Mutex<Vec<Request>>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|bytes| *bytes > 0)?;
        match line.trim() {
            "" => break,
            text => lines.push(text.to_owned()),
        }
    }
    let path = lines.first()?.split(' ').nth(1)?.to_owned();
    let headers: Vec<String> = lines.drain(1..).map(|line| line.to_ascii_lowercase()).collect();
    let length = headers.iter().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or_default()];
    reader.read_exact(&mut body).ok()?;
    let text = String::from_utf8_lossy(&body).into_owned();
    let request = Request { path, headers, body: serde_json::from_slice(&body).unwrap_or_default(), text };
    kept.lock().expect("nobody panicked").push(request);
    let mut stream = stream;
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}").ok()
}

/// A running collector.
#[derive(Debug)]
pub struct Collector {
    /// Where it takes OTLP over gRPC.
    pub endpoint: String,
    /// Who gets what it exports.
    pub exported: Keeper,
    folder: PathBuf,
    program: PathBuf,
    port: u16,
    process: Process,
}

impl Collector {
    /// Starts one, with its configuration in `folder`. `None`: `make tools` has found that it cannot be had here.
    pub fn start(folder: &Path) -> Option<Self> {
        let (program, port, exported) = (program()?, free_port(), Keeper::start());
        let process = run(&program, folder, port, &exported);
        let endpoint = format!("http://127.0.0.1:{port}");
        Some(Self { endpoint, exported, folder: folder.to_owned(), program, port, process })
    }

    /// Stops it, does this, and starts it again at the same place.
    pub fn away_while(&mut self, work: impl FnOnce()) {
        self.process.terminate();
        work();
        self.process = run(&self.program, &self.folder, self.port, &self.exported);
    }
}

/// Whether it can be told to do this; in words if it cannot.
pub fn validated(config: &Path) -> Option<Result<(), String>> {
    let program = program()?;
    let output = Command::new(program).arg("validate").arg("--config").arg(config).output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Some(if output.status.success() { Ok(()) } else { Err(said) })
}

fn program() -> Option<PathBuf> {
    let program = std::fs::read_to_string(repository().join(".cache/tools/collector")).unwrap_or_default();
    assert!(!program.trim().is_empty(), "`make tools` says where the collector is, or that it cannot be had");
    if program.trim() == "absent" {
        println!("skipped: the collector cannot be had here");
        return None;
    }
    Some(PathBuf::from(program.trim()))
}

fn run(program: &Path, folder: &Path, port: u16, exported: &Keeper) -> Process {
    let config = format!(
        "receivers:\n  otlp: {{protocols: {{grpc: {{endpoint: '127.0.0.1:{port}'}}}}}}\n\
         exporters:\n  otlp_http: {{endpoint: '{}', encoding: json, compression: none}}\n\
         service:\n  telemetry: {{metrics: {{level: none}}}}\n  pipelines:\n\
         \x20   traces: {{receivers: [otlp], exporters: [otlp_http]}}\n\
         \x20   metrics: {{receivers: [otlp], exporters: [otlp_http]}}\n\
         \x20   logs: {{receivers: [otlp], exporters: [otlp_http]}}\n",
        exported.url
    );
    let file = folder.join("collector.yaml");
    std::fs::write(&file, config).expect("a file");
    let arguments = ["--config", file.to_str().expect("test folders are text")];
    let printed = folder.join("collector.txt");
    let mut process = Process::start(program, &arguments, &printed).expect("the collector starts");
    eventually("the collector listens", Duration::from_secs(30), || {
        assert!(process.ended().is_none(), "the collector ended:\n{}", process.printed());
        TcpStream::connect(("127.0.0.1", port)).ok()
    });
    process
}
