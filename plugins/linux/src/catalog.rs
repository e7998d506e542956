//! What this plugin observes: one line a kind.

use exhibit_plugin::Entry;

use crate::{kinds, roots};

/// Each kind by itself.
pub(crate) const KINDS: [Entry; 38] = [
    kinds::access_resource_permissions::ENTRY,
    kinds::software_inventory::ENTRY,
    kinds::software_install_control::ENTRY,
    kinds::patch_status::ENTRY,
    kinds::vulnerability_findings::ENTRY,
    kinds::identity_accounts::ENTRY,
    kinds::identity_privileged_grants::ENTRY,
    kinds::identity_secrets_and_keys::ENTRY,
    kinds::identity_sign_in_policy::ENTRY,
    kinds::asset_inventory::ENTRY,
    kinds::config_baseline::ENTRY,
    kinds::capacity_metrics::ENTRY,
    kinds::network_services::ENTRY,
    kinds::crypto_at_rest::ENTRY,
    kinds::network_firewall::ENTRY,
    kinds::logging_sources::ENTRY,
    kinds::time_sync::ENTRY,
    kinds::malware_protection::ENTRY,
    kinds::config_scheduled_jobs::ENTRY,
    kinds::config_desired_state::ENTRY,
    kinds::logging_protection::ENTRY,
    kinds::logging_privileged_activity::ENTRY,
    kinds::sdlc_change_records::ENTRY,
    kinds::monitoring_detections::ENTRY,
    kinds::monitoring_alert_rules::ENTRY,
    kinds::data_retention::ENTRY,
    kinds::identity_mfa::ENTRY,
    kinds::media_removable::ENTRY,
    kinds::config_file_integrity::ENTRY,
    kinds::crypto_certificates_and_keys::ENTRY,
    kinds::crypto_in_transit::ENTRY,
    kinds::network_segmentation::ENTRY,
    kinds::network_remote_access::ENTRY,
    kinds::resilience_redundancy::ENTRY,
    kinds::hardware_health::ENTRY,
    kinds::software_containers::ENTRY,
    kinds::network_web_filtering::ENTRY,
    kinds::asset_endpoint_posture::ENTRY,
];

/// The same, each of which tells what it cannot know below another root.
pub(crate) const ALL: [Entry; KINDS.len()] = roots::told(KINDS);
