//! The calls of one attempt, as its manifest describes them.
//!
//! Promises what `remote/mod.rs` asks for. All that is kept in memory is how a job ended that was over with its start, for an answer
//! too large for the handle, and tokens to sign in with.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use reqwest::{
    Url,
    header::{CONTENT_TYPE, HeaderName, HeaderValue},
};
use serde_json::{Map, Value};

use super::answer::{self, Exchange, Read};
use super::auth::{self, SignIn, Tokens};
use super::fill::Scope;
use super::format::{CallName, Manifest, Method, Request, StateWord};
use super::handle::{Handle, Outcome};
use super::hide;
use super::judge::{self, Sight};
use super::path::plain;
use super::template::Name;
use super::threshold::{Judgement, Threshold};
use crate::attempt::{Collection, Failure, cut};
use crate::connections::{Connection, Secret};
use crate::limits::{FIND_AFTER_START_LOOKS, FIND_AFTER_START_PAUSE, HTTP_WAIT};
use crate::process::mask::Mask;
use crate::remote::{CallError, Job, Observation, Prepared, State};
use crate::web;

/// One attempt, ready to be started.
pub(super) struct Calls {
    pub(super) manifest: &'static Manifest,
    pub(super) scope: Scope,
    pub(super) base: Url,
    /// The same as the vendor has it, where requests go to an endpoint of the operator's.
    pub(super) vendor: Url,
    pub(super) endpoint: Option<Url>,
    pub(super) way: Option<&'static SignIn>,
    pub(super) thresholds: Option<(Threshold, Option<Threshold>)>,
    pub(super) tokens: Arc<Tokens>,
    pub(super) connection: Option<Connection>,
    /// Knows the credentials that were given, made or fetched on the way.
    pub(super) hidden: Mutex<Mask>,
    /// The answer to the start, for what is over with it.
    pub(super) answered: Mutex<Option<Value>>,
}

impl Calls {
    pub(super) async fn send(&self, call: CallName, request: &Request, scope: &Scope) -> Result<Read, CallError> {
        let built = self.build(request, scope).map_err(CallError::Refused)?;
        self.exchange(call, &built, scope).await
    }

    /// Signs a request, sends it and judges what comes back.
    pub(super) async fn exchange(
        &self,
        call: CallName,
        built: &web::Request,
        scope: &Scope,
    ) -> Result<Read, CallError> {
        let mut again = self.fetches_tokens();
        loop {
            let mut hidden = Vec::new();
            let signed = self.sign(built.clone(), scope, &mut hidden).await;
            self.remember(&hidden);
            let signed = signed.map_err(|error| self.hide_error(error))?;
            let sent = web::send(&signed, HTTP_WAIT, None).await;
            // A token that was kept may have been withdrawn since. What was not let in was not accepted either.
            if again && sent.as_ref().is_ok_and(|answer| answer.status.as_u16() == 401) {
                hidden.iter().for_each(|token| self.tokens.forget(token.reveal()));
                again = false;
                continue;
            }
            let exchange = Exchange { integration: &self.manifest.integration, call, request: &signed };
            let read = answer::read(&exchange, sent, &self.manifest.errors, scope);
            return read.map_err(|error| self.hide_error(error));
        }
    }

    fn fetches_tokens(&self) -> bool {
        matches!(
            self.way,
            Some(SignIn::Login { .. } | SignIn::Oauth2ClientCredentials { .. } | SignIn::GoogleServiceAccount { .. })
        )
    }

    pub(super) fn build(&self, request: &Request, scope: &Scope) -> Result<web::Request, Failure> {
        let path = scope.path(&request.path)?;
        let mut url = answer::below(&self.base, &path)
            .ok_or_else(|| Failure::misconfigured(format!("{path:?} is no path below {}", web::shown(&self.base))))?;
        for (name, template) in &request.query {
            if let Some(value) = scope.text(template)? {
                url.query_pairs_mut().append_pair(name, &value);
            }
        }
        let mut headers = reqwest::header::HeaderMap::new();
        for (name, template) in self.manifest.headers.iter().chain(&request.headers) {
            let Some(value) = scope.text(template)? else { continue };
            let (Ok(header), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) else {
                return Err(Failure::misconfigured(format!(
                    "the header {name} cannot have the value that it would get"
                )));
            };
            headers.insert(header, value);
        }
        let body = match (&request.body, &request.form) {
            (Some(body), _) => {
                let json = HeaderValue::from_static("application/json");
                headers.entry(CONTENT_TYPE).or_insert(json);
                Some(scope.body(body)?.unwrap_or_else(|| Value::Object(Map::new())).to_string())
            }
            (None, Some(form)) => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
                let mut pairs = Url::parse("http://localhost/").map_err(|error| Failure::job(error.to_string()))?;
                for (name, template) in form {
                    if let Some(value) = scope.text(template)? {
                        pairs.query_pairs_mut().append_pair(name, &value);
                    }
                }
                Some(pairs.query().unwrap_or_default().to_owned())
            }
            (None, None) => None,
        };
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
        };
        Ok(web::Request { method, url, headers, body: body.map(Into::into) })
    }

    async fn sign(
        &self,
        mut request: web::Request,
        scope: &Scope,
        hidden: &mut Vec<Secret>,
    ) -> Result<web::Request, CallError> {
        if let Some(way) = self.way {
            let around = auth::Around {
                scope,
                integration: &self.manifest.integration,
                base: &self.base,
                endpoint: self.endpoint.as_ref(),
                tokens: &self.tokens,
            };
            auth::sign(way, &around, &mut request, hidden).await?;
        }
        Ok(request)
    }

    fn remember(&self, hidden: &[Secret]) {
        self.hidden.lock().unwrap_or_else(PoisonError::into_inner).learn(hidden);
    }

    fn hide_error(&self, error: CallError) -> CallError {
        match error {
            CallError::Again { message, after } => CallError::Again { message: cut(self.hide(message)), after },
            CallError::Unknown(message) => CallError::Unknown(cut(self.hide(message))),
            CallError::Gone(message) => CallError::Gone(cut(self.hide(message))),
            CallError::Refused(failure) => {
                CallError::Refused(Failure { message: self.hide(failure.message), ..failure })
            }
        }
    }

    /// What has to be read before the start; it starts nothing.
    async fn before(&self) -> Result<Scope, CallError> {
        let mut scope = self.scope.clone();
        for step in &self.manifest.before {
            let read = self.send(CallName::Before, &step.request, &scope).await?;
            let captured = judge::captured(&step.capture, &read.body, &read.headers).map_err(|name| {
                let said = answer::shown(read.body.to_string().as_bytes());
                self.hide_error(CallError::Refused(Failure::misconfigured(format!(
                    "{}: the answer before the start has no {name}: {said}",
                    self.manifest.integration
                ))))
            })?;
            scope.job.extend(captured);
        }
        Ok(scope)
    }

    fn job(&self, scope: &Scope, outcome: Option<Outcome>) -> Result<Job, CallError> {
        let id = scope.job.get("id").map_or_else(|| scope.token.clone(), plain);
        let link = self.manifest.link.as_ref().and_then(|link| scope.text(link).ok().flatten()).unwrap_or_default();
        let handle = Handle { captured: scope.job.clone(), outcome }.encode().map_err(CallError::Refused)?;
        Ok(Job { handle, external_id: id, link })
    }

    /// An accepted start did not say how the job is called.
    async fn find_started(&self, scope: &Scope) -> Result<Map<String, Value>, CallError> {
        for look in 0..FIND_AFTER_START_LOOKS {
            if look > 0 {
                tokio::time::sleep(FIND_AFTER_START_PAUSE).await;
            }
            if let Ok(Some(found)) = self.look_up(scope).await {
                return Ok(found);
            }
        }
        Err(CallError::Unknown(format!(
            "{}: the start was accepted, but the job is not to be found yet",
            self.manifest.integration
        )))
    }

    fn over_with_its_start(&self, read: &Read, scope: &Scope) -> Result<Outcome, CallError> {
        let (sight, word) = judge::state(&self.manifest.poll, read, scope);
        let Sight::Known(state) = sight else {
            return Err(CallError::Unknown(format!(
                "{}: the answer says nothing that is known of how it ended: {}",
                self.manifest.integration,
                self.hide(answer::shown(read.body.to_string().as_bytes()))
            )));
        };
        let message = self.message(&read.body);
        let mut answer = read.body.clone();
        hide::in_value(&mut answer, &|text| self.hide(text));
        *self.answered.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer.clone());
        Ok(Outcome { state, word, message, answer: Some(answer) })
    }

    fn message(&self, body: &Value) -> String {
        let message = self.manifest.poll.message.as_ref().and_then(|paths| paths.text(body)).unwrap_or_default();
        cut(self.hide(message))
    }

    /// Values of the job, how it ended if it was over at once, and the scope for further calls.
    pub(super) fn open(&self, job: &Job) -> Result<(Scope, Option<Outcome>), CallError> {
        let handle = Handle::decode(&job.handle).map_err(CallError::Refused)?;
        let scope = Scope { job: handle.captured, ..self.scope.clone() };
        let Some(mut outcome) = handle.outcome else { return Ok((scope, None)) };
        if outcome.answer.is_none() {
            outcome.answer = self.answered.lock().unwrap_or_else(PoisonError::into_inner).clone();
        }
        Ok((scope, Some(outcome)))
    }

    async fn seen(
        &self,
        state: StateWord,
        word: String,
        message: String,
        read: &Read,
        scope: &Scope,
    ) -> Result<Observation, CallError> {
        let after = read.after;
        let (state, message) = match state {
            StateWord::Queued => (State::Queued, message),
            StateWord::Running => (State::Running, message),
            StateWord::Failed => (State::Failed, message),
            StateWord::Cancelled => (State::Cancelled, message),
            StateWord::Succeeded | StateWord::Warning => {
                self.succeeded(state == StateWord::Warning, message, read, scope).await?
            }
        };
        Ok(Observation { state, word, message, after })
    }

    async fn succeeded(
        &self,
        mut warning: bool,
        mut message: String,
        read: &Read,
        scope: &Scope,
    ) -> Result<(State, String), CallError> {
        if let (Some(test), Some((error, warn))) = (&self.manifest.test, &self.thresholds) {
            let counted = self.counted(test, read, scope).await?;
            match super::threshold::judge(&counted.rows, Some(counted.count), error, warn.as_ref()) {
                Judgement::Failed(why) => return Ok((State::Failed, why)),
                Judgement::Warned(why) => (warning, message) = (true, why),
                Judgement::Passed(why) => message = why,
            }
        }
        let mut outputs = String::new();
        let is_true = |name: &Name| scope.get(name).is_some_and(|value| plain(&value) == "true");
        if let Some(wanted) = &self.manifest.outputs
            && (wanted.when.as_slice().is_empty() || wanted.when.as_slice().iter().any(is_true))
        {
            let (mut values, note) = self.outputs(wanted, read, scope).await?;
            if let Some(note) = note {
                message = if message.is_empty() { note } else { format!("{message}; {note}") };
            }
            hide::in_value(&mut values, &|text| self.hide(text));
            outputs = values.to_string();
        }
        Ok((State::Succeeded { warning, outputs }, message))
    }
}

/// The answer that was kept of a job that was over with its start.
pub(super) fn answered(outcome: &Outcome) -> Result<Read, CallError> {
    let body = outcome.answer.clone().ok_or_else(|| {
        CallError::Gone("its answer was too large to be kept, and the worker that had it is gone".to_owned())
    })?;
    Ok(Read { status: 200, headers: reqwest::header::HeaderMap::new(), body, already: false, after: None, size: 0 })
}

#[async_trait]
impl Prepared for Calls {
    async fn start(&self) -> Result<Job, CallError> {
        let mut scope = self.before().await?;
        let start = &self.manifest.start;
        let read = self.send(CallName::Start, &start.request, &scope).await?;
        if read.already {
            let found = self.look_up(&scope).await.map_err(|error| match error {
                CallError::Again { message, .. } => CallError::Unknown(message),
                other => other,
            })?;
            let found = found.ok_or_else(|| {
                CallError::Unknown(format!(
                    "{}: a job with this token is said to be there, and is not to be found",
                    self.manifest.integration
                ))
            })?;
            scope.job.extend(found);
            return self.job(&scope, None);
        }
        let captured = judge::captured(&start.capture, &read.body, &read.headers).map_err(|name| {
            self.hide_error(CallError::Unknown(format!(
                "{}: the start was answered {}, without {name}: {}",
                self.manifest.integration,
                read.status,
                answer::shown(read.body.to_string().as_bytes())
            )))
        })?;
        scope.job.extend(captured);
        if self.manifest.poll.request.is_none() {
            let outcome = self.over_with_its_start(&read, &scope)?;
            return self.job(&scope, Some(outcome));
        }
        if !scope.job.contains_key("id") {
            let found = self.find_started(&scope).await?;
            scope.job.extend(found);
        }
        self.job(&scope, None)
    }

    async fn find(&self) -> Result<Option<Job>, CallError> {
        let mut scope = self.before().await?;
        let Some(found) = self.look_up(&scope).await? else { return Ok(None) };
        scope.job.extend(found);
        self.job(&scope, None).map(Some)
    }

    async fn poll(&self, job: &Job) -> Result<Observation, CallError> {
        let (scope, outcome) = self.open(job)?;
        if let Some(outcome) = outcome {
            let read = answered(&outcome)?;
            return self.seen(outcome.state, outcome.word, outcome.message, &read, &scope).await;
        }
        let Some(request) = &self.manifest.poll.request else {
            return Err(CallError::Gone("how it ended was not kept".to_owned()));
        };
        let read = self.sight(CallName::Poll, request, &scope).await?;
        let (sight, word) = judge::state(&self.manifest.poll, &read, &scope);
        let Sight::Known(state) = sight else {
            // A word that came into the API since: the job goes on, and so does looking.
            let said = if word.is_empty() { answer::shown(read.body.to_string().as_bytes()) } else { word };
            return Err(self.hide_error(CallError::Again {
                message: format!(
                    "{}: the job's state is {said:?}, which this manifest does not know",
                    self.manifest.integration
                ),
                after: read.after,
            }));
        };
        let message = self.message(&read.body);
        self.seen(state, word, message, &read, &scope).await
    }

    async fn cancel(&self, job: &Job) -> Result<(), CallError> {
        let (scope, outcome) = self.open(job)?;
        match (&self.manifest.cancel, outcome) {
            (_, Some(_)) => Ok(()),
            (Some(cancel), None) => match self.send(CallName::Cancel, &cancel.request, &scope).await {
                Ok(_) | Err(CallError::Gone(_)) => Ok(()),
                Err(error) => Err(error),
            },
            (None, None) => Err(CallError::Refused(Failure::misconfigured(format!(
                "{} has no way to end this job from outside",
                self.manifest.integration
            )))),
        }
    }

    fn can_cancel(&self) -> bool {
        self.manifest.cancel.is_some() || self.manifest.poll.request.is_none()
    }

    async fn collect(&self, job: &Job, last: &Observation) -> Result<Collection, CallError> {
        match &self.manifest.collect {
            Some(rules) => self.collected(rules, job, last).await,
            None => Ok(Collection::default()),
        }
    }

    fn hide(&self, text: String) -> String {
        self.hidden.lock().unwrap_or_else(PoisonError::into_inner).hide(text)
    }
}
