//! People log in: OAuth 2.1 for programs on their own machines, such as the official client's `login`, and for the console ([`session`]).
//!
//! Promises: a code goes to the machine of whoever signed in and to nobody else, and is worth nothing without what the program that asked
//! kept to itself (PKCE). Nothing is kept here: a registration is the id that it gives, what a sign-in needs from one page to the next stands
//! in the browser, and logins are kept by the coordinator, so any gateway goes on where another began. Who somebody is, a key says
//! ([`sign_in`]) or an identity provider ([`provider`]). Knows nothing about what a login may do.

mod asked;
mod cookie;
mod metadata;
mod origin;
mod page;
mod provider;
mod refusal;
mod registration;
mod secret;
mod session;
mod shown;
mod sign_in;
mod token;

use std::net::{IpAddr, SocketAddr};

use axum::http::StatusCode;

use crate::{
    config::GatewayConfig,
    error::Error,
    http::{Call, Fault, Routes},
    rest::Rates,
};
use origin::Origin;
use provider::Provider;
pub(crate) use shown::{SignInShown, shown};

/// Scope of programs that only read, and of those that also change things.
const READ: &str = "orchestra:read";
/// See [`READ`].
const WRITE: &str = "orchestra:write";
/// All that may be asked for.
const SCOPES: [&str; 3] = [READ, WRITE, "offline_access"];

/// How people log in.
#[derive(Debug)]
pub(crate) struct Login {
    origin: Origin,
    /// None = they sign in with a key.
    provider: Option<Provider>,
    /// Of sign-ins that failed.
    failures: Rates<IpAddr>,
}

impl Login {
    /// As the settings say, of a gateway that listens here; none = people cannot log in.
    ///
    /// # Errors
    /// A setting is wrong.
    pub(crate) fn of(config: &GatewayConfig, address: SocketAddr) -> Result<Option<Self>, Error> {
        let provider = Provider::of(&config.oidc)?;
        let Some(origin) = Origin::of(config.public_url.as_deref(), address)? else {
            if provider.is_some() {
                let reason =
                    "must be set where an identity provider is, or where this gateway is reached from elsewhere"
                        .to_owned();
                return Err(Error::Config { setting: "DOWNBEAT_GATEWAY_PUBLIC_URL", reason });
            }
            return Ok(None);
        };
        Ok(Some(Self { origin, provider, failures: Rates::default() }))
    }

    /// Where this gateway is reached.
    pub(crate) fn origin(&self) -> String {
        self.origin.to_string()
    }

    /// What somebody without a key is told of how to get in (RFC 9728).
    pub(crate) fn challenge(&self) -> String {
        format!("Bearer resource_metadata=\"{}{}\"", self.origin, metadata::RESOURCE)
    }
}

/// All of them, none with a key: programs and browsers ask that have none yet.
pub(crate) fn routes(routes: &mut Routes) {
    metadata::routes(routes);
    registration::routes(routes);
    sign_in::routes(routes);
    provider::routes(routes);
    token::routes(routes);
    session::routes(routes);
}

/// How people log in here.
///
/// # Errors
/// 404: they do not.
fn here(call: &Call) -> Result<&Login, Fault> {
    call.edge.login.as_ref().ok_or_else(|| {
        let said = "people cannot log in here: set DOWNBEAT_GATEWAY_PUBLIC_URL (docs/login.md), or use a key";
        Fault::Text(StatusCode::NOT_FOUND, said.to_owned())
    })
}
