//! Packs come into force: by whom, signed by whom, and what keeps them out.

use exhibit_proto::keys::SecretKey;
use exhibit_proto::note::Verifier;
use jiff::Timestamp;

use super::*;
use crate::app;
use crate::app::rules::{activate, approve, export, packs, show, sign};
use crate::config::Config;

/// Additions to the shipped pack: one rule of one's own, one parameter.
pub(super) fn additions() -> tempfile::TempDir {
    let folder = folder(RULE);
    let tests = TESTS.split("test_fail_wrong").next().unwrap();
    fs::write(folder.path().join("time.sync/agree_test.rego"), tests).unwrap();
    let manifest = r#"{"name": "acme", "version": "1", "extends": "builtin",
"parameters": {"backup.jobs.last_success_recent": {"max_hours": 50}}}"#;
    fs::write(folder.path().join("pack.json"), manifest).unwrap();
    folder
}

struct Site {
    folder: tempfile::TempDir,
    config: Config,
}

impl Site {
    fn new(rules: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("collector.toml");
        let text = format!(
            "origin = \"packs.example\"\ndata = \"data\"\nnames = [\"localhost\"]\n{rules}"
        );
        fs::write(&path, text).unwrap();
        let config = Config::load(&path).unwrap();
        app::init(&config, None, Timestamp::now()).unwrap();
        Self { folder, config }
    }

    fn activate(&self, pack: &Path, by: &str) -> anyhow::Result<app::Activated> {
        let because = (by.to_owned(), "a trial".to_owned());
        activate(&self.config, (pack, None), because, Timestamp::now())
    }

    fn refusal(&self, pack: &Path) -> String {
        format!("{:#}", self.activate(pack, "ada").unwrap_err())
    }

    fn states(&self) -> Vec<(u64, &'static str, String)> {
        let packs = packs(&self.config).unwrap();
        packs.into_iter().map(|pack| (pack.entry, pack.state, pack.version)).collect()
    }
}

#[test]
fn additions_come_into_force_over_the_shipped_rules_with_all_their_files() {
    let site = Site::new("");
    let shipped = RulePack::builtin().unwrap();
    assert_eq!(site.states(), [(0, "in_force", shipped.version().to_owned())]);
    let folder = additions();
    let done = site.activate(folder.path(), "ada").unwrap();
    assert!(!done.proposed && done.unsigned && done.tests == 1, "{done:?}");
    let version = format!("1+{}", shipped.version());
    let states = site.states();
    assert_eq!(states[0], (done.entry, "in_force", version));
    assert_eq!(states[1].1, "past");

    let found = show(&site.config, done.entry).unwrap();
    assert_eq!((found.by.as_str(), found.reason.as_deref()), ("ada", Some("a trial")));
    assert_eq!((found.origin, found.rules), ("own over shipped", shipped.rules().len() as u64 + 1));
    let diff = Compared { diff: found.diff.unwrap() }.to_string();
    let changed = "~ backup.jobs.last_success_recent\n    parameter max_hours: ";
    assert!(diff.contains("+ time.sync.agree") && diff.contains(changed), "{diff}");
    assert!(diff.ends_with("→ 50"), "{diff}");

    let (whole, given) = (site.folder.path().join("whole"), site.folder.path().join("given"));
    export(&site.config, (done.entry, false), &whole).unwrap();
    export(&site.config, (done.entry, true), &given).unwrap();
    assert_eq!(load(&whole).unwrap().digest(), done.digest);
    assert_eq!(load(&given).unwrap().digest(), done.digest, "over the shipped pack again");
    assert!(fs::metadata(&given).unwrap().len() < 5000);
    assert!(export(&site.config, (done.entry, true), &given).is_err(), "it is there already");

    let again = site.refusal(folder.path());
    assert!(again.contains(&format!("in force already, by entry {}", done.entry)), "{again}");
    let back = site.activate(Path::new("builtin"), "ada").unwrap();
    assert_eq!((back.digest.as_str(), back.tests), (shipped.digest(), 0));
    assert!(app::rebuild(&site.config, false).unwrap().entries > back.entry);
}

#[test]
fn a_pack_that_is_not_whole_is_refused_with_its_line_and_the_last_good_one_stays() {
    let site = Site::new("");
    let stays = "the pack in force stays";
    let wrong = folder(RULE);
    let refusal = site.refusal(wrong.path());
    assert!(refusal.contains("time.sync/agree_test.rego:7: test_fail_wrong"), "{refusal}");
    assert!(refusal.contains(stays) && refusal.contains("rules test"), "{refusal}");

    let unknown = additions();
    fs::create_dir(unknown.path().join("time.sink")).unwrap();
    let rule = RULE.replace("time.sync", "time.sink");
    fs::write(unknown.path().join("time.sink/agree.rego"), rule).unwrap();
    let refusal = site.refusal(unknown.path());
    assert!(refusal.contains("time.sink/agree.rego:6: no plugin"), "{refusal}");

    let words = RULE.replace("\"pass\"", "\"great\"").replace("message :=", "note :=");
    let odd = folder(&words);
    let refusal = site.refusal(odd.path());
    let first = "time.sync/agree.rego:16: the rule defines no `message`";
    assert!(refusal.contains(first), "{refusal}");
    let second = "time.sync/agree.rego:20: \"great\" is no verdict; use one of pass, fail";
    assert!(refusal.contains(second) && refusal.contains(stays), "{refusal}");

    let control = folder(&RULE.replace("A.8.17", "A.9.17"));
    let refusal = site.refusal(control.path());
    assert!(refusal.contains("time.sync/agree.rego:8: custom.controls.0.id"), "{refusal}");

    let range = additions();
    let manifest = fs::read_to_string(range.path().join("pack.json")).unwrap();
    fs::write(range.path().join("pack.json"), manifest.replace("50", "-3")).unwrap();
    let refusal = site.refusal(range.path());
    assert!(refusal.contains("pack.json:2: ") && refusal.contains("out of range"), "{refusal}");

    let twice = additions();
    fs::create_dir(twice.path().join("backup.jobs")).unwrap();
    let rule = RULE.replace("time.sync.agree", "backup.jobs.last_success_recent");
    let rule = rule.replace("time.sync", "backup.jobs");
    fs::write(twice.path().join("backup.jobs/last_success_recent.rego"), rule).unwrap();
    let refusal = site.refusal(twice.path());
    assert!(refusal.contains("the shipped pack has a file of this name"), "{refusal}");
    assert_eq!(site.states().len(), 1, "nothing was logged");
}

#[test]
fn only_who_is_configured_can_vouch_for_a_pack_and_only_for_the_files_that_were_signed() {
    let key = SecretKey::from_seed(&[5; 32]);
    let vkey = Verifier::new("ada.example/rules", key.public()).unwrap().vkey();
    let site = Site::new(&format!("[rules]\nsigners = [\"{vkey}\"]\n"));
    let folder = additions();
    let unsigned = site.refusal(folder.path());
    assert!(unsigned.contains("is not signed") && unsigned.contains("rules sign"), "{unsigned}");

    let pem = |name: &str, key: &SecretKey| {
        let path = site.folder.path().join(name);
        crate::identity::write_private(&path, key.to_pem().as_bytes()).unwrap();
        path
    };
    let other = SecretKey::from_seed(&[6; 32]);
    sign(folder.path(), ("eve.example/rules", &pem("eve.pem", &other)), None).unwrap();
    let stranger = site.refusal(folder.path());
    assert!(stranger.contains("no key of [rules] signers signed") && stranger.contains("eve"));
    let ada = pem("ada.pem", &key);
    let signed = sign(folder.path(), ("ada.example/rules", &ada), None).unwrap();
    assert_eq!(signed.vkey, vkey);
    let twice = sign(folder.path(), ("ada.example/rules", &ada), None).unwrap_err();
    assert!(format!("{twice:#}").contains("signed by ada.example/rules already"), "{twice:#}");

    let text = fs::read_to_string(&signed.signature).unwrap();
    assert_eq!(text.matches("\u{2014} ").count(), 2, "{text}");
    let done = site.activate(folder.path(), "bob").unwrap();
    assert!(!done.unsigned);
    assert_eq!(show(&site.config, done.entry).unwrap().signed_by, ["ada.example/rules"]);

    fs::write(folder.path().join("time.sync/agree.rego"), RULE.replace("max: 5", "max: 9"))
        .unwrap();
    let changed = site.refusal(folder.path());
    assert!(changed.contains("pack.sig is over another pack"), "{changed}");
    fs::write(folder.path().join("time.sync/agree.rego"), RULE.replace("max: 5", "max: 8"))
        .unwrap();
    let now = statement(&folder);
    let (before, lines) = text.rsplit_once("\n\n").unwrap();
    assert_ne!(format!("{before}\n"), now);
    fs::write(&signed.signature, format!("{now}\n{lines}")).unwrap();
    let forged = site.refusal(folder.path());
    assert!(forged.contains("signature of \"ada.example/rules\" does not fit"), "{forged}");
    assert_eq!(site.states()[0].0, done.entry);
}

fn statement(folder: &tempfile::TempDir) -> String {
    let given = super::super::files::given(folder.path()).unwrap();
    given.unwrap().statement()
}

#[test]
fn a_second_person_puts_a_proposed_pack_in_force_and_the_first_cannot() {
    let site = Site::new("[rules]\nsecond_person = true\n");
    let folder = additions();
    let done = site.activate(folder.path(), "ada").unwrap();
    assert!(done.proposed && done.to_string().contains("rules approve"), "{done}");
    assert_eq!(site.states().iter().map(|it| it.1).collect::<Vec<_>>(), ["proposed", "in_force"]);
    let approve = |entry: u64, by: &str| {
        let because = (by.to_owned(), "read it".to_owned());
        approve(&site.config, entry, because, Timestamp::now())
    };
    let same = approve(done.entry, " Ada ").unwrap_err().to_string();
    assert!(same.contains("somebody else must approve it"), "{same}");
    assert!(approve(0, "bob").unwrap_err().to_string().contains("proposes no pack that waits"));
    let approved = approve(done.entry, "bob").unwrap();
    assert_eq!(approved.digest, done.digest);
    assert_eq!(
        site.states().iter().map(|it| it.1).collect::<Vec<_>>(),
        ["in_force", "approved", "past"]
    );
    let found = show(&site.config, approved.entry).unwrap();
    assert_eq!((found.by.as_str(), found.approved_by.as_deref()), ("ada", Some("bob")));
    assert!(approve(done.entry, "bob").is_err(), "it waits no longer");
}
