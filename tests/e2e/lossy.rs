//! Bad weather on the network: each event counts once, and in the order of its call.

use std::collections::HashMap;
use std::time::Duration;

use call_model::{Locale, Numbering};
use simulator::{Handset, Phone, PhoneConfig};
use tests::chance::Chance;
use tests::gateway::RunningGateway;
use tests::office::{Desk, Office};
use tests::receiver::Receiver;
use tests::relay::Relay;
use tests::scenario::{destination, line};
use tests::weather::Weather;

const FOUL: Weather = Weather { loss: 30, duplicates: 10, reordered: 25, latest: 300 };

const URL: &str = "http://h/<$action>?hold=<$hold_state>&seq=<$event_sequence>&syn=<$synthetic>&call=<$call_guid>";

/// Two calls, one after the other: taken, held, taken up again, ended.
fn story(weather: Weather, seed: u64) -> Office {
    let phone = PhoneConfig { domain: "192.0.2.20".into(), ..PhoneConfig::new("987") };
    let desk = Desk::new(line("987@192.0.2.20").unwrap(), phone);
    let locale = Locale { zone: jiff::tz::TimeZone::UTC, numbering: Numbering::default() };
    let mut office = Office::new(vec![desk], vec![destination(0, URL)], locale).in_weather(weather, seed);
    office.start();
    let up = office.advance_until(Duration::from_secs(600), |office| times(office, "state up") > 0);
    assert!(up, "seed {seed}: no session in ten minutes");
    for from in ["+493012345", "+493067890"] {
        let call = office.act("987", |phone, now| phone.ring(now, from, None));
        for step in [Phone::answer, Phone::hold, Phone::retrieve, Phone::hang_up] {
            office.advance_to(office.time() + Duration::from_secs(2));
            office.act("987", |phone, now| step(phone, now, call));
        }
    }
    office.advance_until(office.time() + Duration::from_secs(300), |office| times(office, "GET ") >= 10);
    office.advance_to(office.time() + Duration::from_secs(5));
    office
}

/// How often something was noticed that begins so.
fn times(office: &Office, begin: &str) -> usize {
    office.noticed.iter().filter(|(_, what)| what.starts_with(begin)).count()
}

/// The requests without the ids of their calls, call by call.
fn calls(office: &Office) -> Vec<Vec<String>> {
    let mut order = Vec::new();
    let mut calls: HashMap<&str, Vec<String>> = HashMap::new();
    for url in office.noticed.iter().filter_map(|(_, what)| what.strip_prefix("GET ")) {
        let (request, guid) = url.rsplit_once("&call=").unwrap();
        if !order.contains(&guid) {
            order.push(guid);
        }
        calls.entry(guid).or_default().push(request.to_owned());
    }
    order.into_iter().map(|guid| calls.remove(guid).unwrap()).collect()
}

#[test]
fn a_thousand_storms_change_no_request() {
    let fair = calls(&story(Weather::FAIR, 0));
    assert_eq!(fair.iter().map(Vec::len).collect::<Vec<_>>(), [5, 5], "{fair:?}");
    let mut broken = 0;
    for seed in 1..=1000 {
        let office = story(FOUL, seed);
        let foul = calls(&office);
        if times(&office, "state ") == 1 {
            assert_eq!(foul, fair, "seed {seed}");
        } else {
            // Somebody lost patience, and the next session's snapshot told what had happened meanwhile.
            broken += 1;
            foul.iter().for_each(|call| in_order(seed, call));
        }
    }
    println!("{broken} of 1000 sessions did not stand through their storm");
    assert!(broken < 300, "the rest proves too little");
}

/// Numbered without gaps, begun once, ended once.
fn in_order(seed: u64, call: &[String]) {
    let numbers = call.iter().map(|url| url.split("&seq=").nth(1).unwrap().split('&').next().unwrap());
    let expected: Vec<_> = (1..=call.len()).map(|number| number.to_string()).collect();
    assert_eq!(numbers.collect::<Vec<_>>(), expected, "seed {seed}: {call:?}");
    let ended = |url: &String| url.contains("/disconnected?");
    assert_eq!(call.iter().filter(|url| ended(url)).count(), 1, "seed {seed}: {call:?}");
    assert!(call.last().is_some_and(ended), "seed {seed}: {call:?}");
}

/// The same for real: twenty phones behind bad networks of their own, and a gateway with sockets and a clock.
#[tokio::test]
async fn real_storms_change_no_request_either() {
    const PHONES: usize = 20;
    const CALLS: usize = 8;
    let mut receiver = Receiver::start().await;
    let gateway_port = tests::peer::free_port();
    let gateway_address = std::net::SocketAddr::from(([127, 0, 0, 1], gateway_port));
    let mut house = Vec::new();
    let mut config = format!(
        "[sip]\nlisten = [\"udp:{gateway_address}\"]\n[[action_url]]\non = [\"inbound\", \"disconnected\"]\n\
         url = \"http://{}/<$line>/<$remote_party>/<$action>\"\n",
        receiver.address
    );
    for number in 0..PHONES {
        let user = format!("{}", 100 + number);
        let timers =
            sip::Timers { t1: Duration::from_millis(100), t2: Duration::from_millis(400), ..sip::Timers::default() };
        let phone = Handset::udp(PhoneConfig { timers, ..PhoneConfig::new(&user) }).await.unwrap();
        let weather = Weather { latest: 100, ..FOUL };
        let relay = Relay::start(gateway_address, phone.address(), weather, Chance::new(number as u64)).await;
        config += &format!(
            "[[link]]\nname = \"desk-{user}\"\nkind = \"uacsta\"\nuri = \"sip:{user}@{}\"\nheartbeat = \"5m\"\n\
             request_timeout = \"20s\"\n[[line]]\nnumber = \"{user}\"\ndomain = \"example.com\"\nlink = \"desk-{user}\"\n",
            relay.address
        );
        house.push((user, phone, relay));
    }
    let gateway = RunningGateway::start(&config).await;
    for (_, phone, _) in &house {
        let monitored = tokio::time::timeout(Duration::from_secs(120), phone.wait_monitored());
        monitored.await.expect("a session in two minutes");
    }
    for call in 0..CALLS {
        for (_, phone, _) in &house {
            let call = phone.ring(&format!("030{call}"), None);
            phone.caller_hangs_up(call);
        }
    }
    let requests = receiver.next(PHONES * CALLS * 2).await;
    for (user, ..) in &house {
        for call in 0..CALLS {
            let url = format!("GET /{user}/030{call}/");
            let own: Vec<_> = requests.iter().filter_map(|request| request.strip_prefix(&url)).collect();
            assert_eq!(own, ["inbound", "disconnected"], "{url}");
        }
    }
    assert_eq!(receiver.rest(), Vec::<String>::new());
    gateway.stop().await;
}
