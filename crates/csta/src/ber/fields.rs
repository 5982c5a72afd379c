//! Parts that stand in an order, most of which may be missing, told apart by tags of which some repeat.

use super::{
    DecodeError, Phase,
    private::{self, COMMON, PrivateData},
    read::{Element, Reader},
    tag::Tag,
    write::Writer,
};

/// A value that stands in one element.
pub(super) trait Value: Sized {
    /// Reads the element. `None`: it holds nothing that is known here, and counts as absent.
    fn from_ber(element: &Element<'_>) -> Result<Option<Self>, DecodeError>;

    /// Writes it with this tag.
    fn to_ber(&self, tag: Tag, out: &mut Writer);
}

/// A member of a message: a value that may have to be there, may be missing, or may be there many times.
pub(super) trait Member {
    /// Reads the element into it.
    fn read(&mut self, element: &Element<'_>) -> Result<(), DecodeError>;

    /// Writes what is there.
    fn write(&self, tag: Tag, out: &mut Writer);

    /// There is something to write.
    fn is_there(&self) -> bool {
        true
    }
}

impl<T: Value> Member for Option<T> {
    fn read(&mut self, element: &Element<'_>) -> Result<(), DecodeError> {
        *self = T::from_ber(element)?;
        Ok(())
    }

    fn write(&self, tag: Tag, out: &mut Writer) {
        if let Some(value) = self {
            value.to_ber(tag, out);
        }
    }

    fn is_there(&self) -> bool {
        self.is_some()
    }
}

/// Where a member stands: how its element is told from others, and how it is tagged.
#[derive(Clone, Copy)]
pub(super) enum Slot {
    /// With this tag in every phase.
    Own(Tag),
    /// With this tag since phase III; earlier phases have no such member.
    New(Tag),
    /// With one tag since phase III, with another before.
    Moved(Tag, Tag),
    /// A DeviceID: a SEQUENCE since phase III, its bare CHOICE before.
    Device,
    /// A DeviceID since phase III, before that a CalledDeviceID.
    Dialled,
    /// A DeviceID inside an EXPLICIT tag since phase III, before that a CalledDeviceID.
    DialledInside(Tag),
    /// A device or a call (CSTAObject).
    Object,
    /// The other end in a snapshot. The module has [3]; a HiPath writes [1].
    Endpoint,
    /// A snapshot's list, or the name under which it comes later.
    Found(Tag, Tag),
    /// A CallState, or the LocalConnectionState that a HiPath writes in its place.
    State,
}

pub(super) const CONNECTION: Tag = Tag::application(11);
pub(super) const CALLED: Tag = Tag::application(2);
pub(super) const SUBJECT: Tag = Tag::application(3);
pub(super) const LOCAL_STATE: Tag = Tag::application(14);

impl Slot {
    /// The element may stand here.
    pub(super) fn takes(self, element: &Element<'_>) -> bool {
        let tag = element.tag;
        let old = element.phase().is_old();
        let bare = || old && matches!(tag.context_number(), Some(0..=6));
        match self {
            Self::Own(own) => tag == own,
            // Before phase III context tags mean other things.
            Self::New(new) => tag == new && !(old && tag.context_number().is_some()),
            Self::Moved(new, before) => tag == if old { before } else { new },
            Self::Device => tag == Tag::SEQUENCE || bare(),
            Self::Dialled => tag == Tag::SEQUENCE || old && tag == CALLED || bare(),
            Self::DialledInside(new) => {
                if old {
                    Self::Dialled.takes(element)
                } else {
                    tag == new
                }
            }
            Self::Object => tag == CONNECTION || Self::Device.takes(element),
            Self::Endpoint => tag == SUBJECT || element.constructed && matches!(tag.context_number(), Some(1 | 3)),
            Self::Found(list, later) => tag == list || tag == later,
            Self::State => tag == LOCAL_STATE || matches!(tag.context_number(), Some(0..=2)),
        }
    }

    /// The tag it is written with; `None` if the phase has no such member.
    pub(super) const fn tag(self, phase: Phase) -> Option<Tag> {
        match (self, phase) {
            (Self::Own(tag), _) | (Self::New(tag) | Self::Moved(tag, _), Phase::Three) => Some(tag),
            (Self::Moved(_, tag), Phase::One | Phase::Two) => Some(tag),
            (Self::New(_), Phase::One | Phase::Two) => None,
            (Self::Device | Self::Object, _) | (Self::Dialled, Phase::Three) => Some(Tag::SEQUENCE),
            (Self::Dialled | Self::DialledInside(_), Phase::One | Phase::Two) => Some(CALLED),
            (Self::DialledInside(tag), Phase::Three) => Some(tag),
            (Self::Endpoint, Phase::Three) => Some(Tag::context(3)),
            (Self::Endpoint, Phase::One | Phase::Two) => Some(SUBJECT),
            (Self::Found(tag, _), _) => Some(tag),
            (Self::State, Phase::Three) => Some(Tag::context(0)),
            (Self::State, Phase::One | Phase::Two) => Some(LOCAL_STATE),
        }
    }
}

impl Slot {
    /// Writes a member here; nothing if the phase has no such member.
    pub(super) fn write(self, member: &dyn Member, out: &mut Writer) {
        match (self, self.tag(out.phase)) {
            (_, None) => {}
            (Self::DialledInside(_), Some(tag)) if !out.phase.is_old() => {
                out.constructed(tag, |out| member.write(Tag::SEQUENCE, out));
            }
            (_, Some(tag)) => member.write(tag, out),
        }
    }
}

/// Reads elements into the slots they belong to: each into the first one behind that of the element before it, else into
/// one that was passed over. What belongs nowhere is skipped; private data is collected.
pub(super) fn read(
    mut elements: Reader<'_>,
    private_data: &mut Vec<PrivateData>,
    slots: impl ExactSizeIterator<Item = Slot> + Clone,
    mut member: impl FnMut(usize, &Element<'_>) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    let mut next = 0;
    let mut filled = 0_u32;
    while let Some(element) = elements.next()? {
        let free = |place: &(usize, Slot)| filled & 1 << place.0 == 0 && place.1.takes(&element);
        let behind = slots.clone().enumerate().skip(next).find(free);
        match behind.or_else(|| slots.clone().enumerate().take(next).find(free)) {
            Some((place, _)) => {
                member(place, &element)?;
                filled |= 1 << place;
                next = next.max(place + 1);
            }
            None if element.tag == COMMON => private::collect(&element, private_data)?,
            None => {}
        }
    }
    Ok(())
}

/// What is made of elements in slots: a message, or a part of one.
pub(super) trait Body: Default {
    /// Where its members stand, in their order. At most 32.
    const SLOTS: &'static [Slot];

    /// Reads the member that stands there.
    fn read_member(&mut self, place: usize, element: &Element<'_>) -> Result<(), DecodeError>;

    /// Writes its members.
    fn write_members(&self, out: &mut Writer);
}

/// Reads a body from the elements it is made of.
pub(super) fn read_body<T: Body>(elements: Reader<'_>, private_data: &mut Vec<PrivateData>) -> Result<T, DecodeError> {
    let mut body = T::default();
    read(elements, private_data, T::SLOTS.iter().copied(), |place, element| body.read_member(place, element))?;
    Ok(body)
}

/// A body that is a part of another.
impl<T: Body> Value for T {
    fn from_ber(element: &Element<'_>) -> Result<Option<Self>, DecodeError> {
        read_body(element.inner(), &mut Vec::new()).map(Some)
    }

    fn to_ber(&self, tag: Tag, out: &mut Writer) {
        out.constructed(tag, |out| self.write_members(out));
    }
}
