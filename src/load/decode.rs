use crate::syntax::MAX_FILE_BYTES;

/// The bytes of a file as text, or why they are none.
pub(super) fn decode(bytes: Vec<u8>) -> Result<String, String> {
    if bytes.len() > MAX_FILE_BYTES {
        return Err(too_large());
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err("UTF-16 text, which is not read; save it as UTF-8".to_owned());
    }
    String::from_utf8(bytes).map_err(|error| {
        format!(
            "not UTF-8: the byte at offset {} belongs to no character; save it as UTF-8",
            error.utf8_error().valid_up_to()
        )
    })
}

/// Why a file is not read that has more bytes than is allowed.
pub(super) fn too_large() -> String {
    format!(
        "larger than {} MiB, so it was not read; split it, or leave it out",
        MAX_FILE_BYTES / (1024 * 1024)
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn other_encodings_are_refused_with_a_reason() {
        let message = |bytes: &[u8]| decode(bytes.to_vec()).unwrap_err();
        assert!(message(b"\xff\xfea\0").contains("UTF-16"));
        assert!(message(b"\xfe\xff\0a").contains("UTF-16"));
        assert!(message(b"a: \xe9\n").contains("offset 3"));
        assert_eq!(decode("\u{feff}a: é".into()).unwrap(), "\u{feff}a: é");
    }

    #[test]
    fn files_have_a_size_limit() {
        assert!(decode(vec![b'a'; MAX_FILE_BYTES]).is_ok());
        let refused = decode(vec![b'a'; MAX_FILE_BYTES + 1]).unwrap_err();
        assert!(refused.contains("32 MiB"), "{refused}");
    }
}
