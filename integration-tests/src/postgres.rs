//! A PostgreSQL server of a test's own.
//!
//! Promises that it listens on a free port of 127.0.0.1, and ends when its handle is dropped. Knows nothing about what is put into it.

use std::{
    fs,
    os::unix::{
        fs::{MetadataExt as _, chown},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::Duration,
};

use crate::{
    process::{Process, eventually, free_port},
    repository,
};

/// The user as whom it runs where the test is root, whom PostgreSQL refuses.
const NOBODY: u32 = 65_534;
/// How long it may take until it answers.
const READY_AT_MOST: Duration = Duration::from_secs(60);

/// A server with the database `postgres`, of the user `downbeat` with the password [`Postgres::PASSWORD`].
#[derive(Debug)]
pub struct Postgres {
    /// Where it listens.
    pub port: u16,
    programs: PathBuf,
    _process: Process,
    _folder: tempfile::TempDir,
}

impl Postgres {
    /// Its password.
    pub const PASSWORD: &'static str = "pg-s3cret-password";

    /// Starts one. `None`: `make tools` has found that PostgreSQL cannot be had here.
    pub fn start() -> Option<Self> {
        let programs = fs::read_to_string(repository().join(".cache/tools/postgres")).unwrap_or_default();
        assert!(!programs.trim().is_empty(), "`make tools` says where postgres is, or that it cannot be had");
        if programs.trim() == "absent" {
            println!("skipped: postgres cannot be had here");
            return None;
        }
        let programs = PathBuf::from(programs.trim());
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path().metadata().expect("it is there").uid() == 0;
        let password = folder.path().join("password");
        fs::write(&password, Self::PASSWORD).expect("a file");
        if root {
            for path in [folder.path(), &password] {
                chown(path, Some(NOBODY), Some(NOBODY)).expect("root may");
            }
        }
        let run = |program: &str| {
            let mut command = Command::new(programs.join(program));
            if root {
                command.uid(NOBODY).gid(NOBODY);
            }
            command.current_dir(folder.path()).stdin(Stdio::null());
            command
        };
        let made = run("initdb")
            .args(["--username=downbeat", "--pwfile=password", "--auth=scram-sha-256", "--no-sync", "--encoding=UTF8"])
            .args(["--locale=C", "--pgdata=data"])
            .output()
            .expect("initdb starts");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let port = free_port();
        let mut server = run("postgres");
        server.args(["-D", "data", "-p", &port.to_string()]);
        for setting in ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off"] {
            server.args(["-c", setting]);
        }
        let process = Process::start_with(&mut server, &log(folder.path())).expect("postgres starts");
        let mut server = Self { port, programs, _process: process, _folder: folder };
        eventually("PostgreSQL answers", READY_AT_MOST, || {
            let ended = server._process.ended();
            assert!(ended.is_none(), "PostgreSQL ended:\n{}", server._process.printed());
            server.ask("SELECT 1").status.success().then_some(())
        });
        Some(server)
    }

    /// Lines that a query brings, their values with `|` between them.
    pub fn lines(&self, query: &str) -> Vec<String> {
        let output = self.ask(query);
        assert!(output.status.success(), "{query}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
    }

    fn ask(&self, query: &str) -> Output {
        Command::new(self.programs.join("psql"))
            .args(["--no-psqlrc", "--tuples-only", "--no-align", "--host=127.0.0.1", "--username=downbeat"])
            .args([&format!("--port={}", self.port), "--dbname=postgres", "--command", query])
            .env("PGPASSWORD", Self::PASSWORD)
            .stdin(Stdio::null())
            .output()
            .expect("psql starts")
    }
}

fn log(folder: &Path) -> PathBuf {
    folder.join("server.txt")
}
