//! Paths as URIs.

use std::fmt::Write as _;

/// What relative URIs are relative to: the root of the repository.
pub(super) const BASE: &str = "%SRCROOT%";

/// The URI of a path, and whether it is relative to [`BASE`].
pub(super) fn of_path(path: &str) -> (String, bool) {
    let path = path.replace('\\', "/");
    let mut path = path.as_str();
    while let Some(rest) = path.strip_prefix("./") {
        path = rest;
    }
    let encoded = encode(path);
    if path.starts_with('/') {
        (format!("file://{encoded}"), false)
    } else {
        (encoded, true)
    }
}

/// Keeps what a path of a URI may hold. A colon would make the first folder a scheme.
fn encode(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=@/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_uris() {
        for (path, uri, relative) in [
            ("deploy/a.yaml", "deploy/a.yaml", true),
            ("./a b#c?.yaml", "a%20b%23c%3F.yaml", true),
            ("c:x\\ü.yaml", "c%3Ax/%C3%BC.yaml", true),
            ("/srv/a.yaml", "file:///srv/a.yaml", false),
            ("100%.yaml", "100%25.yaml", true),
        ] {
            assert_eq!(of_path(path), (uri.to_owned(), relative));
        }
    }
}
