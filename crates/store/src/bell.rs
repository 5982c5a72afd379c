//! Wake-ups from the writer to the delivery tasks. They carry no rows: those meet only in the tables.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use call_model::DestinationId;
use tokio::sync::Notify;

/// One bell a destination, rung when rows were added for it. A ring without a listener is remembered once.
#[derive(Clone, Default)]
pub(crate) struct Bells(Arc<Mutex<HashMap<DestinationId, Arc<Notify>>>>);

impl Bells {
    pub(crate) fn of(&self, destination: &DestinationId) -> Arc<Notify> {
        Arc::clone(self.lock().entry(destination.clone()).or_default())
    }

    pub(crate) fn ring<'a>(&self, destinations: impl Iterator<Item = &'a DestinationId>) {
        let bells = self.lock();
        for bell in destinations.filter_map(|destination| bells.get(destination)) {
            bell.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<DestinationId, Arc<Notify>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
