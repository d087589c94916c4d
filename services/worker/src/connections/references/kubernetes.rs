//! Secrets of the cluster that the worker runs in: `GET /api/v1/namespaces/NAMESPACE/secrets/NAME`, as its own service account, which needs
//! the verb `get` for them. Where the API is says the environment of every pod, or `DOWNBEAT_KUBERNETES_API`; token and certificates of the
//! service account lie where every pod has them, or in the folder `DOWNBEAT_SERVICE_ACCOUNT`.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::Method;

use super::{Question, Reference, Settings, plain, pointed, text_at};
use crate::attempt::Failure;
use crate::connections::file::load;
use crate::web;

const WHOM: &str = "Kubernetes";
/// What a pod is given.
const FOLDER: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

pub(super) fn read(place: &str, field: Option<&str>) -> Option<Reference> {
    let (namespace, name) = place.split_once('/')?;
    let key = field.filter(|key| plain(key))?;
    (plain(namespace) && plain(name)).then(|| Reference::Kubernetes {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        key: key.to_owned(),
    })
}

pub(super) async fn ask(settings: &Settings, namespace: &str, name: &str, key: &str) -> Result<String, Failure> {
    let folder = settings.get("DOWNBEAT_SERVICE_ACCOUNT").unwrap_or_else(|| FOLDER.to_owned());
    let token = read_file(&format!("{folder}/token")).await?;
    let base = match (settings.get("DOWNBEAT_KUBERNETES_API"), settings.get("KUBERNETES_SERVICE_HOST")) {
        (Some(url), _) => url.trim_end_matches('/').to_owned(),
        (None, Some(host)) => {
            let port = settings.get("KUBERNETES_SERVICE_PORT_HTTPS").unwrap_or_else(|| "443".to_owned());
            let host = if host.contains(':') { format!("[{host}]") } else { host };
            format!("https://{host}:{port}")
        }
        (None, None) => {
            return Err(Failure::misconfigured(
                "this worker does not run in a Kubernetes cluster (KUBERNETES_SERVICE_HOST is not set)",
            ));
        }
    };
    let url = format!("{base}/api/v1/namespaces/{namespace}/secrets/{name}");
    let mut question =
        Question::new(WHOM, Method::GET, &url)?.header("authorization", &format!("Bearer {}", token.trim()))?;
    if url.starts_with("https:") {
        let authorities = read_file(&format!("{folder}/ca.crt")).await?;
        question.trust = web::Trust::default()
            .in_authorities(&authorities)
            .map_err(|why| Failure::misconfigured(format!("{folder}/ca.crt {why}")))?;
    }
    let encoded =
        text_at(WHOM, &question.ask().await?, &format!("/data/{}", pointed(key)), "of the key that is named")?;
    let bytes = STANDARD.decode(encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    bytes.ok_or_else(|| Failure::misconfigured(format!("{WHOM}: what stands in the secret is no text")))
}

/// A file of the worker's own.
pub(super) async fn read_file(path: &str) -> Result<String, Failure> {
    let (of, shown) = (std::path::PathBuf::from(path), path.to_owned());
    let loaded = tokio::task::spawn_blocking(move || load(&of)).await;
    let loaded = loaded.unwrap_or_else(|_| Err("cannot be read (a bug in Downbeat)".to_owned()));
    loaded.map(|(text, _)| text).map_err(|why| Failure::misconfigured(format!("{shown}: {why}")))
}
