//! The crosswalks that ship with the program.

use serde::Deserialize;

use super::{Basis, Crosswalk, Relation};
use crate::framework::{FrameworkError, rows};

/// Id, title, basis, and the table in `frameworks/`.
type Shipped = (&'static str, &'static str, Basis, (&'static str, &'static str));

macro_rules! table {
    ($name:literal) => {
        ($name, include_str!(concat!("../../frameworks/", $name)))
    };
}

const SHIPPED: [Shipped; 8] = [
    (
        "nist_800_53_r5",
        "NIST SP 800-53 Rev. 5",
        Basis::Published,
        table!("crosswalk_nist_800_53_r5.csv"),
    ),
    ("nist_csf_2_0", "NIST CSF 2.0", Basis::Published, table!("crosswalk_nist_csf_2_0.csv")),
    (
        "soc2_tsc",
        "SOC 2 Trust Services Criteria",
        Basis::Indicative,
        table!("crosswalk_soc2_tsc.csv"),
    ),
    ("pci_dss_4_0", "PCI DSS 4.0", Basis::Indicative, table!("crosswalk_pci_dss_4_0.csv")),
    (
        "iso27017_2015",
        "ISO/IEC 27017:2015",
        Basis::Numbering,
        table!("crosswalk_iso27017_2015.csv"),
    ),
    (
        "iso27018_2019",
        "ISO/IEC 27018:2019",
        Basis::Numbering,
        table!("crosswalk_iso27018_2019.csv"),
    ),
    (
        "iso27701_2019",
        "ISO/IEC 27701:2019",
        Basis::Numbering,
        table!("crosswalk_iso27701_2019.csv"),
    ),
    (
        "iso27701_2025",
        "ISO/IEC 27701:2025",
        Basis::Numbering,
        table!("crosswalk_iso27701_2025.csv"),
    ),
];

#[derive(Deserialize)]
struct Row {
    id_2022: String,
    framework_id: String,
    relationship: String,
    source: String,
    #[serde(default)]
    cloud_guidance: Option<String>,
}

pub(super) fn frameworks() -> Result<Vec<Crosswalk>, FrameworkError> {
    let mut all = Vec::new();
    for (id, title, basis, table) in SHIPPED {
        let mut relations = Vec::new();
        for row in rows::<Row>(table)? {
            relations.push(Relation {
                ours: row
                    .id_2022
                    .parse()
                    .map_err(|source| FrameworkError::Id { file: table.0, source })?,
                theirs: row.framework_id,
                relationship: row.relationship,
                source: row.source,
                cloud_guidance: row.cloud_guidance,
            });
        }
        all.push(Crosswalk {
            id: id.to_owned(),
            title: title.to_owned(),
            basis,
            entries: Vec::new(),
            relations,
        });
    }
    Ok(all)
}
