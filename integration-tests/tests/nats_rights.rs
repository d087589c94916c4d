//! Users of NATS with no more rights than they need: a real server with `deploy/nats/nats.conf`, every service as itself, a run to its end,
//! and then what each of them must not do.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_nats::{
    Client, ConnectOptions, HeaderMap, Subscriber,
    jetstream::{
        self,
        consumer::{PullConsumer, pull},
    },
};
use downbeat_event_log::{Access, LogAddress, NatsConfig, Record, RecordId, testing::nats_server::NatsServer};
use downbeat_integration_tests::{
    arms::{Arms, Users, write_secret},
    cluster::{Addresses, Cluster, nats_program, text},
    process::eventually,
    programs, repository,
};
use downbeat_runtime::tls::testing::{Authority, Issued};
use futures::StreamExt as _;
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
    let arms = Arms { users: Some(users), ..Arms::default() };
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
    let heard = runtime.block_on(listen(&addresses.log, &seeds));
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
    runtime.block_on(told(heard, &addresses.log, &seeds));
    assert!(!complaints(folder.path()).contains("Violation"), "{dead}\n{}", complaints(folder.path()));

    runtime.block_on(what_nobody_may(&addresses.log, &seeds));
    runtime.block_on(answers_land_nowhere(&addresses.log, &seeds));
    strangers(&cluster, folder.path());
    // Nothing of it has reached the log, which goes on.
    assert!(addresses.downbeat_ok(&["log", "verify"]).contains("log verify: ok"));
    let records = || addresses.downbeat_ok(&["log", "cat"]).lines().count();
    let before = records();
    addresses.downbeat_ok(&["run", "started", "--wait"]);
    assert!(records() > before);
    // The test would see it: whom the log belongs to can have an answer written there.
    runtime.block_on(the_writer_can(&addresses.log, &seeds));
    let verified = addresses.downbeat(&["log", "verify"]);
    assert!(!verified.status.success(), "{}", text(&verified));
}

#[test]
fn a_log_is_restored_with_the_rights_of_its_coordinator_and_with_no_others() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name).to_str().expect("text").to_owned();
    let seeds = folder.path().join("users");
    let users = users(&seeds);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (log, file) = (format!("embedded:{}", at("log")), at("log.export"));
    runtime.block_on(async {
        let address: LogAddress = log.parse().expect("an address");
        let log = address.open(Access::Write, "test", &NatsConfig::default().of("coordinator")).await.expect("a log");
        let mut tail = log.tail().await.expect("its end");
        for number in 0..9 {
            let record = Record { id: RecordId([number; 16]), payload: vec![number; 100].into() };
            tail = log.append(tail, &record).await.expect("it is there");
        }
    });
    let server = NatsServer::start_configured(&nats_program(), folder.path(), &users.config, &users.variables);
    let server = server.expect("the server starts");
    let downbeat = |user: &str, arguments: &[&str]| {
        let mut command = Command::new(programs().join("downbeat"));
        command.args(arguments).env("DOWNBEAT_NATS_NKEY", seeds.join(format!("{user}.nkey")));
        command.output().expect("downbeat starts")
    };
    let exported = downbeat("operator", &["log", "export", &file, "--log", &log]);
    assert!(exported.status.success(), "{}", text(&exported));
    for (user, may) in [("operator", false), ("projector", false), ("coordinator", true)] {
        let imported = downbeat(user, &["log", "import", &file, "--log", &server.url()]);
        assert_eq!(imported.status.success(), may, "{user}: {}", text(&imported));
    }
    let verified = downbeat("operator", &["log", "verify", "--log", &server.url()]);
    assert!(text(&verified).contains("position 9"), "{}", text(&verified));
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

/// Hears what happens from now on.
async fn listen(url: &str, seeds: &Path) -> (Connected, Subscriber) {
    let listener = Connected::with(url, seeds, "listener").await;
    let heard = listener.client.subscribe("downbeat.events.>").await.expect("it goes out");
    listener.client.flush().await.expect("the server has it");
    (listener, heard)
}

/// Whoever listens has heard what happens, and reads it by a consumer that an operator makes.
async fn told((listener, mut heard): (Connected, Subscriber), url: &str, seeds: &Path) {
    let heard = tokio::time::timeout(SOON, heard.next()).await.expect("something is heard");
    assert!(heard.expect("the connection lasts").subject.starts_with("downbeat.events."));
    let operator = Connected::with(url, seeds, "operator").await;
    let config = pull::Config { durable_name: Some("outside".to_owned()), ..pull::Config::default() };
    let made = jetstream::new(operator.client.clone()).create_consumer_on_stream(config, "DOWNBEAT_EVENTS").await;
    made.expect("an operator makes consumers");
    let context = jetstream::new(listener.client.clone());
    let consumer: PullConsumer =
        context.get_consumer_from_stream("outside", "DOWNBEAT_EVENTS").await.expect("it is there");
    let mut told = consumer.fetch().max_messages(1).expires(SOON).messages().await.expect("it is asked");
    let message = told.next().await.expect("something was told").expect("a message");
    message.double_ack().await.expect("the server knows that it was read");
}

/// Where the server's answers to what a user may ask are to go, in vain: what is published is held against the user's rights, where an
/// answer goes is not.
const TARGETS: [&str; 3] =
    ["downbeat.log.0", "$JS.API.STREAM.PURGE.DOWNBEAT_LOG_0", "$JS.API.STREAM.DELETE.DOWNBEAT_LOG_0"];

/// Everybody but the writer asks for all that they may, with answers to the log.
async fn answers_land_nowhere(url: &str, seeds: &Path) {
    let operator = Connected::with(url, seeds, "operator").await;
    let before = log_length(&operator).await;
    let log = ["STREAM.INFO.DOWNBEAT_LOG_0", "STREAM.MSG.GET.DOWNBEAT_LOG_0", "CONSUMER.CREATE.DOWNBEAT_LOG_0"];
    let api = |asked: &[&str]| asked.iter().map(|asked| format!("$JS.API.{asked}")).collect::<Vec<_>>();
    let reader = || [api(&log), vec!["$JS.FC.DOWNBEAT_LOG_0.x.y".to_owned()]].concat();
    let scheduler = [
        "STREAM.CREATE.DOWNBEAT_TRIGGER",
        "STREAM.INFO.DOWNBEAT_TRIGGER",
        "STREAM.CREATE.DOWNBEAT_DEAD",
        "STREAM.INFO.DOWNBEAT_DEAD",
        "CONSUMER.CREATE.DOWNBEAT_TRIGGER.downbeat-scheduler",
        "CONSUMER.INFO.DOWNBEAT_TRIGGER.downbeat-scheduler",
        "CONSUMER.MSG.NEXT.DOWNBEAT_TRIGGER.downbeat-scheduler",
    ];
    let listener = [
        "STREAM.INFO.DOWNBEAT_EVENTS",
        "CONSUMER.INFO.DOWNBEAT_EVENTS.outside",
        "CONSUMER.MSG.NEXT.DOWNBEAT_EVENTS.outside",
    ];
    let everything = ["INFO", "STREAM.NAMES", "STREAM.LIST", "STREAM.MSG.GET.DOWNBEAT_EVENTS"];
    let told = vec!["downbeat.events.x".to_owned()];
    let sent = vec!["downbeat.trigger.x".to_owned()];
    let acknowledged = |of: &str| vec![format!("$JS.ACK.{of}.1.1.1.1.1")];
    for (user, asked) in [
        (
            "projector",
            [reader(), told, api(&["STREAM.CREATE.DOWNBEAT_EVENTS", "STREAM.INFO.DOWNBEAT_EVENTS"])].concat(),
        ),
        (
            "scheduler",
            [
                reader(),
                api(&scheduler),
                vec!["downbeat.dead.trigger.x".to_owned()],
                acknowledged("DOWNBEAT_TRIGGER.downbeat-scheduler"),
            ]
            .concat(),
        ),
        ("operator", [reader(), api(&scheduler), api(&listener), api(&everything), sent.clone()].concat()),
        ("publisher", sent),
        ("listener", [api(&listener), acknowledged("DOWNBEAT_EVENTS.outside")].concat()),
    ] {
        let connected = Connected::with(url, seeds, user).await;
        for (subject, target) in asked.iter().flat_map(|subject| TARGETS.map(|target| (subject, target))) {
            // What is no question is a message: one that nobody can read, so that the scheduler asks nobody about it.
            let payload = match subject.starts_with("$JS.API.") {
                true if subject.contains(".MSG.NEXT.") => "{\"no_wait\":true}",
                true => "{}",
                false => "{ no JSON",
            };
            let sent = connected.client.publish_with_reply(subject.clone(), target, payload.into()).await;
            sent.expect("it goes out");
        }
        connected.client.flush().await.expect("the server has it");
        let complaints = connected.complaints.lock().expect("no panic before").clone();
        assert!(!complaints.iter().any(|said| said.to_lowercase().contains("violation")), "{user}: {complaints:?}");
    }
    // What was asked before this is answered by then.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(log_length(&operator).await, before);
}

/// Messages in the log's stream: whether none is missing, and how many there are.
async fn log_length(reader: &Connected) -> (u64, u64) {
    let asked = reader.client.request("$JS.API.STREAM.INFO.DOWNBEAT_LOG_0", "".into()).await.expect("an answer");
    let answer: serde_json::Value = serde_json::from_slice(&asked.payload).expect("JSON");
    let count = |name: &str| answer["state"][name].as_u64().unwrap_or_else(|| panic!("{answer}"));
    (count("messages"), count("last_seq"))
}

/// The writer's own rights reach as far.
async fn the_writer_can(url: &str, seeds: &Path) {
    let coordinator = Connected::with(url, seeds, "coordinator").await;
    let before = log_length(&coordinator).await;
    let asked = "$JS.API.STREAM.INFO.DOWNBEAT_LOG_0";
    let sent = coordinator.client.publish_with_reply(asked, "downbeat.log.0", "".into()).await;
    sent.expect("it goes out");
    for _ in 0..600 {
        if log_length(&coordinator).await != before {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the answer did not land");
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
