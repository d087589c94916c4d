//! Who is running for which attempt, on disk, so that the next worker finds what a killed one left behind.
//!
//! One file per attempt, named by its marker; each line is `<pid> <start time>` of a process group's leader. The file is there
//! before the first process, so that the marker in its environment is enough should the worker die in between.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use tracing::{info, warn};

use super::confine::{Confinement, Place};
use super::group;
use crate::limits::KILL_WAIT;

/// The page of one attempt; taken out of the book when it is dropped.
#[derive(Debug)]
pub(crate) struct Page {
    path: PathBuf,
    marker: String,
    place: Place,
}

impl Page {
    /// Opens the page of the attempt that `marker` names.
    #[cfg(test)]
    pub(crate) fn open(folder: &Path, marker: &str) -> io::Result<Self> {
        Self::confined(folder, marker, &Confinement::default())
    }

    /// The same, its processes confined to a place of their own.
    pub(crate) fn confined(folder: &Path, marker: &str, confinement: &Confinement) -> io::Result<Self> {
        let path = folder.join(marker);
        fs::write(&path, "")?;
        // After the page: whoever comes next finds the place by it.
        let place = confinement.place(marker)?;
        Ok(Self { path, marker: marker.to_owned(), place })
    }

    /// A page for a part of the attempt that runs beside others.
    pub(crate) fn beside(&self, part: &str) -> io::Result<Self> {
        let folder = self.path.parent().unwrap_or(&self.path);
        Self::confined(folder, &format!("{}-{part}", self.marker), self.place.confinement())
    }

    /// Where its processes run.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    pub(crate) fn marker(&self) -> &str {
        &self.marker
    }

    /// Notes the leader of a new process group.
    pub(crate) fn note(&self, pid: i32) -> io::Result<()> {
        // A process that is already gone again needs no entry.
        let Some(stat) = group::stat(pid) else { return Ok(()) };
        writeln!(OpenOptions::new().append(true).open(&self.path)?, "{pid} {}", stat.started)
    }

    /// Kills whatever the attempt left, for attempts whose own end could not do it.
    pub(crate) async fn kill_all(&self) {
        kill_page(&self.path, &self.marker, KILL_WAIT).await;
        self.place.end().await;
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.path) {
            warn!(path = %self.path.display(), %error, "cannot remove the record of an attempt's processes");
        }
    }
}

/// Kills what a dead predecessor left behind, and empties the book and the attempts' folders. The data folder's lock must
/// be held: then every entry is a dead worker's.
pub(crate) async fn clean_orphans(processes: &Path, attempts: &Path, confinement: &Confinement) -> io::Result<()> {
    for entry in fs::read_dir(processes)? {
        let path = entry?.path();
        let Some(marker) = path.file_name().and_then(|name| name.to_str()).map(str::to_owned) else { continue };
        let killed = kill_page(&path, &marker, KILL_WAIT).await + confinement.clean(&marker).await;
        if killed > 0 {
            info!(killed, "killed processes that an earlier worker in this folder had left behind");
        }
        fs::remove_file(&path)?;
    }
    for entry in fs::read_dir(attempts)? {
        let path = entry?.path();
        // A script may have left folders that cannot be emptied: they cost space, and no later attempt uses them.
        let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        if let Err(error) = removed {
            warn!(path = %path.display(), %error, "cannot remove what an earlier attempt left behind; remove it by hand");
        }
    }
    Ok(())
}

async fn kill_page(path: &Path, marker: &str, wait: Duration) -> usize {
    let mut killed = 0;
    let text = fs::read_to_string(path).unwrap_or_default();
    let leaders = text.lines().filter_map(|line| {
        let (pid, started) = line.split_once(' ')?;
        Some((pid.parse::<i32>().ok()?, started.parse::<u64>().ok()?))
    });
    for (pid, started) in leaders {
        // The same number may be somebody else's by now: only the same start time makes it ours.
        if group::stat(pid).is_some_and(|stat| stat.started == started && stat.group == pid) {
            killed += group::kill_all(Some(pid), marker, wait).await.0;
        }
    }
    let (found, gone) = group::kill_all(None, marker, wait).await;
    if !gone {
        warn!(marker, "some processes of an attempt do not die");
    }
    killed + found
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::CommandExt;
    use std::process::{Command, Stdio};

    use super::*;

    fn sleeper(marker: Option<&str>) -> std::process::Child {
        let mut command = Command::new("sleep");
        command.arg("1000").stdin(Stdio::null()).process_group(0);
        if let Some(marker) = marker {
            command.env(group::MARKER_VARIABLE, marker);
        }
        command.spawn().unwrap()
    }

    #[tokio::test]
    async fn leftovers_that_resist_keep_no_worker_from_starting() {
        use std::os::unix::fs::PermissionsExt;
        let (folder, attempts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let sealed = attempts.path().join("sealed/inner");
        fs::create_dir_all(sealed.join("content")).unwrap();
        fs::write(attempts.path().join("file"), "").unwrap();
        fs::set_permissions(&sealed, fs::Permissions::from_mode(0o000)).unwrap();

        let cleaned = clean_orphans(folder.path(), attempts.path(), &Confinement::default()).await;

        // For root nothing is sealed, and the folder is gone.
        if sealed.exists() {
            fs::set_permissions(&sealed, fs::Permissions::from_mode(0o700)).unwrap();
        }
        cleaned.unwrap();
        assert!(!attempts.path().join("file").exists());
    }

    #[test]
    fn parts_of_an_attempt_have_pages_of_their_own_that_name_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let attempts = ["m-1", "m-2"].map(|marker| Page::open(folder.path(), marker).unwrap());
        let parts = [&attempts[0], &attempts[1]].map(|page| page.beside("source").unwrap());
        let mut markers: Vec<&str> = attempts.iter().chain(&parts).map(Page::marker).collect();
        markers.sort_unstable();
        assert_eq!(markers, ["m-1", "m-1-source", "m-2", "m-2-source"]);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4, "whoever comes next finds each");
        drop(parts);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[tokio::test]
    async fn a_new_worker_kills_what_is_noted_or_marked_and_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let attempts = tempfile::tempdir().unwrap();
        fs::create_dir(attempts.path().join("left")).unwrap();
        let (mut noted, mut marked, mut stranger) = (sleeper(None), sleeper(Some("m-1")), sleeper(None));
        let started = group::stat(noted.id() as i32).unwrap().started;
        // The stranger has the pid of an entry, but another start time.
        let lines = format!("{} {started}\n{} 1\nrubbish\n", noted.id(), stranger.id());
        fs::write(folder.path().join("m-1"), lines).unwrap();

        // The test is the parent: without somebody waiting for them the killed would stay as zombies, which count as gone.
        clean_orphans(folder.path(), attempts.path(), &Confinement::default()).await.unwrap();

        assert!(!noted.wait().unwrap().success());
        assert!(!marked.wait().unwrap().success());
        assert!(stranger.try_wait().unwrap().is_none(), "a process of somebody else was killed");
        stranger.kill().unwrap();
        stranger.wait().unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        assert_eq!(fs::read_dir(attempts.path()).unwrap().count(), 0);
    }
}
