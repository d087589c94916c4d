//! Jobs in other systems that are described by data: one YAML file each, see `docs/connectors.md`.
//!
//! Promises: what a manifest says is checked when the worker starts; a value of a task never becomes more than a value in a request;
//! what an answer means is said in the classes of `remote/mod.rs`. It knows no system by name: all of that stands in the manifests.

pub(crate) mod answer;
pub(crate) mod auth;
mod check;
mod collect;
#[cfg(test)]
mod conformance;
pub(crate) mod cost;
pub(crate) mod fill;
pub(crate) mod format;
mod gather;
mod handle;
mod hide;
pub(crate) mod judge;
pub(crate) mod load;
pub(crate) mod pages;
pub(crate) mod path;
mod run;
mod sql;
pub(crate) mod template;
#[cfg(test)]
mod tests;
mod threshold;
mod walk;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use downbeat_dialect::catalogue;
use serde_json::{Map, Value};

use crate::about::Tested;
use crate::attempt::Failure;
use crate::connections::{Connection, Connections, Fields, Secret, address, none_given};
use crate::connectors::Task;
use crate::lineage::Located;
use crate::parents::Parents;
use crate::process::mask::Mask;
use crate::remote::{Prepared, Reattach, RemoteJob};
use crate::web;
use auth::Tokens;
use format::Manifest;
use path::plain;
use template::Name;
use threshold::Threshold;

/// A job that a manifest describes.
#[derive(Debug)]
pub(crate) struct Described {
    manifest: &'static Manifest,
    /// Of the integration: its manifests share connections.
    fields: Fields,
    connections: Connections,
    tokens: Arc<Tokens>,
}

/// One job for each manifest.
pub(crate) fn jobs(manifests: &load::Manifests, connections: &Connections) -> Vec<Arc<dyn RemoteJob>> {
    let described = described(manifests, connections);
    described.into_iter().map(|job| job as Arc<dyn RemoteJob>).collect()
}

fn described(manifests: &load::Manifests, connections: &Connections) -> Vec<Arc<Described>> {
    let tokens = Arc::new(Tokens::default());
    let mut fields: BTreeMap<&str, Fields> = BTreeMap::new();
    for manifest in manifests.values() {
        fields.entry(&manifest.integration).or_insert_with(|| fields_of(manifests, &manifest.integration));
    }
    let job = |manifest: &&'static Manifest| {
        let fields = fields.get(manifest.integration.as_str()).copied()?;
        let (connections, tokens) = (connections.clone(), Arc::clone(&tokens));
        Some(Arc::new(Described { manifest, fields, connections, tokens }))
    };
    manifests.values().filter_map(job).collect()
}

/// The fields of an integration's connection, as all its manifests have them together. They live as long as the manifests.
fn fields_of(manifests: &load::Manifests, integration: &str) -> Fields {
    let of = |secret: bool| -> &'static [&'static str] {
        let all = manifests.values().filter(|manifest| manifest.integration == integration);
        let all = all.flat_map(|manifest| manifest.connection.iter());
        let mut names: Vec<&'static str> =
            all.filter(|(_, field)| field.secret == secret).map(|(name, _)| name.as_str()).collect();
        if !secret {
            names.push(check::ENDPOINT);
        }
        names.sort_unstable();
        names.dedup();
        Vec::leak(names)
    };
    Fields { open: of(false), secret: of(true) }
}

impl Described {
    async fn prepared(
        &self,
        connection: &str,
        parameters: &Map<String, Value>,
        token: &str,
        parents: Option<Parents>,
    ) -> Result<run::Calls, Failure> {
        let manifest = self.manifest;
        let parameters = parameters_of(manifest, parameters)?;
        let thresholds = thresholds(manifest, &parameters)?;
        let connection = self.connections.open(connection, &manifest.integration, self.fields).await?;
        if connection.is_none() && manifest.connection.values().any(|field| field.required) {
            return Err(none_given(&manifest.integration));
        }
        let fields = self.given(connection.as_ref())?;
        let mut scope =
            fill::Scope { parameters, connection: fields, token: token.to_owned(), parents, ..fill::Scope::default() };
        for (name, map) in &manifest.maps {
            if let Some(value) = scope.get(&map.of) {
                let word = plain(&value);
                let found = map.get(&word).cloned().ok_or_else(|| {
                    let known = map.words.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
                    Failure::misconfigured(format!("{} is {word:?}; it must be one of: {known}", map.of.said()))
                })?;
                scope.maps.insert(name.clone(), found);
            }
        }
        let wrong = |what: String| Failure::misconfigured(format!("{}: {what}", manifest.integration));
        let text = scope.base(&manifest.base_url)?;
        let mut base = web::absolute(&text).ok_or_else(|| {
            wrong("the address of the API must be an absolute URL, like https://example.com".to_owned())
        })?;
        let endpoint = match &connection {
            Some(connection) => connection.text(check::ENDPOINT)?.map(|text| {
                web::absolute(text).ok_or_else(|| {
                    connection.wrong(check::ENDPOINT, "must be an absolute URL, like https://proxy.example.com")
                })
            }),
            None => None,
        };
        let endpoint = endpoint.transpose()?;
        let vendor = base.clone();
        if let Some(endpoint) = &endpoint {
            base = answer::moved(&base, endpoint);
        }
        let way = auth::choose(&manifest.authentication, &scope)?;
        Ok(run::Calls {
            manifest,
            scope,
            hidden: Mutex::new(self.mask(&base, connection.as_ref())),
            base,
            vendor,
            endpoint,
            way,
            thresholds,
            tokens: Arc::clone(&self.tokens),
            connection,
            answered: Mutex::default(),
        })
    }
}

impl Described {
    /// The fields of a connection with the defaults of those that are absent.
    fn given(&self, connection: Option<&Connection>) -> Result<Map<String, Value>, Failure> {
        let mut fields = Map::new();
        for (name, field) in &self.manifest.connection {
            let given = match connection {
                Some(connection) => connection.text(name)?,
                None => None,
            };
            match (given.or(field.default.as_deref()), connection) {
                (Some(text), _) => drop(fields.insert(name.clone(), Value::String(text.to_owned()))),
                (None, Some(connection)) if field.required => drop(connection.required(name)?),
                (None, _) => {}
            }
        }
        Ok(fields)
    }

    /// Where the tables of a connection lie, if its statements speak of tables.
    async fn located(&self, task: &Task, connection: &str) -> Result<Option<Located>, Failure> {
        let Some(rule) = self.manifest.collect.as_ref().and_then(|collect| collect.sql.as_ref()) else {
            return Ok(None);
        };
        let found = self.connections.open(connection, &self.manifest.integration, self.fields).await?;
        let Some(connection) = found else { return Ok(None) };
        task.log.learn(connection.secrets()).await;
        let scope = fill::Scope { connection: self.given(Some(&connection))?, ..fill::Scope::default() };
        Ok(rule.located(&scope))
    }

    fn mask(&self, base: &reqwest::Url, connection: Option<&Connection>) -> Mask {
        let mut mask = Mask::default();
        mask.learn(connection.map(Connection::secrets).unwrap_or_default());
        mask.learn(&self.hook(base, connection));
        mask
    }

    /// What of addresses is a credential itself: whoever knows the path of a web hook may call it.
    fn hook(&self, base: &reqwest::Url, connection: Option<&Connection>) -> Vec<Secret> {
        let name = self.manifest.base_url.lone_hole().and_then(|hole| hole.names.first());
        let secret = match name {
            Some(Name::Parameter(_)) => true,
            Some(Name::Connection(name)) => self.fields.secret.contains(&name.as_str()),
            _ => false,
        };
        let secrets = connection.map(Connection::secrets).unwrap_or_default();
        let mut urls: Vec<reqwest::Url> = secrets.iter().filter_map(|secret| web::absolute(secret.reveal())).collect();
        urls.extend(secret.then(|| base.clone()));
        let whole = secret.then(|| Secret::new(base.path()));
        whole.into_iter().chain(urls.iter().flat_map(address::parts)).collect()
    }
}

/// The task's parameters with the defaults of those that are absent.
fn parameters_of(manifest: &Manifest, given: &Map<String, Value>) -> Result<Map<String, Value>, Failure> {
    let known = check::known_parameters(manifest).unwrap_or_default();
    if let Some(stranger) = given.keys().find(|name| !known.iter().any(|(known, _)| known == *name)) {
        let names = known.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
        return Err(Failure::misconfigured(format!("{} has no parameter {stranger}; it has: {names}", manifest.job)));
    }
    let given_one = |(name, _): &(&String, &String)| given.get(*name).is_some_and(|value| !value.is_null());
    if let Some((name, reason)) = manifest.refused_parameters.iter().find(given_one) {
        return Err(Failure::misconfigured(format!("the parameter {name} cannot be used here: {reason}")));
    }
    let catalogue = catalogue::job(&manifest.job).map(|(_, job)| job);
    let mut all = given.clone();
    for (name, required) in known {
        let absent = all.get(&name).is_none_or(Value::is_null);
        let field = catalogue.and_then(|job| job.parameters.iter().find(|field| field.name == name));
        if absent {
            let default = field.and_then(|field| field.shape.default.clone());
            let default = default.or_else(|| manifest.parameters.get(&name)?.default.clone());
            match default {
                Some(default) if !default.is_null() => drop(all.insert(name, default)),
                _ if required => {
                    return Err(Failure::misconfigured(format!("the parameter {name} is missing or empty")));
                }
                _ => {}
            }
            continue;
        }
        let words = field.map(|field| field.shape.allowed()).unwrap_or_default();
        let value = all.get(&name).map(plain).unwrap_or_default();
        if !words.is_empty() && !words.contains(&value) {
            return Err(Failure::misconfigured(format!(
                "the parameter {name} is {value:?}; it must be one of: {}",
                words.join(", ")
            )));
        }
    }
    Ok(all)
}

fn thresholds(
    manifest: &Manifest,
    parameters: &Map<String, Value>,
) -> Result<Option<(Threshold, Option<Threshold>)>, Failure> {
    if manifest.test.is_none() {
        return Ok(None);
    }
    let read = |name: &str| {
        let text = parameters.get(name).map(plain).filter(|text| !text.trim().is_empty());
        text.map(|text| Threshold::read(name, &text)).transpose()
    };
    let error = read("error_threshold_expression")?;
    let error = error.ok_or_else(|| Failure::misconfigured("the parameter error_threshold_expression is missing"))?;
    Ok(Some((error, read("warn_threshold_expression")?)))
}

#[async_trait]
impl RemoteJob for Described {
    fn needs_connection(&self) -> bool {
        true
    }

    fn tested(&self) -> Tested {
        self.manifest.met.as_deref().map_or(Tested::RecordedShape, Tested::Real)
    }

    fn collects(&self) -> String {
        let Some(collect) = &self.manifest.collect else { return "nothing".to_owned() };
        let mut words: Vec<&str> = collect.operations.iter().map(|rule| rule.kind.as_str()).collect();
        words.sort_unstable();
        words.dedup();
        if !collect.assets.is_empty() {
            words.push("assets");
        }
        if collect.sql.is_some() {
            words.push("tables and columns that it reads and writes");
        }
        if collect.operations.iter().any(|rule| rule.bytes.is_some()) {
            words.push("bytes");
        }
        if collect.operations.iter().any(|rule| !rule.cost_basis.is_empty()) {
            words.push("cost basis");
        }
        if words.is_empty() { "nothing".to_owned() } else { words.join(", ") }
    }

    fn job(&self) -> (&str, &str) {
        (&self.manifest.integration, &self.manifest.job)
    }

    fn reattach(&self) -> Reattach {
        match self.manifest.reattach {
            format::Reattach::Token => Reattach::Token,
            format::Reattach::LookUp => Reattach::LookUp,
            format::Reattach::Repeat => Reattach::Repeat,
            format::Reattach::Never => Reattach::Never,
        }
    }

    fn poll_every(&self) -> (Duration, Duration) {
        let every = self.manifest.poll.every;
        (Duration::from_secs(every.first), Duration::from_secs(every.most))
    }

    async fn place(&self, task: &Task, connection: &str) -> Result<Option<Located>, Failure> {
        self.located(task, connection).await
    }

    async fn prepare(&self, task: &Task) -> Result<Box<dyn Prepared>, Failure> {
        let calls =
            self.prepared(&task.offer.connection, &task.parameters, &task.token, Parents::of(&task.offer)).await?;
        if let Some(connection) = &calls.connection {
            task.log.learn(connection.secrets()).await;
        }
        Ok(Box::new(calls))
    }
}
