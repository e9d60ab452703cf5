//! One caller and one request, as a proxy sees them.

use std::net::IpAddr;

use super::normalize;
use super::token::Presented;
use crate::model::{
    Addresses, HeaderChange, HeaderLine, Identity, Layer, Normalization, Rewrite, Ruleset,
};

/// What is known of a caller on one way in.
#[derive(Debug, Clone)]
pub struct Caller<'a> {
    /// Who it has proven to be.
    pub identity: Option<&'a Identity>,
    /// Where the connection comes from, if that is known.
    pub peer: Option<IpAddr>,
    /// Whether it comes from within the cluster.
    pub inside: bool,
    /// The address that was dialled, if that is known.
    pub destination: Option<IpAddr>,
    /// The workload's port.
    pub port: u16,
    /// The server name of the TLS handshake; none in plaintext.
    pub server_name: Option<String>,
    /// How the bytes are read.
    pub layer: Layer,
    /// The address of the client, as rules see it.
    pub client: ClientAddress,
}

/// Where rules have the address of the client from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAddress {
    /// From headers, as the proxy reads them.
    Read(Addresses),
    /// From a proxy before, which wrote it there; if it is known.
    Written(Option<IpAddr>),
}

/// One request, whole, as the proxy sees it.
#[derive(Debug, Clone, Default)]
pub struct Attempt {
    /// Method.
    pub method: String,
    /// Path after normalization.
    pub path: String,
    /// What follows `?` in the target.
    pub query: String,
    /// Authority, as it is sent.
    pub authority: String,
    /// Authority in lower case.
    pub host: String,
    /// Header lines; names in lower case.
    pub headers: Vec<HeaderLine>,
    /// The tokens that come with it.
    pub tokens: Presented,
    /// The client's address as headers have it, if it is known.
    pub client_address: Option<IpAddr>,
    /// Whether it is the request that is asked about.
    pub given: bool,
    /// Whether nothing is known of the request: what it is made of may be anything.
    pub open: bool,
}

impl Attempt {
    /// The first value of a parameter of the query.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let mut all = self
            .query
            .split('&')
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        all.find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    /// What a proxy makes of it before it asks; false where the proxy refuses it.
    pub fn normalize(&mut self, mode: Normalization) -> bool {
        if self.open {
            return true;
        }
        let path = normalize::path(&self.path, mode);
        let headers = normalize::headers(&self.headers, mode);
        let (Some(path), Some(headers)) = (path, headers) else {
            return false;
        };
        (self.path, self.headers) = (path, headers);
        normalize::takes_method(&self.method, mode)
    }

    /// What becomes of it behind a route.
    pub fn rewrite(&mut self, rewrite: &Rewrite) {
        if let Some(path) = &rewrite.path {
            match path.of(&self.path) {
                Some(path) => self.path = path,
                None => self.open = true,
            }
        }
        if let Some(host) = &rewrite.host {
            self.ask_for(host);
        }
        for change in &rewrite.headers {
            self.change(change);
        }
    }

    /// Asks for another host.
    pub fn ask_for(&mut self, authority: &str) {
        authority.clone_into(&mut self.authority);
        self.host = authority.to_lowercase();
    }

    fn change(&mut self, change: &HeaderChange) {
        let (name, value, more) = match change {
            HeaderChange::Remove(name) => (name, None, false),
            HeaderChange::Set(name, value) => (name, Some(value), false),
            HeaderChange::Add(name, value) => (name, Some(value), true),
        };
        if !more {
            self.headers.retain(|line| *line.name != **name);
        }
        let Some(value) = value else {
            return;
        };
        // the proxy fills in what stands between `%`
        self.open |= value.contains('%');
        self.headers.push(HeaderLine {
            name: name.to_string(),
            value: value.to_string(),
        });
    }
}

/// What is asked at one place, and what that place knows of the caller.
#[derive(Debug, Clone)]
pub struct Asked<'a> {
    /// The rules.
    pub rules: &'a Ruleset,
    /// The caller, as it shows there.
    pub caller: Caller<'a>,
    /// Whether the rules are routes.
    pub routes: bool,
    /// What becomes of the request behind it.
    pub rewrite: Option<&'a Rewrite>,
    /// The proxy that asks, if it is not the workload's own.
    pub by: Option<&'a str>,
}

impl<'a> Asked<'a> {
    /// Rules about who may pass.
    pub fn who(rules: &'a Ruleset, caller: Caller<'a>) -> Self {
        Self {
            rules,
            caller,
            routes: false,
            rewrite: None,
            by: None,
        }
    }
}
