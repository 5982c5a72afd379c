//! What a phone can do: learnt from it, kept over a restart, and told to whoever wants to dial.

use std::time::Duration;

use simulator::{Features, Handset, Manner, PhoneConfig, makes};
use store::PhoneRecord;

use super::{Desk, House, phone_of, within};

/// A phone of this make that refuses the numbers that are only tried.
fn of_make(make: &str) -> PhoneConfig {
    let phone = makes::phone(make, "101", "example.com").expect("such a make");
    PhoneConfig { refuse: phone_of("101").refuse, ..phone }
}

/// Waits until the store knows this of the only phone.
async fn known(house: &House, what: impl Fn(&PhoneRecord) -> bool) -> PhoneRecord {
    let known = async {
        loop {
            let phones = store::phones(&house.gateway.state_dir()).unwrap();
            match phones.into_iter().find(&what) {
                Some(phone) => return phone,
                None => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    };
    within("what the phone can do", known).await
}

fn says(phone: &PhoneRecord, name: &str, can: bool, by: &str) -> bool {
    phone.features.iter().any(|feature| feature.name == name && feature.can == can && feature.by == by)
}

#[tokio::test]
async fn a_phone_that_lists_no_make_call_is_not_dialled_and_the_answer_says_why() {
    let manner = Manner { unserved: &["MakeCall"], features: Features::Listed, ..Manner::PLAIN };
    let phone = Handset::udp(PhoneConfig { manner, ..phone_of("101") }).await.unwrap();
    let house = House::open(&[Desk::of(&phone)]).await;
    known(&house, |phone| says(phone, "MakeCall", false, "phone")).await;
    let (status, text) = house.gateway.get("/?action=make_call&line=101&target=0301").await;
    assert_eq!(status, 501, "{text}");
    assert!(text.contains("the phone does not list MakeCall among its services"), "{text}");
    house.close().await;
}

#[tokio::test]
async fn what_was_learnt_is_known_after_a_restart() {
    let phone = Handset::udp(of_make("poly")).await.unwrap();
    let mut house = House::open(&[Desk::of(&phone)]).await;
    house.wait_up(&phone).await;
    let before = known(&house, |phone| says(phone, "GetCSTAFeatures", true, "tried")).await;
    assert!(says(&before, "SnapshotDevice", false, "tried"), "{before:?}");
    assert_eq!((before.dialect.as_str(), before.edition.as_str()), ("poly", "ed3"));
    house.gateway = house.gateway.restart().await;
    house.wait_up(&phone).await;
    tokio::time::sleep(Duration::from_millis(1500)).await; // longer than a heartbeat
    let after = known(&house, |_| true).await;
    assert_eq!(after, before, "nothing was news");
    house.close().await;
}

#[tokio::test]
async fn a_phone_without_sessions_is_dialled_by_notify() {
    let phone = Handset::udp(of_make("openstage")).await.unwrap();
    let house =
        House::open(&[Desk { link: format!("{}dialect = \"openstage\"\n", super::QUICK), ..Desk::of(&phone) }]).await;
    house.dial_until("101", "accepted").await;
    let (status, _) = house.gateway.get("/?action=make_call&line=101&target=0301").await;
    assert_eq!(status, 200);
    within("the call", phone.wait_dialled()).await;
    assert!(!phone.look(simulator::Phone::has_session));
    house.close().await;
}
