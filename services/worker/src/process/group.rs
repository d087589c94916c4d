//! Process groups, seen through /proc: who is alive in one, and how to be rid of them.

use std::{collections::BTreeSet, fs, time::Duration};

use nix::{
    errno::Errno,
    sys::signal::{Signal, kill, killpg},
    unistd::Pid,
};
use tokio::time::{Instant, sleep};

use crate::limits::LOOK_AGAIN;

/// The variable that marks every process of an attempt, so that one which left its group is found all the same.
pub(crate) const MARKER_VARIABLE: &str = "DOWNBEAT_ATTEMPT";

/// What /proc/<pid>/stat says about a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stat {
    pub(crate) group: i32,
    /// Clock ticks since boot: with the pid it names a process for ever.
    pub(crate) started: u64,
    alive: bool,
}

/// `None`: there is no such process.
pub(crate) fn stat(pid: i32) -> Option<Stat> {
    parse_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

fn parse_stat(text: &str) -> Option<Stat> {
    // The command's name may hold blanks and parentheses: count from the last one.
    let fields: Vec<&str> = text[text.rfind(')')? + 1..].split_whitespace().collect();
    Some(Stat {
        group: fields.get(2)?.parse().ok()?,
        started: fields.get(19)?.parse().ok()?,
        alive: !matches!(*fields.first()?, "Z" | "X" | "x"),
    })
}

/// Every living process that is in `group` or carries `marker` in its environment; never this process.
pub(crate) fn members(group: Option<i32>, marker: &str) -> BTreeSet<i32> {
    let own = std::process::id() as i32;
    let wanted = format!("{MARKER_VARIABLE}={marker}");
    let Ok(entries) = fs::read_dir("/proc") else { return BTreeSet::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(|pid| *pid != own)
        .filter(|pid| {
            stat(*pid).is_some_and(|stat| stat.alive && (Some(stat.group) == group || carries(*pid, &wanted)))
        })
        .collect()
}

fn carries(pid: i32, wanted: &str) -> bool {
    fs::read(format!("/proc/{pid}/environ"))
        .is_ok_and(|environment| environment.split(|byte| *byte == 0).any(|entry| entry == wanted.as_bytes()))
}

/// Sends a signal to a whole group; a group that is gone is no failure.
pub(crate) fn signal_group(group: i32, signal: Signal) {
    if let Err(error) = killpg(Pid::from_raw(group), signal)
        && error != Errno::ESRCH
    {
        tracing::warn!(group, %signal, %error, "cannot signal a process group");
    }
}

/// Waits until nobody is left, but no longer than `wait`.
pub(crate) async fn leave_by_themselves(group: Option<i32>, marker: &str, wait: Duration) {
    let ends = Instant::now() + wait;
    while Instant::now() < ends && !members(group, marker).is_empty() {
        sleep(LOOK_AGAIN).await;
    }
}

/// Kills the group and everything marked, again and again until nothing is left. Returns how many were found, and whether
/// all of them are gone in time.
pub(crate) async fn kill_all(group: Option<i32>, marker: &str, wait: Duration) -> (usize, bool) {
    let ends = Instant::now() + wait;
    let mut found = BTreeSet::new();
    loop {
        let alive = members(group, marker);
        if alive.is_empty() {
            return (found.len(), true);
        }
        for pid in &alive {
            // Gone in between is what we want.
            kill(Pid::from_raw(*pid), Signal::SIGKILL).ok();
        }
        found.extend(alive);
        if Instant::now() >= ends {
            return (found.len(), false);
        }
        sleep(LOOK_AGAIN).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stat_lines_are_read_whatever_the_command_is_called() {
        let rest = "S 1 77 77 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 4242 1000 20";
        for name in ["sh", "a b", "(evil) 1 2", ""] {
            let stat = parse_stat(&format!("12 ({name}) {rest}")).unwrap();
            assert_eq!(stat, Stat { group: 77, started: 4242, alive: true }, "{name}");
        }
        assert!(!parse_stat(&format!("12 (sh) {}", rest.replacen('S', "Z", 1))).unwrap().alive);
        assert_eq!(parse_stat("nonsense"), None);
    }

    #[test]
    fn this_process_is_there_and_pid_zero_is_not() {
        assert!(stat(std::process::id() as i32).is_some());
        assert_eq!(stat(0), None);
    }
}
