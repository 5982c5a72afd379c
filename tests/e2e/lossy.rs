//! Bad weather on the network: each event counts once, and in the order of its call.

use std::collections::HashMap;
use std::time::Duration;

use simulator::{Handset, PhoneConfig};
use tests::chance::Chance;
use tests::gateway::RunningGateway;
use tests::receiver::Receiver;
use tests::relay::Relay;
use tests::weather::{Outdoors, Weather};

const FAIR: Weather = Weather { loss: 0, duplicates: 0, reordered: 0 };
const FOUL: Weather = Weather { loss: 30, duplicates: 10, reordered: 25 };

const URL: &str = "http://h/<$action>?hold=<$hold_state>&seq=<$event_sequence>&syn=<$synthetic>&call=<$call_guid>";

/// Two calls, one after the other: taken, held, taken up again, ended.
fn story(weather: Weather, seed: u64) -> Outdoors {
    let mut world = Outdoors::new(URL, weather, seed);
    let up = world.run_until(Duration::from_secs(600), |world| world.sessions.0 > 0);
    assert!(up, "seed {seed}: no session in ten minutes");
    for from in ["+493012345", "+493067890"] {
        let call = world.act(|phone, now| phone.ring(now, from, None));
        let steps: [fn(&mut simulator::Phone, std::time::Instant, simulator::CallId) -> bool; 4] =
            [simulator::Phone::answer, simulator::Phone::hold, simulator::Phone::retrieve, simulator::Phone::hang_up];
        for step in steps {
            world.run_until(Duration::from_secs(2), |_| false);
            world.act(|phone, now| step(phone, now, call));
        }
    }
    world.run_until(Duration::from_secs(300), |world| world.requested.len() >= 10);
    world.run_until(Duration::from_secs(5), |_| false);
    world
}

/// The requests without the ids of their calls, call by call.
fn calls(world: &Outdoors) -> Vec<Vec<String>> {
    let mut order = Vec::new();
    let mut calls: HashMap<&str, Vec<String>> = HashMap::new();
    for url in &world.requested {
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
    let fair = calls(&story(FAIR, 0));
    assert_eq!(fair.iter().map(Vec::len).collect::<Vec<_>>(), [5, 5], "{fair:?}");
    let mut broken = 0;
    for seed in 1..=1000 {
        let world = story(FOUL, seed);
        let foul = calls(&world);
        if world.sessions == (1, 0) {
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
        let relay = Relay::start(gateway_address, phone.address(), FOUL, Chance::new(number as u64)).await;
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
