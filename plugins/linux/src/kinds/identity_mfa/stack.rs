//! One PAM service with everything it includes, and whether anybody gets past it without a second factor.
//!
//! It follows every combination of answers (pam.conf(5)); it knows what modules are for, not what their own files say.

use std::collections::BTreeSet;

use exhibit_plugin::{
    OutcomeKind,
    kinds::{identity_mfa::Factor, identity_sign_in_policy::PamLine},
};

use crate::{
    kinds::identity_sign_in_policy::pam,
    look::{Found, Look},
};

/// Later folders count where the earlier have no file of the name.
const FOLDERS: [&str; 3] = ["/etc/pam.d", "/usr/lib/pam.d", "/usr/share/pam.d"];
const MAX_DEPTH: usize = 16;
const MAX_LINES: usize = 500;

/// Modules that ask for a second factor, and its method.
const FACTORS: [(&str, &str); 16] = [
    ("pam_google_authenticator", "totp"),
    ("pam_oath", "totp"),
    ("pam_totp", "totp"),
    ("pam_u2f", "hardware_key"),
    ("pam_yubico", "hardware_key"),
    ("pam_ussh", "hardware_key"),
    ("pam_duo", "push"),
    ("pam_pkcs11", "smart_card"),
    ("pam_p11", "smart_card"),
    ("pam_fprintd", "biometric"),
    ("pam_otpw", "otp"),
    ("pam_linotp", "otp"),
    ("pam_privacyidea", "otp"),
    ("pam_radius_auth", "otp"),
    ("pam_rsa", "otp"),
    ("pam_securid", "otp"),
];

/// One line in effect. `end`: for the lines of a substack, where it ends.
#[derive(Clone, Debug)]
struct Step {
    line: PamLine,
    end: Option<usize>,
}

/// The `auth` lines of a service in the order they are asked.
#[derive(Clone, Debug)]
pub(super) struct Stack {
    steps: Vec<Step>,
    pub(super) source: String,
    /// Whether every included file was there and readable.
    whole: bool,
}

/// Reads a service; none when there is no such service.
pub(super) fn read(look: &mut Look<'_>, service: &str) -> Option<Stack> {
    let source = place(look, service)?;
    let mut stack = Stack { steps: Vec::new(), source, whole: true };
    add(look, service, &mut stack, 0);
    Some(stack)
}

fn place(look: &Look<'_>, service: &str) -> Option<String> {
    let paths = FOLDERS.iter().map(|folder| format!("{folder}/{service}"));
    paths.into_iter().find(|path| look.host.exists(path))
}

fn add(look: &mut Look<'_>, name: &str, stack: &mut Stack, depth: usize) {
    if depth > MAX_DEPTH || stack.steps.len() > MAX_LINES {
        look.seen.outcome(
            OutcomeKind::LimitExceeded,
            format!("{} includes more than {MAX_DEPTH} levels or {MAX_LINES} lines", stack.source),
            "remove the circle of include lines",
        );
        stack.whole = false;
        return;
    }
    let name = name.rsplit('/').next().unwrap_or(name);
    let text = place(look, name).map(|path| look.text(&path));
    let Some(Found::Here(text)) = text else {
        stack.whole = false;
        return;
    };
    for line in pam::parse(name, &text) {
        match (line.kind.as_str(), line.control.as_str()) {
            ("include", _) | ("auth", "include") => add(look, &line.module, stack, depth + 1),
            ("auth", "substack") => {
                let from = stack.steps.len();
                add(look, &line.module, stack, depth + 1);
                let end = stack.steps.len();
                for step in stack.steps.iter_mut().skip(from) {
                    step.end = step.end.or(Some(end));
                }
            }
            ("auth", _) => stack.steps.push(Step { line, end: None }),
            _ => {}
        }
    }
}

/// What a module's answer does (pam.conf(5)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Ignore,
    Ok,
    Done,
    Bad,
    Die,
    Reset,
    Jump(usize),
}

/// Actions of success and failure.
fn actions(control: &str) -> (Action, Action) {
    match control.to_ascii_lowercase().as_str() {
        "required" => (Action::Ok, Action::Bad),
        "requisite" => (Action::Ok, Action::Die),
        "sufficient" => (Action::Done, Action::Ignore),
        "optional" => (Action::Ok, Action::Ignore),
        text => {
            let words = text.trim_matches(['[', ']']).split_whitespace();
            let pairs: Vec<(&str, &str)> = words.filter_map(|word| word.split_once('=')).collect();
            let of =
                |key: &str| pairs.iter().find(|(name, _)| *name == key).map(|(_, value)| *value);
            // What is not named is bad.
            let default = of("default").map_or(Action::Bad, action);
            let failure = of("auth_err").map_or(default, action);
            (of("success").map_or(default, action), failure)
        }
    }
}

fn action(word: &str) -> Action {
    match word {
        "ignore" => Action::Ignore,
        "ok" => Action::Ok,
        "done" => Action::Done,
        "die" => Action::Die,
        "reset" => Action::Reset,
        number => number.parse().map_or(Action::Bad, Action::Jump),
    }
}

/// Where a sign-in stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct State {
    at: usize,
    good: bool,
    bad: bool,
}

impl Stack {
    /// Second factors in the order they are asked.
    pub(super) fn factors(&self) -> Vec<Factor> {
        let factors = self.steps.iter().filter_map(|step| {
            let method = method(&step.line)?;
            Some(Factor {
                method: method.to_owned(),
                by: step.line.module.clone(),
                control: Some(step.line.control.clone()),
                optional: is_optional(&step.line),
            })
        });
        factors.collect()
    }

    /// Whether nobody is let in without a second factor; none when a part of the stack is missing.
    pub(super) fn required(&self) -> Option<bool> {
        self.whole.then(|| !self.factors().is_empty() && !self.lets_in_without())
    }

    /// Whether any combination of answers lets in somebody who has no second factor and whose other answers are right.
    fn lets_in_without(&self) -> bool {
        let mut open = vec![State { at: 0, good: false, bad: false }];
        let mut known = BTreeSet::new();
        while let Some(state) = open.pop() {
            if !known.insert(state) {
                continue;
            }
            let Some(step) = self.steps.get(state.at) else {
                if state.good && !state.bad {
                    return true;
                }
                continue;
            };
            let (success, failure) = actions(&step.line.control);
            let (can_succeed, can_fail) = answers(&step.line);
            let taken =
                [can_succeed.then_some((success, true)), can_fail.then_some((failure, false))];
            for (action, succeeded) in taken.into_iter().flatten() {
                match follow(state, action, succeeded, step.end) {
                    Next::Open(state) => open.push(state),
                    Next::In => return true,
                    Next::Out => {}
                }
            }
        }
        false
    }
}

enum Next {
    Open(State),
    In,
    Out,
}

fn follow(state: State, action: Action, succeeded: bool, end: Option<usize>) -> Next {
    let next = State { at: state.at + 1, ..state };
    match action {
        Action::Ignore => Next::Open(next),
        Action::Ok => Next::Open(State { good: state.good || succeeded, ..next }),
        Action::Bad => Next::Open(State { bad: true, ..next }),
        Action::Reset => Next::Open(State { good: false, bad: false, ..next }),
        Action::Jump(lines) => Next::Open(State { at: next.at.saturating_add(lines), ..next }),
        Action::Done => match end {
            Some(end) => Next::Open(State { at: end, good: true, ..state }),
            None if state.bad => Next::Out,
            None => Next::In,
        },
        Action::Die => match end {
            Some(end) => Next::Open(State { at: end, bad: true, ..state }),
            None => Next::Out,
        },
    }
}

/// What a module may answer to somebody without a second factor: success, failure.
fn answers(line: &PamLine) -> (bool, bool) {
    match line.module.as_str() {
        "pam_deny" => (false, true),
        "pam_permit" => (true, false),
        // Who is root already needs nobody's leave.
        "pam_rootok" => (false, true),
        _ if method(line).is_some() => (is_optional(line), true),
        _ => (true, true),
    }
}

fn method(line: &PamLine) -> Option<&'static str> {
    let certificate = |word: &String| word == "require_cert_auth" || word == "try_cert_auth";
    if line.module == "pam_sss" && line.arguments.iter().any(certificate) {
        return Some("smart_card");
    }
    FACTORS.iter().find(|(module, _)| *module == line.module).map(|(_, method)| *method)
}

fn is_optional(line: &PamLine) -> bool {
    line.arguments.iter().any(|word| {
        word.starts_with("nullok") || word.starts_with("nouserok") || word == "try_cert_auth"
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kinds::testing::{job, planted};

    fn required(files: &[(&str, &str)]) -> Option<bool> {
        let root = planted(files);
        let job = job(root.path());
        read(&mut Look::new(&job), "sshd").unwrap().required()
    }

    const UNIX: &str = "auth [success=1 default=ignore] pam_unix.so\nauth requisite pam_deny.so\nauth required pam_permit.so\n";

    #[test]
    fn a_factor_binds_only_where_no_path_leads_around_it() {
        let cases = [
            ("auth required pam_google_authenticator.so\nauth required pam_unix.so\n", true),
            (
                "auth required pam_google_authenticator.so nullok\nauth required pam_unix.so\n",
                false,
            ),
            ("auth sufficient pam_unix.so\nauth required pam_u2f.so\n", false),
            ("auth sufficient pam_u2f.so\nauth required pam_unix.so\n", false),
            ("auth optional pam_u2f.so\nauth required pam_unix.so\n", false),
            (
                "auth [success=1 default=ignore] pam_unix.so\nauth requisite pam_deny.so\nauth required pam_u2f.so\n",
                true,
            ),
            (
                "auth [success=2 default=ignore] pam_unix.so\nauth requisite pam_deny.so\nauth required pam_u2f.so\nauth required pam_permit.so\n",
                false,
            ),
            (
                "auth sufficient pam_rootok.so\nauth required pam_unix.so\nauth requisite pam_duo.so\n",
                true,
            ),
            ("auth required pam_sss.so require_cert_auth\n", true),
            ("auth required pam_sss.so try_cert_auth\n", false),
            ("auth required pam_unix.so\n", false),
        ];
        for (text, expected) in cases {
            assert_eq!(required(&[("/etc/pam.d/sshd", text)]), Some(expected), "{text}");
        }
    }

    #[test]
    fn includes_and_substacks_are_followed() {
        let with = |line: &str| {
            let text = format!("{line}\nauth required pam_u2f.so\n");
            required(&[("/etc/pam.d/sshd", text.as_str()), ("/etc/pam.d/common-auth", UNIX)])
        };
        assert_eq!(with("@include common-auth"), Some(true));
        assert_eq!(with("auth include common-auth"), Some(true));
        assert_eq!(with("auth include nothing"), None);
        // What ends an included file ends the stack, what ends a substack does not.
        let text = |control: &str| format!("auth {control} one\nauth required pam_u2f.so\n");
        let one =
            ("/usr/lib/pam.d/one", "auth sufficient pam_unix.so\nauth required pam_deny.so\n");
        assert_eq!(required(&[("/etc/pam.d/sshd", &text("include")), one]), Some(false));
        assert_eq!(required(&[("/etc/pam.d/sshd", &text("substack")), one]), Some(true));
        assert_eq!(required(&[("/etc/pam.d/sshd", "@include sshd\n")]), None);
    }

    proptest! {
        #[test]
        fn any_stack_is_decided(controls in prop::collection::vec("(required|sufficient|substack|\\[success=[0-9]{1,20} default=(die|ok|reset)\\]|[a-z\\[\\]= ]{0,12})", 0..30)) {
            let text: String = controls.iter().map(|control| format!("auth {control} pam_u2f.so\n")).collect();
            let root = planted(&[("/etc/pam.d/sshd", text.as_str())]);
            let job = job(root.path());
            let stack = read(&mut Look::new(&job), "sshd").unwrap();
            // Without a factor nothing can be required.
            prop_assert!(!stack.factors().is_empty() || stack.required() != Some(true));
        }
    }
}
