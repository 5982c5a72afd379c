//! How long a Delivered event of phase III takes to decode: our reader, against rasn's derived decoder.
//!
//! `cargo bench -p tests --bench ber`
//!
//! Both run in turn in short slices, so that whatever else the machine does meets both; the ratio is that of the
//! medians. rasn gives the parts of the event as they stand in BER, ours gives the message of the model.

use std::hint::black_box;
use std::time::Instant;

use csta::ber::{Apdu, Phase};
use csta::{EventKind, Message};

const SLICES: usize = 400;
const PER_SLICE: u32 = 5000;

fn main() {
    let fixture = include_str!("../../fixtures/csta-ber/delivered.hex");
    let lines = fixture.lines().skip(1).filter_map(|line| line.split('#').next());
    let digits: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
    let event: Vec<u8> = digits.iter().map(|octet| u8::from_str_radix(octet, 16).expect("hex")).collect();
    let decoded = csta::ber::decode(&event, Phase::Three).expect("a message").apdu;
    assert!(
        matches!(&decoded, Apdu::Csta { message: Message::Event(event), .. } if event.kind == EventKind::Delivered)
    );
    let other = derived::decode(&event);
    assert_eq!((other.invoke_id, other.operation), (3, 21));

    let (mut ours, mut theirs, mut written) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..SLICES {
        ours.push(slice(|| drop(black_box(csta::ber::decode(black_box(&event), Phase::Three)))));
        theirs.push(slice(|| drop(black_box(derived::decode(black_box(&event))))));
        written.push(slice(|| drop(black_box(csta::ber::encode(black_box(&decoded), Phase::Three)))));
    }
    let (ours, theirs, written) = (median(ours), median(theirs), median(written));
    println!(
        "{} bytes: decode {ours:.0} ns, rasn {theirs:.0} ns, ratio {:.2}; encode {written:.0} ns",
        event.len(),
        ours / theirs
    );
}

/// Nanoseconds of one run, over a slice of them.
fn slice(mut run: impl FnMut()) -> f64 {
    let start = Instant::now();
    for _ in 0..PER_SLICE {
        run();
    }
    start.elapsed().as_nanos() as f64 / f64::from(PER_SLICE)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_unstable_by(f64::total_cmp);
    times[times.len() / 2]
}

/// The event as rasn has it, without the parts that this one does not have.
mod derived {
    #![allow(missing_docs, dead_code)] // what is decoded is not looked at

    use rasn::prelude::*;

    pub fn decode(bytes: &[u8]) -> Invoke {
        rasn::ber::decode(bytes).expect("an event")
    }

    #[derive(AsnType, Decode, Debug)]
    #[rasn(tag(context, 1))]
    pub struct Invoke {
        pub invoke_id: i32,
        pub operation: i32,
        pub report: Report,
    }

    #[derive(AsnType, Decode, Debug)]
    pub struct Report {
        #[rasn(tag(application, 21))]
        pub cross_ref: OctetString,
        #[rasn(tag(explicit(context, 0)))]
        pub event: CallControl,
    }

    #[derive(AsnType, Decode, Debug)]
    #[rasn(choice)]
    pub enum CallControl {
        #[rasn(tag(context, 4))]
        Delivered(Delivered),
    }

    #[derive(AsnType, Decode, Debug)]
    pub struct Delivered {
        pub connection: Connection,
        #[rasn(tag(explicit(application, 3)))]
        pub alerting: Who,
        #[rasn(tag(explicit(application, 1)))]
        pub calling: Who,
        #[rasn(tag(explicit(application, 2)))]
        pub called: Who,
        #[rasn(tag(explicit(application, 4)))]
        pub last_redirection: Who,
        #[rasn(tag(application, 14))]
        pub local: Option<State>,
        pub cause: Cause,
    }

    #[derive(AsnType, Decode, Debug)]
    #[rasn(choice)]
    pub enum Who {
        Device(DeviceId),
        #[rasn(tag(context, 7))]
        NotKnown(()),
        #[rasn(tag(context, 8))]
        NotRequired(()),
    }

    #[derive(AsnType, Decode, Debug)]
    pub struct DeviceId {
        pub identifier: Identifier,
    }

    #[derive(AsnType, Decode, Debug)]
    #[rasn(choice)]
    pub enum Identifier {
        #[rasn(tag(context, 0))]
        Dialing(Ia5String),
        #[rasn(tag(context, 1))]
        Number(i64),
        #[rasn(tag(context, 2))]
        ImplicitPublic(Ia5String),
    }

    #[derive(AsnType, Decode, Debug)]
    #[rasn(delegate, tag(explicit(application, 11)))]
    pub struct Connection(pub Halves);

    #[derive(AsnType, Decode, Debug)]
    #[rasn(choice)]
    pub enum Halves {
        #[rasn(tag(context, 0))]
        Call(OctetString),
        Both(Both),
    }

    #[derive(AsnType, Decode, Debug)]
    pub struct Both {
        #[rasn(tag(context, 0))]
        pub call: OctetString,
        #[rasn(tag(explicit(context, 1)))]
        pub device: LocalDevice,
    }

    #[derive(AsnType, Decode, Debug)]
    #[rasn(choice)]
    pub enum LocalDevice {
        Static(DeviceId),
        #[rasn(tag(context, 3))]
        Dynamic(OctetString),
    }

    #[derive(AsnType, Decode, Debug, Clone, Copy, PartialEq, Eq, Hash)]
    #[rasn(enumerated)]
    pub enum State {
        Null = 0,
        Initiated = 1,
        Alerting = 2,
        Connected = 3,
        Hold = 4,
        Queued = 5,
        Fail = 6,
    }

    #[derive(AsnType, Decode, Debug, Clone, Copy, PartialEq, Eq, Hash)]
    #[rasn(enumerated)]
    pub enum Cause {
        NewCall = 22,
        NormalClearing = 48,
    }
}
