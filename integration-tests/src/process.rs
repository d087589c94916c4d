//! A child process with its output in a file.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use downbeat_event_log::testing::ports;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

/// A running program; killed when dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    output: PathBuf,
}

impl Process {
    /// Starts `program` with its output going to `output`.
    pub fn start(program: &Path, arguments: &[&str], output: &Path) -> io::Result<Self> {
        Self::start_with(Command::new(program).args(arguments), output)
    }

    /// Starts a prepared command with its output going to `output`, at the end of what is there.
    pub fn start_with(command: &mut Command, output: &Path) -> io::Result<Self> {
        let file = File::options().create(true).append(true).open(output)?;
        let child = command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file).spawn()?;
        Ok(Self { child, output: output.to_owned() })
    }

    /// Its pid.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has printed so far, earlier processes with the same file included.
    pub fn printed(&self) -> String {
        std::fs::read(&self.output).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// kill -9, and waits until it is gone.
    pub fn kill9(&mut self) {
        self.child.kill().expect("the process is ours");
        self.child.wait().expect("the process is ours");
    }

    /// SIGTERM, and waits for the end.
    pub fn terminate(&mut self) -> ExitStatus {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).expect("pids are small"));
        // Gone already is as good.
        let _ = kill(pid, Signal::SIGTERM);
        self.child.wait().expect("the process is ours")
    }

    /// Waits for the end, at most this long.
    pub fn wait(&mut self, at_most: Duration) -> Option<ExitStatus> {
        let started = Instant::now();
        while started.elapsed() < at_most {
            if let Some(status) = self.ended() {
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        None
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Fails only if it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks until the answer is there; panics with `what` after `at_most`.
pub fn eventually<T>(what: &str, at_most: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(started.elapsed() < at_most, "waited {at_most:?} for: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A port of 127.0.0.1 for a program that is told where to listen; see [`ports`].
pub fn free_port() -> u16 {
    ports::free_port().expect("loopback has free ports")
}
