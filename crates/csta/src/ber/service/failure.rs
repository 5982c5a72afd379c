//! The error of all services: universalFailure (ECMA-285; ECMA-180 for the form before).

use crate::ber::{
    DecodeError, numbers,
    read::Element,
    tag::Tag,
    value::{name_of, number_of},
    write::Writer,
};
use crate::model::{CstaError, ErrorCategory};

/// A category: its tag since phase III, its tag before, and the names of its errors.
struct Category(ErrorCategory, u32, Option<u32>, &'static [&'static str]);

const CATEGORIES: [Category; 8] = [
    Category(ErrorCategory::Operation, 0, Some(1), numbers::OPERATION),
    Category(ErrorCategory::Security, 1, None, numbers::SECURITY),
    Category(ErrorCategory::StateIncompatibility, 2, Some(2), numbers::STATE),
    Category(ErrorCategory::SystemResourceAvailability, 3, Some(3), numbers::SYSTEM_RESOURCE),
    Category(ErrorCategory::SubscribedResourceAvailability, 4, Some(4), numbers::SUBSCRIBED_RESOURCE),
    Category(ErrorCategory::PerformanceManagement, 5, Some(5), numbers::PERFORMANCE),
    Category(ErrorCategory::PrivateData, 6, None, numbers::PRIVATE_DATA),
    Category(ErrorCategory::Unspecified, 7, Some(6), &[]),
];

/// Reads the parameter of an error. The two forms are told apart by themselves: EXPLICIT since phase III, IMPLICIT before.
pub(in crate::ber) fn read(parameter: &Element<'_>) -> Result<CstaError, DecodeError> {
    let tag = parameter.tag.context_number();
    let is_meant = |category: &&Category| {
        let number = if parameter.constructed { Some(category.1) } else { category.2 };
        tag.is_some() && number == tag
    };
    let Some(Category(category, _, _, names)) = CATEGORIES.iter().find(is_meant) else {
        return Ok(CstaError::default());
    };
    Ok(match (category, parameter.integer()?) {
        (ErrorCategory::Unspecified, _) | (_, None) => CstaError::new(*category, ""),
        (_, Some(number)) => CstaError::new(*category, name_of(number, names)),
    })
}

/// Writes it. An error without a number becomes `generic`; one in a category that the phase does not have, `unspecified`.
pub(in crate::ber) fn write(error: &CstaError, out: &mut Writer) {
    let old = out.phase.is_old();
    let known = CATEGORIES.iter().find(|category| category.0 == error.category && !(old && category.2.is_none()));
    match known {
        Some(Category(category, new, before, names)) if *category != ErrorCategory::Unspecified => {
            let number = number_of(&error.value, names).or_else(|| number_of("generic", names)).unwrap_or(1);
            match before {
                Some(before) if old => out.integer(Tag::context(*before), number),
                Some(_) | None => {
                    out.constructed(Tag::context(*new), |out| out.integer(Tag::ENUMERATED, number));
                }
            }
        }
        Some(_) | None if old => out.primitive(Tag::context(6), &[]),
        Some(_) | None => out.constructed(Tag::context(7), |out| out.primitive(Tag::NULL, &[])),
    }
}
