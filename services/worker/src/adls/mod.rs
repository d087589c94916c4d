//! Containers of Azure Data Lake Storage, through the Blob service that every account has: who signs in where, and what lies in a container.
//!
//! Source: learn.microsoft.com/rest/api/storageservices (List Blobs, Authorize with Shared Key, service version 2021-12-02).
//! It only looks. It knows nothing of checks and jobs.

mod listed;
mod shared_key;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::{
    Method, Url,
    header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue},
};
use serde_json::{Value, json};

use crate::attempt::Failure;
use crate::connections::{Connection, Fields};
use crate::limits::HTTP_WAIT;
use crate::manifest::auth::{self, Around, SignIn, Tokens};
use crate::manifest::{answer, fill::Scope};
use crate::remote::CallError;
use crate::web;
pub(crate) use listed::Blob;

pub(crate) const INTEGRATION: &str = "AZURE_DATA_LAKE_STORAGE";
/// The fields of a connection.
pub(crate) const FIELDS: Fields = Fields {
    open: &["account_name", "endpoint", "tenant_id", "client_id"],
    secret: &["account_key", "sas_token", "client_secret"],
};
const VERSION: &str = "2021-12-02";

/// A container and how it is asked.
pub(crate) struct Container<'a> {
    connection: &'a Connection,
    tokens: &'a Tokens,
    account: String,
    name: String,
    /// Of the container.
    url: Url,
    endpoint: Option<Url>,
}

impl<'a> Container<'a> {
    /// The container of that name; `account`: instead of the connection's own.
    ///
    /// # Errors
    /// A name that is none, a field that is missing.
    pub(crate) fn open(
        connection: &'a Connection,
        tokens: &'a Tokens,
        account: Option<String>,
        name: String,
    ) -> Result<Self, Failure> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'$');
        if !name.bytes().all(plain) || !(3..=63).contains(&name.len()) {
            let rule = "is no name of a container (3 to 63 lower-case letters, digits and `-`)";
            return Err(Failure::misconfigured(format!("the parameter container_name {rule}")));
        }
        let account = match account {
            Some(account) => account,
            None => connection.required("account_name")?.to_owned(),
        };
        let of_account = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        if !account.bytes().all(of_account) || !(3..=24).contains(&account.len()) {
            return Err(Failure::misconfigured(
                "account_name is no storage account (3 to 24 lower-case letters and digits)",
            ));
        }
        let (base, endpoint) = match connection.text("endpoint")? {
            // An address of its own has the account in the path, as the emulator has it.
            Some(endpoint) => {
                let url = web::absolute(endpoint).ok_or_else(|| {
                    connection.wrong("endpoint", "must be an absolute URL, like http://127.0.0.1:10000")
                })?;
                (format!("{}/{account}", url.as_str().trim_end_matches('/')), Some(url))
            }
            None => (format!("https://{account}.blob.core.windows.net"), None),
        };
        let url = web::absolute(&format!("{base}/{name}"))
            .ok_or_else(|| Failure::misconfigured("account_name and container_name make no address"))?;
        Ok(Self { connection, tokens, account, name, url, endpoint })
    }

    /// The container for people.
    pub(crate) fn place(&self) -> String {
        format!("the container {:?} of the storage account {:?}", self.name, self.account)
    }

    /// One page of what lies below a prefix, and where the next one begins.
    ///
    /// # Errors
    /// What the service says, or that it says nothing.
    pub(crate) async fn page(
        &self,
        prefix: &str,
        marker: Option<&str>,
        wait: Duration,
    ) -> Result<(Vec<Blob>, Option<String>), Failure> {
        let mut url = self.url.clone();
        url.query_pairs_mut().append_pair("restype", "container").append_pair("comp", "list");
        for (name, value) in [("prefix", Some(prefix).filter(|prefix| !prefix.is_empty())), ("marker", marker)] {
            if let Some(value) = value {
                url.query_pairs_mut().append_pair(name, value);
            }
        }
        let answer = self.ask(url, wait.min(HTTP_WAIT)).await?;
        if answer.cut {
            return Err(Failure::job(format!("{}: the list of files is larger than 16 MiB", self.place())));
        }
        listed::read(&answer.body).map_err(|why| {
            Failure::misconfigured(format!("{} answers something that is no list of blobs: {why}", self.place()))
        })
    }

    async fn ask(&self, url: Url, wait: Duration) -> Result<web::Answer, Failure> {
        let mut request = web::Request { method: Method::GET, url, headers: HeaderMap::new(), body: None };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        put(&mut request, "x-ms-version", VERSION)?;
        put(&mut request, "x-ms-date", &shared_key::date(now))?;
        if let Some(key) = self.connection.secret("account_key")? {
            let signed = shared_key::authorization(&request, &self.account, key.reveal());
            let signed = signed.map_err(|why| self.connection.wrong("account_key", why))?;
            put(&mut request, AUTHORIZATION.as_str(), &signed)?;
        } else if let Some(token) = self.connection.secret("sas_token")? {
            let query =
                format!("{}&{}", request.url.query().unwrap_or_default(), token.reveal().trim_start_matches('?'));
            request.url.set_query(Some(&query));
        } else {
            self.sign_in(&mut request).await?;
        }
        let answer = web::exchange(&request, wait, None).await?;
        if answer.status.is_success() { Ok(answer) } else { Err(self.refused(&answer)) }
    }

    /// As an application of Microsoft Entra.
    async fn sign_in(&self, request: &mut web::Request) -> Result<(), Failure> {
        let mut scope = Scope::default();
        for field in ["tenant_id", "client_id", "client_secret"] {
            let value = self.connection.text(field)?.ok_or_else(|| {
                let needed = "account_key, sas_token, or tenant_id with client_id and client_secret";
                Failure::misconfigured(format!("there are no credentials: the connection needs {needed}"))
            })?;
            scope.connection.insert(field.to_owned(), Value::String(value.to_owned()));
        }
        let way: SignIn = serde_json::from_value(json!({
            "method": "oauth2_client_credentials",
            "token_url": "https://login.microsoftonline.com/{connection.tenant_id}/oauth2/v2.0/token",
            "client_id": "{connection.client_id}", "client_secret": "{connection.client_secret}",
            "scope": "https://storage.azure.com/.default",
        }))
        .map_err(|error| Failure::misconfigured(format!("authentication: {error}")))?;
        let base = request.url.clone();
        let around = Around {
            scope: &scope,
            integration: INTEGRATION,
            base: &base,
            endpoint: self.endpoint.as_ref(),
            tokens: self.tokens,
        };
        auth::sign(&way, &around, request, &mut Vec::new()).await.map_err(|error| match error {
            CallError::Refused(failure) => failure,
            CallError::Again { message, .. } | CallError::Unknown(message) | CallError::Gone(message) => {
                Failure::transient(message)
            }
        })
    }

    fn refused(&self, answer: &web::Answer) -> Failure {
        let text = format!("{} answered {}: {}", self.place(), answer.status, answer::shown(&answer.body));
        match answer.status.as_u16() {
            408 | 429 | 500..=599 => Failure::transient(text),
            _ => Failure::misconfigured(text),
        }
    }
}

fn put(request: &mut web::Request, name: &str, value: &str) -> Result<(), Failure> {
    let wrong = |_| {
        Failure::misconfigured(format!(
            "authentication: the value for the header {name} is none that a header may have"
        ))
    };
    let mut value = HeaderValue::try_from(value).map_err(wrong)?;
    value.set_sensitive(name == AUTHORIZATION.as_str());
    let name = HeaderName::try_from(name).map_err(|_| Failure::misconfigured("authentication: no name of a header"))?;
    request.headers.insert(name, value);
    Ok(())
}
