//! Certificates and a key from files, as both sides of TLS want them.

use std::{path::PathBuf, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    client::Resumption,
    pki_types::{CertificateDer, PrivateKeyDer, UnixTime, pem::PemObject as _},
    server::{NoServerSessionStorage, WebPkiClientVerifier, danger::ClientCertVerifier},
    version::TLS13,
};
use zeroize::Zeroizing;

use super::{identity, words};
use crate::{
    limits::TLS_FILE_BYTES_MAX,
    private_file::{self, Readers},
};

/// The protocol above.
pub(super) const ALPN: &[u8] = b"h2";

/// Where they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Files {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
    pub(super) authority: PathBuf,
}

/// What was read from them.
#[derive(Debug)]
pub(super) struct Material {
    pub(super) server: Arc<ServerConfig>,
    pub(super) client: Arc<ClientConfig>,
    /// Of the bytes of the files.
    pub(super) print: blake3::Hash,
    chain: Vec<CertificateDer<'static>>,
    verifier: Arc<dyn ClientCertVerifier>,
    place: String,
}

struct Bytes {
    certificate: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
    authority: Vec<u8>,
}

impl Bytes {
    fn read(files: &Files) -> Result<Self, String> {
        let public = |what: &str, path: &PathBuf| {
            let file = std::fs::File::open(path);
            let mut bytes = Vec::new();
            file.and_then(|file| {
                std::io::Read::read_to_end(&mut std::io::Read::take(file, TLS_FILE_BYTES_MAX), &mut bytes)
            })
            .map_err(|error| format!("the file of the {what} {} cannot be read: {error}", path.display()))?;
            Ok::<_, String>(bytes)
        };
        Ok(Self {
            certificate: public("certificate", &files.certificate)?,
            key: private_file::read("the file of the key", &files.key, Readers::Group, TLS_FILE_BYTES_MAX)?,
            authority: public("authority's certificates", &files.authority)?,
        })
    }

    fn print(&self) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new();
        for bytes in [&self.certificate, &*self.key, &self.authority] {
            hasher.update(&(bytes.len() as u64).to_le_bytes()).update(bytes);
        }
        hasher.finalize()
    }
}

impl Material {
    /// Tells these bytes of the files from others.
    ///
    /// # Errors
    /// In words: one cannot be read.
    pub(super) fn print(files: &Files) -> Result<blake3::Hash, String> {
        Bytes::read(files).map(|bytes| bytes.print())
    }

    /// Reads all of it. `of`: the service that the certificate must name.
    ///
    /// # Errors
    /// In words that name the file.
    pub(super) fn read(files: &Files, of: Option<&str>) -> Result<Self, String> {
        let bytes = Bytes::read(files)?;
        let certificates = |text: &[u8], what: &str, path: &PathBuf| {
            let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text).collect();
            match read {
                Ok(read) if !read.is_empty() => Ok(read),
                Ok(_) => Err(format!(
                    "the file of the {what} {} holds no certificate (-----BEGIN CERTIFICATE-----)",
                    path.display()
                )),
                Err(error) => Err(format!("the file of the {what} {} is no PEM: {error}", path.display())),
            }
        };
        let chain = certificates(&bytes.certificate, "certificate", &files.certificate)?;
        let authorities = certificates(&bytes.authority, "authority's certificates", &files.authority)?;
        let place = files.certificate.display().to_string();
        let named = chain.first().map(identity::service).transpose();
        let named = named.map_err(|why| format!("the certificate {place} is of no use: {why}"))?.flatten();
        if let Some(of) = of
            && named.as_deref() != Some(of)
        {
            let named = named.map_or_else(|| "no service".to_owned(), |named| format!("`{named}`"));
            return Err(format!(
                "the certificate {place} is of {named}, but this is the {of}: it must hold the URI downbeat://{of}"
            ));
        }
        let key = PrivateKeyDer::from_pem_slice(&bytes.key).map_err(|_| {
            format!("the file of the key {} holds no private key in PEM that is not encrypted", files.key.display())
        })?;
        let mut roots = RootCertStore::empty();
        for authority in authorities {
            roots.add(authority).map_err(|error| {
                format!("a certificate in {} is not one of an authority: {error}", files.authority.display())
            })?;
        }
        let roots = Arc::new(roots);
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let wrong = |error: &dyn std::fmt::Display| {
            format!("the certificate {place} and the key {} cannot be used: {error}", files.key.display())
        };
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::clone(&roots), Arc::clone(&provider)).build();
        let verifier = verifier.map_err(|error| wrong(&error))?;
        let versions = &[&TLS13];
        let mut server = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(versions)
            .map_err(|error| wrong(&error))?
            .with_client_cert_verifier(Arc::clone(&verifier))
            .with_single_cert(chain.clone(), key.clone_key())
            .map_err(|error| wrong(&error))?;
        server.alpn_protocols = vec![ALPN.to_vec()];
        // A session that is resumed shows no certificate: one that has expired would be good for longer than it says.
        server.session_storage = Arc::new(NoServerSessionStorage {});
        server.send_tls13_tickets = 0;
        let mut client = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .map_err(|error| wrong(&error))?
            .with_root_certificates(roots)
            .with_client_auth_cert(chain.clone(), key)
            .map_err(|error| wrong(&error))?;
        client.alpn_protocols = vec![ALPN.to_vec()];
        client.resumption = Resumption::disabled();
        let print = bytes.print();
        Ok(Self { server: Arc::new(server), client: Arc::new(client), print, chain, verifier, place })
    }

    /// Whether others would let us in now.
    ///
    /// # Errors
    /// In words.
    pub(super) fn check(&self) -> Result<(), String> {
        let (Some(first), rest) = (self.chain.first(), self.chain.get(1..).unwrap_or_default()) else { return Ok(()) };
        let checked = self.verifier.verify_client_cert(first, rest, UnixTime::now());
        checked.map(drop).map_err(|error| format!("the certificate {}: {}", self.place, words::of(&error)))
    }
}
