/// What a proxy makes of a request before it compares it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Normalization {
    /// Whether it takes any method, and not only those that are known.
    pub any_method: bool,
    /// Whether it refuses targets with a fragment; else that is cut off.
    pub refuses_fragments: bool,
    /// What it does first, with slashes and backslashes that are written as escapes.
    pub escaped_slashes: EscapedSlashes,
    /// Whether it then resolves what RFC 3986 takes for the same: dot segments, backslashes,
    /// unreserved characters.
    pub resolves_paths: bool,
    /// Whether it makes one slash of several at last.
    pub merges_slashes: bool,
    /// What it does with headers whose names have an underscore.
    pub underscores: Underscores,
}

/// What a proxy does with slashes and backslashes that are written as escapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EscapedSlashes {
    /// It leaves them.
    Keep,
    /// It decodes them.
    Decode,
    /// It refuses the request.
    Refuse,
    /// It answers where to go instead, so that the request as it was sent does not arrive.
    Redirect,
}

/// What a proxy does with headers whose names have an underscore.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Underscores {
    /// It leaves them.
    Keep,
    /// It drops the header.
    Drop,
    /// It refuses the request.
    Refuse,
}

impl Normalization {
    /// Nothing; and it takes any method.
    pub const VERBATIM: Self = Self {
        any_method: true,
        ..Self::NONE
    };

    /// Nothing.
    pub const NONE: Self = Self {
        any_method: false,
        refuses_fragments: false,
        escaped_slashes: EscapedSlashes::Keep,
        resolves_paths: false,
        merges_slashes: false,
        underscores: Underscores::Keep,
    };

    /// What RFC 3986 takes for the same.
    pub const BASE: Self = Self {
        resolves_paths: true,
        ..Self::NONE
    };

    /// And several slashes to one.
    pub const MERGE_SLASHES: Self = Self {
        merges_slashes: true,
        ..Self::BASE
    };

    /// And encoded slashes to slashes first.
    pub const DECODE_AND_MERGE_SLASHES: Self = Self {
        escaped_slashes: EscapedSlashes::Decode,
        ..Self::MERGE_SLASHES
    };
}
