//! Which calls belong to one conversation.

use std::collections::HashMap;

use compact_str::CompactString;

use crate::CallRef;

/// What ties calls together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Name {
    /// The same callID on the same link.
    Call { link: CompactString, call: CallRef },
    /// The same global call linkage id, on whatever link.
    Linkage(CompactString),
}

/// The correlation ids in use. A name lives as long as a live call bears it, an id as long as one of its names.
#[derive(Default)]
pub(super) struct Correlations {
    names: HashMap<Name, Entry>,
    ids: HashMap<CompactString, Vec<Name>>,
}

struct Entry {
    id: CompactString,
    calls: usize,
}

impl Correlations {
    /// A call takes a name; a name that is new gets `id`.
    pub(super) fn take(&mut self, name: &Name, id: &CompactString) {
        if let Some(entry) = self.names.get_mut(name) {
            entry.calls += 1;
            return;
        }
        self.names.insert(name.clone(), Entry { id: id.clone(), calls: 1 });
        self.ids.entry(id.clone()).or_default().push(name.clone());
    }

    /// A call gives a name back.
    pub(super) fn give_back(&mut self, name: &Name) {
        let Some(entry) = self.names.get_mut(name) else { return };
        entry.calls -= 1;
        if entry.calls > 0 {
            return;
        }
        let Some(Entry { id, .. }) = self.names.remove(name) else { return };
        if let Some(names) = self.ids.get_mut(&id) {
            names.retain(|other| other != name);
            if names.is_empty() {
                self.ids.remove(&id);
            }
        }
    }

    /// Two names turn out to be one conversation: all of it goes by the id of `kept`. Unknown names tie nothing.
    pub(super) fn merge(&mut self, kept: &Name, joining: &Name) {
        let (Some(kept), Some(joining)) = (self.id(kept), self.id(joining)) else { return };
        if kept == joining {
            return;
        }
        let names = self.ids.remove(&joining).unwrap_or_default();
        for name in &names {
            if let Some(entry) = self.names.get_mut(name) {
                entry.id = kept.clone();
            }
        }
        self.ids.entry(kept).or_default().extend(names);
    }

    /// The conversation's id.
    pub(super) fn id(&self, name: &Name) -> Option<CompactString> {
        self.names.get(name).map(|entry| entry.id.clone())
    }

    /// No live call is left.
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty() && self.ids.is_empty()
    }
}
