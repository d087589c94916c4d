//! Classes of errors, how each is recognised, and what people do about it: the one table of docs/answers.md.
//!
//! Promises: the same failure is always of the same class; a failure that no rule knows is a JOB_FAILED. What a job says is read in small
//! letters; the first rule of the table that fits counts. Knows nothing about rows.

use downbeat_domain::FailureClass;

/// How a task came to fail, before anybody reads what was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// An attempt failed, and its worker says why.
    Attempt(FailureClass),
    /// Its worker was lost too often.
    Lost,
    /// It failed before any attempt.
    BeforeAttempts,
    /// A person rejected it.
    Rejected,
    /// A person decided it.
    Marked,
    /// The run that it started failed.
    Child,
    /// Its run took too long.
    RunTimedOut,
    /// Its run failed, and none of its tasks did.
    Run,
}

/// A class of errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class {
    /// Its name.
    pub name: &'static str,
    /// What people do about it.
    pub remedy: &'static str,
    /// Whoever uses the same connection meets the same error: such failures have one cause.
    pub shared: bool,
}

const fn class(name: &'static str, shared: bool, remedy: &'static str) -> Class {
    Class { name, remedy, shared }
}

/// Every class.
pub const ALL: [Class; 19] = [
    class(
        CREDENTIALS,
        true,
        "The other side does not take the credentials, or they may not do this. Put right the connection's file on the worker, or have the rights granted, and run again.",
    ),
    class(
        CONNECTION_MISSING,
        true,
        "The worker has no such connection. Put its file into the worker's folder of connections, or name another one in the task, and run again.",
    ),
    class(
        RATE_LIMITED,
        true,
        "The other side takes no more calls for now. Run again later; `retries` with a backoff, or a pool with fewer slots, keeps below its limit.",
    ),
    class(
        UNREACHABLE,
        true,
        "The other side cannot be reached from the worker. Look whether it is up, and whether address, firewall and --egress-allow let the worker through; then run again.",
    ),
    class(NO_SPACE, true, "There is no room left, on the worker or on the other side. Make room, and run again."),
    class(
        OUT_OF_MEMORY,
        false,
        "It needs more memory than it is given. Give the task more (docs/isolation.md), or let it do less at once, and run again.",
    ),
    class(
        TEST_FAILED,
        false,
        "Data is not as a test says that it should be. Look at the rows that fail, put the data or the test right, and run again what failed.",
    ),
    class(
        NOT_FOUND,
        false,
        "It uses something that is not there: a table, a column, a file, an object. Look at what changed before, put back what is gone or name what is there, and run again.",
    ),
    class(
        CODE,
        false,
        "The code or the statement itself is wrong: it does not parse, or calls what is not there. Put it right, apply the pipeline, and run again.",
    ),
    class(
        MISCONFIGURED,
        false,
        "It cannot work as it is written, and a retry fails the same way. Put the task or its connection right, apply the pipeline, and run again.",
    ),
    class(
        TIMED_OUT,
        false,
        "It took longer than its timeout. Look whether it hangs or has more to do than before; give it more time, or less to do, and run again.",
    ),
    class(
        UNKNOWN_OUTCOME,
        false,
        "Nobody knows whether the job in the other system ran, or how it ended, so it was not started twice. Look there first; then run again, or mark the task as it ended.",
    ),
    class(
        WORKER_LOST,
        false,
        "Its worker went away each time. Look at the worker's machine: memory, disk, restarts; then run again.",
    ),
    class(
        EXPRESSION,
        false,
        "An expression of the pipeline did not evaluate with the values of this run. Put the expression or the input right, apply the pipeline, and run again.",
    ),
    class(
        REJECTED,
        false,
        "A person decided so, or nobody decided in time. Talk to whoever decides; run again what failed to ask once more.",
    ),
    class(
        MARKED,
        false,
        "A person marked it as failed. Ask whoever did why; run again what failed when that is settled.",
    ),
    class(
        CHILD_FAILED,
        false,
        "The run that it started failed. Put that one right first, and then run this one again from what failed.",
    ),
    class(
        TRANSIENT,
        false,
        "Something was short for a moment, and all retries met it. Run again; if it comes back, raise `retries` or their backoff.",
    ),
    class(JOB_FAILED, false, "The job itself failed. Read its log, put it right, and run again what failed."),
];

const CREDENTIALS: &str = "CREDENTIALS_REFUSED";
const CONNECTION_MISSING: &str = "CONNECTION_MISSING";
const RATE_LIMITED: &str = "RATE_LIMITED";
const UNREACHABLE: &str = "UNREACHABLE";
const NO_SPACE: &str = "NO_SPACE";
const OUT_OF_MEMORY: &str = "OUT_OF_MEMORY";
const TEST_FAILED: &str = "TEST_FAILED";
const NOT_FOUND: &str = "NOT_FOUND";
const CODE: &str = "CODE";
const MISCONFIGURED: &str = "MISCONFIGURED";
const TIMED_OUT: &str = "TIMED_OUT";
const UNKNOWN_OUTCOME: &str = "UNKNOWN_OUTCOME";
const WORKER_LOST: &str = "WORKER_LOST";
const EXPRESSION: &str = "EXPRESSION";
const REJECTED: &str = "REJECTED";
const MARKED: &str = "MARKED";
const CHILD_FAILED: &str = "CHILD_FAILED";
const TRANSIENT: &str = "TRANSIENT";
const JOB_FAILED: &str = "JOB_FAILED";

/// What jobs and other systems say, in small letters, and the class that it tells. The first that fits counts.
const SAID: [(&str, &[&str]); 9] = [
    (
        CONNECTION_MISSING,
        &["has no folder of connections", "there is no file", "there are no credentials", "no such connection"],
    ),
    (
        CREDENTIALS,
        &[
            "answered 401",
            "answered 403",
            "error: 401",
            "error: 403",
            "401 unauthorized",
            "403 forbidden",
            "authentication failed",
            "password authentication",
            "wants other credentials",
            "wrong credentials",
            "invalid credentials",
            "incorrect username or password",
            "invalid username or password",
            "access denied",
            "permission denied",
            "insufficient privileges",
            "not authorized",
            "unauthorized",
            "unauthenticated",
            "invalid api key",
            "invalid token",
            "token expired",
            "does not take git_token",
        ],
    ),
    (RATE_LIMITED, &["answered 429", "too many requests", "rate limit", "throttl", "quota exceeded"]),
    (
        UNREACHABLE,
        &[
            "cannot reach",
            "cannot be reached",
            "connection refused",
            "connection reset",
            "connection timed out",
            "could not connect",
            "no route to host",
            "could not resolve",
            "name or service not known",
            "failed to lookup address",
            "answered 502",
            "answered 503",
            "answered 504",
        ],
    ),
    (NO_SPACE, &["no space left", "disk full", "disk quota", "out of disk"]),
    (OUT_OF_MEMORY, &["out of memory", "memoryerror", "oom-kill", "memory limit", "cannot allocate memory"]),
    (
        TEST_FAILED,
        &["tests failed", "test failed", "test did not pass", "assertion failed", "assertionerror", "the test found"],
    ),
    (
        NOT_FOUND,
        &[
            "answered 404",
            "does not exist",
            "no such table",
            "no such column",
            "no such file",
            "undefined table",
            "undefined column",
            "invalid identifier",
            "table or view not found",
            "filenotfounderror",
            "not found",
        ],
    ),
    (
        CODE,
        &[
            "syntax error",
            "syntaxerror",
            "compilation error",
            "compilation failed",
            "parse error",
            "nameerror",
            "importerror",
            "modulenotfounderror",
            "typeerror",
            "attributeerror",
        ],
    ),
];

/// The class of a failure, by how it came and what was said.
pub(super) fn of(how: How, message: &str) -> Class {
    let said = message.to_lowercase();
    let told = || SAID.iter().find(|(_, words)| words.iter().any(|word| said.contains(word))).map(|(name, _)| *name);
    let name = match how {
        How::Lost => WORKER_LOST,
        How::BeforeAttempts => EXPRESSION,
        How::Rejected => REJECTED,
        How::Marked => MARKED,
        How::Child => CHILD_FAILED,
        How::RunTimedOut | How::Attempt(FailureClass::TimedOut) => TIMED_OUT,
        How::Attempt(FailureClass::UnknownOutcome) => UNKNOWN_OUTCOME,
        How::Attempt(FailureClass::Misconfigured) => told().unwrap_or(MISCONFIGURED),
        How::Attempt(FailureClass::Transient) => told().unwrap_or(TRANSIENT),
        How::Attempt(FailureClass::JobFailed) | How::Run => told().unwrap_or(JOB_FAILED),
    };
    named(name)
}

/// The class of this name; JOB_FAILED where there is none.
pub fn named(name: &str) -> Class {
    ALL.iter().copied().find(|class| class.name == name).unwrap_or(ALL[ALL.len() - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_has_a_class_and_every_class_a_remedy() {
        let attempt = How::Attempt;
        let cases = [
            (
                attempt(FailureClass::Misconfigured),
                "GET https://x answered 401: it wants other credentials",
                CREDENTIALS,
            ),
            (attempt(FailureClass::JobFailed), "FATAL: password authentication failed for user \"a\"", CREDENTIALS),
            (
                attempt(FailureClass::Misconfigured),
                "connection \"w\": there is no file w.json (or .yaml)",
                CONNECTION_MISSING,
            ),
            (attempt(FailureClass::Misconfigured), "the parameter rows is missing", MISCONFIGURED),
            (attempt(FailureClass::Transient), "cannot reach db:5432: connection refused", UNREACHABLE),
            (attempt(FailureClass::Transient), "POST x answered 429: slow down", RATE_LIMITED),
            (attempt(FailureClass::Transient), "short of something", TRANSIENT),
            (attempt(FailureClass::JobFailed), "relation \"raw.orders\" does not exist", NOT_FOUND),
            (attempt(FailureClass::JobFailed), "SyntaxError: invalid syntax", CODE),
            (attempt(FailureClass::JobFailed), "exit status 1", JOB_FAILED),
            (attempt(FailureClass::TimedOut), "answered 401", TIMED_OUT),
            (attempt(FailureClass::UnknownOutcome), "", UNKNOWN_OUTCOME),
            (How::Lost, "its worker was lost", WORKER_LOST),
            (How::BeforeAttempts, "outputs.x is not there", EXPRESSION),
            (How::Child, "failed: load", CHILD_FAILED),
            (How::RunTimedOut, "", TIMED_OUT),
            (How::Run, "", JOB_FAILED),
        ];
        for (how, message, expected) in cases {
            assert_eq!(of(how, message).name, expected, "{how:?} {message}");
        }
        let told = SAID.iter().map(|(name, _)| *name);
        for name in told.chain([EXPRESSION, REJECTED, MARKED, CHILD_FAILED]) {
            assert_eq!(named(name).name, name);
        }
        assert!(ALL.iter().all(|class| class.remedy.ends_with('.')));
        assert!(SAID.iter().flat_map(|(_, words)| *words).all(|word| *word == word.to_lowercase()), "in small letters");
    }
}
