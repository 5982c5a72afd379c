//! One connection: bytes in, messages out, and the other way. One that is idle holds no buffer.

use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::ready;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use sip::frame::Frames;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::Queue;
use crate::links::Arrival;

/// A message that was begun is whole by then, or nobody means it to be.
const MESSAGE_TIMEOUT: Duration = Duration::from_secs(20);

/// A peer that takes none of our bytes for so long is gone.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// So many bytes are read at a time: an event, as a rule.
const READ: usize = 4096;

/// Cuts the stream into SIP messages (RFC 3261 18.3) until the peer ends it.
///
/// # Errors
/// Framing is lost, or a message does not come to its end: the connection is to be closed.
pub(super) async fn read(
    mut reader: impl AsyncRead + Unpin,
    flow: sip::Flow,
    arrivals: &mpsc::Sender<Arrival>,
) -> io::Result<()> {
    let (mut frames, mut buffer) = (Frames::default(), BytesMut::new());
    let mut begun = None;
    loop {
        let frame = frames.next(&mut buffer).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        if let Some(message) = frame {
            begun = None;
            if arrivals.send(Arrival::Received(flow, message.freeze())).await.is_err() {
                return Ok(());
            }
            continue;
        }
        let read = if buffer.is_empty() {
            buffer = BytesMut::new(); // what it was cut from may be large, and the silence long
            fill(&mut reader, &mut buffer).await
        } else {
            let begun = *begun.get_or_insert_with(Instant::now);
            let read = tokio::time::timeout_at(begun + MESSAGE_TIMEOUT, fill(&mut reader, &mut buffer)).await;
            read.map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "a message on it did not come to its end"))?
        };
        // Phones that are switched off end TLS in the middle, and TCP with a reset.
        if !matches!(read, Ok(1..)) {
            return Ok(());
        }
    }
}

/// Reads what is there, or waits until something is.
async fn fill(reader: &mut (impl AsyncRead + Unpin), buffer: &mut BytesMut) -> io::Result<usize> {
    poll_fn(|context| {
        // On the stack, and so not kept while we wait.
        let mut space = [MaybeUninit::uninit(); READ];
        let mut space = ReadBuf::uninit(&mut space);
        ready!(Pin::new(&mut *reader).poll_read(context, &mut space))?;
        buffer.extend_from_slice(space.filled());
        Ok(space.filled().len()).into()
    })
    .await
}

/// Writes what is queued until nobody can queue any more, or the peer takes nothing.
pub(super) async fn write(mut writer: impl AsyncWrite + Unpin, mut queue: Queue) {
    while let Some(bytes) = queue.next().await {
        if !matches!(tokio::time::timeout(WRITE_TIMEOUT, put(&mut writer, &bytes, &mut queue)).await, Ok(Ok(()))) {
            return;
        }
    }
}

/// This message, and those that wait behind it.
async fn put(writer: &mut (impl AsyncWrite + Unpin), first: &Bytes, queue: &mut Queue) -> io::Result<()> {
    writer.write_all(first).await?;
    while let Some(more) = queue.ready() {
        writer.write_all(&more).await?;
    }
    writer.flush().await
}
