Kind   = "jwt-provider"
Name   = "okta"
Issuer = "https://okta.example"
JSONWebKeySet {
  Remote {
    URI                 = "https://okta.example/keys"
    FetchAsynchronously = true
  }
}
