/// Three-valued truth: what cannot be known is neither yes nor no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tri {
    /// Certainly so.
    Yes,
    /// Certainly not.
    No,
    /// It depends on something that is not in the input.
    Unknown,
}

impl Tri {
    /// Both hold.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, Self::Yes) => Self::Yes,
            _ => Self::Unknown,
        }
    }

    /// At least one holds.
    pub fn or(self, other: Self) -> Self {
        self.not().and(other.not()).not()
    }

    /// The opposite; of unknown, unknown.
    #[allow(clippy::should_implement_trait)]
    pub fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
        }
    }

    /// All hold; of nothing, yes. Stops at the first no.
    pub fn all(of: impl IntoIterator<Item = Self>) -> Self {
        let mut result = Self::Yes;
        for one in of {
            result = result.and(one);
            if result == Self::No {
                break;
            }
        }
        result
    }

    /// Any holds; of nothing, no. Stops at the first yes.
    pub fn any(of: impl IntoIterator<Item = Self>) -> Self {
        let mut result = Self::No;
        for one in of {
            result = result.or(one);
            if result == Self::Yes {
                break;
            }
        }
        result
    }
}

impl From<bool> for Tri {
    fn from(known: bool) -> Self {
        if known { Self::Yes } else { Self::No }
    }
}

#[cfg(test)]
mod tests {
    use super::Tri::{self, No, Unknown, Yes};

    #[test]
    fn unknown_is_not_no() {
        assert_eq!(Unknown.and(No), No);
        assert_eq!(Unknown.and(Yes), Unknown);
        assert_eq!(Unknown.or(Yes), Yes);
        assert_eq!(Unknown.or(No), Unknown);
        assert_eq!(Unknown.not(), Unknown);
    }

    #[test]
    fn of_nothing_all_hold_and_none_does() {
        assert_eq!(Tri::all([]), Yes);
        assert_eq!(Tri::any([]), No);
        assert_eq!(Tri::all([Yes, Unknown, No]), No);
        assert_eq!(Tri::any([No, Unknown, Yes]), Yes);
    }
}
