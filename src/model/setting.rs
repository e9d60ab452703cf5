use super::Because;

/// A setting that matters to security, as it is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// What is set, in words that meshes share: `admission_failure`, `proxy_log_level`.
    pub name: &'static str,
    /// To what, as it is written; of lists, one item.
    pub value: String,
    /// What decided that.
    pub because: Because,
}
