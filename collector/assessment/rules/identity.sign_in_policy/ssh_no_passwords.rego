# METADATA
# title: SSH takes keys, no passwords
# description: PasswordAuthentication is off, also in Match blocks, and so is the questioning by which
#   PAM asks for the same password, unless a key is demanded beside it.
# custom:
#   id: identity.sign_in_policy.ssh_no_passwords
#   kind: identity.sign_in_policy
#   controls:
#   - id: A.8.5
#     relation: supporting
#   severity: medium
#   freshness: 168
#   why: Keys cannot be guessed, reused on another site or told over the phone.
#   fix: Distribute keys, then set PasswordAuthentication no and KbdInteractiveAuthentication no and
#     reload the server; where PAM asks for a second factor, set AuthenticationMethods
#     publickey,keyboard-interactive instead of the latter.
package exhibit.identity.sign_in_policy.ssh_no_passwords

default verdict := "error"

default message := "the effective setting passwordauthentication of the SSH server could not be read"

verdict := "not_applicable" if not_applicable

verdict := "fail" if {
	not not_applicable
	count(items) > 0
}

verdict := "pass" if {
	not not_applicable
	judgeable
	count(items) == 0
}

message := "there is no SSH server here" if verdict == "not_applicable"

message := "SSH takes no passwords" if verdict == "pass"

message := "the SSH server is set otherwise" if verdict == "fail"

not_applicable if input.body.ssh == null

not_applicable if input.body.ssh.installed == false

# What must be known before the absence of offending items means anything.
judgeable if {
	lower(input.body.ssh.settings.passwordauthentication) in {"yes", "no"}
	is_array(input.body.ssh.matches)
}

items contains {"id": "passwordauthentication", "why": why} if {
	value := input.body.ssh.settings.passwordauthentication
	lower(value) == "yes"
	why := sprintf("is %v", [value])
}

items contains {"id": block.criteria, "why": why} if {
	is_array(input.body.ssh.matches)
	some block in input.body.ssh.matches
	value := block.settings.passwordauthentication
	lower(value) == "yes"
	why := sprintf("is %v (%v)", [value, block.source])
}

items contains {"id": "kbdinteractiveauthentication", "why": "PAM may ask for the password, although PasswordAuthentication is off"} if {
	not lower(input.body.ssh.settings.passwordauthentication) == "yes"
	questioned(input.body.ssh.settings)
}

items contains {"id": block.criteria, "why": why} if {
	is_array(input.body.ssh.matches)
	some block in input.body.ssh.matches
	lower(block.settings.kbdinteractiveauthentication) == "yes"
	questioned(object.union(input.body.ssh.settings, block.settings))
	why := sprintf("PAM may ask for the password (%v)", [block.source])
}

# PAM asks whatever it likes, as a rule for the password.
questioned(settings) if {
	lower(settings.kbdinteractiveauthentication) == "yes"
	lower(settings.usepam) == "yes"
	not key_demanded(object.get(settings, "authenticationmethods", "any"))
}

key_demanded(methods) if {
	every list in split(methods, " ") {
		some method in ["publickey", "gssapi-with-mic", "hostbased"]
		contains(list, method)
	}
}
