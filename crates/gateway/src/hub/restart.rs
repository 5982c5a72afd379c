//! What was there before the gateway was restarted: calls that were open, and dialogs that nobody ended.

use std::collections::HashMap;

use call_model::{Moment, SavedCall};
use sip::Transport;

use super::outbox::{Batch, Sealed};
use super::{Hub, LinkIndex, Output, Round, account};

impl Hub {
    /// Takes up the calls that were open when the gateway last stopped. Where no link will ever vouch for one, it ends
    /// now; one whose line is gone from the configuration is forgotten.
    pub fn restore(&mut self, now: Moment, saved: Vec<SavedCall>, out: &mut Vec<Output>) {
        let mut round = Round::new(now, out);
        let mut gone = Batch::default();
        for call in saved {
            let guid = call.guid;
            if !self.calls.restore(now, call) {
                gone.call(guid, None);
            }
        }
        if let Sealed::Submit(submission) = self.outbox.seal(gone, None) {
            round.out.push(Output::Submit(submission));
        }
        let unlinked: Vec<_> = self.unlinked.keys().cloned().collect();
        for line in unlinked {
            let mut news = Vec::new();
            self.calls.close_unheard(now, &line, now.at, &mut news);
            self.publish(&mut round, news, None);
        }
        self.settle(round);
    }

    /// Ends the dialogs that a crash left behind on the phones, each with the link's name: at once, or where it takes a
    /// connection that the gateway cannot simply open, as soon as there is one.
    pub fn end_remembered(&mut self, now: Moment, dialogs: &[(String, String)], out: &mut Vec<Output>) {
        let mut round = Round::new(now, out);
        let by_name: HashMap<_, _> =
            self.links.iter().enumerate().map(|(n, link)| (link.name(), LinkIndex(n))).collect();
        for (link, dialog) in dialogs {
            let Some(remembered) = sip::Remembered::parse(dialog) else { continue };
            let (flow, link) = (remembered.flow(), by_name.get(link.as_str()).copied());
            let registers = link.is_some_and(|link| account(&self.links[link.0]).is_some());
            let waits = flow.transport == Transport::Tls || (flow.transport == Transport::Tcp && registers);
            match link {
                Some(link) if waits => drop(self.remembered.insert(link, remembered)),
                _ => {
                    let credentials = link.and_then(|link| self.links[link.0].credentials().cloned());
                    self.agent.end_remembered(now.at, remembered, flow, credentials, &mut round.wire);
                }
            }
        }
        self.settle(round);
    }

    /// There is a way to a phone: the dialog that it has from before ends on it, before another begins.
    pub(super) fn end_before(&mut self, round: &mut Round<'_>, link: LinkIndex, flow: sip::Flow) {
        let remembered = self.remembered.remove(&link);
        // What was said inside TLS is said in no other way.
        if let Some(remembered) = remembered.filter(|remembered| remembered.flow().transport == flow.transport) {
            let credentials = self.links[link.0].credentials().cloned();
            self.agent.end_remembered(round.now.at, remembered, flow, credentials, &mut round.wire);
        }
    }
}
