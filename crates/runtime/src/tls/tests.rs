//! Both sides over real sockets: who gets in, who does not and what each side is told, what a new certificate changes.

use std::{fs, os::unix::fs::PermissionsExt as _, time::Duration};

use tonic::{Code, Request, service::RoutesBuilder};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

use super::{
    Kept, Material, Renewed, Trust,
    testing::{Authority, Issued},
};
use crate::{
    grpc::{self, Target},
    shutdown::Shutdown,
};

/// Of a test: the worker may call everything, the scheduler nothing.
fn rule(caller: &str, _: &str) -> bool {
    caller == "worker"
}

/// Also with certificates that a process would not start with.
fn trust(config: &super::TlsConfig) -> Trust {
    let files = config.files().unwrap().unwrap();
    let current = std::sync::Arc::new(Material::read(&files, None).unwrap()).into();
    Trust(Some(std::sync::Arc::new(Kept { files, of: None, current })))
}

/// A server with this trust; its address.
async fn serve(trust: &Trust, shutdown: &Shutdown) -> String {
    let listener = grpc::bind(([127, 0, 0, 1], 0).into()).await.unwrap().guarded(trust, rule);
    let address = format!("https://{}", listener.local_addr().unwrap());
    let signal = shutdown.signal();
    tokio::spawn(async move {
        grpc::serve(listener, RoutesBuilder::default(), tonic_health::pb::FILE_DESCRIPTOR_SET, &["it"], signal).await
    });
    address
}

/// What comes of a call, as `OK`, `PermissionDenied: ...` or `not connected: ...`.
async fn call(address: &str, service: &'static str, trust: &Trust) -> String {
    let channel = match Target::new(address, service, trust).unwrap().connect().await {
        Ok(channel) => channel,
        Err(error) => return format!("not connected: {}", all(&error)),
    };
    let asked = HealthCheckRequest { service: "it".to_owned() };
    match HealthClient::new(channel).check(Request::new(asked)).await {
        Ok(_) => "OK".to_owned(),
        Err(status) => format!("{:?}: {}", status.code(), status.message()),
    }
}

fn all(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {}", all(cause)))
}

#[tokio::test]
async fn who_gets_in_and_what_the_others_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, other) = (Authority::new("ours"), Authority::new("other"));
    let issue = |name: &str, issued: &Issued<'_>| ours.issue(folder.path(), name, issued);
    let shutdown = Shutdown::default();
    let server = trust(&issue("coordinator", &Issued::to("downbeat://coordinator")));
    let address = serve(&server, &shutdown).await;

    let expired = Issued { expired: true, ..Issued::to("downbeat://worker") };
    // Of another authority, but it believes ours.
    let mut foreign = other.issue(folder.path(), "foreign", &Issued::to("downbeat://worker"));
    foreign.tls_ca = Some(folder.path().join("coordinator.ca.pem"));
    let nobody = Issued { uris: vec!["https://example.org/"], ..Issued::to("") };
    for (config, result) in [
        (issue("worker", &Issued::to("downbeat://worker")), "OK"),
        (
            issue("scheduler", &Issued::to("downbeat://scheduler")),
            "PermissionDenied: scheduler may not call /grpc.health.v1",
        ),
        (issue("nobody", &nobody), "PermissionDenied: a certificate that names no service may not call"),
        (issue("expired", &expired), "the other side refuses our certificate: it has expired"),
        (foreign, "the other side refuses our certificate: it is not of its authority"),
    ] {
        let came = call(&address, "coordinator", &trust(&config)).await;
        assert!(came.contains(result), "{config:?}: {came}");
    }
    let worker = trust(&issue("worker", &Issued::to("downbeat://worker")));
    for (service, trust, result) in [
        // The right authority, and somebody else than is wanted.
        ("projector", &worker, "the certificate of the other side is of coordinator, and the projector is wanted"),
        (
            "coordinator",
            &trust(&other.issue(folder.path(), "elsewhere", &Issued::to("downbeat://worker"))),
            "not of the authority in --tls-ca",
        ),
    ] {
        let came = call(&address, service, trust).await;
        assert!(came.contains("not connected") && came.contains(result), "{came}");
    }
    let elsewhere = address.replace("127.0.0.1", "localhost");
    let came = call(&elsewhere, "coordinator", &worker).await;
    assert!(came.contains("the certificate is not for localhost"), "{came}");

    // Who does not even try TLS.
    let plain = Target::plain(&address.replace("https", "http")).unwrap();
    let asked = HealthCheckRequest { service: "it".to_owned() };
    let refused = HealthClient::new(plain.connect_lazy()).check(asked).await.unwrap_err();
    assert_ne!(refused.code(), Code::Ok);
    shutdown.begin();
}

#[tokio::test]
async fn a_server_that_has_expired_or_is_no_server_of_ours_is_not_called() {
    let folder = tempfile::tempdir().unwrap();
    let ours = Authority::new("ours");
    let issue = |name: &str, issued: &Issued<'_>| ours.issue(folder.path(), name, issued);
    let shutdown = Shutdown::default();
    let expired = Issued { expired: true, ..Issued::to("downbeat://coordinator") };
    let address = serve(&trust(&issue("coordinator", &expired)), &shutdown).await;
    let worker = trust(&issue("worker", &Issued::to("downbeat://worker")));
    let came = call(&address, "coordinator", &worker).await;
    assert!(came.contains("the certificate has expired"), "{came}");
    // Somebody who takes every connection and says nothing.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("https://{}", silent.local_addr().unwrap());
    let came = tokio::time::timeout(Duration::from_secs(30), call(&address, "coordinator", &worker)).await.unwrap();
    assert!(came.contains("not connected"), "{came}");
    shutdown.begin();
}

#[tokio::test]
async fn new_files_are_taken_up_and_broken_ones_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, other) = (Authority::new("ours"), Authority::new("other"));
    let shutdown = Shutdown::default();
    let config = ours.issue(folder.path(), "coordinator", &Issued::to("downbeat://coordinator"));
    let server = trust(&config);
    let kept = server.kept().unwrap();
    let address = serve(&server, &shutdown).await;
    let worker = trust(&ours.issue(folder.path(), "worker", &Issued::to("downbeat://worker")));
    assert_eq!(kept.renew(), Ok(Renewed::Nothing));

    let before = fs::read(folder.path().join("coordinator.pem")).unwrap();
    for (broken, why) in [
        (b"".as_slice(), "holds no certificate"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".as_slice(), "of no use"),
        // Of a key that is not there yet.
        (fs::read(folder.path().join("worker.pem")).unwrap().as_slice(), "cannot be used"),
    ] {
        fs::write(folder.path().join("coordinator.pem"), broken).unwrap();
        let said = kept.renew().unwrap_err();
        assert!(said.contains(why) && said.contains("coordinator.pem"), "{said}");
        assert_eq!(call(&address, "coordinator", &worker).await, "OK");
    }
    fs::write(folder.path().join("coordinator.pem"), before).unwrap();
    assert_eq!(kept.renew(), Ok(Renewed::Nothing), "what is put back is what is in use");

    // Another authority altogether, on both sides.
    other.issue(folder.path(), "coordinator", &Issued::to("downbeat://coordinator"));
    assert_eq!(kept.renew(), Ok(Renewed::Everything));
    let came = call(&address, "coordinator", &worker).await;
    assert!(came.contains("not of the authority in --tls-ca"), "{came}");
    other.issue(folder.path(), "worker", &Issued::to("downbeat://worker"));
    assert_eq!(worker.kept().unwrap().renew(), Ok(Renewed::Everything));
    assert_eq!(call(&address, "coordinator", &worker).await, "OK");

    let expired = Issued { expired: true, ..Issued::to("downbeat://coordinator") };
    other.issue(folder.path(), "coordinator", &expired);
    let said = kept.renew().unwrap_err();
    assert!(said.contains("has expired"), "{said}");
    assert_eq!(call(&address, "coordinator", &worker).await, "OK", "the one before is still good");
    shutdown.begin();
}

#[tokio::test]
async fn settings_that_cannot_be_used_are_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, other) = (Authority::new("ours"), Authority::new("other"));
    let good = ours.issue(folder.path(), "worker", &Issued::to("downbeat://worker"));
    assert!(Trust::load(&good, Some("worker")).unwrap().is_mutual());
    assert!(!Trust::load(&super::TlsConfig::default(), Some("worker")).unwrap().is_mutual());
    let empty = super::TlsConfig { tls_cert: Some("".into()), tls_key: Some("".into()), tls_ca: Some("".into()) };
    assert!(!Trust::load(&empty, None).unwrap().is_mutual());

    let said = |config: &super::TlsConfig, of| Trust::load(config, of).unwrap_err().to_string();
    let half = super::TlsConfig { tls_key: None, ..good.clone() };
    assert!(said(&half, None).contains("--tls-key is missing"), "{}", said(&half, None));
    let gone = super::TlsConfig { tls_cert: Some("/nowhere/a.pem".into()), ..good.clone() };
    assert!(said(&gone, None).contains("/nowhere/a.pem cannot be read"), "{}", said(&gone, None));
    let somebody = said(&good, Some("coordinator"));
    assert!(somebody.contains("is of `worker`, but this is the coordinator"), "{somebody}");
    let both = Issued { uris: vec!["downbeat://worker", "downbeat://scheduler"], ..Issued::to("") };
    let both = said(&ours.issue(folder.path(), "both", &both), Some("worker"));
    assert!(both.contains("both.pem is of no use: it names several services"), "{both}");
    for uri in ["downbeat://", "downbeat://worker/1", "downbeat://WORKER"] {
        let odd = said(&ours.issue(folder.path(), "odd", &Issued::to(uri)), Some("worker"));
        assert!(odd.contains("is no name of a service"), "{uri}: {odd}");
    }
    let expired = ours.issue(folder.path(), "old", &Issued { expired: true, ..Issued::to("downbeat://worker") });
    assert!(said(&expired, None).contains("old.pem: the certificate has expired"), "{}", said(&expired, None));
    let mut foreign = other.issue(folder.path(), "foreign", &Issued::to("downbeat://worker"));
    foreign.tls_ca = good.tls_ca.clone();
    assert!(said(&foreign, None).contains("not of the authority"), "{}", said(&foreign, None));

    let key = good.tls_key.clone().unwrap();
    for (mode, refused) in [(0o600, false), (0o400, false), (0o440, false), (0o644, true), (0o604, true), (0o620, true)]
    {
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
        let loaded = Trust::load(&good, None);
        assert_eq!(loaded.is_err(), refused, "{mode:o}");
        if let Err(error) = loaded {
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
    }
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&key, "s3cret that is no key").unwrap();
    let wrong = said(&good, None);
    assert!(wrong.contains("worker.key holds no private key") && !wrong.contains("s3cret"), "{wrong}");
}

#[tokio::test]
async fn addresses_and_certificates_fit_or_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mutual = trust(&Authority::new("ours").issue(folder.path(), "worker", &Issued::to("downbeat://worker")));
    let said = |address: &str, trust: &Trust| Target::new(address, "coordinator", trust).unwrap_err().to_string();
    assert!(said("http://127.0.0.1:1", &mutual).contains("write https://"));
    assert!(said("https://127.0.0.1:1", &Trust::default()).contains("needs certificates"));
    for address in ["https://127.0.0.1:7410", "https://[::1]:7410", "https://coordinator.downbeat.svc:7410"] {
        let target = Target::new(address, "coordinator", &mutual).unwrap();
        assert_eq!(target.to_string(), format!("{address}/"));
    }
}
