//! How whoever types shows a gateway who they are: with a key, or with a login of theirs.
//!
//! Promises: a key or a token goes to the address that it is for and to no other, and stands in no error. A login that is about to expire is
//! renewed before it is used, by one process at a time. Knows nothing of commands.

mod kept;
mod landing;
mod oauth;
mod open;

use std::path::Path;

use downbeat_runtime::{clock::wall_now, private_file};
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    service::Interceptor,
};

use crate::error::Error;
pub use kept::Kept;
pub use open::{begin, end};

/// The environment variable that holds a key.
const KEY: &str = "DOWNBEAT_KEY";
/// A key, bytes.
const KEY_BYTES_MAX: u64 = 512;
/// A token that expires sooner is renewed first, seconds.
const RENEW_BEFORE: i64 = 60;

/// What each call carries.
#[derive(Clone, Debug, Default)]
pub struct Bearer(Option<MetadataValue<Ascii>>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(value) = &self.0 {
            request.metadata_mut().insert("authorization", value.clone());
        }
        Ok(request)
    }
}

impl Bearer {
    /// What opens the gateway at this address.
    ///
    /// # Errors
    /// There is neither a key nor a login for it, or the login has ended.
    pub async fn of(url: &str, key_file: Option<&Path>) -> Result<Self, Error> {
        let token = token(url, key_file).await?;
        let value = MetadataValue::try_from(format!("Bearer {token}"));
        let mut value = value.map_err(|_| Error::Usage("the key has characters that no key has".to_owned()))?;
        value.set_sensitive(true);
        Ok(Self(Some(value)))
    }
}

/// The key of the file or the variable, or else the token of the login at this gateway.
///
/// # Errors
/// See [`Bearer::of`].
pub async fn token(url: &str, key_file: Option<&Path>) -> Result<String, Error> {
    oauth::protected(url)?;
    if let Some(path) = key_file {
        return from_file(path);
    }
    if let Some(key) = std::env::var(KEY).ok().filter(|key| !key.trim().is_empty()) {
        return Ok(key.trim().to_owned());
    }
    let origin = oauth::origin(url)?;
    let kept = Kept::of_person()?;
    let login = kept.read()?.remove(&origin).ok_or_else(|| none(&origin))?;
    if login.expires_at - wall_now().as_second() > RENEW_BEFORE {
        return Ok(login.access_token);
    }
    // Each refresh token is worth something once: whoever else renews it right now has the new one.
    let locked = kept.lock().await?;
    let mut logins = kept.read()?;
    let login = logins.remove(&origin).ok_or_else(|| none(&origin))?;
    if login.expires_at - wall_now().as_second() > RENEW_BEFORE {
        return Ok(login.access_token);
    }
    match oauth::renewed(&origin, &login).await? {
        Some(renewed) => {
            let token = renewed.access_token.clone();
            logins.insert(origin, renewed);
            locked.write(&logins)?;
            Ok(token)
        }
        None => {
            locked.write(&logins)?;
            Err(Error::Usage(format!("the login at {origin} has ended: log in again with `downbeat login {origin}`")))
        }
    }
}

fn none(origin: &str) -> Error {
    Error::Usage(format!(
        "no key and no login for {origin}: set {KEY} or give --key-file, or log in with `downbeat login {origin}`"
    ))
}

fn from_file(path: &Path) -> Result<String, Error> {
    let read = private_file::read("the file of the key", path, private_file::Readers::Group, KEY_BYTES_MAX);
    let bytes = read.map_err(Error::Usage)?;
    let text = std::str::from_utf8(&bytes).map(str::trim).unwrap_or_default();
    if text.is_empty() {
        return Err(Error::Usage(format!("{} holds no key", path.display())));
    }
    Ok(text.to_owned())
}
