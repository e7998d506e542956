package exhibit.identity.mfa.nobody_let_past_test

import data.exhibit.identity.mfa.nobody_let_past as rule

document(body) := object.union({
	"kind": "identity.mfa",
	"target": "host:h",
	"parameters": {},
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
	ids == {"sshd"} with input as fail_input
}

fail_input := document({
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
					"optional": true,
				},
			],
			"methods": [],
			"source": "/etc/pam.d/sshd",
		},
	],
	"accounts": [],
	"accounts_complete": false,
})

test_not_applicable_empty if {
	rule.verdict == "not_applicable" with input as not_applicable_empty_input
}

not_applicable_empty_input := document({"required": null, "services": [], "accounts": [], "accounts_complete": false})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as not_applicable_input
}

not_applicable_input := document({
	"required": null,
	"services": [
		{
			"name": "sshd",
			"type": "sign_in",
			"required": true,
			"factors": [],
			"methods": [],
			"source": "/etc/pam.d/sshd",
		},
	],
	"accounts": [],
	"accounts_complete": false,
})

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
					"method": "totp",
					"by": "pam_google_authenticator",
					"control": "required",
					"optional": null,
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
