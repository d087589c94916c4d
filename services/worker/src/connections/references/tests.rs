//! Stores of secrets as their documentation has them, with a server of the recorded shape of each.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use super::*;

const SECRET: &str = "hunter2-hunter2";

/// Answers by method and path, and keeps what it was asked.
struct Store {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
    serving: tokio::task::JoinHandle<()>,
}

impl Drop for Store {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Store {
    async fn of(answers: Vec<(&'static str, u16, Value)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = Arc::clone(&asked);
        let serving = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut text = String::new();
                let mut bytes = vec![0; 16 * 1024];
                loop {
                    let read = stream.read(&mut bytes).await.unwrap();
                    text.push_str(&String::from_utf8_lossy(&bytes[..read]));
                    if read == 0 || complete(&text) {
                        break;
                    }
                }
                let line = text.lines().next().unwrap_or_default().to_owned();
                let answer = answers.iter().find(|(begin, ..)| line.starts_with(begin));
                let (status, body) = answer.map_or((404, json!({})), |(_, status, body)| (*status, body.clone()));
                kept.lock().unwrap().push(text);
                let body = body.to_string();
                let head =
                    format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
                stream.write_all((head + &body).as_bytes()).await.unwrap();
            }
        });
        Self { url, asked, serving }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn complete(text: &str) -> bool {
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    body.len() >= length.unwrap_or(0)
}

fn reference(text: &str) -> Reference {
    Reference::of(text).unwrap().unwrap()
}

async fn looked_up(settings: &[(&str, &str)], text: &str) -> Result<String, Failure> {
    Stores::with(Settings::of(settings)).look_up(&reference(text)).await
}

#[test]
fn references_have_forms_and_whatever_has_none_is_not_repeated() {
    for (text, expected) in [
        ("vault:secret/shop/eu#password", true),
        ("vault:secret/shop", false),
        ("vault:secret/../sys#password", false),
        ("vault:secret/shop?x=1#password", false),
        ("aws-sm:prod/shop#password", true),
        ("aws-sm:arn:aws:secretsmanager:eu-west-1:1:secret:shop-x1", true),
        ("aws-sm:#password", false),
        ("azure-kv:acme/shop-password", true),
        ("azure-kv:evil.example.com/x", false),
        ("azure-kv:acme/x#y", false),
        ("k8s-secret:etl/shop#password", true),
        ("k8s-secret:etl/shop", false),
    ] {
        let read = Reference::of(text).unwrap();
        assert_eq!(read.is_ok(), expected, "{text}");
        if let Err(why) = read {
            assert!(why.contains("literal:") && !why.contains("password"), "{why}");
        }
    }
    for text in ["https://example.com", "hunter2", "postgres:x", ""] {
        assert!(Reference::of(text).is_none(), "{text}");
    }
}

#[tokio::test]
async fn vault_is_asked_with_a_token_or_as_a_service_account() {
    let found = json!({"data": {"data": {"password": SECRET, "port": 5432}, "metadata": {"version": 2}}});
    let store = Store::of(vec![
        ("GET /v1/secret/data/shop/eu ", 200, found),
        ("POST /v1/auth/kubernetes/login ", 200, json!({"auth": {"client_token": "of-the-role"}})),
        ("GET /v1/secret/data/sealed ", 503, json!({"errors": ["Vault is sealed"]})),
        ("GET /v1/secret/data/denied ", 403, json!({"errors": [SECRET]})),
    ])
    .await;
    let url = store.url.as_str();
    let token = [("VAULT_ADDR", url), ("VAULT_TOKEN", "of-the-worker"), ("VAULT_NAMESPACE", "team")];
    assert_eq!(looked_up(&token, "vault:secret/shop/eu#password").await.unwrap(), SECRET);
    assert_eq!(looked_up(&token, "vault:secret/shop/eu#port").await.unwrap(), "5432");
    let asked = store.asked()[0].to_lowercase();
    assert!(asked.contains("x-vault-token: of-the-worker") && asked.contains("x-vault-namespace: team"), "{asked}");

    let folder = tempfile::tempdir().unwrap();
    let jwt = folder.path().join("token");
    std::fs::write(&jwt, "jwt-of-the-pod\n").unwrap();
    let role = [("VAULT_ADDR", url), ("VAULT_K8S_ROLE", "etl"), ("VAULT_K8S_TOKEN_FILE", jwt.to_str().unwrap())];
    assert_eq!(looked_up(&role, "vault:secret/shop/eu#password").await.unwrap(), SECRET);
    let asked = store.asked();
    let [.., login, read] = asked.as_slice() else { panic!("{asked:?}") };
    assert!(login.contains("\"jwt\":\"jwt-of-the-pod\"") && login.contains("\"role\":\"etl\""), "{login}");
    assert!(read.to_lowercase().contains("x-vault-token: of-the-role"), "{read}");

    for (text, class, words) in [
        ("vault:secret/gone#x", "Misconfigured", "no such secret"),
        ("vault:secret/shop/eu#user", "Misconfigured", "no text of the field"),
        ("vault:secret/sealed#x", "Transient", "503"),
        ("vault:secret/denied#x", "Misconfigured", "may not read"),
    ] {
        let failure = looked_up(&token, text).await.unwrap_err();
        assert_eq!(format!("{:?}", failure.class), class, "{text}");
        assert!(failure.message.contains(words) && !failure.message.contains(SECRET), "{}", failure.message);
    }
    let failure = looked_up(&[("VAULT_ADDR", url)], "vault:secret/shop#x").await.unwrap_err();
    assert!(failure.message.contains("VAULT_K8S_ROLE"), "{}", failure.message);
    let failure = looked_up(&[], "vault:secret/shop#x").await.unwrap_err();
    assert!(failure.message.contains("VAULT_ADDR is not set"), "{}", failure.message);
}

#[tokio::test]
async fn aws_is_asked_with_a_signature() {
    let whole = json!({"password": SECRET, "port": 5432}).to_string();
    let store = Store::of(vec![("POST / ", 200, json!({"Name": "prod/shop", "SecretString": whole}))]).await;
    let settings = [
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "AKIA1234"),
        ("AWS_SECRET_ACCESS_KEY", "of-the-worker"),
        ("AWS_SESSION_TOKEN", "of-a-session"),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", store.url.as_str()),
    ];
    assert_eq!(looked_up(&settings, "aws-sm:prod/shop#password").await.unwrap(), SECRET);
    assert_eq!(looked_up(&settings, "aws-sm:prod/shop").await.unwrap(), whole);
    let asked = store.asked()[0].clone();
    assert!(asked.contains("\"SecretId\":\"prod/shop\""), "{asked}");
    assert!(asked.to_lowercase().contains("x-amz-target: secretsmanager.getsecretvalue"), "{asked}");
    assert!(asked.contains("AKIA1234/") && asked.contains("/eu-west-1/secretsmanager/aws4_request"), "{asked}");
    assert!(!asked.contains("of-the-worker"), "it signs, and is not sent");
    let failure = looked_up(&settings, "aws-sm:prod/shop#user").await.unwrap_err();
    assert!(!failure.message.contains(SECRET), "{}", failure.message);
    let failure = looked_up(&settings[..1], "aws-sm:prod/shop").await.unwrap_err();
    assert!(failure.message.contains("AWS_ACCESS_KEY_ID is not set"), "{}", failure.message);
}

#[tokio::test]
async fn azure_is_asked_with_a_token_of_the_application() {
    let store = Store::of(vec![
        ("POST /tenant-1/oauth2/v2.0/token ", 200, json!({"access_token": "of-the-app", "expires_in": 3599})),
        ("GET /acme/secrets/shop-password?api-version=7.4 ", 200, json!({"value": SECRET, "id": "x"})),
    ])
    .await;
    let settings = [
        ("AZURE_TENANT_ID", "tenant-1"),
        ("AZURE_CLIENT_ID", "app"),
        ("AZURE_CLIENT_SECRET", "s3cret&of=app"),
        ("AZURE_AUTHORITY_HOST", store.url.as_str()),
        ("AZURE_KEY_VAULT_URL", store.url.as_str()),
    ];
    assert_eq!(looked_up(&settings, "azure-kv:acme/shop-password").await.unwrap(), SECRET);
    let asked = store.asked();
    assert!(
        asked[0].contains("client_secret=s3cret%26of%3Dapp") && asked[0].contains("vault%2Eazure%2Enet"),
        "{}",
        asked[0]
    );
    assert!(asked[1].to_lowercase().contains("authorization: bearer of-the-app"), "{}", asked[1]);
    let failure = looked_up(&settings, "azure-kv:acme/gone").await.unwrap_err();
    assert!(failure.message.contains("no such secret"), "{}", failure.message);
}

#[tokio::test]
async fn a_secret_of_the_cluster_is_read_as_the_service_account() {
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, SECRET);
    let found = json!({"kind": "Secret", "data": {"password": encoded, "binary": "/w=="}});
    let store = Store::of(vec![("GET /api/v1/namespaces/etl/secrets/shop ", 200, found)]).await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("token"), "of-the-pod\n").unwrap();
    let settings = [
        ("DOWNBEAT_KUBERNETES_API", store.url.as_str()),
        ("DOWNBEAT_SERVICE_ACCOUNT", folder.path().to_str().unwrap()),
    ];
    assert_eq!(looked_up(&settings, "k8s-secret:etl/shop#password").await.unwrap(), SECRET);
    assert!(store.asked()[0].to_lowercase().contains("authorization: bearer of-the-pod"));
    let failure = looked_up(&settings, "k8s-secret:etl/shop#binary").await.unwrap_err();
    assert!(failure.message.contains("is no text"), "{}", failure.message);
    let failure = looked_up(&settings[1..], "k8s-secret:etl/shop#password").await.unwrap_err();
    assert!(failure.message.contains("does not run in a Kubernetes cluster"), "{}", failure.message);
}

#[tokio::test]
async fn a_value_is_kept_for_a_minute_and_not_longer() {
    let store = Store::of(vec![("GET ", 200, json!({"data": {"data": {"password": SECRET}}}))]).await;
    let settings = Settings::of(&[("VAULT_ADDR", store.url.as_str()), ("VAULT_TOKEN", "t")]);
    let stores = Stores::with(settings);
    let shop = reference("vault:secret/shop#password");
    for _ in 0..3 {
        assert_eq!(stores.look_up(&shop).await.unwrap(), SECRET);
    }
    assert_eq!(store.asked().len(), 1, "asked once");
    let later = Instant::now() + REFERENCE_LIFE;
    assert_eq!(stores.known(&shop, later), None);
    assert_eq!(stores.look_up(&shop).await.unwrap(), SECRET);
    assert_eq!(store.asked().len(), 2);
    assert!(!format!("{stores:?}").contains(SECRET));
}
