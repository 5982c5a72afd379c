use super::*;

fn files() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../proto/dialects");
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter_map(|name| name.strip_suffix(".toml").map(str::to_owned)).collect()
}

#[test]
fn every_file_is_part_of_the_program_and_is_read() {
    for (name, text) in FILES {
        if let Err(error) = Dialect::read(name, text) {
            panic!("{name}.toml: {error}");
        }
    }
    let (mut files, mut known) = (files(), Dialect::names().collect::<Vec<_>>());
    files.sort();
    known.sort_unstable();
    assert_eq!(files, known);
}

#[test]
fn what_no_dialect_has_is_refused() {
    let bad = [
        "make = \"x\"\ncolour = \"red\"",
        "make = \"x\"\nedition = { is = \"ed9\", sure = \"VD\" }",
        "make = \"x\"\nedition = { is = \"ed3\" }",
        "make = \"x\"\nedition = { is = \"ed3\", sure = \"certain\" }",
        "make = \"x\"\n[services]\nMakeCoffee = { is = true, sure = \"VD\" }",
        "make = \"x\"\n[events]\nDeliverd = { is = true, sure = \"VD\" }",
        "make = \"x\"\n[device]\nhold = { is = \"user\", sure = \"VD\" }",
        "agent = { is = [], sure = \"VD\" }",
    ];
    for text in bad {
        assert!(Dialect::read("bad", text).is_err(), "{text}");
    }
}

#[test]
fn a_phone_is_recognised_by_what_it_calls_itself() {
    let cases = [
        ("Yealink SIP-T46S 66.84.0.125", Some("yealink")),
        ("snom870/8.7.3.25", Some("snom")),
        ("PolycomVVX-VVX_410-UA/5.9.0.9373", Some("poly")),
        ("PolyEdge-Edge_E350-UA/8.3.1", Some("poly-edge")),
        ("OpenStage_40_V3", Some("openstage")),
        ("Asterisk PBX 18", None),
        ("Über", None),
        ("", None),
    ];
    for (agent, name) in cases {
        assert_eq!(Dialect::of_agent(agent).map(|dialect| dialect.name), name, "{agent}");
    }
}

#[test]
fn only_what_is_sure_is_relied_on() {
    let poly = Dialect::named("poly").unwrap();
    let hold = Service::named("HoldCall").unwrap();
    assert_eq!(poly.services.get(&hold), Some(&Finding { can: true, by: Source::Make }));
    assert_eq!(poly.services.get(&Service::SNAPSHOT_DEVICE), None, "a conclusion: the phone is asked");
    assert!(!poly.events[&Report::named("NetworkReached").unwrap()].can);
}

#[test]
fn a_device_in_each_form() {
    let device = "sip:987@10.3.20.10:5060;transport=tcp";
    assert_eq!(DeviceForm::Uri.of(device), device);
    assert_eq!(DeviceForm::Address.of(device), "987@10.3.20.10:5060");
    assert_eq!(DeviceForm::User.of(device), "987");
    assert_eq!(DeviceForm::User.of("987"), "987");
}
