use super::*;

fn numbering(country: &str, outside: &str) -> Numbering {
    Numbering {
        country: (!country.is_empty()).then(|| country.parse().unwrap()),
        area: None,
        outside_line: (!outside.is_empty()).then(|| outside.to_owned()),
    }
}

fn rules(written: &[(&str, bool)]) -> DialRules {
    let rule = |(pattern, allow): &(&str, bool)| DialRule { pattern: (*pattern).to_owned(), allow: *allow };
    DialRules::new(written.iter().map(rule).collect()).unwrap()
}

/// The default verdict of `number`: `+` allowed or `-` denied, then the class.
fn check(country: &str, outside: &str, number: &str, expected: &str) {
    let verdict = match rules(&[]).judge(&Number::new(number), &numbering(country, outside)) {
        Verdict::Allowed { rule } => format!("+{}", rule.trim_start_matches("default: ")),
        Verdict::Denied { rule } => format!("-{}", rule.trim_start_matches("default: ")),
    };
    assert_eq!(verdict, expected, "{number} in {country:?} behind {outside:?}");
}

#[test]
fn defaults_without_a_country_go_by_the_digits_alone() {
    for (number, expected) in [
        ("123", "+internal"),
        ("0301234567", "+national"),
        ("0900123456", "+national"),
        ("+4930123456", "-international"),
        ("+881612345678", "-international (satellite +881)"),
        ("004930123456", "-international"),
        ("0097912345678", "-international (premium +979)"),
        ("01144201234567", "-international"),
        ("112", "-emergency"),
        ("911", "-emergency"),
        ("0112", "-emergency"),
        ("9911", "-emergency"),
        ("1123", "+internal"),
        ("901144207946000", "-international"),
        ("90044207946000", "-international"),
        ("9001234567", "+national"),
        ("*21#", "-service code"),
        ("*21*00491234#", "-service code"),
        ("12345678901234567890123456789012", "+national"),
        ("123456789012345678901234567890123", "-over-long"),
    ] {
        check("", "", number, expected);
    }
}

#[test]
fn defaults_in_germany() {
    for (number, expected) in [
        ("123", "+internal"),
        ("110", "-emergency"),
        ("0112", "-emergency"),
        ("0301234567", "+national"),
        ("+49301234567", "+national"),
        ("0049301234567", "+national"),
        ("015112345678", "+national"),
        ("08001234567", "+national"),
        ("09001234567", "-premium (premium rate)"),
        ("+499001234567", "-premium (premium rate)"),
        ("00499001234567", "-premium (premium rate)"),
        ("090012345670000000", "-premium (premium rate)"),
        ("09001234567000000000000", "-premium (premium rate)"),
        ("01805123456", "-premium (shared cost)"),
        ("11880", "-premium (directory enquiries)"),
        ("+442079460000", "-international"),
        ("00442079460000", "-international"),
        ("00999123", "-international"),
        ("+8811", "-international (satellite +881)"),
        ("+49110", "-emergency"),
        ("0101300442079460000", "-international (carrier selection 010)"),
    ] {
        check("DE", "", number, expected);
    }
}

#[test]
fn behind_an_outside_line_the_rest_is_judged() {
    for (country, number, expected) in [
        ("DE", "0112", "-emergency"),
        ("DE", "01123", "-emergency"),
        ("DE", "110", "-emergency"),
        ("DE", "00301234567", "+national"),
        ("DE", "000442079460000", "-international"),
        ("DE", "009001234567", "-premium (premium rate)"),
        ("DE", "09001234567", "-premium (premium rate)"),
        ("DE", "123", "+internal"),
        ("", "0110", "-emergency"),
        ("", "000442079460000", "-international"),
        ("", "00301234567", "+national"),
    ] {
        check(country, "0", number, expected);
    }
    check("US", "9", "9911", "-emergency");
    check("US", "9", "901144207946000", "-international");
}

#[test]
fn a_shared_country_code_is_not_the_own_country() {
    for (number, expected) in [
        ("+12025550123", "+national"),
        ("5550123", "+national"),
        ("18765551234", "-international"),
        ("8095551234", "-international"),
        ("+19002123456", "-premium (premium rate)"),
        ("01144207946000", "-international"),
        ("+19992123456", "-international"),
    ] {
        check("US", "", number, expected);
    }
    check("GB", "", "07000123456", "-premium (personal number)");
    check("GB", "", "01134960000", "+national");
}

#[test]
fn the_first_rule_that_matches_decides() {
    let rules = rules(&[("+49900*", false), ("+49*", true), (r"\*21\#", true), ("0??", false)]);
    let site = numbering("", "");
    for (number, expected) in [
        ("+4930123", Verdict::Allowed { rule: "dial_rule 2 \"+49*\"".to_owned() }),
        ("+4990012", Verdict::Denied { rule: "dial_rule 1 \"+49900*\"".to_owned() }),
        ("*21#", Verdict::Allowed { rule: "dial_rule 3 \"\\*21\\#\"".to_owned() }),
        ("*21*1#", Verdict::Denied { rule: "default: service code".to_owned() }),
        ("012", Verdict::Denied { rule: "dial_rule 4 \"0??\"".to_owned() }),
        ("0123", Verdict::Allowed { rule: "default: internal".to_owned() }),
    ] {
        assert_eq!(rules.judge(&Number::new(number), &site), expected, "{number}");
    }
}

#[test]
fn a_pattern_that_matches_no_number_is_an_error_that_names_it() {
    for bad in ["", "49-30", "+49 30*", "4+9", r"\d", "tel:*", "\\"] {
        let error = DialRules::new(vec![
            DialRule { pattern: "1*".to_owned(), allow: true },
            DialRule { pattern: bad.to_owned(), allow: true },
        ]);
        assert_eq!(error.unwrap_err().position, 2, "{bad}");
    }
}

/// Every premium and shared-cost example of every country is denied to its own country, national or international.
#[test]
fn examples_of_costly_numbers_are_denied_in_every_country() {
    let folder = std::env::var("HOOKSWITCH_CORPORA").unwrap_or_else(|_| "../../../shared/corpora".to_owned());
    let Ok(table) = std::fs::read_to_string(format!("{folder}/phone/e164_examples.tsv")) else {
        assert!(std::env::var_os("HOOKSWITCH_CORPORA").is_none(), "HOOKSWITCH_CORPORA names no corpora");
        eprintln!("skipped: no corpora at {folder}");
        return;
    };
    let rules = rules(&[]);
    let mut passed = Vec::new();
    for row in table.lines().skip(1) {
        let cells: Vec<&str> = row.split('\t').collect();
        let [region, _, kind, e164, national, ..] = cells[..] else { panic!("{row}") };
        if !matches!(kind, "PREMIUM_RATE" | "SHARED_COST") || region.len() != 2 || region == "00" {
            continue;
        }
        let Ok(country) = region.parse() else { continue };
        let site = Numbering { country: Some(country), ..Numbering::default() };
        for number in [e164, national] {
            let number = Number::dialable(number).unwrap();
            if matches!(rules.judge(&number, &site), Verdict::Allowed { .. }) {
                passed.push(format!("{row}: {}", number.reveal()));
            }
        }
    }
    assert!(passed.is_empty(), "{passed:#?}");
}
