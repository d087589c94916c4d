//! The ways to sign a request, as a manifest chooses one. What each does stands beside.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::manifest::path::Paths;
use crate::manifest::template::{Body, Name, Template};

/// How a request is signed. `when`: a name that must have a value for this way to be taken.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "method", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum SignIn {
    /// Nothing, for a server that asks for none.
    None {
        when: Option<Name>,
    },
    Bearer {
        when: Option<Name>,
        token: Template,
    },
    Basic {
        when: Option<Name>,
        username: Template,
        password: Template,
    },
    /// `name: value`, such as an API key.
    Header {
        when: Option<Name>,
        name: String,
        value: Template,
    },
    /// A request that gives a token, which is then borne.
    Login {
        when: Option<Name>,
        /// Relative to `base_url`, or another host's.
        url: Template,
        body: Option<Body>,
        form: Option<BTreeMap<String, Template>>,
        token: Paths,
        expires_in: Option<Paths>,
        /// The header that has the token, for systems that do not take it as a bearer's.
        header: Option<String>,
    },
    Oauth2ClientCredentials {
        when: Option<Name>,
        token_url: Template,
        client_id: Template,
        client_secret: Template,
        scope: Option<Template>,
        audience: Option<Template>,
    },
    AwsSigv4 {
        when: Option<Name>,
        service: String,
        region: Template,
        access_key_id: Template,
        secret_access_key: Template,
        session_token: Option<Template>,
    },
    GoogleServiceAccount {
        when: Option<Name>,
        /// The JSON of the key file.
        key: Template,
        scope: Template,
    },
    SnowflakeKeyPair {
        when: Option<Name>,
        account: Template,
        user: Template,
        private_key: Template,
    },
}

impl SignIn {
    /// A name that must have a value for this way to be taken.
    pub(crate) fn when(&self) -> Option<&Name> {
        match self {
            Self::None { when }
            | Self::Bearer { when, .. }
            | Self::Basic { when, .. }
            | Self::Header { when, .. }
            | Self::Login { when, .. }
            | Self::Oauth2ClientCredentials { when, .. }
            | Self::AwsSigv4 { when, .. }
            | Self::GoogleServiceAccount { when, .. }
            | Self::SnowflakeKeyPair { when, .. } => when.as_ref(),
        }
    }

    /// All templates in it.
    pub(crate) fn templates(&self) -> Vec<&Template> {
        match self {
            Self::None { .. } => Vec::new(),
            Self::Bearer { token, .. } => vec![token],
            Self::Basic { username, password, .. } => vec![username, password],
            Self::Header { value, .. } => vec![value],
            Self::Login { url, body, form, .. } => {
                let mut all = vec![url];
                all.extend(body.iter().flat_map(Body::templates));
                all.extend(form.iter().flat_map(|form| form.values()));
                all
            }
            Self::Oauth2ClientCredentials { token_url, client_id, client_secret, scope, audience, .. } => {
                let mut all = vec![token_url, client_id, client_secret];
                all.extend(scope.iter().chain(audience));
                all
            }
            Self::AwsSigv4 { region, access_key_id, secret_access_key, session_token, .. } => {
                let mut all = vec![region, access_key_id, secret_access_key];
                all.extend(session_token);
                all
            }
            Self::GoogleServiceAccount { key, scope, .. } => vec![key, scope],
            Self::SnowflakeKeyPair { account, user, private_key, .. } => vec![account, user, private_key],
        }
    }
}
