//! `make_call`: what the phone answers or shows, and what the caller is told. Each dial is answered exactly once.

use call_model::{CallRef, Outcome};
use csta::{
    ConnectionId, CrossRefId, CstaError, DeviceId, ErrorCategory, Event, EventCause, EventKind, MakeCallResponse,
    Response, SubjectDevice,
};
use session::State;

use crate::phone::Reply;
use crate::world::{World, config, two_lines};

fn accepted(call: &str) -> Outcome {
    Outcome::Accepted { call: CallRef(call.into()) }
}

fn refused(reason: &str) -> Outcome {
    Outcome::Refused { reason: reason.into() }
}

fn no_link(reason: &str) -> Outcome {
    Outcome::NoLink { reason: reason.into() }
}

fn make_call_response(call: &str) -> Reply {
    let calling_device = ConnectionId::new(call, "sip:987@192.0.2.20");
    Reply::Csta(Response::MakeCall(MakeCallResponse { calling_device, call_linkage: None }).into())
}

fn empty() -> Reply {
    Reply::Sip(sip::Answer::new(200))
}

/// The line begins a call.
fn begun(kind: EventKind, call: &str, called: &str, cause: Option<EventCause>) -> Event {
    let device = "sip:987@192.0.2.20";
    Event {
        connection: Some(ConnectionId::new(call, device)),
        device: Some(SubjectDevice::Device(DeviceId::new(device))),
        called: (!called.is_empty()).then(|| SubjectDevice::Device(DeviceId::new(called))),
        cause,
        ..Event::new(CrossRefId("42".into()), kind)
    }
}

fn originated(call: &str, called: &str) -> Event {
    begun(EventKind::Originated, call, called, None)
}

fn initiated(call: &str) -> Event {
    begun(EventKind::ServiceInitiated, call, "", Some(EventCause::MAKE_CALL))
}

/// The phone answers so, then sends these events; what the caller is told, and whether the session goes on.
#[track_caller]
fn check(name: &str, reply: Reply, then: Vec<Event>, expected: &Outcome, session_goes_on: bool) {
    let mut world = World::up(config());
    world.phone.once("MakeCall", reply);
    world.dial(7, "987", "0301234");
    assert_eq!(world.when("MakeCall 0301234").len(), 1, "{name}");
    for event in then {
        world.phone_says(event);
    }
    world.run(100.0);
    assert_eq!(world.outcomes, [(7, expected.clone())], "{name}");
    assert_eq!(world.states.is_empty(), session_goes_on, "{name}: {:?}", world.states);
    assert!(session_goes_on || world.states.last() == Some(&State::Up), "{name}: {:?}", world.states);
    assert_eq!(world.when("MakeCall 0301234").len(), 1, "{name}: a dial is attempted once");
}

#[test]
fn what_the_phone_answers_is_what_the_caller_is_told() {
    let error = |category, value: &str| Reply::Csta(CstaError::new(category, value).into());
    let sip = |status| Reply::Sip(sip::Answer::new(status));
    let cases = [
        ("names the call", make_call_response("2"), accepted("2")),
        ("names no call", Reply::Csta(Response::MakeCall(MakeCallResponse::default()).into()), accepted("")),
        (
            "cannot dial that",
            error(ErrorCategory::Operation, "invalidCalledDeviceID"),
            refused("operation/invalidCalledDeviceID"),
        ),
        (
            "is busy",
            error(ErrorCategory::SystemResourceAvailability, "resourceBusy"),
            refused("systemResourceAvailability/resourceBusy"),
        ),
        ("has no reason", error(ErrorCategory::Unspecified, ""), refused("unspecified")),
        ("is busy in SIP's words", sip(486), refused("486 Busy Here")),
        ("wants a password", sip(401), refused("401 Unauthorized")),
        ("is broken", sip(500), refused("500 Server Internal Error")),
    ];
    for (name, reply, expected) in cases {
        check(name, reply, vec![], &expected, true);
    }
}

#[test]
fn an_answer_that_ends_the_session() {
    let gone = "the phone does not know the session any more: it was restarted";
    check("481", Reply::Sip(sip::Answer::new(481)), vec![], &no_link(gone), false);
    // A proxy says so: the phone may have heard the question.
    check("408", Reply::Sip(sip::Answer::new(408)), vec![], &Outcome::NoAnswer, false);
}

#[test]
fn an_answer_without_a_call_is_believed_when_an_event_shows_it() {
    let makes_call = Some(EventCause::MAKE_CALL);
    let in_its_own_way = begun(EventKind::Originated, "9", "tel:+49301234", makes_call);
    let somebody_else = begun(EventKind::Originated, "9", "112", None);
    let cases = [
        ("Originated", vec![originated("9", "sip:0301234@pbx.example.com")], accepted("9")),
        ("Originated without a number", vec![originated("9", "")], accepted("9")),
        ("ServiceInitiated", vec![initiated("9")], accepted("9")),
        ("both", vec![initiated("9"), originated("9", "0301234")], accepted("9")),
        ("a number in another form", vec![in_its_own_way], accepted("9")),
        ("the user dials something else", vec![somebody_else], Outcome::NoAnswer),
        ("something rings", vec![crate::events::delivered("42", "9", "sip:987@192.0.2.20")], Outcome::NoAnswer),
        ("nothing", vec![], Outcome::NoAnswer),
    ];
    for (name, events, expected) in cases {
        check(name, empty(), events.clone(), &expected, true);
        let before = Reply::After(events, Box::new(empty()));
        check(&format!("{name}, before the answer"), before, vec![], &expected, true);
    }
}

#[test]
fn a_phone_that_took_a_dial_and_shows_nothing_is_given_up_in_time() {
    let mut world = World::up(config());
    world.phone.once("MakeCall", empty());
    world.dial(7, "987", "0301234");
    world.run(4.9);
    assert_eq!(world.outcomes, []);
    world.run(0.1);
    assert_eq!(world.outcomes, [(7, Outcome::NoAnswer)]);
    world.phone_says(originated("9", "0301234"));
    assert_eq!(world.outcomes.len(), 1);
}

#[test]
fn no_answer_at_all_ends_the_session_and_is_told_once() {
    check("silence", Reply::Silence, vec![], &Outcome::NoAnswer, false);
    let shown = Reply::After(vec![originated("9", "0301234")], Box::new(Reply::Silence));
    check("silence, but the phone dials", shown, vec![], &accepted("9"), false);
}

#[test]
fn a_dial_that_was_given_up_is_not_repeated_on_the_wire() {
    let mut world = World::up(config());
    world.phone.off = true;
    world.dial(7, "987", "0301234");
    world.run(40.0);
    let times = world.transmissions("<calledDirectoryNumber>0301234<");
    assert_eq!(world.outcomes, [(7, Outcome::NoAnswer)]);
    assert!(times.len() > 2 && times.iter().all(|at| *at <= 5.0), "{times:?}");
}

#[test]
fn two_dials_at_the_same_time() {
    let two = |first: Reply, second: Reply, then: Vec<Event>| {
        let mut world = World::up(config());
        world.phone.once("MakeCall", first);
        world.phone.once("MakeCall", second);
        world.dial(7, "987", "0301");
        world.dial(8, "987", "0302");
        then.into_iter().for_each(|event| {
            world.phone_says(event);
        });
        world.run(10.0);
        let mut outcomes = world.outcomes;
        outcomes.sort_by_key(|(id, _)| *id);
        outcomes.into_iter().map(|(_, outcome)| outcome).collect::<Vec<_>>()
    };
    let each = [accepted("1"), accepted("2")];
    assert_eq!(two(make_call_response("1"), make_call_response("2"), vec![]), each);
    assert_eq!(two(empty(), empty(), vec![originated("2", "0302"), originated("1", "0301")]), each);
    assert_eq!(two(empty(), empty(), vec![initiated("1"), initiated("2")]), each);
    // The same call told twice shows one dial only.
    let one_only = [accepted("1"), Outcome::NoAnswer];
    assert_eq!(two(empty(), empty(), vec![initiated("1"), originated("1", "")]), one_only);
    assert_eq!(two(make_call_response("1"), empty(), vec![initiated("1"), originated("1", "")]), one_only);
    let early = Reply::After(vec![initiated("1")], Box::new(Reply::Silence));
    assert_eq!(two(early, Reply::Silence, vec![initiated("1"), originated("1", "")]), one_only);
    assert_eq!(two(Reply::Silence, Reply::Silence, vec![]), [Outcome::NoAnswer, Outcome::NoAnswer]);
}

#[test]
fn each_line_dials_for_itself() {
    let mut world = World::up(two_lines());
    world.phone.always("MakeCall", empty);
    world.dial(7, "988", "0301234");
    world.phone_says(originated("1", "0301234"));
    assert_eq!(world.outcomes, [], "that was the other line");
    world.phone_says(Event { cross_ref: CrossRefId("43".into()), ..originated("2", "0301234") });
    assert_eq!(world.outcomes, [(7, accepted("2"))]);
}

#[test]
fn a_dial_without_a_session_says_why_at_once() {
    let mut world = World::new(config());
    world.phone.off = true;
    world.dial(1, "987", "0301234");
    world.dial(2, "nobody", "0301234");
    world.run(1.0);
    world.dial(3, "987", "0301234");
    world.run(3.1);
    world.dial(4, "987", "0301234");
    let words = "the phone does not answer: is it on, and are address and port right?";
    let expected = [
        (1, no_link("not connected yet")),
        (2, Outcome::NoLine),
        (3, no_link("the session with the phone is being opened")),
        (4, no_link(words)),
    ];
    assert_eq!(world.outcomes, expected);
}

#[test]
fn a_dial_on_a_line_without_a_monitor_says_why_at_once() {
    let mut world = World::new(config());
    world.phone.once("MonitorStart", Reply::Csta(CstaError::service_not_supported().into()));
    world.run(0.0);
    world.dial(1, "987", "0301234");
    let words = "the phone refuses to monitor 987 (sip:987@192.0.2.20): operation/serviceNotSupported";
    world.phone.once("MonitorStart", Reply::Silence);
    world.run(31.0);
    world.dial(2, "987", "0301234");
    assert_eq!(world.outcomes, [(1, no_link(words)), (2, no_link("its monitor is being started"))]);
    assert_eq!(world.when("MakeCall 0301234"), [] as [f64; 0]);
}

#[test]
fn a_dial_that_the_agent_has_no_room_for_was_not_sent() {
    let mut world = World::bounded(config(), 3);
    world.run(0.0);
    world.dial(1, "987", "0301234");
    let words = "the gateway has too many SIP requests under way: 503 Service Unavailable";
    assert_eq!(world.outcomes, [(1, no_link(words))]);
    assert_eq!(world.states, [State::Up]);
    assert_eq!(world.transmissions("MakeCall"), [] as [f64; 0]);
}
