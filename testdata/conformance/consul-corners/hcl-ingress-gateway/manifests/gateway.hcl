service {
  kind = "ingress-gateway"
  name = "edge"
  port = 8888
}
