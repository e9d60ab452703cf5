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
    let mut known = Vec::new();
    let mut found = Vec::new();
    for at in places {
        let Some(text) = text(index, &at) else {
            continue;
        };
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
