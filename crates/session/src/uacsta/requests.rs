//! Our requests to the phone: how they are sent, and what becomes of each.

use std::time::Instant;

use csta::{Message, Request, Response};

use super::dial::Dial;
use super::{Phase, Turn, Uacsta, outside, words};
use crate::dialect::Carrier;

/// A request that waits for its answer.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) purpose: Purpose,
    pub(super) deadline: Instant,
}

/// What a request is for.
#[derive(Debug)]
pub(super) enum Purpose {
    StartMonitor(usize),
    Snapshot(usize),
    Heartbeat,
    /// What can the phone do?
    Features,
    /// Is the phone there? Without a dialog.
    Greeting,
    Dial(Dial),
}

impl Uacsta {
    /// Asks a phone that was silent for long how it is, or whatever else it will answer.
    pub(super) fn heartbeat(&mut self, turn: &mut Turn<'_>) {
        if self.outside {
            self.greet(turn);
        } else if self.wants_features() {
            self.ask_features(turn);
        } else {
            self.request(turn, Purpose::Heartbeat, Request::RequestSystemStatus(Default::default()));
        }
    }

    pub(super) fn answered(&mut self, turn: &mut Turn<'_>, tag: u64, answer: &sip::Answer) {
        self.heard(turn.now);
        self.notice_edition(answer);
        let Some(Pending { purpose, deadline }) = self.pending.remove(&tag) else { return };
        let gone = words::dialog_gone(answer.status).filter(|_| !self.outside);
        match purpose {
            Purpose::Dial(dial) => self.dial_answered(turn, tag, dial, deadline, answer),
            Purpose::Greeting => self.greeted(turn, answer),
            Purpose::StartMonitor(_) | Purpose::Snapshot(_) | Purpose::Heartbeat | Purpose::Features
                if gone.is_some() => {}
            Purpose::StartMonitor(index) => self.monitor_started(turn, index, answer),
            Purpose::Snapshot(index) => self.snapshot_arrived(turn, index, answer),
            // Any answer proves that phone and dialog live.
            Purpose::Features => self.features_answered(answer),
            Purpose::Heartbeat => {
                if let Ok(Message::Response(Response::RequestSystemStatus(response))) = read(answer) {
                    self.status_reported(turn, response.status);
                }
            }
        }
        if let Some(ending) = gone {
            self.reopen(turn, words::ending(ending).into());
        }
    }

    /// A request of ours came to nothing. Without an answer or a connection the phone may be gone, and without a part of
    /// its opening the session would stay half open: it is opened anew.
    pub(super) fn failed(&mut self, turn: &mut Turn<'_>, tag: u64, failure: &sip::Failure) {
        if let Phase::Inviting { dialog, .. } = self.phase {
            turn.agent.bye(turn.now, dialog, turn.wire);
            return self.rejected(turn, failure);
        }
        let why = words::failure(failure);
        if !matches!(failure, sip::Failure::Status(_)) {
            return self.reopen(turn, why);
        }
        // Our own agent had no room for it and sent nothing.
        let why = format!("the gateway has too many SIP requests under way: {why}");
        match self.pending.remove(&tag).map(|pending| pending.purpose) {
            Some(Purpose::StartMonitor(_) | Purpose::Snapshot(_)) => self.reopen(turn, why),
            Some(Purpose::Dial(dial)) => dial.not_sent(why, turn.out),
            // To be asked again after another while, and not at once.
            Some(Purpose::Heartbeat | Purpose::Features | Purpose::Greeting) => self.heard(turn.now),
            None => {}
        }
    }

    /// Sends a CSTA request as INFO (TR/87), or as NOTIFY without a dialog; its answer comes back with the tag it gets
    /// here.
    pub(super) fn request(&mut self, turn: &mut Turn<'_>, purpose: Purpose, request: Request) {
        let Phase::Up { dialog, .. } = self.phase else { return };
        let tag = self.expect(turn.now, purpose);
        let body = self.body(&request.into());
        match &self.dialect.carrier {
            Carrier::Notify { event } if self.outside => {
                turn.agent.ask(turn.now, dialog, tag, outside::notify(event, body), turn.wire);
            }
            Carrier::Info | Carrier::Notify { .. } => {
                turn.agent.request(turn.now, dialog, tag, sip::Method::INFO, Some(body), turn.wire);
            }
        }
    }

    /// An answer will come, to what goes out with this tag.
    pub(super) fn expect(&mut self, now: Instant, purpose: Purpose) -> u64 {
        let tag = self.next_tag;
        self.next_tag += 1;
        self.pending.insert(tag, Pending { purpose, deadline: now + self.config.request_timeout });
        tag
    }

    /// A CSTA message as the body of a SIP message, in the edition that the phone is spoken to in.
    pub(super) fn body(&self, message: &Message) -> sip::Body {
        sip::Body::csta(csta::xml::encode(message, self.dialect.edition.0))
    }
}

/// The CSTA message in a SIP answer, or why there is none.
pub(super) fn read(answer: &sip::Answer) -> Result<Message, String> {
    match &answer.body {
        _ if !answer.is_success() => Err(words::status(answer)),
        Some(body) => csta::xml::decode(&body.bytes).map_err(|error| error.to_string()),
        None => Err(format!("{} without a CSTA body", words::status(answer))),
    }
}
