//! How long a typed event takes to decode, against the time quick-xml's plain reader needs to pass over the bytes.
//!
//! `cargo bench -p tests --bench decode`
//!
//! Both run in turn in short slices, so that whatever else the machine does meets both; the ratio is that of the
//! medians.

use std::hint::black_box;
use std::time::Instant;

use quick_xml::Reader;
use quick_xml::events::Event;

const SLICES: usize = 400;
const PER_SLICE: u32 = 2000;

fn main() {
    let message = include_bytes!("delivered-819.xml");
    assert_eq!(message.len(), 819);
    let (mut scans, mut decodes) = (Vec::new(), Vec::new());
    for _ in 0..SLICES {
        scans.push(slice(|| scan(black_box(message))));
        decodes.push(slice(|| {
            black_box(csta::xml::decode(black_box(message))).unwrap();
        }));
    }
    let (scan, decode) = (median(scans), median(decodes));
    println!("plain scan {scan:.0} ns, typed decode {decode:.0} ns, ratio {:.2}", decode / scan);
}

fn scan(bytes: &[u8]) {
    let mut reader = Reader::from_reader(bytes);
    loop {
        if let Event::Eof = black_box(reader.read_event().unwrap()) {
            return;
        }
    }
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
