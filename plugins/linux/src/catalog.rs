//! What this plugin observes: one line a kind.

use exhibit_plugin::Entry;

use crate::kinds;

pub(crate) const ALL: &[Entry] = &[
    kinds::software_inventory::ENTRY,
    kinds::patch_status::ENTRY,
    kinds::capacity_metrics::ENTRY,
    kinds::network_services::ENTRY,
];
