//! The program `exhibit-plugin-backup`; all it does is in the library, so that tests can call it.

use std::process::ExitCode;

fn main() -> ExitCode {
    exhibit_plugin::run(&exhibit_plugin_backup::PLUGIN)
}
