//! Certificates: the ones we show, and the ones we believe.

mod pinned;

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use secrecy::{ExposeSecret, SecretString};

pub use self::pinned::{Fingerprint, NotAFingerprint, Pinned};

/// A certificate file that cannot be used. Neither the message nor the remedy shows a private key.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// The file holds no certificate that can be read.
    #[error("the certificate {} cannot be used: {cause}", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: String,
    },
    /// The key does not fit the certificate, or is none.
    #[error("the private key of the certificate {} cannot be used: {cause}", certificate.display())]
    Key {
        /// The certificate it should belong to.
        certificate: PathBuf,
        /// Why.
        cause: String,
    },
    /// Nobody is believed.
    #[error("this machine has no certificate authorities of its own: {0}")]
    NoAuthorities(String),
    /// TLS itself refuses the settings.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}

impl CertificateError {
    /// What to do.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Certificate { .. } => {
                "it must be PEM, the certificate itself first, then those between it and its authority"
            }
            Self::Key { .. } => "it must be the PEM key, without a passphrase, that the certificate was made for",
            Self::NoAuthorities(_) => {
                "install them (Debian: ca-certificates), or name the one that is meant: tls = { ca = \"pbx-ca.pem\" }"
            }
            Self::Tls(_) => "certificates with RSA keys of 2048 bits and more, or ECDSA P-256 and P-384, are taken",
        }
    }
}

/// A certificate of ours with its key.
#[derive(Clone)]
pub struct Identity(Arc<CertifiedKey>);

impl Identity {
    /// Reads the certificate, and checks that the key is its own.
    ///
    /// # Errors
    /// Either cannot be used.
    pub fn read(certificate: &Path, key: &SecretString) -> Result<Self, CertificateError> {
        let chain = read_certificates(certificate)?;
        let unusable = |cause: String| CertificateError::Key { certificate: certificate.to_owned(), cause };
        let key = PrivateKeyDer::from_pem_slice(key.expose_secret().as_bytes())
            .map_err(|_| unusable("it holds no private key in PEM".into()))?;
        let certified = CertifiedKey::from_der(chain, key, &ring::default_provider());
        #[allow(clippy::wildcard_enum_match_arm)] // foreign enum
        let certified = certified.map_err(|error| match error {
            rustls::Error::InvalidCertificate(_) => no_certificate(certificate),
            rustls::Error::InconsistentKeys(_) => unusable("it belongs to another certificate".into()),
            other => unusable(other.to_string()),
        })?;
        Ok(Self(Arc::new(certified)))
    }

    /// How a server shows it: TLS 1.2 and 1.3. Clients need no certificate; they prove themselves by SIP's digest.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub fn server(&self) -> Result<Arc<ServerConfig>, CertificateError> {
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(self.0.clone())));
        // The strongest cipher that both know, and not the one that an old phone happens to name first.
        config.ignore_client_order = true;
        Ok(Arc::new(config))
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity")
    }
}

/// Who vouches for a peer's certificate.
#[derive(Clone, PartialEq, Eq)]
pub enum Authority {
    /// The machine's own certificate authorities.
    Native,
    /// These and no others.
    Private(Vec<CertificateDer<'static>>),
    /// Nobody: it must be this very certificate.
    Pinned(Fingerprint),
}

impl Authority {
    /// The authorities in a PEM file.
    ///
    /// # Errors
    /// It holds none.
    pub fn read(path: &Path) -> Result<Self, CertificateError> {
        let certificates = read_certificates(path)?;
        let mut roots = RootCertStore::empty();
        for certificate in &certificates {
            roots.add(certificate.clone()).map_err(|_| no_certificate(path))?;
        }
        Ok(Self::Private(certificates))
    }
}

/// Whom a link believes at the other end of a TLS connection, and what it shows of itself.
pub struct Trust {
    name: ServerName<'static>,
    authority: Authority,
    shown: Vec<CertificateDer<'static>>,
    config: Arc<ClientConfig>,
}

impl Trust {
    /// TLS 1.2 and 1.3 to a peer of this name.
    ///
    /// # Errors
    /// The machine has no authorities, or TLS cannot be set up.
    pub fn new(
        name: ServerName<'static>,
        authority: Authority,
        identity: Option<&Identity>,
    ) -> Result<Self, CertificateError> {
        let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
        let builder = match &authority {
            Authority::Native => builder.with_webpki_verifier(verifier(native_roots()?)?),
            Authority::Private(certificates) => {
                let mut roots = RootCertStore::empty();
                roots.add_parsable_certificates(certificates.iter().cloned());
                builder.with_webpki_verifier(verifier(Arc::new(roots))?)
            }
            Authority::Pinned(fingerprint) => builder
                .dangerous() // rustls's word for any verifier of one's own; this one is stricter than its default
                .with_custom_certificate_verifier(Arc::new(Pinned::new(*fingerprint))),
        };
        let (config, shown) = match identity {
            Some(Identity(certified)) => {
                let resolver = Arc::new(SingleCertAndKey::from(certified.clone()));
                (builder.with_client_cert_resolver(resolver), certified.cert.clone())
            }
            None => (builder.with_no_client_auth(), Vec::new()),
        };
        Ok(Self { name, authority, shown, config: Arc::new(config) })
    }

    /// The name that the peer's certificate must have.
    #[must_use]
    pub fn name(&self) -> &ServerName<'static> {
        &self.name
    }

    /// For the handshake.
    #[must_use]
    pub fn client(&self) -> Arc<ClientConfig> {
        self.config.clone()
    }
}

/// What one believes of a peer, the other believes too.
impl PartialEq for Trust {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, &self.authority, &self.shown) == (&other.name, &other.authority, &other.shown)
    }
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trust").field("name", &self.name).finish_non_exhaustive()
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn verifier(roots: Arc<RootCertStore>) -> Result<Arc<WebPkiServerVerifier>, CertificateError> {
    WebPkiServerVerifier::builder_with_provider(roots, provider())
        .build()
        .map_err(|error| CertificateError::NoAuthorities(error.to_string()))
}

fn no_certificate(path: &Path) -> CertificateError {
    CertificateError::Certificate { path: path.to_owned(), cause: "it is no X.509 certificate of version 3".into() }
}

fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let unusable = |cause: String| CertificateError::Certificate { path: path.to_owned(), cause };
    let pem = fs::read(path).map_err(|error| unusable(error.to_string()))?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match chain {
        Ok(chain) if chain.is_empty() => Err(unusable("it holds no certificate in PEM".into())),
        Ok(chain) => Ok(chain),
        Err(_) => Err(unusable("it is damaged: what stands between its BEGIN and END is no base64".into())),
    }
}

/// The machine's own authorities, read once.
fn native_roots() -> Result<Arc<RootCertStore>, CertificateError> {
    static NATIVE: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    let roots = NATIVE.get_or_init(|| {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Arc::new(roots)
    });
    if roots.is_empty() {
        return Err(CertificateError::NoAuthorities("none was found where systems keep them".into()));
    }
    Ok(roots.clone())
}
