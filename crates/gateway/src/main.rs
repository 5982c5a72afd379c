//! `hookswitch`: the gateway as a program.
#![forbid(unsafe_code)]

mod cli;

/// Kept apart by their sizes, the transactions of an opening leave whole pages behind, which go back to the system. Between
/// what stays for weeks they would hold ten times the memory of the sessions for ever.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    cli::main()
}
