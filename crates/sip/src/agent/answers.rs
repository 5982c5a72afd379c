//! The peers' requests that we answer.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Instant;

use bytes::Bytes;

use super::{Answer, Discard, Output, TransactionId};
use crate::message::{Message, Raw, Via, Writer};
use crate::transaction::{OriginKey, Server, ServerKey, Table, Timers, reply_lines};
use crate::{DialogId, Flow};

/// The server half of an agent.
pub(super) struct Answers {
    pub(super) servers: Table<TransactionId, Server>,
    keys: HashMap<ServerKey, TransactionId>,
    /// The requests outside of dialogs, by what they keep on every way they take.
    origins: HashMap<OriginKey, TransactionId>,
    latest: u64,
    /// Makes the tags of stateless answers unpredictable.
    secret: u128,
}

impl Answers {
    pub(super) fn new(secret: u128) -> Self {
        Self { servers: Table::new(), keys: HashMap::new(), origins: HashMap::new(), latest: 0, secret }
    }

    /// The id of the next transaction.
    pub(super) fn next_id(&mut self) -> TransactionId {
        self.latest += 1;
        TransactionId(self.latest)
    }

    pub(super) fn find(&self, key: &ServerKey) -> Option<TransactionId> {
        self.keys.get(key).copied()
    }

    /// The request came another way before, through a proxy that sent it to several places (RFC 3261 8.2.2.2). It
    /// matches no transaction itself.
    pub(super) fn is_merged(&self, request: &Message<'_>) -> bool {
        OriginKey::of(request).is_some_and(|origin| self.origins.contains_key(&origin))
    }

    pub(super) fn start(
        &mut self,
        now: Instant,
        timers: Timers,
        flow: Flow,
        request: &Message<'_>,
        dialog: DialogId,
    ) -> TransactionId {
        let id = self.next_id();
        let server = Server::start(now, timers, flow, request, dialog);
        self.keys.insert(server.key.clone(), id);
        self.origins.extend(server.origin.clone().map(|origin| (origin, id)));
        self.servers.insert(id, server);
        id
    }

    /// One more transaction fits in. When the table is full, the oldest answer that was only kept for repetitions goes:
    /// should its request be repeated so late, its CSeq shows that it was handled. If the oldest still waits for us,
    /// we are too slow, and nothing fits in.
    pub(super) fn make_room(&mut self, bound: usize) -> bool {
        if self.servers.len() < bound {
            return true;
        }
        let oldest = self.servers.next().filter(|id| self.servers.get(*id).is_some_and(Server::is_answered));
        oldest.map(|id| self.remove(id)).is_some()
    }

    /// Forgets a transaction that is over.
    pub(super) fn remove(&mut self, id: TransactionId) {
        if let Some(server) = self.servers.remove(id) {
            self.keys.remove(&server.key);
            server.origin.map(|origin| self.origins.remove(&origin));
        }
    }

    /// Answers without keeping anything (RFC 3261 8.2.7): the same request again gets the same answer again. Over
    /// UDP nobody has proven who he is, so the answer must not be larger than the request: a long one is cut to what
    /// it must have, and if that is still too long, none is sent.
    pub(super) fn refuse(
        &self,
        flow: Flow,
        (request, via): (&Raw<'_>, Option<&Via<'_>>),
        size: usize,
        answer: &Answer,
        out: &mut Vec<Output>,
    ) {
        let bare = Answer { reason: "-".to_owned(), ..Answer::new(answer.status) };
        self.refuse_in_short(flow, (request, via), size, &[answer, &bare], out);
    }

    /// The same with the longest of several answers that is not too long. Where none is left, the last one spends no
    /// byte that can be saved.
    pub(super) fn refuse_in_short(
        &self,
        flow: Flow,
        (request, via): (&Raw<'_>, Option<&Via<'_>>),
        size: usize,
        answers: &[&Answer],
        out: &mut Vec<Output>,
    ) {
        let tag = self.stateless_tag(request);
        let write = |(answer, short): (&&Answer, bool)| {
            let dress = |writer: Writer| if short { writer.shortened() } else { writer };
            let mut writer = dress(Writer::response(answer.status, &answer.reason));
            writer.lines(&reply_lines(dress(Writer::headers_only()), request, via, (&flow, &tag)));
            finish(writer, answer)
        };
        let last = answers.last().map(|answer| (answer, true));
        let all = answers.iter().map(|answer| (answer, false)).chain(last).map(write);
        let mut fitting = all.filter(|bytes| bytes.len() <= size || flow.transport.is_reliable());
        out.push(match fitting.next() {
            Some(bytes) => Output::Transmit { flow: via.map_or(flow, |via| via.way_back(flow)), bytes },
            None => {
                let status = answers.last().map_or(500, |answer| answer.status);
                Output::Discarded { flow, reason: Discard::Amplifies { status } }
            }
        });
    }

    fn stateless_tag(&self, request: &Raw<'_>) -> String {
        let mut hasher = DefaultHasher::new();
        self.secret.hash(&mut hasher);
        ["Via", "From", "Call-ID"].iter().for_each(|name| request.values(name).next().hash(&mut hasher));
        format!("{:016x}", hasher.finish())
    }
}

/// Adds what an answer has of its own.
pub(super) fn finish(mut writer: Writer, answer: &Answer) -> Bytes {
    if let Some(seconds) = answer.retry_after {
        writer.header("Retry-After", seconds);
    }
    answer.headers.iter().for_each(|(name, value)| writer.header(name, value));
    writer.finish(answer.body.as_ref())
}
