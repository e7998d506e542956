//! Until when which system is supported: as the host's own `distro-info-data` says, else as `os-release` says of itself
//! (`SUPPORT_END`), else from a table that ships with the plugin. Each row of the table
//! names its source; paid extensions (Ubuntu Pro, Freexian ELTS, SUSE LTSS, RHEL ELS) are not in it.

use exhibit_plugin::kinds::patch_status::{OperatingSystem, SupportState};
use jiff::civil::Date;

use crate::{look::Look, os_release::OsRelease};

const TABLE: &str = include_str!("support.csv");

/// End of support by everybody's team, and end of the free long-term support.
type Dates = (Option<Date>, Option<Date>);

/// The system and its support on the day of the job.
pub(crate) fn observe(look: &mut Look<'_>, os: &OsRelease, today: Date) -> OperatingSystem {
    let path = match os.get("ID").as_deref() {
        Some("debian") => "/usr/share/distro-info/debian.csv",
        Some("ubuntu") => "/usr/share/distro-info/ubuntu.csv",
        Some(_) | None => return operating_system(os, None, today),
    };
    let data = look.text(path).here();
    operating_system(os, data.as_deref(), today)
}

fn operating_system(os: &OsRelease, data: Option<&str>, today: Date) -> OperatingSystem {
    let id = os.get("ID").unwrap_or_else(|| "unknown".to_owned());
    let version = os.get("VERSION_ID");
    let own = os.get("SUPPORT_END").and_then(|day| day.parse().ok());
    let (end_of_support, end_of_life) = version
        .as_deref()
        .and_then(|version| distro_info(data?, version))
        .or_else(|| own.map(|day| (Some(day), Some(day))))
        .or_else(|| version.as_deref().and_then(|version| dates(&id, version)))
        .unwrap_or((None, None));
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

/// A row of distro-info-data; none when the release is not in it or has no end yet. Columns go by their names: they
/// differ between Debian and Ubuntu.
fn distro_info(text: &str, version: &str) -> Option<Dates> {
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next()?.split(',').collect();
    let row: Vec<&str> = lines
        .map(|line| line.split(',').collect::<Vec<_>>())
        .find(|row| row.first().is_some_and(|cell| cell.split(' ').next() == Some(version)))?;
    let date = |name: &str| {
        let at = names.iter().position(|known| *known == name)?;
        row.get(at)?.parse::<Date>().ok()
    };
    let end = date("eol")?;
    Some((Some(end), Some(date("eol-lts").or_else(|| date("eol-server")).unwrap_or(end).max(end))))
}

/// A row of our own table: of this version, else of its first parts (`3.20` of `3.20.1`, `9` of `9.4`).
fn dates(id: &str, version: &str) -> Option<Dates> {
    let major = version.split('.').next().unwrap_or_default();
    let minor = version.rsplit_once('.').map_or("", |(rest, _)| rest);
    row(id, version).or_else(|| row(id, minor)).or_else(|| row(id, major))
}

fn row(id: &str, version: &str) -> Option<Dates> {
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
        operating_system(&os, None, day.parse().unwrap())
    }

    #[test]
    fn the_hosts_own_data_wins_and_a_system_may_say_it_itself() {
        let debian = OsRelease::parse("ID=debian\nVERSION_ID=12\n");
        let today = "2026-11-22".parse().unwrap();
        let data = "version,codename,series,created,release,eol,eol-lts,eol-elts\n12,Bookworm,bookworm,2021-08-14,2023-06-10,2026-06-11,2029-01-01,2033-06-30\n";
        let told = operating_system(&debian, Some(data), today);
        assert_eq!(told.end_of_support.unwrap().to_string(), "2026-06-11");
        assert_eq!(told.end_of_life.unwrap().to_string(), "2029-01-01");
        // A release without an end in the data falls back to the table.
        let open = "version,codename,series,created,release,eol\n12,Bookworm,bookworm,2021-08-14,2023-06-10\n";
        let told = operating_system(&debian, Some(open), today);
        assert_eq!(told.end_of_support.unwrap().to_string(), "2026-07-11");
        let ubuntu = OsRelease::parse("ID=ubuntu\nVERSION_ID=24.04\n");
        let data = "version,codename,series,created,release,eol,eol-server,eol-esm\n24.04 LTS,Noble Numbat,noble,2023-10-26,2024-04-25,2029-05-31,2029-05-31,2036-04-25\n";
        assert_eq!(
            operating_system(&ubuntu, Some(data), today).support_state,
            SupportState::Supported
        );
        let fedora = OsRelease::parse("ID=fedora\nVERSION_ID=42\nSUPPORT_END=2026-05-13\n");
        assert_eq!(operating_system(&fedora, None, today).support_state, SupportState::Ended);
        assert_eq!(on("almalinux", "9.4", "2026-11-22").support_state, SupportState::Supported);
        assert_eq!(on("almalinux", "8.10", "2026-11-22").support_state, SupportState::LongTerm);
        assert_eq!(on("alpine", "3.19.1", "2026-11-22").support_state, SupportState::Ended);
    }

    #[test]
    fn support_is_told_for_the_day_of_observation() {
        assert_eq!(on("debian", "12", "2026-07-11").support_state, SupportState::Supported);
        assert_eq!(on("debian", "12", "2026-07-12").support_state, SupportState::LongTerm);
        assert_eq!(on("debian", "12", "2028-07-01").support_state, SupportState::Ended);
        assert_eq!(on("debian", "11", "2026-11-22").support_state, SupportState::Ended);
        assert_eq!(on("debian", "13", "2026-11-22").support_state, SupportState::Supported);
        assert_eq!(on("ubuntu", "20.04", "2026-11-22").support_state, SupportState::Ended);
        assert_eq!(on("ubuntu", "24.04", "2026-11-22").support_state, SupportState::Supported);
        assert_eq!(on("ubuntu", "26.04", "2026-11-22").support_state, SupportState::Supported);
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
            assert_eq!(cells.len(), 6, "{line}");
            assert!(!cells[5].is_empty(), "{line} has no source");
            let day = |cell: &str| (!cell.is_empty()).then(|| cell.parse::<Date>().unwrap());
            assert!(day(cells[3]) <= day(cells[4]), "{line}");
        }
    }

    #[test]
    fn rows_of_debian_and_ubuntu_are_those_of_their_own_data() {
        // Debian mends its data now and then: only the version that the rows name is held against them.
        let query = ["-W", "-f", "${Package} ${Version}", "distro-info-data"];
        let installed = std::process::Command::new("dpkg-query").args(query).output();
        let installed = installed.map(|output| output.stdout).unwrap_or_default();
        let mut held = 0;
        for line in TABLE.lines().skip(1) {
            let cells: Vec<_> = line.split(',').collect();
            if cells[5].as_bytes() != installed {
                continue;
            }
            let data = std::fs::read_to_string(format!("/usr/share/distro-info/{}.csv", cells[0]));
            let told = distro_info(&data.unwrap(), cells[1]);
            let told = told.map(|(end, life)| (end.unwrap(), life.unwrap()));
            let ours = (cells[3].parse().unwrap(), cells[4].parse().unwrap());
            assert_eq!(told, Some(ours), "{line}");
            held += 1;
        }
        assert!(!installed.ends_with(b"0.58+deb12u7") || held >= 10, "only {held} rows");
    }
}
