package exhibit.network.remote_access.vpns_strong_test

import data.exhibit.network.remote_access.vpns_strong as rule

document(body) := {
	"kind": "network.remote_access",
	"target": "host:h",
	"parameters": {"weak": ["none", "null", "bf", "des", "3des", "des3", "rc2", "cast5", "blowfish", "md5", "modp768", "modp1024"]},
	"body": body,
}

ids := {item.id | some item in rule.items}

tunnel(settings) := document({"ways": [{"id": "openvpn:server/a", "kind": "vpn", "technology": "openvpn", "role": "server", "enabled": true, "active": null, "settings": settings}]})

test_pass if {
	rule.verdict == "pass" with input as tunnel({"data-ciphers": "AES-256-GCM:CHACHA20-POLY1305", "auth": "SHA256", "port": "1194"})
	rule.verdict == "pass" with input as tunnel({"children.net.esp_proposals": "aes256gcm16-ecp384", "proposals": "aes256-sha256-ecp384"})
}

test_fail if {
	rule.verdict == "fail" with input as fail_input
	ids == {"openvpn:server/a"} with input as fail_input
	every settings in [{"data-ciphers": "AES-256-GCM:BF-CBC"}, {"auth": "MD5"}, {"proposals": "3des-sha256-modp1024!"}, {"children.n.esp_proposals": "aes128-md5"}, {"esp": "null-sha256"}, {"secret": "set"}] {
		rule.verdict == "fail" with input as tunnel(settings)
	}
}

fail_input := tunnel({"cipher": "DES-EDE3-CBC"})

test_not_applicable if {
	rule.verdict == "not_applicable" with input as document({"ways": [{"id": "tailscale", "kind": "vpn", "technology": "tailscale", "settings": {}}]})
	rule.verdict == "not_applicable" with input as document({"ways": [{"id": "ssh", "kind": "shell", "technology": "openssh", "settings": {"ciphers": "3des-cbc"}}]})
}

test_malformed if {
	rule.verdict == "error" with input as document({"ways": null})
}

test_malformed_empty if {
	rule.verdict == "error" with input as {}
	rule.verdict == "error" with input as document({})
}

test_fail_each_word if {
	every key in ["auth", "cipher", "data-ciphers", "ncp-ciphers", "esp", "ike", "ah"] {
		rule.verdict == "fail" with input as tunnel({key: "aes256, 3des!"})
		rule.verdict == "fail" with input as tunnel({key: "AES-256-GCM:?BF-CBC"})
	}
	rule.verdict == "pass" with input as tunnel({"dev": "des", "port": "null"})
	rule.verdict == "pass" with input as object.union(tunnel({}), {"body": {"ways": [{"id": "x", "kind": "vpn", "technology": "ipsec", "settings": {"secret": "set"}}]}})
}
