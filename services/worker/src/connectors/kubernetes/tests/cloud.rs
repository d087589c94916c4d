//! Clusters of the clouds, over TLS: where they are, whom to believe, who asks.

use std::{path::Path, process::Command};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};

use super::*;
use crate::testing::recorded::test_key;

/// A certificate of 127.0.0.1 and its key.
fn certificate() -> (String, String) {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let named = std::env::var_os("DOWNBEAT_JUDGE_PYTHON").map(std::path::PathBuf::from);
    let python = named.unwrap_or_else(|| repository.join(".cache/tools/bin/python"));
    let folder = tempfile::tempdir().unwrap();
    let script = repository.join("services/worker/tests/support/certificate.py");
    assert!(Command::new(python).arg(script).arg(folder.path()).status().unwrap().success());
    let read = |name| std::fs::read_to_string(folder.path().join(name)).unwrap();
    (read("server.pem"), read("server.key"))
}

fn acceptor((certificate, key): &(String, String)) -> tokio_rustls::TlsAcceptor {
    let chain = CertificateDer::pem_slice_iter(certificate.as_bytes()).map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    tokio_rustls::TlsAcceptor::from(Arc::new(config))
}

async fn over_tls(pair: &(String, String), bearer: &str) -> Cluster {
    let whims = Whims { bearer: bearer.to_owned(), ..Whims::default() };
    Cluster::serve(Plan::default(), whims, Some(acceptor(pair))).await
}

/// The clouds themselves are spoken to without TLS.
async fn vendor(said: Value) -> Cluster {
    let Value::Object(said) = said else { unreachable!() };
    let whims = Whims { cloud: said.into_iter().collect(), ..Whims::default() };
    Cluster::serve(Plan::default(), whims, None).await
}

#[tokio::test]
async fn only_whom_the_connection_trusts_is_believed() {
    let (pair, other) = (certificate(), certificate());
    let of = |ca: Option<&String>| json!({ "ca_certificate": ca, "token": BEARER });
    for (fields, believed) in [(of(Some(&pair.0)), true), (of(Some(&other.0)), false), (of(None), false)] {
        let cluster = over_tls(&pair, BEARER).await;
        let mut fields = fields;
        fields["server"] = json!(format!("https://{}", cluster.address));
        let mut stage = Stage::with(Cloud::Own, cluster, fields);
        if believed {
            assert!(matches!(stage.run().await.ending, Ending::Succeeded { .. }));
            continue;
        }
        let connections = Connections::new(Some(stage.folder.path().to_owned()));
        let job = RunJob { cloud: Cloud::Own, connections, tokens: Arc::default() };
        let pace = Pace { start_wait: Duration::from_millis(20), ..PACE };
        stage.runner.registry = Registry::of(vec![Arc::new(Remote::paced(Arc::new(job), pace))]);
        let (class, message) = failed(stage.run().await);
        assert_eq!(class, FailureClass::Transient, "{message}");
        assert!(message.contains("certificate"), "{message}");
        assert!(stage.cluster.state().asked.is_empty(), "nobody is told the token");
    }
}

#[tokio::test]
async fn a_connection_of_ones_own_that_cannot_work_is_refused_by_field() {
    let pair = certificate();
    let cases = [
        (json!({ "server": "10.0.0.1" }), "the field server must be an absolute URL"),
        (json!({}), "the field token is missing, and so is a client_certificate"),
        (json!({ "token": "t-s3cret", "ca_certificate": "s3cret" }), "the field ca_certificate holds no certificates"),
        (json!({ "client_certificate": pair.0 }), "the field client_key is missing"),
        (json!({ "client_key": pair.1 }), "the field client_certificate is missing"),
        (
            json!({ "client_certificate": pair.0, "client_key": "s3cret-key" }),
            "the field client_certificate and its key are no",
        ),
    ];
    for (fields, says) in cases {
        let stage = Stage::with(Cloud::Own, Cluster::serve(Plan::default(), Whims::default(), None).await, fields);
        let (class, message) = failed(stage.run().await);
        assert_eq!(class, FailureClass::Misconfigured);
        assert!(message.contains(says) && !message.contains("s3cret"), "{message}");
    }
}

#[tokio::test]
async fn a_cluster_of_eks_is_described_by_amazon_and_shown_a_signed_url() {
    let pair = certificate();
    let cluster = over_tls(&pair, "k8s-aws-v1.").await;
    let amazon = vendor(json!({ "clusters/main%20one": { "cluster": {
        "endpoint": format!("https://{}", cluster.address),
        "certificateAuthority": { "data": STANDARD.encode(&pair.0) },
    } } }))
    .await;
    let stage = Stage::with(
        Cloud::Eks,
        cluster,
        json!({
            "region": "eu-west-1", "cluster_name": "main one", "endpoint": format!("http://{}", amazon.address),
            "access_key_id": "AKIDEXAMPLE", "secret_access_key": "eks-s3cret-key", "session_token": "eks-s3cret-session",
        }),
    );
    let (ended, job) = stage.attempt(1, None, None).await;
    assert!(matches!(ended.ending, Ending::Succeeded { .. }), "{ended:?}");
    assert!(job.unwrap().link.contains("eu-west-1.console.aws.amazon.com"));
    let shown = stage.cluster.state().asked[0].2.clone();
    let token = shown.strip_prefix("Bearer k8s-aws-v1.").unwrap();
    let url = String::from_utf8(URL_SAFE_NO_PAD.decode(token).unwrap()).unwrap();
    assert!(url.starts_with("https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity"), "{url}");
    assert!(url.contains("X-Amz-SignedHeaders=host%3Bx-k8s-aws-id") && url.contains("X-Amz-Expires=60"), "{url}");
    let described = amazon.state().asked.clone();
    assert!(described.iter().all(|(_, _, shown)| shown.contains("AKIDEXAMPLE/") && shown.contains("/eu-west-1/eks/")));
    let log = stage.log(1).await;
    assert!(!log.contains("s3cret") && !log.contains(token), "{log}");
}

#[tokio::test]
async fn a_cluster_of_gke_is_described_by_google_and_shown_an_access_token() {
    let pair = certificate();
    let cluster = over_tls(&pair, "google-s3cret").await;
    let google = vendor(json!({
        "token": { "access_token": "google-s3cret", "expires_in": 3600 },
        "v1/projects/p/locations/europe-west1/clusters/main": {
            "endpoint": cluster.address, "masterAuth": { "clusterCaCertificate": STANDARD.encode(&pair.0) },
        },
    }))
    .await;
    let key = json!({ "client_email": "d@p.iam.gserviceaccount.com", "private_key": test_key() }).to_string();
    let stage = Stage::with(
        Cloud::Gke,
        cluster,
        json!({
            "project": "p", "location": "europe-west1", "cluster_name": "main", "service_account": key,
            "endpoint": format!("http://{}", google.address),
        }),
    );
    let ended = stage.run().await;
    assert!(matches!(ended.ending, Ending::Succeeded { .. }), "{ended:?}");
    assert_eq!(google.state().asked.iter().filter(|(_, target, _)| target == "/token").count(), 1, "tokens are kept");
    assert!(!stage.log(1).await.contains("google-s3cret"));
}

fn aks(vendor: &Cluster) -> Value {
    json!({
        "tenant_id": "t-1", "client_id": "c", "client_secret": "azure-s3cret", "subscription_id": "s", "resource_group": "g",
        "endpoint": format!("http://{}", vendor.address), "namespace": "etl",
    })
}

#[tokio::test]
async fn a_cluster_of_aks_is_in_the_kubeconfig_that_azure_hands_out() {
    let pair = certificate();
    for (user, bearer) in [("{token: aks-s3cret}", "aks-s3cret"), ("{exec: {command: kubelogin}}", "directory-s3cret")]
    {
        let cluster = over_tls(&pair, bearer).await;
        let config = cluster::kubeconfig(&cluster.address, &pair.0, user);
        let path = "subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/main/listClusterUserCredential";
        let azure = vendor(json!({
            "t-1/oauth2/v2.0/token": { "access_token": "directory-s3cret", "expires_in": 3600 },
            path: { "kubeconfigs": [{ "name": "clusterUser", "value": config }] },
        }))
        .await;
        let template = json!({ "spec": { "schedule": "@daily", "jobTemplate": { "spec": {
            "template": { "spec": { "containers": [{ "name": "main", "image": "i" }] } },
        } } } });
        cluster.state().whims.templates.insert("cronjobs/nightly".to_owned(), template);
        let fields = aks(&azure);
        let stage = Stage::with(Cloud::Aks, cluster, fields);
        let parameters = json!({ "cluster_name": "main", "job_name": "nightly" });
        let (ended, job) = stage.live(stage.offer(1, &parameters, None), None).await;
        assert!(matches!(ended.ending, Ending::Succeeded { .. }), "{ended:?}");
        assert!(job.unwrap().external_id.starts_with("etl/nightly-"));
        assert_eq!(stage.created(), [1]);
        assert!(!stage.log(1).await.contains("s3cret"));

        let missing = json!({ "cluster_name": "main", "job_name": "hourly" });
        let (class, message) = failed(stage.with_parameters(missing).await);
        assert_eq!(class, FailureClass::Misconfigured);
        assert!(message.contains("there is no CronJob and no Job \"hourly\" in the namespace etl"), "{message}");
    }
}

#[tokio::test]
async fn what_a_cloud_says_that_is_no_cluster_is_refused() {
    let path = "subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/main/listClusterUserCredential";
    let cases = [
        (json!({}), "answered 404"),
        (json!({ path: {} }), "is not there"),
        (json!({ path: { "kubeconfigs": [{ "value": STANDARD.encode("a: b") }] } }), "names no"),
    ];
    for (mut said, says) in cases {
        said["t-1/oauth2/v2.0/token"] = json!({ "access_token": "directory-s3cret" });
        let azure = vendor(said).await;
        let fields = aks(&azure);
        let stage = Stage::with(Cloud::Aks, Cluster::serve(Plan::default(), Whims::default(), None).await, fields);
        let (class, message) = failed(stage.with_parameters(json!({ "cluster_name": "main", "job_name": "n" })).await);
        assert_eq!(class, FailureClass::Misconfigured, "{message}");
        assert!(message.contains(says) && !message.contains("s3cret"), "{message}");
    }
}
