service {
  name    = "mail"
  port    = 25
  address = "192.0.2.1"
}
