//! Why git failed, told from its own words, and what to do about it. What it does not know may be worth a retry: most of what fails here is a network.

use downbeat_proto::events::v1::FailureClass;

/// Of what git and ssh say in English: a part of it, in small letters, whether trying again can help, and advice. The first that fits counts.
const KNOWN: [(&str, bool, &str); 16] = [
    (
        "host key verification failed",
        false,
        "the server has another key than git_host_key says: compare them with its owner",
    ),
    ("permission denied (", false, "the server does not take git_private_key, or the key has a passphrase"),
    ("invalid format", false, "git_private_key is no private key of OpenSSH"),
    ("error in libcrypto", false, "git_private_key is no private key of OpenSSH"),
    ("authentication failed", false, "the server does not take git_token"),
    ("could not read username", false, "the server wants credentials: set git_token"),
    ("returned error: 401", false, "the server wants other credentials: check git_token"),
    ("returned error: 403", false, "git_token may not read this repository"),
    ("returned error: 3", false, "the address leads elsewhere: write the one that it leads to"),
    ("couldn't find remote ref", false, "there is no such branch: correct the parameter branch, or git_branch"),
    ("not our ref", false, "there is no such commit that the server gives away"),
    ("repository not found", false, "there is none, or the credentials may not read it"),
    ("returned error: 404", false, "there is none, or the credentials may not read it"),
    ("' not found", false, "there is none, or the credentials may not read it"),
    ("does not appear to be a git repository", false, "there is none, or the credentials may not read it"),
    ("no space left on device", true, "the worker's disk is full"),
];

/// The class of a failure, and advice that goes behind git's words; may be empty.
pub(super) fn of(said: &str) -> (FailureClass, String) {
    let said = said.to_ascii_lowercase();
    let found = KNOWN.iter().find(|(words, _, _)| said.contains(words));
    let Some((_, again, advice)) = found else { return (FailureClass::Transient, String::new()) };
    let class = if *again { FailureClass::Transient } else { FailureClass::Misconfigured };
    (class, format!(" ({advice})"))
}
