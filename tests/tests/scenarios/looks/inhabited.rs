//! A collector with this machine's evidence, with what people decide, and with an audit.

use std::fs;

use exhibit_tests::inhabited;
use exhibit_tests::installation::Serving;

use crate::support::Scratch;

/// The collector is still serving.
pub(super) fn make(scratch: &Scratch) -> Serving {
    let installation = &scratch.installation;
    let serving = installation.serve().unwrap();
    installation.enrol(&serving).unwrap();
    installation.observe().unwrap();
    let target = format!("host:{}", fs::read_to_string("/etc/machine-id").unwrap().trim());
    inhabited::decide(installation, &target).unwrap();
    inhabited::audit(installation, &inhabited::ACCOUNTS).unwrap();
    serving
}
