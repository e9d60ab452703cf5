use std::collections::HashMap;

use crate::text::Sources;

use super::{Finding, Site};

/// Gives every finding its fingerprint. It is made of the rule, the object, the field without its
/// list indices and the text at the place: lines may move, list items may be added before it.
/// Findings that are alike in all of that are counted, in their order.
pub(super) fn assign(findings: &mut [Finding], sources: &Sources) {
    let mut seen: HashMap<u128, u32> = HashMap::new();
    for finding in findings {
        let hash = fingerprint(finding, sources);
        let count = seen.entry(hash).or_default();
        *count += 1;
        finding.fingerprint = match *count {
            1 => format!("{hash:032x}"),
            more => format!("{hash:032x}-{more}"),
        };
    }
}

fn fingerprint(finding: &Finding, sources: &Sources) -> u128 {
    let site = &finding.site;
    let object = match &site.resource {
        Some(resource) => resource.to_string(),
        None => finding.at.clone(),
    };
    let text = site.span.map_or("", |span| sources.slice(span));
    hash(&[&finding.rule, &object, &without_places(site), text])
}

/// The field with `-` for every place in a list.
fn without_places(site: &Site) -> String {
    let steps = site.steps();
    steps.fold(String::new(), |field, step| {
        field + "/" + step.unwrap_or("-")
    })
}

fn hash(parts: &[&str]) -> u128 {
    // a part ends in a byte that no text holds, so that no two lists of parts run together
    fnv1a(parts.iter().flat_map(|part| part.bytes().chain([0xff])))
}

/// FNV-1a of 128 bits: stable over versions and machines, which is all a name needs.
fn fnv1a(bytes: impl Iterator<Item = u8>) -> u128 {
    const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    bytes.fold(OFFSET, |hash, byte| {
        (hash ^ u128::from(byte)).wrapping_mul(PRIME)
    })
}

#[cfg(test)]
mod tests {
    use super::super::group::tests::finding;
    use super::*;
    use crate::text::{SourceFile, Span};

    fn fingerprints(text: &str, places: &[(&str, usize)]) -> Vec<String> {
        let mut sources = Sources::default();
        let file = sources.add(SourceFile::new("a.yaml", text));
        let mut findings: Vec<_> = places
            .iter()
            .map(|&(field, start)| {
                let mut finding = finding("mtls/permissive", "a");
                finding.site.field = field.into();
                finding.site.span = Some(Span {
                    file,
                    start: start as u32,
                    end: start as u32 + 10,
                });
                finding
            })
            .collect();
        assign(&mut findings, &sources);
        findings.into_iter().map(|f| f.fingerprint).collect()
    }

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(
            fnv1a("a".bytes()),
            0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964
        );
        assert_ne!(hash(&["a", "b"]), hash(&["ab", ""]));
    }

    #[test]
    fn moved_lines_and_indices_keep_it() {
        let before = fingerprints("mode: PERMISSIVE", &[("/spec/rules/0/mode", 6)]);
        let after = fingerprints("\n\nmode: PERMISSIVE", &[("/spec/rules/4/mode", 8)]);
        assert_eq!(before, after);
        assert_eq!(before[0].len(), 32);
    }

    #[test]
    fn another_text_or_field_changes_it() {
        let permissive = fingerprints("mode: PERMISSIVE", &[("/mode", 6)]);
        assert_ne!(
            permissive,
            fingerprints("mode: DISABLED__", &[("/mode", 6)])
        );
        assert_ne!(
            permissive,
            fingerprints("mode: PERMISSIVE", &[("/other", 6)])
        );
    }

    #[test]
    fn keys_that_are_numbers_are_names() {
        let of = |field: &str, keys: &[usize]| {
            without_places(&Site {
                field: field.into(),
                keys: keys.to_vec(),
                ..Site::default()
            })
        };
        let port = "/spec/portLevelMtls/8080/mode";
        assert_eq!(of(port, &[2]), port);
        assert_eq!(of("/data/1/rules/2/from", &[1]), "/data/1/rules/-/from");
        assert_eq!(of("/rules/2", &[]), "/rules/-");
        assert_eq!(of("", &[]), "");
    }

    #[test]
    fn equal_ones_are_counted() {
        let both = fingerprints("mode: PERMISSIVE", &[("/a/0", 6), ("/a/1", 6)]);
        assert_eq!(both[1], format!("{}-2", both[0]));
    }
}
