//! The thread that reads, so that no query ever holds up an asynchronous task.

use std::path::Path;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::{Closed, OpenError, ReadError, schema, spawn};

/// Questions that may wait.
const QUEUE: usize = 64;

type Question = Box<dyn FnOnce(&Connection) + Send>;

/// Asks the reading connection.
#[derive(Clone)]
pub(crate) struct Reader(mpsc::Sender<Question>);

impl Reader {
    pub(crate) fn start(dir: &Path) -> Result<Self, OpenError> {
        let db = schema::connect_to_read(dir).map_err(|source| OpenError::Database { dir: dir.to_owned(), source })?;
        let (questions, mut queue) = mpsc::channel::<Question>(QUEUE);
        spawn(dir, "store-reader", move || {
            while let Some(question) = queue.blocking_recv() {
                question(&db);
            }
        })?;
        Ok(Self(questions))
    }

    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, ReadError> {
        let (reply, answer) = oneshot::channel();
        let question: Question = Box::new(move |db| drop(reply.send(question(db))));
        self.0.send(question).await.map_err(|_| Closed)?;
        Ok(answer.await.map_err(|_| Closed)??)
    }
}
