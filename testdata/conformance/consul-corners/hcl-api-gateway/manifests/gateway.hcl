service {
  kind = "api-gateway"
  name = "edge"
  port = 8443
}
