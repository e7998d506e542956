package exhibit.identity.sign_in_policy.ssh_strong_cryptography_test

import data.exhibit.identity.sign_in_policy.ssh_strong_cryptography as rule

document(body) := object.union({
	"kind": "identity.sign_in_policy",
	"target": "host:h",
	"parameters": {
		"weak": [
			"3des-cbc",
			"aes128-cbc",
			"aes192-cbc",
			"aes256-cbc",
			"arcfour",
			"arcfour128",
			"arcfour256",
			"blowfish-cbc",
			"cast128-cbc",
			"hmac-md5",
			"hmac-md5-96",
			"hmac-sha1-96",
			"hmac-ripemd160",
			"diffie-hellman-group1-sha1",
			"diffie-hellman-group14-sha1",
			"diffie-hellman-group-exchange-sha1",
		],
	},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"ssh": {
		"installed": true,
		"settings_from": "sshd -T",
		"settings": {
			"ciphers": "aes256-gcm@openssh.com",
			"macs": "hmac-sha2-512",
			"kexalgorithms": "curve25519-sha256",
		},
		"matches": [],
	},
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"3des-cbc"} with input as fail_input
}

fail_input := document({
	"ssh": {
		"installed": true,
		"settings_from": "sshd -T",
		"settings": {
			"ciphers": "aes256-gcm@openssh.com,3des-cbc",
			"macs": "hmac-sha2-512",
			"kexalgorithms": "curve25519-sha256",
		},
		"matches": [],
	},
})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({"ssh": null})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({
	"ssh": {
		"installed": true,
		"settings_from": "sshd -T",
		"settings": {"ciphers": "aes256-ctr"},
		"matches": [],
	},
})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

server(settings) := {"installed": true, "settings_from": "sshd -T", "settings": settings, "matches": []}

server_with_match(settings, block) := object.union(server(settings), {"matches": [{"criteria": "User bob", "settings": block, "source": "/etc/ssh/sshd_config:9"}]})

offers(changes) := document({"ssh": server(object.union(
	{"ciphers": "aes256-gcm@openssh.com", "macs": "hmac-sha2-512-etm@openssh.com", "kexalgorithms": "curve25519-sha256"},
	changes,
))})

test_fail_each_list if {
	rule.verdict == "fail" with input as offers({"ciphers": "aes256-ctr,3des-cbc"})
	rule.verdict == "fail" with input as offers({"macs": "hmac-md5"})
	rule.verdict == "fail" with input as offers({"kexalgorithms": "diffie-hellman-group1-sha1"})
	rule.verdict == "pass" with input as offers({})
}

test_malformed_one_list_unknown if {
	every keyword in ["ciphers", "macs", "kexalgorithms"] {
		rule.verdict == "error" with input as offers({keyword: null})
	}
}

test_not_applicable_not_installed if {
	rule.verdict == "not_applicable" with input as document({"ssh": {"installed": false, "settings_from": null, "settings": {}, "matches": []}})
}
