//! The bundle's README: plain words, and commands that run as they stand. Values go into its prose only, never into a
//! command.

use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::note::Verifier;

const TEMPLATE: &str = include_str!("readme.md");

pub(super) fn text(log: &Verifier, checkpoint: &Checkpoint, generated_at: &str) -> String {
    TEMPLATE
        .replace("{fingerprint}", &log.key().id().to_string())
        .replace("{size}", &checkpoint.size.to_string())
        .replace("{generated_at}", generated_at)
        .replace("{origin}", &log.name().replace('`', "'"))
}
