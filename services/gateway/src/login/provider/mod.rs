//! An identity provider says who people are (OpenID Connect: authorization code, PKCE, nonce, state).
//!
//! Promises: nothing that the provider says is believed before its signature, its issuer, its audience, its time and the nonce of this very
//! sign-in hold; whom no rule of the operator fits is nobody here. Knows nothing about programs that ask for logins.

mod away;
mod claims;
mod jwt;
mod remote;
mod settings;

use std::{fmt, time::Duration};

use serde_json::{Map, Value};
use tokio::sync::Mutex;

use super::shown::ProviderShown;
use crate::{config::OidcConfig, error::Error, http::Routes, limits};
pub(super) use claims::Person;
use jwt::{Expected, Unverified};
use remote::{Description, Remote};
use settings::Settings;

pub(super) fn routes(routes: &mut Routes) {
    away::routes(routes);
}

/// The one that is set.
pub(super) struct Provider {
    settings: Settings,
    remote: Remote,
    known: Mutex<Option<Known>>,
}

/// What it said of itself.
#[derive(Clone)]
struct Known {
    description: Description,
    keys: Vec<jwt::Key>,
    /// By a clock that only goes forward.
    since: Duration,
}

/// What belongs to one sign-in.
pub(super) struct SignIn<'a> {
    /// What it sent back.
    pub(super) code: &'a str,
    /// What we alone know of this sign-in.
    pub(super) verifier: &'a str,
    /// What its word must name.
    pub(super) nonce: &'a str,
    /// Where it sent the code.
    pub(super) redirect_uri: &'a str,
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider").field("issuer", &self.settings.issuer.as_str()).finish_non_exhaustive()
    }
}

impl Provider {
    /// As the settings say; none = there is none.
    ///
    /// # Errors
    /// A setting is wrong.
    pub(super) fn of(config: &OidcConfig) -> Result<Option<Self>, Error> {
        let Some(settings) = Settings::of(config)? else { return Ok(None) };
        Ok(Some(Self { remote: Remote::new()?, settings, known: Mutex::default() }))
    }

    /// For people.
    pub(super) fn shown(&self) -> ProviderShown {
        self.settings.shown()
    }

    /// Where somebody is sent to sign in.
    async fn description(&self, now: Duration) -> Result<Description, String> {
        Ok(self.known(now, None).await?.description)
    }

    /// Who signed in, as the provider says. `now` by a clock that only goes forward, `seconds` since the epoch.
    ///
    /// # Errors
    /// What is wrong with what it says, in words for whoever signs in.
    async fn person(&self, sign_in: &SignIn<'_>, now: Duration, seconds: i64) -> Result<Person, String> {
        let known = self.known(now, None).await?;
        let token = self.remote.id_token(&known.description, &self.settings, sign_in).await?;
        let claims = self.verified(&token, sign_in.nonce, now, seconds, known).await?;
        claims::person(&claims, &self.settings)
    }

    async fn verified(
        &self,
        token: &str,
        nonce: &str,
        now: Duration,
        seconds: i64,
        known: Known,
    ) -> Result<Map<String, Value>, String> {
        let expected =
            Expected { issuer: &self.settings.issuer, client_id: &self.settings.client_id, nonce, now: seconds };
        let said = |wrong: &'static str| format!("what the identity provider says cannot be believed: {wrong}");
        match jwt::verified(token, &known.keys, &expected) {
            Ok(claims) => Ok(claims),
            Err(Unverified::Wrong(wrong)) => Err(said(wrong)),
            // It may have new ones.
            Err(Unverified::UnknownKey) => {
                let again = self.known(now, Some(known.since)).await?;
                jwt::verified(token, &again.keys, &expected).map_err(|unverified| match unverified {
                    Unverified::Wrong(wrong) => said(wrong),
                    Unverified::UnknownKey => said("its signature is of a key that the provider does not have"),
                })
            }
        }
    }

    /// What it says of itself: what is known, if that is not too old. `seen`: its keys as of then are not enough.
    async fn known(&self, now: Duration, seen: Option<Duration>) -> Result<Known, String> {
        let mut known = self.known.lock().await;
        if let Some(known) = &*known {
            let age = now.saturating_sub(known.since);
            let is_enough = match seen {
                // Whoever sends us many strange tokens does not make us ask as often.
                Some(seen) => known.since > seen || age < limits::PROVIDER_KEYS_AGAIN,
                None => age < limits::PROVIDER_KNOWN_FOR,
            };
            if is_enough {
                return Ok(known.clone());
            }
        }
        let description = self.remote.description(&self.settings.issuer).await?;
        let keys = self.remote.keys(&description).await?;
        let fresh = Known { description, keys, since: now };
        *known = Some(fresh.clone());
        Ok(fresh)
    }
}
