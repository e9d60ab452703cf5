use super::{At, Because};

/// Whether calls leave a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LogState {
    /// Every call.
    On,
    /// Some calls only, or only some of what there is to say about them.
    Partial,
    /// None.
    Off,
    /// It depends on something that is not in the input.
    Unknown,
}

impl LogState {
    /// The name in facts.
    pub fn name(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Partial => "partial",
            Self::Off => "off",
            Self::Unknown => "unknown",
        }
    }
}

/// What a partial log leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Missing {
    /// What a filter drops.
    Filtered,
    /// Calls in one direction.
    Direction,
    /// Requests: there is a line for each connection.
    Requests,
    /// What succeeds.
    Successes,
    /// Calls on ports whose requests the proxy does not read; of a log that is off, all there are.
    Streams,
}

impl Missing {
    /// The name in facts.
    pub fn name(self) -> &'static str {
        match self {
            Self::Filtered => "filtered",
            Self::Direction => "direction",
            Self::Requests => "requests",
            Self::Successes => "successes",
            Self::Streams => "streams",
        }
    }
}

/// The access log of one workload.
#[derive(Debug, Clone)]
pub struct AccessLog {
    /// Whether it is written.
    pub state: LogState,
    /// What decided that.
    pub because: Because,
    /// Whether it rests on mesh-wide settings that are not in the input.
    pub assumed: bool,
    /// The format of a line as it is configured, and where; `None` is the mesh's own format.
    pub format: Option<(String, At)>,
    /// What a partial log leaves out.
    pub lacks: Option<Missing>,
}

/// The spans of one workload.
#[derive(Debug, Clone)]
pub struct Tracing {
    /// Whether they are sent to a collector.
    pub state: LogState,
    /// What decided that.
    pub because: Because,
    /// How many of a hundred requests are chosen, where the proxy chooses.
    pub sampling: Option<f64>,
}

impl Tracing {
    /// Nothing is known of them.
    pub fn unknown(near: At) -> Self {
        Self {
            state: LogState::Unknown,
            because: Because::Assumed {
                what: "how calls are traced is not worked out".to_owned(),
                near,
            },
            sampling: None,
        }
    }
}
