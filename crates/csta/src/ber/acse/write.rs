//! Writes ACSE.

use super::*;
use crate::ber::write::Writer;

/// Writes an APDU of ACSE.
pub(in crate::ber) fn write(acse: &Acse, out: &mut Writer) {
    match acse {
        Acse::Request(request) => out.constructed(REQUEST, |out| write_request(request, out)),
        Acse::Response(response) => out.constructed(RESPONSE, |out| write_response(response, out)),
        // The reason is `normal`.
        Acse::ReleaseRequest => out.constructed(RELEASE_REQUEST, |out| out.integer(Tag::context(0), 0)),
        Acse::ReleaseResponse => out.constructed(RELEASE_RESPONSE, |out| out.integer(Tag::context(0), 0)),
        // The source is the user of ACSE.
        Acse::Abort => out.constructed(ABORT, |out| out.integer(Tag::context(0), 0)),
    }
}

fn write_request(request: &AssociationRequest, out: &mut Writer) {
    if request.says_version {
        out.bits(PROTOCOL_VERSION, 1);
    }
    write_oid(CONTEXT, &request.context, out);
    if let Some(login) = &request.login {
        // The bit is authentication. The value is the EXTERNAL [2] of X.227 as a HiPath 3000 takes it.
        out.bits(REQUIREMENTS, 1);
        out.constructed(AUTHENTICATION, |out| {
            out.constructed(Tag::context(2), |out| {
                out.constructed(Tag::context(0), |out| {
                    out.constructed(Tag::context(0), |out| {
                        out.primitive(Tag::OCTET_STRING, login.user.as_bytes());
                        out.primitive(Tag::OCTET_STRING, login.password.as_bytes());
                    });
                });
            });
        });
    }
    request.information.iter().for_each(|information| write_information(information, out));
}

fn write_response(response: &AssociationResponse, out: &mut Writer) {
    response.context.iter().for_each(|context| write_oid(CONTEXT, context, out));
    let (result, by_user, diagnostic) = match response.result {
        AssociationResult::Accepted => (0, true, 0),
        AssociationResult::Rejected { transient, by_user, diagnostic } => {
            (if transient { 2 } else { 1 }, by_user, diagnostic)
        }
    };
    out.constructed(RESULT, |out| out.integer(Tag::INTEGER, result));
    out.constructed(DIAGNOSTIC, |out| {
        let source = if by_user { 1 } else { 2 };
        out.constructed(Tag::context(source), |out| out.integer(Tag::INTEGER, diagnostic));
    });
    response.information.iter().for_each(|information| write_information(information, out));
}

fn write_oid(tag: Tag, oid: &Oid, out: &mut Writer) {
    out.constructed(tag, |out| out.primitive(Tag::OBJECT_IDENTIFIER, oid.octets()));
}

fn write_information(information: &UserInformation, out: &mut Writer) {
    let versions = |out: &mut Writer| out.bits(Tag::BIT_STRING, u64::from(information.versions.bits()));
    out.constructed(USER_INFORMATION, |out| {
        out.constructed(Tag::EXTERNAL, |out| {
            information.syntax.iter().for_each(|oid| out.primitive(Tag::OBJECT_IDENTIFIER, oid.octets()));
            // single-ASN1-type
            out.constructed(Tag::context(0), |out| match &information.form {
                InformationForm::New => out.constructed(Tag::context(0), versions),
                InformationForm::Old { required, supplied } => out.constructed(Tag::SEQUENCE, |out| {
                    versions(out);
                    write_functions(required, out);
                    write_functions(supplied, out);
                }),
            });
        });
    });
}

fn write_functions(functions: &Functions, out: &mut Writer) {
    out.constructed(Tag::SEQUENCE, |out| {
        for (set, number) in functions.0.iter().zip(0..).filter(|(set, _)| **set != 0) {
            out.bits(Tag::context(number), *set);
        }
    });
}
