//! A client of the Kubernetes API, as far as jobs need it: who signs in where, one exchange, the log of a container.
//!
//! Promises: a cluster is believed only by the authorities that its connection or its cloud names; credentials are read again every few
//! minutes and after a refusal, so that short-lived ones do; none of them is in anything that is said. What answers mean is said in the
//! classes of `remote/mod.rs`. It knows nothing of attempts.

pub(crate) mod cloud;
mod clouds;
pub(crate) mod follow;
pub(crate) mod job;
mod kubeconfig;
pub(crate) mod sight;

use std::{
    sync::{Arc, LazyLock, Mutex, PoisonError},
    time::Instant,
};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{
    Method, Url,
    header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue},
};
use serde_json::{Value, json};

use crate::attempt::{Failure, cut};
use crate::connections::{Connections, Secret, none_given};
use crate::limits::{HTTP_WAIT, KUBERNETES_SIGNED_IN_FOR};
use crate::manifest::answer::{self, Exchange, Read};
use crate::manifest::auth::{self, Around, SignIn, Tokens};
use crate::manifest::fill::Scope;
use crate::manifest::format::{CallName, ErrorRule};
use crate::process::{log::TaskLog, mask::Mask};
use crate::remote::CallError;
use crate::web;
use cloud::Cloud;

const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What the API's refusals mean beyond their status.
static RULES: LazyLock<Vec<ErrorRule>> = LazyLock::new(|| {
    let rules = json!([
        { "of": ["start"], "status": [409], "when": [{ "value": "$.reason", "is": "AlreadyExists" }], "means": "already" },
        { "status": [409], "means": "again" },
        { "status": [403], "when": [{ "value": "$.message", "contains": "exceeded quota" }], "means": "again" },
    ]);
    serde_json::from_value(rules).unwrap_or_default()
});

/// A cluster, and how requests to it are signed.
pub(crate) struct Cluster {
    pub(crate) server: Url,
    pub(crate) trust: web::Trust,
    /// `None`: a certificate shows who asks.
    pub(crate) way: Option<SignIn>,
    pub(crate) scope: Scope,
    /// The cloud's own API goes there instead.
    pub(crate) endpoint: Option<Url>,
    /// Where people see it; may be empty.
    pub(crate) link: String,
}

/// What is asked of the API.
pub(crate) struct Call<'a> {
    pub(crate) name: CallName,
    pub(crate) method: Method,
    /// Its parts, encoded on their way.
    pub(crate) path: &'a [&'a str],
    pub(crate) query: &'a [(&'a str, &'a str)],
    pub(crate) body: Option<&'a Value>,
}

/// One attempt's talk with a cluster.
pub(crate) struct Session {
    pub(crate) cloud: Cloud,
    pub(crate) connections: Connections,
    /// The connection's name; empty: the default one.
    pub(crate) connection: String,
    /// Which cluster, where the task says so and not the connection.
    pub(crate) cluster_name: Option<String>,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) log: TaskLog,
    /// Credentials, given or fetched.
    hidden: Mutex<Mask>,
    signed_in: tokio::sync::Mutex<Option<(Arc<Cluster>, Instant)>>,
}

impl Session {
    pub(crate) fn new(
        cloud: Cloud,
        connections: Connections,
        connection: &str,
        cluster_name: Option<String>,
        tokens: Arc<Tokens>,
        log: TaskLog,
    ) -> Self {
        let connection = connection.to_owned();
        let hidden = Mutex::default();
        Self {
            cloud,
            connections,
            connection,
            cluster_name,
            tokens,
            log,
            hidden,
            signed_in: tokio::sync::Mutex::default(),
        }
    }

    /// The connection as it is now.
    pub(crate) async fn connection(&self) -> Result<crate::connections::Connection, Failure> {
        let integration = self.cloud.job().0;
        let opened = self.connections.open(&self.connection, integration, self.cloud.fields()).await?;
        let connection = opened.ok_or_else(|| none_given(integration))?;
        self.learn(connection.secrets()).await;
        Ok(connection)
    }

    /// Takes these out of all that is said from now on.
    pub(crate) async fn learn(&self, secrets: &[Secret]) {
        self.hidden.lock().unwrap_or_else(PoisonError::into_inner).learn(secrets);
        self.log.learn(secrets).await;
    }

    /// The text without any credential.
    pub(crate) fn hide(&self, text: String) -> String {
        self.hidden.lock().unwrap_or_else(PoisonError::into_inner).hide(text)
    }

    /// The cluster; `anew`: what is known of it was refused.
    pub(crate) async fn cluster(&self, anew: bool) -> Result<Arc<Cluster>, CallError> {
        let mut kept = self.signed_in.lock().await;
        if let Some((cluster, since)) = &*kept
            && !anew
            && since.elapsed() < KUBERNETES_SIGNED_IN_FOR
        {
            return Ok(Arc::clone(cluster));
        }
        let connection = self.connection().await.map_err(CallError::Refused)?;
        let cluster = Arc::new(clouds::cluster(self, &connection).await?);
        *kept = Some((Arc::clone(&cluster), Instant::now()));
        Ok(cluster)
    }

    /// One exchange whose answer is JSON.
    pub(crate) async fn read(&self, call: &Call<'_>) -> Result<Read, CallError> {
        let (request, sent) = self.exchange(call).await?;
        let exchange = Exchange { integration: self.cloud.job().0, call: call.name, request: &request };
        answer::read(&exchange, sent, &RULES, &Scope::default()).map_err(|error| self.hide_error(error))
    }

    /// One exchange whose answer is no JSON unless it is a refusal.
    pub(crate) async fn bytes(&self, call: &Call<'_>) -> Result<Vec<u8>, CallError> {
        let (request, sent) = self.exchange(call).await?;
        match sent {
            Ok(answer) if answer.status.is_success() => Ok(answer.body),
            sent => {
                let exchange = Exchange { integration: self.cloud.job().0, call: call.name, request: &request };
                let read = answer::read(&exchange, sent, &RULES, &Scope::default());
                let error = read.err().unwrap_or_else(|| CallError::Gone(format!("{}: no log", exchange.said())));
                Err(self.hide_error(error))
            }
        }
    }

    async fn exchange(&self, call: &Call<'_>) -> Result<(web::Request, Result<web::Answer, web::Lost>), CallError> {
        let mut anew = false;
        loop {
            let cluster = self.cluster(anew).await.map_err(|error| self.hide_error(error))?;
            let mut hidden = Vec::new();
            let signed = self.signed(call, &cluster, &mut hidden).await;
            self.learn(&hidden).await;
            let request = signed.map_err(|error| self.hide_error(error))?;
            let sent = web::send_trusting(&request, HTTP_WAIT, None, &cluster.trust).await;
            // A token that was kept may have ended since. What was not let in was not accepted either.
            if !anew && sent.as_ref().is_ok_and(|answer| answer.status.as_u16() == 401) {
                hidden.iter().for_each(|token| self.tokens.forget(token.reveal()));
                anew = true;
                continue;
            }
            return Ok((request, sent));
        }
    }

    async fn signed(
        &self,
        call: &Call<'_>,
        cluster: &Cluster,
        hidden: &mut Vec<Secret>,
    ) -> Result<web::Request, CallError> {
        let segments: Vec<_> = call.path.iter().map(|part| utf8_percent_encode(part, SEGMENT).to_string()).collect();
        let path = format!("/{}", segments.join("/"));
        let mut url = answer::below(&cluster.server, &path).ok_or_else(|| {
            CallError::Refused(Failure::misconfigured(format!("{path:?} is no path below the cluster's address")))
        })?;
        for (name, value) in call.query {
            url.query_pairs_mut().append_pair(name, value);
        }
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json, */*"));
        if call.body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let body = call.body.map(|body| body.to_string().into());
        let mut request = web::Request { method: call.method.clone(), url, headers, body };
        if let Some(way) = &cluster.way {
            let around = Around {
                scope: &cluster.scope,
                integration: self.cloud.job().0,
                base: &cluster.server,
                endpoint: cluster.endpoint.as_ref(),
                tokens: &self.tokens,
            };
            auth::sign(way, &around, &mut request, hidden).await?;
        }
        Ok(request)
    }

    pub(crate) fn hide_error(&self, error: CallError) -> CallError {
        match error {
            CallError::Again { message, after } => CallError::Again { message: cut(self.hide(message)), after },
            CallError::Unknown(message) => CallError::Unknown(cut(self.hide(message))),
            CallError::Gone(message) => CallError::Gone(cut(self.hide(message))),
            CallError::Refused(failure) => {
                CallError::Refused(Failure { message: self.hide(failure.message), ..failure })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_can_be_read() {
        assert_eq!(RULES.len(), 3);
    }
}
