use std::fmt;
use std::sync::Arc;

/// A resource of one environment: an index into its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceId(pub u32);

/// A JSON Pointer (RFC 6901) into a resource; empty is the whole resource.
///
/// It goes on into a document that a string field holds: `/data/mesh/accessLogFile`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pointer(Arc<str>);

impl Pointer {
    /// The whole resource.
    pub fn root() -> Self {
        Self(Arc::from(""))
    }

    /// Takes a pointer as it is written: empty, or beginning with `/`.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// This pointer, one step further.
    pub fn join(&self, step: impl fmt::Display) -> Self {
        let step = step.to_string();
        let escaped = if step.contains(['~', '/']) {
            step.replace('~', "~0").replace('/', "~1")
        } else {
            step
        };
        Self(format!("{}/{escaped}", self.0).into())
    }

    /// This pointer, followed by another one as it is written.
    pub fn append(&self, rest: &str) -> Self {
        Self(format!("{}{rest}", self.0).into())
    }

    /// The steps, unescaped.
    pub fn steps(&self) -> impl Iterator<Item = String> {
        self.0
            .split('/')
            .skip(1)
            .map(|step| step.replace("~1", "/").replace("~0", "~"))
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The address of a field, whether it is written or not.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct At {
    /// The resource.
    pub resource: ResourceId,
    /// The field in it.
    pub pointer: Pointer,
}

impl At {
    /// The field `pointer` (as it is written) of a resource.
    pub fn new(resource: ResourceId, pointer: impl Into<Arc<str>>) -> Self {
        Self {
            resource,
            pointer: Pointer::new(pointer),
        }
    }

    /// One step further into the resource.
    pub fn join(&self, step: impl fmt::Display) -> Self {
        Self {
            resource: self.resource,
            pointer: self.pointer.join(step),
        }
    }
}

/// What decided a value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Because {
    /// Someone wrote it.
    Configured(At),
    /// Nobody wrote it: the product's own default.
    Default {
        /// The default in a person's words.
        rule: &'static str,
        /// What it applies to.
        near: At,
    },
    /// It is not in the input and had to be assumed.
    Assumed {
        /// The assumption in a person's words.
        what: String,
        /// What it is about.
        near: At,
    },
}

impl Because {
    /// The address to point at.
    pub fn at(&self) -> &At {
        match self {
            Self::Configured(at) => at,
            Self::Default { near, .. } | Self::Assumed { near, .. } => near,
        }
    }

    /// Whether a written line decided.
    pub fn is_configured(&self) -> bool {
        matches!(self, Self::Configured(_))
    }
}

/// A value with what decided it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided<T> {
    /// The value in force.
    pub value: T,
    /// What decided it.
    pub because: Because,
    /// Others of equal rank: without knowing their age, one of them may be in force instead.
    pub rivals: Vec<At>,
}

impl<T> Decided<T> {
    /// A value and what decided it, without rivals.
    pub fn new(value: T, because: Because) -> Self {
        Self {
            value,
            because,
            rivals: Vec::new(),
        }
    }

    /// A value that a written line decided.
    pub fn configured(value: T, at: At) -> Self {
        Self::new(value, Because::Configured(at))
    }

    /// The product's default.
    pub fn default(value: T, rule: &'static str, near: At) -> Self {
        Self::new(value, Because::Default { rule, near })
    }

    /// A value that had to be assumed.
    pub fn assumed(value: T, what: impl Into<String>, near: At) -> Self {
        let what = what.into();
        Self::new(value, Because::Assumed { what, near })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_escaped_and_come_back() {
        let pointer = Pointer::root().join("metadata").join("a/b~c").join(3);
        assert_eq!(pointer.as_str(), "/metadata/a~1b~0c/3");
        assert_eq!(
            pointer.steps().collect::<Vec<_>>(),
            ["metadata", "a/b~c", "3"]
        );
        assert_eq!(Pointer::root().steps().count(), 0);
    }
}
