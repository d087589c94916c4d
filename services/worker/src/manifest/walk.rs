//! Goes through the lists of another system, page by page: for a job that is looked for, and for what a job did.
//!
//! Promises: a job counts as not there only when its list was read to the end; of a result that was not, it is said why.

use std::ops::ControlFlow::{self, Break, Continue};

use jiff::Timestamp;
use reqwest::Url;
use serde_json::{Map, Value};

use super::answer::{self, Read};
use super::collect::{Gathered, instant};
use super::fill::Scope;
use super::format::{CallName, Collect, Find, Outputs, Request, Test};
use super::gather::{Counted, Taken};
use super::judge;
use super::pages::{Next, Place};
use super::run::{Calls, answered};
use super::sql;
use crate::attempt::{Collection, Failure};
use crate::limits::{FIND_SPAN, SQL_ROWS_MAX};
use crate::remote::{CallError, Job, Observation, Prepared as _};
use crate::texts;

/// Whether a candidate, and so everything behind it, was there long before our job can have been started.
fn too_old(find: &Find, item: &Value) -> bool {
    let created = instant(find.newest_first.as_ref(), item);
    let span = i64::try_from(FIND_SPAN.as_micros()).unwrap_or(i64::MAX);
    created > 0 && created < Timestamp::now().as_microsecond().saturating_sub(span)
}

impl Calls {
    /// Shows each page to `visit` until it has seen enough, beginning with `first` where that was read before. `Some`: there are more
    /// pages, and why they are not read.
    async fn walk(
        &self,
        call: CallName,
        request: &Request,
        scope: &Scope,
        first: Option<&Read>,
        mut visit: impl FnMut(&Read) -> ControlFlow<()> + Send,
    ) -> Result<Option<String>, CallError> {
        let mut asked = self.build(request, scope).map_err(CallError::Refused)?;
        let mut place = Place::default();
        let mut later = match first {
            Some(_) => None,
            None => Some(self.exchange(call, &asked, scope).await?),
        };
        while let Some(read) = later.as_ref().or(first) {
            if visit(read).is_break() {
                break;
            }
            let Some(rule) = &request.pages else { break };
            match place.advance(rule, &mut asked, read, |url| self.here(url)) {
                Next::End => break,
                Next::Cut(why) => return Ok(Some(self.hide(why))),
                Next::Page => {}
            }
            later = match self.exchange(call, &asked, scope).await {
                Ok(read) => Some(read),
                // A list that was there a moment ago is not gone: a page of it is refused.
                Err(CallError::Gone(why) | CallError::Refused(Failure { message: why, .. })) => return Ok(Some(why)),
                Err(error) => return Err(error),
            };
        }
        Ok(None)
    }

    /// An address as it has to be asked for, if it is one of the host that this job talks to.
    pub(super) fn here(&self, url: Url) -> Option<Url> {
        if url.origin() == self.base.origin() {
            return Some(url);
        }
        let endpoint = self.endpoint.as_ref()?;
        (url.origin() == self.vendor.origin()).then(|| answer::moved(&url, endpoint))
    }

    /// Looks for the job of this token; the values that find it again. `None`: it is certainly not there.
    pub(super) async fn look_up(&self, scope: &Scope) -> Result<Option<Map<String, Value>>, CallError> {
        let Some(find) = &self.manifest.find else { return Ok(None) };
        let mut found = None;
        let walked = self.walk(CallName::Find, &find.request, scope, None, |read| {
            let items = match &find.each {
                Some(each) => each.all(&read.body, usize::MAX),
                None => vec![&read.body],
            };
            let ours = |item: &&Value| find.matches.iter().all(|condition| judge::holds(condition, item, scope));
            match items.iter().copied().find(ours) {
                Some(item) => found = Some(judge::captured_of(&find.capture, item)),
                None if items.last().is_none_or(|last| !too_old(find, last)) => return Continue(()),
                None => {}
            }
            Break(())
        });
        let cut = match walked.await {
            Err(CallError::Gone(_)) => return Ok(None),
            walked => walked?,
        };
        let again =
            |what: String| CallError::Again { message: format!("{}: {what}", self.manifest.integration), after: None };
        match (found, cut) {
            (Some(Ok(values)), _) => Ok(Some(values)),
            (Some(Err(name)), _) => Err(again(format!("the job was found, but its entry has no {name}"))),
            (None, Some(why)) => Err(again(format!("the list in which the job may be was not read to its end: {why}"))),
            (None, None) => Ok(None),
        }
    }

    /// The answer about our job: of one about many, the entry of ours, on whatever page it is; `null` where there is none.
    pub(super) async fn sight(&self, call: CallName, request: &Request, scope: &Scope) -> Result<Read, CallError> {
        let poll = &self.manifest.poll;
        if poll.each.is_none() {
            return self.send(call, request, scope).await;
        }
        let mut sight = None;
        let walked = self.walk(call, request, scope, None, |read| {
            let ours = judge::about(poll, &read.body, scope);
            let there = !ours.is_null();
            sight = Some(Read { body: ours, ..read.clone() });
            if there { Break(()) } else { Continue(()) }
        });
        if let Some(why) = walked.await? {
            let message = format!(
                "{}: the list in which the job may be was not read to its end: {why}",
                self.manifest.integration
            );
            return Err(CallError::Again { message, after: None });
        }
        sight.ok_or_else(|| CallError::Gone(format!("{}: nothing was answered", self.manifest.integration)))
    }

    /// Where the answer of the last look goes on, if it does.
    fn goes_on(&self) -> Option<&'static Request> {
        let poll = &self.manifest.poll;
        poll.request.as_ref().filter(|request| request.pages.is_some() && poll.each.is_none())
    }

    /// Shows `visit` a result: what `request` asks for, or the answer of the last look and what follows it.
    async fn result(
        &self,
        request: Option<&Request>,
        last: &Read,
        scope: &Scope,
        mut visit: impl FnMut(&Read) -> ControlFlow<()> + Send,
    ) -> Result<Option<String>, CallError> {
        match (request, self.goes_on()) {
            (Some(request), _) => self.walk(CallName::Collect, request, scope, None, visit).await,
            (None, Some(request)) => self.walk(CallName::Collect, request, scope, Some(last), visit).await,
            (None, None) => {
                let _ = visit(last);
                Ok(None)
            }
        }
    }

    /// The outputs of a job, and what people should know about them.
    pub(super) async fn outputs(
        &self,
        wanted: &Outputs,
        last: &Read,
        scope: &Scope,
    ) -> Result<(Value, Option<String>), CallError> {
        let mut taken = Taken::default();
        let visit = |read: &Read| if taken.page(&wanted.values, &read.body) { Continue(()) } else { Break(()) };
        let cut = self.result(wanted.request.as_ref(), last, scope, visit).await?;
        Ok(taken.done(cut.as_deref()))
    }

    /// The rows that a test is about.
    pub(super) async fn counted(&self, test: &Test, last: &Read, scope: &Scope) -> Result<Counted, CallError> {
        let mut counted = Counted::default();
        let mut said = None;
        let cut = self.result(test.request.as_ref(), last, scope, |read| {
            counted.page(&test.rows, &read.body);
            said = test.count.as_ref().and_then(|paths| paths.text(&read.body)?.parse::<u64>().ok());
            if said.is_some() { Break(()) } else { Continue(()) }
        });
        if let Some(why) = cut.await? {
            let most = SQL_ROWS_MAX.max(usize::try_from(counted.count).unwrap_or(usize::MAX));
            return Err(CallError::Refused(Failure::job(format!(
                "{}: the result has more than {most} rows, and how many is not known: {why}",
                self.manifest.integration
            ))));
        }
        counted.count = said.unwrap_or(counted.count);
        Ok(counted)
    }

    /// What a job did, all pages of it.
    pub(super) async fn collected(
        &self,
        rules: &'static Collect,
        job: &Job,
        last: &Observation,
    ) -> Result<Collection, CallError> {
        let (scope, outcome) = self.open(job)?;
        let mut gathered = Gathered::new(rules, &self.manifest.integration, &scope, last);
        let visit = |read: &Read| if gathered.page(&read.body) { Continue(()) } else { Break(()) };
        let cut = match (&rules.request, &self.manifest.poll.request, outcome) {
            (Some(request), ..) => self.walk(CallName::Collect, request, &scope, None, visit).await?,
            (None, Some(request), None) if self.manifest.poll.each.is_some() => {
                let read = self.sight(CallName::Collect, request, &scope).await?;
                gathered.page(&read.body);
                None
            }
            (None, Some(request), None) => self.walk(CallName::Collect, request, &scope, None, visit).await?,
            (None, _, Some(outcome)) => {
                gathered.page(&answered(&outcome)?.body);
                None
            }
            (None, None, None) => return Ok(Collection::default()),
        };
        let mut collection = gathered.done(cut);
        if let Some(rule) = &rules.sql {
            sql::add(rule, &scope, &self.manifest.integration, last, &mut collection).await;
        }
        texts::change(&mut collection, &mut |text| *text = self.hide(std::mem::take(text)));
        Ok(collection)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_search_ends_with_what_was_there_long_before() {
        let find = |newest_first: Value| -> Find {
            let written = json!({
                "request": { "method": "GET", "path": "/runs" }, "each": "$[*]", "capture": {}, "newest_first": newest_first,
            });
            serde_json::from_value(written).unwrap()
        };
        let ago = |days: i64| (Timestamp::now() - jiff::SignedDuration::from_hours(24 * days)).to_string();
        let cases = [
            (json!("$.at"), json!({ "at": ago(31) }), true),
            (json!("$.at"), json!({ "at": ago(29) }), false),
            (json!("$.at"), json!({ "at": "2020-01-01 00:00:00.000000+00:00" }), true),
            (json!("$.at"), json!({ "at": 1_577_836_800 }), true),
            (json!("$.at"), json!({ "at": null }), false),
            (json!("$.at"), json!({ "at": "yesterday" }), false),
            (json!(null), json!({ "at": ago(31) }), false),
        ];
        for (newest_first, item, expected) in cases {
            assert_eq!(too_old(&find(newest_first), &item), expected, "{item}");
        }
    }
}
