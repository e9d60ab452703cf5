//! The words of a mesh: what layers say to one another.
//!
//! Nothing here knows Kubernetes or a mesh product. Every decided value says because of what
//! ([`Decided`]), and names places by address ([`At`]); addresses become lines last of all.

mod address;
mod authorization;
mod expression;
mod identity;
mod listener;
mod normalization;
mod policy;
mod problem;
mod question;
mod setting;
mod telemetry;
mod tri;
mod way;
mod workload;

pub use address::{At, Because, Decided, Pointer, ResourceId};
pub use authorization::{
    Cidr, Delegate, Effect, PathMatch, Rule, Ruleset, Segment, StringMatch, Test, TokenRule, When,
    contains,
};
pub use expression::Expression;
pub use identity::Identity;
pub use listener::{Inlet, InletKind, Layer, Listener, TlsAcceptance, TlsOrigination, Transport};
pub use normalization::{EscapedSlashes, Normalization, Underscores};
pub use policy::{
    AuthorizationPolicy, Constraint, Ineffective, LogEntry, Loss, Lost, Policy, PortMode, Sends,
    Subject, Target, Wider, WrittenRule, WrittenValue,
};
pub use problem::{Place, Problem, ProblemKind};
pub use question::{Client, HeaderLine, Request, Token, names_host};
pub use setting::Setting;
pub use telemetry::{AccessLog, LogState, Missing, Tracing};
pub use tri::Tri;
pub use way::{Addresses, Gate, HeaderChange, Hop, Outside, PathRewrite, Rewrite, Way};
pub use workload::{
    Container, ContainerPort, Labels, Membership, Namespace, Protocol, Service, ServiceId,
    ServicePort, TargetPort, Workload, WorkloadId,
};
