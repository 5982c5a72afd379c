//! How a phone is reached: at its own address, through the PBX's proxy, or where it registered.

use std::time::Duration;

use super::{Phase, Turn, Uacsta};
use crate::{NextHop, Output, Way};

/// A search for the next hop that takes longer than this will not end any more.
const LOOKUP: Duration = Duration::from_secs(60);

/// How a phone is reached.
#[derive(Clone, Debug)]
pub enum Reach {
    /// At an address that is known.
    At {
        /// The phone's address.
        uri: sip::Uri,
        /// The PBX's proxy, where the phone is reached through it.
        proxy: Option<sip::Uri>,
    },
    /// Where it registers itself: it is waited for.
    Registered {
        /// The account it registers with.
        user: String,
    },
}

/// The ways that failed in one attempt to open a session (RFC 3263 4.3).
#[derive(Debug, Default)]
pub(super) struct Detour {
    failed: Vec<sip::Candidate>,
    /// Why the last of them did.
    why: String,
}

impl Reach {
    /// Where requests go first, as far as that is known from the start.
    fn next_hop(&self) -> Option<&sip::Uri> {
        match self {
            Self::At { uri, proxy } => Some(proxy.as_ref().unwrap_or(uri)),
            Self::Registered { .. } => None,
        }
    }
}

impl Uacsta {
    /// How the phone is reached.
    #[must_use]
    pub fn reached(&self) -> &Reach {
        &self.config.reach
    }

    /// Asks for a way to the phone; a registration is one.
    pub(super) fn reach(&mut self, turn: &mut Turn<'_>) {
        let reaching = Phase::Reaching { give_up_at: turn.now + LOOKUP };
        if let Some(next_hop) = self.config.reach.next_hop() {
            let failed = self.detour.as_ref().map(|detour| detour.failed.clone()).unwrap_or_default();
            turn.out.push(Output::Reach(NextHop { uri: next_hop.clone(), prefer: self.worked, failed }));
            self.phase = reaching;
        } else if let Some(flow) = self.binding.as_ref().map(|binding| binding.flow) {
            self.phase = reaching;
            self.invite(turn, Way { flow, others: false });
        } else {
            self.down(turn, None, "the phone has not registered yet".into());
        }
    }

    /// How many ways failed in the attempt that is over now.
    pub(super) fn end_of_detour(&mut self) -> usize {
        self.detour.take().map_or(0, |detour| detour.failed.len())
    }

    /// There is none. Whoever searched too long, or for a session that was stopped meanwhile, is not heard.
    pub(super) fn unreachable(&mut self, turn: &mut Turn<'_>, why: &str) {
        if let (Phase::Reaching { .. }, Some(next_hop)) = (&self.phase, self.config.reach.next_hop()) {
            // What was wrong with the ways there were says more than that there is no other.
            let why = match &self.detour {
                Some(detour) => detour.why.clone(),
                None => format!("cannot reach {next_hop}: {why}"),
            };
            self.fail(turn, why);
        }
    }

    /// This way leads to nobody who takes the session: the next one is tried, if there is one.
    pub(super) fn turn_back(&mut self, turn: &mut Turn<'_>, why: String) {
        let Phase::Inviting { way, .. } = &self.phase else { return self.fail(turn, why) };
        let (failed, others) = (sip::Candidate::from(way.flow), way.others);
        self.worked = self.worked.filter(|worked| *worked != failed);
        let detour = self.detour.get_or_insert_default();
        detour.failed.push(failed);
        detour.why.clone_from(&why);
        if others { self.reach(turn) } else { self.fail(turn, why) }
    }

    /// The phone registered for the first time or anew, or its registration is gone. Either way it knows nothing of the
    /// session there was: a restart, a new address or a new connection is what makes it news.
    pub(super) fn registered(&mut self, turn: &mut Turn<'_>, binding: Option<sip::Binding>) {
        if let Phase::Stopped = self.phase {
            return;
        }
        let before = self.dialog();
        if let Some(dialog) = before {
            turn.agent.bye(turn.now, dialog, turn.wire);
        }
        self.binding = binding.map(Box::new);
        (self.failures, self.flaps, self.detour) = (0, 0, None);
        if self.binding.is_none() {
            return self.down(turn, None, "the phone is not registered any more".into());
        }
        if before.is_some() {
            self.doubt_refusals();
            self.down(turn, None, "the phone registered anew: it was restarted, or moved".into());
        }
        self.reach(turn);
    }

    /// An INVITE for the phone as it is reached now.
    pub(super) fn invitation(&self, flow: sip::Flow) -> Option<sip::Invite> {
        let ourselves = sip::Uri::at("hookswitch", flow.local);
        match &self.config.reach {
            Reach::At { uri, proxy } => {
                let from = proxy.as_ref().and_then(|proxy| self.account_at(proxy)).unwrap_or(ourselves);
                let route = proxy.iter().map(loose).collect();
                Some(sip::Invite { route, ..sip::Invite::new(flow, uri.clone(), from) })
            }
            Reach::Registered { .. } => {
                let sip::Binding { contact, account, .. } = self.binding.as_deref()?;
                let to = Some(account.clone());
                Some(sip::Invite { to, pinned: true, ..sip::Invite::new(flow, contact.clone(), ourselves) })
            }
        }
    }

    /// Who calls through a proxy: the account that it knows.
    fn account_at(&self, proxy: &sip::Uri) -> Option<sip::Uri> {
        let username = &self.config.credentials.as_ref()?.username;
        sip::Uri::parse(format!("sip:{username}@{}", proxy.host()).as_bytes()).ok()
    }
}

/// A proxy that an administrator names routes loosely, whether `;lr` is written or not: strict routers died with RFC 2543.
fn loose(proxy: &sip::Uri) -> sip::Uri {
    if proxy.param("lr").is_some() { proxy.clone() } else { proxy.with_param("lr") }
}
