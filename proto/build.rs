//! Compiles the services with a protobuf compiler written in Rust: no `protoc` on the machine.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=proto/exhibit.proto");
    let files = protox::compile(["exhibit.proto"], ["proto"])?;
    tonic_prost_build::configure().bytes(".").compile_fds(files)?;
    Ok(())
}
