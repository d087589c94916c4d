//! Users of NATS with no more rights than they need: a real server with `deploy/nats/nats.conf`, every service as itself, a run to its end,
//! and then what each of them must not do.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_nats::{Client, ConnectOptions, HeaderMap, jetstream};
use downbeat_event_log::{Access, LogAddress, NatsConfig, testing::nats_server::NatsServer};
use downbeat_integration_tests::{
    arms::{Arms, Users, write_secret},
    cluster::{Addresses, Cluster, nats_program, text},
    process::eventually,
    programs, repository,
};
use downbeat_runtime::tls::testing::{Authority, Issued};
use nkeys::KeyPair;

const SOON: Duration = Duration::from_secs(60);
const PIPELINE: &str = "version: v1
name: Started by events
meta:
  downbeat:
    triggers:
      - nats: orders.landed
pipeline:
  a: {integration: DOWNBEAT, integration_job: NOOP, parameters: {}}
";
/// Those of the configuration.
const USERS: [&str; 6] = ["coordinator", "projector", "scheduler", "operator", "publisher", "listener"];

/// A user for each, with seeds in the folder.
fn users(folder: &Path) -> Users {
    std::fs::create_dir_all(folder).expect("a folder");
    let variables = USERS.map(|user| {
        let pair = KeyPair::new_user();
        write_secret(&folder.join(format!("{user}.nkey")), &pair.seed().expect("a seed"));
        (format!("DOWNBEAT_NATS_{}", user.to_uppercase()), pair.public_key())
    });
    Users {
        folder: folder.to_owned(),
        config: repository().join("deploy/nats/nats.conf"),
        variables: variables.to_vec(),
    }
}

/// One user's connection, and what the server complained of.
struct Connected {
    client: Client,
    complaints: Arc<Mutex<Vec<String>>>,
}

impl Connected {
    async fn with(url: &str, folder: &Path, user: &'static str) -> Self {
        let complaints = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&complaints);
        let options = ConnectOptions::new().event_callback(move |event| {
            heard.lock().expect("no panic before").push(event.to_string());
            async {}
        });
        let config = NatsConfig { nats_nkey: Some(folder.join(format!("{user}.nkey"))), ..NatsConfig::default() };
        let client =
            config.of(user).connect(url, options, SOON).await.unwrap_or_else(|error| panic!("{user}: {error}"));
        Self { client, complaints }
    }

    /// Waits until the server has refused it.
    async fn refuses(&self, who: &str, what: &str) {
        for _ in 0..600 {
            let said = self.complaints.lock().expect("no panic before").clone();
            if said.iter().any(|said| {
                said.to_lowercase().contains("permissions violation") && said.contains(&format!("\"{what}\""))
            }) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{who} may {what}: {:?}", self.complaints.lock().expect("no panic before"));
    }
}

#[test]
fn every_service_has_the_rights_that_it_needs_and_no_others() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let seeds = folder.path().join("users");
    let users = users(&seeds);
    let arms = Arms { certificates: None, users: Some(users) };
    let cluster = Cluster::start_armed(folder.path(), 4, arms);
    let addresses = &cluster.addresses;
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");

    // A run that an event starts: the log is written and followed, an event taken, what happens is told, a dead letter set aside and replayed.
    let file = folder.path().join("started.yml");
    std::fs::write(&file, PIPELINE).expect("a file");
    addresses.downbeat_ok(&["apply", file.to_str().expect("text")]);
    eventually("the scheduler takes events", SOON, || {
        cluster.scheduler.printed().contains("takes events published").then_some(())
    });
    runtime.block_on(publish(&addresses.log, &seeds));
    eventually("the run ends", SOON, || {
        addresses.downbeat_ok(&["runs", "-n", "1"]).contains("SUCCEEDED").then_some(())
    });
    assert!(addresses.downbeat_ok(&["log", "verify"]).contains("log verify: ok"));
    let dead = eventually("what nobody can take is set aside", SOON, || {
        let output = addresses.downbeat(&["trigger", "dead", "list"]);
        assert!(output.status.success(), "{}", text(&output));
        text(&output).contains("orders.landed").then(|| text(&output))
    });
    addresses.downbeat_ok(&["trigger", "dead", "replay", "all"]);
    runtime.block_on(told(&addresses.log, &seeds));
    assert!(!complaints(folder.path()).contains("Violation"), "{dead}\n{}", complaints(folder.path()));

    runtime.block_on(what_nobody_may(&addresses.log, &seeds));
    strangers(&cluster, folder.path());
    // Nothing of it has reached the log.
    assert!(addresses.downbeat_ok(&["log", "verify"]).contains("log verify: ok"));
}

/// What the server has written.
fn complaints(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("nats/nats.log")).expect("the server's log")
}

/// As a system outside does: one event that starts a run, one that nobody can read.
async fn publish(url: &str, seeds: &Path) {
    let publisher = Connected::with(url, seeds, "publisher").await;
    let context = jetstream::new(publisher.client.clone());
    for (id, payload) in [("1", "{\"rows\": 1}"), ("2", "{ no JSON")] {
        let mut headers = HeaderMap::new();
        headers.insert("ce-id", id);
        headers.insert("ce-source", "shop");
        headers.insert("ce-specversion", "1.0");
        headers.insert("ce-type", "landed");
        headers.insert("content-type", "application/json");
        let sent = context.publish_with_headers("downbeat.trigger.orders.landed", headers, payload.into()).await;
        sent.expect("it is sent").await.expect("the stream has it");
    }
}

/// Whoever listens hears what happens.
async fn told(url: &str, seeds: &Path) {
    let operator = Connected::with(url, seeds, "operator").await;
    let context = jetstream::new(operator.client.clone());
    for _ in 0..600 {
        let told = context.get_stream("DOWNBEAT_EVENTS").await.map(|stream| stream.cached_info().state.messages);
        if told.is_ok_and(|told| told > 0) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("nothing was told");
}

async fn what_nobody_may(url: &str, seeds: &Path) {
    let forever = ["DELETE", "PURGE", "UPDATE", "SNAPSHOT", "RESTORE", "MSG.DELETE"];
    let changes = |stream: &str| forever.map(|what| format!("$JS.API.STREAM.{what}.{stream}"));
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    for (user, publishes) in [
        (
            "coordinator",
            names(&[
                "downbeat.log.1",
                "downbeat.events.x",
                "downbeat.trigger.x",
                "downbeat.dead.trigger.x",
                "$JS.API.STREAM.CREATE.OTHER",
                "$JS.API.CONSUMER.CREATE.DOWNBEAT_TRIGGER",
                "$JS.API.STREAM.NAMES",
            ]),
        ),
        (
            "projector",
            names(&[
                "downbeat.log.0",
                "downbeat.trigger.x",
                "$JS.API.STREAM.CREATE.DOWNBEAT_LOG_0",
                "$JS.API.CONSUMER.CREATE.DOWNBEAT_EVENTS",
                "$JS.API.CONSUMER.DELETE.DOWNBEAT_LOG_0.x",
                "_INBOX.downbeat.coordinator.x",
            ]),
        ),
        (
            "scheduler",
            names(&[
                "downbeat.log.0",
                "downbeat.events.x",
                "downbeat.trigger.x",
                "$JS.API.STREAM.CREATE.DOWNBEAT_LOG_0",
                "$JS.API.CONSUMER.CREATE.DOWNBEAT_TRIGGER.other",
                "$JS.API.CONSUMER.DURABLE.CREATE.DOWNBEAT_TRIGGER.downbeat-scheduler",
                "_INBOX.downbeat.coordinator.x",
            ]),
        ),
        ("operator", names(&["downbeat.log.0", "downbeat.events.x", "downbeat.dead.trigger.x"])),
        (
            "publisher",
            names(&[
                "downbeat.log.0",
                "downbeat.events.x",
                "downbeat.dead.trigger.x",
                "$JS.API.STREAM.INFO.DOWNBEAT_LOG_0",
            ]),
        ),
        (
            "listener",
            names(&[
                "downbeat.log.0",
                "downbeat.events.x",
                "downbeat.trigger.x",
                "$JS.API.CONSUMER.CREATE.DOWNBEAT_EVENTS.x",
                "$JS.API.STREAM.MSG.GET.DOWNBEAT_LOG_0",
            ]),
        ),
    ] {
        let connected = Connected::with(url, seeds, user).await;
        let mut publishes = publishes;
        if user != "operator" {
            publishes.extend(changes("DOWNBEAT_LOG_0"));
            publishes.extend(changes("DOWNBEAT_EVENTS"));
        }
        for subject in publishes {
            // An inbox that nobody answers to: the server's complaint is what is waited for.
            connected
                .client
                .publish_with_reply(subject.clone(), connected.client.new_inbox(), "{}".into())
                .await
                .expect("it goes out");
            connected.refuses(user, &subject).await;
        }
        let others = USERS.iter().filter(|other| **other != user).map(|other| format!("_INBOX.downbeat.{other}.>"));
        let listened = ["downbeat.log.0", "downbeat.trigger.x", "$JS.API.>", "$SYS.>", ">"].map(str::to_owned);
        for subject in others.chain(listened) {
            let _listening = connected.client.subscribe(subject.clone()).await.expect("it goes out");
            connected.refuses(user, &subject).await;
        }
    }
    // A consumer delivers where its maker may not publish: never into the log.
    for user in ["projector", "scheduler"] {
        let context = jetstream::new(Connected::with(url, seeds, user).await.client);
        let config =
            jetstream::consumer::push::Config { deliver_subject: "downbeat.log.0".to_owned(), ..Default::default() };
        let made = context.create_consumer_on_stream(config, "DOWNBEAT_LOG_0").await;
        let error = made.map(drop).expect_err("the server refuses it");
        assert!(error.to_string().contains("cycle"), "{user}: {error}");
    }
}

/// Who is nobody at all, and who has nothing to do there.
fn strangers(cluster: &Cluster, folder: &Path) {
    let nobody = Addresses { variables: Vec::new(), ..cluster.addresses.clone() };
    let output = nobody.downbeat(&["log", "verify"]);
    assert!(!output.status.success() && text(&output).contains("--nats-nkey"), "{}", text(&output));
    let stranger = folder.join("stranger.nkey");
    write_secret(&stranger, &KeyPair::new_user().seed().expect("a seed"));
    let variables = vec![("DOWNBEAT_NATS_NKEY".to_owned(), stranger.to_str().expect("text").to_owned())];
    let output = Addresses { variables, ..cluster.addresses.clone() }.downbeat(&["log", "verify"]);
    assert!(!output.status.success() && text(&output).contains("refuses this user"), "{}", text(&output));
    let secret = cluster.addresses.log.replace("nats://", "nats://me:hunter2@");
    let output = nobody.downbeat(&["log", "verify", "--log", &secret]);
    assert!(text(&output).contains("--nats-password-file") && !text(&output).contains("hunter2"), "{}", text(&output));
    for service in ["downbeat-worker", "downbeat-gateway"] {
        let help = Command::new(programs().join(service)).arg("--help").output().expect("it starts");
        assert!(help.status.success() && !text(&help).contains("--nats-"), "{service} has nothing to do with NATS");
    }
}

#[test]
fn both_sides_show_certificates_where_the_server_wants_them() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let authority = Authority::new("ours");
    let certificates = folder.path().join("certificates");
    std::fs::create_dir_all(&certificates).expect("a folder");
    let server = authority.issue(&certificates, "nats", &Issued { uris: Vec::new(), ..Issued::to("") });
    let ours = authority.issue(&certificates, "coordinator", &Issued::to("downbeat://coordinator"));
    let shown = |path: &Option<PathBuf>| path.as_ref().expect("it was issued").display().to_string();
    let seeds = folder.path().join("users");
    let users = users(&seeds);
    let config = folder.path().join("tls.conf");
    let tls = format!(
        "tls {{ cert_file: \"{}\", key_file: \"{}\", ca_file: \"{}\", verify: true, timeout: 5 }}\n",
        shown(&server.tls_cert),
        shown(&server.tls_key),
        shown(&server.tls_ca)
    );
    std::fs::write(&config, std::fs::read_to_string(&users.config).expect("the configuration") + &tls).expect("a file");
    let store = folder.path().join("nats");
    std::fs::create_dir_all(&store).expect("a folder");
    let nats = NatsServer::start_configured(&nats_program(), &store, &config, &users.variables).expect("it starts");

    let plain = NatsConfig { nats_nkey: Some(seeds.join("coordinator.nkey")), ..NatsConfig::default() };
    let believing = NatsConfig { nats_ca: ours.tls_ca.clone(), ..plain.clone() };
    let whole = NatsConfig { nats_cert: ours.tls_cert.clone(), nats_key: ours.tls_key.clone(), ..believing.clone() };
    let other = Authority::new("other").issue(&certificates, "other", &Issued::to("downbeat://coordinator"));
    let deceived = NatsConfig { nats_ca: other.tls_ca, ..whole.clone() };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    for (what, config, opens) in [
        ("everything", &whole, true),
        ("no certificate of ours", &believing, false),
        ("another authority", &deceived, false),
        ("no authority", &plain, false),
    ] {
        for scheme in ["tls://", "nats://"] {
            let address: LogAddress = nats.url().replace("nats://", scheme).parse().expect("an address");
            let opened = runtime.block_on(address.open(Access::Write, "test", &config.of("coordinator")));
            assert_eq!(opened.is_ok(), opens, "{what} {scheme}: {:?}", opened.err());
        }
    }
}
