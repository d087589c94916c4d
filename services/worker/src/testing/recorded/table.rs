//! The jobs of a server and what becomes of a request. Pure but for the counts: a request in, an answer or none out.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::faults::{Fault, On, Plan};
use super::shape::{Route, Shape, TokenPlace};
use super::wire::{Answer, Asked};
use crate::manifest::fill::Scope;
use crate::manifest::judge::holds;
use crate::manifest::path::plain;
use crate::manifest::template::Body;

#[derive(Debug, Clone)]
struct Job {
    id: String,
    token: String,
    looks: u32,
    cancelled_at: Option<u32>,
}

/// All that the server knows.
#[derive(Debug)]
pub(super) struct Table {
    shape: Shape,
    plan: Plan,
    jobs: Vec<Job>,
    pub(super) requests: u64,
    pub(super) submitted: BTreeMap<String, u32>,
    pub(super) strangers: usize,
    pub(super) unknown: Vec<String>,
    pub(super) later_pages: usize,
}

impl Table {
    pub(super) fn new(shape: Shape, plan: Plan) -> Self {
        let foreign = |number: usize| {
            let (id, token) = (format!("{}", 501 + number), format!("foreign-{number}"));
            Job { id, token, looks: 0, cancelled_at: None }
        };
        Self {
            jobs: (0..plan.foreign).map(foreign).collect(),
            shape,
            plan,
            requests: 0,
            submitted: BTreeMap::new(),
            strangers: 0,
            unknown: Vec::new(),
            later_pages: 0,
        }
    }

    pub(super) fn cancelled(&self) -> usize {
        self.jobs.iter().filter(|job| job.cancelled_at.is_some()).count()
    }

    /// The answer (`None`: the connection is closed without one), and what went wrong.
    pub(super) fn handle(&mut self, asked: &Asked) -> (Option<Answer>, Fault) {
        let found = self.route(asked);
        let on = found.as_ref().map_or(On::Other, |(route, _)| route.on);
        let count = self.requests;
        self.requests += 1;
        let repeats = found.as_ref().is_some_and(|(route, _)| route.repeats);
        let idempotent = on != On::Start || (self.shape.token.is_some() && !repeats);
        let fault = self.plan.draw(on, count, idempotent);
        match fault {
            // A hostile server repeats what it was told.
            Fault::ErrorBefore => return (Some(error(500, &format!("{} {:?}", asked.body, asked.headers))), fault),
            Fault::SilentBefore => return (None, fault),
            Fault::Limited => {
                let mut answer = error(429, "slow down");
                answer.headers.push(("retry-after".to_owned(), "7".to_owned()));
                return (Some(answer), fault);
            }
            Fault::Twice => drop(self.answer(asked, found.clone())),
            _ => {}
        }
        let mut answer = self.answer(asked, found);
        match fault {
            Fault::ErrorAfter => answer = error(500, "it broke afterwards"),
            Fault::SilentAfter => return (None, fault),
            Fault::Malformed => answer.halved = true,
            _ => {}
        }
        (Some(answer), fault)
    }

    fn answer(&mut self, asked: &Asked, found: Option<(Route, Map<String, Value>)>) -> Answer {
        if let Some(login) = &self.shape.authentication.login
            && asked.target.split('?').next() == Some(login.path.as_str())
        {
            if login.takes(asked) {
                return plainly(200, login.answer.clone());
            }
            self.strangers += 1;
            return error(401, &format!("wrong credentials in {}", asked.body));
        }
        if !self.shape.authentication.holds(asked) {
            self.strangers += 1;
            return error(401, &format!("who are you? {:?}", asked.headers));
        }
        let Some((route, names)) = found else {
            self.unknown.push(format!("{} {} {}", asked.method, asked.target, asked.body));
            return error(404, "there is no such route");
        };
        let mut answer = match route.on {
            On::Start => self.start(asked, &route),
            On::Find if route.list.is_some() => self.list(&route),
            _ => self.of_job(asked, &route, &names),
        };
        if let Some(paged) = &route.pages {
            let size = if self.plan.page == 0 { usize::MAX } else { self.plan.page };
            self.later_pages += usize::from(paged.page(route.list.as_deref(), size, asked, &mut answer));
        }
        answer
    }

    fn start(&mut self, asked: &Asked, route: &Route) -> Answer {
        let token = match &self.shape.token {
            Some(place) => match token(place, asked) {
                Some(token) => token,
                None => return error(400, "the token is missing"),
            },
            None => format!("start-{}", self.jobs.len() + 1),
        };
        if let Some(job) = self.jobs.iter().find(|job| job.token == token && !route.repeats) {
            return match (&route.conflict, self.shape.token.is_some()) {
                (Some(conflict), _) => plainly(conflict.status, conflict.body.clone()),
                (None, _) => self.render(route, job),
            };
        }
        *self.submitted.entry(token.clone()).or_default() += 1;
        let id = if self.by_token() { token.clone() } else { format!("{}", 1001 + self.jobs.len()) };
        let job = Job { id, token, looks: 0, cancelled_at: None };
        self.jobs.push(job.clone());
        self.render(route, &job)
    }

    /// Whether jobs are called as their token: then no route has an id of its own.
    fn by_token(&self) -> bool {
        !self
            .shape
            .routes
            .iter()
            .any(|route| route.path.contains("{id}") || route.id.is_some() || route.id_query.is_some())
    }

    fn list(&self, route: &Route) -> Answer {
        let items = self.jobs.iter().filter_map(|job| Some(fill(route.item.as_ref()?, &self.scope(job))));
        let items: Vec<Value> = items.collect();
        let mut body = route.body.as_ref().map_or(json!({}), |body| fill(body, &Scope::default()));
        if let Some(place) = route.list.as_deref().and_then(|pointer| body.pointer_mut(pointer)) {
            *place = Value::Array(items);
        }
        plainly(route.status, body)
    }

    fn of_job(&mut self, asked: &Asked, route: &Route, names: &Map<String, Value>) -> Answer {
        let body = serde_json::from_str(&asked.body).unwrap_or(Value::Null);
        let in_body = route.id.as_ref().and_then(|path| path.first(&body));
        let id = in_body.or_else(|| names.get("id")).map(plain).or_else(|| query(route.id_query.as_ref()?, asked));
        let token = names.get("token").map(plain);
        let at = match (&id, &token) {
            (None, None) if route.on == On::Other => None,
            (None, None) => self.jobs.len().checked_sub(1),
            _ => self.jobs.iter().position(|job| Some(&job.id) == id.as_ref() || Some(&job.token) == token.as_ref()),
        };
        let Some(at) = at else {
            let idle = route.idle.as_ref().or(route.body.as_ref().filter(|_| route.on == On::Other));
            return match (idle, route.on) {
                (Some(body), _) => plainly(route.status, fill(body, &Scope::default())),
                _ => error(404, "there is no such job"),
            };
        };
        match route.on {
            On::Poll => self.jobs[at].looks += 1,
            On::Cancel if self.jobs[at].cancelled_at.is_none() => {
                self.jobs[at].cancelled_at = Some(self.jobs[at].looks);
            }
            _ => {}
        }
        let job = self.jobs[at].clone();
        self.render(route, &job)
    }

    fn state(&self, job: &Job) -> (&'static str, Value) {
        let states = &self.shape.states;
        let over = !self.plan.endless && (job.looks > 2 || self.plan.at_once);
        match job.cancelled_at {
            Some(at) if job.looks > at + self.plan.cancel_looks => ("cancelled", states.cancelled.clone()),
            Some(_) => ("running", states.running.clone()),
            None if over && self.plan.fails => ("failed", states.failed.clone()),
            None if over => ("succeeded", states.succeeded.clone()),
            None if job.looks < 2 => ("queued", states.queued.clone()),
            None => ("running", states.running.clone()),
        }
    }

    fn scope(&self, job: &Job) -> Scope {
        let mut known = Map::new();
        known.insert("id".to_owned(), json!(job.id));
        known.insert("state".to_owned(), self.state(job).1);
        Scope { job: known, token: job.token.clone(), parameters: self.shape.parameters.clone(), ..Scope::default() }
    }

    fn render(&self, route: &Route, job: &Job) -> Answer {
        let scope = self.scope(job);
        let (name, _) = self.state(job);
        let body = match name {
            "succeeded" => route.succeeded.as_ref(),
            "failed" => route.failed.as_ref(),
            "cancelled" => route.cancelled.as_ref(),
            _ => None,
        };
        let status = route.statuses.get(name).copied().unwrap_or(route.status);
        let body = body.or(route.body.as_ref());
        let mut answer = plainly(status, body.map_or(Value::Null, |body| fill(body, &scope)));
        if body.is_none() {
            answer.body = String::new();
        }
        for (name, value) in &route.answer_headers {
            answer.headers.push((name.clone(), value.replace("{id}", &job.id)));
        }
        answer
    }

    fn route(&self, asked: &Asked) -> Option<(Route, Map<String, Value>)> {
        let path = asked.target.split('?').next()?;
        let body: Value = serde_json::from_str(&asked.body).unwrap_or(Value::Null);
        self.shape.routes.iter().find_map(|route| {
            let headers = route.headers.iter().all(|(name, value)| asked.headers.get(name) == Some(value));
            let conditions = route.when.iter().all(|condition| holds(condition, &body, &Scope::default()));
            let names = names(&route.path, path)?;
            (route.method == asked.method && headers && conditions).then(|| (route.clone(), names))
        })
    }
}

fn names(pattern: &str, path: &str) -> Option<Map<String, Value>> {
    let (pattern, path): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), path.split('/').collect());
    if pattern.len() != path.len() {
        return None;
    }
    let mut names = Map::new();
    for (wanted, given) in pattern.into_iter().zip(path) {
        match (wanted.find('{'), wanted.find('}')) {
            (Some(from), Some(to)) => {
                let inner = given.strip_prefix(&wanted[..from])?.strip_suffix(&wanted[to + 1..])?;
                names.insert(wanted[from + 1..to].to_owned(), json!(inner));
            }
            _ if wanted == "*" || wanted == given => {}
            _ => return None,
        }
    }
    Some(names)
}

fn token(place: &TokenPlace, asked: &Asked) -> Option<String> {
    let text = match place {
        TokenPlace::Body(path) => plain(path.first(&serde_json::from_str(&asked.body).ok()?)?),
        TokenPlace::Header(name) => asked.headers.get(name)?.clone(),
        TokenPlace::Segment(at) => asked.target.split('?').next()?.split('/').nth(at + 1)?.to_owned(),
        TokenPlace::Query(name) => query(name, asked)?,
    };
    Some(text).filter(|text| !text.is_empty())
}

pub(super) fn query(name: &str, asked: &Asked) -> Option<String> {
    let url = reqwest::Url::parse(&format!("http://localhost{}", asked.target)).ok()?;
    Some(url.query_pairs().find(|(found, _)| found == name)?.1.into_owned())
}

fn fill(body: &Body, scope: &Scope) -> Value {
    scope.body(body).ok().flatten().unwrap_or_else(|| json!({}))
}

fn plainly(status: u16, body: Value) -> Answer {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    Answer { status, headers, body: body.to_string(), halved: false }
}

fn error(status: u16, message: &str) -> Answer {
    plainly(status, json!({ "error": message }))
}
