//! Keys between state and message.

use std::collections::{BTreeMap, VecDeque};

use downbeat_domain::{
    KeyId,
    event::KeyCreated,
    limits,
    state::{Key, Keys},
};

use crate::{
    convert::{id_bytes, instant, micros},
    event,
    snapshots::v1 as wire,
};

use super::logins;

/// Those that were not revoked, and those that were.
pub(super) fn encode(keys: &Keys) -> (Vec<wire::Key>, Vec<wire::RevokedKey>) {
    let key = |(id, key): (&KeyId, &Key)| {
        let created = KeyCreated {
            key: *id,
            name: key.name.clone(),
            hash: key.hash,
            grants: key.grants.clone(),
            by: key.by.clone(),
            expires_at: key.expires_at,
            at: key.created_at,
        };
        wire::Key { created: Some(event::key_created(&created)), used: key.used.map(micros) }
    };
    let revoked = |(id, name): &(KeyId, String)| wire::RevokedKey { key_id: id_bytes(&id.0), name: name.clone() };
    (keys.keys.iter().map(key).collect(), keys.revoked.iter().map(revoked).collect())
}

/// `None` = they cannot be read, or are more than there may be.
pub(super) fn decode(keys: Vec<wire::Key>, revoked: Vec<wire::RevokedKey>, logins: Vec<wire::Login>) -> Option<Keys> {
    if keys.len() > limits::KEYS_MAX || revoked.len() > limits::REVOKED_KEYS_MAX {
        return None;
    }
    let read = |message: wire::Key| {
        let created = event::key_created_of(message.created?).ok()?;
        let used = match message.used {
            None => None,
            Some(hour) => Some(instant(hour)?),
        };
        let key = Key {
            name: created.name,
            hash: created.hash,
            grants: created.grants,
            by: created.by,
            created_at: created.at,
            expires_at: created.expires_at,
            used,
        };
        Some((created.key, key))
    };
    let revoked = revoked.into_iter().map(|message| Some((KeyId::from_slice(&message.key_id)?, message.name)));
    Some(Keys {
        keys: keys.into_iter().map(read).collect::<Option<BTreeMap<_, _>>>()?,
        revoked: revoked.collect::<Option<VecDeque<_>>>()?,
        logins: logins::decode(logins)?,
    })
}
