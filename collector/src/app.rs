//! Wires the rooms together: the only place that knows all of them. It decides nothing about evidence.

mod api_tokens;
mod attest;
mod audit;
mod bar;
pub(crate) mod decide;
mod decided;
mod desk;
mod history;
mod init;
mod keys;
mod log_key;
mod open;
mod people;
mod population;
mod put_back;
mod record;
mod report;
mod retention;
mod revoke;
pub(crate) mod rules;
mod scrub;
mod serve;
pub(crate) mod soa;
mod status;
mod timestamp;
mod tools;
mod witness;

pub use api_tokens::{
    ApiTokenListed, ApiTokenMade, ApiTokenRevoked, ApiTokens, api_tokens, create_api_token,
    revoke_api_token,
};
pub use audit::{audits, export_audit, import_requests};
pub use decided::{DecisionMade, RecordShown, decide, newest, next_id, records, value_in_force};
pub use history::{
    ControlLapses, LapsesFound, MomentsCompared, compare as compare_moments, lapses,
};
pub use init::{Before, Initialised, init};
pub use log_key::{Changed, change as change_log_key};
pub use people::{PeopleListed, PersonChanged, PersonListed, access_of, change_people, people};
pub use population::{
    Because, PopulationFrozen, PopulationShown, SampleDrawn, SampleShown, draw_sample,
    freeze_population, population_list, populations,
};
pub use put_back::{PutBack, put_back};
pub use report::{Reported, report};
pub use retention::{HoldShown, Listed, Retained, delete, hold, holds, retention};
pub use revoke::{Revoked, revoke};
pub use rules::{
    Activated, BackTested, Compared, PackShown, Signed, Tested, activate as activate_rules,
    approve as approve_rules, backtest as backtest_rules, diff as diff_rules,
    export as export_pack, packs, show as show_pack, sign as sign_rules, test as test_rules,
};
pub use scrub::{Checked, check};
pub use serve::{Ready, serve};
pub use soa::{
    compare as compare_soa, freeze as freeze_soa, version as soa_version, versions as soa_versions,
};
pub use status::{Overview, overview};
pub use timestamp::{StampedNow, stamp};
pub use tools::{
    Rebuilt, TokenAsked, TokenMade, Validated, create_token, export, rebuild, select, validate,
};
pub use witness::{CurrentPolicy, policy};

use keys::Keys;
