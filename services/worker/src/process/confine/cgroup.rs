//! Cgroups of version 2 as files: one below the worker's own for each attempt.
//!
//! The kernel lets limits be set only below a cgroup that holds no process itself, so a worker that uses its own moves into a child of it first.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::time::{Instant, sleep};

use super::Limits;
use crate::limits::{KILL_WAIT, LOOK_AGAIN};

/// The child into which a worker moves.
const OWN: &str = "downbeat-worker";
/// What the cgroups of attempts are called, before their names.
const PREFIX: &str = "downbeat-task-";
/// Period of the limit of processor time, in microseconds.
const PERIOD: u64 = 100_000;

/// A cgroup in which the worker may make others.
#[derive(Debug)]
pub(crate) struct Delegated {
    path: PathBuf,
}

impl Delegated {
    /// The one that is named, or the worker's own; ready for these limits.
    ///
    /// # Errors
    /// Why there is none, for people.
    pub(crate) fn find(named: Option<&Path>, limits: &Limits) -> Result<Self, String> {
        let found = match named {
            Some(named) => Self::at(named, false),
            None => Self::at(&own()?, true),
        }?;
        found.ready(limits)?;
        Ok(found)
    }

    fn at(path: &Path, ours: bool) -> Result<Self, String> {
        if !path.join("cgroup.controllers").is_file() {
            return Err(format!("{} is no cgroup of version 2", path.display()));
        }
        // A worker that was here before has moved on; so the one that runs in the child takes its parent.
        let path = match path.file_name() {
            Some(name) if ours && name == OWN => path.parent().unwrap_or(path),
            _ => path,
        };
        Ok(Self { path: path.to_owned() })
    }

    /// Hands on what the limits need, and sees whether cgroups can be made.
    fn ready(&self, limits: &Limits) -> Result<(), String> {
        let needed: Vec<&str> =
            [(limits.memory.is_some(), "memory"), (limits.cpu.is_some(), "cpu"), (limits.pids.is_some(), "pids")]
                .into_iter()
                .filter_map(|(is, name)| is.then_some(name))
                .collect();
        let there = self.words("cgroup.controllers")?;
        if let Some(missing) = needed.iter().find(|name| !there.iter().any(|known| known == *name)) {
            return Err(format!("{} has no controller {missing:?}", self.path.display()));
        }
        let handed_on = self.words("cgroup.subtree_control")?;
        for name in needed.into_iter().filter(|name| !handed_on.iter().any(|known| known == name)) {
            self.hand_on(name)?;
        }
        let probe = self.path.join(format!("{PREFIX}probe-{}", std::process::id()));
        let made = fs::create_dir(&probe).and_then(|()| fs::remove_dir(&probe));
        made.map_err(|error| format!("no cgroup can be made in {}: {error}", self.path.display()))
    }

    fn hand_on(&self, controller: &str) -> Result<(), String> {
        let file = self.path.join("cgroup.subtree_control");
        let write = || fs::write(&file, format!("+{controller}"));
        let refused = |error: io::Error| format!("{} cannot hand on {controller:?}: {error}", self.path.display());
        match write() {
            Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {
                self.move_into_child().map_err(refused)?;
                write().map_err(refused)
            }
            other => other.map_err(refused),
        }
    }

    fn move_into_child(&self) -> io::Result<()> {
        let child = self.path.join(OWN);
        match fs::create_dir(&child) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        fs::write(child.join("cgroup.procs"), "0")
    }

    fn words(&self, file: &str) -> Result<Vec<String>, String> {
        let path = self.path.join(file);
        let text = fs::read_to_string(&path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
        Ok(text.split_whitespace().map(str::to_owned).collect())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A cgroup with these limits.
    pub(crate) fn make(&self, name: &str, limits: &Limits) -> io::Result<Cgroup> {
        let path = self.path.join(format!("{PREFIX}{name}"));
        fs::create_dir(&path)?;
        let cgroup = Cgroup { path };
        cgroup.limit(limits)?;
        Ok(cgroup)
    }

    /// The cgroup that somebody left behind.
    pub(crate) fn left(&self, name: &str) -> Option<Cgroup> {
        let path = self.path.join(format!("{PREFIX}{name}"));
        path.is_dir().then_some(Cgroup { path })
    }
}

/// The cgroup of version 2 in which this process runs.
fn own() -> Result<PathBuf, String> {
    let read = |path: &str| fs::read_to_string(path).map_err(|error| format!("{path} cannot be read: {error}"));
    let mount = mount(&read("/proc/self/mountinfo")?).ok_or("no cgroup of version 2 is mounted")?;
    let cgroups = read("/proc/self/cgroup")?;
    let inside =
        cgroups.lines().find_map(|line| line.strip_prefix("0::")).ok_or("this process is in no cgroup of version 2")?;
    Ok(mount.join(inside.trim_start_matches('/')))
}

/// Where cgroups of version 2 are mounted.
fn mount(mountinfo: &str) -> Option<PathBuf> {
    mountinfo.lines().find_map(|line| {
        let (before, after) = line.split_once(" - ")?;
        let kind = after.split(' ').next()?;
        (kind == "cgroup2").then(|| before.split(' ').nth(4).map(PathBuf::from))?
    })
}

/// The cgroup of one attempt. Removed when it is dropped, if nothing runs in it any more.
#[derive(Debug)]
pub(crate) struct Cgroup {
    path: PathBuf,
}

impl Cgroup {
    fn limit(&self, limits: &Limits) -> io::Result<()> {
        let write = |file: &str, text: String| {
            let path = self.path.join(file);
            fs::write(&path, text).map_err(|error| io::Error::other(format!("{}: {error}", path.display())))
        };
        if let Some(memory) = limits.memory {
            write("memory.max", memory.bytes().to_string())?;
            // All of it ends or nothing: half a task is worse than none.
            write("memory.oom.group", "1".to_owned())?;
            // A kernel without swap has no such file; then there is nothing to limit.
            fs::write(self.path.join("memory.swap.max"), "0").ok();
        }
        if let Some(cpu) = limits.cpu {
            write("cpu.max", format!("{} {PERIOD}", cpu.quota()))?;
        }
        if let Some(pids) = limits.pids {
            write("pids.max", pids.to_string())?;
        }
        Ok(())
    }

    /// The file that takes processes.
    pub(crate) fn procs(&self) -> PathBuf {
        self.path.join("cgroup.procs")
    }

    fn number(&self, file: &str, name: &str) -> Option<u64> {
        let text = fs::read_to_string(self.path.join(file)).ok()?;
        text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
    }

    /// How often something in it was killed because there was no memory left for it.
    pub(crate) fn out_of_memory(&self) -> u64 {
        self.number("memory.events", "oom_kill ").unwrap_or(0)
    }

    fn count(&self) -> usize {
        fs::read_to_string(self.procs()).map_or(0, |text| text.lines().count())
    }

    /// Kills all that is in it, and waits until nothing is. How many there were, and whether they are gone.
    pub(crate) async fn end(&self) -> (usize, bool) {
        let found = self.count();
        if found > 0
            && let Err(error) = fs::write(self.path.join("cgroup.kill"), "1")
        {
            // Kernels before 5.14 have no such file.
            tracing::warn!(cgroup = %self.path.display(), %error, "a cgroup cannot be killed as a whole");
            return (found, false);
        }
        (found, self.empty_within(KILL_WAIT).await)
    }

    async fn empty_within(&self, wait: Duration) -> bool {
        let ends = Instant::now() + wait;
        while self.number("cgroup.events", "populated ").unwrap_or(0) > 0 {
            if Instant::now() >= ends {
                return false;
            }
            sleep(LOOK_AGAIN).await;
        }
        true
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir(&self.path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(cgroup = %self.path.display(), %error, "a task's cgroup cannot be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    fn limits() -> Limits {
        Limits { memory: Some("64MiB".parse().unwrap()), cpu: Some("1.5".parse().unwrap()), pids: Some(32) }
    }

    /// A folder that looks like a cgroup; nobody acts on what is written.
    fn looks_like_one(controllers: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("cgroup.controllers"), controllers).unwrap();
        fs::write(folder.path().join("cgroup.subtree_control"), "").unwrap();
        folder
    }

    #[test]
    fn the_mount_of_version_2_is_found_among_others() {
        let hybrid = "30 25 0:26 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory\n\
                      31 25 0:27 / /sys/fs/cgroup/unified rw,relatime shared:10 - cgroup2 cgroup2 rw\n";
        assert_eq!(mount(hybrid), Some(PathBuf::from("/sys/fs/cgroup/unified")));
        assert_eq!(mount("22 1 0:20 / /sys rw - sysfs sysfs rw\n"), None);
    }

    #[test]
    fn limits_are_written_as_the_kernel_reads_them() {
        let folder = looks_like_one("cpuset cpu io memory pids");
        let delegated = Delegated::find(Some(folder.path()), &limits()).unwrap();
        let cgroup = delegated.make("m-1", &limits()).unwrap();
        let read = |file: &str| fs::read_to_string(cgroup.path.join(file)).unwrap();
        for (file, text) in
            [("memory.max", "67108864"), ("memory.oom.group", "1"), ("cpu.max", "150000 100000"), ("pids.max", "32")]
        {
            assert_eq!(read(file), text, "{file}");
        }
        fs::write(cgroup.path.join("memory.events"), "low 0\nmax 12\noom 1\noom_kill 2\noom_group_kill 1\n").unwrap();
        assert_eq!(cgroup.out_of_memory(), 2);
        assert!(delegated.left("m-1").is_some() && delegated.left("m-2").is_none());
        // What is no cgroup keeps its files, and so its folder.
        std::mem::forget(cgroup);
    }

    #[test]
    fn what_cannot_hold_the_limits_is_said() {
        let few = looks_like_one("cpu pids");
        for (path, limits, what) in [
            (Path::new("/nowhere"), Limits::default(), "/nowhere is no cgroup of version 2"),
            (few.path(), limits(), "has no controller \"memory\""),
        ] {
            let why = Delegated::find(Some(path), &limits).unwrap_err();
            assert!(why.contains(what), "{why}");
        }
        assert!(Delegated::find(Some(few.path()), &Limits::default()).is_ok());
    }

    #[tokio::test]
    async fn all_of_a_cgroup_ends_with_it_whatever_left_its_group_and_hides_its_name() {
        let Ok(delegated) = own().and_then(|own| Delegated::find(Some(&own), &Limits::default())) else {
            eprintln!("skipped: no cgroup of version 2 can be written here");
            return;
        };
        let name = format!("test-{}", std::process::id());
        let cgroup = delegated.make(&name, &Limits::default()).unwrap();
        if !cgroup.path.join("cgroup.kill").exists() {
            eprintln!("skipped: this kernel cannot kill a cgroup");
            return;
        }
        // It joins, and leaves somebody behind in a session of its own, without any environment.
        let script = format!("echo 0 > {}; setsid env -i sleep 1000 & wait", cgroup.procs().display());
        let mut child = Command::new("sh").args(["-c", &script]).stdin(Stdio::null()).spawn().unwrap();
        while cgroup.count() < 2 {
            assert!(child.try_wait().unwrap().is_none(), "it ended early");
            sleep(LOOK_AGAIN).await;
        }
        let (found, gone) = cgroup.end().await;
        assert!(found >= 2 && gone, "{found} {gone}");
        assert!(!child.wait().unwrap().success());
        let path = cgroup.path.clone();
        drop(cgroup);
        assert!(!path.exists());
    }
}
