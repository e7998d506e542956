//! Until when which system is supported, from a table that ships with the plugin. Facts as of 22 November 2026;
//! paid extensions (Ubuntu Pro, Freexian ELTS) are not in it.

use exhibit_plugin::kinds::patch_status::{OperatingSystem, SupportState};
use jiff::civil::Date;

use crate::os_release::OsRelease;

const TABLE: &str = include_str!("support.csv");

/// The system and its support on the day `today`.
pub(super) fn operating_system(os: &OsRelease, today: Date) -> OperatingSystem {
    let id = os.get("ID").unwrap_or_else(|| "unknown".to_owned());
    let version = os.get("VERSION_ID");
    let (end_of_support, end_of_life) =
        version.as_deref().and_then(|version| dates(&id, version)).unwrap_or((None, None));
    OperatingSystem {
        name: os.get("PRETTY_NAME").unwrap_or_else(|| id.clone()),
        codename: os.get("VERSION_CODENAME"),
        id,
        version,
        end_of_support,
        end_of_life,
        support_state: state(end_of_support, end_of_life, today),
    }
}

fn dates(id: &str, version: &str) -> Option<(Option<Date>, Option<Date>)> {
    TABLE.lines().skip(1).find_map(|line| {
        let mut cells = line.split(',');
        let found = cells.next() == Some(id) && cells.next() == Some(version);
        let mut date = || cells.next().and_then(|cell| cell.parse().ok());
        if !found {
            return None;
        }
        date();
        Some((date(), date()))
    })
}

fn state(end_of_support: Option<Date>, end_of_life: Option<Date>, today: Date) -> SupportState {
    match (end_of_support, end_of_life) {
        (Some(end), _) if today <= end => SupportState::Supported,
        (_, Some(end)) if today <= end => SupportState::LongTerm,
        (Some(_), Some(_)) => SupportState::Ended,
        (_, _) => SupportState::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(id: &str, version: &str, day: &str) -> OperatingSystem {
        let os = OsRelease::parse(&format!("ID={id}\nVERSION_ID=\"{version}\"\n"));
        operating_system(&os, day.parse().unwrap())
    }

    #[test]
    fn support_is_told_for_the_day_of_observation() {
        assert_eq!(on("debian", "12", "2026-06-10").support_state, SupportState::Supported);
        assert_eq!(on("debian", "12", "2026-06-11").support_state, SupportState::LongTerm);
        assert_eq!(on("debian", "12", "2028-07-01").support_state, SupportState::Ended);
        assert_eq!(on("debian", "11", "2026-11-22").support_state, SupportState::Ended);
        assert_eq!(on("debian", "13", "2026-11-22").support_state, SupportState::Supported);
        assert_eq!(on("ubuntu", "20.04", "2026-11-22").support_state, SupportState::Ended);
        assert_eq!(on("ubuntu", "24.04", "2026-11-22").support_state, SupportState::Supported);
        assert_eq!(on("ubuntu", "26.04", "2026-11-22").support_state, SupportState::Unknown);
        assert_eq!(on("arch", "", "2026-11-22").support_state, SupportState::Unknown);
        assert_eq!(
            on("ubuntu", "22.04", "2026-11-22").end_of_life.unwrap().to_string(),
            "2027-06-01"
        );
    }

    #[test]
    fn every_row_of_the_table_is_whole_and_in_order() {
        for line in TABLE.lines().skip(1) {
            let cells: Vec<_> = line.split(',').collect();
            assert_eq!(cells.len(), 5, "{line}");
            let day = |cell: &str| (!cell.is_empty()).then(|| cell.parse::<Date>().unwrap());
            assert!(day(cells[3]) <= day(cells[4]), "{line}");
        }
    }
}
