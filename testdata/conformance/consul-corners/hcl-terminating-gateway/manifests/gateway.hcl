service {
  kind = "terminating-gateway"
  name = "egress"
  port = 8443
}
