//! The task of one destination: takes what is due, lets it be tried, writes down what came of it.

use std::{
    collections::HashSet,
    future::pending,
    sync::Arc,
    time::{Duration, Instant},
};

use call_model::DestinationId;
use jiff::Timestamp;
use store::{Attempt, Closed, Delivery, DeliveryId, ReadError, Store, Verdict};
use tokio::task::{JoinError, JoinSet};
use tokio_rustls::TlsConnector;
use tokio_util::sync::CancellationToken;

use super::{
    Endpoint, Options,
    attempt::Attempts,
    gate::{Gate, Leave, Lesson},
};

/// The store is looked at this often even if nothing seems due: the wall clock may have been set.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);
/// The pause after the store could not be read.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// Brings one destination its deliveries. It holds the requests in flight; everything else stays in the store.
pub(super) struct Courier {
    id: DestinationId,
    host: String,
    store: Store,
    options: Arc<Options>,
    attempts: Arc<Attempts>,
    gate: Gate,
    /// In flight, from the store's answer to the verdict written down.
    busy: HashSet<DeliveryId>,
    in_flight: JoinSet<Ended>,
}

/// Which delivery was tried, and what that taught once it was written down.
type Ended = (DeliveryId, Result<Lesson, Closed>);

impl Courier {
    pub(super) fn new(store: Store, endpoint: Endpoint, options: Arc<Options>, tls: TlsConnector) -> Self {
        Self {
            attempts: Arc::new(Attempts::new(&endpoint, Arc::clone(&options), tls)),
            gate: Gate::new(Instant::now(), options.probe_every),
            id: endpoint.id,
            host: endpoint.host,
            store,
            options,
            busy: HashSet::new(),
            in_flight: JoinSet::new(),
        }
    }

    pub(super) async fn run(mut self, shutdown: CancellationToken) {
        let bell = self.store.bell(&self.id);
        loop {
            let wake = match self.send_what_is_due().await {
                Ok(wake) => wake,
                Err(ReadError::Closed(_)) => return,
                Err(error @ ReadError::Database(_)) => {
                    tracing::error!(destination = %self.id.0, host = self.host, %error, "deliveries wait");
                    Instant::now() + STORE_PAUSE
                }
            };
            let hears_bell = self.places() > 0 && !matches!(self.gate.leave(Instant::now()), Leave::NoneUntil(_));
            tokio::select! {
                () = shutdown.cancelled() => break,
                Some(ended) = self.in_flight.join_next() => {
                    if self.learn(ended).await.is_err() {
                        return;
                    }
                }
                () = async { if hears_bell { bell.notified().await } else { pending().await } } => {}
                () = tokio::time::sleep_until(wake.into()) => {}
            }
        }
        self.drain().await;
    }

    /// Starts what may be started, buries what has expired; returns when to look again.
    async fn send_what_is_due(&mut self) -> Result<Instant, ReadError> {
        loop {
            let (clock, now) = (Instant::now(), Timestamp::now());
            let (places, horizon) = match self.gate.leave(clock) {
                Leave::All => (self.places(), now),
                // Nothing may be due for hours, but a probe must find out now.
                Leave::Probe => (self.places().min(1), Timestamp::MAX),
                Leave::NoneUntil(_) => (0, now),
            };
            let window = self.busy.len() + self.options.concurrency;
            let due = self.store.due(&self.id, horizon, u32::try_from(window).unwrap_or(u32::MAX)).await?;
            let waiting = due.deliveries.into_iter().filter(|delivery| !self.busy.contains(&delivery.id));
            let (expired, sound): (Vec<_>, Vec<_>) = waiting.partition(|delivery| delivery.expires <= now);
            if !expired.is_empty() {
                self.bury(expired).await?;
                continue;
            }
            let next = due.next.into_iter().chain(sound.iter().map(|delivery| delivery.expires)).min();
            for delivery in sound.into_iter().take(places) {
                self.gate.probing(clock);
                self.send(delivery);
            }
            let opens = match self.gate.leave(clock) {
                Leave::NoneUntil(at) => at,
                Leave::All | Leave::Probe => None,
            };
            let wakes = [next.map(|at| clock + pause_until(at, now)), opens, Some(clock + LONGEST_SLEEP)];
            return Ok(wakes.into_iter().flatten().min().unwrap_or(clock));
        }
    }

    fn places(&self) -> usize {
        self.options.concurrency.saturating_sub(self.busy.len())
    }

    fn send(&mut self, delivery: Delivery) {
        let (store, attempts, id) = (self.store.clone(), Arc::clone(&self.attempts), delivery.id);
        self.busy.insert(id);
        self.in_flight.spawn(async move {
            let (attempt, lesson) = attempts.make(&delivery).await;
            (id, store.settle(attempt).await.map(|()| lesson))
        });
    }

    /// All at once: each waits for a commit, and one commit takes them all.
    async fn bury(&self, expired: Vec<Delivery>) -> Result<(), Closed> {
        let mut burials = JoinSet::new();
        for delivery in expired {
            let (destination, host, event_id) = (self.id.0.as_str(), &self.host, &delivery.rendered.event_id);
            let attempts = delivery.attempts;
            tracing::warn!(destination, host, event_id, attempts, "expired before it could be delivered");
            let error = (delivery.attempts == 0).then(|| "expired before it could be tried".to_owned());
            let attempt = Attempt { delivery: delivery.id, verdict: Verdict::Buried, status: None, error };
            let store = self.store.clone();
            burials.spawn(async move { store.settle(attempt).await });
        }
        burials.join_all().await.into_iter().collect()
    }

    async fn learn(&mut self, ended: Result<Ended, JoinError>) -> Result<(), Closed> {
        let (destination, host) = (self.id.0.as_str(), &self.host);
        let (delivery, lesson) = match ended {
            Ok((delivery, lesson)) => (delivery, lesson?),
            Err(error) => {
                tracing::error!(destination, host, %error, "an attempt broke off; it waits for a restart");
                return Ok(());
            }
        };
        self.busy.remove(&delivery);
        let was_down = self.gate.is_down();
        if self.gate.learn(lesson, Instant::now()) {
            tracing::info!(destination, host, "the destination answers");
            self.store.hasten(&self.id).await?;
        } else if lesson == Lesson::Gone {
            tracing::warn!(
                destination,
                host,
                "answered 410 Gone: nothing more is sent there until the gateway starts anew"
            );
        } else if !was_down && self.gate.is_down() {
            tracing::warn!(destination, host, "the destination is down; it is tried again every few seconds");
        }
        Ok(())
    }

    /// Lets the requests in flight finish, so that they need not be repeated.
    async fn drain(mut self) {
        let all = async { while self.in_flight.join_next().await.is_some() {} };
        if tokio::time::timeout(self.options.drain, all).await.is_err() {
            let (destination, host) = (self.id.0.as_str(), &self.host);
            tracing::warn!(destination, host, "requests without an answer are repeated after the next start");
        }
    }
}

fn pause_until(at: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(at.duration_since(now)).unwrap_or_default()
}
