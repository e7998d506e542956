//! `exhibit-collector`: parses, dispatches, exits.

fn main() -> std::process::ExitCode {
    exhibit_collector::cli::run()
}
