//! Certificates made for one test.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, KeyLog, RootCertStore, ServerConfig};
use simulator::Secure;
use tempfile::TempDir;

/// An authority with a folder for its certificate and those it has signed.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    keys: Arc<Keys>,
    folder: TempDir,
}

/// A certificate that an [`Authority`] has signed, with its key, as files too.
pub struct Issued {
    /// PEM.
    pub certificate: PathBuf,
    /// PEM.
    pub key: PathBuf,
    /// The certificate itself.
    pub der: CertificateDer<'static>,
    private: PrivateKeyDer<'static>,
    keys: Arc<Keys>,
}

impl Authority {
    /// A new one.
    ///
    /// # Panics
    /// There is no folder for temporary files.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("a certificate");
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("ca.pem"), issuer.pem()).expect("a file in it");
        let keys = Arc::new(Keys(folder.path().join("keys")));
        Self { issuer, keys, folder }
    }

    /// Its own certificate in PEM.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// The secrets of all connections of phones whose certificate is of this authority, as tshark reads them.
    #[must_use]
    pub fn keys(&self) -> PathBuf {
        self.keys.0.clone()
    }

    /// A certificate for a name, or an address.
    ///
    /// # Panics
    /// The name cannot stand in a certificate.
    #[must_use]
    pub fn issue(&self, name: &str) -> Issued {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new([name.to_owned()]).expect("a name");
        let signed = params.signed_by(&key, &self.issuer).expect("a certificate");
        let file = |extension: &str| self.folder.path().join(format!("{}.{extension}", name.replace(':', "-")));
        let (certificate, key_file) = (file("pem"), file("key"));
        write(&certificate, &signed.pem());
        write(&key_file, &key.serialize_pem());
        let private = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        Issued { certificate, key: key_file, der: signed.der().clone(), private, keys: self.keys.clone() }
    }

    fn roots(&self) -> Arc<RootCertStore> {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).expect("an authority");
        Arc::new(roots)
    }
}

impl Issued {
    /// How a phone speaks TLS with this certificate: gateways must show one of the authority `wanted` if there is one,
    /// and are believed as registrars if theirs is from `believed`.
    ///
    /// # Panics
    /// The certificate cannot be used.
    #[must_use]
    pub fn phone(&self, wanted: Option<&Authority>, believed: &Authority) -> Secure {
        let provider = Arc::new(ring::default_provider());
        let server = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .expect("TLS 1.2 and 1.3");
        let server = match wanted {
            None => server.with_no_client_auth(),
            Some(authority) => server.with_client_cert_verifier(
                WebPkiClientVerifier::builder_with_provider(authority.roots(), provider.clone())
                    .build()
                    .expect("an authority"),
            ),
        };
        let mut server =
            server.with_single_cert(vec![self.der.clone()], self.private.clone_key()).expect("a certificate");
        server.key_log = self.keys.clone();
        let mut client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("TLS 1.2 and 1.3")
            .with_root_certificates(believed.roots())
            .with_no_client_auth();
        client.key_log = self.keys.clone();
        Secure { acceptor: Arc::new(server).into(), connector: Arc::new(client).into() }
    }
}

/// A file of secrets, a line each: `LABEL CLIENT_RANDOM SECRET`.
#[derive(Debug)]
struct Keys(PathBuf);

impl KeyLog for Keys {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let line = format!("{label} {} {}\n", hex(client_random), hex(secret));
        let mut options = std::fs::OpenOptions::new();
        // A connection may outlive the test's folder.
        if let Ok(mut file) = options.append(true).create(true).open(&self.0) {
            std::io::Write::write_all(&mut file, line.as_bytes()).expect("a file that can be written");
        }
    }
}

fn write(path: &Path, text: &str) {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path).expect("a file");
    std::io::Write::write_all(&mut &file, text.as_bytes()).expect("a file that can be written");
}
