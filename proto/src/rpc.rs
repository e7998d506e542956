//! The generated gRPC types; `proto/exhibit.proto` is their documentation.
#![expect(
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::too_many_lines,
    reason = "generated code keeps its generator's style"
)]

tonic::include_proto!("exhibit.v1");
