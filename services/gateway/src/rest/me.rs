//! Who asks, and what they may: for programs that offer people only what they can do.

use axum::{http::Method, response::Response};
use downbeat_domain::access::Role;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    access::Principal,
    http::{Call, Fault, Need, Route, Routes, instant, json},
};

/// What a key or a login is worth.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Me {
    account_id: String,
    account_name: String,
    /// Of the key or the person.
    name: String,
    /// key, or login: a person, or a key, that logged in with a program.
    kind: &'static str,
    /// The most that it may do anywhere: VIEWER, OPERATOR, EDITOR or ADMIN. None = nothing.
    role: Option<&'static str>,
    /// Labels of the pipelines to which that role is bound; empty = it holds for the whole account.
    labels: Vec<String>,
    /// The login whose token was shown; none = a key was.
    login_id: Option<String>,
    /// The key that was shown, or that the login stands for; none = a person whom the identity provider named.
    key_id: Option<String>,
    /// A login that only reads, whatever its key or its person may.
    read_only: bool,
    /// When what was shown opens nothing any more: of a login, its access token. None = never.
    expires_at: Option<String>,
    /// All of what it may.
    grants: Vec<Granted>,
}

/// A role, and where it holds.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
struct Granted {
    role: &'static str,
    /// Empty = for the whole account.
    labels: Vec<String>,
}

pub(super) fn routes(routes: &mut Routes) {
    let says = "Who asks, and what they may";
    routes.add(Route::new(Method::GET, "/me", Need::Key, says, me).gives::<Me>(200));
}

async fn me(call: Call) -> Result<Response, Fault> {
    let Some(who) = &call.principal else { return Err(Fault::unauthorized("a key is needed")) };
    json(200, &of(who, &call.table.account_id, &call.table.account_name))
}

fn of(who: &Principal, account_id: &str, account_name: &str) -> Me {
    let most = who.grants.iter().map(|grant| grant.role).max();
    let (role, labels) = (most.map(Role::as_str), most.map(|role| bound(who, role)).unwrap_or_default());
    let grants = who.grants.iter().map(|grant| Granted { role: grant.role.as_str(), labels: grant.labels.clone() });
    Me {
        account_id: account_id.to_owned(),
        account_name: account_name.to_owned(),
        name: who.actor.split_once(':').map_or(who.actor.as_str(), |(_, name)| name).to_owned(),
        kind: if who.login.is_some() { "login" } else { "key" },
        login_id: who.login.clone(),
        key_id: who.key.clone(),
        role,
        labels,
        read_only: who.read_only,
        expires_at: instant(who.expires_at),
        grants: grants.collect(),
    }
}

/// The labels to which a role of theirs is bound; empty = it holds for the whole account.
fn bound(who: &Principal, role: Role) -> Vec<String> {
    if who.may_all(role) {
        return Vec::new();
    }
    let mut labels: Vec<String> =
        who.grants.iter().filter(|grant| grant.role == role).flat_map(|grant| grant.labels.clone()).collect();
    labels.sort();
    labels.dedup();
    labels
}

#[cfg(test)]
mod tests {
    use downbeat_domain::access::Grant;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_most_that_they_may_is_told_with_where_that_holds() {
        let grant = |role: Role, labels: &[&str]| Grant {
            role,
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        };
        for (grants, login, expected) in [
            (vec![grant(Role::Admin, &[])], None, json!(["key", "ADMIN", []])),
            (
                vec![grant(Role::Viewer, &[]), grant(Role::Editor, &["us", "eu"])],
                None,
                json!(["key", "EDITOR", ["eu", "us"]]),
            ),
            (
                vec![grant(Role::Editor, &["eu"]), grant(Role::Editor, &["eu", "us"])],
                Some("l"),
                json!(["login", "EDITOR", ["eu", "us"]]),
            ),
            (vec![grant(Role::Editor, &["eu"]), grant(Role::Editor, &[])], None, json!(["key", "EDITOR", []])),
            // Of a role that this version does not know: it opens nothing.
            (Vec::new(), None, json!(["key", null, []])),
        ] {
            let who = Principal {
                key: Some("k".to_owned()),
                login: login.map(str::to_owned),
                actor: "key:ci:nightly".to_owned(),
                grants,
                read_only: false,
                expires_at: 0,
            };
            let me = json!(of(&who, "a", "b"));
            assert_eq!(json!([me["kind"], me["role"], me["labels"]]), expected);
            assert_eq!((&me["name"], &me["expiresAt"]), (&json!("ci:nightly"), &json!(null)));
            assert_eq!((&me["loginId"], &me["keyId"]), (&json!(login), &json!("k")));
        }
    }
}
