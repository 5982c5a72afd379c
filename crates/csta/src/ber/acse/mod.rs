//! Associations (ACSE, X.227) with the user information of CSTA: who speaks which version, and who may.
//!
//! PBXs differ in every part of it, so what is written is said by the caller; what is read is read leniently: of an answer
//! its result counts, and its versions wherever they stand.

mod oid;
mod read;
mod write;

use std::fmt;

use compact_str::CompactString;

pub use oid::Oid;
pub(super) use read::read;
pub(super) use write::write;

use super::{Phase, tag::Tag};

/// An APDU of ACSE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acse {
    /// AARQ: let us associate.
    Request(AssociationRequest),
    /// AARE: yes or no.
    Response(AssociationResponse),
    /// RLRQ: let us part.
    ReleaseRequest,
    /// RLRE: we part.
    ReleaseResponse,
    /// ABRT: the association is over.
    Abort,
}

/// AARQ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssociationRequest {
    /// The application context: which protocol is meant.
    pub context: Oid,
    /// Says that ACSE is spoken in version 1, which goes without saying; an Alcatel-Lucent OXE is used to it.
    pub says_version: bool,
    /// Name and password.
    pub login: Option<Login>,
    /// What CSTA itself has to say; nothing is enough for an OXO Connect.
    pub information: Option<UserInformation>,
}

/// AARE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssociationResponse {
    /// The application context.
    pub context: Option<Oid>,
    /// Yes or no.
    pub result: AssociationResult,
    /// What CSTA itself has to say.
    pub information: Option<UserInformation>,
}

/// Yes, or why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssociationResult {
    /// Yes.
    Accepted,
    /// No.
    Rejected {
        /// It may be tried again as it is.
        transient: bool,
        /// The user of ACSE (the PBX's CSTA) said no, not ACSE itself.
        by_user: bool,
        /// The reason's number.
        diagnostic: i64,
    },
}

/// In words, with the reason's name in X.227.
impl fmt::Display for AssociationResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const BY_USER: [&str; 15] = [
            "no reason given",
            "no reason given",
            "application context not supported",
            "calling AP title not recognized",
            "calling AP invocation not recognized",
            "calling AE qualifier not recognized",
            "calling AE invocation not recognized",
            "called AP title not recognized",
            "called AP invocation not recognized",
            "called AE qualifier not recognized",
            "called AE invocation not recognized",
            "kind of login not recognized",
            "kind of login required",
            "login failed",
            "login required",
        ];
        const BY_PROVIDER: [&str; 3] = ["no reason given", "no reason given", "no common version of ACSE"];
        let Self::Rejected { transient, by_user, diagnostic } = self else { return f.write_str("accepted") };
        let names: &[&str] = if *by_user { &BY_USER } else { &BY_PROVIDER };
        let name = usize::try_from(*diagnostic).ok().and_then(|place| names.get(place)).unwrap_or(&"unknown reason");
        let kind = if *transient { "rejected for now" } else { "rejected" };
        write!(f, "{kind}: {name} ({diagnostic})")
    }
}

/// A name and its password. It prints no password.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The name.
    pub user: CompactString,
    /// The password.
    pub password: CompactString,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("user", &self.user).finish_non_exhaustive()
    }
}

/// ACSEUserInformationForCSTA, in its EXTERNAL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserInformation {
    /// Which versions are offered; in an answer, which were chosen.
    pub versions: Versions,
    /// In which form.
    pub form: InformationForm,
    /// The name of the syntax in the EXTERNAL, where the peer wants one.
    pub syntax: Option<Oid>,
}

/// The two forms of the user information.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InformationForm {
    /// oldDefinition: with the functions that are required and that can be supplied.
    Old {
        /// CSTAFunctionality.
        required: Functions,
        /// CSTAFunctionality.
        supplied: Functions,
    },
    /// newDefinition: the versions alone.
    New,
}

/// CSTAFunctionality: sets of services and events by the bits of phase II, each set with its tag: switching function,
/// event reports, computing function, bidirectional, status reporting, input and output, voice unit. Bit 0 is the lowest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Functions(pub [u64; 7]);

/// CSTAVersion: which protocols are spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Versions(u32);

impl Versions {
    /// ECMA-180.
    pub const PHASE_I: Self = Self(1);
    /// ECMA-218.
    pub const PHASE_II: Self = Self(1 << 1);
    /// ISO/IEC 18052, what a HiPath 3000 is asked for.
    pub const ISO_18052: Self = Self(1 << 3);
    /// All editions of phase III in BER: ECMA-285 editions 1 to 4, and ISO/IEC 18052.
    pub const PHASE_III: Self = Self(1 << 2 | 1 << 3 | 1 << 4 | 1 << 14 | 1 << 18);
    /// All that is spoken here.
    pub const ALL: Self = Self(Self::PHASE_I.0 | Self::PHASE_II.0 | Self::PHASE_III.0);

    /// The versions with these bits, bit 0 being the lowest.
    #[must_use]
    pub const fn of_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// Their bits.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// The latest phase among them; `None` if there is none that is written in BER.
    #[must_use]
    pub const fn phase(self) -> Option<Phase> {
        if self.0 & Self::PHASE_III.0 != 0 {
            Some(Phase::Three)
        } else if self.0 & Self::PHASE_II.0 != 0 {
            Some(Phase::Two)
        } else if self.0 & Self::PHASE_I.0 != 0 {
            Some(Phase::One)
        } else {
            None
        }
    }
}

impl AssociationResponse {
    /// The phase that was agreed on: that of the versions, else that of the application context.
    #[must_use]
    pub fn phase(&self) -> Option<Phase> {
        let versions = self.information.as_ref().and_then(|information| information.versions.phase());
        versions.or_else(|| self.context.as_ref()?.phase())
    }
}

const REQUEST: Tag = Tag::application(0);
const RESPONSE: Tag = Tag::application(1);
const RELEASE_REQUEST: Tag = Tag::application(2);
const RELEASE_RESPONSE: Tag = Tag::application(3);
const ABORT: Tag = Tag::application(4);

const PROTOCOL_VERSION: Tag = Tag::context(0);
const CONTEXT: Tag = Tag::context(1);
const RESULT: Tag = Tag::context(2);
const DIAGNOSTIC: Tag = Tag::context(3);
/// sender-acse-requirements.
const REQUIREMENTS: Tag = Tag::context(10);
/// calling-authentication-value.
const AUTHENTICATION: Tag = Tag::context(12);
const USER_INFORMATION: Tag = Tag::context(30);
