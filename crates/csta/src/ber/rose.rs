//! Remote operations (X.880): invoke, result, error, reject.

use std::fmt;

use super::{
    Apdu, DecodeError, InvokeId, event,
    private::PrivateData,
    read::{Element, Reader},
    service,
    tag::Tag,
    write::Writer,
};
use crate::{CstaError, Message, Request, Response, model::closed_set::closed_set};

const INVOKE: Tag = Tag::context(1);
const RESULT: Tag = Tag::context(2);
const ERROR: Tag = Tag::context(3);
const REJECT: Tag = Tag::context(4);

/// The only error of CSTA: universalFailure.
const UNIVERSAL_FAILURE: i64 = 1;

/// Why the peer did not understand an APDU (X.880 clause 9.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What was not understood.
    pub kind: ProblemKind,
    /// The reason's number.
    pub code: i64,
}

closed_set! {
    /// What a peer may not understand.
    pub enum ProblemKind {
        /// Any APDU.
        General = "APDU",
        /// A request or an event.
        Invoke = "invoke",
        /// A result.
        Result = "result",
        /// An error.
        Error = "error",
    }
}

impl Problem {
    /// The name of the reason in X.880.
    #[must_use]
    pub fn name(&self) -> &'static str {
        let names: &[_] = match self.kind {
            ProblemKind::General => &["unrecognizedPDU", "mistypedPDU", "badlyStructuredPDU"],
            ProblemKind::Invoke => &[
                "duplicateInvocation",
                "unrecognizedOperation",
                "mistypedArgument",
                "resourceLimitation",
                "releaseInProgress",
                "unrecognizedLinkedId",
                "linkedResponseUnexpected",
                "unexpectedLinkedOperation",
            ],
            ProblemKind::Result => &["unrecognizedInvocation", "resultResponseUnexpected", "mistypedResult"],
            ProblemKind::Error => &[
                "unrecognizedInvocation",
                "errorResponseUnexpected",
                "unrecognizedError",
                "unexpectedError",
                "mistypedParameter",
            ],
        };
        usize::try_from(self.code).ok().and_then(|place| names.get(place)).copied().unwrap_or("not known")
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rejected: {} ({})", self.kind, self.name(), self.code)
    }
}

/// Reads an APDU of ROSE; `None` if it is none.
pub(super) fn read(apdu: &Element<'_>) -> Result<Option<Apdu>, DecodeError> {
    let parts = apdu.inner();
    match apdu.tag {
        INVOKE => read_invoke(parts).map(Some),
        RESULT => read_result(parts).map(Some),
        ERROR => read_error(parts).map(Some),
        REJECT => read_reject(parts).map(Some),
        _ => Ok(None),
    }
}

fn read_invoke(mut parts: Reader<'_>) -> Result<Apdu, DecodeError> {
    let invoke_id = invoke_id(&mut parts)?;
    parts.next_if(LINKED_ID)?;
    let operation = integer(&mut parts, "the operation of an invoke")?;
    match operation {
        event::REPORT => event::read(parts, invoke_id),
        service::ESCAPE => {
            let offset = parts.offset();
            let data = service::escape_data(parts)?;
            let private_data = data.ok_or(DecodeError::Missing { what: "the data of an escape", offset })?;
            Ok(Apdu::Escape { invoke_id, private_data })
        }
        _ => {
            let mut private_data = Vec::new();
            Ok(match service::read_request(operation, parts, &mut private_data)? {
                Some(request) => Apdu::Csta { invoke_id, message: request.into(), private_data },
                None => Apdu::UnknownRequest { invoke_id, operation },
            })
        }
    }
}

const LINKED_ID: Tag = Tag::context(0);

fn read_result(mut parts: Reader<'_>) -> Result<Apdu, DecodeError> {
    let invoke_id = invoke_id(&mut parts)?;
    let mut private_data = Vec::new();
    let Some(result) = parts.next_if(Tag::SEQUENCE)? else {
        return Ok(Apdu::Done { invoke_id, operation: None, private_data });
    };
    let mut result = result.inner();
    let operation = integer(&mut result, "the operation of a result")?;
    Ok(match service::read_response(operation, result, &mut private_data)? {
        Some(response) => Apdu::Csta { invoke_id, message: response.into(), private_data },
        None => Apdu::Done { invoke_id, operation: Some(operation), private_data },
    })
}

fn read_error(mut parts: Reader<'_>) -> Result<Apdu, DecodeError> {
    let invoke_id = invoke_id(&mut parts)?;
    parts.next_if(Tag::INTEGER)?;
    let error = match parts.next()? {
        Some(parameter) => service::read_failure(&parameter)?,
        None => CstaError::default(),
    };
    Ok(Apdu::Csta { invoke_id, message: error.into(), private_data: Vec::new() })
}

fn read_reject(mut parts: Reader<'_>) -> Result<Apdu, DecodeError> {
    let offset = parts.offset();
    let id = parts.next()?.ok_or(DecodeError::Missing { what: "the invoke id", offset })?;
    let invoke_id = match id.tag {
        Tag::INTEGER => id.integer()?.and_then(|id| id.try_into().ok()).map(InvokeId),
        _ => None,
    };
    let missing = DecodeError::Missing { what: "the problem of a reject", offset: parts.offset() };
    let problem = parts.next()?.ok_or(missing)?;
    let kind = problem.tag.context_number().and_then(|number| ProblemKind::ALL.get(usize::try_from(number).ok()?));
    match (kind, problem.integer()?) {
        (Some(kind), Some(code)) => Ok(Apdu::Reject { invoke_id, problem: Problem { kind: *kind, code } }),
        _ => Err(missing),
    }
}

fn invoke_id(parts: &mut Reader<'_>) -> Result<InvokeId, DecodeError> {
    let offset = parts.offset();
    let id = integer(parts, "the invoke id")?;
    id.try_into().map(InvokeId).map_err(|_| DecodeError::Missing { what: "an invoke id of 32 bits", offset })
}

fn integer(parts: &mut Reader<'_>, what: &'static str) -> Result<i64, DecodeError> {
    let missing = DecodeError::Missing { what, offset: parts.offset() };
    let element = parts.next_if(Tag::INTEGER)?.ok_or(missing)?;
    element.integer()?.ok_or(missing)
}

/// Writes an APDU of ROSE; `None` if the phase has no such message.
pub(super) fn write(apdu: &Apdu, out: &mut Writer) -> Option<()> {
    match apdu {
        Apdu::Csta { invoke_id, message: Message::Event(event), private_data } => {
            invoke(*invoke_id, event::REPORT, out, |out| event::write(event, private_data, out))
        }
        Apdu::Csta { invoke_id, message: Message::Request(request), private_data } => {
            write_request(*invoke_id, request, private_data, out)
        }
        Apdu::Csta { invoke_id, message: Message::Response(response), private_data } => {
            write_response(*invoke_id, response, private_data, out)
        }
        Apdu::Csta { invoke_id, message: Message::Error(error), private_data: _ } => {
            out.constructed(ERROR, |out| {
                out.integer(Tag::INTEGER, i64::from(invoke_id.0));
                out.integer(Tag::INTEGER, UNIVERSAL_FAILURE);
                service::write_failure(error, out);
            });
            Some(())
        }
        Apdu::Escape { invoke_id, private_data } => invoke(*invoke_id, service::ESCAPE, out, |out| {
            out.constructed(Tag::SEQUENCE, |out| private_data.write(out));
            Some(())
        }),
        Apdu::UnknownRequest { invoke_id, operation } => invoke(*invoke_id, *operation, out, |_| Some(())),
        Apdu::UnknownEvent { cross_ref, private_data } => {
            let data = private_data.first().filter(|_| !out.phase.is_old())?;
            invoke(InvokeId::default(), event::REPORT, out, |out| {
                event::write_private(cross_ref, data, out);
                Some(())
            })
        }
        Apdu::Done { invoke_id, operation, private_data } => {
            result(*invoke_id, *operation, out, |out| service::write_nothing(private_data, out));
            Some(())
        }
        Apdu::Reject { invoke_id, problem } => {
            out.constructed(REJECT, |out| {
                match invoke_id {
                    Some(id) => out.integer(Tag::INTEGER, i64::from(id.0)),
                    None => out.primitive(Tag::NULL, &[]),
                }
                let kinds = ProblemKind::ALL.iter().zip(0..);
                let number = kinds.filter(|(kind, _)| **kind == problem.kind).map(|(_, number)| number).sum();
                out.integer(Tag::context(number), problem.code);
            });
            Some(())
        }
        Apdu::Acse(_) => None,
    }
}

fn write_request(id: InvokeId, request: &Request, private_data: &[PrivateData], out: &mut Writer) -> Option<()> {
    let operation = service::operation_of_request(request, out.phase)?;
    invoke(id, operation, out, |out| {
        service::write_request(request, private_data, out);
        Some(())
    })
}

fn write_response(id: InvokeId, response: &Response, private_data: &[PrivateData], out: &mut Writer) -> Option<()> {
    let operation = service::operation_of_response(response, out.phase)?;
    result(id, Some(operation), out, |out| service::write_response(response, private_data, out));
    Some(())
}

fn invoke(
    id: InvokeId,
    operation: i64,
    out: &mut Writer,
    argument: impl FnOnce(&mut Writer) -> Option<()>,
) -> Option<()> {
    let mut written = None;
    out.constructed(INVOKE, |out| {
        out.integer(Tag::INTEGER, i64::from(id.0));
        out.integer(Tag::INTEGER, operation);
        written = argument(out);
    });
    written
}

fn result(id: InvokeId, operation: Option<i64>, out: &mut Writer, result: impl FnOnce(&mut Writer)) {
    out.constructed(RESULT, |out| {
        out.integer(Tag::INTEGER, i64::from(id.0));
        if let Some(operation) = operation {
            out.constructed(Tag::SEQUENCE, |out| {
                out.integer(Tag::INTEGER, operation);
                result(out);
            });
        }
    });
}
