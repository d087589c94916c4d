//! What a manifest must hold to before anybody runs it: every name it uses is there, every parameter has a place, and what it says
//! about starting again is possible. Each fault says where and what to do.

use std::collections::BTreeSet;

use downbeat_dialect::catalogue;

use super::auth::SignIn;
use super::cost::CostRule;
use super::format::{CallName, Condition, Manifest, Meaning, Method, Reattach, Request, Say, StateWord, Step};
use super::sql::SqlRule;
use super::template::{Body, Name, Template};
use crate::limits::COST_BASIS_MAX;

/// The field that every connection may have: everything goes to this address instead of the vendor's.
pub(super) const ENDPOINT: &str = "endpoint";
const ERROR_THRESHOLD: &str = "error_threshold_expression";
const WARN_THRESHOLD: &str = "warn_threshold_expression";

/// A fault, and the text of the manifest at which it is shown.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) at: String,
    pub(super) what: String,
}

fn fault(at: impl Into<String>, what: impl Into<String>) -> Fault {
    Fault { at: at.into(), what: what.into() }
}

/// All faults of a manifest.
pub(super) fn faults(manifest: &Manifest) -> Vec<Fault> {
    let used = Used::of(manifest);
    let mut faults = Vec::new();
    if manifest.sources.is_empty() {
        faults.push(fault("sources", "must name where the facts come from"));
    }
    parameters(manifest, &used, &mut faults);
    connection(manifest, &used, &mut faults);
    names(manifest, &used, &mut faults);
    reattach(manifest, &mut faults);
    states(manifest, &mut faults);
    pages(manifest, &mut faults);
    costs(manifest, &mut faults);
    faults
}

/// The parameters that the job has: name, and whether it must be given.
pub(super) fn known_parameters(manifest: &Manifest) -> Option<Vec<(String, bool)>> {
    match catalogue::job(&manifest.job) {
        Some((integration, job)) if integration.name == manifest.integration => {
            Some(job.parameters.iter().map(|field| (field.name.clone(), field.required)).collect())
        }
        Some(_) => None,
        None => Some(manifest.parameters.iter().map(|(name, given)| (name.clone(), given.required)).collect()),
    }
}

fn parameters(manifest: &Manifest, used: &Used, faults: &mut Vec<Fault>) {
    let Some(known) = known_parameters(manifest) else {
        let whose = catalogue::job(&manifest.job).map(|(integration, _)| integration.name.as_str()).unwrap_or_default();
        faults.push(fault("job", format!("{} is a job of {whose}, not of {}", manifest.job, manifest.integration)));
        return;
    };
    if catalogue::job(&manifest.job).is_some() && !manifest.parameters.is_empty() {
        faults.push(fault("parameters", "the catalogue says which parameters this job has; remove the entry"));
    }
    let names: BTreeSet<_> = known.iter().map(|(name, _)| name.as_str()).collect();
    for (name, written) in &used.parameters {
        if !names.contains(name.as_str()) {
            let list = names.iter().copied().collect::<Vec<_>>().join(", ");
            faults.push(fault(written, format!("there is no parameter {name}; {} has: {list}", manifest.job)));
        }
    }
    for (name, required) in &known {
        let is_used = used.parameters.iter().any(|(used, _)| used == name);
        let refused = manifest.refused_parameters.contains_key(name);
        let excused = manifest.unused_parameters.contains_key(name) || refused;
        if !is_used && *required {
            faults.push(fault("job", format!("the required parameter {name} is used nowhere")));
        } else if !is_used && !excused {
            let what = format!(
                "the parameter {name} is used nowhere: use it, or say why not under unused_parameters or refused_parameters"
            );
            faults.push(fault("job", what));
        } else if is_used && excused {
            faults.push(fault(
                name,
                format!("the parameter {name} is used; remove it from unused_parameters and refused_parameters"),
            ));
        }
    }
    let excused = manifest.unused_parameters.keys().chain(manifest.refused_parameters.keys());
    for name in excused.filter(|name| !names.contains(name.as_str())) {
        faults.push(fault(name, format!("there is no parameter {name}")));
    }
}

fn connection(manifest: &Manifest, used: &Used, faults: &mut Vec<Fault>) {
    if manifest.connection.contains_key(ENDPOINT) {
        faults.push(fault(ENDPOINT, "the field endpoint is there in every connection; remove it"));
    }
    for (name, written) in &used.connection {
        if !manifest.connection.contains_key(name) {
            faults.push(fault(written, format!("there is no field {name}; enter it under connection")));
        }
    }
    for name in manifest.connection.keys().filter(|name| !used.connection.iter().any(|(used, _)| used == *name)) {
        faults.push(fault(name, format!("the field {name} of the connection is used nowhere; remove it")));
    }
}

fn names(manifest: &Manifest, used: &Used, faults: &mut Vec<Fault>) {
    let mut captured: BTreeSet<&str> =
        manifest.before.iter().flat_map(|step| step.capture.keys()).map(String::as_str).collect();
    captured.extend(manifest.start.capture.keys().map(String::as_str));
    captured.extend(manifest.find.iter().flat_map(|find| find.capture.keys()).map(String::as_str));
    for (name, written) in &used.job {
        if !captured.contains(name.as_str()) {
            faults.push(fault(written, format!("job.{name} is captured nowhere")));
        }
    }
    for (name, written) in &used.maps {
        if !manifest.maps.contains_key(name) {
            faults.push(fault(written, format!("there is no map {name}; enter it under maps")));
        }
    }
    if requests(manifest).iter().any(|request| request.body.is_some() && request.form.is_some()) {
        faults.push(fault("form", "a request has a body or a form, not both"));
    }
}

fn reattach(manifest: &Manifest, faults: &mut Vec<Fault>) {
    let carries = |template: &Template| {
        template.holes().any(|hole| hole.names.iter().any(|name| matches!(name, Name::Token | Name::TokenUuid)))
    };
    let carried = templates_of(&manifest.start.request).into_iter().any(carries);
    if matches!(manifest.reattach, Reattach::Token | Reattach::LookUp) && !carried {
        faults.push(fault("reattach", "needs {token} or {token.uuid} in the request that starts the job"));
    }
    let named = |step: &Step| step.capture.contains_key("id");
    let nameless = manifest.poll.request.is_some() && !named(&manifest.start) && !manifest.before.iter().any(named);
    let already = manifest
        .errors
        .iter()
        .any(|rule| rule.means == Meaning::Already && (rule.of.is_empty() || rule.of.contains(&CallName::Start)));
    match &manifest.find {
        None if manifest.reattach == Reattach::LookUp => {
            faults.push(fault("reattach", "look_up needs the entry find, which says how the job is found"));
        }
        None if nameless => {
            faults.push(fault("start", "captures no id, so the entry find has to say how the job is found"));
        }
        None if already => faults.push(fault("already", "needs the entry find, which says how the job is found")),
        Some(find) => {
            for name in manifest.start.capture.keys().filter(|name| !find.capture.contains_key(*name)) {
                faults.push(fault("find", format!("must capture {name} as the start does")));
            }
            if !find.capture.contains_key("id") {
                faults.push(fault("find", "must capture id"));
            }
        }
        None => {}
    }
}

fn states(manifest: &Manifest, faults: &mut Vec<Fault>) {
    let poll = &manifest.poll;
    if !poll.states.is_empty() && poll.word.is_none() {
        faults.push(fault("states", "needs the entry word, which says where the state stands"));
    }
    if poll.each.is_some() == poll.matches.is_empty() {
        faults.push(fault(
            "poll",
            "each and match belong together: which jobs the answer has, and which of them is ours",
        ));
    }
    let known: Vec<_> = poll.states.keys().copied().chain(poll.rules.iter().map(|rule| rule.state)).collect();
    for needed in [StateWord::Succeeded, StateWord::Failed] {
        if !known.contains(&needed) {
            faults.push(fault("poll", format!("says nowhere what {needed:?} is")));
        }
    }
    let mut words = BTreeSet::new();
    for word in poll.states.values().flatten().filter(|word| !words.insert(word.as_str())) {
        faults.push(fault(word, format!("the word {word:?} stands for two states")));
    }
    if poll.every.first == 0 || poll.every.most < poll.every.first || poll.every.most > 3_600 {
        faults.push(fault("every", "must be seconds, first from 1 up to most, most up to 3600"));
    }
    let job = catalogue::job(&manifest.job).map(|(_, job)| job);
    if manifest.test.is_some()
        && !job.is_some_and(|job| job.parameters.iter().any(|field| field.name == ERROR_THRESHOLD))
    {
        faults.push(fault("test", format!("needs a job with the parameter {ERROR_THRESHOLD}")));
    }
}

/// Lists are read: what begins a job, ends it or comes before has no pages.
fn pages(manifest: &Manifest, faults: &mut Vec<Fault>) {
    let mut others: Vec<&Request> = manifest.before.iter().map(|step| &step.request).collect();
    others.push(&manifest.start.request);
    others.extend(manifest.cancel.iter().map(|cancel| &cancel.request));
    if let Some(find) = &manifest.find
        && find.newest_first.is_some()
        && (find.each.is_none() || find.request.pages.is_none())
    {
        faults.push(fault("newest_first", "is about a list in pages: find needs the entries each and request.pages"));
    }
    if others.iter().any(|request| request.pages.is_some()) {
        faults.push(fault("pages", "belongs to a request of find, poll, outputs, test or collect"));
    }
    for request in requests(manifest) {
        let Some(rule) = &request.pages else { continue };
        let posts_json = matches!(request.body, Some(Body::Object(_)));
        if let Some(what) = rule.fault(posts_json, request.method == Method::Get) {
            faults.push(fault("pages", format!("pages {what}")));
        }
    }
}

fn costs(manifest: &Manifest, faults: &mut Vec<Fault>) {
    if let Some(what) = manifest.collect.as_ref().and_then(|collect| collect.sql.as_ref()?.fault()) {
        faults.push(fault("sql", format!("sql: {what}")));
    }
    for rule in manifest.collect.iter().flat_map(|collect| &collect.operations) {
        if let Some(what) = rule.cost_basis.iter().find_map(CostRule::fault) {
            faults.push(fault("cost_basis", format!("cost_basis: {what}")));
        }
        let count = rule.cost_basis.len();
        if count > COST_BASIS_MAX {
            faults.push(fault("cost_basis", format!("has {count} entries; at most {COST_BASIS_MAX} are kept")));
        }
    }
}

/// Names that a manifest uses, each with the text at which it stands.
#[derive(Default)]
struct Used {
    parameters: BTreeSet<(String, String)>,
    connection: BTreeSet<(String, String)>,
    job: BTreeSet<(String, String)>,
    maps: BTreeSet<(String, String)>,
}

impl Used {
    fn of(manifest: &Manifest) -> Self {
        let mut used = Self::default();
        for template in templates(manifest) {
            for hole in template.holes() {
                hole.names.iter().for_each(|name| used.add(name, &hole.written));
            }
        }
        for map in manifest.maps.values() {
            used.add(&map.of, "of:");
        }
        for name in manifest.outputs.iter().flat_map(|outputs| outputs.when.as_slice()) {
            used.add(name, "when:");
        }
        for name in manifest.authentication.iter().filter_map(SignIn::when) {
            used.add(name, "when:");
        }
        if manifest.test.is_some() {
            for name in [ERROR_THRESHOLD, WARN_THRESHOLD] {
                used.parameters.insert((name.to_owned(), "test".to_owned()));
            }
        }
        used
    }

    fn add(&mut self, name: &Name, written: &str) {
        let (set, name) = match name {
            Name::Parameter(name) => (&mut self.parameters, name),
            Name::Connection(name) => (&mut self.connection, name),
            Name::Job(name) => (&mut self.job, name),
            Name::Map(name) => (&mut self.maps, name),
            Name::Token | Name::TokenUuid | Name::Parent(_) | Name::Literal(_) => return,
        };
        set.insert((name.clone(), written.to_owned()));
    }
}

fn requests(manifest: &Manifest) -> Vec<&Request> {
    let mut all: Vec<&Request> = manifest.before.iter().map(|step| &step.request).collect();
    all.push(&manifest.start.request);
    all.extend(manifest.find.iter().map(|find| &find.request));
    all.extend(&manifest.poll.request);
    all.extend(manifest.cancel.iter().map(|cancel| &cancel.request));
    all.extend(manifest.outputs.iter().filter_map(|outputs| outputs.request.as_ref()));
    all.extend(manifest.test.iter().filter_map(|test| test.request.as_ref()));
    all.extend(manifest.collect.iter().filter_map(|collect| collect.request.as_ref()));
    all
}

fn templates_of(request: &Request) -> Vec<&Template> {
    let mut all = vec![&request.path];
    all.extend(request.query.values());
    all.extend(request.headers.values());
    all.extend(request.body.iter().flat_map(Body::templates));
    all.extend(request.form.iter().flat_map(|form| form.values()));
    all
}

fn templates(manifest: &Manifest) -> Vec<&Template> {
    let mut all = vec![&manifest.base_url];
    all.extend(manifest.headers.values());
    all.extend(requests(manifest).into_iter().flat_map(templates_of));
    all.extend(&manifest.link);
    all.extend(manifest.authentication.iter().flat_map(SignIn::templates));
    let mut conditions: Vec<&Condition> = manifest.find.iter().flat_map(|find| &find.matches).collect();
    conditions.extend(manifest.poll.rules.iter().flat_map(|rule| &rule.when));
    conditions.extend(&manifest.poll.matches);
    conditions.extend(manifest.errors.iter().flat_map(|rule| &rule.when));
    for condition in conditions {
        all.extend([&condition.is, &condition.contains, &condition.after].into_iter().flatten());
    }
    let mut said: Vec<&Say> = Vec::new();
    if let Some(collect) = &manifest.collect {
        for rule in &collect.operations {
            said.extend([&rule.id, &rule.name]);
            said.extend(rule.asset.iter().flat_map(|asset| &asset.name));
            said.extend(rule.cost_basis.iter().flat_map(|cost| cost.attributes.values()));
        }
        said.extend(collect.assets.iter().flat_map(|rule| &rule.asset.name));
        all.extend(collect.sql.iter().flat_map(SqlRule::templates));
    }
    all.extend(said.into_iter().filter_map(|say| match say {
        Say::Template(template) => Some(template),
        Say::Path(_) => None,
    }));
    all
}
