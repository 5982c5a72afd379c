//! Events in BER: the argument of cSTAEventReport. All kinds share one form, so tables ([`layout`]) say where each stands
//! and what it is made of; decoder and encoder both follow them.

#[rustfmt::skip] // tables: several fields a line
mod layout;

use super::{
    Apdu, DecodeError, Phase,
    fields::{self, CONNECTION, Member, Slot, Value},
    private::{self, COMMON, PrivateData},
    read::{Element, Reader},
    tag::Tag,
    write::Writer,
};
use crate::event_part::{Part, member_of};
use crate::model::{
    CallLinkageId, CrossRefId, DeviceId, Event, EventCause, EventKind, RedirectionDevice, SubjectDevice,
};
use layout::{Place, common_tag, fields_of, kind_of, kind_of_type};

/// The operation code of cSTAEventReport in every phase.
pub(super) const REPORT: i64 = 21;
/// MonitorCrossRefID.
const CROSS_REF: Tag = Tag::application(21);
/// The category of vendors' own events.
const VENDOR: u32 = 7;

/// A field of an event: where it stands, which part of the event it holds, and what stands there if the event has none.
pub(super) struct Field {
    slot: Slot,
    /// `None`: it is passed over.
    part: Option<Part>,
    absent: Absent,
}

/// What is written for a part that the event does not have, for most parts are mandatory since phase III.
#[derive(Clone, Copy)]
enum Absent {
    LeftOut,
    /// A ConnectionID with an empty call.
    Connection,
    NotKnown,
    /// No redirection.
    NotRequired,
    /// The cause `normal`.
    Normal,
}

impl Field {
    const fn optional(slot: Slot, part: Part) -> Self {
        Self { slot, part: Some(part), absent: Absent::LeftOut }
    }

    const fn connection(part: Part) -> Self {
        Self { slot: Slot::Own(CONNECTION), part: Some(part), absent: Absent::Connection }
    }

    const fn device(tag: Tag, part: Part) -> Self {
        Self { slot: Slot::Own(tag), part: Some(part), absent: Absent::NotKnown }
    }

    const fn redirection(tag: Tag) -> Self {
        Self { slot: Slot::Own(tag), part: Some(Part::LastRedirection), absent: Absent::NotRequired }
    }

    const fn cause() -> Self {
        Self { slot: Slot::Own(Tag::ENUMERATED), part: Some(Part::Cause), absent: Absent::Normal }
    }

    const fn skipped(tag: Tag) -> Self {
        Self { slot: Slot::Own(tag), part: None, absent: Absent::LeftOut }
    }
}

/// Reads the argument of a report.
pub(super) fn read(mut argument: Reader<'_>, invoke_id: super::InvokeId) -> Result<Apdu, DecodeError> {
    if let Some(sequence) = argument.next_if(Tag::SEQUENCE)? {
        argument = sequence.inner();
    }
    let Some(cross_ref) = argument.next_if(CROSS_REF)? else {
        return Err(DecodeError::Missing { what: "the cross reference of an event", offset: argument.offset() });
    };
    let cross_ref = CrossRefId::from_ber(&cross_ref)?.unwrap_or_default();
    let missing = DecodeError::Missing { what: "what happened in an event", offset: argument.offset() };
    let info = argument.next()?.ok_or(missing)?;
    let mut private_data = Vec::new();
    let found = match argument.phase {
        Phase::One => (info.integer()?.and_then(kind_of_type), argument.next()?),
        Phase::Two | Phase::Three => in_category(&info, &mut private_data)?,
    };
    let event = match found {
        (Some(kind), Some(body)) => Some(read_event(cross_ref.clone(), kind, &body, &mut private_data)?),
        (Some(_) | None, _) => None,
    };
    // Before phase III the common arguments stand behind the event.
    while let Some(element) = argument.next()? {
        if element.tag == COMMON {
            private::collect(&element, &mut private_data)?;
        }
    }
    Ok(match event {
        Some(event) => Apdu::Csta { invoke_id, message: event.into(), private_data },
        None => Apdu::UnknownEvent { cross_ref, private_data },
    })
}

/// The kind of event, and what it is made of.
fn in_category<'a>(
    info: &Element<'a>,
    private_data: &mut Vec<PrivateData>,
) -> Result<(Option<&'static EventKind>, Option<Element<'a>>), DecodeError> {
    let body = info.first()?;
    let (Some(category), Some(event)) = (info.tag.context_number(), body) else { return Ok((None, body)) };
    if category == VENDOR && !info.phase().is_old() {
        private_data.extend(private_event(&event)?);
        return Ok((None, None));
    }
    Ok((event.tag.context_number().and_then(|number| kind_of(category, number, info.phase())), body))
}

/// A vendor's own event: its data stands last.
fn private_event(event: &Element<'_>) -> Result<Option<PrivateData>, DecodeError> {
    let (mut inner, mut last) = (event.inner(), None);
    while let Some(element) = inner.next()? {
        last = Some(PrivateData::of(&element));
    }
    Ok(last)
}

fn read_event(
    cross_ref: CrossRefId,
    kind: &EventKind,
    body: &Element<'_>,
    private_data: &mut Vec<PrivateData>,
) -> Result<Event, DecodeError> {
    let mut event = Event::new(cross_ref, kind.clone());
    let mut elements = body.inner();
    // Phase II tags EXPLICIT: the event is a SEQUENCE in its tag.
    let mut ahead = elements;
    if let Some(sequence) = ahead.next_if(Tag::SEQUENCE)?
        && ahead.rest().is_empty()
    {
        elements = sequence.inner();
    }
    let common = common_tag(kind);
    if common != COMMON {
        collect_common(elements, common, private_data)?;
    }
    let fields = fields_of(kind);
    fields::read(elements, private_data, fields.iter().map(|field| field.slot), |place, element| {
        match fields[place].part {
            Some(Part::PlainDevice) => {
                event.device = DeviceId::from_ber(element)?.map(SubjectDevice::Device);
                Ok(())
            }
            Some(part) => member_mut(&mut event, part).map_or(Ok(()), |member| member.read(element)),
            None => Ok(()),
        }
    })?;
    Ok(event)
}

fn collect_common(mut elements: Reader<'_>, tag: Tag, found: &mut Vec<PrivateData>) -> Result<(), DecodeError> {
    while let Some(element) = elements.next()? {
        if element.tag == tag && !element.phase().is_old() {
            private::collect(&element, found)?;
        }
    }
    Ok(())
}

/// Writes the argument of a report; `None` if the phase has no such event.
pub(super) fn write(event: &Event, private_data: &[PrivateData], out: &mut Writer) -> Option<()> {
    let place = Place::of(&event.kind);
    let phase = out.phase;
    let (category, number) = match phase {
        Phase::One => (0, place.type_number()?),
        Phase::Two | Phase::Three => place.tags(phase)?,
    };
    out.constructed(Tag::SEQUENCE, |out| {
        event.cross_ref.to_ber(CROSS_REF, out);
        match phase {
            Phase::One => {
                out.integer(Tag::context(0), i64::from(number));
                out.constructed(Tag::SEQUENCE, |out| write_event(event, out));
            }
            Phase::Two => out.constructed(Tag::context(category), |out| {
                out.constructed(Tag::context(number), |out| {
                    out.constructed(Tag::SEQUENCE, |out| write_event(event, out));
                });
            }),
            Phase::Three => out.constructed(Tag::context(category), |out| {
                out.constructed(Tag::context(number), |out| {
                    write_event(event, out);
                    private::write_common(common_tag(&event.kind), private_data, out);
                });
            }),
        }
        if phase.is_old() {
            private::write_common(COMMON, private_data, out);
        }
    });
    Some(())
}

/// A private event: the vendor's data in its category.
pub(super) fn write_private(cross_ref: &CrossRefId, data: &PrivateData, out: &mut Writer) {
    out.constructed(Tag::SEQUENCE, |out| {
        cross_ref.to_ber(CROSS_REF, out);
        out.constructed(Tag::context(VENDOR), |out| out.constructed(Tag::context(0), |out| data.write(out)));
    });
}

fn write_event(event: &Event, out: &mut Writer) {
    for field in fields_of(&event.kind) {
        let (Some(part), Some(tag)) = (field.part, field.slot.tag(out.phase)) else { continue };
        match (part, &event.device, &event.call_linkage) {
            (Part::PlainDevice, Some(SubjectDevice::Device(device)), _) => device.to_ber(tag, out),
            (Part::CallLinkageList, _, Some(linkage)) => write_linkages(linkage, tag, out),
            (Part::PlainDevice | Part::CallLinkageList, _, _) => {}
            _ => match member(event, part) {
                Some(member) if member.is_there() => member.write(tag, out),
                Some(_) | None => write_absent(field.absent, tag, out),
            },
        }
    }
}

/// CallLinkageDataList: the module demands that of the old call too, which is not kept.
fn write_linkages(new: &CallLinkageId, tag: Tag, out: &mut Writer) {
    out.constructed(tag, |out| {
        new.to_ber(Tag::SEQUENCE, out);
        new.to_ber(Tag::SEQUENCE, out);
    });
}

fn write_absent(absent: Absent, tag: Tag, out: &mut Writer) {
    if out.phase.is_old() {
        return;
    }
    match absent {
        Absent::LeftOut => {}
        Absent::Connection => crate::ConnectionId::default().to_ber(tag, out),
        Absent::NotKnown => SubjectDevice::NotKnown.to_ber(tag, out),
        Absent::NotRequired => RedirectionDevice::NotRequired.to_ber(tag, out),
        Absent::Normal => EventCause::NORMAL.to_ber(tag, out),
    }
}

member_of!(member,);
member_of!(member_mut, mut);
