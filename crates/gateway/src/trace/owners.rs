//! Whose messages these are: which link of the configuration, as far as the messages themselves say it.

use std::collections::HashMap;
use std::sync::Arc;

use session::Reach;
use sip::message::Message;
use sip::{Flow, Method, Uri};

use super::Entry;
use super::label::Reading;
use crate::config::Config;
use crate::parts::phones;

/// The links of a configuration, by what their messages name.
#[derive(Debug, Default)]
pub struct Owners {
    /// By user and host of the phone's address.
    by_address: HashMap<(String, String), Owner>,
    /// By the account that the phone registers with.
    by_account: HashMap<String, Owner>,
    /// By the flow of a phone that is reached without a proxy.
    by_flow: HashMap<Flow, Arc<str>>,
}

#[derive(Clone, Debug)]
struct Owner {
    link: Arc<str>,
    /// Nobody else's messages go its way.
    direct: bool,
}

impl Owners {
    /// Those of this configuration.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let mut owners = Self::default();
        for (name, phone) in phones(config) {
            let owner = |direct| Owner { link: name.into(), direct };
            match &phone.reach {
                Reach::At { uri, proxy } => owners.by_address.insert(address(uri), owner(proxy.is_none())),
                Reach::Registered { user } => owners.by_account.insert(user.clone(), owner(true)),
            };
        }
        owners
    }

    /// The link that a message belongs to: its To or From names the link's phone. What names none, or cannot be read,
    /// belongs to the phone whose flow it came on, if that is one phone's alone.
    pub fn of(&mut self, entry: &Entry) -> Option<Arc<str>> {
        let reading = entry.what.message().map(|bytes| Reading::of(bytes));
        let named = reading.as_ref().and_then(Reading::message).and_then(|message| self.named(message));
        let Some(Owner { link, direct }) = named.cloned() else { return self.by_flow.get(&entry.flow).cloned() };
        if direct {
            self.by_flow.insert(entry.flow, link.clone());
        }
        Some(link)
    }

    fn named(&self, message: &Message<'_>) -> Option<&Owner> {
        if let Some(owner) = registering(message).and_then(|account| self.by_account.get(&account)) {
            return Some(owner);
        }
        let sides = [message.to.uri(), message.from.uri()];
        sides.into_iter().flatten().find_map(|uri| self.by_address.get(&address(&uri)))
    }
}

/// The account of a REGISTER, or of the answer to one.
fn registering(message: &Message<'_>) -> Option<String> {
    let to = message.to.uri().ok().filter(|_| message.cseq.method == Method::REGISTER)?;
    to.user().map(str::to_owned)
}

fn address(uri: &Uri) -> (String, String) {
    (uri.user().unwrap_or_default().to_owned(), uri.host().to_ascii_lowercase())
}
