package exhibit.identity.mfa.sign_in_needs_second_factor_test

import data.exhibit.identity.mfa.sign_in_needs_second_factor as rule

document(body) := object.union({
	"kind": "identity.mfa",
	"target": "host:h",
	"parameters": {"exceptions": ["login"]},
}, {"body": body})

ids := {item.id | some item in rule.items}

test_pass if {
	rule.verdict == "pass" with input as pass_input
}

pass_input := document({
	"required": null,
	"services": [
		{
			"name": "sshd",
			"type": "sign_in",
			"required": true,
			"factors": [
				{
					"method": "totp",
					"by": "pam_google_authenticator",
					"control": "required",
					"optional": false,
				},
			],
			"methods": [],
			"source": "/etc/pam.d/sshd",
		},
		{
			"name": "cron",
			"type": "other",
			"required": false,
			"factors": [
				{
					"method": "totp",
					"by": "pam_google_authenticator",
					"control": "required",
					"optional": false,
				},
			],
			"methods": [],
			"source": "/etc/pam.d/cron",
		},
	],
	"accounts": [],
	"accounts_complete": false,
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"sshd"} with input as fail_input
}

fail_input := document({
	"required": null,
	"services": [
		{
			"name": "sshd",
			"type": "sign_in",
			"required": false,
			"factors": [],
			"methods": [],
			"source": "/etc/pam.d/sshd",
		},
		{
			"name": "vpn",
			"type": "sign_in",
			"required": true,
			"factors": [
				{
					"method": "totp",
					"by": "pam_google_authenticator",
					"control": "required",
					"optional": false,
				},
			],
			"methods": [],
			"source": "/etc/pam.d/vpn",
		},
	],
	"accounts": [],
	"accounts_complete": false,
})

test_pass_excepted if {
	rule.verdict == "pass" with input as pass_excepted_input
}

pass_excepted_input := object.union(document({
	"required": null,
	"services": [
		{
			"name": "sshd",
			"type": "sign_in",
			"required": true,
			"factors": [
				{
					"method": "totp",
					"by": "pam_google_authenticator",
					"control": "required",
					"optional": false,
				},
			],
			"methods": [],
			"source": "/etc/pam.d/sshd",
		},
		{
			"name": "x",
			"type": "sign_in",
			"required": false,
			"factors": [
				{
					"method": "totp",
					"by": "pam_google_authenticator",
					"control": "required",
					"optional": false,
				},
			],
			"methods": [],
			"source": "/etc/pam.d/x",
		},
	],
	"accounts": [],
	"accounts_complete": false,
}), {"parameters": {"exceptions": ["x"]}})

test_not_applicable_empty if {
	rule.verdict == "not_applicable" with input as not_applicable_empty_input
}

not_applicable_empty_input := document({"required": null, "services": [], "accounts": [], "accounts_complete": false})

test_malformed if {
	rule.verdict == "error" with input as malformed_input
}

malformed_input := document({
	"required": null,
	"services": [
		{
			"name": "sshd",
			"type": "sign_in",
			"required": null,
			"factors": [
				{
					"method": "totp",
					"by": "pam_google_authenticator",
					"control": "required",
					"optional": false,
				},
			],
			"methods": [],
			"source": "/etc/pam.d/sshd",
		},
	],
	"accounts": [],
	"accounts_complete": false,
})

test_malformed_without_services if {
	rule.verdict == "error" with input as malformed_without_services_input
}

malformed_without_services_input := document({"required": null, "services": null, "accounts": [], "accounts_complete": false})

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}
