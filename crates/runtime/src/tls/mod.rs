//! How services know each other: by certificates of one authority, which both sides of every connection show.
//!
//! Promises: with these settings, whoever has no certificate of that authority gets nowhere, and whoever has one calls only what a rule
//! allows to the service that stands in it. TLS 1.3 and HTTP/2 only. Certificates that are replaced are taken up without a restart; files
//! that cannot be used change nothing, and that is said. Nothing of a key is ever printed. Knows nothing about which service may call
//! what: that is handed in, as a [`Rule`].
//!
//! Who somebody is stands in the certificate as one URI, `downbeat://SERVICE`; host names in it say only where a server may be.

mod accept;
mod dial;
mod guard;
mod identity;
mod material;
mod public;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;
mod words;

use std::{
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock, Weak},
};

use self::material::{Files, Material};
pub(crate) use self::{accept::incoming, dial::Dialer, guard::guarded, public::PublicDialer, words::with_causes};
use crate::{error::Error, limits};

/// Whether a service may call a method: its name, which is empty for a certificate that names none of ours, and `/package.Service/Method`.
pub type Rule = fn(caller: &str, path: &str) -> bool;

/// Settings, from flags or `DOWNBEAT_*` variables: all three, or none (docs/security.md).
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
pub struct TlsConfig {
    /// File with this service's certificate, and those between it and the authority's (PEM). With it, --tls-key and --tls-ca, services
    /// prove to each other who they are (docs/security.md).
    #[arg(
        long,
        env = "DOWNBEAT_TLS_CERT",
        value_name = "FILE",
        global = true,
        help_heading = "Trust between services"
    )]
    pub tls_cert: Option<PathBuf>,
    /// File with the certificate's key (PEM), which nobody else may read.
    #[arg(long, env = "DOWNBEAT_TLS_KEY", value_name = "FILE", global = true, help_heading = "Trust between services")]
    pub tls_key: Option<PathBuf>,
    /// File with the certificates of the authority that issues those of all services (PEM).
    #[arg(long, env = "DOWNBEAT_TLS_CA", value_name = "FILE", global = true, help_heading = "Trust between services")]
    pub tls_ca: Option<PathBuf>,
}

impl TlsConfig {
    fn files(&self) -> Result<Option<Files>, Error> {
        // A variable that is set to nothing, as compose files do it, is none.
        let given = |path: &Option<PathBuf>| path.clone().filter(|path| !path.as_os_str().is_empty());
        match (given(&self.tls_cert), given(&self.tls_key), given(&self.tls_ca)) {
            (None, None, None) => Ok(None),
            (Some(certificate), Some(key), Some(authority)) => Ok(Some(Files { certificate, key, authority })),
            (certificate, key, authority) => {
                let flags = [("--tls-cert", certificate), ("--tls-key", key), ("--tls-ca", authority)];
                let missing: Vec<&str> =
                    flags.iter().filter(|(_, path)| path.is_none()).map(|(flag, _)| *flag).collect();
                let missing = missing.join(" and ");
                Err(Error::Tls(format!("--tls-cert, --tls-key and --tls-ca go together: {missing} is missing")))
            }
        }
    }
}

/// What a process shows to others and whom it believes; by default it shows nothing and believes everybody.
#[derive(Clone, Debug, Default)]
pub struct Trust(Option<Arc<Kept>>);

#[derive(Debug)]
pub(crate) struct Kept {
    files: Files,
    /// Whose certificate it must be.
    of: Option<&'static str>,
    current: RwLock<Arc<Material>>,
}

impl Trust {
    /// Reads the files, and goes on looking for new ones for as long as somebody holds this. `of`: the service that the certificate must
    /// name; `None` where any will do.
    ///
    /// # Errors
    /// `Tls`: a file is missing or cannot be used, others may read the key, or the certificate is of somebody else.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn load(config: &TlsConfig, of: Option<&'static str>) -> Result<Self, Error> {
        let Some(files) = config.files()? else { return Ok(Self::default()) };
        let material = Material::read(&files, of).and_then(|material| material.check().map(|()| material));
        let current = RwLock::new(Arc::new(material.map_err(Error::Tls)?));
        let kept = Arc::new(Kept { files, of, current });
        tokio::spawn(look(Arc::downgrade(&kept)));
        Ok(Self(Some(kept)))
    }

    /// Whether there are certificates.
    pub fn is_mutual(&self) -> bool {
        self.0.is_some()
    }

    pub(crate) fn kept(&self) -> Option<&Arc<Kept>> {
        self.0.as_ref()
    }
}

impl Kept {
    fn current(&self) -> Arc<Material> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes up new files. What cannot be used is an error, and changes nothing.
    fn renew(&self) -> Result<Renewed, String> {
        if Material::print(&self.files)? == self.current().print {
            // Also certificates that nobody replaces change: they expire.
            return self.current().check().map(|()| Renewed::Nothing);
        }
        let material = Material::read(&self.files, self.of)?;
        material.check()?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(material);
        Ok(Renewed::Everything)
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Renewed {
    Nothing,
    Everything,
}

/// Looks now and then, and says what is new: once, however long a fault stays.
async fn look(kept: Weak<Kept>) {
    let mut said = None;
    loop {
        tokio::time::sleep(limits::TLS_LOOK).await;
        let Some(kept) = kept.upgrade() else { return };
        // A look reads three small files.
        let renewed = tokio::task::spawn_blocking(move || kept.renew()).await;
        match renewed.unwrap_or_else(|error| Err(format!("looking at certificates failed: {error}"))) {
            Ok(Renewed::Nothing) => said = None,
            Ok(Renewed::Everything) => {
                said = None;
                tracing::info!("new certificates are in use from now on");
            }
            Err(why) if said.as_ref() == Some(&why) => {}
            Err(why) => {
                tracing::error!("the certificates on the disk cannot be used, those read before stay in use: {why}");
                said = Some(why);
            }
        }
    }
}
