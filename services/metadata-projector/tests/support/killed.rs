//! A projector that tells others, as a process of its own, to be killed in the middle.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
};

use downbeat_event_log::embedded::{EmbeddedLog, OpenOptions};
use downbeat_metadata_projector::OutgoingConfig;

use super::teller::Teller;

const FOLDER: &str = "DOWNBEAT_TEST_KILLED_FOLDER";
const SERVER: &str = "DOWNBEAT_TEST_KILLED_SERVER";

/// Killed when this is dropped.
pub struct Killed(Child);

impl Killed {
    /// Runs a test of this program once more, in a process that finds folder and server by [`asked`].
    pub fn start(test: &str, folder: &Path, server: &str) -> Self {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture"])
            .env(FOLDER, folder)
            .env(SERVER, server)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Self(child)
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// Folder and server of the process that [`Killed::start`] began. `None`: this is not one.
pub fn asked() -> Option<(PathBuf, String)> {
    Some((std::env::var_os(FOLDER)?.into(), std::env::var(SERVER).ok()?))
}

/// Tells of the log in the folder for as long as the process lives.
pub async fn tell_until_killed(folder: &Path, config: OutgoingConfig) {
    let options = OpenOptions { read_only: true, ..OpenOptions::default() };
    let log = Arc::new(EmbeddedLog::open(folder.join("log"), options).await.unwrap());
    let _teller = Teller::start(log, folder, config).await.unwrap();
    std::future::pending::<()>().await;
}
