//! Keys are made, revoked, and used.

use jiff::{SignedDuration, Timestamp};

use super::{cut, later, logins};
use crate::{
    access,
    audit::{Target, visible},
    command::{AccessCommand, Context, CreateKey, Rejection},
    event::{AccessEvent, Event, KeyCreated, ToolsCalled},
    id::KeyId,
    limits,
    state::Partition,
};

pub(super) const DAY_SECONDS: i64 = 24 * 60 * 60;
const HOUR_SECONDS: i64 = 60 * 60;

pub(super) fn decide(
    partition: &Partition,
    command: &AccessCommand,
    context: &Context,
) -> Result<Vec<Event>, Rejection> {
    match command {
        AccessCommand::CreateKey(create) => create_key(partition, create, context),
        AccessCommand::RevokeKey { key } => revoke(partition, key, context),
        AccessCommand::NoteUses { keys } => Ok(note_uses(partition, keys, context)),
        AccessCommand::NoteToolCalls(called) => Ok(note_tool_calls(called, context)),
        AccessCommand::BeginLogin(begin) => logins::begin(partition, begin, context),
        AccessCommand::CompleteLogin(complete) => logins::complete(partition, complete, context),
        AccessCommand::RefreshLogin(refresh) => logins::refresh(partition, refresh, context),
        AccessCommand::EndLogin { login } => logins::end(partition, *login, context),
    }
}

fn create_key(partition: &Partition, create: &CreateKey, context: &Context) -> Result<Vec<Event>, Rejection> {
    check_name(&create.name)?;
    access::check(&create.grants, limits::GRANT_BYTES_PER_KEY_MAX).map_err(Rejection::InvalidKey)?;
    let expires_at = expiry(create.expires_at, context.now)?;
    let keys = &partition.keys;
    if keys.keys.contains_key(&create.key) || keys.was_revoked(&create.key.to_string()) {
        return Err(Rejection::KeyExists(create.key.to_string()));
    }
    if keys.keys.values().any(|key| key.name == create.name && !key.has_expired(context.now)) {
        return Err(Rejection::KeyExists(create.name.clone()));
    }
    if keys.open(context.now) >= limits::KEYS_MAX {
        return Err(Rejection::TooManyKeys(limits::KEYS_MAX));
    }
    let created = KeyCreated {
        key: create.key,
        name: create.name.clone(),
        hash: create.hash,
        grants: create.grants.clone(),
        by: cut(&create.by, limits::BRIEF_BYTES_MAX),
        expires_at,
        at: context.now,
    };
    Ok(vec![event(AccessEvent::KeyCreated(created))])
}

/// Ids name keys, too: no name may look like one.
fn check_name(name: &str) -> Result<(), Rejection> {
    let most = limits::KEY_NAME_CHARS_MAX;
    let fits = (1..=most).contains(&name.chars().count()) && name.trim() == name && !name.chars().any(char::is_control);
    if !fits {
        let words = format!("a key's name takes 1 to {most} characters, none of them invisible, no blanks around it");
        return Err(Rejection::InvalidKey(words));
    }
    if name.parse::<KeyId>().is_ok() {
        return Err(Rejection::InvalidKey("a key's name must not look like an id".to_owned()));
    }
    Ok(())
}

fn expiry(asked: Option<Timestamp>, now: Timestamp) -> Result<Timestamp, Rejection> {
    let Some(asked) = asked else { return Ok(later(now, limits::KEY_DAYS * DAY_SECONDS)) };
    if asked <= now {
        return Err(Rejection::InvalidKey(format!("a key that expires at {asked} would open nothing: it is {now}")));
    }
    let last = later(now, limits::KEY_DAYS_MAX * DAY_SECONDS);
    if asked > last {
        let most = limits::KEY_DAYS_MAX;
        let words = format!("a key lives at most {most} days: it may expire at {last}, not at {asked}");
        return Err(Rejection::InvalidKey(words));
    }
    Ok(asked)
}

fn revoke(partition: &Partition, named: &str, context: &Context) -> Result<Vec<Event>, Rejection> {
    match partition.keys.named(named) {
        Some((key, state)) => {
            let name = state.name.clone();
            Ok(vec![event(AccessEvent::KeyRevoked { key, name, at: context.now })])
        }
        None if partition.keys.was_revoked(named) => Ok(Vec::new()),
        None => Err(Rejection::UnknownKey(named.chars().take(limits::KEY_NAME_CHARS_MAX).collect())),
    }
}

/// Keys of which this hour is known already, and those that are gone, are left out.
fn note_uses(partition: &Partition, keys: &[KeyId], context: &Context) -> Vec<Event> {
    let second = context.now.as_second();
    let Ok(hour) = Timestamp::from_second(second - second.rem_euclid(HOUR_SECONDS)) else { return Vec::new() };
    let is_news = |key: &&KeyId| partition.keys.keys.get(*key).is_some_and(|state| state.used < Some(hour));
    let mut used: Vec<KeyId> = keys.iter().filter(is_news).copied().collect();
    used.sort_unstable();
    used.dedup();
    if used.is_empty() { Vec::new() } else { vec![event(AccessEvent::KeysUsed { keys: used, hour })] }
}

/// Gateways say when it was; a clock that goes wrong does not put it into the future, nor far into the past.
fn note_tool_calls(called: &ToolsCalled, context: &Context) -> Vec<Event> {
    if called.calls == 0 {
        return Vec::new();
    }
    let age = SignedDuration::from_secs(limits::TOOL_CALL_AGE_SECONDS_MAX);
    let earliest = context.now.checked_sub(age).unwrap_or(Timestamp::MIN);
    let at = called.at.clamp(earliest, context.now);
    let mut targets = called.targets.clone();
    targets.truncate(limits::CALL_TARGETS_MAX);
    targets.iter_mut().for_each(Target::bound);
    let told = ToolsCalled {
        tool: visible(&called.tool, limits::TOOL_NAME_BYTES_MAX),
        targets,
        code: visible(&called.code, limits::BRIEF_BYTES_MAX),
        calls: called.calls,
        since: called.since.clamp(earliest, at),
        at,
    };
    vec![event(AccessEvent::ToolsCalled(Box::new(told)))]
}

pub(super) fn event(fact: AccessEvent) -> Event {
    Event::Access(Box::new(fact))
}
