//! The server's certificate: given, or made at the first start.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use rcgen::{CertificateParams, DnType, KeyPair};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use secrecy::{ExposeSecret, SecretString};
use tokio_rustls::TlsAcceptor;

use super::Identity;

/// Why there is no certificate to show.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The certificate's file.
    #[error("the certificate {} cannot be read: {cause}; it must be PEM, the server's own certificate first", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: String,
    },
    /// The private key. Its text is not shown.
    #[error("the private key of the certificate {} cannot be used: {cause}; it must be the PEM key that belongs to it", certificate.display())]
    Key {
        /// The certificate it should belong to.
        certificate: PathBuf,
        /// Why.
        cause: String,
    },
    /// The self-signed certificate cannot be made or kept.
    #[error("no self-signed certificate can be kept in {}: {cause}; choose a folder that the gateway may write", dir.display())]
    SelfSigned {
        /// The folder.
        dir: PathBuf,
        /// Why.
        cause: String,
    },
}

/// An acceptor that speaks TLS 1.2 and 1.3 and HTTP/1.1 on it.
pub(super) fn acceptor(identity: &Identity) -> Result<TlsAcceptor, IdentityError> {
    let (path, chain, key) = match identity {
        Identity::Files { certificate, key } => (certificate.clone(), read_chain(certificate)?, key.clone()),
        Identity::SelfSigned { dir, names } => {
            let (certificate, key) = self_signed(dir, names)?;
            let chain = read_chain(&certificate)?;
            (certificate, chain, key)
        }
    };
    let unusable = |cause: String| IdentityError::Key { certificate: path.clone(), cause };
    let key =
        PrivateKeyDer::from_pem_slice(key.expose_secret().as_bytes()).map_err(|error| unusable(error.to_string()))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|error| unusable(error.to_string()))?;
    // The strongest cipher that both know, and not the one that an old client happens to name first.
    config.ignore_client_order = true;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, IdentityError> {
    let unreadable = |cause: String| IdentityError::Certificate { path: path.to_owned(), cause };
    let pem = fs::read(path).map_err(|error| unreadable(error.to_string()))?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match chain {
        Ok(chain) if chain.is_empty() => Err(unreadable("it holds no certificate".to_owned())),
        Ok(chain) => Ok(chain),
        Err(error) => Err(unreadable(error.to_string())),
    }
}

/// The certificate made at the first start. To have a new one, with other names, remove both files.
fn self_signed(dir: &Path, names: &[String]) -> Result<(PathBuf, SecretString), IdentityError> {
    let failed = |cause: String| IdentityError::SelfSigned { dir: dir.to_owned(), cause };
    let (certificate, key) = (dir.join("self-signed.pem"), dir.join("self-signed.key"));
    if !(certificate.exists() && key.exists()) {
        let (certificate_pem, key_pem) = make(names).map_err(|error| failed(error.to_string()))?;
        fs::create_dir_all(dir)
            .and_then(|()| write(&key, key_pem.expose_secret(), 0o600))
            .and_then(|()| write(&certificate, &certificate_pem, 0o644))
            .map_err(|error| failed(error.to_string()))?;
        tracing::info!(certificate = %certificate.display(), "made a self-signed certificate; browsers will warn about it");
    }
    let key = fs::read_to_string(&key).map_err(|error| failed(error.to_string()))?;
    Ok((certificate, key.into()))
}

fn make(names: &[String]) -> Result<(String, SecretString), rcgen::Error> {
    let mut subjects = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    subjects.extend(names.iter().cloned());
    let mut params = CertificateParams::new(subjects)?;
    params.distinguished_name.push(DnType::CommonName, "hookswitch");
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    Ok((certificate.pem(), key.serialize_pem().into()))
}

/// Whole or not at all, and never readable by others in between.
fn write(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let unfinished = path.with_extension("new");
    let _ = fs::remove_file(&unfinished); // left over from a crash, with whatever mode it has
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    let mut file = options.open(&unfinished)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&unfinished, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_self_signed_certificate_is_made_once_and_its_key_is_private() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let identity = Identity::SelfSigned {
            dir: dir.path().join("tls"),
            names: vec!["gw.example.com".to_owned(), "10.0.0.1".to_owned()],
        };
        acceptor(&identity).unwrap();
        let key = dir.path().join("tls/self-signed.key");
        assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
        let before = fs::read(&key).unwrap();
        acceptor(&identity).unwrap();
        assert_eq!(fs::read(&key).unwrap(), before);
    }

    #[test]
    fn errors_name_the_file_and_show_no_key() {
        let dir = tempfile::tempdir().unwrap();
        let certificate = dir.path().join("gw.pem");
        let error = |key: &str| {
            let identity = Identity::Files { certificate: certificate.clone(), key: key.into() };
            acceptor(&identity).map(drop).unwrap_err().to_string()
        };
        assert!(error("canary").contains("gw.pem"));
        fs::write(&certificate, "").unwrap();
        assert!(error("canary").contains("holds no certificate"));
        fs::write(&certificate, make(&[]).unwrap().0).unwrap();
        let message = error("canary");
        assert!(message.contains("private key") && !message.contains("canary"), "{message}");
        let other = make(&[]).unwrap().1;
        assert!(error(other.expose_secret()).contains("private key"));
    }
}
