//! The typed decode of an event against libxml2's streaming reader, which only walks over it.
//!
//! `cargo run --release --manifest-path tests/bench/native/Cargo.toml` (needs libxml2-dev, pkg-config and a C compiler)
//!
//! The two take turns, and the ratio is that of the medians.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

const ROUNDS: usize = 21;
const WALKS: u32 = 20_000;

fn main() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = here.join("../delivered-819.xml");
    let reader = compile(&here.join("reader.c"));
    let message = std::fs::read(&file).expect("the message");
    let (mut walks, mut decodes) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        walks.push(walk(&reader, &file));
        decodes.push(decode(&message));
    }
    let (walk, decode) = (median(walks), median(decodes));
    println!("libxml2 reader {walk:.0} ns, typed decode {decode:.0} ns, {:.2} times as fast", walk / decode);
}

fn compile(source: &Path) -> PathBuf {
    let program = std::env::temp_dir().join(format!("hookswitch-libxml2-reader-{}", std::process::id()));
    let flags = output(Command::new("pkg-config").args(["--cflags", "--libs", "libxml-2.0"]));
    output(Command::new("cc").arg("-O2").arg("-o").arg(&program).arg(source).args(flags.split_whitespace()));
    program
}

fn walk(reader: &Path, file: &Path) -> f64 {
    output(Command::new(reader).arg(file).arg(WALKS.to_string())).trim().parse().expect("nanoseconds")
}

fn decode(message: &[u8]) -> f64 {
    let start = Instant::now();
    for _ in 0..WALKS {
        black_box(csta::xml::decode(black_box(message))).expect("an event");
    }
    start.elapsed().as_nanos() as f64 / f64::from(WALKS)
}

fn output(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_unstable_by(f64::total_cmp);
    times[times.len() / 2]
}
