//! What a delivered number is in the world outside.
#![allow(clippy::unwrap_used)] // a test fails by panicking

use std::{env, fs, path::PathBuf};

use call_model::{Number, Numbering};

fn check(numbering: &Numbering, number: &str, expected: Option<&str>) {
    assert_eq!(numbering.e164(&Number::new(number)).as_deref(), expected, "{number} under {numbering:?}");
}

fn numbering(country: &str, area: &str, outside_line: &str) -> Numbering {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Numbering { country: country.parse().ok(), area: text(area), outside_line: text(outside_line) }
}

#[test]
fn berlin() {
    let berlin = numbering("DE", "30", "");
    check(&berlin, "+49301234567", Some("+49301234567"));
    check(&berlin, "0301234567", Some("+49301234567"));
    check(&berlin, "0049301234567", Some("+49301234567"));
    check(&berlin, "004312345678", Some("+4312345678"));
    check(&berlin, "1234567", Some("+49301234567"));
    check(&berlin, "015112345678", Some("+4915112345678"));
    // An extension, codes, names and nothing at all.
    for undecided in ["987", "", "+", "*21*030123#", "*21*0301234567", "bob@example.com", "+49abc", "0", "+0301234567"]
    {
        check(&berlin, undecided, None);
    }
}

#[test]
fn behind_an_outside_line_what_lacks_it_is_an_extension() {
    let office = numbering("DE", "30", "0");
    check(&office, "00301234567", Some("+49301234567"));
    check(&office, "000431234567", Some("+431234567"));
    check(&office, "01234567", Some("+49301234567"));
    check(&office, "1234567", None);
    check(&office, "+49301234567", Some("+49301234567"));
}

#[test]
fn without_area_or_country_less_is_decided() {
    check(&numbering("DE", "", ""), "1234567", None);
    check(&numbering("DE", "", ""), "0301234567", Some("+49301234567"));
    check(&Numbering::default(), "0301234567", None);
    check(&Numbering::default(), "+49301234567", Some("+49301234567"));
}

#[test]
fn countries_without_a_trunk_prefix() {
    check(&numbering("US", "", ""), "2025550123", Some("+12025550123"));
    check(&numbering("US", "202", ""), "5550123", Some("+12025550123"));
    check(&numbering("ES", "", ""), "912345678", Some("+34912345678"));
    check(&numbering("IT", "", ""), "0612345678", Some("+390612345678"));
}

/// Example numbers of every region that nobody here made up, where the corpora are at hand.
#[test]
#[allow(clippy::disallowed_methods)] // the test may look where the corpora are
fn examples_of_every_region() {
    let default = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora");
    let corpora = env::var_os("HOOKSWITCH_CORPORA").map_or(default, PathBuf::from);
    let Ok(text) = fs::read_to_string(corpora.join("phone/e164_examples.tsv")) else {
        assert!(env::var_os("HOOKSWITCH_CORPORA").is_none(), "HOOKSWITCH_CORPORA names no corpora");
        eprintln!("skipped: no corpora at {}", corpora.display());
        return;
    };
    let (mut right, mut wrong) = (0, Vec::new());
    // Every tenth: the library compiles its patterns anew for each region, and that takes its time.
    for row in text.lines().skip(1).step_by(10).map(str::trim_end) {
        let fields: Vec<&str> = row.split('\t').collect();
        if fields[6] != "1" {
            continue;
        }
        match numbering(fields[0], "", "").e164(&Number::new(fields[3])) {
            Some(e164) if e164 == fields[3] => right += 1,
            other => wrong.push(format!("{row}: {other:?}")),
        }
    }
    // The library's edition of the numbering plans is not the examples' edition.
    assert!(wrong.len() * 20 < right, "{right} right, wrong: {wrong:#?}");
}
