//! Action URLs going out: rows of the store become HTTP requests.
//!
//! Whoever stores an event and whoever sends it meet only in the store. Each destination has a task of its own, so a
//! slow or failing one delays nobody else; within it the calls go in parallel, and each call strictly in order.
//!
//! ```text
//!   store::due ──► Courier (one a destination) ──► attempt ──► Client ──► the endpoint
//!   store::settle ◄──────────────┘     Gate: may it be asked now?
//! ```

mod address;
mod attempt;
mod browser;
mod client;
mod courier;
mod gate;
mod schedule;
mod sign;
mod target;
#[cfg(test)]
mod tests;

use std::{collections::HashSet, fmt, sync::Arc, time::Duration};

use call_model::DestinationId;
use ipnet::IpNet;
use secrecy::SecretString;
use store::Store;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use browser::Opener;
pub use schedule::Schedule;

use courier::Courier;

/// How one destination is asked, besides what is in its rows.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Which destination this is.
    pub id: DestinationId,
    /// Scheme, host and port of its URL as they are written, without credentials: what the log calls it.
    pub host: String,
    /// Headers of its own. A value may be a secret, so each is treated as one.
    pub headers: Vec<(String, SecretString)>,
    /// The key of its signatures (Standard Webhooks): `whsec_` and base64, or the bytes themselves.
    pub sign: Option<SecretString>,
    /// Where its host may resolve to. Empty: anywhere but loopback, unless the URL itself names that. Link-local and
    /// metadata addresses are refused in any case.
    pub allow: Vec<IpNet>,
}

/// How deliveries are made. The defaults are what the documentation promises.
#[derive(Clone)]
pub struct Options {
    /// For log entries.
    pub log: Schedule,
    /// For screen pops.
    pub pop: Schedule,
    /// Requests in flight, a destination.
    pub concurrency: usize,
    /// How often a destination that is down is tried.
    pub probe_every: Duration,
    /// The longest `Retry-After` that is obeyed.
    pub longest_pause: Duration,
    /// How long requests in flight may take to finish at a shutdown.
    pub drain: Duration,
    /// Opens a URL in a browser.
    pub opener: Opener,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            log: Schedule::log(),
            pop: Schedule::pop(),
            concurrency: 16,
            probe_every: Duration::from_secs(5),
            longest_pause: Duration::from_secs(3_600),
            drain: Duration::from_secs(8),
            opener: browser::system(),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { log, pop, concurrency, probe_every, .. } = self;
        write!(
            f,
            "Options {{ log: {log:?}, pop: {pop:?}, concurrency: {concurrency}, probe_every: {probe_every:?}, .. }}"
        )
    }
}

/// Delivers what is in the store until `shutdown`, then lets the requests in flight finish. Whatever is left stays in
/// the store for the next run.
pub async fn run(store: Store, endpoints: Vec<Endpoint>, options: Options, shutdown: CancellationToken) {
    let options = Arc::new(options);
    let tls = match client::tls().await {
        Ok(tls) => tls,
        Err(error) => return tracing::error!(%error, "nothing is delivered: TLS cannot be set up"),
    };
    let known = endpoints.iter().map(|endpoint| endpoint.id.clone()).collect();
    let mut couriers = JoinSet::new();
    couriers.spawn(bury_the_unknown(store.clone(), known));
    for endpoint in endpoints {
        let courier = Courier::new(store.clone(), endpoint, Arc::clone(&options), tls.clone());
        couriers.spawn(courier.run(shutdown.clone()));
    }
    while let Some(ended) = couriers.join_next().await {
        if let Err(error) = ended {
            tracing::error!(%error, "the deliveries of a destination stopped; they go on after a restart");
        }
    }
}

/// What waits for a destination that no longer exists would wait for ever.
async fn bury_the_unknown(store: Store, known: HashSet<DestinationId>) {
    const REASON: &str = "destination is no longer configured";
    let waiting = store.waiting_destinations().await.unwrap_or_else(|error| {
        tracing::error!(%error, "which destinations have deliveries waiting is not known");
        Vec::new()
    });
    for id in waiting.into_iter().filter(|id| !known.contains(id)) {
        match store.abandon(&id, REASON).await {
            Ok(count) => tracing::warn!(destination = %id.0, count, "deliveries given up: {REASON}"),
            Err(error) => tracing::error!(destination = %id.0, %error, "deliveries cannot be given up"),
        }
    }
}
