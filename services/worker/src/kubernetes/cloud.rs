//! Whose cluster it is: the job that uses it, and the fields of its connection. Pure.

use serde_json::Value;

use crate::attempt::Failure;
use crate::connections::{Connection, Fields};
use crate::manifest::fill::Scope;
use crate::web;

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cloud {
    /// Anybody's: the connection says where it is and who asks.
    Own,
    /// Of Amazon.
    Eks,
    /// Of Google.
    Gke,
    /// Of Microsoft.
    Aks,
}

impl Cloud {
    pub(crate) const ALL: [Self; 4] = [Self::Own, Self::Eks, Self::Gke, Self::Aks];

    /// Integration and job.
    pub(crate) fn job(self) -> (&'static str, &'static str) {
        match self {
            Self::Own => ("KUBERNETES", "RUN_JOB"),
            Self::Eks => ("AWS_EKS", "AWS_EKS_RUN_JOB"),
            Self::Gke => ("GKE", "GKE_RUN_JOB"),
            Self::Aks => ("AZURE_KUBERNETES_SERVICE", "AKS_RUN_JOB"),
        }
    }

    /// The fields of a connection.
    pub(crate) fn fields(self) -> Fields {
        match self {
            Self::Own => Fields {
                open: &["server", "ca_certificate", "client_certificate", "namespace"],
                secret: &["token", "client_key"],
            },
            Self::Eks => Fields {
                open: &["region", "cluster_name", "namespace", "endpoint"],
                secret: &["access_key_id", "secret_access_key", "session_token"],
            },
            Self::Gke => Fields {
                open: &["project", "location", "cluster_name", "namespace", "endpoint"],
                secret: &["service_account"],
            },
            Self::Aks => Fields {
                open: &["tenant_id", "client_id", "subscription_id", "resource_group", "namespace", "endpoint"],
                secret: &["client_secret"],
            },
        }
    }

    fn required(self) -> &'static [&'static str] {
        match self {
            Self::Own => &["server"],
            Self::Eks => &["region", "cluster_name", "access_key_id", "secret_access_key"],
            Self::Gke => &["project", "location", "cluster_name", "service_account"],
            Self::Aks => &["tenant_id", "client_id", "client_secret", "subscription_id", "resource_group"],
        }
    }

    /// Everything of the connection that can be known to be wrong without asking anybody.
    pub(crate) fn check(self, connection: &Connection) -> Result<(), Failure> {
        for field in self.required() {
            connection.required(field)?;
        }
        // A part of a host's name.
        for field in ["region", "tenant_id"].into_iter().filter(|field| self.fields().open.contains(field)) {
            let plain =
                |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
            if !plain(connection.required(field)?) {
                return Err(connection.wrong(field, "may have letters, digits, `.` and `-` only"));
            }
        }
        match self {
            Self::Own => own_trust(connection).map(|_| ()),
            _ => endpoint(connection).map(|_| ()),
        }
    }
}

/// Where the cluster of a connection of one's own is.
pub(crate) fn own_server(connection: &Connection) -> Result<reqwest::Url, Failure> {
    web::absolute(connection.required("server")?)
        .ok_or_else(|| connection.wrong("server", "must be an absolute URL, like https://10.0.0.1:6443"))
}

/// Whom a connection of one's own believes, and what it shows.
pub(crate) fn own_trust(connection: &Connection) -> Result<web::Trust, Failure> {
    own_server(connection)?;
    let mut trust = web::Trust::default();
    if let Some(pem) = connection.text("ca_certificate")? {
        trust = trust.in_authorities(pem).map_err(|what| connection.wrong("ca_certificate", what))?;
    }
    match (connection.text("client_certificate")?, connection.text("client_key")?) {
        (None, None) if connection.text("token")?.is_none() => {
            Err(connection
                .wrong("token", "is missing, and so is a client_certificate with its client_key: one is needed"))
        }
        (None, None) => Ok(trust),
        (Some(certificate), Some(key)) => {
            trust.showing(certificate, key).map_err(|what| connection.wrong("client_certificate", what))
        }
        (Some(_), None) => Err(connection.wrong("client_key", "is missing beside client_certificate")),
        (None, Some(_)) => Err(connection.wrong("client_certificate", "is missing beside client_key")),
    }
}

/// Where a cloud's own API is, when not at the vendor's address.
pub(crate) fn endpoint(connection: &Connection) -> Result<Option<reqwest::Url>, Failure> {
    let Some(text) = connection.text("endpoint")? else { return Ok(None) };
    let url = web::absolute(text);
    let wrong = || connection.wrong("endpoint", "must be an absolute URL, like https://proxy.example.com");
    url.map(Some).ok_or_else(wrong)
}

/// The fields of a connection as the ways of signing in read them.
pub(crate) fn scope(cloud: Cloud, connection: &Connection) -> Result<Scope, Failure> {
    let mut scope = Scope::default();
    let Fields { open, secret } = cloud.fields();
    for field in open.iter().chain(secret) {
        if let Some(text) = connection.text(field)? {
            scope.connection.insert((*field).to_owned(), Value::String(text.to_owned()));
        }
    }
    Ok(scope)
}
