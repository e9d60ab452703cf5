//! Trust anchors: who vouches for everyone, and until when.

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use x509_cert::Certificate;
use x509_cert::der::Decode;

use crate::k8s::Index;
use crate::mesh::linkerd::settings::Config;
use crate::mesh::release::text;
use crate::model::{At, Because, Problem, ProblemKind, Setting};

/// One setting for each certificate; its value is the time it holds for: `2025-01-01T00:00:00Z/…`.
/// `linkerd/linkerd2: charts/linkerd-control-plane/templates/identity.yaml`.
pub(super) fn all(index: &Index, config: &Config, problems: &mut Vec<Problem>) -> Vec<Setting> {
    let values = config.values.iter();
    let mut places: Vec<At> = values
        .map(|at| at.join("identityTrustAnchorsPEM"))
        .collect();
    for &id in index.of_kind("", "ConfigMap") {
        if &*index.resource(id).key.name == "linkerd-identity-trust-roots" {
            places.push(At::new(id, "/data").join("ca-bundle.crt"));
        }
    }
    let texts = places
        .into_iter()
        .filter_map(|at| Some((text(index, &at)?, at)));
    read(texts, problems)
}

/// The certificates in some texts, each once.
fn read<'a>(
    texts: impl Iterator<Item = (&'a str, At)>,
    problems: &mut Vec<Problem>,
) -> Vec<Setting> {
    let mut known = Vec::new();
    let mut found = Vec::new();
    for (text, at) in texts {
        for certificate in CertificateDer::pem_slice_iter(text.as_bytes()) {
            match certificate.map(|der| (validity(&der), der)) {
                Ok((Some(_), der)) if known.contains(&der) => {}
                Ok((Some(value), der)) => {
                    known.push(der);
                    found.push(Setting {
                        name: "trust_anchor",
                        value,
                        because: Because::Configured(at.clone()),
                    });
                }
                Ok((None, _)) | Err(_) => {
                    problems.push(unreadable(at.clone()));
                    break;
                }
            }
        }
    }
    found
}

/// From when and until when a certificate holds.
fn validity(der: &[u8]) -> Option<String> {
    let certificate = Certificate::from_der(der).ok()?;
    let validity = certificate.tbs_certificate().validity();
    Some(format!("{}/{}", validity.not_before, validity.not_after))
}

fn unreadable(at: At) -> Problem {
    Problem::at(
        ProblemKind::NotUnderstood,
        "a certificate here cannot be read, so until when the mesh trusts it is not known; write it as PEM",
        at,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ResourceId;

    const ANCHOR: &str = "-----BEGIN CERTIFICATE-----\n\
                        MIIBjzCCATSgAwIBAgIUDy4plUnClSQVMQKmfqa5YIiyFp0wCgYIKoZIzj0EAwIw\n\
                        JTEjMCEGA1UEAwwacm9vdC5saW5rZXJkLmNsdXN0ZXIubG9jYWwwHhcNMjQwMTAx\n\
                        MDAwMDAwWhcNMzQwMTA4MDAwMDAwWjAlMSMwIQYDVQQDDBpyb290LmxpbmtlcmQu\n\
                        Y2x1c3Rlci5sb2NhbDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABFxRGphT4+pN\n\
                        SPPKHkHpo//4YoT84trEOLqmfy6OhhgEv2Qvcw2Hk0OTxokjy8LX0joosG0BmvR2\n\
                        uOQ8cez2soKjQjBAMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgIEMB0G\n\
                        A1UdDgQWBBSx06bMcj/XtxucJAp+JbueybL9AjAKBggqhkjOPQQDAgNJADBGAiEA\n\
                        3Fy4sFB2i797H2OVGk5/f/IPFwX4JbHLQbKeJ5FZISkCIQCh2iWshLnOuELYL2eH\n\
                        iEUMkcSTh76nhQCPfXe6Qdm8CQ==\n\
                        -----END CERTIFICATE-----";

    /// What is found in texts, and how many of them could not be read.
    fn found(texts: &[&str]) -> (Vec<String>, usize) {
        let mut problems = Vec::new();
        let at = || At::new(ResourceId(0), "/pem");
        let found = read(texts.iter().map(|&text| (text, at())), &mut problems);
        let values = found.into_iter().map(|one| one.value).collect();
        (values, problems.len())
    }

    #[test]
    fn each_certificate_is_told_once() {
        let times = vec!["2024-01-01T00:00:00Z/2034-01-08T00:00:00Z".to_owned()];
        assert_eq!(found(&[ANCHOR]), (times.clone(), 0));
        let twice = format!("{ANCHOR}\n{ANCHOR}\n");
        assert_eq!(found(&[&twice, ANCHOR]), (times, 0));
    }

    #[test]
    fn a_certificate_that_cannot_be_read_is_a_problem_and_a_placeholder_is_none() {
        let cut = ANCHOR.replace("MIIB", "AAAA");
        let open = ANCHOR.replace("-----END CERTIFICATE-----", "");
        assert_eq!(found(&[&cut]), (Vec::new(), 1));
        assert_eq!(found(&[&open]), (Vec::new(), 1));
        assert_eq!(found(&["REPLACE_ME", "{{ .Values.anchor }}"]).1, 0);
    }
}
