//! The table of keys, labels and endpoints, as the coordinator told it last.

use std::{collections::BTreeMap, fmt, sync::Arc};

use aws_lc_rs::digest;
use downbeat_domain::{
    access::{Grant, Role},
    endpoint::SignatureScheme,
};
use downbeat_proto::control::v1 as wire;

use super::Principal;
use crate::{http::Fault, limits};

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) account_id: String,
    pub(crate) account_name: String,
    /// By SHA-256 of the whole key: it was drawn at random, so nothing can be learnt from how long the search takes.
    keys: BTreeMap<[u8; 32], Principal>,
    /// Of pipelines that have some, by id.
    labels: BTreeMap<String, Vec<String>>,
    /// By SHA-256 of the last part of their address, as keys.
    endpoints: BTreeMap<[u8; 32], Arc<Endpoint>>,
}

/// An address that starts a pipeline.
pub(crate) struct Endpoint {
    pub(crate) id: String,
    pub(crate) pipeline_id: String,
    /// How calls are signed; none = a scheme that this version does not know.
    pub(crate) scheme: Option<SignatureScheme>,
    /// Keys, and until when they are valid in microseconds since the epoch; 0 = for good.
    secrets: Vec<(bytes::Bytes, i64)>,
    /// There are further ones, which the coordinator cannot read now.
    pub(crate) unreadable: bool,
}

impl Endpoint {
    /// Keys by one of which a call must be signed now.
    pub(crate) fn keys(&self, now_micros: i64) -> impl Iterator<Item = &[u8]> {
        let valid = self.secrets.iter().filter(move |(_, until)| *until == 0 || *until > now_micros);
        valid.map(|(key, _)| key.as_ref())
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Endpoint").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Table {
    pub(crate) fn read(told: wire::Access) -> Self {
        let keys = told.keys.into_iter().filter_map(|told| {
            let hash = <[u8; 32]>::try_from(told.hash.as_ref()).ok()?;
            let key = told.key?;
            let grants = key.grants.into_iter().filter_map(grant_of);
            let (actor, grants) = (format!("key:{}", key.name), grants.collect());
            let (read_only, expires_at) = (false, key.expires_at);
            Some((hash, Principal { key: Some(key.id), login: None, actor, grants, read_only, expires_at }))
        });
        let mut keys: BTreeMap<_, _> = keys.collect();
        let by_id: BTreeMap<_, _> = keys.values().filter_map(|known| Some((known.key.clone()?, known))).collect();
        let logins: Vec<_> = told.logins.into_iter().filter_map(|login| of_login(login, &by_id)).collect();
        keys.extend(logins);
        Self {
            account_id: told.account_id,
            account_name: told.account_name,
            keys,
            labels: told.pipelines.into_iter().map(|(id, labels)| (id, labels.labels)).collect(),
            endpoints: told.endpoints.into_iter().filter_map(endpoint).collect(),
        }
    }

    /// Whose token this is.
    ///
    /// # Errors
    /// 401: nobody's, or not any more.
    pub(crate) fn principal(&self, token: &str, now_micros: i64) -> Result<Principal, Fault> {
        let unknown = || Fault::unauthorized("this key is not known, was revoked, or has expired");
        if token.len() > limits::TOKEN_BYTES_MAX {
            return Err(unknown());
        }
        let hash = digest::digest(&digest::SHA256, token.as_bytes());
        let hash = <[u8; 32]>::try_from(hash.as_ref()).map_err(|_| unknown())?;
        let known = self.keys.get(&hash).filter(|known| known.expires_at == 0 || known.expires_at > now_micros);
        known.cloned().ok_or_else(unknown)
    }

    /// The endpoint with this last part of its address.
    pub(crate) fn endpoint(&self, token: &str) -> Option<Arc<Endpoint>> {
        if token.len() > limits::TOKEN_BYTES_MAX {
            return None;
        }
        let hash = digest::digest(&digest::SHA256, token.as_bytes());
        self.endpoints.get(&<[u8; 32]>::try_from(hash.as_ref()).ok()?).map(Arc::clone)
    }

    /// Labels of a pipeline.
    pub(crate) fn labels(&self, pipeline_id: &str) -> &[String] {
        self.labels.get(pipeline_id).map(Vec::as_slice).unwrap_or_default()
    }

    /// Pipelines to which somebody who may not see everything may do this.
    pub(crate) fn within(&self, principal: &Principal, role: Role) -> Vec<String> {
        let labelled = self.labels.iter().filter(|(_, labels)| principal.may(role, labels));
        labelled.map(|(id, _)| id.clone()).collect()
    }
}

fn endpoint(told: wire::AccessEndpoint) -> Option<([u8; 32], Arc<Endpoint>)> {
    let endpoint = Endpoint {
        id: told.endpoint_id,
        pipeline_id: told.pipeline_id,
        scheme: SignatureScheme::from_word(&told.scheme),
        secrets: told.secrets.into_iter().map(|secret| (secret.key, secret.until)).collect(),
        unreadable: told.unreadable,
    };
    Some((told.hash.as_ref().try_into().ok()?, Arc::new(endpoint)))
}

/// A role that this version does not know opens nothing.
fn grant_of(grant: wire::Grant) -> Option<Grant> {
    Some(Grant { role: Role::from_word(&grant.role)?, labels: grant.labels })
}

/// What the access token of a login opens: what its key does, as long as that does, or what its person may.
fn of_login(told: wire::AccessLogin, keys: &BTreeMap<String, &Principal>) -> Option<([u8; 32], Principal)> {
    let hash = <[u8; 32]>::try_from(told.hash.as_ref()).ok()?;
    let mut expires_at = told.expires_at;
    let (key, mut grants) = if told.key_id.is_empty() {
        (None, told.grants.into_iter().filter_map(grant_of).collect())
    } else {
        let known = keys.get(&told.key_id)?;
        if known.expires_at != 0 {
            expires_at = expires_at.min(known.expires_at);
        }
        (Some(told.key_id), known.grants.clone())
    };
    if told.read_only {
        grants.iter_mut().for_each(|grant| grant.role = Role::Viewer);
    }
    let read_only = told.read_only;
    Some((hash, Principal { key, login: Some(told.id), actor: told.subject, grants, read_only, expires_at }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let hash =
            |secret: &str| bytes::Bytes::copy_from_slice(digest::digest(&digest::SHA256, secret.as_bytes()).as_ref());
        let key = |name: &str, role: &str, labels: &[&str], expires_at| wire::Key {
            name: name.to_owned(),
            id: name.to_owned(),
            grants: vec![wire::Grant {
                role: role.to_owned(),
                labels: labels.iter().map(|label| (*label).to_owned()).collect(),
            }],
            expires_at,
            ..Default::default()
        };
        let known = [
            ("downbeat_all", key("all", "EDITOR", &[], 100)),
            ("downbeat_eu", key("eu", "OPERATOR", &["eu"], 0)),
            ("downbeat_future", key("future", "WIZARD", &[], 0)),
        ];
        let pipelines = [("p1", "eu"), ("p2", "us")]
            .map(|(id, label)| (id.to_owned(), wire::Labels { labels: vec![label.to_owned()] }));
        let login = |secret: &str, key_id: &str, read_only, expires_at| wire::AccessLogin {
            hash: hash(secret),
            id: secret.to_owned(),
            subject: "user:ada".to_owned(),
            key_id: key_id.to_owned(),
            grants: vec![wire::Grant { role: "OPERATOR".to_owned(), labels: Vec::new() }],
            read_only,
            expires_at,
        };
        let logins = vec![
            login("of_all", "all", false, 1_000),
            login("short", "all", false, 50),
            login("reads", "all", true, 50),
            login("of_nothing", "gone", false, 1_000),
            login("person", "", false, 1_000),
        ];
        Table::read(wire::Access {
            logins,
            keys: known.map(|(secret, key)| wire::AccessKey { hash: hash(secret), key: Some(key) }).into(),
            pipelines: pipelines.into(),
            ..Default::default()
        })
    }

    #[test]
    fn a_key_opens_until_it_expires_and_what_resembles_it_opens_nothing() {
        let table = table();
        assert_eq!(table.principal("downbeat_all", 99).unwrap().actor, "key:all");
        for (token, now) in [("downbeat_all", 100), ("downbeat_al", 0), ("", 0), ("nothing", 0), ("DOWNBEAT_ALL", 0)] {
            assert!(table.principal(token, now).is_err(), "{token} at {now}");
        }
        assert!(table.principal(&"x".repeat(1_000_000), 0).is_err());
    }

    #[test]
    fn a_login_opens_what_its_key_opens_and_no_longer_than_that() {
        let table = table();
        for (token, now, expected) in [
            ("of_all", 99, Some(Role::Editor)),
            // The key expires first.
            ("of_all", 100, None),
            ("short", 49, Some(Role::Editor)),
            ("short", 50, None),
            ("reads", 49, Some(Role::Viewer)),
            ("of_nothing", 0, None),
            // Grants of its own count where there is no key.
            ("person", 999, Some(Role::Operator)),
            ("person", 1_000, None),
        ] {
            let found = table.principal(token, now).ok();
            let most = found.as_ref().and_then(|who| Role::ALL.into_iter().rfind(|role| who.may_all(*role)));
            assert_eq!(most, expected, "{token} at {now}");
            assert!(found.is_none_or(|who| who.login.is_some()), "{token}");
        }
        assert!(table.principal("downbeat_all", 0).unwrap().login.is_none());
    }

    #[test]
    fn labels_narrow_what_a_role_may() {
        let table = table();
        let (all, eu) = (table.principal("downbeat_all", 0).unwrap(), table.principal("downbeat_eu", 0).unwrap());
        let future = table.principal("downbeat_future", 0).unwrap();
        for (who, role, pipeline, expected) in [
            (&all, Role::Editor, "p1", true),
            (&all, Role::Admin, "p1", false),
            (&eu, Role::Operator, "p1", true),
            (&eu, Role::Viewer, "p1", true),
            (&eu, Role::Editor, "p1", false),
            (&eu, Role::Viewer, "p2", false),
            (&eu, Role::Viewer, "without labels", false),
            (&future, Role::Viewer, "p1", false),
        ] {
            assert_eq!(who.may(role, table.labels(pipeline)), expected, "{} {role:?} {pipeline}", who.actor);
        }
        assert!(all.may_all(Role::Viewer) && !eu.may_all(Role::Viewer) && eu.may_some(Role::Viewer));
        assert_eq!(table.within(&eu, Role::Viewer), ["p1"]);
    }
}
