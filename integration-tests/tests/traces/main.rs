//! What services tell over OTLP, as the real collector exports it: a run is one trace, whoever took part in it, and it is whole.

mod collector;
mod told;

use std::{collections::BTreeSet, fs, path::Path, time::Duration};

use async_nats::jetstream;
use downbeat_integration_tests::{
    cluster::{Addresses, Cluster},
    http::Client,
    process::{Process, eventually},
};
use downbeat_worker::testing::recorded::{Plan, Recorded, Shape};
use serde_json::{Value, json};

use collector::{Collector, Keeper};
use told::{Span, Told};

const SOON: Duration = Duration::from_secs(90);
const BASE: &str = "/api/engine/public";

/// What whoever calls is in the middle of.
const CALLER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const CALLER_TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER_SPAN: &str = "b7ad6b7169203331";

/// What must never be told: a credential of the exporter, one of a task, and what people give runs.
const CANARIES: [&str; 3] = ["canary-of-the-header", "canary-of-the-task", "canary-of-the-input"];

/// All services with somebody who listens to what they tell.
struct Stage {
    collector: Collector,
    /// Whom tasks call.
    other: Keeper,
    cluster: Cluster,
    _gateway: Process,
    client: Client,
    folder: tempfile::TempDir,
}

impl Stage {
    fn start() -> Option<Self> {
        Self::start_in(tempfile::tempdir().expect("a folder"))
    }

    /// With what lies in this folder, such as connections.
    fn start_in(folder: tempfile::TempDir) -> Option<Self> {
        let collector = Collector::start(folder.path())?;
        let variables = format!(
            "OTEL_EXPORTER_OTLP_ENDPOINT={}\nOTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20{}\n\
             OTEL_RESOURCE_ATTRIBUTES=deployment.environment.name=test\nOTEL_METRIC_EXPORT_INTERVAL=500\n",
            collector.endpoint, CANARIES[0]
        );
        fs::write(folder.path().join("variables"), variables).expect("a file");
        let cluster = Cluster::start(folder.path(), 4);
        let (gateway, api) = cluster.gateway(&[]);
        let key = cluster.addresses.downbeat_ok(&["key", "create", "traces", "--role", "admin"]);
        let client = Client::with_key(&api, key.trim());
        eventually("the gateway knows the key", SOON, || {
            (client.get(&format!("{BASE}/pipelines")).status == 200).then_some(())
        });
        eventually("the scheduler takes events", SOON, || {
            cluster.scheduler.printed().contains("takes events published below").then_some(())
        });
        Some(Self { collector, other: Keeper::start(), cluster, _gateway: gateway, client, folder })
    }

    fn addresses(&self) -> &Addresses {
        &self.cluster.addresses
    }

    fn told(&self) -> Told {
        Told::of(&self.collector.exported.all())
    }

    fn apply(&self, alias: &str, pipeline: &Value) {
        let file = self.folder.path().join(format!("{alias}.yml"));
        fs::write(&file, pipeline.to_string()).expect("a file");
        self.addresses().downbeat_ok(&["apply", file.to_str().expect("text"), "--alias", alias]);
        // It was not applied through the gateway, which waits only for what was.
        eventually("the gateway finds it", SOON, || {
            self.client.get(&format!("{BASE}/pipelines")).text().contains(alias).then_some(())
        });
    }

    /// Starts a run as part of what the caller is in the middle of.
    fn run(&self, alias: &str) -> String {
        let body = json!({ "runInputs": { "day": CANARIES[2] } }).to_string();
        let headers = [("traceparent", CALLER), ("Content-Type", "application/json")];
        let path = format!("{BASE}/pipelines/{alias}/start");
        let answer = self.client.send("POST", &path, &headers, body.as_bytes()).expect("the gateway answers");
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["pipelineRunId"].as_str().expect("an id").to_owned()
    }

    /// Waits until the trace of a run has spans of all these names, and the trace of its caller of these.
    fn until_told(&self, run: &str, names: &[&str], of_caller: &[&str]) -> Told {
        let trace = run.replace('-', "");
        let has = |spans: &[&Span], name: &str| spans.iter().any(|span| span.name == name);
        eventually(&format!("{names:?} and {of_caller:?} of run {run}"), SOON, || {
            let told = self.told();
            let (spans, caller) = (told.trace(&trace), told.trace(CALLER_TRACE));
            let all = names.iter().all(|name| has(&spans, name)) && of_caller.iter().all(|name| has(&caller, name));
            let folded =
                told.spans.values().any(|span| span.name == "fold" && span.links.iter().any(|(of, _)| *of == trace));
            (all && folded).then_some(told)
        })
    }
}

/// A system that runs jobs, and a task that has one there, with its connection in this folder.
async fn job_elsewhere(folder: &Path) -> (Recorded, Value) {
    let (integration, job) = ("HIGHTOUCH", "HIGHTOUCH_SYNC");
    let shape = Shape::of(integration, job).expect("a shape of ours");
    let (mut fields, parameters) = (shape.connection.clone(), shape.parameters.clone());
    let server = Recorded::serve(shape, Plan::default()).await.expect("loopback has free ports");
    fields.insert("endpoint".to_owned(), json!(server.url()));
    let connections = folder.join("connections");
    fs::create_dir(&connections).expect("a folder");
    let connection = json!({ "integration": integration, "fields": fields }).to_string();
    fs::write(connections.join("elsewhere.json"), connection).expect("a file");
    let task = json!({
        "integration": integration, "integration_job": job, "connection": "elsewhere", "parameters": parameters,
    });
    (server, task)
}

/// A task that keeps the variable that it was handed, and one that asks somebody.
fn pipeline(folder: &Path, other: &str) -> Value {
    let file = folder.join("handed");
    let code = format!("import os\nopen({file:?}, 'w').write(os.environ['TRACEPARENT'])\nprint(os.environ['SECRET'])");
    let variables = json!({ "SECRET": CANARIES[1] }).to_string();
    json!({
        "version": "v1",
        "name": "Traced",
        "inputs": { "day": { "type": "string", "optional": true } },
        "pipeline": {
            "script": {
                "integration": "PYTHON", "integration_job": "PYTHON_EXECUTE_SCRIPT",
                "parameters": {
                    "source": "INLINE", "python_version": "3.11", "code": code, "environment_variables": variables,
                },
            },
            "ask": {
                "integration": "HTTP", "integration_job": "HTTP_REQUEST",
                "parameters": { "method": "POST", "path": format!("{other}/asked"), "body": "{}" },
                "depends_on": ["script"],
            },
        },
    })
}

fn services(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| format!("downbeat-{name}")).collect()
}

fn only<'a>(spans: &[&'a Span], name: &str) -> &'a Span {
    let found: Vec<&&Span> = spans.iter().filter(|span| span.name == name).collect();
    assert_eq!(found.len(), 1, "one span `{name}` of {:?}", spans.iter().map(|span| &span.name).collect::<Vec<_>>());
    found[0]
}

/// Spans of what asked for the run: they begin before there is one.
fn asks(span: &Span) -> bool {
    ["start by ", "fire ", "process "].iter().any(|begins| span.name.starts_with(begins))
}

/// Every span hangs below another one of the trace and lies within it, up to the run's.
fn is_whole(spans: &[&Span]) {
    let roots: Vec<&&Span> = spans.iter().filter(|span| span.parent.is_empty()).collect();
    assert_eq!(roots.len(), 1, "one root: {roots:#?}");
    for span in spans.iter().filter(|span| !span.parent.is_empty()) {
        let parent = spans.iter().find(|other| other.id == span.parent);
        let parent = parent.unwrap_or_else(|| panic!("`{}` hangs below a span that nobody told", span.name));
        let (began, ended) = (span.began >= parent.began || asks(span), span.ended <= parent.ended || asks(span));
        assert!(began && ended && span.ended >= parent.began, "{span:#?} does not lie within {parent:#?}");
    }
}

fn attribute<'a>(span: &'a Span, name: &str) -> &'a str {
    span.attributes.get(name).map_or("", String::as_str)
}

#[test]
fn a_run_is_one_trace_through_all_services() {
    let Some(stage) = Stage::start() else { return };
    stage.apply("traced", &pipeline(stage.folder.path(), &stage.other.url));
    let run = stage.run("traced");
    let (method, route) = ("downbeat.control.v1.ControlService/StartRun", "POST /pipelines/{id}/start");
    let (trace, starts) = (run.replace('-', ""), format!("start by {method}"));
    let names = ["RUN traced", "dispatch ask", "execute script", "execute ask", "HTTP HTTP_REQUEST", &starts];
    // Batches of the projector are told as well, each a trace of its own that is linked to the run.
    let told = stage.until_told(&run, &names, &[method, route]);
    let spans = told.trace(&trace);
    is_whole(&spans);
    assert_eq!(Told::services(&spans), services(&["coordinator", "gateway", "metadata-projector", "worker"]));

    // The run and its attempts, in the words of the conventions.
    let of_run = only(&spans, "RUN traced");
    assert_eq!((of_run.parent.as_str(), attribute(of_run, "cicd.pipeline.result")), ("", "success"));
    assert_eq!(attribute(of_run, "cicd.pipeline.run.id"), run);
    for task in ["script", "ask"] {
        let attempt = only(&spans, task);
        assert_eq!((&attempt.parent, attribute(attempt, "cicd.pipeline.task.run.result")), (&of_run.id, "success"));
        let dispatch = only(&spans, &format!("dispatch {task}"));
        assert_eq!(
            (dispatch.parent.as_str(), dispatch.service.as_str()),
            (attempt.id.as_str(), "downbeat-coordinator")
        );
        let append = dispatch.links.first().and_then(|(_, span)| told.spans.get(span));
        assert_eq!(append.map(|append| append.name.as_str()), Some("append"), "{dispatch:#?}");
        let execution = only(&spans, &format!("execute {task}"));
        assert_eq!((execution.parent.as_str(), execution.service.as_str()), (attempt.id.as_str(), "downbeat-worker"));
    }

    // What tasks are handed is the connector's place.
    let handed = |text: &str| -> Vec<String> { text.trim().split('-').map(str::to_owned).collect() };
    let script = handed(&fs::read_to_string(stage.folder.path().join("handed")).expect("the task wrote it"));
    let connector = only(&spans, "PYTHON PYTHON_EXECUTE_SCRIPT");
    assert_eq!(script, ["00", &trace, &connector.id, "01"]);
    let asked = stage.other.all().into_iter().find(|request| request.path == "/asked").expect("somebody was asked");
    let header = asked.headers.iter().find_map(|line| line.strip_prefix("traceparent:")).expect("a header");
    assert_eq!(handed(header), ["00", &trace, &only(&spans, "HTTP HTTP_REQUEST").id, "01"]);

    // The call was part of the caller's trace, and both say so of each other.
    let part = only(&spans, &starts);
    let of_caller = told.trace(CALLER_TRACE);
    let request = only(&of_caller, route);
    assert_eq!((request.parent.as_str(), attribute(request, "http.response.status_code")), (CALLER_SPAN, "200"));
    let asking = only(&of_caller, method);
    assert_eq!((&asking.parent, &asking.links), (&request.id, &vec![(trace.clone(), of_run.id.clone())]));
    assert_eq!(part.links, [(CALLER_TRACE.to_owned(), asking.id.clone())]);

    let all = ["coordinator", "gateway", "metadata-projector", "scheduler", "worker"];
    let told = eventually("lines and measures of all services", SOON, || {
        let told = stage.told();
        let named = |names: BTreeSet<&str>| all.iter().all(|name| names.contains(format!("downbeat-{name}").as_str()));
        let lines = told.lines.iter().map(|line| line.service.as_str()).collect();
        let measures = told.measures.iter().map(|measure| measure.service.as_str()).collect();
        (named(lines) && named(measures)).then_some(told)
    });
    // One identity each, in traces, lines and measures.
    for service in all.map(|name| format!("downbeat-{name}")) {
        let mut instances: BTreeSet<&str> = BTreeSet::new();
        instances.extend(told.spans.values().filter(|it| it.service == service).map(|it| it.instance.as_str()));
        instances.extend(told.lines.iter().filter(|it| it.service == service).map(|it| it.instance.as_str()));
        instances.extend(told.measures.iter().filter(|it| it.service == service).map(|it| it.instance.as_str()));
        assert_eq!(instances.len(), 1, "{service}: {instances:?}");
    }
    let started = |line: &&told::Line| line.service == "downbeat-worker" && line.body == "started";
    assert!(told.lines.iter().filter(started).all(|line| line.trace == trace), "the worker's lines say in which trace");
    let took = told.measures.iter().find(|measure| measure.name == "downbeat_gateway_request_duration_seconds");
    let took = took.expect("what Prometheus reads is told as well");
    assert_eq!((took.unit.as_str(), took.since.iter().all(|since| since.len() == 19)), ("s", true), "{took:?}");

    for request in stage.collector.exported.all() {
        for canary in CANARIES {
            assert!(!request.text.contains(canary), "{canary} was told on {}: {}", request.path, request.text);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_nats_is_linked_to_what_it_started_and_events_say_where_they_belong() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_elsewhere, job) = job_elsewhere(folder.path()).await;
    let Some(stage) = tokio::task::block_in_place(|| Stage::start_in(folder)) else { return };
    let triggers = json!({ "downbeat": { "triggers": [{ "name": "landed", "nats": "shop.landed" }] } });
    let pipeline = json!({ "version": "v1", "name": "Taken", "meta": triggers, "pipeline": { "a": job } });
    tokio::task::block_in_place(|| stage.apply("taken", &pipeline));
    let nats = async_nats::connect(&stage.addresses().log).await.expect("nats-server answers");
    let context = jetstream::new(nats);
    let mut headers = async_nats::HeaderMap::new();
    for (name, value) in [("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "/shop"), ("ce-type", "landed")] {
        headers.insert(name, value);
    }
    headers.insert("traceparent", CALLER);
    let sent = context.publish_with_headers("downbeat.trigger.shop.landed", headers, "{}".into()).await;
    sent.expect("it goes").await.expect("the stream has it");

    let (told, trace) = tokio::task::block_in_place(|| {
        let run = eventually("the run of the message", SOON, || {
            let told = stage.told();
            let root = told.spans.values().find(|span| span.name == "RUN taken");
            root.map(|root| attribute(root, "cicd.pipeline.run.id").to_owned())
        });
        let names = ["RUN taken", "a", "dispatch a", "execute a", "process shop.landed", "collect"];
        let told = stage.until_told(&run, &names, &[]);
        (told, run.replace('-', ""))
    });
    let spans = told.trace(&trace);
    is_whole(&spans);
    assert_eq!(Told::services(&spans), services(&["coordinator", "metadata-projector", "scheduler", "worker"]));
    let taken = only(&spans, "process shop.landed");
    assert_eq!(taken.links, [(CALLER_TRACE.to_owned(), CALLER_SPAN.to_owned())]);
    for (name, value) in [
        ("messaging.system", "nats"),
        ("messaging.operation.type", "process"),
        ("messaging.destination.name", "downbeat.trigger.shop.landed"),
        ("messaging.message.id", "1"),
    ] {
        assert_eq!(attribute(taken, name), value, "{name}");
    }

    // Of a job in another system it is told when it was begun, how long it was waited for, and that it was collected.
    let connector = only(&spans, "HIGHTOUCH HIGHTOUCH_SYNC");
    let steps = ["start", "poll", "collect"].map(|step| only(&spans, step));
    assert!(steps.iter().all(|step| step.parent == connector.id), "{steps:#?}");
    assert!(steps.windows(2).all(|two| two[0].ended <= two[1].began), "{steps:#?}");
    assert!(attribute(steps[1], "downbeat.polls").parse::<u64>().is_ok_and(|polls| polls > 0), "{:#?}", steps[1]);

    // What happens is told on NATS with the place where it belongs.
    let stream = context.get_stream("DOWNBEAT_EVENTS").await.expect("the stream of events");
    let last = stream.cached_info().state.last_sequence;
    let (mut of_run, mut of_attempts) = (BTreeSet::new(), BTreeSet::new());
    for sequence in 1..=last {
        let message = stream.get_raw_message(sequence).await.expect("an event");
        let said = |name: &str| message.headers.get(name).map(|value| value.as_str().to_owned());
        let Some(place) = said("traceparent").filter(|place| place.contains(&trace)) else { continue };
        assert_eq!(said("ce-traceparent").as_ref(), Some(&place), "{}", message.subject);
        let span = place.split('-').nth(2).expect("a span").to_owned();
        if message.subject.ends_with("attempt_succeeded") {
            of_attempts.insert(span);
        } else if message.subject.ends_with("run_finished") {
            of_run.insert(span);
        }
    }
    assert_eq!(of_run, BTreeSet::from([only(&spans, "RUN taken").id.clone()]));
    assert_eq!(of_attempts, BTreeSet::from([only(&spans, "a").id.clone()]));
}

#[test]
fn the_configuration_to_begin_with_is_one() {
    let file = downbeat_integration_tests::repository().join("deploy/collector.yaml");
    if let Some(validated) = collector::validated(&file) {
        assert_eq!(validated, Ok(()));
    }
}

#[test]
fn what_ended_while_nobody_listened_is_told_once_somebody_does() {
    let Some(mut stage) = Stage::start() else { return };
    let fails = json!({ "integration": "PYTHON", "integration_job": "PYTHON_EXECUTE_SCRIPT", "parameters": {
        "source": "INLINE", "python_version": "3.11", "code": "raise SystemExit(3)",
    }});
    stage.apply("fails", &json!({ "version": "v1", "name": "Fails", "pipeline": { "a": fails } }));
    let Stage { collector, cluster, client, .. } = &mut stage;
    let mut run = String::new();
    collector.away_while(|| {
        let answer = client.ask("POST", &format!("{BASE}/pipelines/fails/start"), Some(&json!({})));
        run = answer.json()["pipelineRunId"].as_str().expect("an id").to_owned();
        eventually("the run has ended", SOON, || {
            cluster.addresses.downbeat_ok(&["runs"]).contains("FAILED").then_some(())
        });
        // A receiver that is away holds nobody up, and a projector that is started anew has forgotten nothing.
        cluster.projector.terminate();
    });
    cluster.restart_projector();
    let trace = run.replace('-', "");
    let told = eventually("the run and its attempt are told", SOON, || {
        let told = stage.told();
        let spans = told.trace(&trace);
        let both = ["RUN fails", "a"].iter().all(|name| spans.iter().any(|span| span.name == *name));
        both.then_some(told)
    });
    let spans = told.trace(&trace);
    for (name, class) in [("RUN fails", "FAILED"), ("a", "JOB_FAILED")] {
        let span = only(&spans, name);
        assert_eq!((span.is_error, attribute(span, "error.type")), (true, class), "{span:#?}");
    }
    assert_eq!(only(&spans, "a").parent, only(&spans, "RUN fails").id);
}
