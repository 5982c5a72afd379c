//! Kamailio, a SIP server of other people, as the proxy and registrar that a PBX would be.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::net::TcpStream;

/// So long it may take to start, or to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running Kamailio. It ends with this value, and its children with it.
pub struct Kamailio {
    process: Child,
    folder: TempDir,
}

impl Kamailio {
    /// Runs a configuration file. `defined` are names for its preprocessor (`-A`) with values as the file would have them:
    /// a number as it is, a text in quotes. It must listen here, over TCP at least: that is how its start is seen, for UDP
    /// sockets are opened before.
    ///
    /// # Panics
    /// It does not start.
    pub async fn start(program: &Path, config: &Path, listens: SocketAddr, defined: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let log = std::fs::File::create(folder.path().join("log")).expect("a file in it");
        let mut command = Command::new(program);
        // -DD: its children are forked, and it stays in the foreground itself.
        command.args(["-DD", "-E", "-m", "32", "-M", "4", "-f"]).arg(config);
        command.arg("-w").arg(folder.path()).arg("-Y").arg(folder.path());
        command.args(defined.iter().flat_map(|(name, value)| ["-A".to_owned(), format!("{name}={value}")]));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let process = command.spawn().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        let mut kamailio = Self { process, folder };
        let begun = Instant::now();
        while TcpStream::connect(listens).await.is_err() {
            let ended = kamailio.process.try_wait().ok().flatten();
            assert!(ended.is_none() && begun.elapsed() < PATIENCE, "{ended:?}\n{}", kamailio.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        kamailio
    }

    /// What it has written down so far.
    #[must_use]
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.folder.path().join("log")).unwrap_or_default()).into_owned()
    }
}

impl Drop for Kamailio {
    /// Asked to end, it ends its children first; killed, it would leave them behind.
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status();
        let begun = Instant::now();
        while matches!(self.process.try_wait(), Ok(None)) && begun.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = self.process.kill();
    }
}
