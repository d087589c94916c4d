//! Follows the logs of a job's containers into a task's log, a portion at each look.
//!
//! Promises: in one attempt's log each line of a container stands once, in its order; an attempt that carries on after a loss begins
//! with the first line again, so that its log is whole; what was left out is said. A log that cannot be read never fails the job.

mod position;

use std::collections::BTreeMap;

use reqwest::Method;

use super::sight::{Container, Doing};
use super::{Call, Session};
use crate::limits::{KUBERNETES_LOG_PORTIONS, KUBERNETES_LOG_TRIES, KUBERNETES_LOGS_AT_ONCE};
use crate::manifest::format::CallName;
use crate::remote::CallError;
use position::Position;

/// One life of a container: its pod, its name, how often it had begun before.
type Key = (String, String, u64);

/// How far each log was read.
#[derive(Debug, Default)]
pub(crate) struct Follower {
    read: BTreeMap<Key, (Position, bool)>,
    /// Whose lines were written last.
    shown: Option<Key>,
    /// Nothing more is asked for: why was said.
    refused: bool,
    /// Looks in a row at what has ended that failed.
    failures: u32,
}

/// Which log.
struct Source<'a> {
    namespace: &'a str,
    container: &'a Container,
    key: Key,
    /// It is the one of the container's life before.
    previous: bool,
    ended: bool,
}

impl Follower {
    /// Reads what is new. `false`: there is more to come of containers that have ended.
    pub(crate) async fn follow(&mut self, session: &Session, namespace: &str, containers: &[Container]) -> bool {
        let mut left = KUBERNETES_LOGS_AT_ONCE;
        let mut whole = true;
        for source in sources(namespace, containers) {
            if self.refused {
                return true;
            }
            if self.read.get(&source.key).is_some_and(|(_, done)| *done) {
                continue;
            }
            // A life before of which nothing was read while it lasted may be long gone.
            if left == 0 {
                whole &= !source.ended;
                continue;
            }
            left -= 1;
            match self.portions(session, &source).await {
                Ok(done) => {
                    self.failures = 0;
                    whole &= done || !source.ended;
                }
                Err(error) => whole &= self.failed(session, &source, error).await,
            }
        }
        whole
    }

    /// Nothing is asked for any more, and the log says why.
    pub(crate) async fn refuse(&mut self, session: &Session, why: &str) {
        if !std::mem::replace(&mut self.refused, true) {
            session.log.line(&format!("pods and their logs cannot be seen: {why}")).await;
        }
    }

    /// Whether there is nothing more to hope for.
    async fn failed(&mut self, session: &Session, source: &Source<'_>, error: CallError) -> bool {
        let (pod, container) = (&source.container.pod, &source.container.name);
        let message = match error {
            CallError::Gone(_) => {
                self.done(source);
                return true;
            }
            CallError::Refused(failure) if failure.message.contains("answered 403") => {
                self.refuse(session, &failure.message).await;
                return true;
            }
            CallError::Refused(failure) => failure.message,
            CallError::Again { message, .. } | CallError::Unknown(message) => message,
        };
        if !source.ended {
            return true;
        }
        self.failures += 1;
        if self.failures >= KUBERNETES_LOG_TRIES {
            session
                .log
                .line(&format!("the rest of the log of container {container} of pod {pod} cannot be read: {message}"))
                .await;
            self.done(source);
            self.failures = 0;
            return true;
        }
        false
    }

    fn done(&mut self, source: &Source<'_>) {
        self.read.entry(source.key.clone()).or_default().1 = true;
    }

    /// Whether all of it was read.
    async fn portions(&mut self, session: &Session, source: &Source<'_>) -> Result<bool, CallError> {
        for _ in 0..KUBERNETES_LOG_PORTIONS {
            let (position, _) = self.read.entry(source.key.clone()).or_default();
            let answer = fetch(session, source, position).await?;
            let portion = position.take(&answer, source.ended);
            if !portion.text.is_empty() {
                self.show(session, source).await;
                session.log.output(&portion.text).await;
            }
            if portion.gap {
                session
                    .log
                    .line("more came within one second than is read: the rest of it is in the cluster only")
                    .await;
            }
            if !portion.more {
                if source.ended {
                    self.done(source);
                }
                return Ok(source.ended);
            }
        }
        Ok(false)
    }

    /// Says whose lines follow.
    async fn show(&mut self, session: &Session, source: &Source<'_>) {
        if self.shown.as_ref() == Some(&source.key) {
            return;
        }
        self.shown = Some(source.key.clone());
        session.log.output_ended().await;
        let Container { pod, name, .. } = source.container;
        let life = if source.key.2 > 0 { format!(" (begun anew {} times)", source.key.2) } else { String::new() };
        session.log.line(&format!("log of container {name} of pod {pod}{life}:")).await;
    }
}

/// The logs that there are: of each container that has begun, and of its life before where it was begun anew.
fn sources<'a>(namespace: &'a str, containers: &'a [Container]) -> Vec<Source<'a>> {
    let mut sources = Vec::new();
    for container in containers {
        let key = |restarts| (container.pod_uid.clone(), container.name.clone(), restarts);
        let source = |restarts, previous, ended| Source { namespace, container, key: key(restarts), previous, ended };
        if container.restarts > 0 {
            sources.push(source(container.restarts - 1, true, true));
        }
        match container.doing {
            Doing::Waits(_) => {}
            Doing::Runs => sources.push(source(container.restarts, false, false)),
            Doing::Ended(_) => sources.push(source(container.restarts, false, true)),
        }
    }
    sources
}

async fn fetch(session: &Session, source: &Source<'_>, position: &Position) -> Result<Vec<u8>, CallError> {
    let limit = position.limit().to_string();
    let since = position.since();
    let mut query = vec![("container", source.container.name.as_str()), ("timestamps", "true"), ("limitBytes", &limit)];
    if source.previous {
        query.push(("previous", "true"));
    }
    if let Some(since) = &since {
        query.push(("sinceTime", since));
    }
    let path = ["api", "v1", "namespaces", source.namespace, "pods", &source.container.pod, "log"];
    let call = Call { name: CallName::Collect, method: Method::GET, path: &path, query: &query, body: None };
    session.bytes(&call).await
}
