use super::Because;

/// Whether calls leave a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LogState {
    /// Every call.
    On,
    /// Some calls only.
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
    pub format: Option<(String, super::At)>,
}
