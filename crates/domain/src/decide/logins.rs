//! Logins of people: begun, completed, refreshed, ended.
//!
//! Promises: a code opens a login once, and soon; each refresh gives new tokens and takes the old ones; what comes a second time that was
//! used before ends the login, since two have it then (RFC 6749 4.1.2, RFC 9700 4.14). One exception, so that an answer that was lost on the
//! way does not cost a login: the refresh token before the current one may come again for [`limits::REFRESH_GRACE_SECONDS`] after it was
//! exchanged first. The current tokens count as lost then and are worth nothing: whoever has them comes with them some time, and that ends
//! the login.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{
    access::{DAY_SECONDS, event},
    later,
};
use crate::{
    access::{self, Grant},
    command::{BeginLogin, CompleteLogin, Context, DrawnTokens, Holder, RefreshLogin, Rejection},
    event::{AccessEvent, Event, LoginBegun, LoginEnd, LoginRenewed},
    id::{KeyId, LoginId},
    limits,
    state::{Login, Partition},
};

const NO_LOGIN: Rejection = Rejection::LoginRefused("what was shown opens no login, or not any more; log in again");

pub(super) fn begin(partition: &Partition, begin: &BeginLogin, context: &Context) -> Result<Vec<Event>, Rejection> {
    let now = context.now;
    let keys = &partition.keys;
    check_name("the program that asks", &begin.client)?;
    if keys.logins.contains_key(&begin.login) {
        return Err(Rejection::InvalidLogin(format!("there is a login {} already", begin.login)));
    }
    let (subject, key, grants, ends_at) = held(partition, &begin.holder, now)?;
    let begun = LoginBegun {
        login: begin.login,
        subject,
        key,
        grants,
        read_only: begin.read_only,
        client: begin.client.clone(),
        client_hash: begin.client_hash,
        redirect_hash: begin.redirect_hash,
        challenge: begin.challenge,
        code: begin.code,
        code_expires_at: later(now, limits::LOGIN_CODE_SECONDS),
        ends_at,
        at: now,
    };
    let mut events: Vec<Event> = too_many(partition, &begun.subject, now)
        .into_iter()
        .map(|(login, state)| ended(login, state, LoginEnd::Replaced, now))
        .collect();
    events.push(event(AccessEvent::LoginBegun(Box::new(begun))));
    Ok(events)
}

/// Whose login it is, the key that it stands for, what it may by itself, and when it ends at the latest.
type Held = (String, Option<KeyId>, Vec<Grant>, Timestamp);

fn held(partition: &Partition, holder: &Holder, now: Timestamp) -> Result<Held, Rejection> {
    let last = later(now, limits::LOGIN_DAYS_MAX * DAY_SECONDS);
    match holder {
        Holder::Key(id) => match partition.keys.keys.get(id) {
            Some(key) if !key.has_expired(now) => {
                Ok((format!("key:{}", key.name), Some(*id), Vec::new(), last.min(key.expires_at)))
            }
            _ => Err(Rejection::UnknownKey(id.to_string())),
        },
        Holder::Person { user, grants } => {
            check_name("a person who logs in", user)?;
            access::check(grants, limits::GRANT_BYTES_PER_LOGIN_MAX).map_err(Rejection::InvalidLogin)?;
            Ok((format!("user:{user}"), None, grants.clone(), last))
        }
    }
}

fn check_name(whose: &str, name: &str) -> Result<(), Rejection> {
    let most = limits::LOGIN_NAME_CHARS_MAX;
    let fits = (1..=most).contains(&name.chars().count()) && name.trim() == name && !name.chars().any(char::is_control);
    if fits {
        return Ok(());
    }
    let words =
        format!("the name of {whose} takes 1 to {most} characters, none of them invisible, no blanks around it");
    Err(Rejection::InvalidLogin(words))
}

/// Those that end so that there is room for one more: of this subject's the oldest, and of all the oldest.
fn too_many<'a>(partition: &'a Partition, subject: &str, now: Timestamp) -> Vec<(LoginId, &'a Login)> {
    let keys = &partition.keys;
    let mut live: Vec<(LoginId, &Login)> =
        keys.logins.iter().filter(|(_, login)| keys.is_live(login, now)).map(|(id, login)| (*id, login)).collect();
    live.sort_by_key(|(id, login)| (login.begun.at, *id));
    let own: Vec<LoginId> =
        live.iter().filter(|(_, login)| login.begun.subject == subject).map(|(id, _)| *id).collect();
    let more = |count: usize, most: usize| (count + 1).saturating_sub(most);
    let mut end: BTreeSet<LoginId> =
        own.iter().take(more(own.len(), limits::LOGINS_PER_SUBJECT_MAX)).copied().collect();
    let left = live.len() - end.len();
    let others = live.iter().map(|(id, _)| *id).filter(|id| !end.contains(id));
    let others: Vec<LoginId> = others.take(more(left, limits::LOGINS_MAX)).collect();
    end.extend(others);
    live.into_iter().filter(|(id, _)| end.contains(id)).collect()
}

pub(super) fn complete(
    partition: &Partition,
    complete: &CompleteLogin,
    context: &Context,
) -> Result<Vec<Event>, Rejection> {
    let now = context.now;
    let keys = &partition.keys;
    let found = keys.logins.iter().find(|(_, login)| login.begun.code == complete.code);
    let Some((id, login)) = found.filter(|(_, login)| keys.is_live(login, now)) else { return Err(NO_LOGIN) };
    if login.tokens.is_some() {
        return Ok(vec![ended(*id, login, LoginEnd::CodeUsedTwice, now)]);
    }
    let begun = &login.begun;
    // A code without what belongs to it is somebody else's: whose it is may still come.
    if begun.client_hash != complete.client_hash
        || begun.redirect_hash != complete.redirect_hash
        || begun.challenge != complete.verifier
    {
        return Err(NO_LOGIN);
    }
    let renewed = renewed(*id, login, complete.drawn, now);
    Ok(vec![event(AccessEvent::LoginCompleted { family: complete.family, renewed })])
}

pub(super) fn refresh(
    partition: &Partition,
    refresh: &RefreshLogin,
    context: &Context,
) -> Result<Vec<Event>, Rejection> {
    let now = context.now;
    let keys = &partition.keys;
    let of_family = |login: &Login| login.tokens.filter(|tokens| tokens.family == refresh.family);
    let found = keys.logins.iter().find_map(|(id, login)| Some((*id, login, of_family(login)?)));
    let Some((id, login, tokens)) = found.filter(|(_, login, _)| keys.is_live(login, now)) else {
        return Err(NO_LOGIN);
    };
    if login.begun.client_hash != refresh.client_hash {
        return Err(NO_LOGIN);
    }
    let again = refresh.refresh != tokens.current.refresh;
    let in_time =
        |(hash, since): (_, Timestamp)| hash == refresh.refresh && now < later(since, limits::REFRESH_GRACE_SECONDS);
    if again && !tokens.previous.is_some_and(in_time) {
        return Ok(vec![ended(id, login, LoginEnd::RefreshUsedTwice, now)]);
    }
    let renewed = renewed(id, login, refresh.drawn, now);
    Ok(vec![event(AccessEvent::LoginRefreshed { renewed, again })])
}

pub(super) fn end(partition: &Partition, login: LoginId, context: &Context) -> Result<Vec<Event>, Rejection> {
    let state = partition.keys.logins.get(&login).ok_or(Rejection::UnknownLogin(login))?;
    Ok(vec![ended(login, state, LoginEnd::Ended, context.now)])
}

fn renewed(login: LoginId, state: &Login, drawn: DrawnTokens, now: Timestamp) -> LoginRenewed {
    let within = |seconds| later(now, seconds).min(state.begun.ends_at);
    LoginRenewed {
        login,
        access: drawn.access,
        access_expires_at: within(limits::ACCESS_TOKEN_SECONDS),
        refresh: drawn.refresh,
        refresh_expires_at: within(limits::LOGIN_IDLE_DAYS * DAY_SECONDS),
        at: now,
    }
}

fn ended(login: LoginId, state: &Login, end: LoginEnd, at: Timestamp) -> Event {
    event(AccessEvent::LoginEnded { login, subject: state.begun.subject.clone(), end, at })
}
