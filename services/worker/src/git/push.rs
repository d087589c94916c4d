//! What git and a host say to a push, and what to do about it.
//!
//! Promises that where somebody else was faster is told from what is refused. Knows nothing of what was pushed.

use downbeat_proto::events::v1::FailureClass;

use super::reasons;

/// Why a push failed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failed {
    /// The branch is not where it was: nothing was written.
    Moved,
    /// It is refused, or cannot be done; with advice, which may be empty.
    Refused(FailureClass, String),
}

/// Of what is said, in small letters, where the branch is another one than was expected.
const MOVED: [&str; 7] = [
    "(stale info)",
    "(fetch first)",
    "(non-fast-forward)",
    "incorrect old value provided",
    "reference already exists",
    "failed to update ref",
    "cannot lock ref",
];

/// The same where the host does not want it: a part of it, and advice. The first that fits counts.
const REFUSED: [(&str, &str); 12] = [
    ("protected branch", PROTECTED),
    ("gh006", PROTECTED),
    ("gh013", PROTECTED),
    (
        "branch is currently checked out",
        "it is checked out there: name another branch, or keep a bare repository there",
    ),
    ("shallow update not allowed", "the host takes no commits whose history it has to look up by itself"),
    ("permission to", MAY_NOT),
    ("not allowed to push", MAY_NOT),
    ("write access", MAY_NOT),
    ("returned error: 403", MAY_NOT),
    ("permission denied", MAY_NOT),
    ("hook declined", "the host refuses it: what it says stands before this"),
    ("[remote rejected]", "the host refuses it: what it says stands before this"),
];
const PROTECTED: &str = "the host protects this branch: commit onto another one and open a pull request, or let the owner of git_token push there";
const MAY_NOT: &str = "git_token, or git_private_key, may not write there: give it that permission at the host";

/// What the words of git and the host mean. `rejected`: what git lists of the branch, which only stands there where the host has answered; `said`:
/// all that was printed, in which a host may write what it likes.
pub(super) fn why(rejected: &str, said: &str) -> Failed {
    let (listed, small) = (rejected.to_ascii_lowercase(), said.to_ascii_lowercase());
    let refused = |advice: &str| Failed::Refused(FailureClass::Misconfigured, format!(" ({advice})"));
    if listed.trim().is_empty() {
        // It did not come to the branch.
        let is_shut = ["returned error: 403", "permission denied"].iter().any(|words| small.contains(words))
            || (small.contains("permission to ") && small.contains(" denied to "));
        if is_shut {
            return refused(MAY_NOT);
        }
        let (class, advice) = reasons::of(said);
        return Failed::Refused(class, advice);
    }
    // Said in the words of a branch that has moved.
    if small.contains("cannot create 'refs/") {
        return refused("a branch stands in the way of this name: choose another one");
    }
    if MOVED.iter().any(|words| listed.contains(words)) {
        return Failed::Moved;
    }
    if let Some((_, advice)) = REFUSED.iter().find(|(words, _)| small.contains(words)) {
        return refused(advice);
    }
    let (class, advice) = reasons::of(said);
    Failed::Refused(class, advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why_of(said: &str) -> Failed {
        why(&said.lines().filter(|line| line.starts_with('!')).collect::<Vec<_>>().join("\n"), said)
    }

    #[test]
    fn who_was_faster_is_told_from_who_refuses() {
        for (said, expected) in [
            ("!\t0f:refs/heads/x\t[rejected] (stale info)", None),
            ("!\t0f:refs/heads/x\t[remote rejected] (cannot lock ref 'refs/heads/x': is at 0e but expected 0d)", None),
            ("!\t0f:refs/heads/x\t[remote rejected] (failed to update ref)", None),
            (
                "!\t0f:refs/heads/a/b\t[remote rejected] (cannot lock ref 'refs/heads/a/b': 'refs/heads/a' exists; cannot create 'refs/heads/a/b')",
                Some("in the way"),
            ),
            (
                "remote: error: GH006: Protected branch update failed\n!\t0f:refs/heads/x\t[remote rejected] (protected branch hook declined)",
                Some("protects"),
            ),
            (
                "remote: GitLab: You are not allowed to push code to protected branches on this project.\n!\t0f:refs/heads/x\t[remote rejected] (pre-receive hook declined)",
                Some("protects"),
            ),
            (
                "remote: Permission to acme/etl.git denied to bot.\nfatal: ... The requested URL returned error: 403",
                Some("may not write"),
            ),
            (
                "remote: no\n!\t0f:refs/heads/x\t[remote rejected] (pre-receive hook declined)",
                Some("stands before this"),
            ),
            ("fatal: Authentication failed for 'https://x'", Some("does not take git_token")),
        ] {
            match (why_of(said), expected) {
                (Failed::Moved, None) => {}
                (Failed::Refused(FailureClass::Misconfigured, advice), Some(words)) => {
                    assert!(advice.contains(words), "{said}: {advice}");
                }
                other => panic!("{said}: {other:?}"),
            }
        }
        // What a host tells everybody is no answer, where the line ends before there is one.
        let lost = Failed::Refused(FailureClass::Transient, String::new());
        for said in [
            "unexpected disconnect",
            "remote: ask ops for write access; main is a protected branch\nfatal: the remote end hung up unexpectedly",
            "remote: cannot lock ref\nfatal: the remote end hung up unexpectedly",
        ] {
            assert_eq!(why_of(said), lost, "{said}");
        }
    }
}
