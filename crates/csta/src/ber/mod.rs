//! ECMA-285: CSTA messages in BER, with the operations of ROSE (X.880) and the associations of ACSE (X.227) around them.
//!
//! The same tag means different events in phases I (ECMA-180), II (ECMA-218) and III (ECMA-285), so [`decode`] is told
//! the [`Phase`]; the association negotiates it ([`acse::Versions`]), or the configuration says it. Liberal in what it
//! reads: lengths without end or longer than needed, strings in segments, ISO-8859-1 where seven bits are due, elements
//! in another order, unknown ones, arguments with or without a SEQUENCE around them. [`encode`] writes definite lengths,
//! as short as they can be.
//!
//! Identifiers that are octets on the wire (calls, monitors, dynamic devices) are hex in the model, so that they go back
//! as they came.

pub mod acse;
mod error;
mod event;
mod fields;
#[rustfmt::skip] // tables: several names a line
mod numbers;
mod private;
mod read;
mod rose;
mod service;
mod tag;
#[cfg(test)]
mod tests;
mod value;
mod write;

pub use acse::Acse;
pub use error::DecodeError;
pub use private::PrivateData;
pub use rose::{Problem, ProblemKind};

use crate::{CrossRefId, Message, frame::begins_apdu, model::closed_set::closed_set};
use read::Reader;
use write::Writer;

/// The longest message that is read, in bytes.
pub const MAX_MESSAGE: usize = 64 * 1024;
/// How many elements may stand inside each other.
pub const MAX_DEPTH: usize = 32;

closed_set! {
    /// Which of CSTA's three protocols in BER is spoken.
    pub enum Phase {
        /// ECMA-180.
        One = "1",
        /// ECMA-218.
        Two = "2",
        /// ECMA-285.
        Three = "3",
    }
}

impl Phase {
    /// Phase I or II: they share most of their forms.
    const fn is_old(self) -> bool {
        match self {
            Self::One | Self::Two => true,
            Self::Three => false,
        }
    }
}

/// What one frame holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant)] // nearly all that arrives is an event: boxing it would cost more than it saves
pub enum Apdu {
    /// A CSTA message.
    Csta {
        /// Ties an answer to its request; that of an event means nothing.
        invoke_id: InvokeId,
        /// The message.
        message: Message,
        /// What a vendor added to it.
        private_data: Vec<PrivateData>,
    },
    /// The service Escape: a vendor's own request.
    Escape {
        /// To answer it.
        invoke_id: InvokeId,
        /// The request.
        private_data: PrivateData,
    },
    /// A request that is not known here. It wants [`crate::CstaError::service_not_supported`] for an answer.
    UnknownRequest {
        /// To answer it.
        invoke_id: InvokeId,
        /// Its operation code.
        operation: i64,
    },
    /// An event that is not known here. It wants no answer.
    UnknownEvent {
        /// The monitor it belongs to.
        cross_ref: CrossRefId,
        /// What a vendor says in it, if it is a vendor's own event.
        private_data: Vec<PrivateData>,
    },
    /// A positive answer that does not say to what, or to a service not known here.
    Done {
        /// The request's.
        invoke_id: InvokeId,
        /// Its operation code, if the answer names one.
        operation: Option<i64>,
        /// What a vendor added to it.
        private_data: Vec<PrivateData>,
    },
    /// The peer did not understand an APDU.
    Reject {
        /// That of the APDU, if it could be read.
        invoke_id: Option<InvokeId>,
        /// Why.
        problem: Problem,
    },
    /// Opens or closes the association.
    Acse(Acse),
}

/// The number of an invocation. Peers count in two bytes, so it may be negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct InvokeId(pub i32);

/// What was read, and how much was left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The APDU.
    pub apdu: Apdu,
    /// How many bytes stand behind it in its frame; they mean nothing.
    pub ignored: usize,
}

/// Reads what one frame holds.
///
/// # Errors
/// What is wrong with the bytes, and where.
pub fn decode(bytes: &[u8], phase: Phase) -> Result<Decoded, DecodeError> {
    if bytes.len() > MAX_MESSAGE {
        return Err(DecodeError::TooLong { length: bytes.len() });
    }
    let nothing = DecodeError::Missing { what: "the APDU", offset: 0 };
    let tag = *bytes.first().ok_or(nothing)?;
    let not_an_apdu = DecodeError::NotAnApdu { tag };
    if !begins_apdu(tag) {
        return Err(not_an_apdu);
    }
    let mut reader = Reader::new(bytes, phase);
    let element = reader.next()?.ok_or(nothing)?;
    let apdu = match acse::read(&element)? {
        Some(acse) => Apdu::Acse(acse),
        None => rose::read(&element)?.ok_or(not_an_apdu)?,
    };
    Ok(Decoded { apdu, ignored: reader.rest().len() })
}

/// Writes an APDU; `None` if this phase has no such message, or if there is no evidence of its form.
#[must_use]
pub fn encode(apdu: &Apdu, phase: Phase) -> Option<Vec<u8>> {
    let mut out = Writer::new(phase);
    match apdu {
        Apdu::Acse(acse) => acse::write(acse, &mut out),
        Apdu::Csta { .. }
        | Apdu::Escape { .. }
        | Apdu::UnknownRequest { .. }
        | Apdu::UnknownEvent { .. }
        | Apdu::Done { .. }
        | Apdu::Reject { .. } => rose::write(apdu, &mut out)?,
    }
    Some(out.finish())
}
