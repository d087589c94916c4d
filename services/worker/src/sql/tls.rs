//! Whom a TLS connection to a database trusts.

use std::sync::Arc;

use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
};
use rustls_platform_verifier::BuilderVerifierExt as _;

use crate::attempt::Failure;
use crate::connections::Connection;

/// What the fields `sslmode` and `ca_certificate` of a connection ask for. `None`: without TLS.
pub(crate) fn wanted(connection: &Connection) -> Result<Option<ClientConfig>, Failure> {
    match connection.text("sslmode")?.unwrap_or("verify-full") {
        "disable" => Ok(None),
        "require" => Ok(Some(any_certificate())),
        "verify-full" => {
            let config = checked(connection.text("ca_certificate")?);
            config.map(Some).map_err(|why| connection.wrong("ca_certificate", why))
        }
        _ => Err(connection.wrong("sslmode", "must be verify-full (default), require or disable")),
    }
}

/// `verify-full`: certificates for the host's name, of the authorities in this PEM text, or else of those that the machine trusts.
fn checked(authorities: Option<&str>) -> Result<ClientConfig, String> {
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("cannot be used: {error}"))?;
    let builder = match authorities {
        None => builder
            .with_platform_verifier()
            .map_err(|error| format!("is absent, and this machine's own authorities cannot be used: {error}"))?,
        Some(text) => {
            let mut roots = RootCertStore::empty();
            for certificate in CertificateDer::pem_slice_iter(text.as_bytes()) {
                let added = certificate.map_err(|_| ()).and_then(|found| roots.add(found).map_err(|_| ()));
                added.map_err(|()| "holds a certificate that cannot be read")?;
            }
            if roots.is_empty() {
                return Err(
                    "holds no certificate: give PEM text (-----BEGIN CERTIFICATE-----), or file:PATH".to_owned()
                );
            }
            builder.with_root_certificates(roots)
        }
    };
    Ok(builder.with_no_client_auth())
}

/// `require`: encrypted, with whoever answers, as the servers' own clients mean it.
pub(super) fn any_certificate() -> ClientConfig {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
    // The provider that is named here has the default versions.
    let builder = builder.with_safe_default_protocol_versions().expect("aws-lc-rs speaks TLS 1.2 and 1.3");
    let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)));
    builder.with_no_client_auth()
}

/// Takes any certificate; whoever shows it must still hold its key.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
