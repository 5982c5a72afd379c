//! The half of the control socket that answers.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, BufWriter};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::{Answer, Asked, LONGEST_QUESTION, Question, VERSION};
use crate::trace::{Cursor, Recorder};

/// So many may ask at once.
const SEATS: usize = 8;

/// A question takes no longer to come.
const PATIENCE: Duration = Duration::from_secs(5);

/// So many entries are copied out of the ring at once.
const STEP: usize = 64;

/// The socket. Dropped, its file is removed.
pub struct Control {
    listener: UnixListener,
    path: PathBuf,
    about: About,
}

/// What can be told.
#[derive(Clone)]
struct About {
    trace: Recorder,
}

impl Control {
    /// Opens the socket, in the place of one that a crash has left. Whoever calls this owns the store in `state_dir`, so
    /// no other gateway listens there.
    ///
    /// # Errors
    /// The folder cannot be written, or its path is too long for a socket.
    pub fn open(state_dir: &Path, trace: Recorder) -> io::Result<Self> {
        let path = super::path(state_dir);
        // In a folder that nobody else enters until the mode is right; the move puts it in its place at once.
        let nest = state_dir.join("control.new");
        let made = nest.join("s");
        let _ = fs::remove_file(&made);
        let _ = fs::remove_dir(&nest);
        DirBuilder::new().mode(0o700).create(&nest)?;
        let listener = UnixListener::bind(&made).and_then(|listener| {
            fs::set_permissions(&made, Permissions::from_mode(0o600))?;
            fs::rename(&made, &path)?;
            Ok(listener)
        });
        let _ = fs::remove_file(&made);
        let _ = fs::remove_dir(&nest);
        Ok(Self { listener: listener?, path, about: About { trace } })
    }

    /// Answers until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        let seats = Arc::new(Semaphore::new(SEATS));
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = stop.cancelled() => return,
            };
            let (Ok((stream, _)), about) = (accepted, self.about.clone()) else {
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            // Nobody who waits for a seat is heard; the queue of the socket is short.
            let seat = seats.clone().acquire_owned().await;
            let served = async move {
                // Whoever hung up has what they wanted.
                let _ = serve(stream, about).await;
                drop(seat);
            };
            tokio::spawn(stop.clone().run_until_cancelled_owned(served));
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

async fn serve(stream: UnixStream, about: About) -> io::Result<()> {
    let (reader, writer) = stream.into_split();
    let mut reader = BufReader::new(reader.take(LONGEST_QUESTION));
    let mut answers = Answers(BufWriter::new(writer));
    let mut line = String::new();
    tokio::time::timeout(PATIENCE, reader.read_line(&mut line)).await??;
    match serde_json::from_str(&line) {
        Ok(Asked { version: VERSION, question: Question::Trace { follow } }) => {
            let reader = reader.into_inner().into_inner();
            trace(&about.trace, follow, reader, &mut answers).await?;
        }
        Ok(Asked { .. }) | Err(_) => {
            let why = "the running gateway is of another version than this program: restart it, then ask again";
            answers.give(&Answer::Refused { why: why.to_owned() }).await?;
        }
    }
    answers.flush().await
}

/// The messages that are kept and, if asked, those that come. A reader that is slow makes nobody wait: what the ring has
/// dropped meanwhile is counted.
async fn trace(trace: &Recorder, follow: bool, mut asker: OwnedReadHalf, answers: &mut Answers) -> io::Result<()> {
    if !trace.keeps() {
        let why = "no SIP messages are kept: [sip] trace = \"off\" in the configuration of the running gateway";
        return answers.give(&Answer::Refused { why: why.to_owned() }).await;
    }
    let mut cursor = trace.cursor();
    show(trace, &mut cursor, answers).await?;
    if !follow {
        return Ok(());
    }
    answers.give(&Answer::Now).await?;
    loop {
        let news = trace.news();
        show(trace, &mut cursor, answers).await?;
        answers.flush().await?;
        let mut nothing = [0];
        tokio::select! {
            () = news => {}
            // Nothing more is said; the asker has hung up.
            _ = asker.read(&mut nothing) => return Ok(()),
        }
    }
}

/// All entries up to the newest.
async fn show(trace: &Recorder, cursor: &mut Cursor, answers: &mut Answers) -> io::Result<()> {
    loop {
        let batch = trace.next(cursor, STEP);
        if batch.missed > 0 {
            answers.give(&Answer::Missed { count: batch.missed }).await?;
        }
        for entry in &batch.entries {
            answers.give(&Answer::Flowing(entry.into())).await?;
        }
        if batch.entries.len() < STEP {
            return Ok(());
        }
    }
}

struct Answers(BufWriter<OwnedWriteHalf>);

impl Answers {
    async fn give(&mut self, answer: &Answer) -> io::Result<()> {
        let mut line = serde_json::to_vec(answer)?;
        line.push(b'\n');
        self.0.write_all(&line).await
    }

    async fn flush(&mut self) -> io::Result<()> {
        self.0.flush().await
    }
}
