//! TLS by rustls: HTTP/2 and HTTP/1.1 on one port, with a certificate that can be renewed while the server
//! runs.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    signal::unix::{SignalKind, signal},
    time::sleep,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self, ServerConfig,
        crypto::{CryptoProvider, ring},
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
        server::{ClientHello, ResolvesServerCert},
        sign::CertifiedKey,
    },
    server::TlsStream,
};

/// Time between two looks at the files. A certificate is renewed weeks before it ends.
const LOOK: Duration = Duration::from_secs(10);

/// The files that TLS needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsConfig {
    /// The certificate and those above it, in PEM.
    pub cert: PathBuf,
    /// Its private key, in PEM.
    pub key: PathBuf,
}

/// Encrypts connections.
#[derive(Debug)]
pub(crate) struct Tls {
    acceptor: Acceptor,
    certificate: Arc<Certificate>,
}

/// The library's acceptor does not say what it is.
struct Acceptor(TlsAcceptor);

impl std::fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Acceptor(..)")
    }
}

impl Tls {
    /// Reads the certificate.
    pub(crate) fn new(config: TlsConfig) -> io::Result<Self> {
        let provider = Arc::new(ring::default_provider());
        let certificate = Arc::new(Certificate::read(config, Arc::clone(&provider))?);
        let resolver = Arc::clone(&certificate);
        let mut server = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_cert_resolver(resolver);
        server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self {
            acceptor: Acceptor(TlsAcceptor::from(Arc::new(server))),
            certificate,
        })
    }

    /// Agrees with a client.
    pub(crate) async fn accept<S>(&self, stream: S) -> io::Result<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        self.acceptor.0.accept(stream).await
    }

    /// Takes a new certificate when the files change, or on SIGHUP, for ever.
    pub(crate) async fn watch(self: Arc<Self>) {
        let Ok(mut hangup) = signal(SignalKind::hangup()) else {
            return;
        };
        loop {
            let told = tokio::select! {
                _ = hangup.recv() => true,
                () = sleep(LOOK) => false,
            };
            let certificate = Arc::clone(&self.certificate);
            let renew = move || certificate.renew(told);
            // When the runtime stops it is no longer wanted.
            let _done = tokio::task::spawn_blocking(renew).await;
        }
    }
}

/// The present certificate.
#[derive(Debug)]
struct Certificate {
    config: TlsConfig,
    provider: Arc<CryptoProvider>,
    current: RwLock<(Arc<CertifiedKey>, Stamps)>,
}

/// Times at which the two files were written.
type Stamps = [Option<SystemTime>; 2];

impl Certificate {
    fn read(config: TlsConfig, provider: Arc<CryptoProvider>) -> io::Result<Self> {
        let stamps = stamps(&config);
        let key = Arc::new(read(&config, &provider)?);
        Ok(Self {
            config,
            provider,
            current: RwLock::new((key, stamps)),
        })
    }

    /// Reads the files anew if they have changed. What is no use leaves the old certificate in place.
    fn renew(&self, told: bool) {
        let now = stamps(&self.config);
        let (_, before) = *self.current.read().unwrap_or_else(PoisonError::into_inner);
        if now == before && !told {
            return;
        }
        match read(&self.config, &self.provider) {
            Ok(key) => {
                let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
                *current = (Arc::new(key), now);
                tracing::info!("certificate read anew");
            }
            Err(error) => {
                tracing::warn!(%error, "the new certificate is no use; the old one stays");
            }
        }
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&current.0))
    }
}

fn stamps(config: &TlsConfig) -> Stamps {
    let stamp = |path: &Path| fs::metadata(path).ok()?.modified().ok();
    [stamp(&config.cert), stamp(&config.key)]
}

fn read(config: &TlsConfig, provider: &CryptoProvider) -> io::Result<CertifiedKey> {
    let in_file = |path: &Path, error: &dyn std::error::Error| {
        io::Error::other(format!("{}: {error}", path.display()))
    };
    let chain: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(&config.cert).and_then(Iterator::collect);
    let chain = chain.map_err(|error| in_file(&config.cert, &error))?;
    let key = PrivateKeyDer::from_pem_file(&config.key);
    let key = key.map_err(|error| in_file(&config.key, &error))?;
    let found: Result<_, rustls::Error> = CertifiedKey::from_der(chain, key, provider);
    found.map_err(|error| in_file(&config.cert, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(config: &TlsConfig, name: &str) {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        fs::write(&config.cert, made.cert.pem()).unwrap();
        fs::write(&config.key, made.signing_key.serialize_pem()).unwrap();
    }

    fn present(certificate: &Certificate) -> Vec<u8> {
        let current = certificate.current.read().unwrap();
        current.0.cert.first().unwrap().to_vec()
    }

    #[test]
    fn a_certificate_is_renewed_and_a_bad_one_is_not_taken() {
        let dir = tempfile::tempdir().unwrap();
        let config = TlsConfig {
            cert: dir.path().join("cert.pem"),
            key: dir.path().join("key.pem"),
        };
        write(&config, "old.example");
        let provider = Arc::new(ring::default_provider());
        let certificate = Certificate::read(config.clone(), provider).unwrap();
        let old = present(&certificate);
        certificate.renew(true);
        assert_eq!(present(&certificate), old);
        // Half of a renewal: the key of another certificate.
        let key = fs::read(&config.key).unwrap();
        write(&config, "new.example");
        let new_key = fs::read(&config.key).unwrap();
        fs::write(&config.key, key).unwrap();
        certificate.renew(true);
        assert_eq!(present(&certificate), old);
        fs::write(&config.key, new_key).unwrap();
        certificate.renew(false);
        assert_ne!(present(&certificate), old);
        fs::write(&config.cert, "no certificate").unwrap();
        let new = present(&certificate);
        certificate.renew(true);
        assert_eq!(present(&certificate), new);
    }

    #[test]
    fn what_is_wrong_is_told_with_the_files_name() {
        let dir = tempfile::tempdir().unwrap();
        let config = TlsConfig {
            cert: dir.path().join("cert.pem"),
            key: dir.path().join("key.pem"),
        };
        let told = |config: &TlsConfig| Tls::new(config.clone()).unwrap_err().to_string();
        assert!(told(&config).contains("cert.pem"));
        write(&config, "a.example");
        fs::write(&config.key, "no key").unwrap();
        assert!(told(&config).contains("key.pem"));
    }
}
