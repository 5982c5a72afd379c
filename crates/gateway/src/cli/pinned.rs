//! TLS to a server whose certificate is at hand: exactly that certificate is trusted, and nothing else.

use std::{error::Error, net::TcpStream, path::Path, sync::Arc};

use rustls::{
    ClientConfig, ClientConnection, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};

use gateway::certificates::{Fingerprint, Pinned};

/// Speaks TLS on `stream`, and only to the owner of the first certificate in the PEM file `certificate`.
pub fn connect(
    stream: TcpStream,
    certificate: &Path,
) -> Result<StreamOwned<ClientConnection, TcpStream>, Box<dyn Error>> {
    let pinned = CertificateDer::from_pem_file(certificate)
        .map_err(|error| format!("cannot read the gateway's certificate {}: {error}", certificate.display()))?;
    let name = ServerName::IpAddress(stream.peer_addr()?.ip().into());
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .dangerous() // rustls's word for any verifier of one's own; this one is stricter than its default
        .with_custom_certificate_verifier(Arc::new(Pinned::new(Fingerprint::of(&pinned))))
        .with_no_client_auth();
    Ok(StreamOwned::new(ClientConnection::new(Arc::new(config), name)?, stream))
}
