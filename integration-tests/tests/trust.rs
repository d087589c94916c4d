//! Services that know each other by certificates, as real processes: what passes, who is refused and in which words on both sides, and new
//! certificates while a run is under way.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Duration,
};

use downbeat_integration_tests::{
    arms::Arms,
    cluster::{Addresses, Cluster, text},
    http::Client,
    pipelines,
    process::{Process, eventually},
    programs,
};
use downbeat_proto::callers;
use downbeat_runtime::tls::{
    TlsConfig,
    testing::{Authority, Issued},
};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _},
};
use serde_json::json;

const SOON: Duration = Duration::from_secs(60);
const PUBLIC: &str = "/api/engine/public";

/// A certificate for every service and for who types, of this authority.
fn issue_all(authority: &Authority, folder: &Path) {
    std::fs::create_dir_all(folder).expect("a folder");
    for service in callers::SERVICES {
        authority.issue(folder, service, &Issued::to(&format!("downbeat://{service}")));
    }
}

fn armed(folder: &Path, slots: u32) -> (Authority, PathBuf, Cluster) {
    let authority = Authority::new("ours");
    let certificates = folder.join("certificates");
    issue_all(&authority, &certificates);
    let arms = Arms { certificates: Some(certificates.clone()), ..Arms::default() };
    (authority, certificates, Cluster::start_armed(folder, slots, arms))
}

/// The same Downbeat, asked with another certificate.
fn as_somebody(addresses: &Addresses, config: &TlsConfig) -> Addresses {
    let told = [
        ("DOWNBEAT_TLS_CERT", &config.tls_cert),
        ("DOWNBEAT_TLS_KEY", &config.tls_key),
        ("DOWNBEAT_TLS_CA", &config.tls_ca),
    ];
    let variables =
        told.into_iter().filter_map(|(name, path)| Some((name.to_owned(), path.as_ref()?.to_str()?.to_owned())));
    Addresses { variables: variables.collect(), ..addresses.clone() }
}

#[test]
fn a_run_passes_from_rest_to_its_end_and_whoever_shows_nothing_or_the_wrong_thing_gets_nowhere() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (authority, certificates, cluster) = armed(folder.path(), 4);
    let addresses = &cluster.addresses;

    // From REST to the end, through every service.
    let (_gateway, api) = cluster.gateway(&[]);
    let key = addresses.downbeat_ok(&["key", "create", "ci", "--role", "editor"]).trim().to_owned();
    let rest = Client::with_key(&api, &key);
    let file = folder.path().join("scripts.yml");
    std::fs::write(&file, pipelines::scripts(2, 2, 0.1)).expect("a file");
    addresses.downbeat_ok(&["apply", file.to_str().expect("text")]);
    let started = eventually("the gateway knows the key", SOON, || {
        let answer = rest.ask("POST", &format!("{PUBLIC}/pipelines/scripts/start"), Some(&json!({})));
        (answer.status < 300).then(|| answer.json())
    });
    let run = started["pipelineRunId"].as_str().expect("an id").to_owned();
    let status = eventually("the run ends", SOON * 2, || {
        let answer = rest.get(&format!("{PUBLIC}/pipeline_runs/{run}/status")).json();
        let status = answer["runStatus"].as_str().unwrap_or_default().to_owned();
        matches!(status.as_str(), "SUCCEEDED" | "FAILED" | "WARNING").then_some(status)
    });
    assert_eq!(status, "SUCCEEDED", "{}", addresses.downbeat_ok(&["run", "show", &run]));
    assert!(addresses.downbeat_ok(&["log", "verify"]).contains("log verify: ok"));
    let scheduler = eventually("the scheduler has told of its time zones", SOON, || {
        let log = addresses.downbeat_ok(&["log", "cat"]);
        log.contains("TIME_ZONES").then(|| cluster.scheduler.printed())
    });
    assert!(!scheduler.contains("takes no note"), "{scheduler}");

    refused_by_their_own_program(&authority, &certificates, addresses);
    refused_by_the_service(&authority, &certificates, &cluster);
}

/// What a person is told before anybody is asked.
fn refused_by_their_own_program(authority: &Authority, folder: &Path, addresses: &Addresses) {
    let other = Authority::new("other");
    let expired = Issued { expired: true, ..Issued::to("downbeat://operator") };
    let mut foreign = other.issue(folder, "foreign", &Issued::to("downbeat://operator"));
    foreign.tls_ca = Some(folder.join("operator.ca.pem"));
    for (config, why) in [
        (TlsConfig::default(), "needs certificates"),
        (authority.issue(folder, "expired", &expired), "the certificate has expired"),
        (foreign, "not of the authority in --tls-ca"),
        // Both of another authority: the service is not believed.
        (other.issue(folder, "elsewhere", &Issued::to("downbeat://operator")), "not of the authority in --tls-ca"),
    ] {
        let output = as_somebody(addresses, &config).downbeat(&["runs"]);
        assert_eq!(output.status.code(), Some(2), "{}", text(&output));
        assert!(text(&output).contains(why), "{config:?}: {}", text(&output));
    }
    // A process with the certificate of another one does not start.
    let wrong = as_somebody(addresses, &authority.issue(folder, "wrong", &Issued::to("downbeat://scheduler")));
    let mut worker = Command::new(programs().join("downbeat-worker"));
    worker
        .args(["--coordinator", &addresses.server, "--data"])
        .arg(folder.join("data"))
        .arg("--blobs")
        .arg(folder.join("blobs"));
    let output = worker.envs(wrong.variables).output().expect("the worker starts");
    assert!(
        !output.status.success() && text(&output).contains("is of `scheduler`, but this is the worker"),
        "{}",
        text(&output)
    );
}

/// What whoever gets as far as the service is told, and what its log says.
fn refused_by_the_service(authority: &Authority, folder: &Path, cluster: &Cluster) {
    let worker = as_somebody(&cluster.addresses, &authority.issue(folder, "worker", &Issued::to("downbeat://worker")));
    let output = worker.downbeat(&["runs"]);
    let said = text(&output);
    assert!(
        !output.status.success() && said.contains("worker may not call /downbeat.metadata.v1.MetadataService/"),
        "{said}"
    );
    let output = worker.downbeat(&["pool", "set", "warehouse", "1"]);
    assert!(
        text(&output).contains("worker may not call /downbeat.control.v1.ControlService/SetPool"),
        "{}",
        text(&output)
    );
    logged(&cluster.coordinator, "a call was refused");

    let other = Authority::new("other");
    let expired = Issued { expired: true, ..Issued::to("downbeat://worker") };
    for (shown, alert, line) in [
        (None, "CertificateRequired", "no certificate was shown"),
        (Some(authority.issue(folder, "old", &expired)), "CertificateExpired", "the certificate has expired"),
        (
            Some(other.issue(folder, "stranger", &Issued::to("downbeat://worker"))),
            "UnknownCA",
            "the certificate is not of the authority in --tls-ca",
        ),
    ] {
        let said = handshake(&cluster.addresses.server, &authority.pem(), shown.as_ref());
        assert!(said.contains(alert), "{said}");
        logged(&cluster.coordinator, line);
    }
    // Who does not speak TLS at all.
    let address = cluster.addresses.server.trim_start_matches("https://");
    let mut plain = TcpStream::connect(address).expect("somebody listens");
    plain.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").expect("it is sent");
    logged(&cluster.coordinator, "does not speak TLS");
}

fn logged(process: &Process, line: &str) {
    eventually(line, SOON, || process.printed().contains(line).then_some(()));
}

/// What comes of a connection by a client that looks at nothing itself.
fn handshake(server: &str, authority: &str, shown: Option<&TlsConfig>) -> String {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.as_bytes()).expect("PEM")).expect("an authority");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
    let config = config.with_root_certificates(roots);
    let mut config = match shown {
        None => config.with_no_client_auth(),
        Some(TlsConfig { tls_cert: Some(certificate), tls_key: Some(key), .. }) => {
            let chain = vec![CertificateDer::from_pem_file(certificate).expect("PEM")];
            config.with_client_auth_cert(chain, PrivateKeyDer::from_pem_file(key).expect("PEM")).expect("they fit")
        }
        Some(incomplete) => panic!("{incomplete:?}"),
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    let address = server.trim_start_matches("https://");
    let host = address.split(':').next().expect("a host").to_owned();
    let connection = ClientConnection::new(Arc::new(config), ServerName::try_from(host).expect("a name"));
    let stream = TcpStream::connect(address).expect("somebody listens");
    stream.set_read_timeout(Some(SOON)).expect("a timeout");
    let mut stream = StreamOwned::new(connection.expect("a connection"), stream);
    let written = stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    let read = stream.read(&mut [0; 64]);
    format!("{written:?}, {read:?}")
}

#[test]
fn certificates_and_the_authority_are_replaced_while_a_run_is_under_way() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (before, certificates, mut cluster) = armed(folder.path(), 2);
    let addresses = cluster.addresses.clone();
    let file = folder.path().join("scripts.yml");
    // Sixteen seconds and more: longer than both replacements take.
    std::fs::write(&file, pipelines::scripts(1, 8, 4.0)).expect("a file");
    addresses.downbeat_ok(&["apply", file.to_str().expect("text")]);
    let run = addresses.downbeat_ok(&["run", "scripts"]).trim().to_owned();
    eventually("the first task runs", SOON, || {
        addresses.downbeat_ok(&["run", "show", &run]).contains("RUNNING").then_some(())
    });

    // First both authorities are believed, then all certificates are of the new one, then only that is believed.
    let after = Authority::new("after");
    let both = format!("{}{}", before.pem(), after.pem());
    let believe = |authorities: &str| {
        for service in callers::SERVICES {
            std::fs::write(certificates.join(format!("{service}.ca.pem")), authorities).expect("a file");
        }
    };
    let taken_up = |cluster: &Cluster, times: usize| {
        for process in [&cluster.coordinator, &cluster.projector, &cluster.scheduler, &cluster.worker] {
            eventually("new certificates are in use", SOON, || {
                (process.printed().matches("new certificates are in use").count() >= times).then_some(())
            });
        }
    };
    believe(&both);
    taken_up(&cluster, 1);
    // A file that nobody can use is said, and changes nothing.
    std::fs::write(certificates.join("coordinator.pem"), "nothing").expect("a file");
    logged(&cluster.coordinator, "coordinator.pem holds no certificate");
    addresses.downbeat_ok(&["runs"]);
    let issued = |folder: &Path| {
        issue_all(&after, folder);
        believe(&both);
    };
    issued(&certificates);
    eventually("the coordinator shows the new certificate", SOON, || {
        let said = handshake(&addresses.server, &after.pem(), None);
        said.contains("CertificateRequired").then_some(())
    });
    addresses.downbeat_ok(&["runs"]);
    let seen = cluster.worker.printed().matches("new certificates are in use").count();
    believe(&after.pem());
    taken_up(&cluster, seen.max(2));
    assert!(handshake(&addresses.server, &before.pem(), None).contains("UnknownIssuer"), "the new one is shown");

    // Connections that were open went on; one that is made anew is made with what is there now.
    cluster.coordinator.kill9();
    cluster.restart_coordinator();
    let show = eventually("the run ends", SOON * 3, || {
        let output = addresses.downbeat(&["run", "show", &run]);
        let show = text(&output);
        let head = show.lines().next().unwrap_or_default();
        (head.contains("SUCCEEDED") || head.contains("FAILED")).then(|| show.clone())
    });
    assert!(show.lines().next().unwrap_or_default().contains("SUCCEEDED"), "{show}");
    assert!(addresses.downbeat_ok(&["log", "verify"]).contains("log verify: ok"));
}
