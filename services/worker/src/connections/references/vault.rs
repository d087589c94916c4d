//! HashiCorp Vault and OpenBao: the KV store, version 2. `GET /v1/MOUNT/data/PATH`, as their API documentation has it.
//!
//! Who asks: `VAULT_TOKEN`, or the role `VAULT_K8S_ROLE` of the auth method for Kubernetes (mounted at `VAULT_K8S_MOUNT`, else
//! `kubernetes`) with the token of the worker's service account. Where: `VAULT_ADDR`; `VAULT_NAMESPACE` where there are such.

use reqwest::Method;
use serde_json::json;

use super::{Question, Reference, Settings, plain, pointed, text_at};
use crate::attempt::Failure;

const WHOM: &str = "Vault";
/// Where a pod finds the token of its service account.
const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

pub(super) fn read(place: &str, field: Option<&str>) -> Option<Reference> {
    let (mount, path) = place.split_once('/')?;
    let field = field.filter(|field| !field.is_empty())?;
    (plain(mount) && path.split('/').all(plain)).then(|| Reference::Vault {
        mount: mount.to_owned(),
        path: path.to_owned(),
        field: field.to_owned(),
    })
}

pub(super) async fn ask(settings: &Settings, mount: &str, path: &str, field: &str) -> Result<String, Failure> {
    let base = settings.needed("VAULT_ADDR")?;
    let base = base.trim_end_matches('/');
    let token = match settings.get("VAULT_TOKEN") {
        Some(token) => token,
        None => sign_in(settings, base).await?,
    };
    let question = Question::new(WHOM, Method::GET, &format!("{base}/v1/{mount}/data/{path}"))?;
    let question = of_namespace(settings, question)?.header("x-vault-token", token.trim())?;
    let answer = question.ask().await?;
    text_at(WHOM, &answer, &format!("/data/data/{}", pointed(field)), "of the field that is named")
}

/// A token of the role of the worker's service account. It is used once: secrets are kept, and not tokens.
async fn sign_in(settings: &Settings, base: &str) -> Result<String, Failure> {
    let role = settings.get("VAULT_K8S_ROLE").ok_or_else(|| {
        Failure::misconfigured("neither VAULT_TOKEN nor VAULT_K8S_ROLE is set in this worker's environment")
    })?;
    let mount = settings.get("VAULT_K8S_MOUNT").unwrap_or_else(|| "kubernetes".to_owned());
    if !mount.split('/').all(plain) {
        return Err(Failure::misconfigured("VAULT_K8S_MOUNT is no path of an auth method"));
    }
    let file = settings.get("VAULT_K8S_TOKEN_FILE").unwrap_or_else(|| SERVICE_ACCOUNT.to_owned());
    let jwt = super::kubernetes::read_file(&file).await?;
    let question = Question::new(WHOM, Method::POST, &format!("{base}/v1/auth/{mount}/login"))?;
    let body = json!({"role": role, "jwt": jwt.trim()}).to_string();
    let answer = of_namespace(settings, question)?.body(body.into_bytes()).ask().await?;
    text_at(WHOM, &answer, "/auth/client_token", "of a token at the sign-in")
}

fn of_namespace(settings: &Settings, question: Question) -> Result<Question, Failure> {
    match settings.get("VAULT_NAMESPACE") {
        Some(namespace) => question.header("x-vault-namespace", &namespace),
        None => Ok(question),
    }
}
