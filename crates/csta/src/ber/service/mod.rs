//! Services in BER: their operation codes (ECMA-285; ECMA-180 and ECMA-218 before), and what stands around their
//! arguments and results.

mod bodies;
mod failure;

pub(super) use failure::{read as read_failure, write as write_failure};

use super::{
    DecodeError, Phase,
    fields::{Body, read_body},
    private::{self, COMMON, PrivateData},
    read::{Element, Reader},
    tag::Tag,
    write::Writer,
};
use crate::model::*;

/// The operation code of Escape in every phase.
pub(super) const ESCAPE: i64 = 51;

/// How an argument or a result is written before phase III; it is read in other forms too.
#[derive(Clone, Copy)]
enum Form {
    /// Its parts, with nothing around them.
    Bare,
    /// In a SEQUENCE.
    Sequence,
    /// In this tag.
    Tagged(u32),
}

/// Lists the services with their operation codes: since phase III, and before that with the forms of argument and result.
/// Services without the latter are in no evidence there.
macro_rules! services {
    ($($service:ident = $code:literal $(, before $old:literal $argument:expr, $result:expr)?;)*) => {
        /// The code of the request's operation; `None` if the phase has none.
        pub(super) const fn operation_of_request(request: &Request, phase: Phase) -> Option<i64> {
            match request { $(Request::$service(_) => services!(@code phase $code $($old)?),)* }
        }

        /// The code of the operation that is answered; `None` if the phase has none.
        pub(super) const fn operation_of_response(response: &Response, phase: Phase) -> Option<i64> {
            match response { $(Response::$service(_) => services!(@code phase $code $($old)?),)* }
        }

        /// Reads the argument of an operation; `None` if the phase has no operation of this code.
        pub(super) fn read_request(
            operation: i64,
            parts: Reader<'_>,
            private_data: &mut Vec<PrivateData>,
        ) -> Result<Option<Request>, DecodeError> {
            let phase = parts.phase;
            $(
                if services!(@code phase $code $($old)?) == Some(operation) {
                    let form = services!(@form $($argument)?);
                    return Ok(Some(Request::$service(read_body(unwrapped(parts, form)?, private_data)?)));
                }
            )*
            Ok(None)
        }

        /// Reads the result of an operation; `None` if the phase has no operation of this code.
        pub(super) fn read_response(
            operation: i64,
            parts: Reader<'_>,
            private_data: &mut Vec<PrivateData>,
        ) -> Result<Option<Response>, DecodeError> {
            let phase = parts.phase;
            $(
                if services!(@code phase $code $($old)?) == Some(operation) {
                    let form = services!(@form $($result)?);
                    return Ok(Some(Response::$service(read_body(unwrapped(parts, form)?, private_data)?)));
                }
            )*
            read_body::<NoResult>(parts, private_data).map(|_| None)
        }

        /// Writes the argument.
        pub(super) fn write_request(request: &Request, private_data: &[PrivateData], out: &mut Writer) {
            match request {
                $(Request::$service(body) => write_in(services!(@form $($argument)?), body, private_data, out),)*
            }
        }

        fn write_result(response: &Response, private_data: &[PrivateData], out: &mut Writer) {
            match response {
                $(Response::$service(body) => write_in(services!(@form $($result)?), body, private_data, out),)*
            }
        }

        /// An empty message of each, with the service's name.
        #[cfg(test)]
        pub(super) fn all() -> Vec<(Request, Response, &'static str)> {
            vec![$((
                Request::$service(Default::default()),
                Response::$service(Default::default()),
                stringify!($service),
            ),)*]
        }
    };
    (@code $phase:ident $code:literal $old:literal) => {
        match $phase { Phase::Three => Some($code), Phase::One | Phase::Two => Some($old) }
    };
    (@code $phase:ident $code:literal) => {
        match $phase { Phase::Three => Some($code), Phase::One | Phase::Two => None }
    };
    (@form $form:expr) => { $form };
    (@form) => { Form::Sequence };
}

use Form::{Bare, Sequence, Tagged};

services! {
    AnswerCall = 2, before 2 Bare, Bare;
    ClearConnection = 5, before 5 Bare, Bare;
    ConsultationCall = 7;
    HoldCall = 9, before 9 Sequence, Bare;
    MakeCall = 10, before 10 Sequence, Bare;
    RetrieveCall = 14, before 14 Bare, Bare;
    TransferCall = 16, before 16 Tagged(2), Bare;
    SingleStepTransferCall = 50;
    MonitorStart = 71, before 71 Sequence, Sequence;
    MonitorStop = 73, before 73 Bare, Bare;
    SnapshotDevice = 74, before 74 Bare, Bare;
    SnapshotCall = 75, before 75 Bare, Bare;
    SystemRegister = 207;
    RequestSystemStatus = 210;
    SystemStatus = 211, before 52 Bare, Bare;
    DeflectCall = 218, before 8 Tagged(0), Bare;
    GenerateDigits = 232;
    GetDoNotDisturb = 308;
    GetForwarding = 309;
    SetDoNotDisturb = 316;
    SetForwarding = 317;
    GetCstaFeatures = 370;
}

/// The parts of an argument or a result, whatever stands around them.
fn unwrapped(parts: Reader<'_>, form: Form) -> Result<Reader<'_>, DecodeError> {
    let mut ahead = parts;
    let Some(first) = ahead.next()? else { return Ok(parts) };
    let tagged = match form {
        Tagged(number) => parts.phase.is_old() && first.tag == Tag::context(number),
        Bare | Sequence => false,
    };
    if !tagged && first.tag != Tag::SEQUENCE {
        return Ok(parts);
    }
    let inner = first.inner();
    match { inner }.next()? {
        // A tag around a SEQUENCE around the parts: EXPLICIT where IMPLICIT was due.
        Some(sequence) if tagged && sequence.tag == Tag::SEQUENCE => Ok(sequence.inner()),
        _ => Ok(inner),
    }
}

fn write_in<T: Body>(old: Form, body: &T, private_data: &[PrivateData], out: &mut Writer) {
    let parts = |out: &mut Writer| {
        body.write_members(out);
        private::write_common(COMMON, private_data, out);
    };
    match (out.phase, old) {
        (Phase::Three, _) | (Phase::One | Phase::Two, Sequence) => out.constructed(Tag::SEQUENCE, parts),
        (Phase::One | Phase::Two, Tagged(number)) => out.constructed(Tag::context(number), parts),
        (Phase::One | Phase::Two, Bare) => parts(out),
    }
}

/// Writes the result.
pub(super) fn write_response(response: &Response, private_data: &[PrivateData], out: &mut Writer) {
    match response {
        Response::SystemStatus(NoResult)
        | Response::MonitorStop(NoResult)
        | Response::AnswerCall(NoResult)
        | Response::ClearConnection(NoResult)
        | Response::HoldCall(NoResult)
        | Response::RetrieveCall(NoResult)
        | Response::DeflectCall(NoResult)
        | Response::GenerateDigits(NoResult)
        | Response::SetDoNotDisturb(NoResult)
        | Response::SetForwarding(NoResult) => write_nothing(private_data, out),
        // Its lists are bits here, which nobody reads so far; that of the services is mandatory.
        Response::GetCstaFeatures(_) => out.constructed(Tag::SEQUENCE, |out| {
            out.constructed(Tag::SEQUENCE, |_| ());
            private::write_common(COMMON, private_data, out);
        }),
        Response::RequestSystemStatus(_)
        | Response::SystemRegister(_)
        | Response::MonitorStart(_)
        | Response::SnapshotDevice(_)
        | Response::SnapshotCall(_)
        | Response::MakeCall(_)
        | Response::ConsultationCall(_)
        | Response::TransferCall(_)
        | Response::SingleStepTransferCall(_)
        | Response::GetDoNotDisturb(_)
        | Response::GetForwarding(_) => write_result(response, private_data, out),
    }
}

/// A result that says no more than that it was done: NULL, or the common arguments.
pub(super) fn write_nothing(private_data: &[PrivateData], out: &mut Writer) {
    if private_data.is_empty() {
        out.primitive(Tag::NULL, &[]);
    }
    private::write_common(COMMON, private_data, out);
}

/// The data of an Escape: it stands last in the argument, if the argument is a SEQUENCE, else it is the argument.
pub(super) fn escape_data(mut parts: Reader<'_>) -> Result<Option<PrivateData>, DecodeError> {
    let Some(argument) = parts.next()? else { return Ok(None) };
    let mut last: Element<'_> = argument;
    if argument.tag == Tag::SEQUENCE {
        let mut inner = argument.inner();
        while let Some(element) = inner.next()? {
            last = element;
        }
    }
    Ok(Some(PrivateData::of(&last)))
}
