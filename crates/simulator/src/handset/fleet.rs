//! Many phones for the price of one.

use std::io;

use super::{Handset, Socket, loopback, start};
use crate::PhoneConfig;

/// Many phones behind one UDP socket, told apart by their users: a building for the price of one task.
#[derive(Clone)]
pub struct Fleet {
    handsets: Vec<Handset>,
}

impl Fleet {
    /// So many phones of one kind on the loopback address. A user that is a number counts up from the first phone to
    /// the last (`100`, `101` …); any other gets a number behind it (`desk`, `desk1` …).
    ///
    /// # Errors
    /// When the system gives no socket.
    pub async fn start(phones: usize, config: PhoneConfig) -> io::Result<Self> {
        let configs = (0..phones).map(|n| PhoneConfig { user: nth_user(&config.user, n), ..config.clone() }).collect();
        Self::of(configs).await
    }

    /// These phones on the loopback address. Their users must differ.
    ///
    /// # Errors
    /// When the system gives no socket.
    pub async fn of(configs: Vec<PhoneConfig>) -> io::Result<Self> {
        Ok(Self { handsets: start(configs, Socket::Udp, loopback())? })
    }

    /// The phones, in order.
    #[must_use]
    pub fn handsets(&self) -> &[Handset] {
        &self.handsets
    }
}

fn nth_user(first: &str, n: usize) -> String {
    match first.parse::<usize>() {
        Ok(number) => format!("{:0width$}", number + n, width = first.len()),
        Err(_) if n == 0 => first.to_owned(),
        Err(_) => format!("{first}{n}"),
    }
}
