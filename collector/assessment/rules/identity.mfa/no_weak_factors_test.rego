package exhibit.identity.mfa.no_weak_factors_test

import data.exhibit.identity.mfa.no_weak_factors as rule

document(body) := object.union({
	"kind": "identity.mfa",
	"target": "host:h",
	"parameters": {"weak": ["sms", "voice", "email"]},
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
	],
	"accounts": [],
	"accounts_complete": false,
})

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"console"} with input as fail_input
}

fail_input := document({
	"required": null,
	"services": [
		{
			"name": "console",
			"type": "sign_in",
			"required": true,
			"factors": [
				{
					"method": "sms",
					"by": "pam_google_authenticator",
					"control": "required",
					"optional": false,
				},
				{
					"method": "totp",
					"by": "pam_google_authenticator",
					"control": "required",
					"optional": false,
				},
			],
			"methods": [],
			"source": "/etc/pam.d/console",
		},
	],
	"accounts": [],
	"accounts_complete": false,
})

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
			"required": true,
			"factors": [
				{
					"method": null,
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
