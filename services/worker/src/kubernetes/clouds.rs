//! Asks a cloud where a cluster is and whom to believe there.
//!
//! EKS: the API of EKS describes the cluster; what signs in there is a URL of the token service that is signed beforehand. GKE: the container
//! API; the service account's access token. AKS: the user's kubeconfig that Azure hands out, with a certificate, a token, or
//! tokens of the directory for the cluster's own application.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use percent_encoding::utf8_percent_encode;
use reqwest::{Method, Url, header::HeaderMap};
use serde_json::{Value, json};

use super::cloud::{self, Cloud};
use super::kubeconfig::{self, User};
use super::{Cluster, SEGMENT, Session};
use crate::attempt::Failure;
use crate::connections::{Connection, Secret};
use crate::limits::HTTP_WAIT;
use crate::manifest::answer::{self, Exchange};
use crate::manifest::auth::{self, Around, SignIn, sigv4};
use crate::manifest::fill::Scope;
use crate::manifest::format::CallName;
use crate::remote::CallError;
use crate::web;

/// What Azure's directory calls the application behind every cluster.
const AKS_APPLICATION: &str = "6dae42f8-4368-4678-94ff-3960e28e3630";
/// How long the token service answers a URL that signs in to EKS.
const EKS_URL_LIFE: Duration = Duration::from_secs(60);

pub(super) async fn cluster(session: &Session, connection: &Connection) -> Result<Cluster, CallError> {
    session.cloud.check(connection).map_err(CallError::Refused)?;
    let asking = Asking {
        session,
        scope: cloud::scope(session.cloud, connection).map_err(CallError::Refused)?,
        endpoint: match session.cloud {
            Cloud::Own => None,
            _ => cloud::endpoint(connection).map_err(CallError::Refused)?,
        },
    };
    match session.cloud {
        Cloud::Own => asking.own(connection).map_err(CallError::Refused),
        Cloud::Eks => asking.eks().await,
        Cloud::Gke => asking.gke().await,
        Cloud::Aks => asking.aks().await,
    }
}

struct Asking<'a> {
    session: &'a Session,
    scope: Scope,
    endpoint: Option<Url>,
}

fn refused(message: String) -> CallError {
    CallError::Refused(Failure::misconfigured(message))
}

fn way(described: Value) -> Result<SignIn, CallError> {
    serde_json::from_value(described).map_err(|error| refused(format!("authentication: {error} (a bug in Downbeat)")))
}

fn bearer() -> Value {
    json!({ "method": "bearer", "token": "{connection.token}" })
}

impl Asking<'_> {
    fn own(self, connection: &Connection) -> Result<Cluster, Failure> {
        let token = connection.text("token")?.is_some();
        Ok(Cluster {
            server: cloud::own_server(connection)?,
            trust: cloud::own_trust(connection)?,
            way: if token { serde_json::from_value(bearer()).ok() } else { None },
            scope: self.scope,
            endpoint: None,
            link: String::new(),
        })
    }

    async fn eks(mut self) -> Result<Cluster, CallError> {
        let (region, name) = (self.field("region"), self.field("cluster_name"));
        let way_of = way(json!({
            "method": "aws_sigv4", "service": "eks", "region": "{connection.region}",
            "access_key_id": "{connection.access_key_id}",
            "secret_access_key": "{connection.secret_access_key}", "session_token": "{connection.session_token?}",
        }))?;
        let url = format!("https://eks.{region}.{}/clusters/{}", domain(&region), utf8_percent_encode(&name, SEGMENT));
        let answer = self.ask(Method::GET, &url, &way_of).await?;
        let described = &answer["cluster"];
        let token = self.eks_token(&region, &name)?;
        self.session.learn(&[Secret::new(token.clone())]).await;
        self.scope.connection.insert("token".to_owned(), Value::String(token));
        let link = format!("https://{region}.console.aws.amazon.com/eks/home?region={region}#/clusters/{name}");
        let authority = described["certificateAuthority"]["data"].as_str().unwrap_or_default();
        self.found(described["endpoint"].as_str(), authority, way(bearer())?, link)
    }

    /// What proves to a cluster of EKS who asks: it calls the URL, which answers with the name of whoever signed it.
    fn eks_token(&self, region: &str, name: &str) -> Result<String, CallError> {
        let text = format!("https://sts.{region}.{}/?Action=GetCallerIdentity&Version=2011-06-15", domain(region));
        let url = web::absolute(&text).ok_or_else(|| refused(format!("{region:?} is no region")))?;
        let session_token = self.field("session_token");
        let keys = sigv4::Keys {
            access_key_id: self.field("access_key_id"),
            secret_access_key: self.field("secret_access_key"),
            session_token: (!session_token.is_empty()).then_some(session_token),
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let headers = [("x-k8s-aws-id", name)];
        let signed = sigv4::presign(&url, &headers, &keys, (region, "sts"), EKS_URL_LIFE, now)
            .map_err(|what| refused(format!("authentication: {what}")))?;
        Ok(format!("k8s-aws-v1.{}", URL_SAFE_NO_PAD.encode(signed.as_str())))
    }

    async fn gke(self) -> Result<Cluster, CallError> {
        let (project, location, name) = (self.field("project"), self.field("location"), self.field("cluster_name"));
        let way_of = way(json!({
            "method": "google_service_account", "key": "{connection.service_account}",
            "scope": "https://www.googleapis.com/auth/cloud-platform",
        }))?;
        let part = |text: &str| utf8_percent_encode(text, SEGMENT).to_string();
        let url = format!(
            "https://container.googleapis.com/v1/projects/{}/locations/{}/clusters/{}",
            part(&project),
            part(&location),
            part(&name)
        );
        let described = self.ask(Method::GET, &url, &way_of).await?;
        let server = described["endpoint"].as_str().map(|host| format!("https://{host}"));
        let authority = described["masterAuth"]["clusterCaCertificate"].as_str().unwrap_or_default();
        let link = format!(
            "https://console.cloud.google.com/kubernetes/clusters/details/{location}/{name}/details?project={project}"
        );
        self.found(server.as_deref(), authority, way_of, link)
    }

    async fn aks(mut self) -> Result<Cluster, CallError> {
        let part = |text: &str| utf8_percent_encode(text, SEGMENT).to_string();
        let name = self.session.cluster_name.clone().unwrap_or_default();
        let place = format!(
            "subscriptions/{}/resourceGroups/{}/providers/Microsoft.ContainerService/managedClusters/{}",
            part(&self.field("subscription_id")),
            part(&self.field("resource_group")),
            part(&name)
        );
        let url = format!("https://management.azure.com/{place}/listClusterUserCredential?api-version=2024-09-01");
        let answer = self.ask(Method::POST, &url, &way(azure("https://management.azure.com"))?).await?;
        let wrong = |what: &str| refused(format!("AKS: the kubeconfig that Azure hands out for {name:?} {what}"));
        let encoded = answer["kubeconfigs"][0]["value"].as_str().ok_or_else(|| wrong("is not there"))?;
        let config = kubeconfig::read(encoded).map_err(wrong)?;
        let mut trust = web::Trust::default().in_authorities(&config.authority).map_err(|what| wrong(&what))?;
        let way = match config.user {
            User::Token(token) => {
                self.session.learn(&[Secret::new(token.clone())]).await;
                self.scope.connection.insert("token".to_owned(), Value::String(token));
                Some(way(bearer())?)
            }
            User::Certificate { certificate, key } => {
                self.session.learn(&[Secret::new(key.clone())]).await;
                trust = trust.showing(&certificate, &key).map_err(|what| wrong(&what))?;
                None
            }
            User::Directory => Some(way(azure(AKS_APPLICATION))?),
        };
        let server = web::absolute(&config.server).ok_or_else(|| wrong("names no server that is a URL"))?;
        let link = format!("https://portal.azure.com/#resource/{place}/workloads");
        Ok(Cluster { server, trust, way, scope: self.scope, endpoint: self.endpoint, link })
    }

    /// The cluster that a cloud described.
    fn found(self, server: Option<&str>, authority: &str, way: SignIn, link: String) -> Result<Cluster, CallError> {
        let integration = self.session.cloud.job().0;
        let wrong = |what: &str| refused(format!("{integration}: the cluster {what}: is it there, and ready?"));
        let server = server.and_then(web::absolute).ok_or_else(|| wrong("has no address yet"))?;
        let authority = kubeconfig::decoded(authority).ok_or_else(|| wrong("has no certificate authority yet"))?;
        let trust = web::Trust::default().in_authorities(&authority).map_err(|what| wrong(&what))?;
        Ok(Cluster { server, trust, way: Some(way), scope: self.scope, endpoint: self.endpoint, link })
    }

    /// A field that `check` has found to be there, or an optional one.
    fn field(&self, name: &str) -> String {
        self.scope.connection.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// Asks the cloud's own API; it changes nothing there.
    async fn ask(&self, method: Method, url: &str, way: &SignIn) -> Result<Value, CallError> {
        let url = web::absolute(url).ok_or_else(|| refused(format!("{url:?} is no address")))?;
        let url = self.endpoint.as_ref().map_or_else(|| url.clone(), |endpoint| answer::moved(&url, endpoint));
        let integration = self.session.cloud.job().0;
        let Self { session, scope, endpoint } = self;
        let mut again = true;
        loop {
            let around =
                Around { scope, integration, base: &url, endpoint: endpoint.as_ref(), tokens: &session.tokens };
            let body = (method == Method::POST).then(bytes::Bytes::new);
            let mut request =
                web::Request { method: method.clone(), url: url.clone(), headers: HeaderMap::new(), body };
            let mut hidden = Vec::new();
            let signed = auth::sign(way, &around, &mut request, &mut hidden).await;
            session.learn(&hidden).await;
            signed?;
            let sent = web::send(&request, HTTP_WAIT, None).await;
            if again && sent.as_ref().is_ok_and(|answer| answer.status.as_u16() == 401) {
                hidden.iter().for_each(|token| session.tokens.forget(token.reveal()));
                again = false;
                continue;
            }
            let exchange = Exchange { integration, call: CallName::Before, request: &request };
            return answer::read(&exchange, sent, &[], scope).map(|read| read.body);
        }
    }
}

/// Where Amazon's services of that region are.
fn domain(region: &str) -> &'static str {
    if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" }
}

fn azure(resource: &str) -> Value {
    json!({
        "method": "oauth2_client_credentials",
        "token_url": "https://login.microsoftonline.com/{connection.tenant_id}/oauth2/v2.0/token",
        "client_id": "{connection.client_id}", "client_secret": "{connection.client_secret}",
        "scope": format!("{resource}/.default"),
    })
}
