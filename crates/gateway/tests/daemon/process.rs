//! `hookswitch run` as a process of its own.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use tokio::process::{Child, Command};

use crate::within;

/// The daemon. Dropped, it is killed.
pub struct Daemon {
    child: Child,
    log: PathBuf,
}

impl Daemon {
    /// Starts it with the `hookswitch.toml` of a folder.
    pub fn start(folder: &Path) -> Self {
        let log = folder.join("log");
        File::create(&log).unwrap();
        let log_file = || File::options().append(true).open(&log).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_hookswitch"))
            .args(["run", "--config", "hookswitch.toml"])
            .current_dir(folder)
            .stdout(log_file())
            .stderr(log_file())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Self { child, log }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id().unwrap()
    }

    /// `kill -9`.
    pub async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// `kill`: it must end in order.
    pub async fn terminate(self) {
        let id = self.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().await.unwrap().success());
        let (code, said) = self.ended().await;
        assert_eq!(code, Some(0), "{said}");
    }

    /// Waits until it has ended by itself: its exit code, and all that it said.
    pub async fn ended(mut self) -> (Option<i32>, String) {
        let status = within("the end of the daemon", self.child.wait()).await.unwrap();
        (status.code(), fs::read_to_string(&self.log).unwrap())
    }

    /// Waits until it has said of so many phones that they are monitored, their calls being compared.
    pub async fn wait_up(&self, phones: usize) {
        let up = async {
            while fs::read_to_string(&self.log).unwrap().matches("the phone is monitored").count() < phones {
                tokio::task::yield_now().await;
            }
        };
        within("the monitoring of the phones", up).await;
    }
}
