//! What every manifest must do, asked of each against a server of its API's recorded shape that misbehaves.
//!
//! The contract stands in `remote/mod.rs`. Whoever carries on with an attempt is played here by [`settled`], as simply as it can be.

mod kills;
mod paged;
mod whole;

use std::{collections::BTreeMap, sync::LazyLock};

use downbeat_proto::events::v1::FailureClass;
use serde_json::{Value, json};

use super::{Described, load, run::Calls, template::Name};
use crate::attempt::Failure;
use crate::connections::Connections;
use crate::parents::Parents;
use crate::remote::{CallError, Job, Observation, Prepared as _, Reattach, RemoteJob as _, State};
use crate::testing::recorded::{Fault, On, Plan, Recorded, Shape};

const TOKEN: &str = "0a1b2c3d-0000-4000-8000-00000000beef-3-1";
/// More than any plan needs.
const CALLS_MAX: u32 = 60;
const SEEDS: u64 = 12;

/// Of the offers that `whole.rs` makes.
fn parents() -> Parents {
    let text = str::to_owned;
    Parents {
        job: text("daily_load.load"),
        run: text("00000000-0000-0000-0000-000000000005"),
        root_job: text("daily_load"),
        root_run: text("07070707-0707-0707-0707-070707070707"),
    }
}

/// A job, a server of its shape, and the calls of one attempt to it.
struct Stage {
    job: std::sync::Arc<Described>,
    server: Recorded,
    calls: Calls,
    secrets: Vec<String>,
    folder: tempfile::TempDir,
}

static MANIFESTS: LazyLock<load::Manifests> =
    LazyLock::new(|| load::load(None).unwrap_or_else(|faults| panic!("{faults}")));

/// Makes a check of every manifest, and says of all that fail it, not of the first alone.
async fn each<F: Future<Output = ()> + Send + 'static>(check: impl Fn((String, String)) -> F) {
    let checks: Vec<_> = MANIFESTS.keys().map(|name| (name.clone(), tokio::spawn(check(name.clone())))).collect();
    let mut failed = Vec::new();
    for (name, check) in checks {
        if let Err(error) = check.await {
            failed.push(format!("{name:?}: {}", panic_text(error)));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

fn panic_text(error: tokio::task::JoinError) -> String {
    let panic = error.into_panic();
    panic.downcast_ref::<String>().cloned().unwrap_or_else(|| "panicked".to_owned())
}

impl Stage {
    async fn set(name: &(String, String), plan: Plan, change: impl Fn(&mut Shape)) -> Self {
        let served = Shape::of(&name.0, &name.1).unwrap();
        let mut shape = served.clone();
        change(&mut shape);
        let server = Recorded::serve(served, plan).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut fields = shape.connection.clone();
        fields.insert("endpoint".to_owned(), json!(server.url()));
        let file = json!({ "integration": name.0, "fields": fields }).to_string();
        std::fs::write(folder.path().join("c.json"), file).unwrap();
        let connections = Connections::new(Some(folder.path().to_owned()));
        let all = super::described(&MANIFESTS, &connections);
        let job = all.into_iter().find(|job| job.job() == (name.0.as_str(), name.1.as_str())).unwrap();
        let secret = |(field, value): (&String, &Value)| {
            let known = job.fields.secret.contains(&field.as_str());
            known.then(|| value.as_str().unwrap_or_default().to_owned())
        };
        let mut secrets: Vec<String> = shape.connection.iter().filter_map(secret).collect();
        // Of a web hook the path is one.
        let hook = job.manifest.base_url.lone_hole().map(|hole| hole.names[0].clone());
        let hook = match &hook {
            Some(Name::Parameter(name)) => shape.parameters.get(name).and_then(Value::as_str).map(str::to_owned),
            _ => secrets.iter().find(|secret| secret.starts_with("https://")).cloned(),
        };
        if let Some(url) = hook.and_then(|hook| reqwest::Url::parse(&hook).ok()) {
            secrets.extend(url.path().split('/').filter(|part| part.contains("s3cret")).map(str::to_owned));
            secrets.push(url.path().to_owned());
        }
        let calls = job
            .prepared("c", &shape.parameters, TOKEN, Some(parents()))
            .await
            .unwrap_or_else(|why| panic!("{name:?}: {why:?}"));
        Self { job, server, calls, secrets, folder }
    }

    fn told(&self, text: &str) {
        for secret in &self.secrets {
            // The parts of a key are as secret as the whole.
            for part in secret.lines().filter(|part| part.len() >= 8 && !part.contains("-----")) {
                assert!(!text.contains(part), "{:?} tells a credential: {text}", self.job.job());
            }
        }
    }

    fn told_in(&self, error: &CallError) {
        match error {
            CallError::Again { message, .. } | CallError::Unknown(message) | CallError::Gone(message) => {
                self.told(message)
            }
            CallError::Refused(failure) => self.told(&failure.message),
        }
    }

    /// The job, however its start goes; `None` if nobody can know.
    async fn settled(&self) -> Option<Job> {
        let mut unknown = false;
        for _ in 0..CALLS_MAX {
            let outcome = if unknown && self.job.reattach() == Reattach::LookUp {
                match self.calls.find().await {
                    Ok(None) => self.calls.start().await,
                    Ok(Some(job)) => Ok(job),
                    Err(error) => Err(error),
                }
            } else {
                self.calls.start().await
            };
            match outcome {
                Ok(job) => return Some(job),
                Err(error) => {
                    self.told_in(&error);
                    match error {
                        CallError::Again { .. } => {}
                        CallError::Unknown(_) if self.job.reattach() == Reattach::Never => return None,
                        CallError::Unknown(_) => unknown = true,
                        other => panic!("{:?}: {other:?}", self.job.job()),
                    }
                }
            }
        }
        panic!("{:?} never starts", self.job.job())
    }

    /// The last look at a job.
    async fn watched(&self, job: &Job) -> Observation {
        for _ in 0..CALLS_MAX {
            match self.calls.poll(job).await {
                Ok(seen) if matches!(seen.state, State::Queued | State::Running) => {}
                Ok(seen) => {
                    self.told(&format!("{seen:?}"));
                    return seen;
                }
                Err(error @ CallError::Again { .. }) => self.told_in(&error),
                Err(other) => panic!("{:?}: {other:?}", self.job.job()),
            }
        }
        panic!("{:?} never ends", self.job.job())
    }

    fn checked(&self) {
        assert_eq!(
            self.server.unknown(),
            Vec::<String>::new(),
            "{:?} asks for what its shape does not have",
            self.job.job()
        );
    }
}

fn same(_: &mut Shape) {}

#[tokio::test]
async fn a_job_is_started_watched_and_collected() {
    each(|name| async move {
        for (plan, fails) in [
            (Plan::default(), false),
            (Plan { fails: true, ..Plan::default() }, true),
            // It is over between two looks.
            (Plan { at_once: true, ..Plan::default() }, false),
        ] {
            let stage = Stage::set(&name, plan, same).await;
            if fails && stage.job.manifest.poll.request.is_none() {
                // What is over with its start fails there: see the errors.
                continue;
            }
            let job = stage.settled().await.unwrap();
            assert!(!job.external_id.is_empty() && job.handle.len() <= 4096, "{name:?}: {job:?}");
            let seen = stage.watched(&job).await;
            match &seen.state {
                State::Succeeded { outputs, .. } => {
                    assert!(!fails, "{name:?}: {seen:?}");
                    assert!(outputs.is_empty() || serde_json::from_str::<Value>(outputs).unwrap().is_object());
                }
                State::Failed => assert!(fails, "{name:?}: {seen:?}"),
                other => panic!("{name:?}: {other:?}"),
            }
            let collection = stage.calls.collect(&job, &seen).await.unwrap_or_else(|why| panic!("{name:?}: {why:?}"));
            if stage.job.manifest.collect.is_some() && !fails {
                assert!(!collection.operations.is_empty(), "{name:?} collects nothing");
            }
            for operation in &collection.operations {
                assert!(!operation.external_id.is_empty() && !operation.name.is_empty(), "{name:?}: {operation:?}");
            }
            assert_eq!(stage.server.submitted().values().copied().collect::<Vec<_>>(), [1], "{name:?}");
            stage.checked();
        }
    })
    .await;
}

#[tokio::test]
async fn other_parameters_are_asked_for_as_the_api_has_them() {
    each(|name| async move {
        for parameters in Shape::of(&name.0, &name.1).unwrap().also {
            let stage = Stage::set(&name, Plan::default(), |shape| shape.parameters = parameters.clone()).await;
            let job = stage.settled().await.unwrap();
            let seen = stage.watched(&job).await;
            assert!(matches!(seen.state, State::Succeeded { .. }), "{name:?} {parameters:?}: {seen:?}");
            stage.calls.collect(&job, &seen).await.unwrap_or_else(|why| panic!("{name:?} {parameters:?}: {why:?}"));
            stage.checked();
        }
    })
    .await;
}

#[tokio::test]
async fn whatever_goes_wrong_one_job_is_submitted() {
    each(|name| async move {
        for seed in 1..=SEEDS {
            let stage = Stage::set(&name, Plan { seed, ..Plan::default() }, same).await;
            let Some(job) = stage.settled().await else {
                assert!(stage.server.submitted().len() <= 1, "{name:?} seed {seed}");
                continue;
            };
            stage.watched(&job).await;
            let submitted: BTreeMap<_, _> = stage.server.submitted();
            if stage.job.reattach() != Reattach::Repeat {
                assert_eq!(submitted.values().copied().collect::<Vec<_>>(), [1], "{name:?} seed {seed}: {submitted:?}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn errors_of_a_start_say_whether_it_may_have_been_accepted() {
    let cases = [
        (Fault::ErrorBefore, "unknown"),
        (Fault::ErrorAfter, "unknown"),
        (Fault::SilentBefore, "unknown"),
        (Fault::SilentAfter, "unknown"),
        (Fault::Limited, "again"),
        (Fault::Malformed, "unknown"),
    ];
    each(|name| async move {
        for (fault, expected) in cases {
            let stage = Stage::set(&name, Plan { first: vec![(On::Start, fault)], ..Plan::default() }, same).await;
            let error = stage.calls.start().await.expect_err(&format!("{name:?} {fault:?}"));
            stage.told_in(&error);
            match &error {
                CallError::Again { after, .. } => {
                    assert_eq!(expected, "again", "{name:?} {fault:?}: {error:?}");
                    assert_eq!(after.map(|after| after.as_secs()), Some(7), "{name:?}");
                }
                CallError::Unknown(message) => {
                    assert_eq!(expected, "unknown", "{name:?} {fault:?}: {error:?}");
                    assert!(message.contains(&name.0), "{name:?}: {message}");
                }
                other => panic!("{name:?} {fault:?}: {other:?}"),
            }
        }
    })
    .await;
}

#[tokio::test]
async fn nobody_there_is_certainly_not_accepted() {
    each(|name| async move {
        let mut stage = Stage::set(&name, Plan::default(), same).await;
        // A port that was just free.
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let nobody = reqwest::Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        drop(listener);
        (stage.calls.base, stage.calls.endpoint) = (nobody.clone(), Some(nobody));
        let error = stage.calls.start().await.unwrap_err();
        assert!(matches!(error, CallError::Again { .. }), "{name:?}: {error:?}");
    })
    .await;
}

#[tokio::test]
async fn wrong_credentials_are_said_and_not_repeated() {
    each(|name| async move {
        let wrong = |shape: &mut Shape| {
            for (field, value) in &mut shape.connection {
                let text = value.as_str().unwrap_or_default();
                // A key that cannot be read is another fault.
                let secret = ["secret", "token", "key", "password"].iter().any(|word| field.contains(word));
                if secret && !text.contains("PRIVATE KEY") {
                    *value = json!(format!("wr0ng-{text}"));
                }
            }
        };
        let stage = Stage::set(&name, Plan::default(), wrong).await;
        let same = Shape::of(&name.0, &name.1).unwrap().connection == {
            let mut changed = Shape::of(&name.0, &name.1).unwrap();
            wrong(&mut changed);
            changed.connection
        };
        if same {
            return;
        }
        let error = stage.calls.start().await.unwrap_err();
        stage.told_in(&error);
        let CallError::Refused(Failure { class: FailureClass::Misconfigured, message, .. }) = &error else {
            panic!("{name:?}: {error:?}")
        };
        assert!(message.contains("credentials") && message.contains(&name.0), "{name:?}: {message}");
        assert!(stage.server.submitted().is_empty() && stage.server.strangers() > 0, "{name:?}");
    })
    .await;
}

#[tokio::test]
async fn a_cancel_is_confirmed_by_looking_however_long_it_takes() {
    each(|name| async move {
        let stage = Stage::set(&name, Plan { cancel_looks: 5, ..Plan::default() }, same).await;
        if stage.job.manifest.cancel.is_none() {
            return;
        }
        let job = stage.settled().await.unwrap();
        stage.calls.cancel(&job).await.unwrap_or_else(|why| panic!("{name:?}: {why:?}"));
        let seen = stage.watched(&job).await;
        assert!(matches!(seen.state, State::Cancelled | State::Failed), "{name:?}: {seen:?}");
        assert_eq!(stage.server.cancels(), 1, "{name:?}");
        // Of a job that has ended: no error.
        stage.calls.cancel(&job).await.unwrap_or_else(|why| panic!("{name:?}: {why:?}"));
    })
    .await;
}

#[tokio::test]
async fn missing_and_unknown_parameters_are_named_before_anything_is_asked() {
    each(|name| async move {
        let stage = Stage::set(&name, Plan::default(), same).await;
        let given = Shape::of(&name.0, &name.1).unwrap().parameters;
        for (parameter, required) in super::check::known_parameters(stage.job.manifest).unwrap() {
            if required {
                let mut fewer = given.clone();
                fewer.remove(&parameter);
                let failure = stage.job.prepared("c", &fewer, TOKEN, Some(parents())).await.err().unwrap();
                assert_eq!(failure.class, FailureClass::Misconfigured, "{name:?}");
                assert!(failure.message.contains(&parameter), "{name:?}: {}", failure.message);
            }
        }
        let mut more = given.clone();
        more.insert("no_such_parameter".to_owned(), json!(1));
        let failure = stage.job.prepared("c", &more, TOKEN, Some(parents())).await.err().unwrap();
        assert!(failure.message.contains("no_such_parameter"), "{name:?}");
    })
    .await;
}
