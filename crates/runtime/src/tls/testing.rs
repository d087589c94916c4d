//! An authority that issues certificates into a folder, for tests.

use std::{
    fs, io,
    net::{IpAddr, Ipv4Addr},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, SanType, date_time_ymd,
};

use super::TlsConfig;

/// An authority that nobody else knows.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// What a certificate says.
#[derive(Clone, Debug)]
pub struct Issued<'a> {
    /// URIs, as they stand there.
    pub uris: Vec<&'a str>,
    /// Host names, beside 127.0.0.1, which each has.
    pub hosts: Vec<&'a str>,
    /// It was good until yesterday, or rather until 2020.
    pub expired: bool,
}

impl<'a> Issued<'a> {
    /// For the service with this URI.
    pub fn to(uri: &'a str) -> Self {
        Self { uris: vec![uri], hosts: Vec::new(), expired: false }
    }
}

impl Authority {
    /// A new one.
    ///
    /// # Panics
    /// When no key can be made.
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().expect("a key can be made");
        Self(CertifiedIssuer::self_signed(params, key).expect("an authority signs itself"))
    }

    /// Its own certificate, as PEM.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// Writes `NAME.pem` and `NAME.key`, which only their owner may read, and `NAME.ca.pem` into the folder, each at once where one is there.
    ///
    /// # Panics
    /// When a file cannot be written.
    pub fn issue(&self, folder: &Path, name: &str, issued: &Issued<'_>) -> TlsConfig {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        let text = |text: &str| text.try_into().expect("names are ASCII");
        params.subject_alt_names = vec![SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST))];
        params.subject_alt_names.extend(issued.uris.iter().map(|uri| SanType::URI(text(uri))));
        params.subject_alt_names.extend(issued.hosts.iter().map(|host| SanType::DnsName(text(host))));
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        if issued.expired {
            params.not_before = date_time_ymd(2019, 1, 1);
            params.not_after = date_time_ymd(2020, 1, 1);
        }
        let key = KeyPair::generate().expect("a key can be made");
        let certificate = params.signed_by(&key, &self.0).expect("the authority signs");
        let write = |ending: &str, text: &str| {
            let path = folder.join(format!("{name}.{ending}"));
            replace(&path, text).expect("a file is written");
            Some(path)
        };
        let tls_key = write("key", &key.serialize_pem());
        TlsConfig { tls_key, tls_cert: write("pem", &certificate.pem()), tls_ca: write("ca.pem", &self.pem()) }
    }
}

/// Whoever reads it finds all of it, and nobody else may.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let partial: PathBuf = path.with_extension("partial");
    fs::write(&partial, text)?;
    fs::set_permissions(&partial, fs::Permissions::from_mode(0o600))?;
    fs::rename(partial, path)
}
