service {
  name = "out"
  kind = "terminating-gateway"
  port = 8444
}
