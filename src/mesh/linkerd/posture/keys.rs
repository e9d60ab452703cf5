//! Private keys that stand in files for everyone to read.
//!
//! What is encrypted (SealedSecret, SOPS), fetched (ExternalSecret) or a placeholder is none.

use data_encoding::BASE64;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;

use super::{EXTENSION, VIZ_CHARTS};
use crate::k8s::{Index, node_at};
use crate::mesh::linkerd::settings::{CHARTS, Config};
use crate::mesh::release::{passed_over, releases, text};
use crate::model::{At, Because, ResourceId, Setting};
use crate::syntax::Node;

/// Where charts take keys from, and what each is the key of.
/// `linkerd/linkerd2: charts/linkerd-control-plane/values.yaml`, `viz/charts/linkerd-viz/values.yaml`.
const VALUES: &[(&str, &str)] = &[
    ("identity.issuer.tls.keyPEM", "issuer"),
    ("policyValidator.keyPEM", "webhook"),
    ("profileValidator.keyPEM", "webhook"),
    ("proxyInjector.keyPEM", "webhook"),
    ("tap.keyPEM", "webhook"),
    ("tapInjector.keyPEM", "webhook"),
];

/// The type of Secrets with which another cluster is read.
/// `linkerd/linkerd2: pkg/k8s/labels.go` (MirrorSecretType).
const REMOTE: &str = "mirror.linkerd.io/remote-kubeconfig";

/// The least that a key can be, in bytes.
const SHORTEST: usize = 32;

/// All that are found, one setting each, whose value says what it is the key of.
pub(super) fn all(index: &Index, config: &Config) -> Vec<Setting> {
    let viz = releases(index, VIZ_CHARTS)
        .into_iter()
        .map(|one| one.values);
    let mut places: Vec<At> = config.values.iter().cloned().chain(viz).collect();
    places.extend(index.values().iter().map(|&id| At::new(id, "")));
    places.dedup();
    let mut found = Vec::new();
    for place in &places {
        for &(field, of) in VALUES {
            let at = field
                .split('.')
                .fold(place.clone(), |at, step| at.join(step));
            if text(index, &at).is_some_and(is_key) {
                found.push(key(of, at));
            }
        }
    }
    let charts: Vec<&str> = CHARTS.iter().chain(VIZ_CHARTS).copied().collect();
    for over in passed_over(index, &charts) {
        let of = VALUES
            .iter()
            .find(|(field, _)| over.field.as_deref() == Some(field));
        if let Some(&(_, of)) = of
            && text(index, &over.value).is_some_and(is_key)
        {
            found.push(key(of, over.value));
        }
    }
    let secrets = index.of_kind("", "Secret").iter();
    found.extend(secrets.flat_map(|&id| of_secret(index, id)));
    found.sort_by(|a, b| a.because.at().cmp(b.because.at()));
    found.dedup();
    found
}

fn key(of: &'static str, at: At) -> Setting {
    Setting {
        name: "private_key",
        value: of.to_owned(),
        because: Because::Configured(at),
    }
}

/// The keys that a Secret of Linkerd's holds.
fn of_secret(index: &Index, id: ResourceId) -> Vec<Setting> {
    let resource = index.resource(id);
    let name = &*resource.key.name;
    let remote = text(index, &At::new(id, "/type")) == Some(REMOTE);
    let labels = ["linkerd.io/control-plane-component", EXTENSION];
    let theirs = labels.iter().any(|&key| resource.labels.contains_key(key));
    if !(remote || theirs || name.starts_with("linkerd-")) {
        return Vec::new();
    }
    let of = match name {
        _ if remote => "remote_cluster",
        "linkerd-identity-issuer" => "issuer",
        _ if name.contains("anchor") || name.contains("trust-roots") => "trust_anchor",
        _ => "webhook",
    };
    let holds = |text: &str| is_key(text) || (remote && is_login(text));
    let mut found = Vec::new();
    for (field, is_encoded) in [("data", true), ("stringData", false)] {
        let whole = At::new(id, "").join(field);
        let entries = node_at(index, &whole).into_iter().flat_map(Node::entries);
        for entry in entries {
            let written = entry.value.as_str().unwrap_or("");
            let plain = match is_encoded {
                true => decoded(written),
                false => Some(written.to_owned()),
            };
            if plain.is_some_and(|plain| holds(&plain)) {
                found.push(key(of, whole.join(entry.key)));
            }
        }
    }
    found
}

fn decoded(text: &str) -> Option<String> {
    let packed: String = text.split_whitespace().collect();
    String::from_utf8(BASE64.decode(packed.as_bytes()).ok()?).ok()
}

/// Whether a text holds a private key that is not encrypted. What stands in place of one decodes to
/// no sequence of ASN.1.
fn is_key(text: &str) -> bool {
    let keys = PrivateKeyDer::pem_slice_iter(text.as_bytes());
    keys.filter_map(Result::ok).any(|key| {
        let bytes = key.secret_der();
        bytes.len() >= SHORTEST && bytes.first() == Some(&0x30)
    })
}

/// Whether a kubeconfig lets whoever has it in.
fn is_login(text: &str) -> bool {
    let fields = ["token:", "client-key-data:", "password:"];
    text.lines().any(|line| {
        let line = line.trim_start().trim_start_matches("- ");
        let value = fields.iter().find_map(|field| line.strip_prefix(field));
        value.is_some_and(|value| value.trim().len() >= SHORTEST && !value.contains("ENC["))
    })
}

#[cfg(test)]
mod tests {
    use super::{is_key, is_login};

    /// Made for this test; it opens nothing.
    const KEY: &str = "-----BEGIN PRIVATE KEY-----\n\
                       MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgG5brqZDWlU9SPD0G\n\
                       WlcTDf3qax6Yhsmkf3zWJgS2P0KhRANCAAR19Qfi5a/x3yz7pCV1mJy4czS0uTsz\n\
                       UgdsHed8dzZJ5JRwqdXhOtRIn8V+gSEUbALHm0DPOLVr/mNq/jnMeSMc\n\
                       -----END PRIVATE KEY-----";

    #[test]
    fn a_key_is_told_from_what_stands_in_its_place() {
        assert!(is_key(KEY));
        assert!(is_key(&format!("issued by hand\n{KEY}\n")));
        for text in [
            "",
            "REPLACE_ME",
            "{{ .Values.key }}",
            "ENC[AES256_GCM,data:abc]",
            "-----BEGIN EC PRIVATE KEY-----\n...\n-----END EC PRIVATE KEY-----",
            "-----BEGIN EC PRIVATE KEY-----\nREDACTEDREDACTEDREDACTEDREDACTEDREDACTEDREDACTED\n-----END EC PRIVATE KEY-----",
            &KEY.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"),
            &KEY.replace("PRIVATE KEY", "CERTIFICATE"),
        ] {
            assert!(!is_key(text), "{text}");
        }
    }

    #[test]
    fn a_login_has_a_secret_in_it() {
        let token = "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEyMzQ1Njc4OTAifQ";
        assert!(is_login(&format!("users:\n- user:\n    token: {token}\n")));
        assert!(is_login(&format!("  client-key-data: {token}")));
        for text in [
            "clusters: []",
            "    token: ",
            "    token: REPLACE_ME",
            "    tokenFile: /var/run/secrets/kubernetes.io/serviceaccount/token",
        ] {
            assert!(!is_login(text), "{text}");
        }
    }
}
