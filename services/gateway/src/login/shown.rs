//! How people sign in here, for those who say what others may.
//!
//! Promises: what is shown is what sign-ins are decided by. Knows no secret: neither the one that is shared with the provider, nor anybody's.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Login, provider::Provider};

/// How people sign in.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SignInShown {
    /// Where this gateway is reached; None = it does not know, so nobody can log in, and keys work as ever.
    public_url: Option<String>,
    /// Who says who people are; None = they show a key.
    provider: Option<ProviderShown>,
}

/// An identity provider, and what its people may.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProviderShown {
    pub(super) issuer: String,
    /// The claim that is a person's name here.
    pub(super) user_claim: String,
    /// The claim that lists their groups.
    pub(super) groups_claim: String,
    pub(super) rules: Vec<RuleShown>,
}

/// What a group may.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub(super) struct RuleShown {
    /// `*` = everybody whom the provider knows.
    pub(super) group: String,
    pub(super) role: &'static str,
    /// Empty = for the whole account.
    pub(super) labels: Vec<String>,
}

/// As this gateway is set up.
pub(crate) fn shown(login: Option<&Login>) -> SignInShown {
    SignInShown {
        public_url: login.map(Login::origin),
        provider: login.and_then(|login| login.provider.as_ref()).map(Provider::shown),
    }
}
