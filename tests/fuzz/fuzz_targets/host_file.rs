#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _accepted = exhibit_fuzz::host_file(bytes);
});
