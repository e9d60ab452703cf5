//! Who may call whom, over which transport, and which line decided it.
//!
//! No mesh product is named here: their answers come through [`Mesh`](crate::mesh::Mesh).

mod answer;
mod arrival;
mod authorize;
mod caller;
mod candidates;
mod class;
mod explain;
mod graph;
mod ingress;
mod network;
pub mod normalize;
mod outcome;
mod token;
mod ways;
mod world;

pub use answer::{Answer, Inbound, Outcome, Path, Question, Stage, Step, Verdict};
pub use authorize::{authorize, matches_path};
pub use caller::{Asked, Caller, ClientAddress};
pub use class::{Class, ClassId, Classes};
pub use graph::{Edge, Graph, Group, ListenerId};
pub use world::{ListenerPort, World};
