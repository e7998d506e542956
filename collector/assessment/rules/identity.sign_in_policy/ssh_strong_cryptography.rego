# METADATA
# title: SSH offers no weak cryptography
# description: No cipher, message authentication code or key exchange on the list of weak ones is
#   offered.
# custom:
#   id: identity.sign_in_policy.ssh_strong_cryptography
#   kind: identity.sign_in_policy
#   controls:
#   - id: A.8.24
#     relation: supporting
#   - id: A.8.21
#     relation: supporting
#   - id: A.5.14
#     relation: context
#   severity: medium
#   freshness: 168
#   why: A connection is as strong as the weakest algorithm both sides accept.
#   fix: Remove the named algorithms from Ciphers, MACs or KexAlgorithms and reload the server.
#   parameters:
#     weak: ["3des-cbc", "aes128-cbc", "aes192-cbc", "aes256-cbc", "arcfour", "arcfour128", "arcfour256", "blowfish-cbc", "cast128-cbc", "rijndael-cbc@lysator.liu.se", "hmac-md5", "hmac-md5-96", "hmac-md5-etm@openssh.com", "hmac-md5-96-etm@openssh.com", "hmac-sha1-96", "hmac-sha1-96-etm@openssh.com", "hmac-ripemd160", "hmac-ripemd160@openssh.com", "hmac-ripemd160-etm@openssh.com", "diffie-hellman-group1-sha1", "diffie-hellman-group14-sha1", "diffie-hellman-group-exchange-sha1"]
package exhibit.identity.sign_in_policy.ssh_strong_cryptography

default verdict := "error"

default message := "the effective algorithms of the SSH server could not be read; sshd -T shows them"

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

message := "SSH offers no weak cryptography" if verdict == "pass"

message := "SSH offers weak cryptography" if verdict == "fail"

not_applicable if input.body.ssh == null

not_applicable if input.body.ssh.installed == false

# What must be known before the absence of offending items means anything.
judgeable if {
	every keyword in ["ciphers", "macs", "kexalgorithms"] {
		is_string(input.body.ssh.settings[keyword])
	}
}

items contains {"id": name, "why": why} if {
	some keyword in ["ciphers", "macs", "kexalgorithms"]
	some name in split(input.body.ssh.settings[keyword], ",")
	name in input.parameters.weak
	why := sprintf("is offered in %v", [keyword])
}
