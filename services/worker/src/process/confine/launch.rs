//! Begins a program within its limits: this program is started once more, limits itself, and becomes the other one.
//!
//! Promises: the program has the process, the environment and the files that it would have had; if the limits cannot be set it does not begin.
//! A program that knows this way calls [`if_asked`] before anything else.

use std::{
    ffi::OsString,
    io,
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Command, ExitCode},
    sync::atomic::{AtomicBool, Ordering},
};

use nix::sys::resource::{Resource, setrlimit};

use super::Limits;

/// By this word the program knows that it is meant as a launcher.
const WORD: &str = "downbeat-launch-within-limits";
/// This very program, whatever became of its file.
const OURSELVES: &str = "/proc/self/exe";
/// As shells say that a program did not begin.
const NOT_BEGUN: u8 = 126;
/// Stands for a limit that is not set.
const NONE: &str = "-";

static ARMED: AtomicBool = AtomicBool::new(false);

/// Becomes another program, if it was started for that; otherwise remembers that it could be.
pub fn if_asked() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_none_or(|word| word != WORD) {
        ARMED.store(true, Ordering::Relaxed);
        return None;
    }
    let error = become_it(arguments);
    eprintln!("[downbeat] the program cannot begin within its limits: {error}");
    Some(ExitCode::from(NOT_BEGUN))
}

pub(super) fn is_armed() -> bool {
    ARMED.load(Ordering::Relaxed)
}

/// The command of a launcher. `join`: the file of the cgroup that takes processes.
pub(super) fn command(join: Option<&Path>, limits: &Limits, program: &Path) -> Command {
    let number = |number: Option<u64>| number.map_or(NONE.to_owned(), |number| number.to_string());
    let mut command = Command::new(OURSELVES);
    command.arg(WORD).arg(join.unwrap_or(Path::new(NONE)));
    command.arg(number(limits.memory.map(|memory| memory.bytes()))).arg(number(limits.pids.map(u64::from)));
    command.arg(program);
    command
}

/// Returns only if it fails.
fn become_it(mut arguments: impl Iterator<Item = OsString>) -> io::Error {
    let mut next = || arguments.next().ok_or_else(|| io::Error::other("an argument is missing"));
    let prepared = (|| {
        let (join, memory, pids, program) = (next()?, next()?, next()?, next()?);
        if join != NONE {
            // 0: whoever writes.
            std::fs::write(&join, "0").map_err(|error| io::Error::other(format!("{}: {error}", join.display())))?;
        }
        limit(Resource::RLIMIT_AS, &memory)?;
        limit(Resource::RLIMIT_NPROC, &pids)?;
        Ok::<_, io::Error>(program)
    })();
    match prepared {
        Ok(program) => Command::new(program).args(arguments).exec(),
        Err(error) => error,
    }
}

fn limit(resource: Resource, text: &OsString) -> io::Result<()> {
    let text = text.to_str().unwrap_or_default();
    if text == NONE {
        return Ok(());
    }
    let number = text.parse().map_err(|_| io::Error::other(format!("{text:?} is no limit")))?;
    setrlimit(resource, number, number).map_err(io::Error::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;

    #[test]
    fn a_launcher_is_told_all_by_its_arguments() {
        let memory = Some("64MiB".parse().unwrap());
        let limits = Limits { memory, pids: Some(7), cpu: None };
        let said = |command: &Command| command.get_args().map(OsStr::to_owned).collect::<Vec<_>>();
        let command_line = command(None, &limits, Path::new("/bin/true"));
        assert_eq!(said(&command_line), [WORD, NONE, "67108864", "7", "/bin/true"]);
        let command_line = command(Some(Path::new("/c/cgroup.procs")), &Limits::default(), Path::new("sh"));
        assert_eq!(said(&command_line), [WORD, "/c/cgroup.procs", NONE, NONE, "sh"]);
    }

    #[test]
    fn what_cannot_be_limited_does_not_begin() {
        for (arguments, what) in [
            (&["/nowhere/cgroup.procs", "-", "-", "true"][..], "/nowhere/cgroup.procs"),
            (&["-", "many", "-", "true"], "\"many\" is no limit"),
            (&["-", "-", "-"], "missing"),
            (&["-", "-", "-", "/nowhere/program"], "No such file"),
        ] {
            let error = become_it(arguments.iter().map(OsString::from));
            assert!(error.to_string().contains(what), "{arguments:?}: {error}");
        }
    }
}
