//! Understands what time tools answer and what their configuration names; it never runs them.

use exhibit_plugin::kinds::time_sync::Source;

/// What `timedatectl show` knows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Timedate {
    /// The kernel's own flag: the clock was disciplined and the error bound holds. `NTP=yes` would only mean that a
    /// service is switched on.
    pub(crate) synchronised: Option<bool>,
}

/// Parses `timedatectl show` (`Key=value` lines).
pub(crate) fn timedate(text: &str) -> Timedate {
    let value = text.lines().find_map(|line| line.strip_prefix("NTPSynchronized="));
    let synchronised = match value {
        Some("yes") => Some(true),
        Some("no") => Some(false),
        Some(_) | None => None,
    };
    Timedate { synchronised }
}

/// What `chronyc -c tracking` knows, reduced to what stays while all is well.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Tracking {
    pub(crate) synchronised: bool,
    /// Address of the source followed now.
    pub(crate) reference: Option<String>,
    pub(crate) stratum: u8,
    /// Distance of the system clock from true time as chrony sees it: 0 below one millisecond, so that noise around
    /// zero changes nothing, otherwise away from zero.
    pub(crate) offset_ms: i64,
}

/// What chrony shows with `local stratum`: it follows its own clock, and calls that normal.
const LOCAL_REFERENCE: &str = "7F7F0101";

/// Parses the one CSV line of `chronyc -n -c tracking`; `None` when it is anything else.
pub(crate) fn tracking(text: &str) -> Option<Tracking> {
    let fields: Vec<&str> = text.trim().split(',').collect();
    let leap = fields.get(13)?;
    Some(Tracking {
        synchronised: *leap != "Not synchronised" && *fields.first()? != LOCAL_REFERENCE,
        reference: Some((*fields.get(1)?).to_owned()).filter(|name| !name.is_empty()),
        stratum: fields.get(2)?.parse().ok()?,
        offset_ms: milliseconds(fields.get(4)?)?,
    })
}

fn milliseconds(seconds: &str) -> Option<i64> {
    let value = seconds.parse::<f64>().ok()? * 1000.0;
    if !value.is_finite() || value.abs() > 1e15 {
        return None;
    }
    let away = if value.abs() < 1.0 { 0.0 } else { value.abs().ceil().copysign(value) };
    format!("{away:.0}").parse().ok()
}

/// Servers and pools of one chrony configuration file, and the folders and files it pulls in.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ChronyConfig {
    pub(crate) sources: Vec<Source>,
    /// `confdir` and `sourcedir` arguments.
    pub(crate) folders: Vec<String>,
    /// `include` arguments, which may be patterns.
    pub(crate) files: Vec<String>,
}

/// Parses the text of `file` (chrony.conf(5)); `file` only names the place.
pub(crate) fn chrony_config(text: &str, file: &str) -> ChronyConfig {
    let mut config = ChronyConfig::default();
    for (number, line) in (1..).zip(text.lines().map(str::trim)) {
        if line.starts_with(['#', '!', ';', '%']) {
            continue;
        }
        let mut words = line.split_ascii_whitespace();
        let Some(directive) = words.next().map(str::to_ascii_lowercase) else { continue };
        match directive.as_str() {
            "server" | "pool" | "peer" | "refclock" => {
                config.sources.extend(source(&directive, words, file, number));
            }
            "confdir" | "sourcedir" => config.folders.extend(words.map(str::to_owned)),
            "include" => config.files.extend(words.map(str::to_owned)),
            _ => {}
        }
    }
    config
}

/// Servers of an `ntp.conf` (ntpd, ntpsec, openntpd).
pub(crate) fn ntp_config(text: &str, file: &str) -> Vec<Source> {
    let mut sources = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let mut words = line.split_ascii_whitespace();
        let Some(directive) = words.next() else { continue };
        if matches!(directive, "server" | "servers" | "pool" | "peer") {
            sources.extend(source(directive.trim_end_matches('s'), words, file, number));
        }
    }
    sources
}

fn source<'a>(
    directive: &str,
    mut words: impl Iterator<Item = &'a str>,
    file: &str,
    line: usize,
) -> Option<Source> {
    Some(Source {
        address: words.next()?.to_owned(),
        kind: directive.to_owned(),
        authenticated: (directive != "refclock").then(|| words.any(|w| w == "nts" || w == "key")),
        selected: None,
        source: format!("{file}:{line}"),
    })
}

/// What `adjtimex --print` or busybox `adjtimex` prints of the kernel's clock.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Adjtimex {
    pub(crate) synchronised: Option<bool>,
    pub(crate) max_error_ms: Option<u64>,
}

pub(crate) fn adjtimex(text: &str) -> Adjtimex {
    const STA_UNSYNC: u64 = 0x40;
    let number = |key: &str| -> Option<u64> {
        let line = text.lines().map(str::trim).find_map(|line| line.strip_prefix(key))?;
        line.split_ascii_whitespace().next()?.parse().ok()
    };
    let coarse = |micros: u64| micros.div_ceil(1000).checked_next_power_of_two();
    Adjtimex {
        synchronised: number("status:").map(|status| status & STA_UNSYNC == 0),
        max_error_ms: number("maxerror:").and_then(coarse),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enabled_is_not_synchronised() {
        let text = "Timezone=Etc/UTC\nCanNTP=yes\nNTP=yes\nNTPSynchronized=no\n";
        assert_eq!(timedate(text).synchronised, Some(false));
        assert_eq!(timedate("garbage").synchronised, None);
    }

    #[test]
    fn tracking_reads_a_synchronised_daemon() {
        let text = "C0A80101,ntp.example.net,3,1795386818.123,-0.000012345,0.1,0.1,-3.2,0.0,0.1,0.01,0.02,64.2,Normal\n";
        let tracking = tracking(text).unwrap();
        assert!(tracking.synchronised);
        assert_eq!(tracking.stratum, 3);
        assert_eq!(tracking.offset_ms, 0);
        assert_eq!(tracking.reference.as_deref(), Some("ntp.example.net"));
    }

    #[test]
    fn tracking_reads_an_unsynchronised_daemon_and_refuses_noise() {
        let text = "00000000,,0,0.000,0.000000000,0,0,0,0,0,1,1,0.0,Not synchronised";
        assert!(!tracking(text).unwrap().synchronised);
        assert_eq!(tracking("506 Cannot talk to daemon"), None);
        assert_eq!(tracking("a,b,c,d,inf,f,g,h,i,j,k,l,m,Normal"), None);
    }

    #[test]
    fn chrony_sources_say_where_they_stand_and_whether_they_are_authenticated() {
        let text = "# pool x\npool 2.debian.pool.ntp.org iburst\nserver time.example.org iburst nts\nconfdir /etc/chrony/conf.d\nrefclock PHC /dev/ptp0\n";
        let config = chrony_config(text, "/etc/chrony/chrony.conf");
        let shape: Vec<_> = config
            .sources
            .iter()
            .map(|s| (s.kind.as_str(), s.address.as_str(), s.authenticated, s.source.as_str()))
            .collect();
        assert_eq!(
            shape,
            [
                ("pool", "2.debian.pool.ntp.org", Some(false), "/etc/chrony/chrony.conf:2"),
                ("server", "time.example.org", Some(true), "/etc/chrony/chrony.conf:3"),
                ("refclock", "PHC", None, "/etc/chrony/chrony.conf:5")
            ]
        );
        assert_eq!(config.folders, ["/etc/chrony/conf.d"]);
    }

    #[test]
    fn ntp_servers_are_named() {
        let sources = ntp_config(
            "driftfile /x\nserver a.example.org key 3\nservers b.example.org\n",
            "/etc/ntp.conf",
        );
        assert_eq!(sources[0].authenticated, Some(true));
        assert_eq!(sources[1].kind, "server");
    }

    #[test]
    fn a_daemon_that_follows_itself_is_not_synchronised() {
        let text =
            "7F7F0101,,8,1795389141.353310338,0.0,0.0,0.0,0.000,0.000,0.000,0.0,0.0,0.0,Normal\n";
        let tracking = tracking(text).unwrap();
        assert!(!tracking.synchronised);
        assert_eq!(tracking.reference, None);
    }

    #[test]
    fn offsets_are_coarse_and_keep_their_sign() {
        let shown = |text| milliseconds(text);
        assert_eq!([shown("0.0009"), shown("-0.0009")], [Some(0), Some(0)]);
        assert_eq!([shown("0.0011"), shown("-2.5")], [Some(2), Some(-2500)]);
        assert_eq!([shown("inf"), shown("x")], [None, None]);
    }

    #[test]
    fn the_kernel_flag_is_read_from_either_tool() {
        let full = adjtimex("         mode: 0\n     maxerror: 16000000\n       status: 64\n");
        assert_eq!(full, Adjtimex { synchronised: Some(false), max_error_ms: Some(16384) });
        assert_eq!(adjtimex("    status:       8193 (PLL)\n").synchronised, Some(true));
        assert_eq!(adjtimex("status: yes").synchronised, None);
    }
}
