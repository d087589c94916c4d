//! What git hosts say when something was pushed.
//!
//! Promises: only what is signed with (GitHub), or shows (GitLab), the secret of the settings is listened to; without a secret there is no such
//! route; nothing of a push is believed but where to look. Knows nothing of what then comes of it: the coordinator looks by itself.

use std::{collections::BTreeMap, path::Path};

use aws_lc_rs::constant_time;
use axum::{
    http::{HeaderMap, Method},
    response::Response,
};
use downbeat_proto::control::v1::RepositoryPushedRequest;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::{
    access::signature,
    config::GatewayConfig,
    error::Error,
    http::{Call, Fault, Json, Need, Route, Routes, json},
    limits,
};

const SETTING: &str = "DOWNBEAT_GATEWAY_GIT_WEBHOOK_SECRETS";
const PROVIDERS: [&str; 2] = ["github", "gitlab"];

/// The secrets of hosts' webhooks, by provider.
#[derive(Clone, Default)]
pub(crate) struct Hooks(BTreeMap<&'static str, Vec<u8>>);

impl std::fmt::Debug for Hooks {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_list().entries(self.0.keys()).finish()
    }
}

impl Hooks {
    /// As the settings say: `github=FILE`.
    ///
    /// # Errors
    /// What is set is none, or a file cannot be read, or is no secret.
    pub(crate) fn of(config: &GatewayConfig) -> Result<Self, Error> {
        let wrong = |reason: String| Error::Config { setting: SETTING, reason };
        let mut secrets = BTreeMap::new();
        for text in &config.git_webhook_secrets {
            let named = text.split_once('=').and_then(|(name, file)| {
                let name = PROVIDERS.into_iter().find(|known| name.trim().eq_ignore_ascii_case(known))?;
                Some((name, file.trim()))
            });
            let (name, file) = named.ok_or_else(|| wrong(format!("{text:?}: write github=FILE or gitlab=FILE")))?;
            let secret = std::fs::read_to_string(Path::new(file)).map_err(|error| wrong(format!("{file}: {error}")))?;
            let secret = secret.trim();
            if secret.len() < limits::HOOK_SECRET_BYTES_MIN {
                let least = limits::HOOK_SECRET_BYTES_MIN;
                return Err(wrong(format!("{file}: a secret has at least {least} characters")));
            }
            secrets.insert(name, secret.as_bytes().to_vec());
        }
        Ok(Self(secrets))
    }

    /// Does it come from who knows the secret? `None`: nobody does.
    fn is_genuine(&self, provider: &str, headers: &HeaderMap, body: &[u8]) -> Option<bool> {
        let secret = self.0.get(provider)?;
        Some(match provider {
            "github" => signature::github(headers, body, std::iter::once(secret.as_slice())).is_ok(),
            _ => {
                let shown = headers.get("x-gitlab-token").map(axum::http::HeaderValue::as_bytes).unwrap_or_default();
                constant_time::verify_slices_are_equal(shown, secret).is_ok()
            }
        })
    }
}

/// What came of it.
#[derive(Debug, Serialize, JsonSchema)]
struct Heard {
    /// Pipelines that are looked at soon.
    pipelines: u32,
}

pub(super) fn routes(routes: &mut Routes) {
    let says = "A git host says that something was pushed (X-Hub-Signature-256, X-Gitlab-Token)";
    routes.add(
        Route::new(Method::POST, "/hooks/git/{provider}", Need::Nothing, says, heard)
            .takes::<Value>()
            .gives::<Heard>(200),
    );
}

async fn heard(call: Call) -> Result<Response, Fault> {
    let provider = call.param("provider").to_ascii_lowercase();
    match call.edge.hooks.is_genuine(&provider, &call.headers, &call.body) {
        None => return Err(Fault::unknown("Not Found")),
        Some(false) => return Err(Fault::unauthorized("the signature, or the token, is not of this gateway's secret")),
        Some(true) => {}
    }
    let said = Json::value(&call.body)?;
    let Some((repository, branch)) = pushed(&said) else {
        // A ping, or an event of another kind: nothing to look at.
        return json(200, &Heard { pipelines: 0 });
    };
    let request = RepositoryPushedRequest { provider: provider.to_ascii_uppercase(), repository, branch };
    let heard = call.edge.upstream.pipelines().repository_pushed(call.ask(request)).await?.into_inner();
    json(200, &Heard { pipelines: heard.pipelines })
}

/// Repository and branch of a push.
fn pushed(said: &Value) -> Option<(String, String)> {
    let branch = said.get("ref")?.as_str()?.strip_prefix("refs/heads/")?;
    let repository = said.pointer("/repository/full_name").or_else(|| said.pointer("/project/path_with_namespace"));
    Some((repository?.as_str()?.to_owned(), branch.to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_who_knows_the_secret_is_heard() {
        let hooks =
            Hooks(BTreeMap::from([("github", b"It's a Secret to Everybody".to_vec()), ("gitlab", b"t0ken".to_vec())]));
        // The example of GitHub's documentation.
        let right = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        for (provider, header, value, body, expected) in [
            ("github", "x-hub-signature-256", right, "Hello, World!", Some(true)),
            ("github", "x-hub-signature-256", right, "Hello, World", Some(false)),
            ("github", "x-hub-signature-256", "sha256=00", "Hello, World!", Some(false)),
            ("github", "x-hub-signature-256", "sha1=757107ea", "Hello, World!", Some(false)),
            ("github", "x-gitlab-token", "t0ken", "Hello, World!", Some(false)),
            ("gitlab", "x-gitlab-token", "t0ken", "x", Some(true)),
            ("gitlab", "x-gitlab-token", "t0ke", "x", Some(false)),
            ("gitlab", "x-other", "t0ken", "x", Some(false)),
            ("bitbucket", "x-gitlab-token", "t0ken", "x", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header, value.parse().unwrap());
            assert_eq!(hooks.is_genuine(provider, &headers, body.as_bytes()), expected, "{provider} {header} {value}");
        }
        assert_eq!(Hooks::default().is_genuine("github", &HeaderMap::new(), b""), None);
        assert!(!format!("{hooks:?}").contains("Secret"));
    }

    #[test]
    fn where_to_look_is_all_that_is_read() {
        let expected = Some(("acme/etl".to_owned(), "feature/x".to_owned()));
        for (said, expected) in [
            (json!({"ref": "refs/heads/feature/x", "repository": {"full_name": "acme/etl"}}), expected.clone()),
            (json!({"ref": "refs/heads/feature/x", "project": {"path_with_namespace": "acme/etl"}}), expected),
            (json!({"ref": "refs/tags/v1", "repository": {"full_name": "acme/etl"}}), None),
            (json!({"zen": "x"}), None),
            (json!([1]), None),
        ] {
            assert_eq!(pushed(&said), expected, "{said}");
        }
    }
}
