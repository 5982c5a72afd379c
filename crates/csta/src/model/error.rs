//! The negative answer to a request (ECMA-269 universalFailure).

use std::fmt;

use compact_str::CompactString;

use super::closed_set::closed_set;

/// Why a request was refused: a category and the error's name in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CstaError {
    /// The category.
    pub category: ErrorCategory,
    /// The error's name (`invalidCalledDeviceID`); empty where the category has none.
    pub value: CompactString,
}

closed_set! {
    /// The categories of errors, by their names in ECMA-269.
    pub enum ErrorCategory {
        /// The request itself is wrong, or not supported.
        Operation = "operation",
        /// Refused for security.
        Security = "security",
        /// An object is not in a state for it.
        StateIncompatibility = "stateIncompatibility",
        /// The system has no resource for it.
        SystemResourceAvailability = "systemResourceAvailability",
        /// The caller has used up what it subscribed to.
        SubscribedResourceAvailability = "subscribedResourceAvailability",
        /// Too many requests.
        PerformanceManagement = "performanceManagement",
        /// The private data is wrong.
        PrivateData = "privateData",
        /// No reason given.
        Unspecified = "unspecified",
        /// A vendor's own error.
        PrivateErrorCode = "privateErrorCode",
    }
}

impl CstaError {
    /// An error of the standard: its category and its name in there.
    pub fn new(category: ErrorCategory, value: impl Into<CompactString>) -> Self {
        Self { category, value: value.into() }
    }

    /// `operation/serviceNotSupported`: the answer to a request that is not served.
    #[must_use]
    pub const fn service_not_supported() -> Self {
        Self { category: ErrorCategory::Operation, value: CompactString::const_new("serviceNotSupported") }
    }
}

impl Default for CstaError {
    fn default() -> Self {
        Self { category: ErrorCategory::Unspecified, value: CompactString::default() }
    }
}

/// `category/value`, or the category alone.
impl fmt::Display for CstaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value.as_str() {
            "" => write!(f, "{}", self.category),
            value => write!(f, "{}/{value}", self.category),
        }
    }
}
