//! Pages that no link leads to: refusals, a form that somebody else overtook, the middle of a sign-in.

use exhibit_tests::programs::run_json;

use super::{Eye, inhabited};
use crate::browser::{signed_in, signed_in_as};
use crate::support::Scratch;

/// What an app would show for the secret on the page (RFC 6238: SHA-1, 30 seconds, 6 digits).
const CODE: &str = "(async () => {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const secret = document.querySelector('code.once').textContent.replace(/[^A-Z2-7]/g, '');
  const bits = [...secret].map((letter) => letters.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const bytes = Uint8Array.from(bits.match(/.{8}/g), (byte) => parseInt(byte, 2));
  const time = new DataView(new ArrayBuffer(8));
  time.setUint32(4, Math.floor(Date.now() / 30000));
  const key = await crypto.subtle.importKey('raw', bytes, {name: 'HMAC', hash: 'SHA-1'}, false, ['sign']);
  const mac = new DataView(await crypto.subtle.sign('HMAC', key, time.buffer));
  const number = mac.getUint32(mac.getUint8(19) & 15) & 0x7fffffff;
  return String(number % 1000000).padStart(6, '0');
})()";

fn says(eye: &mut Eye, text: &str) {
    let said = eye.browser.evaluate("document.querySelector('main').innerText");
    assert!(said.as_str().unwrap().contains(text), "{said}");
}

/// Sends the form of the page's main part.
fn send(eye: &mut Eye, fields: &[(&str, &str)]) {
    let fill = |(name, value): &(&str, &str)| format!("form.elements[{name:?}].value = {value:?};");
    let fill: String = fields.iter().map(fill).collect();
    let form = "document.querySelector('main form.decide, main form.acts, main form')";
    eye.browser.follow(&format!("const form = {form}; {fill} form.requestSubmit();"));
}

#[test]
fn refusals_an_overtaken_form_and_the_middle_of_a_sign_in_have_no_barriers() {
    let scratch = Scratch::new();
    let serving = inhabited::make(&scratch);
    let web = serving.web.clone();
    let mut add = scratch.installation.collector();
    let added = run_json(add.args(["user", "add", "vera", "--role", "viewer", "--json"])).unwrap();
    let password = added["password"].as_str().unwrap();
    let mut eye = Eye::new(&scratch, signed_in_as(&web, "vera", password), &web, "refused");
    for (address, name) in
        [("/settings/people", "403"), ("/decide/waiver", "403-form"), ("/entries/999999", "404")]
    {
        eye.look(address, name);
    }
    says(&mut eye, "entry");

    // She sets up a second factor; at her next sign-in it is asked for.
    eye.browser.open(&format!("{web}/settings/second-factor"));
    send(&mut eye, &[]);
    eye.look_here("/settings/second-factor, begun", "second-begun");
    let code = eye.browser.evaluate(CODE);
    send(&mut eye, &[("code", code.as_str().unwrap())]);
    says(&mut eye, "Codes for paper");
    eye.look_here("/settings/second-factor, done", "second-done");
    let out = "document.querySelector('form[action=\"/sign-out\"]').requestSubmit()";
    eye.browser.follow(out);
    send(&mut eye, &[("name", "vera"), ("password", "four calm words here")]);
    eye.look("/sign-in/second", "sign-in-second");
    send(&mut eye, &[("code", "000000")]);
    says(&mut eye, "not right");
    eye.look_here("/sign-in/second, wrong", "sign-in-second-wrong");
    eye.satisfied();

    // Two people at one record: the second is told, and keeps what they typed.
    let mut eye = Eye::new(&scratch, signed_in(&scratch, &web), &web, "refused");
    eye.browser.open(&format!("{web}/decide/owner?id=A.5.7"));
    let mut other = scratch.installation.collector();
    other.args(["soa", "set", "A.5.7", "--owner", "Carol", "--by", "carol", "--reason", "mine"]);
    run_json(other.arg("--json")).unwrap();
    send(&mut eye, &[("owner", "Dave"), ("reason", "his")]);
    says(&mut eye, "Somebody else decided meanwhile");
    let kept = eye.browser.evaluate("document.querySelector('main form').elements.owner.value");
    assert_eq!(kept, "Dave");
    eye.look_here("/decide/owner, overtaken", "409");
    eye.satisfied();
}
